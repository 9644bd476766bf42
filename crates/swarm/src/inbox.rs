//! What one agent has sent, on the master's medium until the collector has taken it: lines in segments like those of
//! an event log, artefacts beside them, and a note of how far the agent's own log has come.

use crate::{Error, frame::Place};
use decnet_model::paths::Paths;
use decnet_pipeline::{
    collector::RELAYED,
    disk::{Disk, DiskError},
    eventlog::{EventLog, Limits, LogError, segment_list, segment_path},
};
use netsvc_wire::stamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// Bytes of a segment, which goes when the collector has taken it.
const SEGMENT: u64 = 4 << 20;
/// Bytes that wait for the collector before no more is taken.
const BUDGET: u64 = 64 << 20;
/// Bytes of the largest artefact.
const ARTEFACT: u64 = 256 << 20;

/// The inbox of one agent; one at a time.
pub(crate) struct Inbox {
    paths: Paths,
    folder: PathBuf,
    disk: Disk,
    log: EventLog,
    kept: Place,
    coming: Option<Coming>,
}

/// An artefact that is coming in.
struct Coming {
    name: String,
    path: PathBuf,
    file: File,
    size: u64,
    /// It goes on behind what an earlier connection brought.
    resumed: bool,
}

#[derive(Serialize, Deserialize)]
struct Note {
    segment: u64,
    offset: u64,
}

/// What became of a piece of an artefact.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// There is more to come.
    More,
    /// The artefact is on the medium.
    Whole,
    /// What an earlier connection brought was damaged, as a power loss does it: all of it is to come again.
    Again,
    /// It is not what its name says, or too large; what came is gone.
    Refused,
}

impl Inbox {
    /// The inbox of the host with the id `host`.
    pub(crate) fn open(paths: &Paths, host: &str) -> Result<Inbox, Error> {
        let folder = paths.spool(&format!("{RELAYED}{host}"));
        let disk = Disk::default();
        let made = |path: &Path| disk.create_folder(path).map_err(LogError::from);
        made(&folder)?;
        made(&folder.join("blobs"))?;
        let limits =
            Limits { segment_bytes: SEGMENT, segment_age: Duration::from_secs(3600), ..Limits::default() };
        let log = EventLog::open(&folder.join("lines"), limits, disk.clone())?;
        let note: Option<Note> =
            fs::read(folder.join("received.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let kept =
            note.map_or_else(Place::default, |note| Place { segment: note.segment, offset: note.offset });
        Ok(Inbox { paths: paths.clone(), folder, disk, log, kept, coming: None })
    }

    /// The place in the agent's log before which everything is on the medium here.
    pub(crate) fn kept(&self) -> Place {
        self.kept
    }

    /// Appends whole lines, each with its newline.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), Error> {
        Ok(self.log.append(lines, stamp::now())?)
    }

    /// Brings everything to the medium, and notes that it is what lies before `place`.
    pub(crate) fn keep(&mut self, place: Place) -> Result<(), Error> {
        self.log.sync()?;
        let note = Note { segment: place.segment, offset: place.offset };
        let text = serde_json::to_vec(&note).unwrap_or_default();
        self.disk.replace(&self.folder.join("received.json"), &text).map_err(LogError::from)?;
        self.kept = place;
        Ok(())
    }

    /// Whether so much waits for the collector that no more is to be taken.
    pub(crate) fn is_full(&self) -> Result<bool, Error> {
        let lines = self.folder.join("lines");
        let size = |number: &u64| fs::metadata(segment_path(&lines, *number)).map_or(0, |data| data.len());
        Ok(BUDGET < segment_list(&lines)?.iter().map(size).sum())
    }

    /// Whether the artefact is here; otherwise from where on it is wanted.
    pub(crate) fn wants(&mut self, name: &str) -> Result<Option<u64>, Error> {
        if self.paths.artefact(name).exists() || self.folder.join("blobs").join(name).exists() {
            return Ok(None);
        }
        let path = self.folder.join("blobs").join(format!(".tmp-{name}"));
        let failed = |error| LogError::from(DiskError::of("write", &path)(error));
        // What an earlier connection brought is believed: the hash of the whole is looked at.
        let opened = OpenOptions::new().append(true).create(true).open(&path);
        let file = opened.map_err(failed)?;
        let size =
            file.metadata().map_err(|error| LogError::from(DiskError::of("look at", &path)(error)))?.len();
        self.coming = Some(Coming { name: name.to_owned(), path, file, size, resumed: size > 0 });
        Ok(Some(size))
    }

    /// Takes a piece of the artefact that was wanted.
    pub(crate) fn piece(
        &mut self,
        name: &str,
        offset: u64,
        last: bool,
        bytes: &[u8],
    ) -> Result<Piece, Error> {
        let Some(mut coming) = self.coming.take().filter(|coming| coming.name == name) else {
            return Err(Error::Garbled("a piece of an artefact that nobody wants".to_owned()));
        };
        let size = coming.size + bytes.len() as u64;
        if offset != coming.size || ARTEFACT < size {
            let _ = fs::remove_file(&coming.path);
            return Ok(Piece::Refused);
        }
        let path = coming.path.clone();
        let failed = |error| LogError::from(DiskError::of("write", &path)(error));
        coming.file.write_all(bytes).map_err(failed)?;
        coming.size = size;
        if !last {
            self.coming = Some(coming);
            return Ok(Piece::More);
        }
        self.disk.sync(&coming.file, &coming.path).map_err(LogError::from)?;
        if hash(&coming.path).map_err(|error| LogError::from(DiskError::of("read", &coming.path)(error)))?
            != name
        {
            return self.begun_anew(&coming);
        }
        let blobs = self.folder.join("blobs");
        self.disk.rename(&coming.path, &blobs.join(name)).map_err(LogError::from)?;
        self.disk.sync_folder(&blobs).map_err(LogError::from)?;
        Ok(Piece::Whole)
    }

    /// Gives up what has another hash than its name says. Where not all of it came by this connection, it is wanted
    /// once more: the sender may have the only copy.
    fn begun_anew(&mut self, damaged: &Coming) -> Result<Piece, Error> {
        let _ = fs::remove_file(&damaged.path);
        if !damaged.resumed {
            return Ok(Piece::Refused);
        }
        Ok(match self.wants(&damaged.name)? {
            None => Piece::Whole,
            Some(0) => Piece::Again,
            // It cannot be removed.
            Some(_) => {
                self.coming = None;
                Piece::Refused
            }
        })
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 128 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_known_after_a_restart_and_an_artefact_goes_on_where_it_broke_off() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let at = Place { segment: 7, offset: 9 };
        let name = hex::encode(Sha256::digest(b"abcdef"));
        let mut inbox = Inbox::open(&paths, "a-1").unwrap();
        assert_eq!(inbox.kept(), Place::default());
        inbox.append(b"<1>x\n").unwrap();
        inbox.keep(at).unwrap();
        assert_eq!(inbox.wants(&name).unwrap(), Some(0));
        assert_eq!(inbox.piece(&name, 0, false, b"abc").unwrap(), Piece::More);
        drop(inbox);
        let mut inbox = Inbox::open(&paths, "a-1").unwrap();
        assert_eq!((inbox.kept(), inbox.wants(&name).unwrap()), (at, Some(3)));
        assert_eq!(inbox.piece(&name, 3, true, b"def").unwrap(), Piece::Whole);
        assert_eq!(inbox.wants(&name).unwrap(), None);
        let other = hex::encode(Sha256::digest(b"x"));
        assert_eq!(inbox.wants(&other).unwrap(), Some(0));
        assert_eq!(inbox.piece(&other, 0, true, b"y").unwrap(), Piece::Refused);
        assert!(inbox.piece(&other, 0, true, b"y").is_err());
        assert!(!inbox.is_full().unwrap());
    }

    #[test]
    fn what_a_power_loss_made_of_half_an_artefact_is_wanted_once_more_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let name = hex::encode(Sha256::digest(b"abcdef"));
        let mut inbox = Inbox::open(&paths, "a-1").unwrap();
        let half = paths.spool("from.a-1").join("blobs").join(format!(".tmp-{name}"));
        fs::write(half, b"\0\0\0").unwrap();
        assert_eq!(inbox.wants(&name).unwrap(), Some(3));
        assert_eq!(inbox.piece(&name, 3, true, b"def").unwrap(), Piece::Again);
        assert_eq!(inbox.piece(&name, 0, true, b"abcdef").unwrap(), Piece::Whole);
        assert_eq!(inbox.wants(&name).unwrap(), None);
    }
}
