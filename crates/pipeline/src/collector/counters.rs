//! What the collector says of its work.

use super::Held;
use crate::{
    disk::DiskError,
    eventlog::{LogCounters, Position},
};
use serde::Serialize;

/// What the collector has done since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Lines appended to the log, without the collector's own.
    pub lines: u64,
    /// Lines read again and left out.
    pub repeated: u64,
    /// Lines refused and put into quarantine.
    pub malformed: u64,
    /// Unterminated ends of segments skipped.
    pub torn: u64,
    /// Numbers that never came.
    pub lost: u64,
    /// Artefacts copied.
    pub blobs: u64,
    /// Artefacts saved although no line names them.
    pub orphans: u64,
    /// Blobs that a line names but the spool does not have.
    pub blobs_missing: u64,
    /// Blobs refused.
    pub blobs_refused: u64,
    /// Artefacts that are kept.
    pub artefacts: Held,
    /// Times that a spool could not be read or freed.
    pub unusable: u64,
    /// Spools known now.
    pub spools: usize,
    /// Reading waits, because the log is over its budget and readers are behind.
    pub stalled: bool,
    /// The log.
    pub log: LogCounters,
}

impl Counters {
    /// Takes note of a source that fails; the others go on.
    pub(super) fn unusable(&mut self, spool: &str, error: &DiskError) {
        // Repeats with every pass: the first and then each thousandth is enough to act on.
        if self.unusable.is_multiple_of(1000) {
            tracing::warn!(spool, %error, cause = %error.source, "spool cannot be read or freed");
        }
        self.unusable += 1;
    }
}

/// What one pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines appended.
    pub lines: u64,
    /// There is more to read at once.
    pub more: bool,
    /// End of the log.
    pub end: Position,
}
