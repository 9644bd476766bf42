//! What another host has sent: its event log, as the listener writes it down, in segments like those of ours.

use super::{CollectError, Line, Source, Turn};
use crate::{
    disk::Disk,
    eventlog::{LogReader, Position, segment_list, segment_path},
};
use netsvc_wire::{WriterId, parse};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Instant,
};

/// Lines read in one turn.
const LINES: usize = 2048;
/// Writers of one host that are kept in mind; the lines of others are judged all the same.
const WRITERS_MOST: usize = 4096;

/// The lines of one host.
#[derive(Debug)]
pub struct Relayed {
    host: String,
    folder: PathBuf,
    reader: LogReader,
    torn: u64,
    writers: BTreeSet<WriterId>,
}

impl Relayed {
    /// What the host called `host` has sent, in `folder`.
    pub fn new(folder: &Path, host: &str) -> Relayed {
        let folder = folder.join("lines");
        let reader = LogReader::new(&folder, Position::default());
        Relayed { host: host.to_owned(), folder, reader, torn: 0, writers: BTreeSet::new() }
    }
}

impl Source for Relayed {
    fn turn(
        &mut self,
        _now: Instant,
        _finished: bool,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<Turn, CollectError> {
        let batch = self.reader.read(LINES)?;
        let (mut bytes, mut lines) = (0, 0);
        let mut offset = batch.after.offset.saturating_sub(batch.lines().map(|line| line.len() as u64).sum());
        for line in batch.lines() {
            if self.writers.len() < WRITERS_MOST
                && let Ok(record) = parse(line)
            {
                self.writers.insert(record.writer);
            }
            take(Line { bytes: line, writer: None, host: Some(&self.host), file: "lines", offset })?;
            offset += line.len() as u64;
            bytes += line.len() as u64;
            lines += 1;
        }
        let torn = self.reader.torn() - self.torn;
        self.torn = self.reader.torn();
        Ok(Turn { bytes, more: lines > 0, torn })
    }

    fn release(&mut self, disk: &Disk) -> Result<(), CollectError> {
        let at = self.reader.position().segment;
        for number in segment_list(&self.folder)? {
            if number < at {
                disk.remove(&segment_path(&self.folder, number)).map_err(CollectError::Source)?;
            }
        }
        Ok(())
    }

    fn writers(&self) -> Vec<WriterId> {
        self.writers.iter().copied().collect()
    }
}
