//! Running rules on records.

use super::{
    format::format_texts,
    leave::{Leave, fits},
    tree::{Expression, Rule, Selector, Statement},
    value::Value,
};
use crate::{
    commands::expression,
    fs::OpenOptions,
    interpret::{Flow, Shell},
    text::{decode, encode},
};
use regex::Regex;
use std::collections::BTreeMap;

pub(super) struct Machine<'a> {
    pub(super) shell: &'a mut Shell,
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) arrays: BTreeMap<String, BTreeMap<String, Value>>,
    pub(super) record: String,
    fields: Vec<String>,
    ranges: BTreeMap<usize, bool>,
    regexes: BTreeMap<String, Option<Regex>>,
    input: Vec<String>,
    at: usize,
    status: i32,
    /// Bytes in variables and lists.
    pub(super) held: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn new(shell: &'a mut Shell) -> Machine<'a> {
        let mut machine = Machine {
            shell,
            variables: BTreeMap::new(),
            arrays: BTreeMap::new(),
            record: String::new(),
            fields: Vec::new(),
            ranges: BTreeMap::new(),
            regexes: BTreeMap::new(),
            input: Vec::new(),
            at: 0,
            status: 0,
            held: 0,
        };
        for (name, value) in
            [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\u{1c}"), ("OFMT", "%.6g")]
        {
            machine.variables.insert(name.into(), Value::Text(value.into()));
        }
        let environment = machine
            .shell
            .state
            .variables
            .environment()
            .map(|(name, value)| (name.to_owned(), Value::Input(value.to_owned())))
            .collect();
        machine.arrays.insert("ENVIRON".into(), environment);
        machine
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), Value::Input(value.to_owned()));
    }

    /// Runs BEGIN. `Some`: the program ends without reading input.
    pub(super) fn begin(&mut self, rules: &[Rule]) -> Result<Option<i32>, Flow> {
        for rule in rules.iter().filter(|rule| matches!(rule.selector, Selector::Begin)) {
            match self.block(&rule.body) {
                Err(Leave::Exit(status)) => return Ok(Some(status)),
                Err(Leave::Shell(flow)) => return Err(flow),
                _ => {}
            }
        }
        Ok(rules.iter().all(|rule| matches!(rule.selector, Selector::Begin)).then_some(0))
    }

    pub(super) fn main(&mut self, rules: &[Rule], contents: Vec<(String, Vec<u8>)>) -> Result<i32, Flow> {
        let separator = self.variable("RS").text();
        let mut total = 0.0;
        for (name, bytes) in contents {
            let text = decode(&bytes);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            self.input = if text.is_empty() {
                Vec::new()
            } else if separator.is_empty() {
                text.split("\n\n").map(String::from).collect()
            } else {
                text.split(separator.as_str()).map(String::from).collect()
            };
            self.at = 0;
            self.variables
                .insert("FILENAME".into(), Value::Text(if name == "-" { String::new() } else { name }));
            let mut file_total = 0.0;
            while let Some(record) = self.input.get(self.at).cloned() {
                self.at += 1;
                total += 1.0;
                file_total += 1.0;
                self.shell.spend(1 + record.len() as u64 / 1024)?;
                self.variables.insert("NR".into(), Value::Number(total));
                self.variables.insert("FNR".into(), Value::Number(file_total));
                self.load(record);
                match self.record(rules) {
                    Ok(()) | Err(Leave::Next | Leave::Break | Leave::Continue) => {}
                    Err(Leave::Exit(status)) => {
                        self.status = status;
                        return self.end(rules);
                    }
                    Err(Leave::Shell(flow)) => return Err(flow),
                }
            }
        }
        self.end(rules)
    }

    fn end(&mut self, rules: &[Rule]) -> Result<i32, Flow> {
        for rule in rules.iter().filter(|rule| matches!(rule.selector, Selector::End)) {
            match self.block(&rule.body) {
                Err(Leave::Exit(status)) => return Ok(status),
                Err(Leave::Shell(flow)) => return Err(flow),
                _ => {}
            }
        }
        Ok(self.status)
    }

    fn record(&mut self, rules: &[Rule]) -> Result<(), Leave> {
        for (number, rule) in rules.iter().enumerate() {
            let selected = match &rule.selector {
                Selector::Begin | Selector::End => false,
                Selector::Always => true,
                Selector::Match(condition) => self.value(condition)?.truth(),
                Selector::Range(from, to) => {
                    let active =
                        self.ranges.get(&number).copied().unwrap_or(false) || self.value(from)?.truth();
                    let ends = active && self.value(to)?.truth();
                    self.ranges.insert(number, active && !ends);
                    active
                }
            };
            if selected {
                self.block(&rule.body)?;
            }
        }
        Ok(())
    }

    fn load(&mut self, record: String) {
        let separator = self.variable("FS").text();
        self.fields = self.split(&record, &separator);
        self.record = record;
        self.variables.insert("NF".into(), Value::Number(self.fields.len() as f64));
    }

    pub(super) fn split(&mut self, text: &str, separator: &str) -> Vec<String> {
        if separator == " " {
            return text.split_ascii_whitespace().map(String::from).collect();
        }
        if text.is_empty() {
            return Vec::new();
        }
        if separator.chars().count() == 1 && separator != "\\" {
            return text.split(separator).map(String::from).collect();
        }
        match self.regex(separator) {
            Some(regex) => regex.split(text).map(String::from).collect(),
            None => vec![text.to_owned()],
        }
    }

    pub(super) fn regex(&mut self, source: &str) -> Option<Regex> {
        if self.regexes.len() > 256 {
            self.regexes.clear();
        }
        self.regexes.entry(source.to_owned()).or_insert_with(|| expression(source, true, false)).clone()
    }

    fn block(&mut self, body: &[Statement]) -> Result<(), Leave> {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    /// A loop's body once. `false`: the loop is left.
    fn turn(&mut self, body: &[Statement]) -> Result<bool, Leave> {
        self.shell.spend(1)?;
        match self.block(body) {
            Ok(()) | Err(Leave::Continue) => Ok(true),
            Err(Leave::Break) => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Leave> {
        match statement {
            Statement::Print(list, format, target) => self.print(list, *format, target.as_ref())?,
            Statement::Expression(expression) => {
                self.value(expression)?;
            }
            Statement::If(condition, yes, no) => {
                let branch = if self.value(condition)?.truth() { yes } else { no };
                self.block(branch)?;
            }
            Statement::While(condition, body, after) => {
                let mut first = *after;
                while std::mem::take(&mut first) || self.value(condition)?.truth() {
                    if !self.turn(body)? {
                        break;
                    }
                }
            }
            Statement::For(start, condition, step, body) => {
                start.as_ref().map(|start| self.value(start)).transpose()?;
                loop {
                    let holds = condition.as_ref().map(|condition| self.value(condition)).transpose()?;
                    if holds.is_some_and(|value| !value.truth()) || !self.turn(body)? {
                        break;
                    }
                    step.as_ref().map(|step| self.value(step)).transpose()?;
                }
            }
            Statement::ForIn(name, list, body) => {
                let keys: Vec<String> =
                    self.arrays.get(list).map(|list| list.keys().cloned().collect()).unwrap_or_default();
                for key in keys {
                    self.variables.insert(name.clone(), Value::Input(key));
                    if !self.turn(body)? {
                        break;
                    }
                }
            }
            Statement::Next => return Err(Leave::Next),
            Statement::Break => return Err(Leave::Break),
            Statement::Continue => return Err(Leave::Continue),
            Statement::Exit(code) => {
                let code = code.as_ref().map(|code| self.value(code)).transpose()?;
                return Err(Leave::Exit(code.map_or(self.status, |code| code.number() as i32 & 255)));
            }
            Statement::Delete(name, index) => {
                let key = self.key(index)?;
                self.forget(name, (!index.is_empty()).then_some(&key));
            }
        }
        Ok(())
    }

    fn print(
        &mut self,
        list: &[Expression],
        format: bool,
        target: Option<&(String, Expression)>,
    ) -> Result<(), Leave> {
        let texts = self.texts(list)?;
        let text = if format {
            format_texts(&texts)
        } else {
            let separator = self.variable("OFS").text();
            fits(texts.len().saturating_mul(separator.len()))?;
            let line = if texts.is_empty() { self.record.clone() } else { texts.join(&separator) };
            line + &self.variable("ORS").text()
        };
        let Some((sign, place)) = target else { return Ok(self.shell.out(&text)?) };
        let place = self.value(place)?.text();
        match (sign.as_str(), place.as_str()) {
            ("|", command) => {
                let command = command.to_owned();
                self.shell.with_input(encode(&text), |shell| shell.run_text(&command))?;
            }
            (_, "/dev/stdout") => self.shell.out(&text)?,
            (_, "/dev/stderr") => self.shell.err(&text)?,
            (_, path) => {
                if let Ok(handle) = self.shell.fs.open(path, OpenOptions::append(), 0o666) {
                    // A full overlay loses the line, as a full disk does.
                    let _ = self.shell.fs.write_at(handle, 0, &encode(&text));
                    let _ = self.shell.fs.close(handle);
                }
            }
        }
        Ok(())
    }

    pub(super) fn variable(&self, name: &str) -> Value {
        self.variables.get(name).cloned().unwrap_or(Value::Input(String::new()))
    }

    fn field(&self, number: usize) -> Value {
        if number == 0 {
            return Value::Input(self.record.clone());
        }
        Value::Input(self.fields.get(number - 1).cloned().unwrap_or_default())
    }

    fn key(&mut self, index: &[Expression]) -> Result<String, Leave> {
        Ok(self.texts(index)?.join("\u{1c}"))
    }

    pub(super) fn assign(&mut self, target: &Expression, value: Value) -> Result<(), Leave> {
        self.shell.spend(self.variables.len() as u64 / 1024)?;
        match target {
            Expression::Variable(name) => {
                self.hold(self.variables.get(name).map_or(0, Value::length), value.length())?;
                self.variables.insert(name.clone(), value.clone());
                if name == "NF" {
                    self.fields.resize((value.number() as usize).min(4_096), String::new());
                    self.rebuild()?;
                }
            }
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.keep(name, key, value)?;
            }
            Expression::Field(number) => {
                let number = (self.value(number)?.number() as usize).min(4_096);
                if number == 0 {
                    self.load(value.text());
                    return Ok(());
                }
                if self.fields.len() < number {
                    self.fields.resize(number, String::new());
                }
                fits(self.record.len().saturating_add(value.length()))?;
                if let Some(field) = self.fields.get_mut(number - 1) {
                    *field = value.text();
                }
                self.rebuild()?;
            }
            _ => {}
        }
        Ok(())
    }

    fn rebuild(&mut self) -> Result<(), Leave> {
        let separator = self.variable("OFS").text();
        fits(self.fields.len().saturating_mul(separator.len()))?;
        self.record = self.fields.join(&separator);
        self.variables.insert("NF".into(), Value::Number(self.fields.len() as f64));
        Ok(())
    }

    pub(super) fn value(&mut self, expression: &Expression) -> Result<Value, Leave> {
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Regex(source) => {
                let record = self.record.clone();
                Value::Number(f64::from(u8::from(
                    self.regex(source).is_some_and(|regex| regex.is_match(&record)),
                )))
            }
            Expression::Variable(name) => self.variable(name),
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.arrays
                    .get(name)
                    .and_then(|list| list.get(&key))
                    .cloned()
                    .unwrap_or(Value::Input(String::new()))
            }
            Expression::Field(number) => {
                let number = self.value(number)?.number() as usize;
                self.field(number)
            }
            Expression::Assign(target, operator, right) => self.assigned(target, *operator, right)?,
            Expression::Step(target, change, before) => {
                let old = self.value(target)?.number();
                self.assign(target, Value::Number(old + change))?;
                Value::Number(if *before { old + change } else { old })
            }
            Expression::Not(inner) => Value::Number(f64::from(u8::from(!self.value(inner)?.truth()))),
            Expression::Minus(inner) => Value::Number(-self.value(inner)?.number()),
            Expression::Conditional(condition, yes, no) => {
                let branch = if self.value(condition)?.truth() { yes } else { no };
                self.value(branch)?
            }
            Expression::In(key, list) => {
                let key = self.value(key)?.text();
                Value::Number(f64::from(u8::from(
                    self.arrays.get(list).is_some_and(|list| list.contains_key(&key)),
                )))
            }
            Expression::Getline => match self.input.get(self.at).cloned() {
                Some(record) => {
                    self.at += 1;
                    self.load(record);
                    Value::Number(1.0)
                }
                None => Value::Number(0.0),
            },
            Expression::Binary(operator, left, right) => self.binary(operator, left, right)?,
            Expression::Call(name, list) => self.call(name, list)?,
        })
    }

    /// `target = right`, or `target operator= right`: the value that the target has then.
    fn assigned(
        &mut self,
        target: &Expression,
        operator: Option<char>,
        right: &Expression,
    ) -> Result<Value, Leave> {
        let right = self.value(right)?;
        let value = match operator {
            None => right,
            Some(operator) => {
                Value::Number(calculate(operator, self.value(target)?.number(), right.number()))
            }
        };
        self.assign(target, value.clone())?;
        Ok(value)
    }

    pub(super) fn binary(
        &mut self,
        operator: &str,
        left: &Expression,
        right: &Expression,
    ) -> Result<Value, Leave> {
        let truth = |value: bool| Value::Number(f64::from(u8::from(value)));
        let left_value = self.value(left)?;
        match operator {
            "&&" => return Ok(truth(left_value.truth() && self.value(right)?.truth())),
            "||" => return Ok(truth(left_value.truth() || self.value(right)?.truth())),
            "~" | "!~" => {
                let source = match right {
                    Expression::Regex(source) => source.clone(),
                    other => self.value(other)?.text(),
                };
                let text = left_value.text();
                let matches = self.regex(&source).is_some_and(|regex| regex.is_match(&text));
                return Ok(truth(matches == (operator == "~")));
            }
            _ => {}
        }
        let right_value = self.value(right)?;
        if let Some(sign) =
            operator.chars().next().filter(|_| matches!(operator, "+" | "-" | "*" | "/" | "%" | "^"))
        {
            return Ok(Value::Number(calculate(sign, left_value.number(), right_value.number())));
        }
        if operator == " " {
            let text = left_value.text() + &right_value.text();
            self.shell.spend(text.len() as u64 / 1024)?;
            fits(text.len())?;
            return Ok(Value::Text(text));
        }
        let order = if left_value.is_number() && right_value.is_number() {
            left_value.number().total_cmp(&right_value.number())
        } else {
            left_value.text().cmp(&right_value.text())
        };
        Ok(truth(match operator {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        }))
    }
}

fn calculate(operator: char, left: f64, right: f64) -> f64 {
    match operator {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        '%' => left % right,
        _ => left.powf(right),
    }
}
