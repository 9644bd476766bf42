//! Kinds of events, and their fields.

use super::{cell, code, codes, table};
use netsvc_wire::{
    Kind, Severity,
    field::{self, Field},
};

pub(super) fn kinds() -> String {
    let rows = Kind::ALL.iter().map(|kind| {
        let severity = match kind.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let class = kind.class().name().to_owned();
        vec![code(kind.name()), class, severity.to_owned(), cell(kind.about()), codes(kind.fields())]
    });
    let shown =
        |field: &Field| vec![code(field.name), field.shape.name().to_owned(), cell(field.about.trim_ascii())];
    format!(
        "# Events\n\nEach is one line of RFC 5424 whose MSGID is the kind, in the event log and towards SIEMs, and one \
         row of the store. When memory or disk are short, noise goes first and evidence never.\n\n{}\n\
         ## Fields\n\nBeside its own, each event may have {}. Which of its fields an event has depends on what is \
         known. A number, an address, a port, a hash and a flag are text that can be read as such; bytes are a \
         peer's own words.\n\n{}",
        table(&["Kind", "Class", "Severity", "What it is", "Its fields"], rows),
        codes(field::COMMON),
        table(&["Field", "Value", "What it means"], field::ALL.iter().map(shown))
    )
}
