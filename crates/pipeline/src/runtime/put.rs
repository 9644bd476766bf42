//! Small files that processes of several users read: whole or not there, and their folder's owner's.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
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
    fs::write(&fresh, bytes)?;
    if nix::unistd::geteuid().is_root()
        && let Some(Ok(folder)) = path.parent().map(fs::metadata)
        && chown(&fresh, Some(folder.uid()), Some(folder.gid())).is_err()
    {
        // In a user namespace there may be no such owner; then there is no other reader either.
        tracing::debug!(path = %path.display(), "a file stays root's");
    }
    fs::rename(&fresh, path)
}
