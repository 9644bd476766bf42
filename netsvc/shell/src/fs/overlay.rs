//! What one source changed on one node: a layer over the image, bounded, and its form on disk.

use super::{
    errno::Errno,
    node::{Bytes, Meta},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// Bytes that one overlay holds at most.
pub const MAX_BYTES: u64 = 4 << 20;
/// Nodes that one overlay holds at most.
pub const MAX_INODES: usize = 2_000;
/// Removed names that one overlay remembers at most.
const MAX_GONE: usize = 20_000;
const MAGIC: &[u8] = b"OVL1";

/// An entry of the overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The image's node at this path, and everything below it, was removed.
    Gone,
    /// A node of the overlay.
    Node(OverlayNode),
}

/// A node that the source made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OverlayNode {
    pub(crate) meta: Meta,
    pub(crate) body: Body,
}

/// What a node of the overlay holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    File(Bytes),
    /// Opaque: nothing of the image shows through.
    Directory {
        opaque: bool,
    },
    Symlink(String),
    Fifo,
    /// Kind and content are those of the image's node at this path; only the metadata or the name changed.
    Image(String),
}

/// What the overlay says of a path.
pub(crate) enum Found<'a> {
    Node(&'a OverlayNode),
    Hidden,
    Silent,
}

/// All changes of one source on one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    entries: BTreeMap<String, Entry>,
    bytes: u64,
    inodes: usize,
    gone: usize,
    dirty: bool,
}

impl Overlay {
    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Nodes in use.
    pub fn inodes(&self) -> usize {
        self.inodes
    }

    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there are changes since the last call; clears the mark.
    pub(crate) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    pub(crate) fn find(&self, path: &str) -> Found<'_> {
        match self.entries.get(path) {
            Some(Entry::Node(node)) => return Found::Node(node),
            Some(Entry::Gone) => return Found::Hidden,
            None => {}
        }
        let mut rest = path;
        while let Some((above, _)) = rest.rsplit_once('/') {
            match self.entries.get(if above.is_empty() { "/" } else { above }) {
                Some(
                    Entry::Gone | Entry::Node(OverlayNode { body: Body::Directory { opaque: true }, .. }),
                ) => {
                    return Found::Hidden;
                }
                _ => rest = above,
            }
        }
        Found::Silent
    }

    /// Entries directly in `directory`, by name.
    pub(crate) fn children(&self, directory: &str) -> impl Iterator<Item = (&str, &Entry)> {
        let prefix = if directory == "/" { String::from("/") } else { format!("{directory}/") };
        // What lies below a child is jumped over, so that the work is that of the children.
        let mut next = prefix.clone();
        std::iter::from_fn(move || {
            loop {
                let (path, entry) = self.entries.range(next.clone()..).next()?;
                let name = path.strip_prefix(prefix.as_str())?;
                match name.split_once('/') {
                    Some((child, _)) => next = format!("{prefix}{child}0"),
                    None if name.is_empty() => next = format!("{path}\0"),
                    None => {
                        next = format!("{path}\0");
                        return Some((name, entry));
                    }
                }
            }
        })
    }

    /// Puts a node at `path`, within the quota.
    pub(crate) fn put(&mut self, path: &str, node: OverlayNode) -> Result<(), Errno> {
        let (old_bytes, old_inodes) = self.entries.get(path).map_or((0, 0), weight);
        let entry = Entry::Node(node);
        let (bytes, inodes) = weight(&entry);
        let bytes = (self.bytes - old_bytes).saturating_add(bytes);
        let inodes = self.inodes - old_inodes + inodes;
        if bytes > MAX_BYTES && bytes > self.bytes || inodes > MAX_INODES && inodes > self.inodes {
            return Err(Errno::NoSpace);
        }
        if matches!(self.entries.insert(path.to_owned(), entry), Some(Entry::Gone)) {
            self.gone -= 1;
        }
        (self.bytes, self.inodes, self.dirty) = (bytes, inodes, true);
        Ok(())
    }

    /// Changes the content of a file of the overlay in place. `None`: there is no such file.
    pub(crate) fn edit(
        &mut self,
        path: &str,
        modified: i64,
        change: impl FnOnce(&mut Vec<u8>),
        growth: u64,
    ) -> Option<Result<(), Errno>> {
        let Some(Entry::Node(OverlayNode { meta, body: Body::File(content) })) = self.entries.get_mut(path)
        else {
            return None;
        };
        if growth > 0 && self.bytes.saturating_add(growth) > MAX_BYTES {
            return Some(Err(Errno::NoSpace));
        }
        let before = content.len() as u64;
        change(Arc::make_mut(content));
        self.bytes = (self.bytes - before).saturating_add(content.len() as u64);
        meta.modified = modified;
        meta.changed = modified;
        self.dirty = true;
        Some(Ok(()))
    }

    /// Removes what the overlay has at and below `path`; `hide` says that the image has a node there.
    pub(crate) fn remove(&mut self, path: &str, hide: bool) {
        let prefix = format!("{path}/");
        let below: Vec<String> = self
            .entries
            .range(prefix.clone()..)
            .map_while(|(key, _)| key.starts_with(&prefix).then(|| key.clone()))
            .chain([path.to_owned()])
            .collect();
        for key in below {
            match self.entries.remove(&key) {
                Some(Entry::Gone) => self.gone -= 1,
                Some(entry) => {
                    let (bytes, inodes) = weight(&entry);
                    self.bytes -= bytes;
                    self.inodes -= inodes;
                }
                None => {}
            }
        }
        if hide && self.gone < MAX_GONE {
            self.entries.insert(path.to_owned(), Entry::Gone);
            self.gone += 1;
        }
        self.dirty = true;
    }

    /// The form on disk: entries, then a SHA-256 of what is before it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for (path, entry) in &self.entries {
            put_bytes(&mut out, path.as_bytes());
            match entry {
                Entry::Gone => out.push(0),
                Entry::Node(node) => put_node(&mut out, node),
            }
        }
        let digest = Sha256::digest(&out);
        out.extend_from_slice(&digest);
        out
    }

    /// Reads what [`Overlay::to_bytes`] wrote. `None`: cut, changed or over the quota.
    pub fn from_bytes(bytes: &[u8]) -> Option<Overlay> {
        let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        if Sha256::digest(body).as_slice() != digest {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let mut overlay = Overlay::default();
        while !rest.is_empty() {
            let path = String::from_utf8(take_bytes(&mut rest)?.to_vec()).ok()?;
            match take_node(&mut rest)? {
                Some(node) => overlay.put(&path, node).ok()?,
                None => overlay.remove(&path, true),
            }
        }
        overlay.dirty = false;
        Some(overlay)
    }
}

fn weight(entry: &Entry) -> (u64, usize) {
    match entry {
        Entry::Gone => (0, 0),
        Entry::Node(node) => match &node.body {
            Body::File(content) => (content.len() as u64, 1),
            _ => (0, 1),
        },
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn put_node(out: &mut Vec<u8>, node: &OverlayNode) {
    let (tag, bytes): (u8, &[u8]) = match &node.body {
        Body::File(content) => (1, content),
        Body::Directory { opaque: false } => (2, &[]),
        Body::Directory { opaque: true } => (3, &[]),
        Body::Symlink(target) => (4, target.as_bytes()),
        Body::Image(path) => (5, path.as_bytes()),
        Body::Fifo => (6, &[]),
    };
    out.push(tag);
    for number in [node.meta.mode, node.meta.uid, node.meta.gid] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    for time in [node.meta.modified, node.meta.accessed, node.meta.changed] {
        out.extend_from_slice(&time.to_be_bytes());
    }
    put_bytes(out, bytes);
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    take(rest, usize::try_from(length).ok()?)
}

fn take_node(rest: &mut &[u8]) -> Option<Option<OverlayNode>> {
    let tag = *take(rest, 1)?.first()?;
    if tag == 0 {
        return Some(None);
    }
    let mut numbers = [0_u32; 3];
    for number in &mut numbers {
        *number = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    }
    let mut times = [0_i64; 3];
    for time in &mut times {
        *time = i64::from_be_bytes(take(rest, 8)?.try_into().ok()?);
    }
    let bytes = take_bytes(rest)?.to_vec();
    let body = match tag {
        1 => Body::File(Arc::new(bytes)),
        2 | 3 => Body::Directory { opaque: tag == 3 },
        4 => Body::Symlink(String::from_utf8(bytes).ok()?),
        5 => Body::Image(String::from_utf8(bytes).ok()?),
        6 => Body::Fifo,
        _ => return None,
    };
    let [mode, uid, gid] = numbers;
    let [modified, accessed, changed] = times;
    Some(Some(OverlayNode { meta: Meta { mode, uid, gid, modified, accessed, changed }, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(body: Body) -> OverlayNode {
        OverlayNode { meta: Meta { mode: 0o644, uid: 0, gid: 0, modified: 7, accessed: 8, changed: 9 }, body }
    }

    fn sample() -> Overlay {
        let mut overlay = Overlay::default();
        overlay.put("/tmp/x", node(Body::File(Arc::new(vec![1, 2, 3])))).unwrap();
        overlay.put("/tmp/d", node(Body::Directory { opaque: true })).unwrap();
        overlay.put("/tmp/l", node(Body::Symlink("/etc/passwd".into()))).unwrap();
        overlay.remove("/etc/hosts", true);
        overlay.dirty = false;
        overlay
    }

    #[test]
    fn an_overlay_survives_the_disk() {
        assert_eq!(Overlay::from_bytes(&sample().to_bytes()), Some(sample()));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let bytes = sample().to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Overlay::from_bytes(&damaged), None);
            assert_eq!(Overlay::from_bytes(&bytes[..at]), None);
        }
    }

    #[test]
    fn the_quota_ends_in_no_space() {
        let mut overlay = Overlay::default();
        let big = vec![0; usize::try_from(MAX_BYTES).unwrap()];
        overlay.put("/tmp/a", node(Body::File(Arc::new(big)))).unwrap();
        assert_eq!(overlay.put("/tmp/b", node(Body::File(Arc::new(vec![0])))), Err(Errno::NoSpace));
        assert_eq!(overlay.edit("/tmp/a", 0, |content| content.push(0), 1), Some(Err(Errno::NoSpace)));
        overlay.remove("/tmp/a", false);
        assert_eq!(overlay.bytes(), 0);
        for number in 0..MAX_INODES {
            overlay.put(&format!("/tmp/{number}"), node(Body::Fifo)).unwrap();
        }
        assert_eq!(overlay.put("/tmp/more", node(Body::Fifo)), Err(Errno::NoSpace));
    }

    #[test]
    fn what_is_below_a_removed_directory_is_hidden() {
        let overlay = sample();
        assert!(matches!(overlay.find("/etc/hosts/x"), Found::Hidden));
        assert!(matches!(overlay.find("/tmp/d/x"), Found::Hidden));
        assert!(matches!(overlay.find("/usr"), Found::Silent));
        assert_eq!(overlay.children("/tmp").map(|(name, _)| name).collect::<Vec<_>>(), ["d", "l", "x"]);
    }
}
