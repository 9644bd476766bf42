//! What the service needs of a file tree, whatever is behind it.

use netsvc_shell::fs::Kind;
use std::sync::Arc;

/// Why an operation on the tree failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// ENOENT.
    #[error("No such file or directory")]
    NotFound,
    /// ENOTDIR.
    #[error("Not a directory")]
    NotDirectory,
    /// EISDIR.
    #[error("Is a directory")]
    IsDirectory,
    /// EEXIST.
    #[error("File exists")]
    Exists,
    /// EACCES.
    #[error("Permission denied")]
    Denied,
    /// ENOTEMPTY.
    #[error("Directory not empty")]
    NotEmpty,
    /// ENOSPC.
    #[error("No space left on device")]
    NoSpace,
}

/// What is known of a file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Kind.
    pub kind: Kind,
    /// Target of a symbolic link, where it is known.
    pub target: Option<String>,
    /// Permission bits.
    pub mode: u32,
    /// Number of names.
    pub links: u32,
    /// Owner's number and name.
    pub owner: (u32, String),
    /// Group's number and name.
    pub group: (u32, String),
    /// Size in bytes.
    pub size: u64,
    /// Last change, µs since the epoch.
    pub modified: i64,
}

impl Attributes {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == Kind::Directory
    }
}

/// Who asks: sources see each their own changes.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Where the peer is.
    pub source: std::net::IpAddr,
    /// User's number and name.
    pub user: (u32, String),
    /// The node's clock, µs since the epoch.
    pub clock: i64,
}

/// A file tree. Paths are absolute and without dot segments.
pub trait FileTree: Send + Sync {
    /// What `path` is.
    ///
    /// # Errors
    /// As the system call would.
    fn stat(&self, actor: &Actor, path: &str) -> Result<Attributes, TreeError>;

    /// Entries of a directory by name.
    ///
    /// # Errors
    /// As the system call would.
    fn list(&self, actor: &Actor, path: &str) -> Result<Vec<(String, Attributes)>, TreeError>;

    /// Whether `path` may become the working directory.
    ///
    /// # Errors
    /// Why not.
    fn enter(&self, actor: &Actor, path: &str) -> Result<(), TreeError>;

    /// Content of a file.
    ///
    /// # Errors
    /// As the system call would.
    fn read(&self, actor: &Actor, path: &str) -> Result<Arc<[u8]>, TreeError>;

    /// Whether a file could be written.
    ///
    /// # Errors
    /// Why not.
    fn may_write(&self, actor: &Actor, path: &str) -> Result<(), TreeError>;

    /// Replaces the content of a file or makes it.
    ///
    /// # Errors
    /// As the system call would.
    fn write(&self, actor: &Actor, path: &str, content: &[u8]) -> Result<(), TreeError>;

    /// Makes a directory.
    ///
    /// # Errors
    /// As the system call would.
    fn make_directory(&self, actor: &Actor, path: &str) -> Result<(), TreeError>;

    /// Removes a file, or an empty directory if `directory`.
    ///
    /// # Errors
    /// As the system call would.
    fn remove(&self, actor: &Actor, path: &str, directory: bool) -> Result<(), TreeError>;

    /// Renames.
    ///
    /// # Errors
    /// As the system call would.
    fn rename(&self, actor: &Actor, from: &str, to: &str) -> Result<(), TreeError>;

    /// Sets permission bits.
    ///
    /// # Errors
    /// As the system call would.
    fn set_mode(&self, actor: &Actor, path: &str, mode: u32) -> Result<(), TreeError>;
}

/// `path` as seen from `folder`, absolute and without dot segments.
pub fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { split(folder) };
    for part in split(path) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

fn split(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// Folder and name of `path`; `None` for the root.
pub fn parent(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    (!name.is_empty()).then_some((if folder.is_empty() { "/" } else { folder }, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_and_never_leave_the_root() {
        let check = |folder: &str, path: &str, expected: &str| assert_eq!(resolve(folder, path), expected);
        check("/home/bob", "a/../b", "/home/bob/b");
        check("/home", "../../../etc", "/etc");
        check("/", ".", "/");
        check("/x", "/a//b/", "/a/b");
        assert_eq!(parent("/a"), Some(("/", "a")));
        assert_eq!(parent("/"), None);
    }
}
