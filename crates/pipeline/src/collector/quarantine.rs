//! Where lines and blobs go that are not what they should be: one file each, named by where they were
//! found, so that finding them again after a crash makes no second one.

use super::{CollectError, Line};
use crate::disk::{Disk, DiskError};
use std::path::{Path, PathBuf};

/// Files kept; beyond it things are only counted.
const MAX_FILES: usize = 1000;
/// Bytes kept; beyond it things are only counted.
const MAX_BYTES: u64 = 64 << 20;

/// The folder of things refused.
#[derive(Debug)]
pub(super) struct Quarantine {
    folder: PathBuf,
    disk: Disk,
    files: usize,
    bytes: u64,
}

impl Quarantine {
    pub(super) fn open(folder: &Path, disk: Disk) -> Result<Quarantine, CollectError> {
        disk.create_folder(folder)?;
        let entries = std::fs::read_dir(folder).map_err(DiskError::of("list", folder))?;
        let sizes =
            entries.map(|entry| entry.and_then(|entry| entry.metadata()).map_or(0, |data| data.len()));
        let (files, bytes) = sizes.fold((0, 0), |(files, bytes), size| (files + 1, bytes + size));
        Ok(Quarantine { folder: folder.to_owned(), disk, files, bytes })
    }

    /// Keeps a line, with what was wrong in the log of the process.
    pub(super) fn line(&mut self, source: &str, line: Line<'_>, reason: &str) -> Result<(), CollectError> {
        let name = format!("{source}-{}-{}.line", line.file, line.offset);
        // Beyond the limit a line is only counted: a process gone mad must not fill this log either.
        let Some(path) = self.place(&name, line.bytes.len() as u64) else { return Ok(()) };
        tracing::warn!(source, file = line.file, offset = line.offset, reason, "spool line refused");
        let mut file = self.disk.create(&path)?;
        Ok(self.disk.append(&mut file, &path, line.bytes)?)
    }

    /// Keeps a blob whose content does not have the hash that its name claims.
    pub(super) fn blob(&mut self, file: &Path, claimed: &str, actual: &str) -> Result<(), CollectError> {
        tracing::warn!(claimed, actual, "spool blob refused: its content has another hash");
        let size = std::fs::symlink_metadata(file).map_or(0, |data| data.len());
        match self.place(&format!("{claimed}-{actual}.blob"), size) {
            Some(path) => Ok(self.disk.rename(file, &path)?),
            None => Ok(self.disk.remove(file)?),
        }
    }

    fn place(&mut self, name: &str, size: u64) -> Option<PathBuf> {
        let path = self.folder.join(name);
        if path.exists() {
            return Some(path);
        }
        if self.files >= MAX_FILES || MAX_BYTES < self.bytes.saturating_add(size) {
            return None;
        }
        self.files += 1;
        self.bytes += size;
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn blobs_that_are_not_what_they_claim_fill_no_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, blob) = (folder.path().join("kept"), folder.path().join("blob"));
        let mut quarantine = Quarantine::open(&kept, Disk::default()).unwrap();
        let mut left = Vec::new();
        for number in 0..3 {
            // Two of three fit, and nothing of it is written.
            fs::File::create(&blob).unwrap().set_len(MAX_BYTES / 2).unwrap();
            quarantine.blob(&blob, "claimed", &number.to_string()).unwrap();
            assert!(!blob.exists());
            left.push(fs::read_dir(&kept).unwrap().count());
        }
        assert_eq!(left, [1, 2, 2]);
        let again = Quarantine::open(&kept, Disk::default()).unwrap();
        assert_eq!((again.files, again.bytes), (2, MAX_BYTES));
    }
}
