//! Open files: reading and writing at offsets.

use super::{
    errno::Errno,
    image::{Content, ImageNode},
    node::{Kind, Meta, Stat, parent},
    opened::{Handle, OpenOptions, Target},
    overlay::{Body, OverlayNode},
    session::{Fs, Pending, View, ViewBody},
};
use std::sync::Arc;

/// Handles that one login may have open.
const MAX_HANDLES: usize = 256;

impl Fs {
    /// Opens a file and gives its handle. `mode` is that of a new file, before the umask.
    ///
    /// # Errors
    /// As `open(2)`.
    pub fn open(&mut self, path: &str, options: OpenOptions, mode: u32) -> Result<u32, Errno> {
        if self.handles.len() >= MAX_HANDLES {
            return Err(Errno::TooManyOpen);
        }
        let trailing = path.ends_with('/');
        let path = self.resolve(path, true)?;
        let target = match self.view(&path) {
            None if options.create && trailing => return Err(Errno::IsDirectory),
            None if options.create => {
                self.create_file(&path, mode)?;
                Target::Overlay
            }
            None => return Err(Errno::NotFound),
            Some(_) if options.create && options.exclusive => return Err(Errno::Exists),
            Some(view) => self.open_existing(&path, view, options)?,
        };
        let mut number = 3;
        while self.handles.contains_key(&number) {
            number += 1;
        }
        let written = options.truncate && options.write && matches!(target, Target::Overlay);
        self.handles.insert(number, Handle { path, options, written, target });
        Ok(number)
    }

    fn open_existing(&mut self, path: &str, view: View, options: OpenOptions) -> Result<Target, Errno> {
        if view.kind == Kind::Directory {
            return Err(Errno::IsDirectory);
        }
        let wanted = u32::from(options.read) * 4 + u32::from(options.write) * 2;
        self.allow(&view.meta, wanted, false)?;
        if !options.write {
            return Ok(match view.body {
                ViewBody::File(_) => Target::Overlay,
                _ => Target::Fixed(self.read_file(path)?),
            });
        }
        let volatile = path.starts_with("/proc/") || path.starts_with("/sys/");
        match &view.body {
            ViewBody::Image(_, ImageNode { content: Content::Device(1, 7), .. }) => return Ok(Target::Full),
            ViewBody::Image(_, ImageNode { content: Content::Device(..), .. }) => return Ok(Target::Sink),
            _ if volatile => return Ok(Target::Sink),
            _ => {}
        }
        let meta = Meta { modified: self.live.now(), changed: self.live.now(), ..view.meta };
        if options.truncate {
            self.overlay.lock().put(path, OverlayNode { meta, body: Body::File(Arc::default()) })?;
        } else if !matches!(view.body, ViewBody::File(_)) {
            let content = self.content(view)?;
            self.overlay.lock().put(path, OverlayNode { meta, body: Body::File(content) })?;
        }
        Ok(Target::Overlay)
    }

    fn create_file(&mut self, path: &str, mode: u32) -> Result<(), Errno> {
        let meta = self.new_meta(path, mode)?;
        self.add(path, meta, Body::File(Arc::default()))
    }

    /// Metadata for a new node at `path`, if its directory may be written.
    pub(super) fn new_meta(&self, path: &str, mode: u32) -> Result<Meta, Errno> {
        let directory = self.view(parent(path)).ok_or(Errno::NotFound)?;
        self.allow(&directory.meta, 3, true)?;
        if path.starts_with("/proc/") {
            return Err(Errno::NotFound);
        }
        if path.starts_with("/sys/") {
            return Err(Errno::NotPermitted);
        }
        let now = self.live.now();
        let gid = if directory.meta.mode & 0o2000 != 0 { directory.meta.gid } else { self.credentials.gid };
        let mode = mode & !self.umask & 0o7777;
        Ok(Meta { mode, uid: self.credentials.uid, gid, modified: now, accessed: now, changed: now })
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    ///
    /// # Errors
    /// `BadDescriptor`.
    pub fn read_at(&self, handle: u32, offset: u64, count: usize) -> Result<Vec<u8>, Errno> {
        let open = self.handles.get(&handle).filter(|open| open.options.read).ok_or(Errno::BadDescriptor)?;
        let content = match &open.target {
            Target::Fixed(content) => Arc::clone(content),
            Target::Sink => return Ok(Vec::new()),
            Target::Full => return Ok(vec![0; count.min(1 << 20)]),
            Target::Overlay => match self.view(&open.path).map(|view| view.body) {
                Some(ViewBody::File(content)) => content,
                _ => return Ok(Vec::new()),
            },
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        Ok(content.iter().skip(start).take(count).copied().collect())
    }

    /// Writes `bytes` at `offset`, or at the end of a file opened to append. A gap is filled with zeroes.
    ///
    /// # Errors
    /// `BadDescriptor`, `NoSpace`, `TooBig`.
    pub fn write_at(&mut self, handle: u32, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let now = self.live.now();
        let open =
            self.handles.get_mut(&handle).filter(|open| open.options.write).ok_or(Errno::BadDescriptor)?;
        match open.target {
            Target::Sink => return Ok(()),
            Target::Full => return Err(Errno::NoSpace),
            Target::Fixed(_) => return Err(Errno::BadDescriptor),
            Target::Overlay => {}
        }
        let mut overlay = self.overlay.lock();
        let length = match overlay.find(&open.path) {
            super::overlay::Found::Node(OverlayNode { body: Body::File(content), .. }) => content.len(),
            // The name is gone: what is written goes nowhere, as with an unlinked file.
            _ => return Ok(()),
        };
        let start = if open.options.append { length } else { usize::try_from(offset).unwrap_or(usize::MAX) };
        let end = start.checked_add(bytes.len()).ok_or(Errno::TooBig)?;
        let growth = end.saturating_sub(length) as u64;
        if growth > super::MAX_BYTES {
            return Err(Errno::NoSpace);
        }
        open.written = true;
        let change = |content: &mut Vec<u8>| {
            if content.len() < end {
                content.resize(end, 0);
            }
            for (place, byte) in content.iter_mut().skip(start).zip(bytes) {
                *place = *byte;
            }
        };
        overlay.edit(&open.path, now, change, growth).unwrap_or(Ok(()))
    }

    /// Length of an open file.
    ///
    /// # Errors
    /// `BadDescriptor`.
    pub fn stat_handle(&self, handle: u32) -> Result<Stat, Errno> {
        let open = self.handles.get(&handle).ok_or(Errno::BadDescriptor)?;
        self.stat_at(&open.path)
    }

    /// Path that a handle was opened with, absolute.
    pub fn handle_path(&self, handle: u32) -> Option<&str> {
        self.handles.get(&handle).map(|open| open.path.as_str())
    }

    /// Closes a handle. What was written becomes a capture, see [`Fs::take_events`].
    ///
    /// # Errors
    /// `BadDescriptor`.
    pub fn close(&mut self, handle: u32) -> Result<(), Errno> {
        let open = self.handles.remove(&handle).ok_or(Errno::BadDescriptor)?;
        if open.written {
            let appended = open.options.append;
            self.pending.insert(open.path, Pending { origin: self.origin, appended, fresh: true });
        }
        Ok(())
    }
}
