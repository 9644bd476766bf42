//! The files that SFTP and SCP show, as an interface that the emulated file system implements.
//!
//! Paths are absolute and not normalised: `..`, `.` and links are the implementer's. Calls are synchronous and must
//! not block on anything but the file system itself.

use thiserror::Error;

/// Why an operation on files failed; names and texts are those of the system's error numbers.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// ENOENT.
    #[error("No such file or directory")]
    NotFound,
    /// ENOTDIR.
    #[error("Not a directory")]
    NotDirectory,
    /// EISDIR.
    #[error("Is a directory")]
    IsDirectory,
    /// EACCES.
    #[error("Permission denied")]
    Denied,
    /// EPERM.
    #[error("Operation not permitted")]
    NotPermitted,
    /// EEXIST.
    #[error("File exists")]
    Exists,
    /// ENOTEMPTY.
    #[error("Directory not empty")]
    NotEmpty,
    /// ENOSPC.
    #[error("No space left on device")]
    NoSpace,
    /// EROFS.
    #[error("Read-only file system")]
    ReadOnly,
    /// EINVAL.
    #[error("Invalid argument")]
    Invalid,
    /// ENAMETOOLONG.
    #[error("File name too long")]
    NameTooLong,
    /// ELOOP.
    #[error("Too many levels of symbolic links")]
    Loop,
    /// ETXTBSY.
    #[error("Text file busy")]
    Busy,
    /// EXDEV.
    #[error("Invalid cross-device link")]
    OtherDevice,
    /// ENOSYS.
    #[error("Function not implemented")]
    Unsupported,
    /// EIO.
    #[error("Input/output error")]
    Failed,
}

/// What `stat` tells of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Type and permissions as in `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// Last access, seconds since the epoch.
    pub accessed: i64,
    /// Last change of content, seconds since the epoch.
    pub modified: i64,
    /// Hard links.
    pub links: u32,
}

impl Metadata {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// Changes to a file; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New size.
    pub size: Option<u64>,
    /// New owner and group.
    pub owner: Option<(u32, u32)>,
    /// New permissions (07777 at most).
    pub permissions: Option<u32>,
    /// New times of access and modification, seconds since the epoch.
    pub times: Option<(i64, i64)>,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// Created when missing.
    pub create: bool,
    /// Emptied.
    pub truncate: bool,
    /// With `create`: must not exist.
    pub exclusive: bool,
    /// Permissions of a new file, before the umask.
    pub permissions: u32,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name without path.
    pub name: Vec<u8>,
    /// What `lstat` tells of it.
    pub metadata: Metadata,
}

/// What `statvfs` tells of a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes of a block.
    pub block_size: u64,
    /// Blocks.
    pub blocks: u64,
    /// Free blocks.
    pub free: u64,
    /// Free blocks for users.
    pub available: u64,
    /// Inodes.
    pub files: u64,
    /// Free inodes.
    pub files_free: u64,
    /// Identifier.
    pub id: u64,
    /// Whether it is read-only.
    pub read_only: bool,
}

/// An open file. Dropping it closes it.
pub trait File: Send {
    /// Up to `length` bytes at `offset`; none at the end.
    fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, FileError>;
    /// Writes all bytes at `offset`, or at the end of a file opened to append.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), FileError>;
    /// What `fstat` tells.
    fn metadata(&self) -> Result<Metadata, FileError>;
    /// Changes attributes.
    fn change(&mut self, changes: &Changes) -> Result<(), FileError>;
    /// Makes sure that all is stored.
    fn sync(&mut self) -> Result<(), FileError> {
        Ok(())
    }
}

/// A file system as one logged-in user sees it.
pub trait FileSystem: Send + Sync {
    /// The user's home directory, where relative paths begin.
    fn home(&self) -> Vec<u8>;
    /// The path without links, `.` and `..`. The last component may be missing, as in OpenSSH's `realpath`.
    fn canonical(&self, path: &[u8]) -> Result<Vec<u8>, FileError>;
    /// What `stat` (`follow`) or `lstat` tells.
    fn metadata(&self, path: &[u8], follow: bool) -> Result<Metadata, FileError>;
    /// Opens a file.
    fn open(&self, path: &[u8], options: OpenOptions) -> Result<Box<dyn File>, FileError>;
    /// Entries of a directory in the order of the system, `.` and `..` included.
    fn list(&self, path: &[u8]) -> Result<Vec<Entry>, FileError>;
    /// Removes a file.
    fn remove_file(&self, path: &[u8]) -> Result<(), FileError>;
    /// Removes an empty directory.
    fn remove_directory(&self, path: &[u8]) -> Result<(), FileError>;
    /// Makes a directory with these permissions before the umask.
    fn make_directory(&self, path: &[u8], permissions: u32) -> Result<(), FileError>;
    /// `rename(2)`: replaces the target.
    fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), FileError>;
    /// Makes a hard link.
    fn hard_link(&self, original: &[u8], link: &[u8]) -> Result<(), FileError>;
    /// Makes a symbolic link whose text is `target`.
    fn symbolic_link(&self, target: &[u8], link: &[u8]) -> Result<(), FileError>;
    /// The text of a symbolic link.
    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, FileError>;
    /// Changes attributes; with `follow`, of what a link points to.
    fn change(&self, path: &[u8], changes: &Changes, follow: bool) -> Result<(), FileError>;
    /// What `statvfs` tells.
    fn statistics(&self, path: &[u8]) -> Result<Statistics, FileError>;
    /// Name of a user.
    fn user_name(&self, uid: u32) -> Option<String>;
    /// Name of a group.
    fn group_name(&self, gid: u32) -> Option<String>;
    /// Home directory of a user.
    fn home_of(&self, user: &[u8]) -> Option<Vec<u8>>;
    /// The node's clock, seconds since the epoch.
    fn now(&self) -> i64;
    /// Seconds east of UTC of the node's zone.
    fn zone_offset(&self) -> i64 {
        0
    }
}

/// `path` made absolute: a relative one begins at the home directory.
pub(crate) fn absolute(files: &dyn FileSystem, path: &[u8]) -> Vec<u8> {
    match path.first() {
        Some(b'/') => path.to_vec(),
        None => files.home(),
        Some(_) => [files.home().as_slice(), b"/", path].concat(),
    }
}
