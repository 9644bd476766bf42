//! What a new release could change of this host beside its own folder: settings, units, the store. All of it is kept
//! beside, and put back where the release before needs it.

use super::slots::Slots;
use crate::{commands::Context, install::UNITS, runner, settings::HOST_INI};
use anyhow::{Context as _, Result, bail};
use decnet_store::Error as StoreError;
use nix::sys::statvfs::statvfs;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

/// Folder of what is kept.
const KEPT: &str = "kept";
/// The list of it, which is written last.
const LIST: &str = "list.json";
/// Says that the store is to be put back: what shows that is removed on the way.
const NEWER: &str = "newer";
/// Files that SQLite has beside a database.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];
/// Bytes of the medium that stay free.
const SPARE: u64 = 64 << 20;

/// A file that is kept, by its number in the folder.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    owner: (u32, u32),
    mode: u32,
    /// It is one of the store's, which is put back only where it cannot be opened any more.
    store: bool,
}

/// Keeps everything beside. The workers are stopped.
///
/// # Errors
/// When there is no room, or something cannot be read or written.
pub(super) fn keep(context: &Context, slots: &Slots, units: bool) -> Result<()> {
    let mut files: Vec<(PathBuf, bool)> = Vec::new();
    if !context.is_remote() {
        files.extend(beside(&context.database()).map(|path| (path, true)));
    }
    if units {
        let settings = Path::new(HOST_INI).parent().unwrap_or(Path::new("/etc/decnet"));
        files.extend(listed(settings, |_| true).into_iter().map(|path| (path, false)));
        let ours = |name: &str| name.starts_with("decnet");
        files.extend(listed(Path::new(UNITS), ours).into_iter().map(|path| (path, false)));
    }
    files.retain(|(path, _)| path.is_file());
    let folder = slots.at(KEPT);
    // What an earlier update kept, or half of an attempt.
    if folder.exists() {
        fs_err::remove_dir_all(&folder).context("forget what was kept before")?;
    }
    fs_err::create_dir(&folder).context("make the folder of what is kept")?;
    fs_err::set_permissions(&folder, fs::Permissions::from_mode(0o700)).context("close what is kept")?;
    let bytes = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
    let needed = files.iter().map(|(path, _)| bytes(path)).fold(SPARE, u64::saturating_add);
    let room = statvfs(&folder).context("look for room")?;
    let room = room.blocks_available().saturating_mul(room.fragment_size());
    if room < needed {
        bail!("there is no room to keep the store beside: {needed} bytes are needed, {room} are free");
    }
    let mut list = Vec::new();
    for (number, (path, store)) in files.into_iter().enumerate() {
        let (data, _) = copied(&path, &folder.join(number.to_string()))
            .with_context(|| format!("keep {}", path.display()))?;
        let (owner, mode) = ((data.uid(), data.gid()), data.permissions().mode() & 0o777);
        list.push(Kept { path, owner, mode, store });
    }
    let text = serde_json::to_vec(&list).context("write what is kept")?;
    let path = folder.join(LIST);
    fs_err::write(&path, text).context("write what is kept")?;
    on_medium(&path).and_then(|()| on_medium(&folder)).context("write what is kept")?;
    slots.sync()
}

/// Puts back what the release before needs: settings and units that are other ones now, and the store where a newer
/// release has written it.
///
/// # Errors
/// When something cannot be put back.
pub(super) fn restore(context: &Context, slots: &Slots) -> Result<()> {
    let folder = slots.at(KEPT);
    // It came to nothing before anything was kept: nothing was changed either.
    let Ok(text) = fs::read(folder.join(LIST)) else { return Ok(()) };
    let list: Vec<Kept> = serde_json::from_slice(&text).context("read what was kept")?;
    let mark = folder.join(NEWER);
    let newer = mark.exists() || is_newer(context)?;
    if newer && context.is_remote() {
        bail!(
            "the database was brought to a newer form, which this release does not read: restore its backup"
        );
    }
    if newer {
        // Whoever goes on after a loss of power finds no store, and has to know that there was one.
        fs_err::write(&mark, "").context("note that the store is put back")?;
        on_medium(&mark).and_then(|()| on_medium(&folder)).context("note that the store is put back")?;
        for path in beside(&context.database()).filter(|path| path.exists()) {
            fs_err::remove_file(path).context("remove the store of the newer release")?;
        }
    }
    let mut units = false;
    for (number, kept) in list.iter().enumerate().filter(|(_, kept)| newer || !kept.store) {
        let from = folder.join(number.to_string());
        if !kept.store && fs::read(&from).ok() == fs::read(&kept.path).ok() {
            continue;
        }
        units |= kept.path.starts_with(UNITS);
        put_back(&from, kept).with_context(|| format!("put {} back", kept.path.display()))?;
    }
    if units { runner::systemctl(&["daemon-reload"]) } else { Ok(()) }
}

/// Lets go of what was kept, when the update is over.
pub(super) fn forget(slots: &Slots) {
    // What stays takes room and no more; the next update removes it.
    let _ = fs::remove_dir_all(slots.at(KEPT));
}

fn put_back(from: &Path, kept: &Kept) -> Result<()> {
    let mut name = kept.path.file_name().unwrap_or_default().to_owned();
    name.push(".decnet-old");
    let fresh = kept.path.with_file_name(name);
    // One that an attempt left is nobody's.
    let _ = fs::remove_file(&fresh);
    let (_, file) = copied(from, &fresh)?;
    // The file itself, not its name: the folder may be the house's, which may put a link there.
    file.set_permissions(fs::Permissions::from_mode(kept.mode))?;
    if nix::unistd::geteuid().is_root() {
        fchown(&file, Some(kept.owner.0), Some(kept.owner.1))?;
    }
    file.sync_all()?;
    fs_err::rename(&fresh, &kept.path)?;
    Ok(on_medium(kept.path.parent().unwrap_or(Path::new("/")))?)
}

/// Has a file, or the names in a folder, on the medium.
fn on_medium(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether a newer release has written the store, so that this one cannot open it.
fn is_newer(context: &Context) -> Result<bool> {
    if !context.is_installed() {
        return Ok(false);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match context.store().await {
            Ok(store) => {
                store.close().await;
                Ok(false)
            }
            Err(error) => {
                let newer = |cause: &(dyn std::error::Error + 'static)| {
                    matches!(cause.downcast_ref::<StoreError>(), Some(StoreError::Newer { .. }))
                };
                // One that is away, or damaged, is not mended by an older copy.
                Ok(error.chain().any(newer))
            }
        }
    })
}

/// The files of a SQLite database.
fn beside(database: &Path) -> impl Iterator<Item = PathBuf> {
    let database = database.to_owned();
    BESIDE.into_iter().map(move |side| {
        let mut path = database.clone().into_os_string();
        path.push(side);
        PathBuf::from(path)
    })
}

/// Files of a folder whose names are meant.
fn listed(folder: &Path, meant: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(&meant);
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(named).collect();
    found.sort();
    found
}

/// Copies a file that may be the house's: a link in its place is not followed. Returns what is known of it, and the
/// copy.
fn copied(from: &Path, to: &Path) -> io::Result<(fs::Metadata, File)> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut source = OpenOptions::new().read(true).custom_flags(flags).open(from)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut file)?;
    file.sync_all()?;
    Ok((source.metadata()?, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Name, Origin, Settings};

    #[tokio::test]
    async fn a_store_that_a_newer_release_wrote_is_put_back_and_another_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state").display().to_string();
        let layer = vec![(Name::StateDir.knob().variable.to_owned(), place, Origin::Flag("test"))];
        let context = Context::new(Settings::resolve(&[layer]).unwrap());
        let slots = Slots::new(&context.paths());
        slots.make().unwrap();
        context.store_or_new().await.unwrap().close().await;
        let database = context.database();
        let before = fs::read(&database).unwrap();
        // Blocking work of a process of its own, not of a runtime's thread.
        let (kept, at) = (context.clone(), slots.clone());
        std::thread::spawn(move || keep(&kept, &at, false)).join().unwrap().unwrap();
        let store = context.store().await.unwrap();
        store.setting_put("x", "1").await.unwrap();
        store.close().await;
        let (again, at) = (context.clone(), slots.clone());
        std::thread::spawn(move || restore(&again, &at)).join().unwrap().unwrap();
        let store = context.store().await.unwrap();
        assert_eq!(store.setting_get("x").await.unwrap().as_deref(), Some("1"), "it can be read: it stays");
        store.close().await;
        assert!(!before.is_empty() && slots.at(KEPT).join("0").exists());
        // The power is lost while a newer one is put back: none is there, and the next attempt goes on.
        fs::write(slots.at(KEPT).join(NEWER), "").unwrap();
        beside(&database).for_each(|path| drop(fs::remove_file(path)));
        let (again, at) = (context.clone(), slots.clone());
        std::thread::spawn(move || restore(&again, &at)).join().unwrap().unwrap();
        assert_eq!(fs::read(&database).unwrap(), before);
        let mode = fs::metadata(&database).unwrap().permissions().mode() & 0o777;
        assert_ne!(mode & 0o600, 0, "{mode:o}");
    }

    #[test]
    fn nothing_is_put_back_where_nothing_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state").display().to_string();
        let layer = vec![(Name::StateDir.knob().variable.to_owned(), place, Origin::Flag("test"))];
        let context = Context::new(Settings::resolve(&[layer]).unwrap());
        restore(&context, &Slots::new(&context.paths())).unwrap();
        assert!(!folder.path().join("state").exists());
    }
}
