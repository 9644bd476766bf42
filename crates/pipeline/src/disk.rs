//! The operations on files that must survive a crash, in one place, so that a test can end them after
//! any number of steps.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Mode of files that hold what peers sent.
const MODE: u32 = 0o640;

/// An operation on a file failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempt} {path}")]
pub struct DiskError {
    /// What was attempted.
    pub attempt: &'static str,
    /// On which file.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl DiskError {
    /// For `map_err`.
    pub fn of(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        let path = path.to_owned();
        move |source| DiskError { attempt, path, source }
    }
}

/// Ends all operations after a number of them, the way a killed process does: an append that is cut
/// leaves a part of its bytes, anything else leaves nothing.
#[derive(Debug)]
pub struct Cut {
    left: AtomicU64,
    happened: AtomicBool,
}

impl Cut {
    /// Lets `operations` succeed.
    pub fn after(operations: u64) -> Arc<Cut> {
        Arc::new(Cut { left: AtomicU64::new(operations), happened: AtomicBool::new(false) })
    }

    /// Has an operation been cut?
    pub fn happened(&self) -> bool {
        self.happened.load(Ordering::Acquire)
    }

    /// Takes one step; false when this one is cut.
    pub fn step(&self) -> bool {
        let taken =
            self.left.try_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok();
        if !taken {
            self.happened.store(true, Ordering::Release);
        }
        taken
    }
}

/// Access to files. `Default` is the real thing without a cut.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    cut: Option<Arc<Cut>>,
}

impl Disk {
    /// Access that ends with `cut`.
    pub fn with_cut(cut: Arc<Cut>) -> Disk {
        Disk { cut: Some(cut) }
    }

    /// Makes a file that must not exist yet, for appending.
    ///
    /// # Errors
    /// [`DiskError`] when it exists or cannot be made.
    pub fn create_new(&self, path: &Path) -> Result<File, DiskError> {
        self.step("create", path)?;
        OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(MODE)
            .open(path)
            .map_err(DiskError::of("create", path))
    }

    /// Opens a file that is there, for appending.
    ///
    /// # Errors
    /// [`DiskError`] when it is not there or closed to us.
    pub fn open_end(&self, path: &Path) -> Result<File, DiskError> {
        self.step("open", path)?;
        OpenOptions::new().append(true).open(path).map_err(DiskError::of("open", path))
    }

    /// Makes or empties a file.
    ///
    /// # Errors
    /// [`DiskError`] when it cannot be made.
    pub fn create(&self, path: &Path) -> Result<File, DiskError> {
        self.step("create", path)?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(MODE)
            .open(path)
            .map_err(DiskError::of("create", path))
    }

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// [`DiskError`] when it cannot be made.
    pub fn create_folder(&self, path: &Path) -> Result<(), DiskError> {
        if path.is_dir() {
            return Ok(());
        }
        self.step("create folder", path)?;
        std::fs::create_dir_all(path).map_err(DiskError::of("create folder", path))
    }

    /// Appends `bytes` whole, or fails with any part of them written.
    ///
    /// # Errors
    /// [`DiskError`] when writing fails.
    pub fn append(&self, file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        if let Err(error) = self.step("append to", path) {
            let part = bytes.get(..bytes.len() / 2).unwrap_or_default();
            file.write_all(part).map_err(DiskError::of("append to", path))?;
            return Err(error);
        }
        file.write_all(bytes).map_err(DiskError::of("append to", path))
    }

    /// Cuts a file at `length`.
    ///
    /// # Errors
    /// [`DiskError`] when it keeps its length.
    pub fn cut(&self, file: &File, path: &Path, length: u64) -> Result<(), DiskError> {
        self.step("cut", path)?;
        file.set_len(length).map_err(DiskError::of("cut", path))
    }

    /// Waits until the bytes of a file are on the medium.
    ///
    /// # Errors
    /// [`DiskError`] when they may not be.
    pub fn sync(&self, file: &File, path: &Path) -> Result<(), DiskError> {
        self.step("sync", path)?;
        file.sync_data().map_err(DiskError::of("sync", path))
    }

    /// Waits until the names in a folder are on the medium.
    ///
    /// # Errors
    /// [`DiskError`] when they may not be.
    pub fn sync_folder(&self, path: &Path) -> Result<(), DiskError> {
        self.step("sync folder", path)?;
        File::open(path).and_then(|folder| folder.sync_all()).map_err(DiskError::of("sync folder", path))
    }

    /// Renames a file over another.
    ///
    /// # Errors
    /// [`DiskError`] when it fails; then nothing changed.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.step("rename", from)?;
        std::fs::rename(from, to).map_err(DiskError::of("rename", from))
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// [`DiskError`] when it is still there.
    pub fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.step("remove", path)?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(DiskError { attempt: "remove", path: path.to_owned(), source: error })
            }
            _ => Ok(()),
        }
    }

    /// Makes `link` point to `target`, in one step for readers of it.
    ///
    /// # Errors
    /// [`DiskError`] when it fails; then the old link remains.
    pub fn point(&self, link: &Path, target: &str) -> Result<(), DiskError> {
        let fresh = link.with_extension("link.tmp");
        self.remove(&fresh)?;
        self.step("link", &fresh)?;
        std::os::unix::fs::symlink(target, &fresh).map_err(DiskError::of("link", &fresh))?;
        self.rename(&fresh, link)
    }

    /// Writes a whole small file so that a reader sees the old or the new content, also after a crash.
    ///
    /// # Errors
    /// [`DiskError`] when it fails; then the old content remains.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let fresh = path.with_extension("tmp");
        let mut file = self.create(&fresh)?;
        self.append(&mut file, &fresh, bytes)?;
        self.sync(&file, &fresh)?;
        self.rename(&fresh, path)
    }

    fn step(&self, attempt: &'static str, path: &Path) -> Result<(), DiskError> {
        match &self.cut {
            Some(cut) if !cut.step() => Err(DiskError {
                attempt,
                path: path.to_owned(),
                source: io::Error::other("cut here by a test"),
            }),
            _ => Ok(()),
        }
    }
}
