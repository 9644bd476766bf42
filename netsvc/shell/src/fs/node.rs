//! Nodes of the tree as callers see them.

use std::sync::Arc;

/// Kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular file.
    File,
    /// Directory.
    Directory,
    /// Symbolic link.
    Symlink,
    /// Character device.
    Character,
    /// Block device.
    Block,
    /// Named pipe.
    Fifo,
    /// UNIX socket.
    Socket,
}

impl Kind {
    /// Type bits of `st_mode`.
    pub fn bits(self) -> u32 {
        match self {
            Kind::Fifo => 0o010_000,
            Kind::Character => 0o020_000,
            Kind::Directory => 0o040_000,
            Kind::Block => 0o060_000,
            Kind::File => 0o100_000,
            Kind::Symlink => 0o120_000,
            Kind::Socket => 0o140_000,
        }
    }

    /// Letter in the first column of `ls -l`.
    pub fn letter(self) -> char {
        match self {
            Kind::Fifo => 'p',
            Kind::Character => 'c',
            Kind::Directory => 'd',
            Kind::Block => 'b',
            Kind::File => '-',
            Kind::Symlink => 'l',
            Kind::Socket => 's',
        }
    }
}

/// Permissions, owner and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits, 0o7777.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last change of the content, µs since the epoch.
    pub modified: i64,
    /// Last access, µs since the epoch.
    pub accessed: i64,
    /// Last change of the node, µs since the epoch.
    pub changed: i64,
}

/// What `stat` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Kind.
    pub kind: Kind,
    /// Permissions, owner and times.
    pub meta: Meta,
    /// Bytes; length of the target for a symbolic link.
    pub size: u64,
    /// Inode number.
    pub inode: u64,
    /// Number of names.
    pub links: u32,
    /// Major and minor number of a device.
    pub device: (u32, u32),
}

impl Stat {
    /// Type and permission bits as `st_mode` has them.
    pub fn mode(&self) -> u32 {
        self.kind.bits() | self.meta.mode
    }

    /// Blocks of 512 bytes.
    pub fn blocks(&self) -> u64 {
        match self.kind {
            Kind::File => self.size.div_ceil(4096) * 8,
            Kind::Directory if self.size > 0 => 8,
            _ => 0,
        }
    }

    /// `drwxr-xr-x`.
    pub fn permissions(&self) -> String {
        let mode = self.meta.mode;
        let mut text = String::from(self.kind.letter());
        for (shift, special, lower, upper) in
            [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
        {
            let bits = mode >> shift;
            text.push(if bits & 4 != 0 { 'r' } else { '-' });
            text.push(if bits & 2 != 0 { 'w' } else { '-' });
            text.push(match (bits & 1 != 0, mode & special != 0) {
                (true, true) => lower,
                (false, true) => upper,
                (true, false) => 'x',
                (false, false) => '-',
            });
        }
        text
    }
}

/// Content of a regular file.
pub type Bytes = Arc<Vec<u8>>;

/// `base` and `name` joined by exactly one slash.
pub fn join(base: &str, name: &str) -> String {
    if base.ends_with('/') { format!("{base}{name}") } else { format!("{base}/{name}") }
}

/// Directory part of an absolute path.
pub fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// Last part of a path.
pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
