//! Changing the tree: making, removing, moving and marking nodes, and reporting what was written.

use super::{
    errno::Errno,
    node::{Kind, Meta, join, name, parent},
    opened::OpenOptions,
    overlay::{Body, Found, OverlayNode},
    session::{Fs, Pending, View, ViewBody},
};
use crate::event::{Origin, ShellEvent};
use std::sync::Arc;

impl Fs {
    /// Makes or empties the file at `path` and writes `bytes` into it.
    ///
    /// # Errors
    /// As `open(2)` and `write(2)`. With `NoSpace` the file exists and is empty.
    pub fn write_file(&mut self, path: &str, bytes: &[u8], mode: u32) -> Result<(), Errno> {
        let handle = self.open(path, OpenOptions::write_new(), mode)?;
        let written = self.write_at(handle, 0, bytes);
        self.close(handle)?;
        written
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As `mkdir(2)`.
    pub fn mkdir(&mut self, path: &str, mode: u32) -> Result<(), Errno> {
        let path = self.vacant(path)?;
        let meta = self.new_meta(&path, mode)?;
        self.add(&path, meta, Body::Directory { opaque: true })
    }

    /// Makes a symbolic link at `path` that points to `target`.
    ///
    /// # Errors
    /// As `symlink(2)`.
    pub fn symlink(&mut self, target: &str, path: &str) -> Result<(), Errno> {
        let path = self.vacant(path)?;
        let meta = Meta { mode: 0o777, ..self.new_meta(&path, 0o777)? };
        self.add(&path, meta, Body::Symlink(target.to_owned()))
    }

    /// Makes a named pipe.
    ///
    /// # Errors
    /// As `mkfifo(3)`.
    pub fn mkfifo(&mut self, path: &str, mode: u32) -> Result<(), Errno> {
        let path = self.vacant(path)?;
        let meta = self.new_meta(&path, mode)?;
        self.add(&path, meta, Body::Fifo)
    }

    /// Gives the file at `from` a second name. The two do not share later changes.
    ///
    /// # Errors
    /// As `link(2)`.
    pub fn link(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let from = self.resolve(from, false)?;
        let view = self.view(&from).ok_or(Errno::NotFound)?;
        if view.kind == Kind::Directory {
            return Err(Errno::NotPermitted);
        }
        let to = self.vacant(to)?;
        self.new_meta(&to, 0)?;
        let (meta, body) = take_over(view);
        self.add(&to, meta, body)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// As `rmdir(2)`.
    pub fn rmdir(&mut self, path: &str) -> Result<(), Errno> {
        let path = self.resolve(path, false)?;
        let view = self.view(&path).ok_or(Errno::NotFound)?;
        if view.kind != Kind::Directory {
            return Err(Errno::NotDirectory);
        }
        if path == "/" || is_mount(&path) {
            return Err(Errno::Busy);
        }
        if !self.names(&path).is_empty() {
            return Err(Errno::NotEmpty);
        }
        self.remove(&path, &view.meta)
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// As `unlink(2)`.
    pub fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        let path = self.resolve(path, false)?;
        let view = self.view(&path).ok_or(Errno::NotFound)?;
        if view.kind == Kind::Directory {
            return Err(Errno::IsDirectory);
        }
        self.report(&path);
        self.remove(&path, &view.meta)
    }

    /// Moves `from` to `to`, replacing a file or an empty directory there.
    ///
    /// # Errors
    /// As `rename(2)`.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let from = self.resolve(from, false)?;
        let to = self.resolve(to, false)?;
        let view = self.view(&from).ok_or(Errno::NotFound)?;
        if from == to {
            return Ok(());
        }
        if to.strip_prefix(&from).is_some_and(|rest| rest.starts_with('/')) {
            return Err(Errno::Invalid);
        }
        self.removable(&from, &view.meta)?;
        self.new_meta(&to, 0)?;
        if let Some(old) = self.view(&to) {
            match (view.kind == Kind::Directory, old.kind == Kind::Directory) {
                (true, false) => return Err(Errno::NotDirectory),
                (false, true) => return Err(Errno::IsDirectory),
                (true, true) if !self.names(&to).is_empty() => return Err(Errno::NotEmpty),
                _ => self.removable(&to, &old.meta)?,
            }
            self.report(&to);
        }
        self.transfer(&from, &to)?;
        let hide = self.image.get(&from).is_some();
        self.overlay.lock().remove(&from, hide);
        self.touch_parent(&from);
        self.touch_parent(&to);
        if let Some(pending) = self.pending.remove(&from) {
            self.pending.insert(to, pending);
        }
        Ok(())
    }

    /// Puts what is visible at and below `from` at `to`, breadth first.
    fn transfer(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let mut queue = vec![(from.to_owned(), to.to_owned())];
        while let Some((from, to)) = queue.pop() {
            let view = self.view(&from).ok_or(Errno::NotFound)?;
            let names = if view.kind == Kind::Directory { self.names(&from) } else { Default::default() };
            let (meta, body) = take_over(view);
            self.overlay.lock().remove(&to, false);
            self.put(&to, meta, body)?;
            queue.extend(names.iter().map(|name| (join(&from, name), join(&to, name))));
        }
        Ok(())
    }

    /// Sets permission bits.
    ///
    /// # Errors
    /// As `chmod(2)`.
    pub fn chmod(&mut self, path: &str, mode: u32) -> Result<(), Errno> {
        self.mark(path, true, |meta, who| {
            if who != 0 && who != meta.uid {
                return Err(Errno::NotPermitted);
            }
            meta.mode = mode & 0o7777;
            Ok(())
        })
    }

    /// Sets owner and group; `None` leaves them.
    ///
    /// # Errors
    /// As `chown(2)`.
    pub fn chown(
        &mut self,
        path: &str,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    ) -> Result<(), Errno> {
        self.mark(path, follow, |meta, who| {
            if who != 0 && (uid.is_some_and(|uid| uid != meta.uid) || who != meta.uid) {
                return Err(Errno::NotPermitted);
            }
            meta.uid = uid.unwrap_or(meta.uid);
            meta.gid = gid.unwrap_or(meta.gid);
            Ok(())
        })
    }

    /// Sets the times of access and modification, µs since the epoch.
    ///
    /// # Errors
    /// As `utimensat(2)`.
    pub fn utimes(&mut self, path: &str, accessed: i64, modified: i64) -> Result<(), Errno> {
        self.mark(path, true, |meta, who| {
            if who != 0 && who != meta.uid {
                return Err(Errno::NotPermitted);
            }
            (meta.accessed, meta.modified) = (accessed, modified);
            Ok(())
        })
    }

    /// Cuts or extends a file.
    ///
    /// # Errors
    /// As `truncate(2)`.
    pub fn truncate(&mut self, path: &str, size: u64) -> Result<(), Errno> {
        let options = OpenOptions { write: true, ..OpenOptions::default() };
        let handle = self.open(path, options, 0)?;
        let path = self.handle_path(handle).unwrap_or("/").to_owned();
        let now = self.live.now();
        let old = self.stat_at(&path).map_or(0, |stat| stat.size);
        let result = if size > super::MAX_BYTES {
            Err(Errno::NoSpace)
        } else {
            let length = usize::try_from(size).unwrap_or(0);
            let mut overlay = self.overlay.lock();
            overlay
                .edit(&path, now, |content| content.resize(length, 0), size.saturating_sub(old))
                .unwrap_or(Ok(()))
        };
        self.pending.insert(path, Pending { origin: self.origin, appended: false, fresh: true });
        self.close(handle)?;
        result
    }

    /// Says where what is written from now on comes from.
    pub fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// Everything written since the last call, as [`ShellEvent::FileCaptured`], and what was read.
    /// File transfer servers call it after each close; the shell does so itself.
    pub fn take_events(&mut self) -> Vec<ShellEvent> {
        let paths: Vec<String> = self.pending.keys().cloned().collect();
        for path in paths {
            self.report(&path);
        }
        std::mem::take(&mut self.events)
    }

    /// As [`Fs::take_events`], but keeps back files that are still being appended to line by line.
    pub(crate) fn settle_events(&mut self) -> Vec<ShellEvent> {
        let due: Vec<String> = self
            .pending
            .iter()
            .filter(|(_, pending)| !(pending.appended && pending.fresh))
            .map(|(path, _)| path.clone())
            .collect();
        for path in due {
            self.report(&path);
        }
        for pending in self.pending.values_mut() {
            pending.fresh = false;
        }
        std::mem::take(&mut self.events)
    }

    /// Turns a pending file into its event now.
    pub(crate) fn report(&mut self, path: &str) {
        let Some(pending) = self.pending.remove(path) else { return };
        let Some(View { body: ViewBody::File(content), .. }) = self.view(path) else { return };
        if !content.is_empty() {
            let content = Arc::from(content.as_slice());
            self.events.push(ShellEvent::FileCaptured {
                path: path.to_owned(),
                content,
                origin: pending.origin,
            });
        }
    }

    fn vacant(&self, path: &str) -> Result<String, Errno> {
        let trimmed = path.trim_end_matches('/');
        let path = self.resolve(if trimmed.is_empty() { path } else { trimmed }, false)?;
        if self.view(&path).is_some() { Err(Errno::Exists) } else { Ok(path) }
    }

    fn put(&mut self, path: &str, meta: Meta, body: Body) -> Result<(), Errno> {
        self.overlay.lock().put(path, OverlayNode { meta, body })
    }

    /// Puts a node that was not there.
    pub(super) fn add(&mut self, path: &str, meta: Meta, body: Body) -> Result<(), Errno> {
        self.put(path, meta, body)?;
        self.touch_parent(path);
        Ok(())
    }

    /// Notes in the directory of `path` that its entries have changed.
    fn touch_parent(&mut self, path: &str) {
        let directory = parent(path);
        let Some(view) = self.view(directory) else { return };
        let now = self.live.now();
        let meta = Meta { modified: now, changed: now, ..view.meta };
        let body = Body::Directory { opaque: self.is_opaque(directory) };
        // At the quota the directory keeps its old time: the change itself was within it.
        let _ = self.put(directory, meta, body);
    }

    /// Whether the image has no say in what is in `directory`.
    fn is_opaque(&self, directory: &str) -> bool {
        let overlay = self.overlay.lock();
        matches!(
            overlay.find(directory),
            Found::Node(OverlayNode { body: Body::Directory { opaque: true }, .. })
        )
    }

    fn removable(&self, path: &str, meta: &Meta) -> Result<(), Errno> {
        let directory = self.view(parent(path)).ok_or(Errno::NotFound)?;
        self.allow(&directory.meta, 3, true)?;
        let uid = self.credentials.uid;
        if directory.meta.mode & 0o1000 != 0 && uid != 0 && uid != meta.uid && uid != directory.meta.uid {
            return Err(Errno::NotPermitted);
        }
        if path.starts_with("/proc/") || path.starts_with("/sys/") {
            return Err(Errno::NotPermitted);
        }
        if path == "/" || is_mount(path) { Err(Errno::Busy) } else { Ok(()) }
    }

    fn remove(&mut self, path: &str, meta: &Meta) -> Result<(), Errno> {
        self.removable(path, meta)?;
        let hide = self.image.get(path).is_some();
        self.overlay.lock().remove(path, hide);
        self.touch_parent(path);
        Ok(())
    }

    fn mark(
        &mut self,
        path: &str,
        follow: bool,
        change: impl FnOnce(&mut Meta, u32) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let path = self.resolve(path, follow)?;
        let view = self.view(&path).ok_or(Errno::NotFound)?;
        if path.starts_with("/proc/") || path.starts_with("/sys/") {
            return Err(Errno::NotPermitted);
        }
        let (mut meta, mut body) = take_over(view);
        change(&mut meta, self.credentials.uid)?;
        meta.changed = self.live.now();
        if let Body::Directory { opaque } = &mut body {
            *opaque = self.is_opaque(&path);
        }
        self.put(&path, meta, body)
    }
}

/// An overlay node that looks like `view`.
fn take_over(view: View) -> (Meta, Body) {
    let body = match (view.kind, view.body) {
        (Kind::Directory, _) => Body::Directory { opaque: true },
        (_, ViewBody::File(content)) => Body::File(content),
        (_, ViewBody::Link(target)) => Body::Symlink(target),
        (_, ViewBody::Image(origin, _)) => Body::Image(origin),
        (_, ViewBody::Nothing) => Body::Fifo,
    };
    (view.meta, body)
}

fn is_mount(path: &str) -> bool {
    ["/proc", "/sys", "/dev", "/run", "/boot", "/dev/shm", "/dev/pts"].contains(&path)
        && !name(path).is_empty()
}
