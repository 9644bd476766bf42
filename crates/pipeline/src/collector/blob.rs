//! Blobs of a spool into the artefact folder, before the line that names them enters the log.

use super::{
    CollectError,
    quarantine::Quarantine,
    stock::{Limit, Source, Stock, UNFINISHED, Unkept},
};
use crate::disk::{Disk, DiskError};
use decnet_model::paths::Paths;
use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::SystemTime,
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
    /// It is over a budget, or there is no room.
    Over(Limit),
    /// There is none under this name.
    Missing,
    /// It is no regular file, too large, or not what its name says.
    Refused,
}

/// Is `text` a SHA-256 in lower-case hex, fit to be a file name?
pub(super) fn is_name(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where blobs go.
pub(super) struct Shelf<'a> {
    pub(super) paths: &'a Paths,
    pub(super) disk: &'a Disk,
    pub(super) quarantine: &'a mut Quarantine,
    pub(super) stock: &'a mut Stock,
    /// What is not kept, or not any more: to be told, and then to be removed.
    pub(super) unkept: Vec<Unkept>,
}

/// Makes sure that the artefact `name` is on the medium if the spool has it and the budget of `source` allows it.
pub(super) fn keep(
    shelf: &mut Shelf<'_>,
    blob: &Path,
    name: &str,
    source: Source,
) -> Result<Outcome, CollectError> {
    let (disk, target) = (shelf.disk, shelf.paths.artefact(name));
    if target.exists() {
        return Ok(Outcome::Known);
    }
    let Some((mut from, size)) = open(blob) else {
        let there = std::fs::symlink_metadata(blob).is_ok();
        return Ok(if there { Outcome::Refused } else { Outcome::Missing });
    };
    if let Err(limit) = shelf.stock.affords(source, size) {
        shelf.stock.refuse();
        shelf.unkept.push(Unkept { sha256: name.to_owned(), size: Some(size), limit });
        return Ok(Outcome::Over(limit));
    }
    let folder = target.parent().map_or_else(|| shelf.paths.artefacts(), Path::to_owned);
    let made = !folder.is_dir();
    disk.create_folder(&folder)?;
    let temporary = folder.join(format!("{UNFINISHED}{name}"));
    let actual = copy(disk, &mut from, blob, size, &temporary)?;
    if actual != name {
        shelf.quarantine.blob(&temporary, name, &actual)?;
        return Ok(Outcome::Refused);
    }
    // Only now: for one that is not what its name says, nobody's go.
    shelf.unkept.extend(shelf.stock.make_room(size));
    shelf.stock.write_down(source, name)?;
    disk.rename(&temporary, &target)?;
    disk.sync_folder(&folder)?;
    if made && let Some(above) = folder.parent() {
        disk.sync_folder(above)?;
    }
    shelf.stock.take(source, name, size, SystemTime::now());
    Ok(Outcome::Copied)
}

/// The service process owns the folder: only a regular file of bounded size is opened, which is told.
fn open(blob: &Path) -> Option<(File, u64)> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(blob).ok()?;
    let data = file.metadata().ok()?;
    (data.is_file() && data.len() <= MAX_BLOB).then_some((file, data.len()))
}

/// Copies at most `size` bytes, however many there are meanwhile, syncs, and returns the hash of what was written.
fn copy(disk: &Disk, from: &mut File, blob: &Path, size: u64, to: &Path) -> Result<String, CollectError> {
    let mut file = disk.create(to)?;
    let mut hash = Sha256::new();
    let mut from = from.take(size);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::stock::Budget;
    use std::{fs, net::IpAddr, time::Duration};

    #[test]
    fn for_a_blob_that_is_not_what_it_says_nobody_loses_an_artefact() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, disk) = (Paths::new(folder.path()), Disk::default());
        let mut quarantine = Quarantine::open(&folder.path().join("quarantine"), disk.clone()).unwrap();
        // Two of the smallest.
        let budget = Budget { bytes: 2 << 14, source_bytes: 2 << 14, keep: Duration::from_secs(3600) };
        let mut stock = Stock::open(&paths.artefacts(), disk.clone(), budget).unwrap();
        let blob = folder.path().join("blob");
        let mut put = |of: u8, text: &str, name: &str| {
            fs::write(&blob, text).unwrap();
            let (quarantine, stock) = (&mut quarantine, &mut stock);
            let mut shelf = Shelf { paths: &paths, disk: &disk, quarantine, stock, unkept: Vec::new() };
            let outcome = keep(&mut shelf, &blob, name, Some(IpAddr::from([192, 0, 2, of]))).unwrap();
            (outcome, shelf.unkept.into_iter().map(|gone| gone.sha256).collect::<Vec<_>>())
        };
        let name = |text: &str| hex::encode(Sha256::digest(text));
        assert_eq!(put(1, "a", &name("a")), (Outcome::Copied, vec![]));
        assert_eq!(put(1, "b", &name("b")), (Outcome::Copied, vec![]));
        assert_eq!(put(2, "c", &name("d")), (Outcome::Refused, vec![]), "nothing goes for it");
        let (outcome, gone) = put(2, "e", &name("e"));
        assert_eq!((outcome, gone.len()), (Outcome::Copied, 1));
        assert!([name("a"), name("b")].contains(&gone[0]));
        let list = fs::read_to_string(paths.artefacts().join("sources")).unwrap();
        assert_eq!(list.lines().count(), 3, "{list}");
    }
}
