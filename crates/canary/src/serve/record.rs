//! What is noticed becomes event lines in a spool of our own, which the collector reads as it reads those of services.

use super::{
    Call,
    book::Book,
    dampen::{Dampener, Summed, Verdict},
};
use decnet_model::record::{CANARY, UNPLACED};
use netsvc_wire::{
    BadHeaderText, Event, HeaderText, Kind, WriterId, field,
    spool::{Spool, Written},
    stamp::Micros,
};
use parking_lot::{Mutex, RwLock};
use rand_core::{OsRng, RngCore};
use serde::Serialize;
use std::{io, path::Path, sync::Arc};

/// Bytes of unread lines.
pub(crate) const QUOTA: u64 = 64 << 20;
/// Bytes of one text in an event.
const TEXT: usize = 1024;

/// What was noticed since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Noticed {
    /// Uses that were told.
    pub hits: u64,
    /// Calls that were told as noise.
    pub noise: u64,
    /// Calls that were counted only.
    pub repeated: u64,
    /// Events that could not be written.
    pub lost: u64,
}

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// The SD-ID cannot stand in a line.
    #[error("use the SD-ID of the settings")]
    Name(#[from] BadHeaderText),
    /// Its folder cannot be made.
    #[error("open the spool")]
    Open(#[from] io::Error),
}

/// Takes calls, and writes what is news. Shared by all listeners.
pub struct Notes {
    spool: Arc<Spool>,
    app: HeaderText,
    book: RwLock<Arc<Book>>,
    dampener: Mutex<Dampener>,
    noticed: Mutex<Noticed>,
}

impl Notes {
    /// Notes in `folder`.
    ///
    /// # Errors
    /// [`NotesError`].
    pub fn open(folder: &Path, sd_id: &str) -> Result<Arc<Notes>, NotesError> {
        let writer = WriterId(OsRng.next_u64());
        let spool = Spool::open(folder, sd_id.parse()?, writer, QUOTA)?;
        spool.keep_synced();
        Ok(Arc::new(Notes {
            spool,
            app: CANARY.parse()?,
            book: RwLock::default(),
            dampener: Mutex::default(),
            noticed: Mutex::default(),
        }))
    }

    /// The canaries as they are now.
    pub fn book(&self) -> Arc<Book> {
        self.book.read().clone()
    }

    /// Has other canaries from now on.
    pub fn set_book(&self, book: Book) {
        *self.book.write() = Arc::new(book);
    }

    /// Takes note of a name that was asked for before this process began.
    pub fn remember(&self, name: &str, at: Micros, from: std::net::IpAddr) {
        self.dampener.lock().remember(name, at, from);
    }

    /// Takes a call.
    pub fn call(&self, call: &Call) {
        let (verdict, sums) = self.dampener.lock().judge(call);
        match verdict {
            Verdict::Hit => self.write(Kind::Callback, call, None),
            Verdict::Noise(reason) => self.write(Kind::Echo, call, Some((reason, 1))),
            Verdict::Counted => self.noticed.lock().repeated += 1,
        }
        self.write_sums(&sums);
    }

    /// Writes what was counted of uses that are over; of all when `all`.
    pub fn settle(&self, now: Micros, all: bool) {
        let sums = self.dampener.lock().over(now, all);
        self.write_sums(&sums);
    }

    /// What was noticed so far.
    pub fn noticed(&self) -> Noticed {
        *self.noticed.lock()
    }

    /// Writes that a secret was offered: what an event says that has been stored. Returns whether there was room; where
    /// there is none, that event still says it later.
    pub(crate) fn offered(&self, spool: &Spool, event: &Event) -> bool {
        let written = spool.offer(event);
        if written != Written::GivenUp {
            self.count(event.kind, written);
        }
        written != Written::GivenUp
    }

    fn write_sums(&self, sums: &[Summed]) {
        for sum in sums {
            self.write(Kind::Echo, &sum.call, Some((sum.call.noise.unwrap_or("repeated"), sum.count)));
        }
    }

    fn write(&self, kind: Kind, call: &Call, noise: Option<(&'static str, u64)>) {
        let node = self.book().get(&call.id).map_or_else(|| UNPLACED.to_owned(), |entry| entry.node.clone());
        let Some(node) = node.parse().ok().or_else(|| UNPLACED.parse().ok()) else { return };
        let mut event = Event::new(call.at, node, self.app.clone(), kind)
            .with(field::SRC_IP, call.peer.ip().to_canonical().to_string())
            .with(field::SRC_PORT, call.peer.port().to_string())
            .with(field::DST_PORT, call.port.to_string())
            .with(field::REFERENCE, call.id.as_str())
            .with(field::CHANNEL, call.channel.name());
        if let Some((reason, count)) = noise {
            event = event.with(field::REASON, reason).with(field::COUNT, count.to_string());
        }
        event.fields.extend(call.fields.iter().map(|(name, value)| {
            let kept = value.get(..TEXT).unwrap_or(value);
            (*name, kept.to_vec())
        }));
        self.put(event);
    }

    fn put(&self, event: Event) {
        let written = self.spool.write(&event);
        self.count(event.kind, written);
    }

    fn count(&self, kind: Kind, written: Written) {
        let hit = kind == Kind::Callback;
        let mut noticed = self.noticed.lock();
        match written {
            Written::Done if hit => noticed.hits += 1,
            Written::Done => noticed.noise += 1,
            Written::GivenUp | Written::TooLong => noticed.lost += 1,
        }
    }
}
