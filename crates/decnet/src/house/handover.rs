//! The state folder as its processes need it: the house's own, closed to everybody else.

use crate::{
    accounts, output,
    settings::{Name, Settings},
};
use anyhow::{Context as _, Result};
use decnet_engine::{
    confine::{HOUSE_USER, User},
    native,
};
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::collector::RELAYED;
use nix::unistd::geteuid;
use std::{
    fs, io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, lchown},
    },
    path::{Path, PathBuf},
};

/// Bits that nobody outside the owner and his group gets, and that the group does not write with.
const FOLDER_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;
/// Folders below the root that are looked at; nothing of ours is deeper.
const DEPTH: u32 = 6;

/// The user that the house's processes become: root's choice, or a fixed one; `None` for who is not root, in
/// a user namespace that does not have it, and where the folders above the state folder are closed to it.
///
/// # Errors
/// When the setting names a user that does not exist.
pub fn house_user(settings: &Settings) -> Result<Option<User>> {
    let user = wanted_user(settings)?;
    Ok(user.filter(|user| closed_to(settings.state_dir(), *user).is_none()))
}

/// Says so where the processes of the house keep root's user, and why.
///
/// # Errors
/// As [`house_user`].
pub fn tell_of_user(settings: &Settings) -> Result<()> {
    let Some(user) = wanted_user(settings)? else { return Ok(()) };
    if let Some(folder) = closed_to(settings.state_dir(), user) {
        output::note(&format!(
            "warning: {} is closed to user {}, so that the workers stay root's, without rights: `chmod o+x` opens \
             it, --state-dir names another place",
            folder.display(),
            user.uid
        ));
    }
    Ok(())
}

/// The first folder above `root` that `user` does not get through.
fn closed_to(root: &Path, user: User) -> Option<PathBuf> {
    let root = std::path::absolute(root).ok()?;
    let closed = |folder: &&Path| {
        let Ok(data) = fs::metadata(folder) else { return false };
        let mode = data.permissions().mode();
        let bit = match () {
            () if data.uid() == user.uid => 0o100,
            () if data.gid() == user.gid => 0o010,
            () => 0o001,
        };
        mode & bit == 0
    };
    root.ancestors().skip(1).find(closed).map(Path::to_owned)
}

fn wanted_user(settings: &Settings) -> Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let mut user = match settings.given(Name::User) {
        None => User { uid: HOUSE_USER, gid: HOUSE_USER },
        Some(text) => accounts::user(text)?,
    };
    if let Some(group) = accounts::group(settings, Name::Group)? {
        user.gid = group;
    }
    Ok(native::existing_user(Some(user.uid)).map(|_| user))
}

/// Gives everything in the state folder that root made to `user`, and closes it to others. Spools stay the
/// service processes', the install secret and what netd, the lab, the runtime of containers and
/// updates keep stay root's.
///
/// # Errors
/// When something keeps its owner.
pub fn hand_over(paths: &Paths, user: Option<User>) -> Result<()> {
    give(paths.root(), paths.root(), user, paths, 0).context("hand the state folder over")
}

/// As [`hand_over`] for `path`, which is reached by `at`: the house may run, and what it puts in the place of a folder
/// or file meanwhile is not for root to follow.
fn give(path: &Path, at: &Path, user: Option<User>, paths: &Paths, depth: u32) -> io::Result<()> {
    let Ok(data) = fs::symlink_metadata(at) else { return Ok(()) };
    if is_kept(path, paths) {
        return Ok(());
    }
    if let Some(user) = user.filter(|user| data.uid() != user.uid) {
        lchown(at, Some(user.uid), Some(user.gid))?;
    }
    let kind = data.file_type();
    let most = match () {
        () if kind.is_dir() => FOLDER_MODE,
        () if kind.is_file() => FILE_MODE,
        () => return Ok(()),
    };
    let mode = data.permissions().mode() & 0o7777;
    // Somebody else's file in the folder stays as it is: only the owner and root may change it.
    let may = geteuid().is_root() || data.uid() == geteuid().as_raw();
    let closes = mode & !most != 0 && may;
    let goes_in = kind.is_dir() && depth < DEPTH;
    if !closes && !goes_in {
        return Ok(());
    }
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let held = fs::OpenOptions::new().read(true).custom_flags(flags).open(at);
    if closes {
        let mode = fs::Permissions::from_mode(mode & most);
        match &held {
            Ok(file) => file.set_permissions(mode)?,
            // One's own file may be closed to oneself; nobody else's links are followed then.
            Err(_) if !geteuid().is_root() => fs::set_permissions(at, mode)?,
            Err(_) => {}
        }
    }
    if !goes_in {
        return if geteuid().is_root() { held.map(drop) } else { Ok(()) };
    }
    let held = held?;
    let within = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
    for entry in fs::read_dir(&within)? {
        let name = entry?.file_name();
        match give(&path.join(&name), &within.join(&name), user, paths, depth + 1) {
            // Gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

fn is_kept(path: &Path, paths: &Paths) -> bool {
    let name = path.file_name().map(|name| name.as_encoded_bytes().to_owned()).unwrap_or_default();
    let runs = path.parent() == Some(&paths.run());
    // The house's own spools are its user's: those of its workers, and those of what other hosts send.
    let writers = [Worker::Canary, Worker::Sniffer, Worker::Prober];
    let own = writers.iter().any(|worker| path == paths.spool(worker.name()))
        || name.starts_with(RELAYED.as_bytes());
    path == paths.install_secret()
        || path == paths.containers()
        || path == paths.releases()
        || (path.parent() == Some(&paths.spools()) && !own)
        || (runs && [b"netd.".as_slice(), b"lab."].iter().any(|of| name.starts_with(of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_folder_that_is_closed_above_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let user = User { uid: HOUSE_USER, gid: HOUSE_USER };
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(closed_to(&folder.path().join("state"), user).as_deref(), Some(folder.path()));
        assert_eq!(closed_to(folder.path(), user), None, "the folder itself is handed over");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(closed_to(&folder.path().join("state"), user), None);
    }

    #[test]
    fn others_get_nothing_and_spools_and_the_secret_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let (spool, relayed) = (paths.spool("serve"), paths.spool("from.berlin-1"));
        for made in [paths.run(), spool.clone(), relayed.clone(), paths.artefacts().join("ab")] {
            fs::create_dir_all(&made).unwrap();
            fs::set_permissions(&made, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let files = [paths.state_export(), paths.run().join("runtime.json"), paths.artefacts().join("ab/x")];
        for file in &files {
            fs::write(file, "").unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
        }
        fs::write(paths.install_secret(), "").unwrap();
        fs::set_permissions(paths.install_secret(), fs::Permissions::from_mode(0o600)).unwrap();
        hand_over(&paths, None).unwrap();
        assert_eq!((mode(paths.root()), mode(&paths.run())), (mode(paths.root()) & 0o750, 0o750));
        assert_eq!(files.map(|file| mode(&file)), [0o640; 3]);
        assert_eq!((mode(&spool), mode(&paths.install_secret())), (0o777, 0o600));
        assert_eq!(mode(&relayed), 0o750, "what another host sends is the house's");
    }
}
