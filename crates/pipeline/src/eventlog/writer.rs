//! The writing end of the event log. One writer at a time: the collector, under its lock.

use super::segment::{LogError, Position, link_name, segment_list, segment_path};
use crate::disk::Disk;
use netsvc_wire::stamp::Micros;
use serde::Serialize;
use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

/// How large and how old the log and its segments get.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes after which a segment is closed.
    pub segment_bytes: u64,
    /// Time after which a segment is closed.
    pub segment_age: Duration,
    /// Bytes of all segments together, beyond which the oldest is deleted.
    pub budget_bytes: u64,
    /// Age at which a closed segment is deleted.
    pub keep: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Limits {
            segment_bytes: 64 * 1024 * 1024,
            segment_age: DAY,
            budget_bytes: 2 * 1024 * 1024 * 1024,
            keep: DAY * 30,
        }
    }
}

/// What the writer has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogCounters {
    /// Bytes appended.
    pub bytes: u64,
    /// Segments begun.
    pub segments: u64,
    /// Segments deleted because of age.
    pub deleted_by_age: u64,
    /// Segments deleted because of the budget.
    pub deleted_by_budget: u64,
    /// The budget is exceeded and nothing may be deleted: readers are behind.
    pub over_budget: bool,
}

/// The log as its writer holds it.
#[derive(Debug)]
pub struct EventLog {
    pub(super) folder: PathBuf,
    pub(super) limits: Limits,
    pub(super) disk: Disk,
    pub(super) counters: LogCounters,
    active: Option<Active>,
    next: u64,
    dirty: bool,
}

#[derive(Debug)]
struct Active {
    number: u64,
    path: PathBuf,
    file: File,
    size: u64,
    since: Micros,
}

impl EventLog {
    /// Opens the log in `folder`, which is made if it is not there. The first append begins a new
    /// segment.
    ///
    /// # Errors
    /// [`LogError`] when the folder cannot be made or read.
    pub fn open(folder: &Path, limits: Limits, disk: Disk) -> Result<EventLog, LogError> {
        disk.create_folder(folder)?;
        let next = segment_list(folder)?.last().map_or(1, |last| last + 1);
        Ok(EventLog {
            folder: folder.to_owned(),
            limits,
            disk,
            counters: LogCounters::default(),
            active: None,
            next,
            dirty: false,
        })
    }

    /// Appends whole lines, each with its newline. After an error the next append begins a new segment,
    /// and the caller must not assume that none of the lines was written.
    ///
    /// # Errors
    /// [`LogError`] when writing fails.
    pub fn append(&mut self, lines: &[u8], now: Micros) -> Result<(), LogError> {
        if lines.is_empty() {
            return Ok(());
        }
        let length = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if self.active.as_ref().is_some_and(|active| self.is_full(active, length, now)) {
            self.rotate()?;
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin(now)?,
        };
        self.disk.append(&mut active.file, &active.path, lines)?;
        active.size += length;
        self.active = Some(active);
        self.dirty = true;
        self.counters.bytes += length;
        Ok(())
    }

    /// Waits until everything appended is on the medium.
    ///
    /// # Errors
    /// [`LogError`] when it may not be.
    pub fn sync(&mut self) -> Result<(), LogError> {
        if let (true, Some(active)) = (self.dirty, &self.active) {
            self.disk.sync(&active.file, &active.path)?;
        }
        self.dirty = false;
        Ok(())
    }

    /// Where the next line goes.
    pub fn position(&self) -> Position {
        match &self.active {
            Some(active) => Position { segment: active.number, offset: active.size },
            None => Position { segment: self.next, offset: 0 },
        }
    }

    /// Is there anything that [`EventLog::sync`] has not seen?
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Folder of the segments.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was done so far.
    pub fn counters(&self) -> LogCounters {
        self.counters
    }

    fn is_full(&self, active: &Active, more: u64, now: Micros) -> bool {
        let age = Duration::from_micros(u64::try_from(now - active.since).unwrap_or(0));
        active.size > 0 && (active.size + more > self.limits.segment_bytes || age >= self.limits.segment_age)
    }

    fn rotate(&mut self) -> Result<(), LogError> {
        self.sync()?;
        self.active = None;
        Ok(())
    }

    fn begin(&mut self, now: Micros) -> Result<Active, LogError> {
        let number = self.next.max(u64::try_from(now / 1_000_000).unwrap_or(0));
        let path = segment_path(&self.folder, number);
        let file = self.disk.create_new(&path)?;
        self.next = number + 1;
        self.counters.segments += 1;
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            self.disk.point(&self.folder.join(link_name()), name)?;
        }
        self.disk.sync_folder(&self.folder)?;
        Ok(Active { number, path, file, size: 0, since: now })
    }
}
