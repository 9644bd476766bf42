//! The node's files as SFTP and SCP see them.

use netsvc_kit::{Host, Link};
use netsvc_shell::{
    Origin,
    fs::{Errno, Fs, Stat},
    text::{decode, encode},
};
use netsvc_ssh::files::{Changes, Entry, File, FileError, FileSystem, Metadata, OpenOptions, Statistics};
use parking_lot::Mutex;
use std::sync::Arc;

/// Block size of the node's file system.
const BLOCK: u64 = 4096;

/// Files of one login.
pub(super) struct Files {
    fs: Arc<Mutex<Fs>>,
    home: Vec<u8>,
    host: Arc<Host>,
    link: Link,
}

/// An open file; closing it reports what was written.
struct Open {
    fs: Arc<Mutex<Fs>>,
    handle: u32,
    host: Arc<Host>,
    link: Link,
}

impl Files {
    /// The files that `user` sees over `link`.
    pub(super) fn new(host: &Arc<Host>, link: &Link, user: &str) -> Self {
        let shell = crate::account::shell(host);
        let mut fs = shell.fs(user, link.source(), crate::account::facts(host, link, None));
        fs.set_origin(Origin::Upload);
        Files { home: encode(fs.cwd()), fs: Arc::new(Mutex::new(fs)), host: host.clone(), link: *link }
    }

    /// Runs a change and reports what it led to.
    fn change<T>(&self, act: impl FnOnce(&mut Fs) -> Result<T, Errno>) -> Result<T, FileError> {
        let mut fs = self.fs.lock();
        let done = act(&mut fs);
        let events = fs.take_events();
        drop(fs);
        crate::account::record(&self.host, &self.link, events);
        done.map_err(error)
    }
}

fn error(errno: Errno) -> FileError {
    match errno {
        Errno::NotFound => FileError::NotFound,
        Errno::NotDirectory => FileError::NotDirectory,
        Errno::IsDirectory => FileError::IsDirectory,
        Errno::Access => FileError::Denied,
        Errno::NotPermitted => FileError::NotPermitted,
        Errno::Exists => FileError::Exists,
        Errno::NotEmpty => FileError::NotEmpty,
        Errno::NoSpace | Errno::TooBig => FileError::NoSpace,
        Errno::ReadOnly => FileError::ReadOnly,
        Errno::NameTooLong => FileError::NameTooLong,
        Errno::Loop => FileError::Loop,
        Errno::Busy => FileError::Busy,
        Errno::Invalid => FileError::Invalid,
        _ => FileError::Failed,
    }
}

fn metadata(stat: &Stat) -> Metadata {
    Metadata {
        mode: stat.mode(),
        uid: stat.meta.uid,
        gid: stat.meta.gid,
        size: stat.size,
        accessed: stat.meta.accessed / 1_000_000,
        modified: stat.meta.modified / 1_000_000,
        links: stat.links,
    }
}

fn apply(fs: &mut Fs, path: &str, changes: &Changes, follow: bool) -> Result<(), Errno> {
    if let Some(size) = changes.size {
        fs.truncate(path, size)?;
    }
    if let Some((uid, gid)) = changes.owner {
        fs.chown(path, Some(uid), Some(gid), follow)?;
    }
    if let Some(mode) = changes.permissions {
        fs.chmod(path, mode)?;
    }
    if let Some((accessed, modified)) = changes.times {
        fs.utimes(path, accessed.saturating_mul(1_000_000), modified.saturating_mul(1_000_000))?;
    }
    Ok(())
}

impl FileSystem for Files {
    fn home(&self) -> Vec<u8> {
        self.home.clone()
    }

    fn canonical(&self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        self.fs.lock().resolve(&decode(path), true).map(|path| encode(&path)).map_err(error)
    }

    fn metadata(&self, path: &[u8], follow: bool) -> Result<Metadata, FileError> {
        let fs = self.fs.lock();
        let stat = if follow { fs.stat(&decode(path)) } else { fs.lstat(&decode(path)) };
        stat.map(|stat| metadata(&stat)).map_err(error)
    }

    fn open(&self, path: &[u8], options: OpenOptions) -> Result<Box<dyn File>, FileError> {
        let wanted = netsvc_shell::fs::OpenOptions {
            read: options.read,
            write: options.write,
            append: options.append,
            create: options.create,
            exclusive: options.exclusive,
            truncate: options.truncate,
        };
        let handle = self.change(|fs| fs.open(&decode(path), wanted, options.permissions))?;
        if options.read && !options.write {
            let fields = vec![(netsvc_wire::field::PATH, path.to_vec())];
            self.host.record(&self.link, netsvc_wire::Kind::FileRead, fields);
        }
        Ok(Box::new(Open { fs: self.fs.clone(), handle, host: self.host.clone(), link: self.link }))
    }

    fn list(&self, path: &[u8]) -> Result<Vec<Entry>, FileError> {
        let fs = self.fs.lock();
        let folder = decode(path);
        let mut names = vec![".".to_owned(), "..".to_owned()];
        names.extend(fs.readdir(&folder).map_err(error)?);
        let entry = |name: String| {
            let stat = fs.lstat(&format!("{folder}/{name}")).ok()?;
            Some(Entry { name: encode(&name), metadata: metadata(&stat) })
        };
        Ok(names.into_iter().filter_map(entry).collect())
    }

    fn remove_file(&self, path: &[u8]) -> Result<(), FileError> {
        self.change(|fs| fs.unlink(&decode(path)))
    }

    fn remove_directory(&self, path: &[u8]) -> Result<(), FileError> {
        self.change(|fs| fs.rmdir(&decode(path)))
    }

    fn make_directory(&self, path: &[u8], permissions: u32) -> Result<(), FileError> {
        self.change(|fs| fs.mkdir(&decode(path), permissions))
    }

    fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), FileError> {
        self.change(|fs| fs.rename(&decode(from), &decode(to)))
    }

    fn hard_link(&self, original: &[u8], link: &[u8]) -> Result<(), FileError> {
        self.change(|fs| fs.link(&decode(original), &decode(link)))
    }

    fn symbolic_link(&self, target: &[u8], link: &[u8]) -> Result<(), FileError> {
        self.change(|fs| fs.symlink(&decode(target), &decode(link)))
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        self.fs.lock().readlink(&decode(path)).map(|target| encode(&target)).map_err(error)
    }

    fn change(&self, path: &[u8], changes: &Changes, follow: bool) -> Result<(), FileError> {
        Files::change(self, |fs| apply(fs, &decode(path), changes, follow))
    }

    fn statistics(&self, _path: &[u8]) -> Result<Statistics, FileError> {
        let blocks = self.host.persona().hardware.disk_kib * 1024 / BLOCK;
        // What is installed takes a fifth to a half of the disk, always the same part on the same node.
        let used = blocks * (20 + self.host.persona().hardware.memory_kib % 30) / 100;
        let (free, available) = (blocks - used, (blocks - used) * 95 / 100);
        Ok(Statistics {
            block_size: BLOCK,
            blocks,
            free,
            available,
            files: blocks / 4,
            files_free: blocks / 4 - used / 40,
            id: 0,
            read_only: false,
        })
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        crate::account::names(&mut self.fs.lock(), "/etc/passwd").remove(&uid)
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        crate::account::names(&mut self.fs.lock(), "/etc/group").remove(&gid)
    }

    fn home_of(&self, user: &[u8]) -> Option<Vec<u8>> {
        let known = self.host.persona().users.iter().find(|known| known.name.as_bytes() == user)?;
        Some(known.home.clone().into_bytes())
    }

    fn now(&self) -> i64 {
        self.host.clock() / 1_000_000
    }

    fn zone_offset(&self) -> i64 {
        i64::from(self.host.persona().zone.offset_minutes) * 60
    }
}

impl File for Open {
    fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, FileError> {
        self.fs.lock().read_at(self.handle, offset, length).map_err(error)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        self.fs.lock().write_at(self.handle, offset, bytes).map_err(error)
    }

    fn metadata(&self) -> Result<Metadata, FileError> {
        self.fs.lock().stat_handle(self.handle).map(|stat| metadata(&stat)).map_err(error)
    }

    fn change(&mut self, changes: &Changes) -> Result<(), FileError> {
        let mut fs = self.fs.lock();
        let path = fs.handle_path(self.handle).map(str::to_owned).ok_or(FileError::Failed)?;
        apply(&mut fs, &path, changes, true).map_err(error)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let events = {
            let mut fs = self.fs.lock();
            // The handle is ours alone, so closing it cannot fail in a way that matters.
            let _ = fs.close(self.handle);
            fs.take_events()
        };
        crate::account::record(&self.host, &self.link, events);
    }
}
