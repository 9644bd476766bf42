//! The spool of one service process: `lines/<writer>-<index>.seg`, appended to by that process only.

use super::{CollectError, Line, Source, Turn, unreadable};
use crate::{disk::Disk, eventlog::fill};
use netsvc_wire::{MAX_LINE, WriterId};
use nix::{
    fcntl::{Flock, FlockArg, OFlag},
    libc,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// Bytes read from one segment in a turn.
const WINDOW: usize = 16 * MAX_LINE;

/// Segments of one spool that are looked at together; a process that makes more waits for the rest.
const MAX_SEGMENTS: usize = 1024;

/// A folder with spool segments.
#[derive(Debug)]
pub struct Spool {
    lines: PathBuf,
    settle: Duration,
    segments: BTreeMap<Key, Segment>,
    finished: BTreeMap<Key, PathBuf>,
    /// When each writer was first found here.
    found: BTreeMap<WriterId, Instant>,
    window: Vec<u8>,
}

type Key = (WriterId, u32);

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    name: String,
    file: File,
    offset: u64,
    /// Size and time of the last change as last seen, and since when they are so.
    size: u64,
    modified: SystemTime,
    still_since: Instant,
    /// In the middle of a line that is longer than any may be.
    overlong: bool,
}

impl Spool {
    /// The spool at `folder`, whose `lines` need not exist yet. A process counts as replaced by a newer
    /// one when its newest segment has not changed for `settle`.
    pub fn new(folder: &Path, settle: Duration) -> Spool {
        Spool {
            lines: folder.join("lines"),
            settle,
            segments: BTreeMap::new(),
            finished: BTreeMap::new(),
            found: BTreeMap::new(),
            window: Vec::new(),
        }
    }

    /// Brings the list of segments up to date; returns whether there are more than fit.
    fn look(&mut self, now: Instant) -> Result<bool, CollectError> {
        // The service process may write here: a link in place of the folder leads out of the spool.
        if !fs::symlink_metadata(&self.lines).is_ok_and(|data| data.is_dir()) {
            return Ok(false);
        }
        let entries = fs::read_dir(&self.lines).map_err(unreadable("list", &self.lines))?;
        let mut found = BTreeMap::new();
        for entry in entries {
            let entry = entry.map_err(unreadable("list", &self.lines))?;
            let name = entry.file_name();
            let Some((key, name)) = name.to_str().and_then(|name| Some((key_of(name)?, name))) else {
                continue;
            };
            if !self.segments.contains_key(&key) && !self.finished.contains_key(&key) {
                found.insert(key, (entry.path(), name.to_owned()));
            }
        }
        let mut left_out = false;
        for (key, (path, name)) in found {
            if self.segments.len() >= MAX_SEGMENTS {
                left_out = true;
                break;
            }
            if let Some(segment) = Segment::open(path, name, now)? {
                self.segments.insert(key, segment);
                self.found.entry(key.0).or_insert(now);
            }
        }
        for segment in self.segments.values_mut() {
            segment.observe(now)?;
        }
        Ok(left_out)
    }

    /// Will nothing more be written to the segment? Uses the list made before it was read to its end.
    fn is_superseded(&self, key: Key, now: Instant) -> bool {
        let (writer, index) = key;
        let known = || self.segments.keys().chain(self.finished.keys());
        if known().any(|(other, later)| *other == writer && *later > index) {
            return true;
        }
        let Some(segment) = self.segments.get(&key) else { return false };
        let replaced = self.segments.iter().any(|((other, _), newer)| {
            *other != writer && self.since(*other, newer) > self.since(writer, segment)
        });
        replaced && now.duration_since(segment.still_since) >= self.settle && !segment.is_held()
    }

    /// Orders writers by when they appeared; those found in one look, by when they last wrote.
    fn since(&self, writer: WriterId, segment: &Segment) -> (Option<Instant>, SystemTime) {
        (self.found.get(&writer).copied(), segment.modified)
    }
}

impl Source for Spool {
    fn turn(
        &mut self,
        now: Instant,
        finished: bool,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<Turn, CollectError> {
        let left_out = self.look(now)?;
        let mut turn = Turn::default();
        let mut window = std::mem::take(&mut self.window);
        let keys: Vec<Key> = self.segments.keys().copied().collect();
        let mut waiting: BTreeSet<WriterId> = BTreeSet::new();
        for key in keys {
            let superseded = finished || self.is_superseded(key, now);
            // A writer's segments are read in order, each to its end before the next.
            let (false, Some(segment)) = (waiting.contains(&key.0), self.segments.get_mut(&key)) else {
                continue;
            };
            let read = segment.read(key.0, &mut window, take)?;
            turn.bytes += read.bytes;
            turn.more |= read.full;
            if read.full || !superseded {
                waiting.insert(key.0);
                continue;
            }
            turn.torn += u64::from(read.rest > 0);
            if let Some(segment) = self.segments.remove(&key) {
                self.finished.insert(key, segment.path);
                turn.more |= left_out;
            }
        }
        self.window = window;
        Ok(turn)
    }

    fn release(&mut self, disk: &Disk) -> Result<(), CollectError> {
        while let Some((key, path)) = self.finished.pop_first() {
            if let Err(error) = disk.remove(&path) {
                self.finished.insert(key, path);
                return Err(CollectError::Source(error));
            }
        }
        let present: BTreeSet<WriterId> = self.writers().into_iter().collect();
        self.found.retain(|writer, _| present.contains(writer));
        Ok(())
    }

    fn writers(&self) -> Vec<WriterId> {
        self.segments.keys().chain(self.finished.keys()).map(|(writer, _)| *writer).collect()
    }
}

/// How a read of a segment went.
struct Read {
    bytes: u64,
    /// The window was full: there may be more.
    full: bool,
    /// Bytes behind the last newline.
    rest: usize,
}

impl Segment {
    /// `None` when the name is not a regular file, which no writer of ours makes.
    fn open(path: PathBuf, name: String, now: Instant) -> Result<Option<Segment>, CollectError> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(&path) {
            Ok(file) => file,
            Err(error) if is_not_ours(&error) => return Ok(None),
            Err(error) => return Err(unreadable("open", &path)(error)),
        };
        let data = file.metadata().map_err(unreadable("look at", &path))?;
        if !data.is_file() {
            return Ok(None);
        }
        let modified = data.modified().map_err(unreadable("look at", &path))?;
        let (offset, overlong) = (0, false);
        Ok(Some(Segment { path, name, file, offset, size: data.len(), modified, still_since: now, overlong }))
    }

    fn observe(&mut self, now: Instant) -> Result<(), CollectError> {
        let data = self.file.metadata().map_err(unreadable("look at", &self.path))?;
        let modified = data.modified().map_err(unreadable("look at", &self.path))?;
        if (data.len(), modified) != (self.size, self.modified) {
            (self.size, self.modified, self.still_since) = (data.len(), modified, now);
        }
        Ok(())
    }

    /// Does a process hold a lock on it? Then that process lives, whatever the times of files say.
    fn is_held(&self) -> bool {
        let Ok(file) = self.file.try_clone() else { return true };
        Flock::lock(file, FlockArg::LockSharedNonblock).is_err()
    }

    fn read(
        &mut self,
        writer: WriterId,
        window: &mut Vec<u8>,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<Read, CollectError> {
        window.resize(WINDOW, 0);
        let filled = fill(&self.file, window, self.offset).map_err(unreadable("read", &self.path))?;
        let bytes = window.get(..filled).unwrap_or_default();
        let mut used = 0_usize;
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if !whole && piece.len() <= MAX_LINE && !self.overlong {
                break;
            }
            // The first part of an overlong line is handed on to be refused, the others are passed over.
            if !self.overlong {
                let offset = self.offset + used as u64;
                take(Line { bytes: piece, writer: Some(writer), host: None, file: &self.name, offset })?;
            }
            self.overlong = !whole;
            used += piece.len();
        }
        self.offset += used as u64;
        Ok(Read { bytes: used as u64, full: filled == WINDOW, rest: filled - used })
    }
}

/// Gone, a link, or closed to us: nothing that a writer of ours leaves behind.
fn is_not_ours(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
        || error.raw_os_error() == Some(libc::ELOOP)
}

fn key_of(name: &str) -> Option<Key> {
    let (writer, index) = name.strip_suffix(".seg")?.split_once('-')?;
    let digits = index.len() == 8 && index.bytes().all(|byte| byte.is_ascii_digit());
    let lower = !writer.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'+');
    (digits && lower).then(|| Some((writer.parse().ok()?, index.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_segments_have_a_writer_and_an_index() {
        for (name, key) in [
            ("000000000000feed-00000003.seg", Some((WriterId(0xfeed), 3))),
            ("000000000000feed-3.seg", None),
            ("000000000000FEED-00000003.seg", None),
            ("000000000000feed-00000003.tmp", None),
            ("feed-00000003.seg", None),
            (".seg", None),
        ] {
            assert_eq!(key_of(name), key, "{name}");
        }
    }
}
