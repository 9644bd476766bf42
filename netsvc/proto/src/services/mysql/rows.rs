//! Results in the text protocol and in the binary one of prepared statements.

use super::packet::{append, counted, number};
use netsvc_sql::{Field, Kind, Rows, Value};

/// What client and server agreed on about results.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form {
    /// OK packets end a result instead of EOF packets.
    pub deprecate_eof: bool,
    /// MariaDB's extended metadata.
    pub extended: bool,
    /// MariaDB's cached metadata.
    pub cached: bool,
    /// MySQL's optional metadata.
    pub optional: bool,
}

/// `SERVER_STATUS_AUTOCOMMIT`.
pub(super) const AUTOCOMMIT: u16 = 2;
/// `SERVER_MORE_RESULTS_EXISTS`.
pub(super) const MORE: u16 = 8;

/// An OK packet: rows that changed, the counted value, status, warnings.
pub(super) fn ok(affected: u64, inserted: u64, status: u16, warnings: u16) -> Vec<u8> {
    let mut body = vec![0];
    number(&mut body, usize::try_from(affected).unwrap_or(0));
    number(&mut body, usize::try_from(inserted).unwrap_or(0));
    body.extend_from_slice(&status.to_le_bytes());
    body.extend_from_slice(&warnings.to_le_bytes());
    body
}

/// The packet behind columns or rows.
pub(super) fn end(form: Form, last: bool, status: u16, warnings: u16) -> Vec<u8> {
    let (status, warnings) = (status.to_le_bytes(), warnings.to_le_bytes());
    if form.deprecate_eof && last {
        return [&[0xfe, 0, 0][..], &status, &warnings].concat();
    }
    [&[0xfe][..], &warnings, &status].concat()
}

/// The packets of a result.
pub(super) fn encode(
    rows: &Rows,
    sequence: &mut u8,
    form: Form,
    binary: bool,
    ending: (u16, u16),
) -> Vec<u8> {
    let mut out = columns(rows, sequence, form);
    if !form.deprecate_eof {
        append(&mut out, sequence, &end(form, false, ending.0, ending.1));
    }
    out.extend(content(rows, sequence, form, binary, ending));
    out
}

/// The packets of a result whose rows are fetched later.
pub(super) fn heading(rows: &Rows, sequence: &mut u8, form: Form, ending: (u16, u16)) -> Vec<u8> {
    let mut out = columns(rows, sequence, form);
    append(&mut out, sequence, &end(form, true, ending.0, ending.1));
    out
}

/// The packets of the rows alone.
pub(super) fn content(
    rows: &Rows,
    sequence: &mut u8,
    form: Form,
    binary: bool,
    (status, warnings): (u16, u16),
) -> Vec<u8> {
    let mut out = Vec::new();
    for row in &rows.rows {
        let body = if binary { binary_row(row, &rows.fields) } else { text_row(row) };
        append(&mut out, sequence, &body);
    }
    append(&mut out, sequence, &end(form, true, status, warnings));
    out
}

fn columns(rows: &Rows, sequence: &mut u8, form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Vec::new();
    if form.optional {
        body.push(1);
    }
    number(&mut body, rows.fields.len());
    if form.cached {
        body.push(1);
    }
    append(&mut out, sequence, &body);
    for field in &rows.fields {
        append(&mut out, sequence, &definition(field, form.extended));
    }
    out
}

fn text_row(row: &[Value]) -> Vec<u8> {
    let mut body = Vec::new();
    for value in row {
        match value.printed() {
            Some(text) => counted(&mut body, &text),
            None => body.push(0xfb),
        }
    }
    body
}

/// A row of the binary protocol: a map of what has no value, then the values by their types.
fn binary_row(row: &[Value], fields: &[Field]) -> Vec<u8> {
    let mut missing = vec![0_u8; (row.len() + 9) / 8];
    let mut values = Vec::new();
    for (index, (value, field)) in row.iter().zip(fields).enumerate() {
        if value.is_null() {
            if let Some(byte) = missing.get_mut((index + 2) / 8) {
                *byte |= 1 << ((index + 2) % 8);
            }
            continue;
        }
        match field.kind {
            Kind::Truth | Kind::Integer => values.extend_from_slice(&value.integer().to_le_bytes()),
            Kind::Double => values.extend_from_slice(&value.number().to_le_bytes()),
            Kind::Datetime => moment(&value.string(), &mut values),
            _ => counted(&mut values, &value.bytes()),
        }
    }
    [vec![0], missing, values].concat()
}

/// `2024-05-06 07:08:09` as a length, a year and bytes.
fn moment(text: &str, out: &mut Vec<u8>) {
    let parts: Vec<u16> = text.split(['-', ' ', ':']).filter_map(|part| part.parse().ok()).collect();
    let at = |index: usize| parts.get(index).copied().unwrap_or(0);
    out.push(7);
    out.extend_from_slice(&at(0).to_le_bytes());
    out.extend((1..6).map(|index| u8::try_from(at(index)).unwrap_or(0)));
}

/// A column (`ColumnDefinition41`).
pub(super) fn definition(field: &Field, extended: bool) -> Vec<u8> {
    let mut body = Vec::new();
    for text in ["def", &field.database, &field.table, &field.table, &field.name, &field.name] {
        counted(&mut body, text.as_bytes());
    }
    if extended {
        counted(&mut body, b"");
    }
    // Type, character set (63 is binary), length, flags and decimals.
    let (kind, charset, length, flags, decimals): (u8, u16, u32, u16, u8) = match field.kind {
        Kind::Truth | Kind::Integer => (0x08, 63, 21, 0x80, 0),
        Kind::Decimal => (0xf6, 63, 24, 0x80, 4),
        Kind::Double => (0x05, 63, 23, 0x80, 31),
        Kind::Text => (0xfd, 45, 1024, 0, 39),
        Kind::Binary => (0xfc, 63, 65_535, 0x90, 39),
        Kind::Datetime => (0x0c, 63, 19, 0x80, 0),
        Kind::Null => (0x06, 63, 0, 0x80, 0),
    };
    body.push(0x0c);
    body.extend_from_slice(&charset.to_le_bytes());
    body.extend_from_slice(&length.to_le_bytes());
    body.push(kind);
    body.extend_from_slice(&flags.to_le_bytes());
    body.extend_from_slice(&[decimals, 0, 0]);
    body
}
