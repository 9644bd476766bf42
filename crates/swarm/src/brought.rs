//! Segments of an agent's event log that somebody brings as files: the agent is lost, and its disk is not. They go into
//! its inbox, as if it had sent them: what came from it before is left out.

use crate::{Error, frame::Place, inbox::Inbox};
use decnet_model::paths::Paths;
use decnet_pipeline::eventlog::segment_path;
use netsvc_wire::MAX_LINE;
use serde::Serialize;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Bytes that are appended at once.
const BATCH: usize = 1 << 20;

/// A segment of another host's event log.
#[derive(Debug)]
pub struct Segment {
    number: u64,
    path: PathBuf,
    file: File,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Brought {
    /// Lines that are in the inbox now.
    pub lines: u64,
    /// Segments of which everything had come before.
    pub known: u64,
    /// Lines that are longer than lines are; they are left out.
    pub too_long: u64,
    /// Segments at whose end a line is not whole; it is left out.
    pub torn: u64,
    /// Segments that lie between those that came, and were not brought.
    pub missing: u64,
}

impl Segment {
    /// Opens a file that is called as the agent called it, `decnet-0000000007.log`.
    ///
    /// # Errors
    /// When it is called otherwise, or cannot be opened.
    pub fn open(path: &Path) -> Result<Segment, Error> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.strip_prefix("decnet-").and_then(|rest| rest.strip_suffix(".log"));
        let number = digits.and_then(|digits| digits.parse::<u64>().ok());
        let number = number.filter(|number| segment_path(Path::new(""), *number) == Path::new(name));
        let number = number.ok_or_else(|| {
            let what = "is not called as a segment of an event log, decnet-0000000007.log";
            Error::Wrong(format!("{} {what}", path.display()))
        })?;
        let file = File::open(path).map_err(failed("open", path))?;
        Ok(Segment { number, path: path.to_owned(), file })
    }
}

/// Brings `segments` of the host with the id `host` into its inbox. Nobody else may use the inbox meanwhile.
///
/// # Errors
/// When a segment stands twice, cannot be read or is not the one that the host has sent, or the inbox cannot be
/// written. What was brought before that has come; to bring all again is no harm.
pub fn bring(paths: &Paths, host: &str, mut segments: Vec<Segment>) -> Result<Brought, Error> {
    segments.sort_by_key(|segment| segment.number);
    if let Some(twice) = segments.windows(2).find_map(|pair| match pair {
        [one, two] if one.number == two.number => Some(&two.path),
        _ => None,
    }) {
        return Err(Error::Wrong(format!("{}: this segment stands twice", twice.display())));
    }
    let mut inbox = Inbox::open(paths, host)?;
    let mut brought = Brought::default();
    for mut segment in segments {
        let kept = inbox.kept();
        let length = segment.file.metadata().map_err(failed("look at", &segment.path))?.len();
        let from = if segment.number == kept.segment { kept.offset } else { 0 };
        if segment.number < kept.segment || (segment.number == kept.segment && length == from) {
            brought.known += 1;
            continue;
        }
        if length < from {
            let why = "is shorter than what has come of it already: it is another host's";
            return Err(Error::Wrong(format!("{} {why}", segment.path.display())));
        }
        if kept != Place::default() {
            brought.missing += (segment.number - kept.segment).saturating_sub(1);
        }
        read(&mut segment, from, &mut inbox, &mut brought)?;
    }
    Ok(brought)
}

/// Appends what is in a segment behind `from`.
fn read(segment: &mut Segment, from: u64, inbox: &mut Inbox, brought: &mut Brought) -> Result<(), Error> {
    let failed = failed("read", &segment.path);
    let mut at = from;
    segment.file.seek(SeekFrom::Start(from)).map_err(&failed)?;
    let mut file = BufReader::new(&segment.file);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let length = file.by_ref().take(most).read_until(b'\n', &mut line).map_err(&failed)?;
        if length == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            at += length as u64;
            brought.lines += 1;
            lines.append(&mut line);
        } else if length < MAX_LINE {
            brought.torn += 1;
            break;
        } else {
            let rest = file.skip_until(b'\n').map_err(&failed)?;
            at += length as u64 + rest as u64;
            brought.too_long += 1;
        }
        if BATCH <= lines.len() {
            inbox.append(&std::mem::take(&mut lines))?;
        }
    }
    if !lines.is_empty() {
        inbox.append(&lines)?;
    }
    inbox.keep(Place { segment: segment.number, offset: at })
}

fn failed(attempt: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::File { attempt, path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_pipeline::{collector::RELAYED, eventlog::segment_list};
    use std::fs;

    /// What waits in the inbox of the host `a`.
    fn waiting(paths: &Paths) -> String {
        let lines = paths.spool(&format!("{RELAYED}a")).join("lines");
        let read = |number: u64| fs::read_to_string(segment_path(&lines, number)).unwrap();
        segment_list(&lines).unwrap().into_iter().map(read).collect()
    }

    #[test]
    fn what_a_lost_agent_recorded_comes_once_and_behind_what_it_has_sent() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let mut inbox = Inbox::open(&paths, "a").unwrap();
        inbox.append(b"one\n").unwrap();
        inbox.keep(Place { segment: 3, offset: 4 }).unwrap();
        drop(inbox);
        let disk = folder.path().join("disk");
        fs::create_dir(&disk).unwrap();
        let put = |number: u64, text: &str| {
            fs::write(segment_path(&disk, number), text).unwrap();
            segment_path(&disk, number)
        };
        let long = "x".repeat(MAX_LINE + 5);
        let files = [
            put(6, "five\nsix, of which not all was writ"),
            put(3, "one\ntwo\n"),
            put(2, "zero\n"),
            put(4, &format!("three\n{long}\nfour\n")),
        ];
        let open = || files.iter().map(|file| Segment::open(file).unwrap()).collect::<Vec<_>>();
        let brought = bring(&paths, "a", open()).unwrap();
        assert_eq!(brought, Brought { lines: 4, known: 1, too_long: 1, torn: 1, missing: 1 });
        assert_eq!(waiting(&paths), "one\ntwo\nthree\nfour\nfive\n");
        let again = bring(&paths, "a", open()).unwrap();
        assert_eq!((again.lines, again.known), (0, 3));
        assert_eq!(waiting(&paths), "one\ntwo\nthree\nfour\nfive\n");
        // It was whole elsewhere.
        put(6, "five\nsix\n");
        assert_eq!(bring(&paths, "a", open()).unwrap().lines, 1);
        assert!(waiting(&paths).ends_with("five\nsix\n"));
    }

    #[test]
    fn what_is_no_segment_of_this_host_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        for name in ["decnet.log", "decnet-7.log", "decnet-0000000007.log.gz", "decnet-000000000x.log"] {
            fs::write(folder.path().join(name), "one\n").unwrap();
            assert!(Segment::open(&folder.path().join(name)).is_err(), "{name}");
        }
        let file = segment_path(folder.path(), 7);
        fs::write(&file, "one\n").unwrap();
        let open = || Segment::open(&file).unwrap();
        assert!(bring(&paths, "a", vec![open(), open()]).is_err(), "twice");
        Inbox::open(&paths, "a").unwrap().keep(Place { segment: 7, offset: 90 }).unwrap();
        assert!(bring(&paths, "a", vec![open()]).is_err(), "another host's");
    }
}
