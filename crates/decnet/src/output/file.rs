//! Files that operators ask for: there whole or not at all, and nobody's file is replaced unless he says so.

use anyhow::{Context as _, Result, bail};
use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, fchown},
    path::{Path, PathBuf},
};

/// A file that is being written beside its place.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    fresh: PathBuf,
    file: Option<BufWriter<File>>,
    replaces: bool,
}

impl NewFile {
    /// Begins a file; `replaces` says that one that is there may go.
    ///
    /// # Errors
    /// When there is one that may not, or its folder is closed to us.
    pub fn begin(path: &Path, replaces: bool) -> Result<Self> {
        let Some(name) = path.file_name() else { bail!("{} is no name of a file", path.display()) };
        if path.is_dir() {
            bail!("{} is a folder", path.display());
        }
        if !replaces && path.symlink_metadata().is_ok() {
            bail!("{} is there already; --force replaces it", path.display());
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}", std::process::id()));
        let fresh = path.with_file_name(hidden);
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o640)
            .open(&fresh)
            .with_context(|| format!("write {}", path.display()))?;
        if let Some((user, group)) = crate::settings::sudo_user() {
            // Asked for by somebody who is root only for this: it is his.
            fchown(&file, Some(user), Some(group)).context("give the file back")?;
        }
        Ok(NewFile { path: path.to_owned(), fresh, file: Some(BufWriter::new(file)), replaces })
    }

    /// Writes more of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let shown = self.path.display();
        match &mut self.file {
            Some(file) => file.write_all(bytes).with_context(|| format!("write {shown}")),
            None => bail!("{shown} is written already"),
        }
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written, or somebody else's file came there meanwhile.
    pub fn end(mut self) -> Result<()> {
        let what = format!("write {}", self.path.display());
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(|error| error.into_error()).with_context(|| what.clone())?;
            file.sync_all().with_context(|| what.clone())?;
        }
        if self.replaces {
            return std::fs::rename(&self.fresh, &self.path).context(what);
        }
        // A link takes nobody's place, which a rename does.
        match std::fs::hard_link(&self.fresh, &self.path) {
            // File systems without links: the look at the beginning has to do.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                std::fs::rename(&self.fresh, &self.path).context(what)
            }
            linked => linked.context(what),
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Renamed, it is no longer there; whoever was stopped half-way leaves nothing behind.
        let _ = std::fs::remove_file(&self.fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_whole_or_not_there_and_replaces_none_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let mut half = NewFile::begin(&path, false).unwrap();
        half.write(b"half").unwrap();
        assert!(!path.exists());
        drop(half);
        assert!(names(folder.path()).is_empty());
        let mut whole = NewFile::begin(&path, false).unwrap();
        whole.write(b"whole").unwrap();
        whole.end().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert!(NewFile::begin(&path, false).unwrap_err().to_string().contains("--force"));
        let mut other = NewFile::begin(&path, true).unwrap();
        other.write(b"other").unwrap();
        other.end().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"other");
        assert_eq!(names(folder.path()), ["list.csv"]);
        assert!(NewFile::begin(folder.path(), true).is_err());
    }

    #[test]
    fn who_was_there_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let mut file = NewFile::begin(&path, false).unwrap();
        file.write(b"ours").unwrap();
        std::fs::write(&path, "theirs").unwrap();
        assert!(file.end().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["list.csv"]);
    }
}
