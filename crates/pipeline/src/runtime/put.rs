//! Small files that processes of several users read: whole or not there, and their folder's owner's.

use nix::libc;
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Mode of such files: nothing for those outside the folder's group.
const MODE: u32 = 0o640;

/// Files that were put so far: two that are put at the same time have names of their own until they are whole.
static PUT: AtomicU64 = AtomicU64::new(0);

/// Puts a file in its place. What root writes is given to the owner of the folder, so that those read it who have
/// given root's rights up.
///
/// # Errors
/// When it cannot be written; then what was there remains.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let held = if nix::unistd::geteuid().is_root() { Some(held(folder)?) } else { None };
    // The folder that was opened, whatever stands under its name meanwhile.
    let within = held.as_ref().map(|held| PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd())));
    let within = within.unwrap_or_else(|| folder.to_owned());
    let mut fresh = name.to_owned();
    fresh.push(format!(".{}-{}.tmp", process::id(), PUT.fetch_add(1, Ordering::Relaxed)));
    let fresh = within.join(fresh);
    let done = write(&fresh, bytes, held.as_ref()).and_then(|()| fs::rename(&fresh, within.join(name)));
    // A disk without room is not to hold one more for each try.
    done.inspect_err(|_| drop(fs::remove_file(&fresh)))
}

/// Longest file that [`get`] reads, in bytes.
const LONGEST: u64 = 16 << 20;

/// Reads what [`put`] has put: a regular file of bounded size. What another user lays in its place, a link, a pipe that
/// nobody writes to or something without an end, is refused.
///
/// # Errors
/// When it is not there, is something else, or is too long.
pub fn get(path: &Path) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let data = file.metadata()?;
    if !data.is_file() || LONGEST < data.len() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no small file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a folder for root. Whoever has the folder above may have put a link in its place; where that is root, the link
/// is an operator's.
fn held(folder: &Path) -> io::Result<File> {
    let roots =
        folder.parent().and_then(|above| fs::metadata(above).ok()).is_some_and(|data| data.uid() == 0);
    let flags = libc::O_DIRECTORY | if roots { 0 } else { libc::O_NOFOLLOW };
    OpenOptions::new().read(true).custom_flags(flags).open(folder)
}

fn write(fresh: &Path, bytes: &[u8], folder: Option<&File>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(fresh)?;
    // The mask of this process may have taken the group's bits away.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(bytes)?;
    if let Some(owner) = folder.map(File::metadata).transpose()?
        && fchown(&file, Some(owner.uid()), Some(owner.gid())).is_err()
    {
        // In a user namespace there may be no such owner; then there is no other reader either.
        tracing::debug!(path = %fresh.display(), "a file stays root's");
    }
    Ok(())
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
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, MODE);
    }

    #[test]
    fn of_many_at_once_each_puts_its_file_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        let texts: Vec<String> = ["a", "b", "c", "d"].map(|letter| letter.repeat(10_000)).into();
        std::thread::scope(|scope| {
            for text in &texts {
                scope.spawn(|| (0..200).for_each(|_| put(&path, text.as_bytes()).unwrap()));
            }
        });
        assert!(texts.contains(&fs::read_to_string(&path).unwrap()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(put(&folder.path().join("none/note"), b"x").is_err());
    }

    #[test]
    fn what_is_no_small_file_is_not_read_and_nobody_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        put(&path("note"), b"ours").unwrap();
        assert_eq!(get(&path("note")).unwrap(), b"ours");
        std::os::unix::fs::symlink(path("note"), path("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path("endless")).unwrap();
        nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        File::create(path("long")).unwrap().set_len(LONGEST + 1).unwrap();
        for name in ["link", "endless", "pipe", "long", "none", "."] {
            assert!(get(&path(name)).is_err(), "{name}");
        }
        assert!(get(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn root_does_not_follow_a_link_in_the_place_of_a_folder_that_is_anothers() {
        let folder = tempfile::tempdir().unwrap();
        let (state, other) = (folder.path().join("state"), folder.path().join("other"));
        fs::create_dir(&state).unwrap();
        fs::create_dir(&other).unwrap();
        std::os::unix::fs::symlink(&other, state.join("run")).unwrap();
        if !nix::unistd::geteuid().is_root() || std::os::unix::fs::chown(&state, Some(1), Some(1)).is_err() {
            return;
        }
        assert!(put(&state.join("run/note"), b"x").is_err());
        assert_eq!(fs::read_dir(&other).unwrap().count(), 0);
    }
}
