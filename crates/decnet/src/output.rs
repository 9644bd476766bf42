//! How results reach the terminal: a table for people, JSON for programs. The only place that prints.

mod file;
mod table;

pub use file::NewFile;
pub use table::{Cell, list, table};

use netsvc_wire::escape::printable;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Prints a value as JSON, one line.
pub fn json<T: Serialize + ?Sized>(value: &T) {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = serde_json::to_writer(&mut out, value).map_err(io::Error::from);
    finish(written.and_then(|()| writeln!(out)).and_then(|()| out.flush()));
}

/// Fields of an event as a JSON object; what is no UTF-8 in them is replaced.
#[must_use]
pub fn fields(fields: &[(&str, Vec<u8>)]) -> Map<String, Value> {
    let text = |value: &[u8]| Value::from(String::from_utf8_lossy(value));
    fields.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
}

/// Prints a line of our own words.
pub fn line(text: &str) {
    let mut out = io::stdout().lock();
    finish(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes bytes as they are.
///
/// # Errors
/// When they cannot be written. A reader that has gone away ends the program quietly.
pub fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        other => other,
    }
}

/// A reader that has gone away ends the program quietly, as it does other filters; a result that cannot be
/// written for another reason is a failure.
fn finish(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            note(&format!("error: write to the standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// An error with its causes. A cause that the error before it has told already is not told again.
pub fn why(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Says something about the course of things, beside the result. There is nobody to tell when that fails.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Asks something; the answer is typed on the same line.
#[expect(clippy::print_stderr, reason = "a question to the operator")]
pub fn ask(text: &str) {
    eprint!("{text}");
}

/// The option by which a program that has started this one says who asked for it.
pub const ASKED_BY: &str = "--asked-by";

/// The option by which a program that has started this one asks for lines of [`progress`].
pub const PROGRESS_LINES: &str = "--progress-lines";
/// How such a line begins.
pub const PROGRESS: &str = "progress: ";
static AS_LINES: AtomicBool = AtomicBool::new(false);

/// Has [`progress`] say lines.
pub fn progress_as_lines() {
    AS_LINES.store(true, Ordering::Relaxed);
}

/// Says where a longer piece of work stands; only to a person who looks, and to a program that asked for it.
pub fn progress(text: &str) {
    if AS_LINES.load(Ordering::Relaxed) {
        note(&format!("{PROGRESS}{text}"));
    } else if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K{text}");
    }
}

/// Ends a line of [`progress`].
pub fn progress_done() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

/// A time as people read it: seconds, UTC.
pub fn moment(at: i64) -> String {
    let text = netsvc_wire::stamp::format(at);
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// A number of bytes as people read it.
pub fn bytes(count: u64) -> String {
    match count {
        0..10_240 => format!("{count} B"),
        10_240..10_485_760 => format!("{} KiB", count >> 10),
        _ => format!("{} MiB", count >> 20),
    }
}

/// A captured text for a line of words, escaped, of at most `width` characters.
pub fn captured(bytes: &[u8], width: usize) -> String {
    table::cut(printable(bytes).as_str(), width)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cause_is_told_once() {
        let error =
            anyhow::anyhow!("refused").context("the database says: refused").context("open the store");
        assert_eq!(super::why(&error), "open the store: the database says: refused");
    }
}
