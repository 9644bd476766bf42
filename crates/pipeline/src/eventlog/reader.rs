//! The reading end of the event log: resumes at any position and follows rotation.

use super::segment::{LogError, Position, segment_list, segment_path};
use crate::disk::DiskError;
use netsvc_wire::MAX_LINE;
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Bytes looked at in one read; holds several of the longest lines.
const WINDOW: usize = 4 * MAX_LINE;

/// Follows the log. Reading never waits: at the end there are no lines.
#[derive(Debug)]
pub struct LogReader {
    folder: PathBuf,
    at: Position,
    open: Option<(u64, File)>,
    window: Vec<u8>,
    torn: u64,
    missing: u64,
}

/// Whole lines and where they end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Position behind the last line.
    pub after: Position,
}

impl Batch {
    /// The lines, each with its newline.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split_inclusive(|&byte| byte == b'\n')
    }

    /// Are there no lines?
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl LogReader {
    /// A reader of the log in `folder` that begins at `at`.
    pub fn new(folder: &Path, at: Position) -> LogReader {
        LogReader { folder: folder.to_owned(), at, open: None, window: Vec::new(), torn: 0, missing: 0 }
    }

    /// Where the next line is read.
    pub fn position(&self) -> Position {
        self.at
    }

    /// Segments that ended without a newline, the end skipped.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// Times that the segment to read next was gone and reading went on with the oldest one there is.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Bytes of the log that have not been read yet.
    pub fn waiting(&self) -> u64 {
        let size = |segment: u64| {
            std::fs::metadata(segment_path(&self.folder, segment)).map_or(0, |data| data.len())
        };
        let behind = segment_list(&self.folder).unwrap_or_default();
        let behind = behind.into_iter().filter(|&segment| segment > self.at.segment).map(size).sum::<u64>();
        size(self.at.segment).saturating_sub(self.at.offset).saturating_add(behind)
    }

    /// At most `limit` of the next lines, fewer when there are not so many or they are long.
    ///
    /// # Errors
    /// [`LogError`] when a segment cannot be read; the position stays.
    pub fn read(&mut self, limit: usize) -> Result<Batch, LogError> {
        loop {
            let found = self.look(limit)?;
            if found > 0 {
                return Ok(self.take(found));
            }
            // Listed before looking once more: whatever was appended before a newer segment began is
            // seen by the second look.
            let Some(next) = self.next(&segment_list(&self.folder)?) else {
                return Ok(Batch { bytes: Vec::new(), after: self.at });
            };
            let found = self.look(limit)?;
            if found > 0 {
                return Ok(self.take(found));
            }
            if !self.window.is_empty() {
                self.torn += 1;
            }
            if self.open.is_none() && self.at.segment != 0 {
                self.missing += 1;
            }
            self.at = Position { segment: next, offset: 0 };
            self.open = None;
        }
    }

    /// The segment after this one. When this one is gone and there are only older ones, the log was begun
    /// anew under a clock that went back: its first.
    fn next(&self, segments: &[u64]) -> Option<u64> {
        let later = segments.iter().copied().find(|&number| self.at.segment < number);
        let gone = self.open.is_none() && !segments.contains(&self.at.segment);
        later.or_else(|| segments.first().copied().filter(|_| gone))
    }

    fn take(&mut self, length: usize) -> Batch {
        let bytes = self.window.get(..length).unwrap_or_default().to_vec();
        self.at.offset += u64::try_from(length).unwrap_or(0);
        Batch { bytes, after: self.at }
    }

    /// Fills the window from the position; returns the length of the whole lines in it, `limit` at most.
    fn look(&mut self, limit: usize) -> Result<usize, LogError> {
        self.window.clear();
        self.reopen()?;
        let Some((_, file)) = &self.open else { return Ok(0) };
        self.window.resize(WINDOW, 0);
        let filled = fill(file, &mut self.window, self.at.offset)
            .map_err(|error| DiskError::of("read", &segment_path(&self.folder, self.at.segment))(error))?;
        self.window.truncate(filled);
        let newlines = self.window.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let lines = newlines.take(limit.max(1)).last().map_or(0, |(index, _)| index + 1);
        // A full window without a newline is no line of ours: hand it on as it is, to be refused.
        Ok(if lines == 0 && filled == WINDOW { WINDOW } else { lines })
    }

    /// Opens the segment to read, if it is there.
    fn reopen(&mut self) -> Result<(), LogError> {
        if self.open.as_ref().is_some_and(|(number, _)| *number == self.at.segment) {
            return Ok(());
        }
        let path = segment_path(&self.folder, self.at.segment);
        self.open = match File::open(&path) {
            Ok(file) => Some((self.at.segment, file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(LogError::from(DiskError::of("open", &path)(error))),
        };
        Ok(())
    }
}

/// Reads from `offset` until the buffer is full or the file ends; returns how much was read.
pub(crate) fn fill(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + u64::try_from(filled).unwrap_or(0)) {
            Ok(0) => break,
            Ok(taken) => filled += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
