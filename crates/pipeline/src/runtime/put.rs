//! Small files that processes of several users read: whole or not there, and their folder's owner's.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::Path,
};

/// Puts a file in its place. What root writes is given to the owner of the folder, so that those read it who have
/// given root's rights up.
///
/// # Errors
/// When it cannot be written.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let fresh = path.with_file_name(name);
    // Whoever the folder belongs to may have put a link there, which root must neither write through nor give away.
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&fresh)?;
    file.write_all(bytes)?;
    if nix::unistd::geteuid().is_root()
        && let Some(Ok(folder)) = path.parent().map(fs::metadata)
        && fchown(&file, Some(folder.uid()), Some(folder.gid())).is_err()
    {
        // In a user namespace there may be no such owner; then there is no other reader either.
        tracing::debug!(path = %path.display(), "a file stays root's");
    }
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_the_way_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("note"), folder.path().join("other"));
        fs::write(&other, "theirs").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join("note.tmp")).unwrap();
        put(&path, b"ours").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
        assert_eq!(fs::read_to_string(&other).unwrap(), "theirs");
        assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
    }
}
