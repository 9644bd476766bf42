//! Payloads that do not fit a line: stored once by SHA-256 in the process's own `blobs/`.
//!
//! Written to a temporary name, fsynced, renamed to the hash; only then is the line that names it
//! written. A blob over the size cap is cut; one that would break the quota is not stored, and the
//! event says so.

use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// The folder of blobs.
#[derive(Debug)]
pub struct Blobs {
    folder: PathBuf,
    quota: u64,
    largest: u64,
    next: AtomicU64,
}

/// A blob as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of the bytes kept, lower-case hex.
    pub sha256: String,
    /// Bytes kept.
    pub size: u64,
    /// Whether bytes beyond the cap were left out.
    pub cut: bool,
}

impl Blobs {
    /// Opens `folder/blobs`, and removes what a killed process left half-written.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, quota: u64, largest: u64) -> io::Result<Self> {
        let folder = folder.join("blobs");
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(".tmp-") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(Blobs { folder, quota, largest, next: AtomicU64::new(0) })
    }

    /// Stores `content`.
    ///
    /// # Errors
    /// When it would break the quota (`StorageFull`) or the disk fails.
    pub fn store(&self, content: &[u8]) -> io::Result<Blob> {
        let keep = usize::try_from(self.largest).unwrap_or(usize::MAX).min(content.len());
        let (kept, rest) = content.split_at_checked(keep).unwrap_or((content, &[]));
        let sha256 = hex::encode(Sha256::digest(kept));
        let blob = Blob { sha256, size: kept.len() as u64, cut: !rest.is_empty() };
        let path = self.folder.join(&blob.sha256);
        if path.exists() {
            return Ok(blob);
        }
        if self.used() + blob.size > self.quota {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let temporary = self.folder.join(format!(".tmp-{}", self.next.fetch_add(1, Ordering::Relaxed)));
        let mut file: File = OpenOptions::new().create(true).truncate(true).write(true).open(&temporary)?;
        file.write_all(kept)?;
        file.sync_data()?;
        std::fs::rename(&temporary, &path)?;
        Ok(blob)
    }

    fn used(&self) -> u64 {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return 0 };
        entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_stored_once_cut_at_the_cap_and_refused_over_the_quota() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("blobs")).unwrap();
        std::fs::write(folder.path().join("blobs/.tmp-3"), b"half").unwrap();
        let blobs = Blobs::open(folder.path(), 24, 10).unwrap();
        let first = blobs.store(b"0123456789abc").unwrap();
        assert_eq!((first.size, first.cut), (10, true));
        assert_eq!(blobs.store(b"0123456789xyz").unwrap().sha256, first.sha256);
        blobs.store(b"other").unwrap();
        assert_eq!(blobs.store(b"a third one").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 2);
    }
}
