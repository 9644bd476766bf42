//! What a container's program wrote, as the runtime has copied it: Docker's json-file log, or a file of its own.
//!
//! The number of a line follows from what was read before it, so whatever is read again after a crash gets the numbers
//! that it had, and the collector leaves it out. [`TAKEN`] is written when all lines before it are on the medium.

mod entry;
mod found;

pub use entry::{Joiner, Said};

use super::{CollectError, Line, Source, Turn, unreadable};
use crate::{disk::Disk, eventlog::fill};
use decnet_model::capture::{ABOUT, Capture, ENDED, Format, LINES, Segment, TAKEN};
use found::Finder;
use netsvc_wire::{Encoder, HeaderText, WriterId, stamp};
use nix::libc;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Instant,
};

/// Bytes read in one turn; an entry of Docker's is at most 16 KiB, each byte of it six when it is escaped.
const WINDOW: usize = 256 * 1024;
/// Longest description.
const ABOUT_MOST: usize = 64 * 1024;
/// Segments looked at.
const SEGMENTS_MOST: usize = 65_536;

/// As far as lines are in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    /// Segment, 0: none yet.
    sequence: u64,
    /// Where in it.
    offset: u64,
    /// Number of the last line.
    number: u64,
}

/// What one container's program wrote.
#[derive(Debug)]
pub struct Contained {
    folder: PathBuf,
    file: String,
    reading: Option<Reading>,
}

/// How it is read.
#[derive(Debug)]
struct Reading {
    /// Name of the folder, for lines.
    file: String,
    format: Format,
    finder: Finder,
    encoder: Encoder,
    joiner: Joiner,
    at: Taken,
    /// The last place where no line was in pieces, and the last one that is on the medium.
    whole: Taken,
    kept: Taken,
    /// In the middle of an entry that is longer than any may be.
    overlong: bool,
    /// Nothing more will come, and all was read.
    done: bool,
    window: Vec<u8>,
}

impl Contained {
    /// What is copied into `folder`, called `name`.
    pub fn new(folder: &Path, name: &str) -> Contained {
        Contained { folder: folder.to_owned(), file: name.to_owned(), reading: None }
    }

    fn open(&mut self) -> Result<Option<&mut Reading>, CollectError> {
        if self.reading.is_none() {
            self.reading = Reading::open(&self.folder, &self.file)?;
        }
        Ok(self.reading.as_mut())
    }

    /// The segments, by their number.
    fn segments(&self) -> Result<BTreeMap<u64, PathBuf>, CollectError> {
        let lines = self.folder.join(LINES);
        let entries = match fs::read_dir(&lines) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries.map_err(unreadable("list", &lines))?,
        };
        let named = |entry: fs::DirEntry| {
            let segment: Segment = entry.file_name().to_str()?.parse().ok()?;
            Some((segment.sequence, entry.path()))
        };
        Ok(entries.flatten().take(SEGMENTS_MOST).filter_map(named).collect())
    }
}

impl Source for Contained {
    fn turn(
        &mut self,
        _now: Instant,
        _finished: bool,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<Turn, CollectError> {
        // Looked at first: what is there then is all there will be.
        let ended = self.folder.join(ENDED).is_file();
        let segments = self.segments()?;
        let Some(reading) = self.open()? else { return Ok(Turn::default()) };
        reading.turn(&segments, ended, take)
    }

    fn release(&mut self, disk: &Disk) -> Result<(), CollectError> {
        let segments = self.segments()?;
        let Some(reading) = self.reading.as_mut() else { return Ok(()) };
        if reading.kept != reading.whole {
            let text = serde_json::to_vec(&reading.whole).map_err(io::Error::other);
            let path = self.folder.join(LINES).join(TAKEN);
            disk.replace(&path, &text.map_err(unreadable("write", &path))?).map_err(CollectError::Source)?;
            reading.kept = reading.whole;
        }
        let gone = |sequence: u64| sequence < reading.kept.sequence || reading.done;
        for path in segments.iter().filter(|(sequence, _)| gone(**sequence)).map(|(_, path)| path) {
            disk.remove(path).map_err(CollectError::Source)?;
        }
        // The folder itself is removed by who made it, once no segment is in it.
        Ok(())
    }

    fn writers(&self) -> Vec<WriterId> {
        self.reading.iter().map(|reading| reading.encoder.writer()).collect()
    }
}

impl Reading {
    fn open(folder: &Path, name: &str) -> Result<Option<Reading>, CollectError> {
        let path = folder.join(ABOUT);
        let about = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            about => about.map_err(unreadable("read", &path))?,
        };
        let odd = |why: &'static str| unreadable("understand", &path)(io::Error::other(why));
        if ABOUT_MOST < about.len() {
            return Err(odd("it is too long"));
        }
        let capture: Capture = serde_json::from_slice(&about).map_err(|_| odd("it is no description"))?;
        let at: Taken = fs::read(folder.join(LINES).join(TAKEN))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let writer: WriterId = capture.writer.parse().map_err(|_| odd("it names no writer"))?;
        let sd_id: HeaderText =
            capture.sd_id.parse().map_err(|_| CollectError::Setting(capture.sd_id.clone()))?;
        Ok(Some(Reading {
            file: name.to_owned(),
            finder: Finder::new(&capture).map_err(CollectError::Setting)?,
            encoder: Encoder::after(sd_id, writer, at.number),
            format: capture.format,
            joiner: Joiner::default(),
            at,
            whole: at,
            kept: at,
            overlong: false,
            done: false,
            window: Vec::new(),
        }))
    }

    fn turn(
        &mut self,
        segments: &BTreeMap<u64, PathBuf>,
        ended: bool,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<Turn, CollectError> {
        let mut turn = Turn::default();
        let Some((&sequence, path)) = segments.range(self.at.sequence..).next() else {
            self.done = ended;
            return Ok(turn);
        };
        if sequence != self.at.sequence {
            self.at = Taken { sequence, offset: 0, ..self.at };
        }
        let last = segments.range(sequence + 1..).next().is_none();
        let filled = self.fill(path)?;
        let window = std::mem::take(&mut self.window);
        let mut used = 0;
        for piece in window.get(..filled).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            let too_long = piece.len() == WINDOW;
            if !whole && !too_long && !(filled < WINDOW && (!last || ended)) {
                break;
            }
            used += piece.len();
            if self.overlong || too_long {
                turn.torn += u64::from(whole || !self.overlong);
            } else {
                let line = piece.strip_suffix(b"\n").unwrap_or(piece);
                self.raw(line, &mut turn, take)?;
            }
            self.overlong = !whole && (too_long || self.overlong);
            self.at.offset += piece.len() as u64;
            self.note();
        }
        self.window = window;
        turn.bytes = used as u64;
        turn.more = filled == WINDOW || (!last && used == filled);
        if filled < WINDOW && used == filled {
            self.over(sequence, last, ended, take)?;
        }
        Ok(turn)
    }

    /// The segment was read to its end.
    fn over(
        &mut self,
        sequence: u64,
        last: bool,
        ended: bool,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<(), CollectError> {
        if !last {
            self.at = Taken { sequence: sequence + 1, offset: 0, ..self.at };
            self.note();
        } else if ended && !self.done {
            let mut rest = Vec::new();
            self.joiner.flush(None, &mut |said| rest.push(said));
            for said in rest {
                self.say(&said, take)?;
            }
            self.note();
            self.done = true;
        }
        Ok(())
    }

    /// Notes a place at which reading can begin again.
    fn note(&mut self) {
        self.at.number = self.encoder.next_number() - 1;
        if self.joiner.is_empty() && !self.overlong {
            self.whole = self.at;
        }
    }

    fn fill(&mut self, path: &Path) -> Result<usize, CollectError> {
        self.window.resize(WINDOW, 0);
        let opened =
            OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path);
        let opened = opened.map_err(unreadable("open", path))?;
        fill(&opened, &mut self.window, self.at.offset).map_err(unreadable("read", path))
    }

    fn raw(
        &mut self,
        bytes: &[u8],
        turn: &mut Turn,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<(), CollectError> {
        let mut said = Vec::new();
        match &self.format {
            Format::Plain(path) => said.push(entry::plain(path, bytes)),
            Format::JsonFile => {
                let known = self.joiner.entry(bytes, &mut |line| said.push(line));
                turn.torn += u64::from(!known);
            }
        }
        said.iter().try_for_each(|said| self.say(said, take))
    }

    fn say(
        &mut self,
        said: &Said,
        take: &mut dyn FnMut(Line<'_>) -> Result<(), CollectError>,
    ) -> Result<(), CollectError> {
        for event in self.finder.events(said, stamp::now()) {
            let mut bytes = Vec::new();
            self.encoder.encode(&event, &mut bytes)?;
            let writer = Some(self.encoder.writer());
            take(Line { bytes: &bytes, writer, host: None, file: &self.file, offset: self.at.offset })?;
        }
        Ok(())
    }
}
