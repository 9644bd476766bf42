//! Deleting old segments: by age and by budget, never one that the store may still need.

use super::{
    segment::{LogError, Position, segment_list, segment_path},
    writer::EventLog,
};
use crate::disk::{Disk, DiskError};
use serde::Serialize;
use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What one round of deleting did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Segments deleted.
    pub deleted: u64,
    /// Bytes that remain.
    pub bytes: u64,
    /// More than the budget remains.
    pub over_budget: bool,
}

/// The position up to which the store survives a power loss, as the ingester writes it down for the
/// collector. It only allows deleting; losing it costs disk space until it is written again.
#[derive(Clone, Debug)]
pub struct Durable {
    path: PathBuf,
    disk: Disk,
}

impl Durable {
    /// The note beside the segments in `folder`.
    pub fn new(folder: &Path, disk: Disk) -> Durable {
        Durable { path: folder.join("ingested.json"), disk }
    }

    /// The position, or `None` when there is none that can be read.
    pub fn read(&self) -> Option<Position> {
        serde_json::from_slice(&std::fs::read(&self.path).ok()?).ok()
    }

    /// Writes the position down.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be written; the old one remains.
    pub fn write(&self, position: Position) -> Result<(), LogError> {
        let text = serde_json::to_vec(&position)
            .map_err(|error| DiskError::of("write", &self.path)(io::Error::other(error)))?;
        Ok(self.disk.replace(&self.path, &text)?)
    }
}

impl EventLog {
    /// Deletes closed segments that are too old or beyond the budget, oldest first, as far as they lie
    /// before `durable`; with `None` nothing is deleted.
    ///
    /// # Errors
    /// [`LogError`] when a segment cannot be looked at or deleted.
    pub fn retain(&mut self, durable: Option<Position>, now: SystemTime) -> Result<Retained, LogError> {
        let mut segments = Vec::new();
        for number in segment_list(&self.folder)? {
            let path = segment_path(&self.folder, number);
            let data = std::fs::metadata(&path).map_err(DiskError::of("look at", &path))?;
            let age = data.modified().ok().and_then(|at| now.duration_since(at).ok()).unwrap_or_default();
            segments.push((number, path, data.len(), age));
        }
        let needed = durable.map_or(0, |position| position.segment).min(self.position().segment);
        let mut round =
            Retained { bytes: segments.iter().map(|(_, _, bytes, _)| bytes).sum(), ..Retained::default() };
        for (number, path, bytes, age) in segments {
            let (old, many) = (age >= self.limits.keep, round.bytes > self.limits.budget_bytes);
            if number >= needed || !(old || many) {
                break;
            }
            self.disk.remove(&path)?;
            self.disk.remove(&path.with_extension("json"))?;
            round.bytes -= bytes;
            round.deleted += 1;
            if old {
                self.counters.deleted_by_age += 1;
            } else {
                self.counters.deleted_by_budget += 1;
            }
            tracing::info!(segment = number, bytes, old, "event log segment deleted");
        }
        round.over_budget = round.bytes > self.limits.budget_bytes;
        self.counters.over_budget = round.over_budget;
        Ok(round)
    }
}
