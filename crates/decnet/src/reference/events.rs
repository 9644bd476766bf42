//! Kinds of events.

use super::{cell, code, table};
use netsvc_wire::{Kind, Severity};

pub(super) fn kinds() -> String {
    let rows = Kind::ALL.iter().map(|kind| {
        let severity = match kind.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        vec![code(kind.name()), kind.class().name().to_owned(), severity.to_owned(), cell(kind.about())]
    });
    format!(
        "# Events\n\nEach is one line of RFC 5424 whose MSGID is the kind, in the event log and towards SIEMs, and one \
         row of the store. When memory or disk are short, noise goes first and evidence never.\n\n{}",
        table(&["Kind", "Class", "Severity", "What it is, and its fields"], rows)
    )
}
