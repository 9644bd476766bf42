//! Where lines and blobs go that are not what they should be: one file each, named by where they were
//! found, so that finding them again after a crash makes no second one.

use super::{CollectError, Line};
use crate::disk::{Disk, DiskError};
use std::path::{Path, PathBuf};

/// Files kept; beyond it things are only counted.
const MAX_FILES: usize = 1000;

/// The folder of things refused.
#[derive(Debug)]
pub(super) struct Quarantine {
    folder: PathBuf,
    disk: Disk,
    files: usize,
}

impl Quarantine {
    pub(super) fn open(folder: &Path, disk: Disk) -> Result<Quarantine, CollectError> {
        disk.create_folder(folder)?;
        let files = std::fs::read_dir(folder).map_err(DiskError::of("list", folder))?.count();
        Ok(Quarantine { folder: folder.to_owned(), disk, files })
    }

    /// Keeps a line, with what was wrong in the log of the process.
    pub(super) fn line(&mut self, source: &str, line: Line<'_>, reason: &str) -> Result<(), CollectError> {
        let name = format!("{source}-{}-{}.line", line.file, line.offset);
        // Beyond the limit a line is only counted: a process gone mad must not fill this log either.
        let Some(path) = self.place(&name) else { return Ok(()) };
        tracing::warn!(source, file = line.file, offset = line.offset, reason, "spool line refused");
        let mut file = self.disk.create(&path)?;
        Ok(self.disk.append(&mut file, &path, line.bytes)?)
    }

    /// Keeps a blob whose content does not have the hash that its name claims.
    pub(super) fn blob(&mut self, file: &Path, claimed: &str, actual: &str) -> Result<(), CollectError> {
        tracing::warn!(claimed, actual, "spool blob refused: its content has another hash");
        match self.place(&format!("{claimed}-{actual}.blob")) {
            Some(path) => Ok(self.disk.rename(file, &path)?),
            None => Ok(self.disk.remove(file)?),
        }
    }

    fn place(&mut self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name);
        if path.exists() {
            return Some(path);
        }
        if self.files >= MAX_FILES {
            return None;
        }
        self.files += 1;
        Some(path)
    }
}
