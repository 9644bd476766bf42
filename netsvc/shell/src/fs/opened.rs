//! What an open file is: how it was opened, and where its content is.

use super::node::Bytes;

/// How to open, as the flags of `open(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// O_RDONLY or O_RDWR.
    pub read: bool,
    /// O_WRONLY or O_RDWR.
    pub write: bool,
    /// O_APPEND.
    pub append: bool,
    /// O_CREAT.
    pub create: bool,
    /// O_EXCL.
    pub exclusive: bool,
    /// O_TRUNC.
    pub truncate: bool,
}

impl OpenOptions {
    /// For reading.
    pub fn read() -> OpenOptions {
        OpenOptions { read: true, ..OpenOptions::default() }
    }

    /// For writing from the start, made or emptied: `>`.
    pub fn write_new() -> OpenOptions {
        OpenOptions { write: true, create: true, truncate: true, ..OpenOptions::default() }
    }

    /// For writing at the end, made if missing: `>>`.
    pub fn append() -> OpenOptions {
        OpenOptions { write: true, create: true, append: true, ..OpenOptions::default() }
    }
}

/// An open file.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) path: String,
    pub(super) options: OpenOptions,
    pub(super) written: bool,
    pub(super) target: Target,
}

/// Where reads and writes go.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A file of the overlay.
    Overlay,
    /// Content as it was when opened.
    Fixed(Bytes),
    /// Takes everything (`/dev/null`, `/proc/sys/…`, a disk).
    Sink,
    /// `/dev/full`.
    Full,
}
