//! A virtual file system with Linux's semantics and texts.
//!
//! Three layers: a tree shared by all nodes of the same make, a tree of the node, and an [`Overlay`] per
//! (node, source) that takes every change. [`Fs`] is the view of one login: it has credentials, a working
//! directory, a umask and open handles; several `Fs` may use one overlay at once.
//!
//! Paths are absolute or relative to the working directory, one character per byte (see [`crate::text`]);
//! ASCII paths need no conversion. Nothing here touches the host's disk but [`OverlayStore`].
//!
//! ```text
//! let mut fs = host.fs("root", source, facts);           // sftp, scp, ftp; the shell has its own
//! let handle = fs.open("/tmp/x", OpenOptions::write_new(), 0o644)?;
//! fs.write_at(handle, 0, b"…")?;
//! fs.close(handle)?;
//! for event in fs.take_events() { … }                    // FileCaptured, with the whole content
//! ```

mod change;
mod elf;
mod errno;
mod handle;
pub(crate) mod image;
pub(crate) mod layout;
pub(crate) mod node;
mod opened;
mod overlay;
pub(crate) mod personal;
pub(crate) mod programs;
mod session;
mod settings;
mod store;

pub use errno::Errno;
pub use node::{Bytes, Kind, Meta, Stat, join, name, parent};
pub use opened::OpenOptions;
pub use overlay::{MAX_BYTES, MAX_INODES, Overlay};
pub use session::{Credentials, Fs};
pub use store::{OverlayStore, StoreError};

pub(crate) use elf::{machine as elf_machine, program as elf_program};
