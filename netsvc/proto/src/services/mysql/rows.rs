//! Result sets of the text protocol.

use super::packet::{append, counted, number};

/// What client and server agreed on about results.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form {
    /// OK packets end a result instead of EOF packets.
    pub deprecate_eof: bool,
    /// MariaDB's extended metadata.
    pub extended: bool,
    /// MariaDB's cached metadata.
    pub cached: bool,
}

/// Names and values of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// No rows yet.
    pub(super) fn new(columns: &[&str]) -> Self {
        Rows { columns: columns.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// One row with one value under its own name.
    pub(super) fn single(name: &str, value: Option<String>) -> Self {
        Rows { columns: vec![name.to_owned()], rows: vec![vec![value]] }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Vec<Option<String>>) {
        self.rows.push(row);
    }

    /// Adds a column with the value of the only row.
    pub(super) fn widen(&mut self, name: &str, value: Option<String>) {
        self.columns.push(name.to_owned());
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
        if let Some(row) = self.rows.first_mut() {
            row.push(value);
        }
    }

    /// The packets of the result.
    pub(super) fn encode(&self, sequence: &mut u8, form: Form) -> Vec<u8> {
        let deprecate_eof = form.deprecate_eof;
        let mut out = Vec::new();
        let mut body = Vec::new();
        number(&mut body, self.columns.len());
        if form.cached {
            body.push(1);
        }
        append(&mut out, sequence, &body);
        for name in &self.columns {
            append(&mut out, sequence, &definition(name, form.extended));
        }
        if !deprecate_eof {
            append(&mut out, sequence, &[0xfe, 0, 0, 2, 0]);
        }
        for row in &self.rows {
            body.clear();
            for value in row {
                match value {
                    Some(text) => counted(&mut body, text.as_bytes()),
                    None => body.push(0xfb),
                }
            }
            append(&mut out, sequence, &body);
        }
        let end: &[u8] = if deprecate_eof { &[0xfe, 0, 0, 2, 0, 0, 0] } else { &[0xfe, 0, 0, 2, 0] };
        append(&mut out, sequence, end);
        out
    }
}

/// A column of VARCHAR in utf8mb4 (`ColumnDefinition41`).
fn definition(name: &str, extended: bool) -> Vec<u8> {
    let mut body = Vec::new();
    for text in ["def", "", "", "", name, ""] {
        counted(&mut body, text.as_bytes());
    }
    if extended {
        counted(&mut body, b"");
    }
    body.extend_from_slice(&[0x0c, 45, 0, 0, 4, 0, 0, 0xfd, 0, 0, 0x1f, 0, 0]);
    body
}
