//! The drive of a Windows node: what it has, and each peer's changes on top, which he finds again.

use super::{
    entry::{Entries, Entry, number},
    status::Status,
    volume::{Content, Marks, Meta, Volume, attribute, join, parted},
    world,
};
use netsvc_kit::Host;
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Bytes that one peer may write at a node, and all peers at all nodes of the process.
const OF_PEER: u64 = 16 << 20;
const IN_ALL: u64 = 96 << 20;
/// Entries that one peer may change.
const ENTRIES: usize = 2000;
/// Bytes that an entry counts for, whatever it holds.
const OVERHEAD: u64 = 256;

/// What a node has; made once.
struct Base(Arc<Entries>);

/// What a peer changed; none: it is gone.
#[derive(Clone, Default)]
struct Changes {
    entries: BTreeMap<String, Option<Entry>>,
    bytes: u64,
    /// When he came last, as a number that grows.
    turn: u64,
}

impl Changes {
    /// Bytes that an entry and its name count for.
    fn weight(low: &str, entry: Option<&Entry>) -> u64 {
        let held = entry.map_or(0, |entry| match &entry.content {
            Content::Bytes(bytes) => bytes.len() + entry.name.len(),
            Content::Made { .. } => entry.name.len(),
        });
        OVERHEAD + (2 * low.len() + held) as u64
    }

    fn set(&mut self, base: &Entries, low: String, entry: Option<Entry>) -> Result<(), Status> {
        let old = self.entries.get(&low).map_or(0, |known| Changes::weight(&low, known.as_ref()));
        let bytes = self.bytes - old + Changes::weight(&low, entry.as_ref());
        let is_new = !self.entries.contains_key(&low);
        if entry.is_some() && (OF_PEER < bytes || is_new && ENTRIES <= self.entries.len()) {
            return Err(Status::DISK_FULL);
        }
        // What is gone and never was there needs no mark.
        if entry.is_none() && !base.contains_key(&low) {
            self.entries.remove(&low);
            self.bytes -= old;
        } else {
            self.entries.insert(low, entry);
            self.bytes = bytes;
        }
        Ok(())
    }
}

/// Changes of all peers at the nodes of a process.
#[derive(Default)]
struct Overlays(Mutex<BTreeMap<(String, IpAddr), Changes>>);

/// The drive as one peer sees it.
pub(super) struct Drive {
    base: Arc<Entries>,
    overlays: Arc<Overlays>,
    key: (String, IpAddr),
    host: Arc<Host>,
    /// Whether he may write.
    writes: bool,
}

impl Drive {
    pub(super) fn new(host: &Arc<Host>, source: IpAddr, writes: bool) -> Drive {
        let base = host.node.shared(|| Base(Arc::new(world::entries(host.persona()))));
        let overlays = host.node.stage.shared(Overlays::default);
        let key = (host.persona().node.clone(), source);
        Drive { base: base.0.clone(), overlays, key, host: host.clone(), writes }
    }

    fn get(&self, path: &str) -> Option<Entry> {
        let low = path.to_lowercase();
        let overlays = self.overlays.0.lock();
        match overlays.get(&self.key).and_then(|changes| changes.entries.get(&low)) {
            Some(changed) => changed.clone(),
            None => self.base.get(&low).cloned(),
        }
    }

    /// Everything below `folder` that is there, by its path in small letters; `deep`: with what is below that.
    fn below(&self, folder: &str, deep: bool) -> Entries {
        let prefix = join(&folder.to_lowercase(), "");
        let inside = |path: &str| path.len() > prefix.len() && path.starts_with(&prefix);
        let wanted = |path: &str| deep || path.get(prefix.len()..).is_some_and(|rest| !rest.contains('/'));
        let range = || prefix.clone()..;
        let mut found = Entries::new();
        for (path, entry) in self.base.range(range()).take_while(|(path, _)| path.starts_with(&prefix)) {
            if inside(path) && wanted(path) {
                found.insert(path.clone(), entry.clone());
            }
        }
        let overlays = self.overlays.0.lock();
        let own = overlays.get(&self.key).map(|changes| &changes.entries);
        for (path, entry) in own.into_iter().flat_map(|own| own.range(range())) {
            if !path.starts_with(&prefix) {
                break;
            }
            match entry {
                Some(entry) if inside(path) && wanted(path) => found.insert(path.clone(), entry.clone()),
                Some(_) => None,
                None => found.remove(path),
            };
        }
        found
    }

    fn set(&self, path: &str, entry: Option<Entry>) -> Result<(), Status> {
        self.set_all(vec![(path.to_owned(), entry)])
    }

    /// Makes all of these changes, in their order, or none of them.
    fn set_all(&self, wanted: Vec<(String, Option<Entry>)>) -> Result<(), Status> {
        let mut overlays = self.overlays.0.lock();
        let turn = overlays.values().map(|changes| changes.turn).max().unwrap_or(0) + 1;
        let changes = overlays.entry(self.key.clone()).or_default();
        let before = (wanted.len() > 1).then(|| changes.clone());
        for (path, entry) in wanted {
            if let Err(status) = changes.set(&self.base, path.to_lowercase(), entry) {
                if let Some(before) = before {
                    *changes = before;
                }
                return Err(status);
            }
        }
        changes.turn = turn;
        while IN_ALL < overlays.values().map(|changes| changes.bytes).sum() {
            let others = overlays.iter().filter(|(key, _)| **key != self.key);
            let Some(oldest) = others.min_by_key(|(_, changes)| changes.turn).map(|(key, _)| key.clone())
            else {
                break;
            };
            overlays.remove(&oldest);
        }
        Ok(())
    }

    fn allowed(&self) -> Result<(), Status> {
        if self.writes { Ok(()) } else { Err(Status::ACCESS_DENIED) }
    }

    fn fresh(&self, path: &str, directory: bool) -> Entry {
        let now = self.host.clock();
        let attributes = if directory { attribute::DIRECTORY } else { attribute::ARCHIVE };
        let meta = Meta {
            directory,
            size: 0,
            created: now,
            accessed: now,
            written: now,
            changed: now,
            attributes,
            id: number(self.host.persona(), path),
        };
        Entry { name: parted(path).1.to_owned(), meta, content: Content::Bytes([].into()) }
    }
}

impl Volume for Drive {
    fn stat(&self, path: &str) -> Result<Meta, Status> {
        self.get(path).map(|entry| entry.meta).ok_or(Status::OBJECT_NAME_NOT_FOUND)
    }

    fn find(&self, folder: &str, name: &str) -> Option<String> {
        self.get(&join(folder, name)).map(|entry| entry.name)
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Meta)>, Status> {
        let entries = self.below(path, false).into_values();
        Ok(entries.map(|entry| (entry.name, entry.meta)).collect())
    }

    fn read(&mut self, path: &str) -> Result<Content, Status> {
        self.get(path).map(|entry| entry.content).ok_or(Status::OBJECT_NAME_NOT_FOUND)
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), Status> {
        self.allowed()?;
        let mut entry = self.get(path).unwrap_or_else(|| self.fresh(path, false));
        entry.meta.size = content.len() as u64;
        (entry.meta.written, entry.meta.changed) = (self.host.clock(), self.host.clock());
        entry.content = Content::Bytes(content.into());
        self.set(path, Some(entry))
    }

    fn make_directory(&mut self, path: &str) -> Result<(), Status> {
        self.allowed()?;
        self.set(path, Some(self.fresh(path, true)))
    }

    fn remove(&mut self, path: &str) -> Result<(), Status> {
        self.allowed()?;
        if !self.below(path, false).is_empty() {
            return Err(Status::DIRECTORY_NOT_EMPTY);
        }
        self.set(path, None)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Status> {
        self.allowed()?;
        let mut entry = self.get(from).ok_or(Status::OBJECT_NAME_NOT_FOUND)?;
        let same = from.eq_ignore_ascii_case(to);
        if !same && join(&to.to_lowercase(), "").starts_with(&join(&from.to_lowercase(), "")) {
            return Err(Status::ACCESS_DENIED);
        }
        let below = if same { Entries::new() } else { self.below(from, true) };
        if ENTRIES / 4 < below.len() {
            return Err(Status::ACCESS_DENIED);
        }
        // What is gone first makes room for what comes.
        parted(to).1.clone_into(&mut entry.name);
        let mut wanted = vec![(from.to_owned(), None), (to.to_owned(), Some(entry))];
        for (path, entry) in below {
            let there = format!("{to}{}", path.get(from.len()..).unwrap_or_default());
            wanted.extend([(path, None), (there, Some(entry))]);
        }
        self.set_all(wanted)
    }

    fn mark(&mut self, path: &str, marks: Marks) -> Result<(), Status> {
        self.allowed()?;
        let mut entry = self.get(path).ok_or(Status::OBJECT_NAME_NOT_FOUND)?;
        let meta = &mut entry.meta;
        meta.created = marks.created.unwrap_or(meta.created);
        meta.accessed = marks.accessed.unwrap_or(meta.accessed);
        meta.written = marks.written.unwrap_or(meta.written);
        if let Some(attributes) = marks.attributes {
            let kept = if meta.directory { attribute::DIRECTORY } else { 0 };
            meta.attributes = attributes & 0x27 | kept;
        }
        self.set(path, Some(entry))
    }

    fn may_write(&self, _: &str) -> bool {
        self.writes
    }

    fn room(&self) -> (u64, u64) {
        let overlays = self.overlays.0.lock();
        let used = overlays.get(&self.key).map_or(0, |changes| changes.bytes);
        (self.host.persona().hardware.disk_kib * 1024, OF_PEER.saturating_sub(used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, persona, stage};

    fn node() -> (Arc<Host>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = persona("web-01");
        persona.os.family = "windows_server".to_owned();
        (host(&stage(folder.path()), persona, "smb", &[]), folder)
    }

    #[test]
    fn a_peer_sees_his_own_changes_and_no_other_does() {
        let (host, _folder) = node();
        let peer = |last: u8| Drive::new(&host, [192, 0, 2, last].into(), true);
        let (mut one, mut other) = (peer(1), peer(2));
        one.make_directory("/Windows/New").unwrap();
        one.write("/Windows/New/a.txt", b"hi").unwrap();
        assert_eq!(peer(1).read("/windows/NEW/A.TXT").unwrap().read(0, 9), b"hi");
        assert_eq!(other.read("/Windows/New/a.txt").err(), Some(Status::OBJECT_NAME_NOT_FOUND));
        assert_eq!(one.remove("/Windows/New"), Err(Status::DIRECTORY_NOT_EMPTY));
        one.rename("/Windows/New", "/Old").unwrap();
        assert_eq!(one.list("/Old").unwrap().len(), 1);
        assert!(one.stat("/Windows/New/a.txt").is_err() && one.stat("/Windows/New").is_err());
        one.remove("/Old/a.txt").unwrap();
        one.remove("/Old").unwrap();
        assert_eq!(one.find("/", "WINDOWS").as_deref(), Some("Windows"));
        other.write("/b", b"").unwrap();
        assert_eq!(
            Drive::new(&host, [192, 0, 2, 3].into(), false).write("/b", b""),
            Err(Status::ACCESS_DENIED)
        );
    }

    #[test]
    fn what_peers_write_is_bounded() {
        let (host, _folder) = node();
        for last in 1..12 {
            let mut drive = Drive::new(&host, [192, 0, 2, last].into(), true);
            drive.write("/a", &vec![1; 15 << 20]).unwrap();
            assert_eq!(drive.write("/b", &vec![1; 2 << 20]), Err(Status::DISK_FULL));
        }
        let overlays = host.node.stage.shared(Overlays::default);
        let held: u64 = overlays.0.lock().values().map(|changes| changes.bytes).sum();
        assert!(held <= IN_ALL, "{held}");
    }

    #[test]
    fn names_are_counted_and_a_rename_without_room_changes_nothing() {
        let (host, _folder) = node();
        let mut drive = Drive::new(&host, [192, 0, 2, 1].into(), true);
        let deep = "n".repeat(4000);
        let made = (0..ENTRIES).take_while(|number| drive.write(&format!("/{number}{deep}"), b"").is_ok());
        let made = made.count();
        assert!(made < ENTRIES, "{made} long names are kept");
        assert!(drive.room().1 < 3 * 4200);
        drive.remove(&format!("/0{deep}")).unwrap();
        drive.write("/a", &[7; 2000]).unwrap();
        let longer = format!("/{}", "m".repeat(10_000));
        assert_eq!(drive.rename("/a", &longer), Err(Status::DISK_FULL));
        assert_eq!(drive.read("/a").unwrap().read(0, 9999), [7; 2000]);
        drive.rename("/a", "/b").unwrap();
        assert_eq!(drive.read("/b").unwrap().read(0, 9999), [7; 2000]);
        assert!(drive.read("/a").is_err());
    }
}
