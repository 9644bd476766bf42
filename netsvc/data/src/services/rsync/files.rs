//! The files of the host as a module shows them. A module is a root of its own: no link leads out of it.

use super::list::Entry;
use netsvc_daemon::account;
use netsvc_kit::{Host, Link};
use netsvc_shell::{
    Origin,
    fs::{Errno, Fs, Kind, join, parent},
    text,
};
use std::{collections::BTreeMap, sync::Arc};

/// Longest file that is sent.
const LONGEST: u64 = 8 << 20;
/// Deepest folder that is looked at.
const DEEPEST: usize = 24;

/// The files, as root sees them: modules here have `uid = root`.
pub(super) struct Files {
    fs: Fs,
    host: Arc<Host>,
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
    changed: bool,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Files")
    }
}

impl Files {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let mut fs = account::shell(host).fs("root", link.source(), account::facts(host, link, None));
        fs.set_origin(Origin::Upload);
        let users = account::names(&mut fs, "/etc/passwd");
        let groups = account::names(&mut fs, "/etc/group");
        Files { fs, host: host.clone(), users, groups, changed: false }
    }

    /// Names of users and of groups by number.
    pub(super) fn names(&self) -> (&BTreeMap<u32, String>, &BTreeMap<u32, String>) {
        (&self.users, &self.groups)
    }

    /// The text of a file of the host; empty where there is none.
    pub(super) fn text(&mut self, path: &str) -> String {
        let content = self.fs.read_file(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        drop(self.fs.take_events());
        content.unwrap_or_default()
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        self.fs.is_directory(path)
    }

    /// The place of `path` below `root`: what leads out of it stays in it.
    pub(super) fn place(root: &str, path: &[u8]) -> String {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in path.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                other => parts.push(other),
            }
        }
        parts.iter().fold(root.to_owned(), |place, part| join(&place, &text::decode(part)))
    }

    /// Whether a folder on the way from `root` to `place` is a link, which could lead anywhere.
    fn leads_astray(&self, root: &str, place: &str) -> bool {
        let mut folder = parent(place);
        while root.len() < folder.len() {
            if self.fs.lstat(folder).is_ok_and(|stat| stat.kind == Kind::Symlink) {
                return true;
            }
            folder = parent(folder);
        }
        false
    }

    /// What stands at `place`, called `path`; `None` for devices and the like.
    pub(super) fn entry(&self, root: &str, place: &str, path: Vec<u8>) -> Result<Option<Entry>, Errno> {
        if self.leads_astray(root, place) {
            return Err(Errno::NotFound);
        }
        let stat = self.fs.lstat(place)?;
        if ![Kind::File, Kind::Directory, Kind::Symlink].contains(&stat.kind) {
            return Ok(None);
        }
        let target = self.fs.readlink(place).map(|target| text::encode(&target)).unwrap_or_default();
        let size = if stat.kind == Kind::Directory { 4096 } else { stat.size };
        Ok(Some(Entry {
            path,
            mode: stat.mode(),
            size,
            modified: stat.meta.modified,
            uid: stat.meta.uid,
            gid: stat.meta.gid,
            target,
            sum: Vec::new(),
            top: false,
        }))
    }

    /// Names in the folder at `place`.
    pub(super) fn folder(&self, place: &str) -> Vec<String> {
        self.fs.readdir(place).unwrap_or_default()
    }

    /// Adds what is below the folder `place`, called `path`, to `list`, until that has `most`.
    pub(super) fn below(
        &self,
        root: &str,
        place: &str,
        path: &[u8],
        deep: bool,
        list: &mut Vec<Entry>,
        most: usize,
    ) {
        let mut waiting = vec![(place.to_owned(), path.to_vec(), 0)];
        while let Some((place, path, depth)) = waiting.pop() {
            for name in self.folder(&place) {
                if most <= list.len() {
                    return;
                }
                let encoded = text::encode(&name);
                let path = if path == b"." { encoded } else { [&path[..], b"/", &encoded].concat() };
                let place = join(&place, &name);
                let Ok(Some(entry)) = self.entry(root, &place, path.clone()) else { continue };
                if deep && depth < DEEPEST && entry.kind() == Some(Kind::Directory) {
                    waiting.push((place, path, depth + 1));
                }
                list.push(entry);
            }
        }
    }

    /// The content of the file at `place`.
    pub(super) fn read(&mut self, root: &str, place: &str) -> Result<Arc<Vec<u8>>, Errno> {
        if self.leads_astray(root, place) {
            return Err(Errno::NotFound);
        }
        let stat = self.fs.lstat(place)?;
        if stat.kind != Kind::File || LONGEST < stat.size {
            return Err(Errno::InputOutput);
        }
        let content = self.fs.read_file(place);
        drop(self.fs.take_events());
        content
    }

    /// Makes the folder or the link that `entry` is.
    pub(super) fn make(&mut self, root: &str, place: &str, entry: &Entry) -> Result<(), Errno> {
        if self.leads_astray(root, place) {
            return Err(Errno::NotFound);
        }
        self.changed = true;
        match entry.kind() {
            Some(Kind::Directory) if self.fs.is_directory(place) => Ok(()),
            Some(Kind::Directory) => self.fs.mkdir(place, entry.mode & 0o7777),
            Some(Kind::Symlink) => {
                // An older one gives way; where there is none, that is no fault.
                let _ = self.fs.unlink(place);
                self.fs.symlink(&text::decode(&entry.target), place)
            }
            _ => Err(Errno::NotPermitted),
        }
    }

    /// Whether the file at `place` is the one that `entry` is, as far as size and time tell.
    pub(super) fn has(&self, place: &str, entry: &Entry) -> bool {
        let second = |time: i64| time.div_euclid(1_000_000);
        self.fs.lstat(place).is_ok_and(|stat| {
            stat.kind == Kind::File
                && stat.size == entry.size
                && second(stat.meta.modified) == second(entry.modified)
        })
    }

    /// Puts `content` where `entry` stands.
    pub(super) fn write(
        &mut self,
        root: &str,
        place: &str,
        entry: &Entry,
        content: &[u8],
    ) -> Result<(), Errno> {
        if self.leads_astray(root, place) || self.fs.lstat(place).is_ok_and(|stat| stat.kind != Kind::File) {
            return Err(Errno::NotFound);
        }
        self.changed = true;
        self.fs.write_file(place, content, 0o600)?;
        self.fs.chmod(place, entry.mode & 0o7777)?;
        let written = self.fs.utimes(place, entry.modified, entry.modified);
        // Whoever puts a file there is told of by the event that keeps it.
        drop(self.fs.take_events());
        written
    }

    /// Keeps what was changed.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.changed) {
            account::save(&self.host);
        }
    }
}
