//! Where records come from: operands, standard input, and what `getline` names.

use super::{
    leave::Leave,
    memory::weight,
    run::Machine,
    tree::{Expression, Source},
    value::Value,
};
use crate::{commands::operand::inputs, interpret::Flow, text::decode};

/// Files and commands that can be read at a time.
const SOURCES: usize = 32;

impl Machine<'_> {
    /// The next record of what the program reads; it counts.
    pub(super) fn next_record(&mut self) -> Result<Option<String>, Flow> {
        loop {
            if let Some(record) = self.input.get(self.at).cloned() {
                self.at += 1;
                self.shell.spend(1 + record.len() as u64 / 1024)?;
                for name in ["NR", "FNR"] {
                    let count = self.variables.get(name).map_or(0.0, Value::number) + 1.0;
                    self.variables.insert(name.into(), Value::Number(count));
                }
                return Ok(Some(record));
            }
            if !self.next_file()? {
                return Ok(None);
            }
        }
    }

    /// Whether the system's awk is mawk.
    pub(super) fn is_mawk(&self) -> bool {
        !self.shell.flavour().busybox() && self.shell.live.versions().gawk.is_empty()
    }

    fn next_file(&mut self) -> Result<bool, Flow> {
        while let Some(operand) = self.operands.pop_front() {
            if let Some((name, value)) = assignment(&operand) {
                let value = crate::commands::unescape(value, false).0;
                self.set(name, &value);
                continue;
            }
            self.named = true;
            let (contents, good) = inputs(self.shell, "awk", &[operand])?;
            self.good &= good;
            if let Some((name, bytes)) = contents.into_iter().next() {
                self.open(&name, &bytes);
                return Ok(true);
            }
        }
        if self.named {
            return Ok(false);
        }
        self.named = true;
        let (contents, _) = inputs(self.shell, "awk", &[])?;
        let Some((_, bytes)) = contents.into_iter().next() else { return Ok(false) };
        // mawk has no name for it.
        let name = if self.is_mawk() { "" } else { "-" };
        self.open(name, &bytes);
        Ok(true)
    }

    fn open(&mut self, name: &str, bytes: &[u8]) {
        self.variables.insert("FILENAME".into(), Value::Text(name.to_owned()));
        self.variables.insert("FNR".into(), Value::Number(0.0));
        (self.input, self.at) = (self.records(&decode(bytes)), 0);
    }

    fn records(&mut self, text: &str) -> Vec<String> {
        let separator = self.variable("RS").text();
        if separator.is_empty() {
            let paragraphs = text.split("\n\n").map(|text| text.trim_matches('\n'));
            return paragraphs.filter(|text| !text.is_empty()).map(String::from).collect();
        }
        if text.is_empty() {
            return Vec::new();
        }
        let text = text.strip_suffix('\n').unwrap_or(text);
        if separator.chars().count() > 1
            && let Some(regex) = self.regex(&separator)
        {
            return regex.split(text).map(String::from).collect();
        }
        let text = text.strip_suffix(separator.as_str()).filter(|_| separator != "\n").unwrap_or(text);
        text.split(separator.as_str()).map(String::from).collect()
    }

    /// `getline`: 1 for a line, 0 at the end, -1 where there is nothing to read.
    pub(super) fn getline(&mut self, source: &Source, place: Option<&Expression>) -> Result<Value, Leave> {
        let record = match source {
            Source::Main => self.next_record()?,
            Source::File(name) => {
                let name = self.value(name)?.text();
                if !self.sources.contains_key(&name) {
                    let bytes = match name.as_str() {
                        "-" | "/dev/stdin" => self.shell.read_all()?,
                        path => match self.shell.fs.read_file(path) {
                            Ok(bytes) => bytes.to_vec(),
                            Err(_) => return Ok(Value::Number(-1.0)),
                        },
                    };
                    self.begin_reading(&name, &bytes)?;
                }
                self.next_of(&name)
            }
            Source::Command(command) => {
                let command = self.value(command)?.text();
                if !self.sources.contains_key(&command) {
                    let output = self.shell.capture(|shell| shell.run_apart(&command).map(|_| ()))?;
                    self.begin_reading(&command, &output)?;
                }
                self.next_of(&command)
            }
        };
        let Some(record) = record else { return Ok(Value::Number(0.0)) };
        self.shell.spend(1 + record.len() as u64 / 1024)?;
        match place {
            Some(place) => self.assign(place, Value::Input(record))?,
            None => self.load(record),
        }
        Ok(Value::Number(1.0))
    }

    fn begin_reading(&mut self, name: &str, bytes: &[u8]) -> Result<(), Leave> {
        self.shell.spend(1 + bytes.len() as u64 / 4096)?;
        if SOURCES <= self.sources.len() {
            return Err(Leave::Shell(Flow::Exhausted));
        }
        let records = self.records(&decode(bytes));
        self.hold(0, weight(&records))?;
        self.sources.insert(name.to_owned(), (records, 0));
        Ok(())
    }

    fn next_of(&mut self, name: &str) -> Option<String> {
        let (records, at) = self.sources.get_mut(name)?;
        let record = records.get(*at)?.clone();
        *at += 1;
        Some(record)
    }
}

/// An operand that sets a variable.
fn assignment(operand: &str) -> Option<(&str, &str)> {
    let (name, value) = operand.split_once('=')?;
    let begins = name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic());
    let fits = name.chars().all(|character| character == '_' || character.is_ascii_alphanumeric());
    (begins && fits).then_some((name, value))
}
