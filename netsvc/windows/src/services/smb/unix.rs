//! The files of a node with a shell, as its users see them there too.

use super::{
    status::Status,
    volume::{Content, Marks, Meta, Volume, attribute, join, parted},
};
use netsvc_daemon::account;
use netsvc_kit::{Host, Link};
use netsvc_shell::{
    Origin,
    fs::{Credentials, Errno, Fs, Kind, OpenOptions, Stat},
    text,
};
use std::sync::Arc;

/// Number of the account that guests have (`nobody`).
const NOBODY: u32 = 65_534;
/// Longest file that is read.
const LONGEST: usize = 64 << 20;

/// The files as one login sees them. Names of the shell have a character for each byte, those of peers are Unicode.
pub(super) struct Files {
    fs: Fs,
    host: Arc<Host>,
    writes: bool,
}

impl Files {
    /// Those that `user` sees; none: a guest.
    pub(super) fn new(host: &Arc<Host>, link: &Link, user: Option<&str>, writes: bool) -> Files {
        let shell = account::shell(host);
        let mut fs = shell.fs(user.unwrap_or("nobody"), link.source(), account::facts(host, link, None));
        fs.set_origin(Origin::Upload);
        fs.umask = 0o022;
        if user.is_none() {
            fs.credentials = Credentials { uid: NOBODY, gid: NOBODY, groups: Vec::new() };
        }
        Files { fs, host: host.clone(), writes }
    }

    /// The folder of the user.
    pub(super) fn home(&self) -> String {
        shown(self.fs.cwd())
    }

    fn meta(&self, path: &str, stat: &Stat) -> Meta {
        let directory = stat.kind == Kind::Directory;
        let hidden = if parted(path).1.starts_with('.') { attribute::HIDDEN } else { 0 };
        // Samba keeps the archive bit in the right to execute of the owner (`map archive`).
        let kind = match (directory, stat.meta.mode & 0o100 != 0) {
            (true, _) => attribute::DIRECTORY,
            (false, true) => attribute::ARCHIVE,
            (false, false) if hidden != 0 => 0,
            (false, false) => attribute::NORMAL,
        };
        let lowest = stat.meta.modified.min(stat.meta.accessed);
        Meta {
            directory,
            size: if directory { 0 } else { stat.size },
            created: lowest,
            accessed: stat.meta.accessed,
            written: stat.meta.modified,
            changed: stat.meta.modified,
            attributes: kind | hidden,
            id: super::entry::number(self.host.persona(), path),
        }
    }

    /// Runs `act`. What it led to is told by the server, which knows more of it.
    fn act<T>(&mut self, act: impl FnOnce(&mut Fs) -> Result<T, Errno>) -> Result<T, Status> {
        if !self.writes {
            return Err(Status::ACCESS_DENIED);
        }
        let done = act(&mut self.fs);
        drop(self.fs.take_events());
        done.map_err(status)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        account::save(&self.host);
    }
}

/// A peer's text as that of the shell, and back.
fn inner(path: &str) -> String {
    text::decode(path.as_bytes())
}

fn shown(path: &str) -> String {
    String::from_utf8_lossy(&text::encode(path)).into_owned()
}

fn status(errno: Errno) -> Status {
    match errno {
        Errno::NotFound | Errno::Loop => Status::OBJECT_NAME_NOT_FOUND,
        Errno::NameTooLong => Status::OBJECT_NAME_INVALID,
        Errno::NotDirectory => Status::NOT_A_DIRECTORY,
        Errno::IsDirectory => Status::FILE_IS_A_DIRECTORY,
        Errno::Exists => Status::OBJECT_NAME_COLLISION,
        Errno::NotEmpty => Status::DIRECTORY_NOT_EMPTY,
        Errno::NoSpace | Errno::TooBig => Status::DISK_FULL,
        _ => Status::ACCESS_DENIED,
    }
}

impl Volume for Files {
    fn stat(&self, path: &str) -> Result<Meta, Status> {
        let stat = self.fs.stat(&inner(path)).map_err(status)?;
        Ok(self.meta(path, &stat))
    }

    fn find(&self, folder: &str, name: &str) -> Option<String> {
        if self.fs.exists(&inner(&join(folder, name))) {
            return Some(name.to_owned());
        }
        let low = name.to_lowercase();
        let names = self.fs.readdir(&inner(folder)).ok()?;
        names.iter().map(|name| shown(name)).find(|name| name.to_lowercase() == low)
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Meta)>, Status> {
        let names = self.fs.readdir(&inner(path)).map_err(status)?;
        let entry = |name: &String| {
            let name = shown(name);
            // A link that leads nowhere is not shown.
            let meta = self.stat(&join(path, &name)).ok()?;
            Some((name, meta))
        };
        Ok(names.iter().filter_map(entry).collect())
    }

    fn read(&mut self, path: &str) -> Result<Content, Status> {
        let path = inner(path);
        let fs = &mut self.fs;
        let handle = fs.open(&path, OpenOptions::read(), 0).map_err(status)?;
        let content = fs.read_at(handle, 0, LONGEST);
        let closed = fs.close(handle);
        drop(fs.take_events());
        closed.map_err(status)?;
        Ok(Content::Bytes(content.map_err(status)?.into()))
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), Status> {
        let path = inner(path);
        self.act(|fs| fs.write_file(&path, content, 0o744))
    }

    fn make_directory(&mut self, path: &str) -> Result<(), Status> {
        let path = inner(path);
        self.act(|fs| fs.mkdir(&path, 0o755))
    }

    fn remove(&mut self, path: &str) -> Result<(), Status> {
        let path = inner(path);
        self.act(|fs| if fs.is_directory(&path) { fs.rmdir(&path) } else { fs.unlink(&path) })
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Status> {
        let (from, to) = (inner(from), inner(to));
        self.act(|fs| fs.rename(&from, &to))
    }

    fn mark(&mut self, path: &str, marks: Marks) -> Result<(), Status> {
        let path = inner(path);
        self.act(|fs| {
            let now = fs.stat(&path)?.meta;
            let (accessed, written) = (marks.accessed, marks.written);
            fs.utimes(&path, accessed.unwrap_or(now.accessed), written.unwrap_or(now.modified))
        })
    }

    fn may_write(&self, path: &str) -> bool {
        self.writes && self.fs.access(&inner(path), 2).is_ok()
    }

    fn room(&self) -> (u64, u64) {
        (self.host.persona().hardware.disk_kib * 1024, self.fs.free().0)
    }
}
