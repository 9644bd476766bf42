//! The last number of each writer that the event log has.

use crate::{
    disk::{Disk, DiskError},
    eventlog::{LogError, LogReader, Position, segment_path},
};
use netsvc_wire::{Kind, Record, WriterId, field, parse};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Writers remembered; beyond it those without lines in any spool are forgotten.
const LIMIT: usize = 16 * 1024;

/// Lines read in one step of the recovery.
const STEP: usize = 4096;

/// Who wrote what, as far as the log knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    last: BTreeMap<WriterId, u64>,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the next one.
    Next,
    /// The log has it already.
    Repeated,
    /// It is new, but the numbers from the first to the second never came.
    Behind(u64, u64),
}

/// A shortcut for the recovery; believed only when the log agrees.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    position: Position,
    /// Writer and number of the line that ends at the position.
    line: (String, u64),
    writers: BTreeMap<String, u64>,
}

impl Seen {
    /// Reads the log in `folder`: from the last checkpoint if the log has the line that the checkpoint
    /// names at the place that it names, else from the beginning.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn recover(folder: &Path) -> Result<Seen, LogError> {
        let (mut seen, from) = checkpointed(folder).unwrap_or_default();
        let mut reader = LogReader::new(folder, from);
        loop {
            let batch = reader.read(STEP)?;
            if batch.is_empty() {
                return Ok(seen);
            }
            for record in batch.lines().filter_map(|line| parse(line).ok()) {
                seen.learn(&record);
            }
        }
    }

    /// The last number of a writer; 0 when it is unknown.
    pub fn last(&self, writer: WriterId) -> u64 {
        self.last.get(&writer).copied().unwrap_or(0)
    }

    /// Takes note of a line in the log.
    pub fn learn(&mut self, record: &Record) {
        self.note(record.writer, record.number);
        // A gap that was written down once is not written down again.
        if record.kind == Kind::Lost.name()
            && record.app == super::APP
            && let Some(writer) = record.number_field::<HexWriter>(field::WRITER)
            && let Some(to) = record.number_field(field::TO)
        {
            self.note(writer.0, to);
        }
    }

    pub(super) fn judge(&self, writer: WriterId, number: u64) -> Verdict {
        let last = self.last(writer);
        if number <= last {
            Verdict::Repeated
        } else if number == last + 1 {
            Verdict::Next
        } else {
            Verdict::Behind(last + 1, number - 1)
        }
    }

    pub(super) fn note(&mut self, writer: WriterId, number: u64) {
        let last = self.last.entry(writer).or_default();
        *last = number.max(*last);
    }

    /// Forgets writers that cannot come back, once there are many.
    pub(super) fn forget(&mut self, present: &BTreeSet<WriterId>) {
        if self.last.len() > LIMIT {
            self.last.retain(|writer, _| present.contains(writer));
        }
    }

    /// Writes a checkpoint; `line` is the last line before `position`, and the log is on the medium.
    pub(super) fn checkpoint(
        &self,
        folder: &Path,
        disk: &Disk,
        position: Position,
        line: (WriterId, u64),
    ) -> Result<(), LogError> {
        let checkpoint = Checkpoint {
            position,
            line: (line.0.to_string(), line.1),
            writers: self.last.iter().map(|(writer, last)| (writer.to_string(), *last)).collect(),
        };
        let path = path_of(folder);
        let text = serde_json::to_vec(&checkpoint)
            .map_err(|error| DiskError::of("write", &path)(io::Error::other(error)))?;
        Ok(disk.replace(&path, &text)?)
    }
}

fn path_of(folder: &Path) -> PathBuf {
    folder.join("collected.json")
}

/// The checkpoint, if the log bears it out.
fn checkpointed(folder: &Path) -> Option<(Seen, Position)> {
    let text = std::fs::read(path_of(folder)).ok()?;
    let checkpoint: Checkpoint = serde_json::from_slice(&text).ok()?;
    let record = parse(&line_before(folder, checkpoint.position)?).ok()?;
    if (record.writer.to_string(), record.number) != checkpoint.line {
        return None;
    }
    let mut seen = Seen::default();
    for (writer, last) in checkpoint.writers {
        seen.note(writer.parse().ok()?, last);
    }
    Some((seen, checkpoint.position))
}

/// The line that ends at `position`.
fn line_before(folder: &Path, position: Position) -> Option<Vec<u8>> {
    let file = std::fs::File::open(segment_path(folder, position.segment)).ok()?;
    let from = position.offset.saturating_sub(netsvc_wire::MAX_LINE as u64);
    let mut window = vec![0; usize::try_from(position.offset - from).ok()?];
    file.read_exact_at(&mut window, from).ok()?;
    let text = window.strip_suffix(b"\n")?;
    let begin = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
    text.get(begin..).map(<[u8]>::to_vec)
}

struct HexWriter(WriterId);

impl std::str::FromStr for HexWriter {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().map(HexWriter)
    }
}
