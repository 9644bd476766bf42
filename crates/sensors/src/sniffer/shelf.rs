//! The thread that keeps captures of sessions: as blobs of the spool, which the collector takes over with their lines
//! and charges to whom they are about, as all artefacts.

use super::{APP, Shared};
use crate::recorder::Recorded;
use netsvc_wire::{Event, HeaderText, Kind, field, spool::Written};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// Captures that may wait to be written.
const WAITING: usize = 64;
/// Bytes of captures that the collector has not taken over.
const QUOTA: u64 = 256 << 20;
/// How a file begins that is still being written.
const UNFINISHED: &str = ".tmp-";

/// Begins to keep what is sent; nothing, unless it `is_on`.
///
/// # Errors
/// When there can be no folder or no thread for it.
pub(super) fn open(
    shared: &Arc<Shared>,
    spool: &Path,
    is_on: bool,
) -> io::Result<(Option<SyncSender<Recorded>>, Option<JoinHandle<()>>)> {
    if !is_on {
        return Ok((None, None));
    }
    let (folder, shared) = (spool.join("blobs"), shared.clone());
    fs::create_dir_all(&folder)?;
    clear(&folder)?;
    let (send, receive) = sync_channel(WAITING);
    let thread = thread::Builder::new().name("captures".to_owned());
    Ok((Some(send), Some(thread.spawn(move || keep(&shared, &folder, &receive))?)))
}

/// Removes what a killed process left half-written.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn keep(shared: &Shared, folder: &Path, recorded: &Receiver<Recorded>) {
    while let Ok(one) = recorded.recv() {
        let node = shared.nodes.read().name(one.node);
        // A decky that has gone meanwhile tells nothing.
        let Some(node) = node else { continue };
        let kept = store(folder, &one.pcap).ok().and_then(|sha256| event(node, &one, sha256));
        let done = kept.is_some_and(|event| shared.spool.write(&event) == Written::Done);
        let mut counters = shared.counters.lock();
        if done {
            counters.captures += 1;
        } else {
            counters.captures_lost += 1;
        }
    }
}

/// Stores a capture by its hash, whole or not at all.
fn store(folder: &Path, pcap: &[u8]) -> io::Result<String> {
    let sha256 = hex::encode(Sha256::digest(pcap));
    let path: PathBuf = folder.join(&sha256);
    let used: u64 = fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|data| data.len())
        .sum();
    if QUOTA < used + pcap.len() as u64 {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let temporary = folder.join(format!("{UNFINISHED}{sha256}"));
    let mut options = OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o640).open(&temporary)?;
    file.write_all(pcap)?;
    file.sync_data()?;
    fs::rename(&temporary, &path)?;
    Ok(sha256)
}

fn event(node: HeaderText, one: &Recorded, sha256: String) -> Option<Event> {
    let milliseconds = one.ended.saturating_sub(one.begun) / 1000;
    let mut event = Event::new(one.ended, node, APP.parse().ok()?, Kind::PacketsCaptured)
        .with(field::SRC_IP, one.peer.to_string())
        .with(field::DST_IP, one.node.to_string())
        .with(field::DST_PORT, one.port.to_string())
        .with(field::TRANSPORT, one.transport)
        .with(field::SHA256, sha256)
        .with(field::SIZE, one.pcap.len().to_string())
        .with(field::FORMAT, "pcap")
        .with(field::ORIGIN, "packets")
        .with(field::PACKETS, one.packets.to_string())
        .with(field::DURATION_MS, milliseconds.to_string());
    if one.cut {
        event = event.with(field::CUT, "yes");
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_is_stored_by_its_hash_and_what_was_half_written_goes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".tmp-half"), "x").unwrap();
        clear(folder.path()).unwrap();
        let first = store(folder.path(), b"packets").unwrap();
        assert_eq!(store(folder.path(), b"packets").unwrap(), first);
        let names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, std::slice::from_ref(&first));
        assert_eq!(hex::encode(Sha256::digest(b"packets")), first);
    }
}
