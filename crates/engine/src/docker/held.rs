//! Folders of root's among those of the house's user, and small files in them.

use nix::unistd::{Gid, Uid, fchown, geteuid};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

/// Opens a folder of ours that stands in one of somebody else's. The path that comes with it leads there as long as
/// the folder is held open, whatever becomes of the other one.
pub(super) fn held(folder: &Path) -> io::Result<(File, PathBuf)> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let held = OpenOptions::new().read(true).custom_flags(flags).open(folder)?;
    if held.metadata()?.uid() != geteuid().as_raw() {
        return Err(io::Error::other(format!("{} is somebody else's", folder.display())));
    }
    let path = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
    Ok((held, path))
}

/// Writes a whole small file so that a reader sees the old or the new one.
pub(super) fn write(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let fresh = path.with_extension("tmp");
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// Gives a file or folder of ours to `user` and the group of his number: only root gives anything away.
pub(super) fn give(file: &File, user: Option<u32>) -> io::Result<()> {
    let Some(user) = user.filter(|_| geteuid().is_root()) else { return Ok(()) };
    Ok(fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(user)))?)
}
