//! The file tree of nodes without a shell: what the persona has, and each source's changes on top.

use super::{
    files::{self, Entry},
    tree::{Actor, Attributes, FileTree, TreeError, parent},
};
use netsvc_persona::Persona;
use netsvc_shell::fs::Kind;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::Arc,
};

/// Bytes that one source may write.
const SOURCE_BYTES: u64 = 4 << 20;
/// Entries that one source may change.
const SOURCE_ENTRIES: usize = 2000;
/// Sources remembered of one node; beyond that the one that came first is forgotten.
const SOURCES: usize = 64;

/// The tree of one node.
pub struct Bait {
    base: BTreeMap<String, Entry>,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    by_source: BTreeMap<IpAddr, BTreeMap<String, Option<Entry>>>,
    arrivals: VecDeque<IpAddr>,
}

impl Bait {
    /// The tree of `persona`.
    pub fn new(persona: &Persona) -> Self {
        Bait { base: files::tree(persona), changes: Mutex::default() }
    }

    fn get(&self, source: IpAddr, path: &str) -> Result<Entry, TreeError> {
        let changes = self.changes.lock();
        let own = changes.by_source.get(&source).and_then(|own| own.get(path));
        match own {
            Some(entry) => entry.clone().ok_or(TreeError::NotFound),
            None => self.base.get(path).cloned().ok_or(TreeError::NotFound),
        }
    }

    fn set(&self, source: IpAddr, path: &str, entry: Option<Entry>) -> Result<(), TreeError> {
        let mut changes = self.changes.lock();
        if !changes.by_source.contains_key(&source) {
            if changes.arrivals.len() >= SOURCES
                && let Some(oldest) = changes.arrivals.pop_front()
            {
                changes.by_source.remove(&oldest);
            }
            changes.arrivals.push_back(source);
        }
        let own = changes.by_source.entry(source).or_default();
        let used: u64 = own
            .iter()
            .filter(|(known, _)| known.as_str() != path)
            .filter_map(|(_, entry)| entry.as_ref())
            .map(|entry| entry.content.len() as u64)
            .sum();
        let adds = entry.as_ref().map_or(0, |entry| entry.content.len() as u64);
        if entry.is_some() && (used + adds > SOURCE_BYTES || own.len() >= SOURCE_ENTRIES) {
            return Err(TreeError::NoSpace);
        }
        own.insert(path.to_owned(), entry);
        Ok(())
    }

    /// The parent of `path`, if `actor` may write into it.
    fn writable_parent(&self, actor: &Actor, path: &str) -> Result<(), TreeError> {
        let (folder, _) = parent(path).ok_or(TreeError::Denied)?;
        let folder = self.get(actor.source, folder)?;
        if !folder.attributes.is_directory() {
            return Err(TreeError::NotDirectory);
        }
        if allowed(actor, &folder.attributes, 2) { Ok(()) } else { Err(TreeError::Denied) }
    }
}

/// Whether the permission `bit` (4 read, 2 write, 1 enter) is given to `actor`.
fn allowed(actor: &Actor, attributes: &Attributes, bit: u32) -> bool {
    let shift = if attributes.owner.0 == actor.user.0 {
        6
    } else if attributes.group.0 == actor.user.0 {
        3
    } else {
        0
    };
    actor.user.0 == 0 || attributes.mode >> shift & bit != 0
}

impl FileTree for Bait {
    fn stat(&self, actor: &Actor, path: &str) -> Result<Attributes, TreeError> {
        Ok(self.get(actor.source, path)?.attributes)
    }

    fn list(&self, actor: &Actor, path: &str) -> Result<Vec<(String, Attributes)>, TreeError> {
        let folder = self.get(actor.source, path)?;
        if !folder.attributes.is_directory() {
            return Err(TreeError::NotDirectory);
        }
        if !allowed(actor, &folder.attributes, 4) {
            return Err(TreeError::Denied);
        }
        let changes = self.changes.lock();
        let own = changes.by_source.get(&actor.source);
        let mut names: BTreeMap<&str, Attributes> = BTreeMap::new();
        let inside = |known: &str| parent(known).is_some_and(|(folder, _)| folder == path);
        for (known, entry) in self.base.iter().filter(|(known, _)| inside(known)) {
            names.insert(known, entry.attributes.clone());
        }
        for (known, entry) in own.into_iter().flatten().filter(|(known, _)| inside(known)) {
            match entry {
                Some(entry) => names.insert(known, entry.attributes.clone()),
                None => names.remove(known.as_str()),
            };
        }
        let name = |known: &str| parent(known).map_or(String::new(), |(_, name)| name.to_owned());
        Ok(names.into_iter().map(|(known, attributes)| (name(known), attributes)).collect())
    }

    fn enter(&self, actor: &Actor, path: &str) -> Result<(), TreeError> {
        let folder = self.get(actor.source, path)?;
        if !folder.attributes.is_directory() {
            return Err(TreeError::NotDirectory);
        }
        if allowed(actor, &folder.attributes, 1) { Ok(()) } else { Err(TreeError::Denied) }
    }

    fn read(&self, actor: &Actor, path: &str) -> Result<Arc<[u8]>, TreeError> {
        let entry = self.get(actor.source, path)?;
        if entry.attributes.is_directory() {
            return Err(TreeError::IsDirectory);
        }
        if allowed(actor, &entry.attributes, 4) { Ok(entry.content) } else { Err(TreeError::Denied) }
    }

    fn may_write(&self, actor: &Actor, path: &str) -> Result<(), TreeError> {
        match self.get(actor.source, path) {
            Ok(entry) if entry.attributes.is_directory() => Err(TreeError::IsDirectory),
            Ok(entry) if allowed(actor, &entry.attributes, 2) => Ok(()),
            Ok(_) => Err(TreeError::Denied),
            Err(_) => self.writable_parent(actor, path),
        }
    }

    fn write(&self, actor: &Actor, path: &str, content: &[u8]) -> Result<(), TreeError> {
        self.may_write(actor, path)?;
        let attributes = Attributes {
            kind: Kind::File,
            target: None,
            mode: 0o644,
            links: 1,
            owner: actor.user.clone(),
            group: actor.user.clone(),
            size: content.len() as u64,
            modified: actor.clock,
        };
        self.set(actor.source, path, Some(Entry { attributes, content: content.into() }))
    }

    fn make_directory(&self, actor: &Actor, path: &str) -> Result<(), TreeError> {
        if self.get(actor.source, path).is_ok() {
            return Err(TreeError::Exists);
        }
        self.writable_parent(actor, path)?;
        let entry = files::directory(0o755, actor.user.clone(), actor.clock);
        self.set(actor.source, path, Some(entry))
    }

    fn remove(&self, actor: &Actor, path: &str, directory: bool) -> Result<(), TreeError> {
        let entry = self.get(actor.source, path)?;
        match (entry.attributes.is_directory(), directory) {
            (true, false) => return Err(TreeError::IsDirectory),
            (false, true) => return Err(TreeError::NotDirectory),
            _ => {}
        }
        self.writable_parent(actor, path)?;
        if directory && !self.list(actor, path)?.is_empty() {
            return Err(TreeError::NotEmpty);
        }
        self.set(actor.source, path, None)
    }

    fn rename(&self, actor: &Actor, from: &str, to: &str) -> Result<(), TreeError> {
        let entry = self.get(actor.source, from)?;
        if entry.attributes.is_directory() && (to == from || to.starts_with(&format!("{from}/"))) {
            return Err(TreeError::Denied);
        }
        self.writable_parent(actor, from)?;
        self.writable_parent(actor, to)?;
        if entry.attributes.is_directory() && !self.list(actor, from)?.is_empty() {
            // A directory with content would need all its entries moved, beyond what a source may change.
            return Err(TreeError::Denied);
        }
        self.set(actor.source, to, Some(entry))?;
        self.set(actor.source, from, None)
    }

    fn set_mode(&self, actor: &Actor, path: &str, mode: u32) -> Result<(), TreeError> {
        let mut entry = self.get(actor.source, path)?;
        if actor.user.0 != 0 && entry.attributes.owner.0 != actor.user.0 {
            return Err(TreeError::Denied);
        }
        entry.attributes.mode = mode & 0o777;
        self.set(actor.source, path, Some(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_sees_its_own_changes_and_no_other_does() {
        let mut persona = netsvc_kit::testing::persona("web-01");
        persona.os.family = "windows_server".to_owned();
        let tree = Bait::new(&persona);
        let actor = |last: u8| Actor {
            source: [192, 0, 2, last].into(),
            user: (0, "root".to_owned()),
            clock: 1_795_238_403_000_000,
        };
        tree.write(&actor(1), "/backup/x", b"hi").unwrap();
        assert_eq!(&*tree.read(&actor(1), "/backup/x").unwrap(), b"hi");
        assert_eq!(tree.read(&actor(2), "/backup/x"), Err(TreeError::NotFound));
        tree.rename(&actor(1), "/backup/x", "/tmp/y").unwrap();
        assert!(tree.list(&actor(1), "/tmp").unwrap().iter().any(|(name, _)| name == "y"));
        tree.remove(&actor(1), "/tmp/y", false).unwrap();
        assert_eq!(tree.stat(&actor(1), "/tmp/y"), Err(TreeError::NotFound));
        assert_eq!(tree.write(&actor(1), "/tmp/big", &vec![0; 5 << 20]), Err(TreeError::NoSpace));
        let nobody = Actor { user: (999, "ftp".to_owned()), ..actor(1) };
        assert_eq!(tree.write(&nobody, "/x", b""), Err(TreeError::Denied));
        assert_eq!(tree.write(&nobody, "/incoming/x", b""), Ok(()));
    }
}
