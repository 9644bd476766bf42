//! The folder of releases: one folder for each, a link to the one that is started, and notes. It belongs to whoever
//! installs them, which is root where root runs: what anybody else could have written in it is not run, and nobody
//! else can put another one in its place.

use anyhow::{Context as _, Result, bail};
use decnet_model::paths::Paths;
use decnet_swarm::{
    release::{PublicKey, Version, manifest::PROGRAM},
    update::{Shelf, Told, Update},
};
use nix::{
    fcntl::{Flock, FlockArg},
    unistd::geteuid,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

/// Link to the release that is started.
const CURRENT: &str = "current";
/// Bytes of a note at most.
const NOTE: u64 = 1 << 20;

/// An update that has not ended, as it is noted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// How far it is.
    pub(crate) update: Update,
    /// The program from before, which brings it to its end.
    pub(crate) program: PathBuf,
    /// What the workers are started with; none: systemd starts them.
    pub(crate) words: Vec<String>,
    /// Workers that ran before.
    pub(crate) workers: Vec<String>,
    /// Those of them that were in trouble before.
    pub(crate) ill: Vec<String>,
    /// The process that was started, and its start in clock ticks since boot.
    #[serde(default)]
    pub(crate) started: Option<(u32, u64)>,
}

/// The folder of releases.
#[derive(Clone, Debug)]
pub struct Slots {
    root: PathBuf,
    shelf: Shelf,
}

impl Slots {
    /// That of `paths`: root's beside the state folder, which is the house's.
    pub fn new(paths: &Paths) -> Slots {
        let apart = paths.releases_of_root();
        let is_roots = geteuid().is_root() || apart.is_dir();
        Slots { root: if is_roots { apart } else { paths.releases() }, shelf: Shelf::new(paths) }
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// When it cannot be made, or is not ours.
    pub(crate) fn make(&self) -> Result<()> {
        if !self.root.is_dir() {
            fs_err::create_dir_all(&self.root).context("make the folder of releases")?;
            let open = fs::Permissions::from_mode(0o755);
            fs_err::set_permissions(&self.root, open).context("make the folder of releases")?;
        }
        if !self.is_ours() {
            let folder = self.root.display();
            bail!(
                "{folder} is not ours, or open to others, or in a folder of theirs: nothing is installed there"
            );
        }
        Ok(())
    }

    /// Whether the folder is this user's, and nobody else writes in it.
    pub(crate) fn is_ours(&self) -> bool {
        self.stands() && fs::metadata(&self.root).is_ok_and(|data| data.uid() == geteuid().as_raw())
    }

    /// Whether the folder is root's or this user's, and where root asks, nobody else can put another one in its place.
    fn stands(&self) -> bool {
        let above =
            self.root.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let kept = |data: fs::Metadata| {
            // Where everybody may write, the folders of others stay where a sticky bit says so.
            data.uid() == 0 && (data.mode() & 0o022 == 0 || data.mode() & 0o1000 != 0)
        };
        is_closed(&self.root) && (!geteuid().is_root() || fs::metadata(above).is_ok_and(kept))
    }

    /// A file or folder in it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The release that is started; `None`: the program that was installed by hand or package.
    pub(crate) fn current(&self) -> Option<String> {
        let to = fs::read_link(self.at(CURRENT)).ok()?;
        let name = to.to_str()?;
        name.parse::<Version>().ok().map(|version| version.to_string())
    }

    /// The program of a release, if nobody but root or this user could have written it.
    pub(crate) fn program(&self, release: &str) -> Option<PathBuf> {
        release.parse::<Version>().ok()?;
        let program = self.at(release).join(PROGRAM);
        let closed = program.ancestors().take_while(|path| path.starts_with(&self.root)).all(is_closed);
        (closed && self.stands()).then_some(program)
    }

    /// Has `release` started from now on, in one step.
    ///
    /// # Errors
    /// When the link cannot be changed, or there is no such release.
    pub(crate) fn flip(&self, release: Option<&str>) -> Result<()> {
        let link = self.at(CURRENT);
        match release {
            Some(release) => {
                self.program(release).with_context(|| format!("there is no release {release}"))?;
                let fresh = self.at("current.next");
                // One that an attempt left is nobody's.
                let _ = fs::remove_file(&fresh);
                symlink(release, &fresh).context("make the link to the release")?;
                fs_err::rename(&fresh, &link).context("put the link to the release in its place")?;
            }
            None if fs::symlink_metadata(&link).is_ok() => {
                fs_err::remove_file(&link).context("remove the link to the release")?;
            }
            None => {}
        }
        self.sync()
    }

    /// Has the names in the folder on the medium.
    pub(crate) fn sync(&self) -> Result<()> {
        File::open(&self.root).and_then(|folder| folder.sync_all()).context("write the folder of releases")
    }

    /// Lets go of releases that are neither of these.
    pub(crate) fn tidy(&self, kept: &[Option<String>]) {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_release = name.parse::<Version>().is_ok();
            if is_release && !kept.contains(&Some(name)) {
                // One that stays takes room and no more.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// The update that has not ended.
    pub(crate) fn noted(&self) -> Option<Noted> {
        self.read("update.json")
    }

    /// Notes how far an update is, on the medium.
    pub(crate) fn note(&self, noted: &Noted) -> Result<()> {
        self.write("update.json", noted)
    }

    /// Forgets the update, which has ended.
    pub(crate) fn forget(&self) -> Result<()> {
        let path = self.at("update.json");
        if path.exists() {
            fs_err::remove_file(path).context("forget the update")?;
        }
        self.sync()
    }

    /// How far the last update is.
    pub(crate) fn told(&self) -> Option<Told> {
        self.read("told.json")
    }

    /// Says how far an update is, for the master.
    pub(crate) fn tell(&self, told: &Told) -> Result<()> {
        self.write("told.json", told)?;
        self.show();
        Ok(())
    }

    /// Shows the house how far the last update is. Where it does not let itself be shown, the update goes on.
    pub(crate) fn show(&self) {
        if let Some(told) = self.told()
            && let Err(error) = self.shelf.tell(&told)
        {
            tracing::warn!(%error, "the house is not shown how far an update is");
        }
    }

    /// The program beside which the releases were installed, as it calls itself.
    pub(crate) fn base(&self) -> Option<String> {
        self.read("base.json")
    }

    /// Keeps it.
    pub(crate) fn put_base(&self, base: &str) -> Result<()> {
        self.write("base.json", &base)
    }

    /// The key of the operator, by which releases are believed here.
    pub(crate) fn trusted(&self) -> Result<PublicKey> {
        let path = self.at("trusted.pub");
        let text = self.text("trusted.pub").with_context(|| {
            format!(
                "no key is trusted here ({}): `decnet release trust FILE` has one trusted",
                path.display()
            )
        })?;
        PublicKey::read(&text).with_context(|| format!("read {}", path.display()))
    }

    /// Has the releases believed that this key has signed, and no others.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn trust(&self, key: &PublicKey) -> Result<()> {
        self.make()?;
        self.put("trusted.pub", key.text().as_bytes())?;
        Ok(self.shelf.show_key(key)?)
    }

    /// The lock of whoever brings an update to its end; `None`: somebody has it.
    pub(crate) fn lock(&self) -> Result<Option<Flock<File>>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let file = options.open(self.at("judge.lock")).context("open the lock of updates")?;
        Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).ok())
    }

    fn text(&self, name: &str) -> Option<String> {
        let path = self.at(name);
        if !self.stands() || !is_closed(&path) {
            return None;
        }
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&path).ok()?;
        let mut text = String::new();
        file.take(NOTE).read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(&self.text(name)?).ok()
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.put(name, &serde_json::to_vec(value).context("write a note of updates")?)
    }

    /// Writes a file that everybody may read, whole or not at all, on the medium.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let fresh = self.at(&format!("{name}.next"));
        let written = || -> std::io::Result<()> {
            // One that an attempt left is nobody's.
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&fresh)?;
            file.set_permissions(fs::Permissions::from_mode(0o644))?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, self.at(name))
        };
        written().with_context(|| format!("write {}", self.at(name).display()))?;
        self.sync()
    }
}

/// Whether a file or folder is root's or this user's, and nobody else writes to it. A link is not.
pub(crate) fn is_closed(path: &Path) -> bool {
    let Ok(data) = fs::symlink_metadata(path) else { return false };
    let owner = data.uid() == 0 || data.uid() == geteuid().as_raw();
    owner && !data.file_type().is_symlink() && data.permissions().mode() & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(folder: &tempfile::TempDir) -> Slots {
        let slots = Slots::new(&Paths::new(folder.path().join("state")));
        slots.make().unwrap();
        slots
    }

    fn install(slots: &Slots, release: &str) {
        let program = slots.at(release).join(PROGRAM);
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, "").unwrap();
        for path in program.ancestors().take(3) {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn the_link_leads_to_one_release_or_none_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let slots = slots(&folder);
        for release in ["1.0.0", "1.1.0", "1.2.0"] {
            install(&slots, release);
        }
        assert_eq!(slots.current(), None);
        for release in [Some("1.1.0"), Some("1.1.0"), Some("1.2.0"), None, None] {
            slots.flip(release).unwrap();
            assert_eq!(slots.current().as_deref(), release);
        }
        assert!(slots.flip(Some("9.9.9")).is_err() && slots.flip(Some("../1.0.0")).is_err());
        slots.tidy(&[None, Some("1.2.0".to_owned())]);
        assert_eq!(["1.0.0", "1.1.0", "1.2.0"].map(|name| slots.at(name).exists()), [false, false, true]);
    }

    #[test]
    fn what_others_could_have_written_is_neither_run_nor_believed() {
        let folder = tempfile::tempdir().unwrap();
        let slots = slots(&folder);
        install(&slots, "1.0.0");
        assert!(slots.program("1.0.0").is_some());
        for part in ["1.0.0", "1.0.0/bin", "1.0.0/bin/decnet"] {
            let mode = |mode| fs::set_permissions(slots.at(part), fs::Permissions::from_mode(mode)).unwrap();
            mode(0o775);
            assert_eq!(slots.program("1.0.0"), None, "{part}");
            mode(0o755);
        }
        symlink("1.0.0", slots.at("1.1.0")).unwrap();
        assert_eq!(slots.program("1.1.0"), None, "a link");
        assert!(slots.trusted().unwrap_err().to_string().contains("no key is trusted here"));
        let key = decnet_swarm::release::SecretKey::make().unwrap().public();
        slots.trust(&key).unwrap();
        assert_eq!((slots.trusted().unwrap(), slots.shelf.key()), (key, Some(key)));
        let told = Told::new("r.a", decnet_model::record::UpdateState::Trying, "");
        slots.tell(&told).unwrap();
        assert_eq!(
            (slots.told(), slots.shelf.told()),
            (Some(told.clone()), Some(told)),
            "the house is shown it"
        );
        fs::set_permissions(slots.at("trusted.pub"), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(slots.trusted().is_err());
    }

    #[test]
    fn where_root_installs_nobody_else_has_the_folder_above() {
        let folder = tempfile::tempdir().unwrap();
        let slots = slots(&folder);
        if !geteuid().is_root() {
            return;
        }
        let state = folder.path().join("state");
        assert!(
            !slots.root.starts_with(&state),
            "the house can put anything in the place of what is in its folder"
        );
        install(&slots, "1.0.0");
        let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        for (above, stands) in [(0o755, true), (0o777, false), (0o1777, true), (0o700, true)] {
            mode(above);
            assert_eq!((slots.is_ours(), slots.program("1.0.0").is_some()), (stands, stands), "{above:o}");
        }
        std::os::unix::fs::chown(folder.path(), Some(1), None).unwrap();
        assert!(!slots.is_ours() && slots.program("1.0.0").is_none(), "another one's");
    }

    #[test]
    fn one_brings_an_update_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let slots = slots(&folder);
        let held = slots.lock().unwrap();
        assert!(held.is_some() && slots.lock().unwrap().is_none());
        drop(held);
        assert!(slots.lock().unwrap().is_some());
    }
}
