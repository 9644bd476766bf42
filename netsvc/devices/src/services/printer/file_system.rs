//! The printer's disk, as PJL shows it.

use std::collections::BTreeMap;

/// Files of a peer, and the bytes of all.
const FILES: usize = 32;
const BYTES: usize = 64 * 1024;
/// Longest path.
const PATH: usize = 128;

/// Folders and files as delivered.
const FOLDERS: [&str; 7] =
    ["", "PJL", "PostScript", "saveDevice", "saveDevice/SavedJobs", "webServer", "webServer/default"];
const OWN: [(&str, &str); 3] = [
    ("PostScript/fonts.dir", "% no soft fonts\n"),
    ("webServer/default/csconfig", "cs_enabled=1\ncs_port=80\n"),
    ("saveDevice/SavedJobs/KeepJob", ""),
];

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    File(Vec<u8>),
}

/// What a peer has changed.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// `None`: it was removed.
    changed: BTreeMap<String, Option<Entry>>,
}

/// A path without its volume, and without steps upwards beyond it; `None`: it is none of the first
/// volume's.
pub(super) fn path(name: &str) -> Option<String> {
    let rest = name.strip_prefix("0:")?;
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    (path.len() <= PATH).then_some(path)
}

impl Files {
    pub(super) fn get(&self, path: &str) -> Option<Entry> {
        if let Some(changed) = self.changed.get(path) {
            return changed.clone();
        }
        if FOLDERS.contains(&path) {
            return Some(Entry::Folder);
        }
        let own = OWN.iter().find(|(known, _)| *known == path);
        own.map(|(_, text)| Entry::File(text.as_bytes().to_vec()))
    }

    /// Names of what is in a folder.
    pub(super) fn list(&self, folder: &str) -> Vec<String> {
        let known = FOLDERS.iter().copied().chain(OWN.iter().map(|(path, _)| *path));
        let all = known.map(str::to_owned).chain(self.changed.keys().cloned());
        let mut names: Vec<String> = all
            .filter(|path| self.get(path).is_some())
            .filter_map(|path| {
                let (above, name) = path.rsplit_once('/').unwrap_or(("", &path));
                (above == folder && !name.is_empty()).then(|| name.to_owned())
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Puts something at `path`; false where there is no room, or no folder for it.
    pub(super) fn put(&mut self, path: &str, entry: Entry) -> bool {
        let (above, _) = path.rsplit_once('/').unwrap_or(("", path));
        let size = |entry: &Option<Entry>| match entry {
            Some(Entry::File(content)) => content.len(),
            _ => 0,
        };
        let used: usize =
            self.changed.iter().filter(|(known, _)| *known != path).map(|(_, entry)| size(entry)).sum();
        let entry = Some(entry);
        let fits =
            (self.changed.len() < FILES || self.changed.contains_key(path)) && used + size(&entry) <= BYTES;
        if !fits || path.is_empty() || self.get(above) != Some(Entry::Folder) {
            return false;
        }
        self.changed.insert(path.to_owned(), entry);
        true
    }

    pub(super) fn remove(&mut self, path: &str) -> bool {
        if path.is_empty() || self.get(path).is_none() {
            return false;
        }
        if FILES <= self.changed.len() && !self.changed.contains_key(path) {
            return false;
        }
        self.changed.insert(path.to_owned(), None);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_listed_written_and_bounded() {
        let mut files = Files::default();
        assert_eq!(path("0:/../../etc/passwd").as_deref(), Some("etc/passwd"));
        assert_eq!((path("1:/x"), path("0:\\PJL").as_deref()), (None, Some("PJL")));
        assert_eq!(files.list(""), ["PJL", "PostScript", "saveDevice", "webServer"]);
        assert!(files.put("PJL/a", Entry::File(b"x".to_vec())) && !files.put("no/a", Entry::Folder));
        assert_eq!(files.list("PJL"), ["a"]);
        assert!(files.remove("PJL/a") && !files.remove("PJL/a") && files.list("PJL").is_empty());
        assert!(!files.put("PJL/big", Entry::File(vec![0; BYTES + 1])));
        assert!((0..100).any(|number| !files.put(&format!("PJL/{number}"), Entry::Folder)));
    }
}
