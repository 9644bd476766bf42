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

    /// Appends whole lines, each with its newline. After an error the caller must not assume that none of
    /// the lines was written; a part of a line is not left behind where the disk lets it be cut off.
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
        if let Err(error) = self.disk.append(&mut active.file, &active.path, lines) {
            self.cut_tear(&active, lines);
            return Err(error.into());
        }
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

    /// Cuts off the part of a line that a failed write left; whole lines stay, they may be read already.
    fn cut_tear(&self, active: &Active, lines: &[u8]) {
        let Ok(data) = active.file.metadata() else { return };
        let written = usize::try_from(data.len().saturating_sub(active.size)).unwrap_or(usize::MAX);
        let part = lines.get(..written.min(lines.len())).unwrap_or_default();
        let whole = part.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
        let end = active.size + u64::try_from(whole).unwrap_or(0);
        if let Err(error) = self.disk.cut(&active.file, &active.path, end) {
            tracing::debug!(%error, "the end of a segment stays torn and will be skipped");
        }
    }

    fn rotate(&mut self) -> Result<(), LogError> {
        self.sync()?;
        self.active = None;
        Ok(())
    }

    fn begin(&mut self, now: Micros) -> Result<Active, LogError> {
        if let Some(active) = self.unused(now)? {
            return Ok(active);
        }
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

    /// The newest segment, if nothing was ever written to it: a start on a full disk leaves one such, not
    /// one for each try.
    fn unused(&mut self, now: Micros) -> Result<Option<Active>, LogError> {
        let Some(&number) = segment_list(&self.folder)?.last() else { return Ok(None) };
        let path = segment_path(&self.folder, number);
        if number + 1 != self.next || !std::fs::metadata(&path).is_ok_and(|data| data.len() == 0) {
            return Ok(None);
        }
        let file = self.disk.open_end(&path)?;
        Ok(Some(Active { number, path, file, size: 0, since: now }))
    }
}
