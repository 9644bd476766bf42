//! Running rules on records.

use super::{
    leave::{Leave, fits},
    state::{Place, Sink},
    tree::{Expression, Program, Selector, Statement},
    value::Value,
};
use crate::{
    commands::expression,
    interpret::{Flow, Shell},
};
use regex::Regex;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Statements and expressions that may stand in each other, through calls and through programs that one starts too.
const LEVELS: usize = 400;

pub(super) struct Machine<'a> {
    pub(super) shell: &'a mut Shell,
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) arrays: BTreeMap<String, BTreeMap<String, Value>>,
    pub(super) record: String,
    fields: Vec<String>,
    ranges: BTreeMap<usize, bool>,
    regexes: BTreeMap<String, Option<Regex>>,
    /// Records of the file that is read, and how many of them were.
    pub(super) input: Vec<String>,
    pub(super) at: usize,
    /// Operands that are to come: files and assignments.
    pub(super) operands: VecDeque<String>,
    /// Whether there was a file among them, and whether all that were could be read.
    pub(super) named: bool,
    pub(super) good: bool,
    /// Files and commands that `getline` reads: their records, and how many were read.
    pub(super) sources: BTreeMap<String, (Vec<String>, usize)>,
    /// Files and commands that are printed to.
    pub(super) sinks: BTreeMap<String, Sink>,
    status: i32,
    /// Bytes in variables and lists.
    pub(super) held: usize,
    pub(super) program: Arc<Program>,
    /// What the parameters of the running function stand for.
    pub(super) frame: BTreeMap<String, Place>,
    /// Calls so far.
    pub(super) calls: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(shell: &'a mut Shell, program: Program, operands: Vec<String>) -> Machine<'a> {
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
            operands: operands.into(),
            named: false,
            good: true,
            sources: BTreeMap::new(),
            sinks: BTreeMap::new(),
            status: 0,
            held: 0,
            program: Arc::new(program),
            frame: BTreeMap::new(),
            calls: 0,
        };
        for (name, value) in
            [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\u{1c}"), ("OFMT", "%.6g")]
        {
            machine.variables.insert(name.into(), Value::Text(value.into()));
        }
        for name in ["NF", "NR", "FNR"] {
            machine.variables.insert(name.into(), Value::Number(0.0));
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

    /// `ARGV` and `ARGC`.
    pub(super) fn set_arguments(&mut self, names: Vec<String>) -> Result<(), Flow> {
        self.variables.insert("ARGC".into(), Value::Number(names.len() as f64));
        for (number, name) in names.into_iter().enumerate() {
            if let Err(Leave::Shell(flow)) = self.keep("ARGV", number.to_string(), Value::Input(name)) {
                return Err(flow);
            }
        }
        Ok(())
    }

    /// Runs the whole program.
    pub(super) fn run(&mut self) -> Result<i32, Flow> {
        let program = self.program.clone();
        let status = match self.rules(&program) {
            Err(Leave::Exit(status)) => Ok(status),
            Err(Leave::Shell(flow)) => Err(flow),
            _ => Ok(self.status),
        };
        let closed = self.close_all();
        let status = status?;
        closed?;
        Ok(if self.good || status != 0 { status } else { 2 })
    }

    fn rules(&mut self, program: &Program) -> Result<(), Leave> {
        let begun = program.rules.iter().filter(|rule| matches!(rule.selector, Selector::Begin));
        let mut over = false;
        for rule in begun {
            if self.ends(|machine| machine.block(&rule.body))? {
                over = true;
                break;
            }
        }
        let reads = program.rules.iter().any(|rule| !matches!(rule.selector, Selector::Begin));
        while !over && reads {
            let Some(record) = self.next_record()? else { break };
            self.load(record);
            over = self.ends(|machine| machine.record(program))?;
        }
        for rule in program.rules.iter().filter(|rule| matches!(rule.selector, Selector::End)) {
            self.block(&rule.body)?;
        }
        Ok(())
    }

    /// Whether what `part` does ends the program, all but its END.
    fn ends(&mut self, part: impl FnOnce(&mut Self) -> Result<(), Leave>) -> Result<bool, Leave> {
        match part(self) {
            Err(Leave::Exit(status)) => {
                self.status = status;
                Ok(true)
            }
            Err(Leave::Shell(flow)) => Err(Leave::Shell(flow)),
            Err(Leave::NextFile) => {
                self.input.clear();
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn record(&mut self, program: &Program) -> Result<(), Leave> {
        for (number, rule) in program.rules.iter().enumerate() {
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

    pub(super) fn load(&mut self, record: String) {
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
        if separator.is_empty() {
            return text.chars().map(String::from).collect();
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

    pub(super) fn block(&mut self, body: &[Statement]) -> Result<(), Leave> {
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
        self.deeper(|machine| machine.statement_inner(statement))
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Leave>) -> Result<T, Leave> {
        if LEVELS <= self.shell.awk_levels {
            return Err(Leave::Shell(Flow::Exhausted));
        }
        self.shell.awk_levels += 1;
        let result = inner(self);
        self.shell.awk_levels -= 1;
        result
    }

    fn statement_inner(&mut self, statement: &Statement) -> Result<(), Leave> {
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
                    self.list(list).map(|list| list.keys().cloned().collect()).unwrap_or_default();
                let target = Expression::Variable(name.clone());
                for key in keys {
                    self.assign(&target, Value::Input(key))?;
                    if !self.turn(body)? {
                        break;
                    }
                }
            }
            Statement::Next => return Err(Leave::Next),
            Statement::NextFile => return Err(Leave::NextFile),
            Statement::Return(value) => {
                let value = value.as_ref().map(|value| self.value(value)).transpose()?;
                return Err(Leave::Return(value.unwrap_or(Value::Input(String::new()))));
            }
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

    pub(super) fn variable(&self, name: &str) -> Value {
        self.variables.get(self.scalar(name)).cloned().unwrap_or(Value::Input(String::new()))
    }

    fn field(&self, number: usize) -> Value {
        if number == 0 {
            return Value::Input(self.record.clone());
        }
        Value::Input(self.fields.get(number - 1).cloned().unwrap_or_default())
    }

    pub(super) fn key(&mut self, index: &[Expression]) -> Result<String, Leave> {
        let separator = if index.len() > 1 { self.variable("SUBSEP").text() } else { String::new() };
        Ok(self.texts(index)?.join(&separator))
    }

    pub(super) fn assign(&mut self, target: &Expression, value: Value) -> Result<(), Leave> {
        self.shell.spend(self.variables.len() as u64 / 1024)?;
        match target {
            Expression::Variable(name) => {
                let place = self.scalar(name).to_owned();
                self.hold(self.variables.get(&place).map_or(0, Value::length), value.length())?;
                self.variables.insert(place, value.clone());
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
        self.deeper(|machine| machine.value_inner(expression))
    }

    fn value_inner(&mut self, expression: &Expression) -> Result<Value, Leave> {
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
                match self.list(name).and_then(|list| list.get(&key)).cloned() {
                    Some(value) => value,
                    None => {
                        // Whatever was asked for is there from then on.
                        self.keep(name, key, Value::Input(String::new()))?;
                        Value::Input(String::new())
                    }
                }
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
                let key = match &**key {
                    Expression::Call(name, index) if name == "()" => self.key(index)?,
                    key => self.value(key)?.text(),
                };
                Value::Number(f64::from(u8::from(
                    self.list(list).is_some_and(|list| list.contains_key(&key)),
                )))
            }
            Expression::Getline(source, place) => self.getline(source, place.as_deref())?,
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
