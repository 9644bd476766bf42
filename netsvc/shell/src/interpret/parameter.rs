//! Parameters: `$x`, `${x:-y}`, `$?`, `$@`, …

use super::{
    Flow, Shell,
    pattern::{MAX_TEXT, Pattern},
};
use crate::{
    dialect::{Dialect, Reading},
    parse::{Operation, Parameter, Word, parse_word},
};

impl Shell {
    /// The values of a parameter: one, or several for `$@` and arrays.
    pub(super) fn parameter(&mut self, parameter: &Parameter, _quoted: bool) -> Result<Vec<String>, Flow> {
        let values = self.values(&parameter.name, parameter.index.as_deref())?;
        match &parameter.operation {
            Operation::Plain => {
                if values.is_none() && self.state.options.contains(&'u') && !"@*".contains(&parameter.name) {
                    let bash = self.dialect().is_bash();
                    let reason = if bash { "unbound variable" } else { "parameter not set" };
                    self.complain(&format!("{}: {reason}", parameter.name))?;
                    return Err(self.unset_flow());
                }
                Ok(values.unwrap_or_default())
            }
            Operation::Length => Ok(vec![self.length(parameter, values)]),
            Operation::Names => {
                let names = self.state.variables.map.keys();
                Ok(names.filter(|name| name.starts_with(&parameter.name)).cloned().collect())
            }
            Operation::Indirect if matches!(parameter.index.as_deref(), Some("@" | "*")) => {
                let variable = self.state.variables.map.get(&parameter.name);
                if let Some(table) = variable.and_then(|variable| variable.table.as_ref()) {
                    return Ok(table.pairs().into_iter().map(|(key, _)| key.to_owned()).collect());
                }
                let list = variable.and_then(|variable| variable.list.as_ref());
                Ok(list.map(|list| list.keys().map(i64::to_string).collect()).unwrap_or_default())
            }
            Operation::Indirect => {
                let name = values.and_then(|values| values.first().cloned()).unwrap_or_default();
                Ok(self.values(&name, None)?.unwrap_or_default())
            }
            Operation::Default(sign, empty_counts, word) => {
                self.default(parameter, *sign, *empty_counts, word, values)
            }
            Operation::Strip { suffix, longest, pattern } => {
                let pattern = Pattern::new(&self.expand_pattern(pattern)?);
                self.each(values, |value| strip(&pattern, value, *suffix, *longest))
            }
            Operation::Replace { kind, pattern, replacement } => {
                let pattern = Pattern::new(&self.expand_pattern(pattern)?);
                let replacement = self.expand_text(replacement)?;
                self.each(values, |value| replace(&pattern, value, &replacement, *kind))
            }
            Operation::Slice(start, length) => self.slice(parameter, start, length.as_deref(), values),
            Operation::Transform(letter) => {
                let letter = *letter;
                self.each(values, |value| transformed(value, letter))
            }
            Operation::Case { upper, all } => self.each(values, |value| change_case(value, *upper, *all)),
            Operation::Bad(source) => {
                match self.dialect() {
                    Dialect::Dash => self.complain("Bad substitution")?,
                    Dialect::Ash => self.complain("syntax error: bad substitution")?,
                    _ => self.complain(&format!("${{{source}}}: bad substitution"))?,
                }
                Err(self.abort(1))
            }
        }
    }

    fn each(
        &mut self,
        values: Option<Vec<String>>,
        change: impl Fn(&str) -> String,
    ) -> Result<Vec<String>, Flow> {
        let values = values.unwrap_or_default();
        self.spend(values.iter().map(|value| 1 + value.len() as u64 / 256).sum())?;
        Ok(values.iter().map(|value| change(value)).collect())
    }

    fn length(&self, parameter: &Parameter, values: Option<Vec<String>>) -> String {
        let values = values.unwrap_or_default();
        if matches!(parameter.name.as_str(), "@" | "*")
            || matches!(parameter.index.as_deref(), Some("@" | "*"))
        {
            return values.len().to_string();
        }
        values.first().map_or(0, |value| value.chars().count()).to_string()
    }

    /// Values of a name; `None`: it is not set.
    pub(super) fn values(&mut self, name: &str, index: Option<&str>) -> Result<Option<Vec<String>>, Flow> {
        if let Some(index) = index {
            return self.elements(name, index);
        }
        let value = match name {
            "@" | "*" => return Ok(Some(self.state.positional.clone())),
            "#" => Some(self.state.positional.len().to_string()),
            "?" => Some(self.status.to_string()),
            "$" => Some(self.live.shell_pid.to_string()),
            "!" => self.last_background.map(|pid| pid.to_string()),
            "-" => {
                let own: String =
                    self.state.options.iter().filter(|letter| !"NAD".contains(**letter)).collect();
                Some(self.option_letters(&own))
            }
            "0" => Some(self.own_name()),
            "PWD" => Some(self.fs.cwd().to_owned()),
            "RANDOM" if self.dialect() != Dialect::Dash => {
                Some((self.live.random_number() % 32_768).to_string())
            }
            "SECONDS" if self.dialect().is_bash() => {
                Some(((self.live.now() - self.live.login_at) / 1_000_000).to_string())
            }
            "EPOCHSECONDS" if self.dialect() != Dialect::Dash => {
                Some((self.live.now() / 1_000_000).to_string())
            }
            "UID" | "EUID" if self.dialect().is_bash() => Some(self.fs.credentials.uid.to_string()),
            "PPID" => Some((self.live.shell_pid - 13).to_string()),
            "LINENO" => match self.dialect() {
                Dialect::Dash => None,
                Dialect::Ash if self.state.reading == Reading::Argument => {
                    Some(self.line_number.saturating_sub(1).to_string())
                }
                _ => Some(self.line_number.to_string()),
            },
            "BASHPID" if self.dialect().is_bash() => Some(self.live.shell_pid.to_string()),
            _ => match name.parse::<usize>() {
                Ok(number) => {
                    number.checked_sub(1).and_then(|index| self.state.positional.get(index).cloned())
                }
                Err(_) => self.variable(name).map(String::from),
            },
        };
        Ok(value.map(|value| vec![value]))
    }

    /// Values of an array, or the one at an index.
    fn elements(&mut self, name: &str, index: &str) -> Result<Option<Vec<String>>, Flow> {
        if name == "PIPESTATUS" {
            let list = self.stage_statuses.iter().map(i32::to_string).collect();
            self.state_mut().variables.set_list("PIPESTATUS", list);
        }
        if self.state.variables.is_table(name) {
            return self.table_values(name, index);
        }
        if !self.state.variables.map.contains_key(name) {
            return Ok(None);
        }
        let index = if matches!(index, "@" | "*") {
            None
        } else {
            let Some(index) = self.arithmetic(index)? else { return Ok(None) };
            Some(index)
        };
        let Some(variable) = self.state.variables.map.get(name) else { return Ok(None) };
        Ok(match (index, &variable.list) {
            (Some(index), _) => variable.item(variable.place(index)).map(|value| vec![value.to_owned()]),
            (None, Some(list)) => Some(list.values().cloned().collect()),
            (None, None) => Some(vec![variable.value.clone()]),
        })
    }

    /// Values of an associative array, or the one under the key that `index` says.
    fn table_values(&mut self, name: &str, index: &str) -> Result<Option<Vec<String>>, Flow> {
        let key = if matches!(index, "@" | "*") { None } else { Some(self.key(index)?) };
        let table = self.state.variables.map.get(name).and_then(|variable| variable.table.as_ref());
        let Some(table) = table else { return Ok(None) };
        Ok(match key {
            Some(key) => table.get(&key).map(|value| vec![value.to_owned()]),
            None => Some(table.pairs().into_iter().map(|(_, value)| value.to_owned()).collect()),
        })
    }

    /// A key as it is written: without its quotes, and with what it holds expanded.
    pub(crate) fn key(&mut self, index: &str) -> Result<String, Flow> {
        let word = parse_word(index, self.dialect()).unwrap_or_else(|_| Word::default());
        self.nested(|shell| shell.expand_text(&word))
    }

    /// How the use of a parameter that is not set ends.
    fn unset_flow(&self) -> Flow {
        match (self.interactive, self.dialect().is_bash()) {
            (true, _) => Flow::Abort(1),
            (false, true) => Flow::Exit(127),
            (false, false) => Flow::Exit(2),
        }
    }

    /// `$-`.
    fn option_letters(&self, own: &str) -> String {
        let reading = self.state.reading;
        let mut text = own.to_owned();
        if self.dialect().is_bash() {
            text.push('h');
            text.push_str(if reading == Reading::Terminal { "imBH" } else { "B" });
            if reading == Reading::Argument {
                text.push('c');
            }
        } else if reading == Reading::Terminal {
            text.push_str("im");
        } else if reading == Reading::Argument && self.dialect() == Dialect::Dash {
            text.push('c');
        }
        if matches!(reading, Reading::Terminal | Reading::Input) {
            text.push('s');
        }
        text
    }

    fn default(
        &mut self,
        parameter: &Parameter,
        sign: char,
        empty_counts: bool,
        word: &Word,
        values: Option<Vec<String>>,
    ) -> Result<Vec<String>, Flow> {
        let present = match &values {
            None => false,
            Some(values) if empty_counts => values.iter().any(|value| !value.is_empty()),
            Some(values) => !values.is_empty() || !"@*".contains(&parameter.name),
        };
        match (sign, present) {
            ('+', true) => Ok(vec![self.expand_text(word)?]),
            ('+', false) => Ok(Vec::new()),
            (_, true) => Ok(values.unwrap_or_default()),
            ('=', false) => {
                let value = self.expand_text(word)?;
                self.set_variable(&parameter.name, &value)?;
                Ok(vec![value])
            }
            ('?', false) => {
                let text = self.expand_text(word)?;
                let bash = self.dialect().is_bash();
                let text = match (text.is_empty(), empty_counts) {
                    (false, _) => text,
                    (true, true) if bash => "parameter null or not set".to_owned(),
                    (true, true) => "parameter not set or null".to_owned(),
                    (true, false) => "parameter not set".to_owned(),
                };
                self.complain(&format!("{}: {text}", parameter.name))?;
                Err(self.unset_flow())
            }
            _ => Ok(vec![self.expand_text(word)?]),
        }
    }

    fn slice(
        &mut self,
        parameter: &Parameter,
        start: &str,
        length: Option<&str>,
        values: Option<Vec<String>>,
    ) -> Result<Vec<String>, Flow> {
        let values = values.unwrap_or_default();
        let list = matches!(parameter.name.as_str(), "@" | "*")
            || matches!(parameter.index.as_deref(), Some("@" | "*"));
        let start = self.arithmetic(start)?.unwrap_or(0);
        let length = match length {
            Some(length) => self.arithmetic(length)?,
            None => None,
        };
        let range = |total: usize, shift: i64| {
            let total = i64::try_from(total).unwrap_or(0);
            let from = if start < 0 { (total + start).max(0) } else { (start - shift).max(0) };
            let to = match length {
                None => total,
                Some(length) if length < 0 => total + length,
                Some(length) => from.saturating_add(length),
            };
            (usize::try_from(from).unwrap_or(0), usize::try_from((to - from).max(0)).unwrap_or(0))
        };
        if list {
            let (skip, take) = range(values.len(), i64::from(parameter.index.is_none()));
            return Ok(values.into_iter().skip(skip).take(take).collect());
        }
        let text = values.first().map_or("", String::as_str);
        let (skip, take) = range(text.chars().count(), 0);
        Ok(vec![text.chars().skip(skip).take(take).collect()])
    }
}

/// `${name@letter}`.
fn transformed(value: &str, letter: char) -> String {
    match letter {
        'Q' => format!("'{}'", value.replace('\'', "'\\''")),
        'U' => value.to_uppercase(),
        'L' => value.to_lowercase(),
        'u' => change_case(value, true, false),
        _ => crate::commands::unescape(value, true).0,
    }
}

fn strip(pattern: &Pattern, value: &str, suffix: bool, longest: bool) -> String {
    let characters: Vec<char> = value.chars().take(MAX_TEXT).collect();
    let total = characters.len();
    let found = |length: usize| {
        let piece = if suffix { characters.get(total - length..) } else { characters.get(..length) };
        piece.is_some_and(|piece| pattern.matches_characters(piece))
    };
    let length = if longest {
        (0..=total.min(8_192)).rev().find(|length| found(*length))
    } else {
        (0..=total.min(8_192)).find(|length| found(*length))
    };
    match (length, suffix) {
        (None, _) => value.to_owned(),
        (Some(length), true) => characters.iter().take(total - length).collect(),
        (Some(length), false) => characters.iter().skip(length).collect(),
    }
}

fn replace(pattern: &Pattern, value: &str, replacement: &str, kind: char) -> String {
    let characters: Vec<char> = value.chars().take(MAX_TEXT).collect();
    let total = characters.len();
    let mut out = String::new();
    let mut at = 0;
    let mut done = false;
    while at <= total {
        let last = if kind == '%' { Some(total) } else { None };
        let may = !done && (kind != '#' || at == 0);
        let window = total.min(at + 2_048);
        let end = if may {
            (at..=window).rev().filter(|end| last.is_none_or(|last| *end == last)).find(|end| {
                *end > at && characters.get(at..*end).is_some_and(|piece| pattern.matches_characters(piece))
            })
        } else {
            None
        };
        match end {
            Some(end) => {
                out.push_str(replacement);
                at = end;
                done = kind != '/';
            }
            None => {
                out.extend(characters.get(at));
                at += 1;
            }
        }
    }
    out
}

fn change_case(value: &str, upper: bool, all: bool) -> String {
    let change =
        |character: char| if upper { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() };
    value
        .chars()
        .enumerate()
        .map(|(index, character)| if all || index == 0 { change(character) } else { character })
        .collect()
}
