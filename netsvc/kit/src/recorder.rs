//! One place where events become lines: time, cut values, blobs.

use crate::{
    blob::Blobs,
    spool::{Spool, Written},
};
pub use netsvc_wire::stamp::now;
use netsvc_wire::{Event, HeaderText, Kind, field};
use std::sync::Arc;

/// Longest value that stays in a line when the line would be too long.
const CUT: usize = 4096;

/// Writes events and blobs of one process.
#[derive(Debug)]
pub struct Recorder {
    spool: Arc<Spool>,
    blobs: Blobs,
}

impl Recorder {
    /// A recorder over a spool and a blob folder.
    pub fn new(spool: Arc<Spool>, blobs: Blobs) -> Self {
        Recorder { spool, blobs }
    }

    /// Writes `event`. When its line would be too long, its longest value moves to a blob, and the line
    /// keeps the first 4 KiB with `sha256` and `size` of the whole.
    pub fn record(&self, mut event: Event) {
        while self.spool.write(&event) == Written::TooLong {
            let Some((_, value)) = event.fields.iter_mut().max_by_key(|(_, value)| value.len()) else {
                return;
            };
            if value.len() <= CUT {
                return;
            }
            let whole = std::mem::take(value);
            *value = whole.get(..CUT).unwrap_or_default().to_vec();
            self.append_blob(&mut event, &whole);
        }
    }

    /// Stores `content` as a blob and writes `event` with its `sha256` and `size`.
    pub fn capture(&self, mut event: Event, content: &[u8]) {
        self.append_blob(&mut event, content);
        self.record(event);
    }

    fn append_blob(&self, event: &mut Event, content: &[u8]) {
        match off_the_runtime(|| self.blobs.store(content)) {
            Ok(blob) => {
                event.fields.push((field::SHA256, blob.sha256.into_bytes()));
                event.fields.push((field::SIZE, blob.size.to_string().into_bytes()));
                if blob.cut {
                    event.fields.push((field::LIMIT, b"blob cut".to_vec()));
                }
            }
            Err(error) => {
                event.fields.push((field::SIZE, content.len().to_string().into_bytes()));
                event.fields.push((field::LIMIT, format!("blob not stored: {}", error.kind()).into_bytes()));
            }
        }
    }

    /// Makes everything written so far safe.
    pub fn flush(&self) {
        // A failure shows again at the next write, which counts the loss.
        let _ = self.spool.sync();
    }
}

/// Runs `work`, which waits for the disk, so that the runtime's other tasks do not wait too.
fn off_the_runtime<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// An event that happens now.
pub fn event_now(node: &HeaderText, app: &HeaderText, kind: Kind) -> Event {
    Event::new(now(), node.clone(), app.clone(), kind)
}
