//! An open file: what it holds, and what was written to it.

use super::{status::Status, tree::Tree, volume::Content, wire::Put};
use netsvc_kit::{Charge, Out};
use netsvc_wire::{Kind as Event, field};

/// Longest file that is written.
const LONGEST: u64 = 16 << 20;
/// An open file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// What it holds; none: nobody has asked.
    content: Option<Content>,
    /// What it holds since it was written to.
    pub(super) written: Option<Vec<u8>>,
    charge: Charge,
    /// Whether there is something to keep.
    dirty: bool,
    /// Whether it was told that it is read.
    pub(super) told: bool,
}

impl File {
    /// Its size, as far as it differs from that on the disk.
    pub(super) fn size(&self) -> Option<u64> {
        self.written.as_ref().map(|written| written.len() as u64)
    }

    pub(super) fn load(&mut self, tree: &mut Tree, path: &str) -> Result<&Content, Status> {
        if self.content.is_none() {
            let volume = tree.volume.as_deref_mut().ok_or(Status::INVALID_DEVICE_REQUEST)?;
            let content = volume.read(path)?;
            if let Content::Bytes(bytes) = &content {
                self.charge.set(bytes.len());
            }
            self.content = Some(content);
        }
        self.content.as_ref().ok_or(Status::INVALID_DEVICE_REQUEST)
    }

    /// Makes it so many bytes long, where it can be written.
    pub(super) fn resize(&mut self, tree: &mut Tree, path: &str, size: u64) -> Result<&mut Vec<u8>, Status> {
        let room = tree.volume.as_ref().map_or(0, |volume| volume.room().1);
        if LONGEST < size || self.size().unwrap_or(0) < size && room < size {
            return Err(Status::DISK_FULL);
        }
        let size = usize::try_from(size).map_err(|_| Status::DISK_FULL)?;
        if self.written.is_none() {
            // What is longer than may be written is not read for it.
            let most = usize::try_from(LONGEST).unwrap_or(0);
            let content = self.load(tree, path)?.read(0, most);
            self.written = Some(content);
            self.content = None;
        }
        let written = self.written.get_or_insert_default();
        written.resize(size, 0);
        self.charge.set(written.capacity());
        self.dirty = true;
        Ok(written)
    }

    /// Writes `data` at `offset`.
    pub(super) fn put(
        &mut self,
        tree: &mut Tree,
        path: &str,
        offset: u64,
        data: &[u8],
    ) -> Result<(), Status> {
        let end = offset.checked_add(data.len() as u64).ok_or(Status::DISK_FULL)?;
        let old = match self.size() {
            Some(size) => size,
            None => self.load(tree, path)?.len(),
        };
        let written = self.resize(tree, path, end.max(old))?;
        let place = usize::try_from(offset).map_err(|_| Status::DISK_FULL)?;
        written.patch(place, data);
        Ok(())
    }

    /// Keeps what was written, as the file and as evidence.
    pub(super) fn keep(mut self, tree: &mut Tree, path: &str, out: &mut Out) -> Result<(), Status> {
        self.settle(tree, path, out)
    }

    pub(super) fn settle(&mut self, tree: &mut Tree, path: &str, out: &mut Out) -> Result<(), Status> {
        let Some(written) = self.written.as_ref().filter(|_| self.dirty) else { return Ok(()) };
        self.dirty = false;
        let status = match tree.volume.as_deref_mut() {
            Some(volume) => volume.write(path, written),
            None => Ok(()),
        };
        let shown = shown(tree, path);
        let fields = vec![
            (field::PATH, shown.into_bytes()),
            (field::ORIGIN, b"upload".to_vec()),
            (field::STATUS, status.err().unwrap_or(Status::SUCCESS).name().into_bytes()),
        ];
        out.capture(Event::FileCaptured, fields, written.clone());
        status
    }
}

/// A path of the volume as peers write it.
pub(super) fn shown(tree: &Tree, path: &str) -> String {
    let inner = path.strip_prefix(tree.share.root.as_str()).unwrap_or(path).trim_start_matches('/');
    format!("\\{}\\{}", tree.share.name, inner.replace('/', "\\"))
}
