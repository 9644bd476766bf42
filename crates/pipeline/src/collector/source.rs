//! Where lines come from: spools of our own processes, logs of other hosts, and what programs in containers wrote.

use super::CollectError;
use crate::disk::Disk;
use netsvc_wire::WriterId;
use std::time::Instant;

/// A line as a source found it, not parsed yet.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The bytes, newline included; without one when the line is longer than any may be.
    pub bytes: &'a [u8],
    /// The only writer whose lines may be here, where the source knows.
    pub writer: Option<WriterId>,
    /// Host of the swarm that it comes from; `None`: this one.
    pub host: Option<&'a str>,
    /// File in which the line is, for the quarantine.
    pub file: &'a str,
    /// Byte offset in it.
    pub offset: u64,
}

/// What one turn at a source gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Bytes read.
    pub bytes: u64,
    /// There is more to read at once.
    pub more: bool,
    /// Unterminated ends that were skipped.
    pub torn: u64,
}

/// A place from which lines are taken in the order in which each writer wrote them.
///
/// After a restart a source begins anew with whatever it still holds; the collector leaves out what it
/// has taken before.
pub trait Source: Send {
    /// Reads a bounded amount and hands each line to `take`. `finished` says that no process writes here
    /// any more, so that an unterminated end will not be completed.
    ///
    /// # Errors
    /// [`CollectError::Source`] when it cannot be read, or the error that `take` gave.
    fn turn(
        &mut self,
        now: Instant,
        finished: bool,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<Turn, CollectError>;

    /// Frees what was read; called when all lines of earlier turns are on the medium.
    ///
    /// # Errors
    /// [`CollectError::Source`] when a file cannot be removed; it is tried again the next time.
    fn release(&mut self, disk: &Disk) -> Result<(), CollectError>;

    /// Writers that still have lines here, read or not.
    fn writers(&self) -> Vec<WriterId>;
}
