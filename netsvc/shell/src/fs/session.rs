//! Looking at the tree: paths, permissions, metadata, directories, whole files.

use super::{
    elf_program,
    errno::Errno,
    image::{Content, Image, ImageNode, is_volatile},
    node::{Bytes, Kind, Meta, Stat, join, parent},
    opened::Handle,
    overlay::{Body, Entry, Found, Overlay},
};
use crate::{
    event::{Origin, ShellEvent},
    live::Live,
    text,
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

const MAX_LINKS: usize = 40;
/// What reading an endless device as a whole gives.
const DEVICE_BYTES: usize = 1 << 20;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User; 0 may do everything.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
}

/// The file system as one login sees it. See the module for the whole.
#[derive(Clone)]
pub struct Fs {
    pub(super) image: Arc<Image>,
    pub(super) overlay: Arc<Mutex<Overlay>>,
    pub(crate) live: Arc<Live>,
    /// Who asks.
    pub credentials: Credentials,
    /// Bits that new nodes do not get.
    pub umask: u32,
    pub(super) cwd: String,
    pub(super) handles: BTreeMap<u32, Handle>,
    pub(super) pending: BTreeMap<String, Pending>,
    pub(super) events: Vec<ShellEvent>,
    pub(super) origin: Origin,
    /// Bytes of paths that were compared, until somebody asks.
    pub(super) work: Arc<AtomicU64>,
}

/// A file that was written and closed, and not yet reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) origin: Origin,
    pub(super) appended: bool,
    pub(super) fresh: bool,
}

pub(super) struct View {
    pub(super) kind: Kind,
    pub(super) meta: Meta,
    pub(super) body: ViewBody,
}

pub(super) enum ViewBody {
    File(Bytes),
    Link(String),
    Image(String, ImageNode),
    Nothing,
}

impl Fs {
    pub(crate) fn new(
        image: Arc<Image>,
        overlay: Arc<Mutex<Overlay>>,
        live: Arc<Live>,
        credentials: Credentials,
    ) -> Fs {
        Fs {
            image,
            overlay,
            live,
            credentials,
            umask: 0o022,
            cwd: "/".into(),
            handles: BTreeMap::new(),
            pending: BTreeMap::new(),
            events: Vec::new(),
            origin: Origin::Upload,
            work: Arc::default(),
        }
    }

    /// The working directory, absolute and without links.
    pub fn cwd(&self) -> &str {
        &self.cwd
    }

    /// Changes the working directory.
    ///
    /// # Errors
    /// `NotFound`, `NotDirectory`, `Access`, `Loop`, `NameTooLong`.
    pub fn set_cwd(&mut self, path: &str) -> Result<(), Errno> {
        let path = self.resolve(path, true)?;
        let view = self.view(&path).ok_or(Errno::NotFound)?;
        if view.kind != Kind::Directory {
            return Err(Errno::NotDirectory);
        }
        self.allow(&view.meta, 1, true)?;
        self.cwd = path;
        Ok(())
    }

    pub(crate) fn cwd_root(&mut self) {
        self.cwd = "/".into();
    }

    /// The absolute path without `.`, `..` and links that `path` means. The last part need not exist;
    /// it is followed when it is a link and `follow` is set.
    ///
    /// # Errors
    /// `NotFound`, `NotDirectory`, `Access`, `Loop`, `NameTooLong`.
    pub fn resolve(&self, path: &str, follow: bool) -> Result<String, Errno> {
        if path.is_empty() {
            return Err(Errno::NotFound);
        }
        if path.len() > 4095 || path.split('/').any(|part| part.len() > 255) {
            return Err(Errno::NameTooLong);
        }
        let mut current = if path.starts_with('/') { String::from("/") } else { self.cwd.clone() };
        let mut parts: Vec<String> =
            path.split('/').rev().filter(|part| !part.is_empty()).map(String::from).collect();
        let must_be_directory = path.ends_with('/');
        let mut links = 0;
        let mut missing = false;
        while let Some(part) = parts.pop() {
            self.work.fetch_add(64 + current.len() as u64, Ordering::Relaxed);
            if missing {
                return Err(Errno::NotFound);
            }
            if part == "." {
                continue;
            }
            self.enter(&current)?;
            if part == ".." {
                current = parent(&current).to_owned();
                continue;
            }
            let next = join(&current, &part);
            if next.len() > 4095 {
                return Err(Errno::NameTooLong);
            }
            let Some(view) = self.view(&next) else {
                (current, missing) = (next, true);
                continue;
            };
            match view.body {
                _ if view.kind != Kind::Symlink => current = next,
                _ if parts.is_empty() && !follow && !must_be_directory => current = next,
                ViewBody::Link(target) => {
                    links += 1;
                    if links > MAX_LINKS || parts.len() > 4096 {
                        return Err(Errno::Loop);
                    }
                    if target.starts_with('/') {
                        current = "/".into();
                    }
                    parts.extend(target.split('/').rev().filter(|part| !part.is_empty()).map(String::from));
                }
                _ => current = next,
            }
        }
        if must_be_directory
            && !missing
            && self.view(&current).is_some_and(|view| view.kind != Kind::Directory)
        {
            return Err(Errno::NotDirectory);
        }
        Ok(current)
    }

    fn enter(&self, directory: &str) -> Result<(), Errno> {
        let view = self.view(directory).ok_or(Errno::NotFound)?;
        if view.kind != Kind::Directory {
            return Err(Errno::NotDirectory);
        }
        self.allow(&view.meta, 1, true)
    }

    /// Metadata of what `path` names, links followed.
    ///
    /// # Errors
    /// As [`Fs::resolve`], and `NotFound`.
    pub fn stat(&self, path: &str) -> Result<Stat, Errno> {
        self.stat_at(&self.resolve(path, true)?)
    }

    /// Metadata of what `path` names, a link itself if it is one.
    ///
    /// # Errors
    /// As [`Fs::resolve`], and `NotFound`.
    pub fn lstat(&self, path: &str) -> Result<Stat, Errno> {
        self.stat_at(&self.resolve(path, false)?)
    }

    /// Whether `path` exists, links followed.
    pub fn exists(&self, path: &str) -> bool {
        self.stat(path).is_ok()
    }

    /// Whether `path` is a directory, links followed.
    pub fn is_directory(&self, path: &str) -> bool {
        self.stat(path).is_ok_and(|stat| stat.kind == Kind::Directory)
    }

    /// Names in a directory, sorted by byte, without `.` and `..`.
    ///
    /// # Errors
    /// As [`Fs::resolve`], `NotFound`, `NotDirectory`, `Access`.
    pub fn readdir(&self, path: &str) -> Result<Vec<String>, Errno> {
        let path = self.resolve(path, true)?;
        let view = self.view(&path).ok_or(Errno::NotFound)?;
        if view.kind != Kind::Directory {
            return Err(Errno::NotDirectory);
        }
        self.allow(&view.meta, 4, true)?;
        Ok(self.names(&path).into_iter().collect())
    }

    /// Target of a symbolic link.
    ///
    /// # Errors
    /// As [`Fs::resolve`], `NotFound`, `Invalid` when it is none.
    pub fn readlink(&self, path: &str) -> Result<String, Errno> {
        let path = self.resolve(path, false)?;
        match self.view(&path).ok_or(Errno::NotFound)?.body {
            ViewBody::Link(target) => Ok(target),
            _ => Err(Errno::Invalid),
        }
    }

    /// The whole content of a file. An endless device gives its first MiB.
    ///
    /// # Errors
    /// As [`Fs::resolve`], `NotFound`, `IsDirectory`, `Access`.
    pub fn read_file(&mut self, path: &str) -> Result<Bytes, Errno> {
        let path = self.resolve(path, true)?;
        let view = self.view(&path).ok_or(Errno::NotFound)?;
        self.allow(&view.meta, 4, false)?;
        self.note_read(&path);
        self.content(view)
    }

    /// Checks `access(2)`: `mode` is the sum of 4 (read), 2 (write), 1 (execute).
    ///
    /// # Errors
    /// As [`Fs::stat`], and `Access`.
    pub fn access(&self, path: &str, mode: u32) -> Result<(), Errno> {
        let stat = self.stat(path)?;
        self.allow(&stat.meta, mode, stat.kind == Kind::Directory)
    }

    /// What looking at paths has cost since the last call, in bytes compared.
    pub(crate) fn take_work(&self) -> u64 {
        self.work.swap(0, Ordering::Relaxed)
    }

    /// Bytes and nodes that the overlay has left.
    pub fn free(&self) -> (u64, usize) {
        let overlay = self.overlay.lock();
        (super::MAX_BYTES.saturating_sub(overlay.bytes()), super::MAX_INODES.saturating_sub(overlay.inodes()))
    }

    /// Whether the peer wrote or fetched the file at `path`.
    pub(crate) fn is_foreign(&self, path: &str) -> bool {
        let overlay = self.overlay.lock();
        matches!(overlay.find(path), Found::Node(node) if matches!(node.body, Body::File(_)))
    }

    /// Whether the file at `path` is a program of the distribution.
    pub(crate) fn is_program(&self, path: &str) -> bool {
        self.view(path).is_some_and(|view| {
            matches!(view.body, ViewBody::Image(_, ImageNode { content: Content::Program, .. }))
        })
    }

    fn note_read(&mut self, path: &str) {
        const TELLING: [&str; 9] = [
            "shadow",
            "/.ssh/",
            "_history",
            "/.aws/",
            "/.git",
            "authorized_keys",
            "/.my.cnf",
            "/.env",
            "/.docker",
        ];
        let known = self
            .events
            .iter()
            .any(|event| matches!(event, ShellEvent::FileRead { path: old } if old == path));
        let own = || self.live.persona.files.iter().any(|file| file.path == path);
        if !known && (TELLING.iter().any(|part| path.contains(part)) || own()) {
            self.events.push(ShellEvent::FileRead { path: path.to_owned() });
        }
    }

    pub(super) fn content(&self, view: View) -> Result<Bytes, Errno> {
        match (view.kind, view.body) {
            (Kind::Directory, _) => Err(Errno::IsDirectory),
            (_, ViewBody::File(content)) => Ok(content),
            (_, ViewBody::Image(path, node)) => Ok(Arc::new(self.render(&path, &node)?)),
            _ => Ok(Arc::default()),
        }
    }

    fn render(&self, path: &str, node: &ImageNode) -> Result<Vec<u8>, Errno> {
        Ok(match &node.content {
            Content::Nothing | Content::Target(_) => Vec::new(),
            Content::Text(text) => text::encode(text),
            Content::Dynamic(dynamic) => text::encode(&self.live.render(*dynamic, path)),
            Content::Program => {
                let machine = &self.live.persona.os.machine;
                let busybox = self.live.flavour.busybox();
                elf_program(
                    super::name(path),
                    machine,
                    busybox,
                    !busybox,
                    super::programs::program_size(path),
                )
            }
            Content::Filler(size) => filler(path, *size),
            Content::Device(1, 5) => vec![0; DEVICE_BYTES],
            Content::Device(1, 8 | 9) => self.live.random(DEVICE_BYTES),
            Content::Device(1, 7) => vec![0; DEVICE_BYTES],
            Content::Device(8 | 252 | 253 | 259 | 179 | 31, _) => filler(path, 1 << 20),
            Content::Device(..) => Vec::new(),
        })
    }

    pub(super) fn stat_at(&self, path: &str) -> Result<Stat, Errno> {
        let view = self.view(path).ok_or(Errno::NotFound)?;
        let mut device = (0, 0);
        let volatile = is_volatile(path);
        let size = match (&view.body, view.kind) {
            (_, Kind::Directory) if volatile => 0,
            (_, Kind::Directory) => 4096,
            (ViewBody::File(content), _) => content.len() as u64,
            (ViewBody::Link(target), _) => target.chars().count() as u64,
            (ViewBody::Image(origin, node), _) => {
                if let Content::Device(major, minor) = node.content {
                    device = (major, minor);
                }
                match &node.content {
                    _ if volatile => 0,
                    Content::Filler(size) => u64::from(*size),
                    Content::Program => super::programs::program_size(origin) as u64,
                    Content::Device(..) => 0,
                    _ => self.render(origin, node)?.len() as u64,
                }
            }
            _ => 0,
        };
        let links = match view.kind {
            Kind::Directory => {
                let names = self.names(path);
                let is_directory = |name: &&String| {
                    self.view(&join(path, name)).is_some_and(|view| view.kind == Kind::Directory)
                };
                2 + u32::try_from(names.iter().filter(is_directory).count()).unwrap_or(0)
            }
            _ => 1,
        };
        let inode = if path == "/" {
            2
        } else {
            131_073 + text::hash(&[path, &self.live.persona.hardware.machine_id]) % 1_600_000
        };
        Ok(Stat { kind: view.kind, meta: view.meta, size, inode, links, device })
    }

    pub(super) fn names(&self, directory: &str) -> BTreeSet<String> {
        let overlay = self.overlay.lock();
        let mut names = BTreeSet::new();
        let opaque = match overlay.find(directory) {
            Found::Node(node) => match &node.body {
                Body::Directory { opaque } => *opaque,
                Body::Image(origin) => origin != directory,
                _ => true,
            },
            Found::Hidden => true,
            Found::Silent => false,
        };
        if !opaque {
            names.extend(self.image.children(directory).map(String::from));
        }
        for (name, entry) in overlay.children(directory) {
            match entry {
                Entry::Gone => names.remove(name),
                Entry::Node(_) => names.insert(name.to_owned()),
            };
        }
        names
    }

    pub(super) fn view(&self, path: &str) -> Option<View> {
        let overlay = self.overlay.lock();
        let (origin, changed) = match overlay.find(path) {
            Found::Hidden => return None,
            Found::Silent => (path.to_owned(), None),
            Found::Node(node) => match &node.body {
                Body::Image(origin) => (origin.clone(), Some(node.meta)),
                Body::File(content) => {
                    return Some(View {
                        kind: Kind::File,
                        meta: node.meta,
                        body: ViewBody::File(Arc::clone(content)),
                    });
                }
                Body::Symlink(target) => {
                    return Some(View {
                        kind: Kind::Symlink,
                        meta: node.meta,
                        body: ViewBody::Link(target.clone()),
                    });
                }
                Body::Directory { .. } => {
                    return Some(View { kind: Kind::Directory, meta: node.meta, body: ViewBody::Nothing });
                }
                Body::Fifo => {
                    return Some(View { kind: Kind::Fifo, meta: node.meta, body: ViewBody::Nothing });
                }
            },
        };
        drop(overlay);
        let node = self.image.get(&origin)?;
        let meta = changed.unwrap_or_else(|| node.meta(&origin, &self.live));
        let body = match &node.content {
            Content::Target(target) => ViewBody::Link(target.to_string()),
            _ => ViewBody::Image(origin, node.clone()),
        };
        Some(View { kind: node.kind, meta, body })
    }

    /// Checks permission bits. Root passes, but executes a file only if anybody may.
    pub(super) fn allow(&self, meta: &Meta, wanted: u32, directory: bool) -> Result<(), Errno> {
        let who = &self.credentials;
        if who.uid == 0 {
            let executable = directory || meta.mode & 0o111 != 0;
            return if wanted & 1 != 0 && !executable { Err(Errno::Access) } else { Ok(()) };
        }
        let shift = if who.uid == meta.uid {
            6
        } else if who.gid == meta.gid || who.groups.contains(&meta.gid) {
            3
        } else {
            0
        };
        if (meta.mode >> shift) & wanted == wanted { Ok(()) } else { Err(Errno::Access) }
    }
}

fn filler(path: &str, size: u32) -> Vec<u8> {
    let mut state = text::hash(&[path]) | 1;
    let mut out = Vec::new();
    while out.len() < size as usize {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(size as usize);
    out
}
