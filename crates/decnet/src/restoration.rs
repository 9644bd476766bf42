//! Putting an installation back so that a crash at any moment leaves the old one or the new one.
//!
//! What is new is gathered beside what is there, and is on the medium before a note says that it stands. Without the
//! note an interrupted restore is undone: what was gathered goes. With it, it is finished: each step can be done again.

use anyhow::{Context as _, Result, bail};
use decnet_model::paths::Paths;
use decnet_pipeline::runtime::{get, put};
use nix::unistd::{geteuid, syncfs};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Component, Path, PathBuf},
};

/// Folder of the state folder in which what is new is gathered.
pub(crate) const GATHERED: &str = "restore.new";
/// Note that all of it is there.
pub(crate) const NOTE: &str = "restore.json";
/// The store in it.
pub(crate) const STORE: &str = "store.dump";
/// The state folder in it.
pub(crate) const STATE: &str = "state";
/// What the name of a database ends with that waits to take the old one's place.
pub(crate) const WAITING: &str = ".restored";
/// Files that SQLite has beside a database.
pub(crate) const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// What is to be done with what was gathered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// What goes from the state folder, by name.
    pub(crate) stale: Vec<String>,
    /// The SQLite file; `None`: the database is a server's, which is filled from the copy.
    pub(crate) database: Option<PathBuf>,
}

/// A step that a test can end the restore before.
pub(crate) type Step<'a> = &'a mut dyn FnMut() -> Result<()>;

/// The name of a file beside `path`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Files that a restore itself has in the state folder or beside the database.
pub(crate) fn own(paths: &Paths, database: &Path) -> Vec<PathBuf> {
    let waiting = beside(database, WAITING);
    let sides = BESIDE.map(|side| beside(&waiting, side));
    let named = [GATHERED, NOTE].map(|name| paths.root().join(name));
    named.into_iter().chain([waiting]).chain(sides).collect()
}

/// Whether a restore was interrupted when all was there: what is in the folder is neither the old nor the new.
pub(crate) fn is_half_done(paths: &Paths) -> bool {
    fs::symlink_metadata(paths.root().join(NOTE)).is_ok()
}

/// Takes what was gathered away.
pub(crate) fn undo(root: &Path, database: Option<&Path>) -> Result<()> {
    if let Some(database) = database {
        undo_waiting(&beside(database, WAITING))?;
    }
    remove(&root.join(GATHERED))
}

/// Takes a database away that waits.
pub(crate) fn undo_waiting(waiting: &Path) -> Result<()> {
    BESIDE.iter().try_for_each(|side| remove(&beside(waiting, side)))?;
    remove(waiting)
}

/// Has everything of the file system of `folder` on the medium.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    let held = File::open(folder).with_context(|| format!("open {}", folder.display()))?;
    syncfs(&held).context("bring what was restored to the medium")
}

/// Notes that all is there.
pub(crate) fn write_note(root: &Path, note: &Note) -> Result<()> {
    let text = serde_json::to_vec(note).context("write the note of the restore")?;
    put(&root.join(NOTE), &text).context("write the note of the restore")?;
    sync(root)
}

/// What the note says.
pub(crate) fn read_note(root: &Path) -> Result<Note> {
    let text = get(&root.join(NOTE)).context("read the note of the restore")?;
    serde_json::from_slice(&text).context("read the note of the restore")
}

/// What was gathered, held open, and where it is reached. The state folder is another user's, who may have put links or
/// folders of his own in its place and in that of the note: only what we have made ourselves is moved about.
pub(crate) struct Held {
    _folder: File,
    /// Where it is.
    pub(crate) place: PathBuf,
}

/// What was gathered; `None`: there is nothing.
///
/// # Errors
/// When it is no folder, or somebody else's.
pub(crate) fn held(root: &Path) -> Result<Option<Held>> {
    let path = root.join(GATHERED);
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let folder = match fs::OpenOptions::new().read(true).custom_flags(flags).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("open {}", path.display()))?,
    };
    let owner = folder.metadata().with_context(|| format!("look at {}", path.display()))?.uid();
    if owner != geteuid().as_raw() {
        bail!(
            "{} belongs to user {owner}, so that it is no restore of ours: end it as he, or remove it and {NOTE}",
            path.display()
        );
    }
    let place = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    Ok(Some(Held { _folder: folder, place }))
}

/// Puts files and folders in their places.
pub(crate) fn put_files(root: &Path, note: &Note, step: Step<'_>) -> Result<()> {
    let held = held(root)?;
    for name in &note.stale {
        // The note is read of a folder that others may write to.
        let mut parts = Path::new(name).components();
        if let (Some(Component::Normal(_)), None) = (parts.next(), parts.next()) {
            step()?;
            remove(&root.join(name))?;
        }
    }
    let gathered = held.as_ref().map(|held| entries(&held.place.join(STATE))).transpose()?;
    for entry in gathered.unwrap_or_default() {
        let to = root.join(entry.file_name().unwrap_or_default());
        step()?;
        remove(&to)?;
        step()?;
        fs_err::rename(&entry, &to).context("put it in its place")?;
    }
    if let Some(database) = &note.database
        && fs::symlink_metadata(beside(database, WAITING)).is_ok()
    {
        // What is beside the old one would be taken for the new one's.
        for side in BESIDE {
            step()?;
            remove(&beside(database, side))?;
        }
        step()?;
        fs_err::rename(beside(database, WAITING), database).context("put the store in its place")?;
        sync(database.parent().unwrap_or(root))?;
    }
    step()?;
    sync(root)
}

/// Removes what was gathered: it is in its place. Before the folder is handed over, because it is known as ours by its
/// owner.
pub(crate) fn clear_gathered(root: &Path, step: Step<'_>) -> Result<()> {
    step()?;
    remove(&root.join(GATHERED))
}

/// Removes what the restore had for itself, the note last.
pub(crate) fn clear(root: &Path, step: Step<'_>) -> Result<()> {
    clear_gathered(root, step)?;
    step()?;
    remove(&root.join(NOTE))?;
    sync(root)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read
            .and_then(|read| read.map(|entry| entry.map(|entry| entry.path())).collect())
            .with_context(|| format!("read {}", folder.display())),
    }
}

/// Removes a file or a folder with all that is in it, if it is there.
fn remove(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs_err::remove_dir_all(path).context("make room"),
        Ok(_) => fs_err::remove_file(path).context("make room"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("look at {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::BTreeMap,
        os::unix::fs::{chown, symlink},
    };

    /// An old installation, and a new one that was gathered beside it.
    fn prepared() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let root = folder.path().join("state");
        for (name, text) in [
            ("decnet.db", "old"),
            ("decnet.db-wal", "old wal"),
            ("decnet.db-shm", "old shm"),
            ("install.secret", "old"),
            ("log/0001.log", "old"),
            ("log/0002.log", "old"),
            ("swarm/key", "old"),
            ("decnet.db.restored", "new"),
            ("restore.new/store.dump", "copy"),
            ("restore.new/state/install.secret", "new"),
            ("restore.new/state/log/0007.log", "new"),
            ("restore.new/state/intel/feodo.csv", "new"),
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, root)
    }

    fn found(root: &Path) -> BTreeMap<String, String> {
        let (mut all, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
        while let Some(folder) = folders.pop() {
            for path in entries(&folder).unwrap() {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(root).unwrap().display().to_string();
                    all.insert(name, fs::read_to_string(&path).unwrap());
                }
            }
        }
        all
    }

    fn finished(root: &Path, step: Step<'_>) -> Result<()> {
        let note = read_note(root)?;
        put_files(root, &note, step)?;
        clear(root, step)
    }

    fn texts(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_restore_that_is_ended_before_any_step_is_finished_at_the_next_start() {
        let new = texts(&[
            ("decnet.db", "new"),
            ("install.secret", "new"),
            ("intel/feodo.csv", "new"),
            ("log/0007.log", "new"),
        ]);
        let mut cuts = 0;
        for steps in 0.. {
            let (_folder, root) = prepared();
            let note = Note { stale: vec!["swarm".to_owned()], database: Some(root.join("decnet.db")) };
            write_note(&root, &note).unwrap();
            let mut left = steps;
            let mut cut = || {
                left -= 1;
                if left < 0 { bail!("cut here by a test") } else { Ok(()) }
            };
            let ended = finished(&root, &mut cut);
            let half = fs::symlink_metadata(root.join(NOTE)).is_ok();
            assert_eq!(half, ended.is_err(), "the note goes last");
            if half {
                cuts += 1;
                // The next one is ended, too.
                let mut more = 2;
                let _ = finished(&root, &mut || {
                    more -= 1;
                    if more < 0 { bail!("cut here by a test") } else { Ok(()) }
                });
                if fs::symlink_metadata(root.join(NOTE)).is_ok() {
                    finished(&root, &mut || Ok(())).unwrap();
                }
            }
            assert_eq!(found(&root), new, "ended before step {steps}");
            if !half {
                break;
            }
        }
        assert!(cuts > 10, "{cuts}");
    }

    #[test]
    fn without_the_note_the_old_installation_stays() {
        let (_folder, root) = prepared();
        undo(&root, Some(&root.join("decnet.db"))).unwrap();
        let old = found(&root);
        assert_eq!(old.len(), 7);
        assert!(old.values().all(|text| text.starts_with("old")), "{old:?}");
    }

    #[test]
    fn what_somebody_else_has_laid_in_the_place_of_what_was_gathered_is_not_moved() {
        let (folder, root) = prepared();
        let theirs = folder.path().join("theirs/state");
        fs::create_dir_all(&theirs).unwrap();
        fs::write(theirs.join("shadow"), "theirs").unwrap();
        let note = Note { stale: Vec::new(), database: None };
        fs::remove_dir_all(root.join(GATHERED)).unwrap();
        symlink(folder.path().join("theirs"), root.join(GATHERED)).unwrap();
        assert!(put_files(&root, &note, &mut || Ok(())).is_err());
        fs::remove_file(root.join(GATHERED)).unwrap();
        fs::create_dir(root.join(GATHERED)).unwrap();
        symlink(&theirs, root.join(GATHERED).join(STATE)).unwrap();
        if chown(root.join(GATHERED), Some(1), Some(1)).is_ok() {
            assert!(put_files(&root, &note, &mut || Ok(())).is_err());
        }
        assert!(!root.join("shadow").exists());
        assert_eq!(fs::read_to_string(theirs.join("shadow")).unwrap(), "theirs");
    }

    #[test]
    fn a_note_leads_out_of_the_folder_nowhere() {
        let (folder, root) = prepared();
        fs::write(folder.path().join("other"), "theirs").unwrap();
        let stale = ["../other", "/etc/hostname", "..", "."].map(str::to_owned).into();
        write_note(&root, &Note { stale, database: None }).unwrap();
        finished(&root, &mut || Ok(())).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("other")).unwrap(), "theirs");
    }
}
