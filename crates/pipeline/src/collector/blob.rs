//! Blobs of a spool into the artefact folder, before the line that names them enters the log.

use super::{CollectError, quarantine::Quarantine};
use crate::disk::{Disk, DiskError};
use decnet_model::paths::Paths;
use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Largest blob that is kept, in bytes.
const MAX_BLOB: u64 = 256 * 1024 * 1024;

/// What became of a blob that a line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was copied now.
    Copied,
    /// The artefact folder has it already.
    Known,
    /// There is none under this name.
    Missing,
    /// It is no regular file, too large, or not what its name says.
    Refused,
}

/// Is `text` a SHA-256 in lower-case hex, fit to be a file name?
pub(super) fn is_name(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Makes sure that the artefact `name` is on the medium if the spool has it.
pub(super) fn keep(
    paths: &Paths,
    disk: &Disk,
    quarantine: &mut Quarantine,
    blob: &Path,
    name: &str,
) -> Result<Outcome, CollectError> {
    let target = paths.artefact(name);
    if target.exists() {
        return Ok(Outcome::Known);
    }
    let Some(mut from) = open(blob) else {
        let there = std::fs::symlink_metadata(blob).is_ok();
        return Ok(if there { Outcome::Refused } else { Outcome::Missing });
    };
    let folder = target.parent().map_or_else(|| paths.artefacts(), Path::to_owned);
    let made = !folder.is_dir();
    disk.create_folder(&folder)?;
    let temporary = folder.join(format!(".tmp-{name}"));
    let actual = copy(disk, &mut from, blob, &temporary)?;
    if actual != name {
        quarantine.blob(&temporary, name, &actual)?;
        return Ok(Outcome::Refused);
    }
    disk.rename(&temporary, &target)?;
    disk.sync_folder(&folder)?;
    if made && let Some(above) = folder.parent() {
        disk.sync_folder(above)?;
    }
    Ok(Outcome::Copied)
}

/// The service process owns the folder: only a regular file of bounded size is opened.
fn open(blob: &Path) -> Option<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(blob).ok()?;
    let data = file.metadata().ok()?;
    (data.is_file() && data.len() <= MAX_BLOB).then_some(file)
}

/// Copies at most [`MAX_BLOB`] bytes, syncs, and returns the hash of what was written.
fn copy(disk: &Disk, from: &mut File, blob: &Path, to: &Path) -> Result<String, CollectError> {
    let mut file = disk.create(to)?;
    let mut hash = Sha256::new();
    let mut from = from.take(MAX_BLOB);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let taken = from.read(&mut buffer).map_err(DiskError::of("read", blob))?;
        let Some(bytes) = buffer.get(..taken).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        disk.append(&mut file, to, bytes)?;
    }
    disk.sync(&file, to)?;
    Ok(hex::encode(hash.finalize()))
}
