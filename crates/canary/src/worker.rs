//! The worker: keeps the listeners, and looks for secrets of canaries among what deckies were offered.

mod told;

use crate::serve::{Listening, Notes, Place, book::Book};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::{
    record::{CanaryChannel, EventRow, Page},
    worker::Worker,
};
use decnet_pipeline::runtime::{Pass, Running, Work, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Store};
use netsvc_wire::{Event, Kind, Meaning, field, stamp::now};
use serde::Serialize;
use std::sync::Arc;
use told::Begun;

/// Events looked at in one pass.
const BATCH: u32 = 1000;
/// Calls of earlier runs whose names are remembered.
const REMEMBERED: u32 = 5000;
/// The setting with the last event that was looked at, and what was begun since ([`told`]).
const CURSOR: &str = "canary.cursor";

/// How the worker is to do its work.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub place: Place,
    /// SD-ID of event lines.
    pub sd_id: String,
}

/// Why the worker stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The store failed.
    #[error("read canaries")]
    Store(#[from] StoreError),
    /// What is noticed cannot be written.
    #[error("write what canaries say")]
    Spool(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Calls.
    #[serde(flatten)]
    calls: crate::serve::Noticed,
    /// Secrets that were offered to deckies.
    secrets: u64,
    /// Last event looked at.
    cursor: i64,
}

struct Watcher {
    store: Store,
    settings: Settings,
    notes: Arc<Notes>,
    listening: Option<Listening>,
    stamp: Option<String>,
    /// What is told of stored events.
    told: told::Told,
    counters: Counters,
}

/// Answers and looks until the worker is told to stop.
///
/// # Errors
/// [`WorkerError`]; the worker can be started again.
pub fn run(context: WorkerContext, store: Store, settings: Settings) -> Running<WorkerError> {
    Box::pin(work(context, store, settings))
}

async fn work(context: WorkerContext, store: Store, settings: Settings) -> Result<(), WorkerError> {
    store.lease_take(Worker::Canary).await?;
    let folder = context.paths.spool(context.worker.name());
    let notes = Notes::open(&folder, &settings.sd_id).map_err(|error| WorkerError::Spool(error.into()))?;
    for hit in store.canary_hits(None, Page::newest(REMEMBERED)).await? {
        if let (CanaryChannel::Dns, Some(from)) = (hit.channel, hit.src_ip) {
            notes.remember(&String::from_utf8_lossy(&hit.target), hit.at, from);
        }
    }
    let (cursor, begun) = Begun::read(&store.setting_get(CURSOR).await?.unwrap_or_default());
    let counters = Counters { cursor, ..Counters::default() };
    let told = told::Told::new(folder, settings.sd_id.clone(), begun);
    let (notes_kept, listening, stamp) = (notes.clone(), None, None);
    let mut watcher = Watcher { store, settings, notes: notes_kept, listening, stamp, told, counters };
    let ended = run_passes(context, &mut watcher).await;
    notes.settle(now(), true);
    ended
}

impl Pass for Watcher {
    type Error = WorkerError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, WorkerError> {
        let stamp = self.store.canary_stamp().await?;
        if self.stamp.as_ref() != Some(&stamp) {
            self.notes.set_book(Book::read(&self.store).await?);
            self.stamp = Some(stamp);
        }
        let trouble = self.listen().await;
        let looked = self.look().await?;
        self.notes.settle(now(), false);
        self.counters.calls = self.notes.noticed();
        let full = "the spool takes no more: secrets that were offered are told when it does".to_owned();
        context.status.set_trouble(trouble.or(Some(full).filter(|_| looked == Looked::NoRoom)));
        context.status.report(&self.counters);
        Ok(if looked == Looked::More { Work::More } else { Work::Done })
    }
}

impl Watcher {
    /// Opens what is to be open: nothing, as long as there is nothing that could call. Returns what is in the way.
    async fn listen(&mut self) -> Option<String> {
        if self.listening.as_mut().is_some_and(|listening| !listening.is_whole()) {
            self.listening = None;
        }
        if self.listening.is_some() || self.notes.book().is_empty() {
            return None;
        }
        match Listening::open(&self.settings.place, &self.notes).await {
            Ok(listening) => {
                let dns = listening.dns.map(|place| place.to_string()).unwrap_or_default();
                tracing::info!(http = %listening.http, dns, "answering for canaries");
                self.listening = Some(listening);
                None
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                Some(format!("{error}: {cause}; see canary.http-port, canary.dns-port and canary.bind"))
            }
        }
    }

    /// Looks at what deckies were offered since the last time.
    async fn look(&mut self) -> Result<Looked, WorkerError> {
        let book = self.notes.book();
        if book.has_no_secrets() {
            return Ok(Looked::All);
        }
        let from = self.counters.cursor;
        let rows = self.store.event_after(from, BATCH).await?;
        let spool = if rows.iter().any(|row| offered(row, &book).is_some()) {
            let stamp = self.stamp.as_deref().unwrap_or_default();
            let (spool, begun) = self.told.begin(stamp).map_err(WorkerError::Spool)?;
            self.store.setting_put(CURSOR, &begun.written(from)).await?;
            Some(spool)
        } else {
            self.told.forget();
            None
        };
        let room = |event: &Event| spool.as_ref().is_some_and(|spool| self.notes.offered(spool, event));
        let told = tell(&rows, &book, from, room);
        self.counters.secrets += told.secrets;
        if from < told.last {
            // First the lines, then the place: after a crash in between they are written again, as the same lines.
            if let Some(spool) = spool {
                spool.sync().map_err(|error| WorkerError::Spool(error.into()))?;
            }
            self.store.setting_put(CURSOR, &told.last.to_string()).await?;
            self.counters.cursor = told.last;
        }
        let whole = u32::try_from(rows.len()).unwrap_or(BATCH) >= BATCH;
        Ok(match (told.full, whole) {
            (true, _) => Looked::NoRoom,
            (false, true) => Looked::More,
            (false, false) => Looked::All,
        })
    }
}

/// How far a look came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    /// To the end.
    All,
    /// There may be more.
    More,
    /// What is to be told next finds no room.
    NoRoom,
}

/// What was told of some events.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// Id of the last event that was dealt with.
    last: i64,
    /// Secrets of canaries that were told.
    secrets: u64,
    /// There was no room for the next.
    full: bool,
}

/// Tells of those of `rows`, which come after `from`, that have a secret of a canary in them, as long as `take` has
/// room.
fn tell(rows: &[EventRow], book: &Book, from: i64, mut take: impl FnMut(&Event) -> bool) -> Told {
    let mut told = Told { last: from, secrets: 0, full: false };
    for row in rows {
        if let Some(event) = offered(row, book) {
            if !take(&event) {
                told.full = true;
                break;
            }
            told.secrets += 1;
        }
        told.last = row.id;
    }
    told
}

/// The event that tells of a canary whose secret, key or address stands in `row`.
fn offered(row: &EventRow, book: &Book) -> Option<Event> {
    let kind = Kind::from_name(&row.kind)?;
    let secret = || {
        let exact = row.field(field::SECRET_B64).and_then(|text| STANDARD.decode(text).ok());
        exact.or_else(|| row.field(field::SECRET_PRINTABLE).map(<[u8]>::to_vec))
    };
    let (channel, value) = match (kind.meaning(), kind) {
        (Meaning::Secret, _) => (CanaryChannel::Secret, secret().unwrap_or_default()),
        (Meaning::Key, _) => (CanaryChannel::Key, row.field(field::KEY_SHA256)?.to_vec()),
        (_, Kind::RcptTo) => (CanaryChannel::Mail, address(row.field(field::RCPT_TO)?)),
        _ => return None,
    };
    let login = || {
        let name = row.field(field::PRINCIPAL).filter(|_| kind.meaning() == Meaning::Secret)?;
        Some((CanaryChannel::Login, book.of_secret(CanaryChannel::Login, &account(name))?))
    };
    let (channel, id) = match book.of_secret(channel, &value) {
        Some(id) => (channel, id),
        None => login()?,
    };
    let mut event = Event::new(row.at, row.node.parse().ok()?, row.service.parse().ok()?, Kind::Callback)
        .with(field::REFERENCE, id)
        .with(field::CHANNEL, channel.name())
        .with(field::EVENT, row.id.to_string());
    for name in [field::PRINCIPAL, field::OUTCOME, field::RCPT_TO, field::CLIENT_VERSION] {
        if let Some(value) = row.field(name) {
            event = event.with(name, value);
        }
    }
    let address = row.src_ip.map(|address| (field::SRC_IP, address.to_string().into_bytes()));
    let port = row.src_port.map(|port| (field::SRC_PORT, port.to_string().into_bytes()));
    event.fields.extend(address.into_iter().chain(port));
    Some(event)
}

/// A login name without the domain that Windows puts before or behind it, in small letters.
fn account(name: &[u8]) -> Vec<u8> {
    let name = name.rsplit(|byte| *byte == b'\\').next().unwrap_or_default();
    name.split(|byte| *byte == b'@').next().unwrap_or_default().to_ascii_lowercase()
}

/// The mail address of a recipient as it was sent, `TO:<user@domain> NOTIFY=NEVER` (RFC 5321 §4.1.1.3), in small
/// letters.
fn address(text: &[u8]) -> Vec<u8> {
    let bracketed = text.split(|byte| *byte == b'<').nth(1);
    let inner = bracketed.and_then(|rest| rest.split(|byte| *byte == b'>').next()).unwrap_or(text);
    inner.trim_ascii().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
