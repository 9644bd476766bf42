//! What a line may say, where it was found.

use super::{APP, CollectError, Line, blob};
use netsvc_wire::{HeaderText, Kind, Record, WriterId, field};

/// No process writes as many lines; the store refuses a larger number too.
const NUMBER_LIMIT: u64 = 1 << 40;

/// SHA-256 values that a line names, those that can be file names. What a collector names is not there.
pub(super) fn blob_names(record: &Record) -> impl Iterator<Item = &str> {
    let is_blob = |name: &str| name == field::SHA256 && record.app != APP;
    let values = record.fields.iter().filter(move |(name, _)| is_blob(name));
    values.filter_map(|(_, value)| std::str::from_utf8(value).ok()).filter(|name| blob::is_name(name))
}

/// The record of a line that may stand where it was found.
pub(super) fn judged(line: Line<'_>) -> Result<Record, String> {
    if !line.bytes.ends_with(b"\n") {
        return Err("line too long".to_owned());
    }
    let record = netsvc_wire::parse(line.bytes).map_err(|malformed| malformed.to_string())?;
    if line.writer.is_some_and(|writer| writer != record.writer) {
        return Err("line of another writer".to_owned());
    }
    // What the recovery believes of such lines, only a collector may say.
    let is_told = [Kind::Lost, Kind::Dropped].iter().any(|kind| record.kind == kind.name());
    if record.app == APP && (line.host.is_none() || !is_told) {
        return Err("line in the name of the collector".to_owned());
    }
    if !(1..=NUMBER_LIMIT).contains(&record.number) {
        return Err("impossible line number".to_owned());
    }
    Ok(record)
}

/// Whether a collector says that lines are missing.
pub(super) fn is_of_lines(record: &Record) -> bool {
    record.app == APP && record.kind == Kind::Lost.name()
}

/// The writer that a line about missing lines is about.
pub(super) fn named(record: &Record) -> Option<WriterId> {
    record.text(field::WRITER)?.parse().ok()
}

pub(super) fn header(text: &str) -> Result<HeaderText, CollectError> {
    text.parse().map_err(|_| CollectError::Setting(text.to_owned()))
}
