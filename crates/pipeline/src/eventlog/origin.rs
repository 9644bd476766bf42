//! Which writers write on other hosts: a list beside the segments, one line each, that is only added to.
//!
//! A writer is in the list, on the medium, before its first line is in the log: whoever has read a line finds its
//! host. The list belongs to the log and goes where it goes, so that a store that is made anew is the same.

use super::segment::LogError;
use crate::disk::{Disk, DiskError};
use netsvc_wire::WriterId;
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Bytes of the list that are read: a million writers.
const MOST: u64 = 64 << 20;

/// The hosts of writers.
#[derive(Debug)]
pub struct Origins {
    path: PathBuf,
    disk: Disk,
    known: BTreeMap<WriterId, String>,
    /// Bytes of whole lines that were read.
    read: u64,
}

impl Origins {
    /// The list beside the segments in `folder`, read as far as it goes.
    ///
    /// # Errors
    /// [`LogError`] when it is there and cannot be read.
    pub fn open(folder: &Path, disk: Disk) -> Result<Origins, LogError> {
        let mut origins = Origins { path: folder.join("origins"), disk, known: BTreeMap::new(), read: 0 };
        origins.refresh()?;
        Ok(origins)
    }

    /// Reads what was added since.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    pub fn refresh(&mut self) -> Result<(), LogError> {
        let failed = DiskError::of("read", &self.path);
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error).into()),
        };
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(self.read))
            .and_then(|_| file.take(MOST).read_to_end(&mut text))
            .map_err(failed)?;
        // A line without its end was cut off by a crash, and nothing of its writer is in the log.
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
        for line in text.get(..whole).unwrap_or_default().split(|&byte| byte == b'\n') {
            let pair = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' '));
            if let Some((writer, host)) = pair
                && let Ok(writer) = writer.parse()
            {
                // Whoever is named first stays: no host takes over what another wrote.
                self.known.entry(writer).or_insert_with(|| host.to_owned());
            }
        }
        self.read += u64::try_from(whole).unwrap_or(0);
        Ok(())
    }

    /// The host that `writer` writes on; `None`: this one, or it is not known.
    pub fn host(&self, writer: WriterId) -> Option<&str> {
        self.known.get(&writer).map(String::as_str)
    }

    /// Adds a writer, on the medium.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be written.
    pub fn add(&mut self, writer: WriterId, host: &str) -> Result<(), LogError> {
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
        self.known.entry(writer).or_insert_with(|| host.to_owned());
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
}
