//! Which writers write on other hosts: a list beside the segments, one line each, that is added to. When it is long,
//! the oldest of each host go: a host that invents writers pushes out its own.
//!
//! A writer is in the list, on the medium, before its first line is in the log: whoever has read a line finds its
//! host. The list belongs to the log and goes where it goes, so that a store that is made anew is the same.

use super::segment::LogError;
use crate::disk::{Disk, DiskError};
use netsvc_wire::WriterId;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Bytes of the list that are read: a million writers.
const MOST: u64 = 64 << 20;
/// Writers that are kept of all hosts. Each start of a process is one.
const WRITERS: usize = 64 * 1024;

/// What a list begins with that was written anew; no writer is called so.
const ANEW: &str = "# ";
/// Bytes of that line at most.
const FIRST: u64 = 24;

/// How often a list was written anew, by its first bytes.
fn times(first: &[u8]) -> u64 {
    let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let number = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix(ANEW));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The hosts of writers.
#[derive(Debug)]
pub struct Origins {
    path: PathBuf,
    disk: Disk,
    /// The host of each, and the how manieth it is.
    known: BTreeMap<WriterId, (String, u64)>,
    /// Writers that were added or read so far.
    count: u64,
    /// Bytes of whole lines that were read.
    read: u64,
    /// How often the list was written anew; its first line says so, with [`ANEW`] before it.
    anew: u64,
    most: usize,
}

impl Origins {
    /// The list beside the segments in `folder`, read as far as it goes.
    ///
    /// # Errors
    /// [`LogError`] when it is there and cannot be read.
    pub fn open(folder: &Path, disk: Disk) -> Result<Origins, LogError> {
        let path = folder.join("origins");
        let known = BTreeMap::new();
        let mut origins = Origins { path, disk, known, count: 0, read: 0, anew: 0, most: WRITERS };
        origins.refresh()?;
        Ok(origins)
    }

    /// Reads what was added since.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    pub fn refresh(&mut self) -> Result<(), LogError> {
        let failed = || DiskError::of("read", &self.path);
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed()(error).into()),
        };
        let mut first = Vec::new();
        (&mut file).take(FIRST).read_to_end(&mut first).map_err(failed())?;
        let anew = times(&first);
        if anew != self.anew {
            // Without the oldest.
            (self.anew, self.read) = (anew, 0);
            self.known.clear();
        }
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(self.read))
            .and_then(|_| file.take(MOST).read_to_end(&mut text))
            .map_err(failed())?;
        // A line without its end was cut off by a crash, and nothing of its writer is in the log.
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
        for line in text.get(..whole).unwrap_or_default().split(|&byte| byte == b'\n') {
            let pair = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' '));
            if let Some((writer, host)) = pair
                && let Ok(writer) = writer.parse()
            {
                // Whoever is named first stays: no host takes over what another wrote.
                self.note(writer, host);
            }
        }
        self.read += u64::try_from(whole).unwrap_or(0);
        Ok(())
    }

    fn note(&mut self, writer: WriterId, host: &str) {
        self.count += 1;
        self.known.entry(writer).or_insert_with(|| (host.to_owned(), self.count));
    }

    /// The host that `writer` writes on; `None`: this one, or it is not known.
    pub fn host(&self, writer: WriterId) -> Option<&str> {
        self.known.get(&writer).map(|(host, _)| host.as_str())
    }

    /// Adds a writer, on the medium.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be written.
    pub fn add(&mut self, writer: WriterId, host: &str) -> Result<(), LogError> {
        if self.most <= self.known.len() {
            self.shorten()?;
        }
        let failed = || DiskError::of("write", &self.path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o640)
            .open(&self.path)
            .map_err(failed())?;
        // What a crash cut off is written over.
        file.set_len(self.read).map_err(failed())?;
        let line = format!("{writer} {host}\n");
        file.seek(SeekFrom::Start(self.read))
            .and_then(|_| file.write_all(line.as_bytes()))
            .map_err(failed())?;
        self.disk.sync(&file, &self.path)?;
        self.read += u64::try_from(line.len()).unwrap_or(0);
        self.note(writer, host);
        Ok(())
    }

    /// Writes the list anew with the latest of each host, as many of each.
    fn shorten(&mut self) -> Result<(), LogError> {
        let mut hosts: BTreeMap<&str, Vec<(u64, WriterId)>> = BTreeMap::new();
        for (writer, (host, count)) in &self.known {
            hosts.entry(host).or_default().push((*count, *writer));
        }
        let each = (self.most / 2 / hosts.len().max(1)).max(1);
        let mut left: Vec<(u64, WriterId, &str)> = Vec::new();
        for (host, mut writers) in hosts {
            writers.sort_unstable_by(|one, other| other.cmp(one));
            left.extend(writers.into_iter().take(each).map(|(count, writer)| (count, writer, host)));
        }
        left.sort_unstable();
        let first = format!("{ANEW}{}\n", self.anew + 1);
        let rest: String = left.iter().map(|(_, writer, host)| format!("{writer} {host}\n")).collect();
        let staying: BTreeSet<WriterId> = left.iter().map(|(_, writer, _)| *writer).collect();
        let text = first + &rest;
        self.disk.replace(&self.path, text.as_bytes())?;
        self.anew += 1;
        self.known.retain(|writer, _| staying.contains(writer));
        self.read = u64::try_from(text.len()).unwrap_or(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_by_another_reader_and_a_torn_end_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Origins::open(folder.path(), Disk::default()).unwrap();
        let mut reader = Origins::open(folder.path(), Disk::default()).unwrap();
        writer.add(WriterId(7), "berlin-1").unwrap();
        assert_eq!(reader.host(WriterId(7)), None);
        reader.refresh().unwrap();
        assert_eq!(reader.host(WriterId(7)), Some("berlin-1"));
        let path = folder.path().join("origins");
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"00000000000000");
        std::fs::write(&path, &text).unwrap();
        let mut again = Origins::open(folder.path(), Disk::default()).unwrap();
        again.add(WriterId(8), "paris-2").unwrap();
        again.add(WriterId(7), "paris-2").unwrap();
        reader.refresh().unwrap();
        assert_eq!((reader.host(WriterId(8)), reader.host(WriterId(7))), (Some("paris-2"), Some("berlin-1")));
    }

    #[test]
    fn a_host_that_invents_writers_pushes_out_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Origins::open(folder.path(), Disk::default()).unwrap();
        let mut reader = Origins::open(folder.path(), Disk::default()).unwrap();
        writer.most = 10;
        for number in 0..3 {
            writer.add(WriterId(number), "berlin-1").unwrap();
        }
        for number in 100..1000 {
            writer.add(WriterId(number), "paris-2").unwrap();
            if number % 3 == 0 {
                reader.refresh().unwrap();
                assert_eq!(reader.host(WriterId(number)), Some("paris-2"));
            }
        }
        let text = std::fs::read_to_string(folder.path().join("origins")).unwrap();
        assert!(text.lines().count() <= 11, "{text}");
        assert!((0..3).all(|number| text.contains(&format!("{} berlin-1\n", WriterId(number)))), "{text}");
        let again = Origins::open(folder.path(), Disk::default()).unwrap();
        reader.refresh().unwrap();
        assert!([&writer, &reader, &again].iter().all(|all| all.host(WriterId(999)) == Some("paris-2")));
        assert!([&writer, &reader, &again].iter().all(|all| all.host(WriterId(100)).is_none()));
    }
}
