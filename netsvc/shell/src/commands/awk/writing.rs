//! Where output goes: the shell's, files that stay open, and commands that get it when they are closed.

use super::{
    format::format_values,
    leave::{Leave, fits},
    memory::weight,
    run::Machine,
    state::Sink,
    tree::Expression,
    value::Value,
};
use crate::{
    fs::OpenOptions,
    interpret::{Flow, Shell},
    text::encode,
};

/// Files and commands that can be written to at a time.
const SINKS: usize = 32;
/// Bytes that wait for a command.
const WAITING: usize = 4 << 20;

impl Machine<'_> {
    pub(super) fn print(
        &mut self,
        list: &[Expression],
        format: bool,
        target: Option<&(String, Expression)>,
    ) -> Result<(), Leave> {
        let text = if format {
            let values = self.values(list)?;
            format_values(&values)
        } else {
            let texts = self.texts(list)?;
            let separator = self.variable("OFS").text();
            fits(texts.len().saturating_mul(separator.len()))?;
            let line = if texts.is_empty() { self.record.clone() } else { texts.join(&separator) };
            line + &self.variable("ORS").text()
        };
        let Some((sign, place)) = target else { return Ok(self.shell.out(&text)?) };
        let place = self.value(place)?.text();
        match (sign.as_str(), place.as_str()) {
            ("|", "cat 1>&2" | "cat >&2") | (_, "/dev/stderr") => self.shell.err(&text)?,
            (">" | ">>", "/dev/stdout" | "-") => self.shell.out(&text)?,
            (sign, place) => self.print_to(sign, place, &encode(&text))?,
        }
        Ok(())
    }

    fn print_to(&mut self, sign: &str, place: &str, bytes: &[u8]) -> Result<(), Leave> {
        if !self.sinks.contains_key(place) {
            if SINKS <= self.sinks.len() {
                return Err(Leave::Shell(Flow::Exhausted));
            }
            let sink = match sign {
                "|" => Sink::Command(Vec::new()),
                _ => Sink::File(opened(self.shell, sign == ">>", place)),
            };
            self.sinks.insert(place.to_owned(), sink);
        }
        if matches!(self.sinks.get(place), Some(Sink::Command(_))) {
            self.hold(0, bytes.len())?;
        }
        match self.sinks.get_mut(place) {
            Some(Sink::Command(waiting)) => {
                if WAITING < waiting.len() + bytes.len() {
                    return Err(Leave::Shell(Flow::Exhausted));
                }
                waiting.extend_from_slice(bytes);
            }
            Some(Sink::File(Some((handle, end)))) => {
                // A full overlay loses the line, as a full disk does.
                if self.shell.fs.write_at(*handle, *end, bytes).is_ok() {
                    *end += bytes.len() as u64;
                }
            }
            Some(Sink::File(None)) | None => {}
        }
        self.shell.spend(bytes.len() as u64 / 2048)?;
        Ok(())
    }

    /// `close`: of what is printed to, and of what is read; -1: there is no such thing.
    pub(super) fn close(&mut self, name: &str) -> Result<Value, Leave> {
        let source = self.sources.remove(name);
        let read = source.is_some();
        self.held = self.held.saturating_sub(source.map_or(0, |(records, _)| weight(&records)));
        let Some(sink) = self.sinks.remove(name) else {
            return Ok(Value::Number(if read { 0.0 } else { -1.0 }));
        };
        let status = self.finish(name, sink)?;
        Ok(Value::Number(f64::from(status)))
    }

    /// Closes everything, as the end of a program does.
    pub(super) fn close_all(&mut self) -> Result<(), Flow> {
        for (name, sink) in std::mem::take(&mut self.sinks) {
            self.finish(&name, sink)?;
        }
        Ok(())
    }

    fn finish(&mut self, name: &str, sink: Sink) -> Result<i32, Flow> {
        match sink {
            Sink::File(Some((handle, _))) => {
                // What was written stays, whatever closing says.
                let _ = self.shell.fs.close(handle);
                Ok(0)
            }
            Sink::File(None) => Ok(-1),
            Sink::Command(waiting) => {
                self.held = self.held.saturating_sub(waiting.len());
                self.shell.with_input(waiting, |shell| shell.run_apart(name))
            }
        }
    }

    /// Values of `list`, together no longer than one text may be.
    pub(super) fn values(&mut self, list: &[Expression]) -> Result<Vec<Value>, Leave> {
        let (mut values, mut bytes) = (Vec::new(), 0);
        for expression in list {
            let value = self.value(expression)?;
            bytes += value.length();
            fits(bytes)?;
            values.push(value);
        }
        Ok(values)
    }
}

fn opened(shell: &mut Shell, appends: bool, path: &str) -> Option<(u32, u64)> {
    let options = if appends { OpenOptions::append() } else { OpenOptions::write_new() };
    let handle = shell.fs.open(path, options, 0o666).ok()?;
    let end = if appends { shell.fs.stat(path).map_or(0, |stat| stat.size) } else { 0 };
    Some((handle, end))
}
