//! Functions of awk.

use super::{
    format::format_values,
    leave::{Leave, fits},
    run::Machine,
    tree::Expression,
    value::{Value, leading_number},
};
use std::collections::BTreeMap;

impl Machine<'_> {
    pub(super) fn call(&mut self, name: &str, list: &[Expression]) -> Result<Value, Leave> {
        let program = self.program.clone();
        if let Some(function) = program.functions.get(name) {
            return self.user(function, list);
        }
        match name {
            "close" => {
                let name = self.text(list, 0)?;
                return self.close(&name);
            }
            "sprintf" => {
                let values = self.values(list)?;
                return Ok(Value::Text(format_values(&values)));
            }
            "split" => return self.split_call(list),
            "sub" | "gsub" => return self.substitute(name == "gsub", list),
            "length" if matches!(list, [Expression::Variable(array)] if self.list(array).is_some()) => {
                let Some(Expression::Variable(array)) = list.first() else { return Ok(Value::Number(0.0)) };
                return Ok(Value::Number(self.list(array).map_or(0, BTreeMap::len) as f64));
            }
            "match" => return self.match_call(list),
            _ => {}
        }
        let text = if list.is_empty() { self.record.clone() } else { self.text(list, 0)? };
        let number = leading_number(&text);
        Ok(match name {
            "length" => Value::Number(text.chars().count() as f64),
            "toupper" => Value::Text(text.to_ascii_uppercase()),
            "tolower" => Value::Text(text.to_ascii_lowercase()),
            "int" => Value::Number(number.trunc()),
            "sqrt" => Value::Number(number.sqrt()),
            "exp" => Value::Number(number.exp()),
            "log" => Value::Number(number.ln()),
            "rand" => Value::Number(f64::from(self.shell.live.random_number()) / f64::from(u32::MAX)),
            "systime" => Value::Number((self.shell.live.now() / 1_000_000) as f64),
            "index" => {
                let part = self.text(list, 1)?;
                Value::Number(text.find(&part).map_or(0, |at| place(&text, at)) as f64)
            }
            "substr" => self.part(&text, list)?,
            "sin" => Value::Number(number.sin()),
            "cos" => Value::Number(number.cos()),
            "atan2" => Value::Number(number.atan2(leading_number(&self.text(list, 1)?))),
            "srand" | "fflush" => Value::Number(0.0),
            "and" => Value::Number((number as u64 & leading_number(&self.text(list, 1)?) as u64) as f64),
            "or" => Value::Number((number as u64 | leading_number(&self.text(list, 1)?) as u64) as f64),
            "xor" => Value::Number((number as u64 ^ leading_number(&self.text(list, 1)?) as u64) as f64),
            "system" => {
                let status = self.shell.run_apart(&text)?;
                Value::Number(f64::from(status))
            }
            _ => Value::Text(String::new()),
        })
    }

    fn text(&mut self, list: &[Expression], index: usize) -> Result<String, Leave> {
        match list.get(index) {
            Some(expression) => Ok(self.value(expression)?.text()),
            None => Ok(String::new()),
        }
    }

    fn source(&mut self, expression: Option<&Expression>) -> Result<String, Leave> {
        match expression {
            Some(Expression::Regex(source)) => Ok(source.clone()),
            Some(other) => Ok(self.value(other)?.text()),
            None => Ok(String::new()),
        }
    }

    /// `match`: where the expression begins and how long it is, also in `RSTART` and `RLENGTH`.
    fn match_call(&mut self, list: &[Expression]) -> Result<Value, Leave> {
        let text = self.text(list, 0)?;
        let source = self.source(list.get(1))?;
        let (start, length) =
            self.regex(&source).and_then(|regex| regex.find(&text)).map_or((0.0, -1.0), |found| {
                (place(&text, found.start()) as f64, found.as_str().chars().count() as f64)
            });
        self.variables.insert("RSTART".into(), Value::Number(start));
        self.variables.insert("RLENGTH".into(), Value::Number(length));
        Ok(Value::Number(start))
    }

    /// `substr`: the second and third argument say which part of the text.
    fn part(&mut self, text: &str, list: &[Expression]) -> Result<Value, Leave> {
        let start = leading_number(&self.text(list, 1)?).round();
        // mawk counts what is before the text, as POSIX has it; the others begin with the text.
        let start = if self.is_mawk() { start } else { start.max(1.0) };
        let length = match list.get(2) {
            Some(length) => self.value(length)?.number().round(),
            None => f64::MAX,
        };
        let skip = (start - 1.0).max(0.0);
        let take = (start + length - 1.0 - skip).max(0.0);
        Ok(Value::Text(text.chars().skip(skip as usize).take(take as usize).collect()))
    }

    fn split_call(&mut self, list: &[Expression]) -> Result<Value, Leave> {
        let text = self.text(list, 0)?;
        let separator = if list.len() > 2 { self.source(list.get(2))? } else { self.variable("FS").text() };
        let parts = self.split(&text, &separator);
        let count = parts.len();
        if let Some(Expression::Variable(name)) = list.get(1) {
            self.fill(name, parts)?;
        }
        Ok(Value::Number(count as f64))
    }

    fn substitute(&mut self, all: bool, list: &[Expression]) -> Result<Value, Leave> {
        let source = self.source(list.first())?;
        let replacement = self.text(list, 1)?;
        let target = list.get(2).cloned().unwrap_or(Expression::Field(Box::new(Expression::Number(0.0))));
        let text = self.value(&target)?.text();
        let Some(regex) = self.regex(&source) else { return Ok(Value::Number(0.0)) };
        let mut count = 0.0;
        let most = if all { usize::MAX } else { 1 };
        let mut out = String::new();
        let mut end = 0;
        let marks = replacement.matches('&').count();
        for found in regex.find_iter(&text).take(most) {
            let added = marks.saturating_mul(found.len()).saturating_add(replacement.len());
            fits(out.len().saturating_add(added))?;
            out.push_str(text.get(end..found.start()).unwrap_or(""));
            out.push_str(
                &replacement.replace("\\&", "\u{1}").replace('&', found.as_str()).replace('\u{1}', "&"),
            );
            end = found.end();
            count += 1.0;
        }
        out.push_str(text.get(end..).unwrap_or(""));
        if count > 0.0 {
            self.assign(&target, Value::Text(out))?;
        }
        Ok(Value::Number(count))
    }
}

/// The number of the character at an offset, from 1.
fn place(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(0, |before| before.chars().count()) + 1
}
