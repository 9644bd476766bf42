//! Files of the house's user, which root touches in his stead: with his rights, so that no link leads further than he
//! could go himself.

use decnet_engine::{
    confine::{User, touch_files_as},
    native,
};
use decnet_store::Assume;
use nix::unistd::geteuid;
use std::{
    fs,
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
    thread,
};

/// As whom root opens the database `file`: its folder's owner. `None`: root has the folder, or we are not root.
pub(crate) fn of(file: &Path) -> Option<Assume> {
    let user = owner(file.parent()?)?;
    Some(Arc::new(move || touch_files_as(user)))
}

/// Whether the database still is root's in a folder that is not, so that its folder's owner cannot open it.
pub(crate) fn is_closed(file: &Path) -> bool {
    file.parent().and_then(owner).is_some()
        && fs::symlink_metadata(file).is_ok_and(|data| data.is_file() && data.uid() == 0)
}

/// What is in a file of the state folder, read as the folder's owner: no link leads root to what he may not read, and
/// no pipe has root wait.
///
/// # Errors
/// When it cannot be read, or is no file.
pub(crate) fn read(root: &Path, file: &Path) -> io::Result<Vec<u8>> {
    if owner(root).is_none() {
        return fs::read(file);
    }
    let file = file.to_owned();
    act(root, move || content(&file))?
}

/// Does something with files of the state folder as the folder's owner, and says what came of it.
///
/// # Errors
/// When files cannot be touched as he.
pub(crate) fn act<T: Send + 'static>(root: &Path, act: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let Some(user) = owner(root) else { return Ok(act()) };
    let acting = thread::spawn(move || touch_files_as(user).map(|()| act()));
    acting.join().unwrap_or_else(|_| Err(io::Error::other("the thread that touches files was lost")))
}

/// What is in a file of the state folder, `most` bytes of it, and takes the file away; both as the folder's owner.
///
/// # Errors
/// When it cannot be read, or is no file.
pub(crate) fn take(root: &Path, file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let Some(user) = owner(root) else { return taken(file, most) };
    let file = file.to_owned();
    let taking = thread::spawn(move || touch_files_as(user).and_then(|()| taken(&file, most)));
    taking.join().unwrap_or_else(|_| Err(io::Error::other("the thread that takes it was lost")))
}

fn taken(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file"));
    }
    let mut bytes = Vec::new();
    opened.take(most).read_to_end(&mut bytes)?;
    fs::remove_file(file)?;
    Ok(bytes)
}

fn content(file: &Path) -> io::Result<Vec<u8>> {
    let mut file = fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn owner(folder: &Path) -> Option<User> {
    if !geteuid().is_root() {
        return None;
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let data = fs::metadata(folder).ok()?;
    let user = User { uid: data.uid(), gid: data.gid() };
    // Root of a user namespace may not know him.
    (user.uid != 0 && native::existing_user(Some(user.uid)).is_some()).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_store::Store;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[tokio::test]
    async fn root_opens_the_store_as_the_owner_of_its_folder_and_makes_nothing_behind_links() {
        if !geteuid().is_root() || native::existing_user(Some(1)).is_none() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
        for path in [&theirs, &ours] {
            fs::create_dir(path).unwrap();
        }
        chown(&theirs, Some(1), Some(1)).unwrap();
        assert!(of(&ours.join("decnet.db")).is_none());
        let file = theirs.join("decnet.db");
        let place = file.display().to_string();
        let store = Store::open_by(&place, Some(of(&file).unwrap())).await.unwrap();
        store.totals().await.unwrap();
        let owners: Vec<_> = ["", "-wal", "-shm"]
            .iter()
            .map(|side| fs::metadata(format!("{place}{side}")).unwrap().uid())
            .collect();
        assert_eq!(owners, [1, 1, 1]);
        // From this runtime too, again and again.
        for _ in 0..20 {
            assert_eq!(store.position().await.unwrap().segment, 0);
        }
        store.close().await;
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{place}{side}"));
            symlink(ours.join("made"), format!("{place}{side}")).unwrap();
        }
        assert!(Store::open_by(&place, Some(of(&file).unwrap())).await.is_err());
        // Who only looks opens what is beside it with his first question.
        let looked = match Store::open_read_only_by(&place, false, Some(of(&file).unwrap())).await {
            Ok(store) => store.totals().await.map(drop),
            Err(error) => Err(error),
        };
        assert!(looked.is_err());
        fs::remove_file(&file).unwrap();
        symlink(ours.join("made"), &file).unwrap();
        assert!(Store::open_by(&place, Some(of(&file).unwrap())).await.is_err());
        assert_eq!(fs::read_dir(&ours).unwrap().count(), 0);
        let secret = ours.join("secret");
        fs::write(&secret, "ours").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&secret, theirs.join("artefact")).unwrap();
        fs::write(theirs.join("own"), "theirs").unwrap();
        nix::unistd::mkfifo(&theirs.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        chown(theirs.join("pipe"), Some(1), Some(1)).unwrap();
        assert!(read(&theirs, &theirs.join("pipe")).is_err(), "nobody waits for who never writes");
        assert!(read(&theirs, &theirs.join("artefact")).is_err());
        assert_eq!(read(&theirs, &theirs.join("own")).unwrap(), b"theirs");
        assert_eq!(read(&ours, &secret).unwrap(), b"ours");
    }
}
