//! How results reach the terminal: a table for people, JSON for programs. The only place that prints.

#![expect(clippy::print_stderr, reason = "this is the place that prints")]

use comfy_table::Table;
use netsvc_wire::escape::printable;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Prints rows as a table; every cell is escaped for a terminal.
pub fn table<T>(header: &[&str], rows: &[T], cells: impl Fn(&T) -> Vec<String>) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(header.to_vec());
    for row in rows {
        table.add_row(cells(row).into_iter().map(|cell| printable(cell.as_bytes())).collect::<Vec<_>>());
    }
    line(&table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n"));
}

/// Prints a value as JSON, one line. A reader that has gone away ends the program quietly.
pub fn json<T: Serialize + ?Sized>(value: &T) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer(&mut out, value).map_err(std::io::Error::from);
    if written.and_then(|()| writeln!(out)).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Prints a line. A reader that has gone away ends the program quietly, as it does other filters.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Writes bytes as they are.
pub fn raw(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Says something about the course of things, beside the result.
pub fn note(text: &str) {
    eprintln!("{text}");
}

/// Says where a longer piece of work stands; only to a person who looks.
pub fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    }
}

/// Ends a line of [`progress`].
pub fn progress_done() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

/// A time as people read it: seconds, UTC.
pub fn moment(at: i64) -> String {
    let text = netsvc_wire::stamp::format(at);
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}
