//! All overlays of a process: in memory while in use, in a folder of bounded size otherwise.

use super::overlay::Overlay;
use crate::live::presence::Presence;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU32},
    time::SystemTime,
};

/// Overlays kept in memory after their last session, so that a returning source costs no read.
const KEEP_IN_MEMORY: usize = 64;
/// Longest file that is read back: the quota, names and metadata.
const MAX_FILE: u64 = 16 << 20;

/// Why overlays could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or listed.
    #[error("open the folder of overlays {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// One overlay cannot be written.
    #[error("write the overlay {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Overlays by node and source. Clone the `Arc` around it, not the store.
pub struct OverlayStore {
    folder: Option<PathBuf>,
    budget: u64,
    open: Mutex<BTreeMap<String, Open>>,
    /// Processes that sessions have started, by node.
    spawned: Mutex<BTreeMap<String, Arc<AtomicU32>>>,
    /// Who is logged in.
    presence: Arc<Presence>,
}

struct Open {
    overlay: Arc<Mutex<Overlay>>,
    used: SystemTime,
}

impl OverlayStore {
    /// A store without a folder: what it holds ends with the process.
    pub fn in_memory() -> OverlayStore {
        OverlayStore {
            folder: None,
            budget: 0,
            open: Mutex::default(),
            spawned: Mutex::default(),
            presence: Arc::default(),
        }
    }

    /// A store in `folder`, made if missing, that keeps at most `budget` bytes there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, budget: u64) -> Result<OverlayStore, StoreError> {
        fs::create_dir_all(folder)
            .map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
        Ok(OverlayStore {
            folder: Some(folder.to_owned()),
            budget,
            open: Mutex::default(),
            spawned: Mutex::default(),
            presence: Arc::default(),
        })
    }

    /// The overlay of `source` on `node`: the same one for all its sessions, whatever the protocol.
    /// A source is one IPv4 address or one IPv6 /64.
    pub fn overlay(&self, node: &str, source: IpAddr) -> Arc<Mutex<Overlay>> {
        let key = key(node, source);
        let mut open = self.open.lock();
        if let Some(found) = open.get_mut(&key) {
            found.used = SystemTime::now();
            return Arc::clone(&found.overlay);
        }
        let overlay = Arc::new(Mutex::new(self.load(&key).unwrap_or_default()));
        open.insert(key, Open { overlay: Arc::clone(&overlay), used: SystemTime::now() });
        overlay
    }

    /// Who is logged in, by [`OverlayStore::key`].
    pub(crate) fn presence(&self) -> Arc<Presence> {
        Arc::clone(&self.presence)
    }

    /// What stands for a source at a node.
    pub(crate) fn key(node: &str, source: IpAddr) -> String {
        key(node, source)
    }

    /// How many processes the sessions of a node have started: one count for all of them, whatever the protocol, so
    /// that process numbers only grow.
    pub(crate) fn spawned(&self, node: &str) -> Arc<AtomicU32> {
        Arc::clone(self.spawned.lock().entry(node.to_owned()).or_default())
    }

    /// Writes every changed overlay and forgets those no session uses. Call it when a session ends and
    /// from time to time; it blocks on the disk.
    ///
    /// # Errors
    /// The first overlay that could not be written; the others are written all the same.
    pub fn save(&self) -> Result<(), StoreError> {
        let mut result = Ok(());
        let changed: Vec<(String, Arc<Mutex<Overlay>>)> = {
            let open = self.open.lock();
            open.iter()
                .filter(|(_, open)| open.overlay.lock().take_dirty())
                .map(|(key, open)| (key.clone(), Arc::clone(&open.overlay)))
                .collect()
        };
        for (key, overlay) in &changed {
            let bytes = overlay.lock().to_bytes();
            if let Err(error) = self.write(key, &bytes) {
                result = Err(error);
            }
        }
        drop(changed);
        self.forget_unused();
        self.shrink().and(result)
    }

    fn load(&self, key: &str) -> Option<Overlay> {
        let path = self.folder.as_ref()?.join(key);
        if fs::metadata(&path).ok()?.len() > MAX_FILE {
            return None;
        }
        Overlay::from_bytes(&fs::read(&path).ok()?)
    }

    fn write(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = folder.join(key);
        let partial = folder.join(format!("{key}.part"));
        let written = fs::File::create(&partial)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&partial, &path));
        written.map_err(|source| StoreError::Write { path, source })
    }

    /// Drops from memory what no session holds; without a folder nothing may be dropped but the oldest.
    fn forget_unused(&self) {
        let mut open = self.open.lock();
        let mut idle: Vec<(SystemTime, String)> = open
            .iter()
            .filter(|(_, open)| Arc::strong_count(&open.overlay) == 1)
            .map(|(key, open)| (open.used, key.clone()))
            .collect();
        idle.sort();
        let excess = idle.len().saturating_sub(KEEP_IN_MEMORY);
        for (_, key) in idle.iter().take(excess) {
            open.remove(key);
        }
    }

    /// Removes the files not used for longest until the folder is within its budget.
    fn shrink(&self) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let failed = |source| StoreError::Folder { path: folder.clone(), source };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(metadata) = entry.metadata() else { continue };
            files.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), entry.path(), metadata.len()));
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, _, length)| length).sum();
        for (_, path, length) in files {
            if total <= self.budget {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                total -= length;
            }
        }
        Ok(())
    }
}

/// File name of an overlay: a hash, so that neither a name nor an address can be anything but hex digits.
fn key(node: &str, source: IpAddr) -> String {
    let source = match source {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => format!("{:x}/64", address.to_bits() >> 64),
        },
    };
    hex::encode(Sha256::digest(format!("{node}\0{source}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{
        node::Meta,
        overlay::{Body, OverlayNode},
    };

    fn fill(overlay: &Mutex<Overlay>, size: usize) {
        let meta = Meta { mode: 0o644, uid: 0, gid: 0, modified: 0, accessed: 0, changed: 0 };
        let node = OverlayNode { meta, body: Body::File(Arc::new(vec![7; size])) };
        overlay.lock().put("/tmp/x", node).unwrap();
    }

    #[test]
    fn a_source_finds_its_changes_again_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("overlays-{}", std::process::id()));
        let source = IpAddr::from([192, 0, 2, 1]);
        let store = OverlayStore::open(&folder, 1 << 20).unwrap();
        fill(&store.overlay("web-01", source), 5);
        store.save().unwrap();
        let again = OverlayStore::open(&folder, 1 << 20).unwrap();
        assert_eq!(again.overlay("web-01", source).lock().bytes(), 5);
        assert_eq!(again.overlay("web-02", source).lock().bytes(), 0);
        for last in 2..60 {
            fill(&again.overlay("web-01", IpAddr::from([192, 0, 2, last])), 100_000);
            again.save().unwrap();
        }
        let total: u64 =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(total <= 1 << 20, "{total}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_ipv6_source_is_its_network() {
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let two: IpAddr = "2001:db8::ffff:2".parse().unwrap();
        let other: IpAddr = "2001:db8:0:1::1".parse().unwrap();
        assert_eq!(key("n", one), key("n", two));
        assert_ne!(key("n", one), key("n", other));
    }
}
