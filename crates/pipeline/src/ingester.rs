//! The ingester: from the event log into the store, rows and position in one transaction.

use crate::{
    disk::Disk,
    eventlog::{Durable, LogError, LogReader, Origins, Position},
    runtime::{Pass, Running, Work, WorkerContext, run_passes},
};
use decnet_bus::Subject;
use decnet_model::{paths::Paths, worker::Worker};
use decnet_store::{
    Error as StoreError, Fence, Most, Store,
    record::{KindRetention, Retention},
};
use netsvc_wire::{Record, WriterId, stamp::now};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Most lines in one transaction.
const MAX_LINES: usize = 1000;

/// Fewest lines in one transaction, however slow the store is.
const MIN_LINES: usize = 50;

/// Longest time that a transaction should take, because other writers wait for it.
const TARGET: Duration = Duration::from_millis(50);

/// Time between checkpoints, after which segments of the log may be deleted.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Time between looks whether events are too old or too many.
const RETIRE_EVERY: Duration = Duration::from_secs(30);

/// Time between looks whether there is too much of what else grows.
const TRIM_EVERY: Duration = Duration::from_secs(3600);

/// How long events stay in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Age at which an event that is no evidence goes.
    pub age: Duration,
    /// Events in all, beyond which the oldest that are no evidence go.
    pub rows: u64,
    /// Bytes in all, beyond which the oldest that are no evidence go.
    pub bytes: u64,
    /// Less of some kinds.
    pub kinds: KindRetention,
}

impl Default for Keep {
    /// Everything.
    fn default() -> Self {
        Keep { age: Duration::MAX, rows: u64::MAX, bytes: u64::MAX, kinds: KindRetention::default() }
    }
}

/// Why the ingester stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The event log could not be read.
    #[error("read the event log")]
    Log(#[from] LogError),
    /// The store refused.
    #[error("write events to the store")]
    Store(#[from] StoreError),
}

/// What the ingester has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Rows stored.
    pub rows: u64,
    /// Lines that the store had already.
    pub doubles: u64,
    /// Lines that are no event lines, or that the store refused.
    pub refused: u64,
    /// Numbers that never came.
    pub lost: u64,
    /// Segments that ended in the middle of a line.
    pub torn: u64,
    /// Times that the segment to read was gone.
    pub missing: u64,
    /// Events deleted because they were too old or too many.
    pub retired: u64,
    /// Highest event id.
    pub last_id: i64,
    /// Lines in one transaction now.
    pub batch: usize,
    /// Where reading goes on.
    pub position: Position,
    /// Up to where a power loss takes nothing from the store.
    pub durable: Option<Position>,
}

/// Reads the log into the store.
#[derive(Debug)]
pub struct Ingester {
    store: Store,
    fence: Fence,
    reader: LogReader,
    origins: Origins,
    durable: Durable,
    counters: Counters,
    last_checkpoint: Instant,
    keep: Keep,
    /// When it was last seen whether events are to be deleted; `None` while there are.
    last_retired: Option<Instant>,
    last_trimmed: Option<Instant>,
}

/// Ingests until the worker is told to stop, then what is left, and ends with a checkpoint.
///
/// # Errors
/// [`IngestError`]; the ingester can be started again and goes on at the store's position.
pub fn run(context: WorkerContext, store: Store, keep: Keep) -> Running<IngestError> {
    Box::pin(work(context, store, keep))
}

async fn work(context: WorkerContext, store: Store, keep: Keep) -> Result<(), IngestError> {
    let mut ingester = Ingester::open(store, &context.paths, Disk::default()).await?;
    ingester.keep = keep;
    run_passes(context, &mut ingester).await?;
    ingester.checkpoint().await
}

impl Ingester {
    /// Takes the lease and finds the position in the store.
    ///
    /// # Errors
    /// [`IngestError::Store`] when the store cannot be reached.
    pub async fn open(store: Store, paths: &Paths, disk: Disk) -> Result<Ingester, IngestError> {
        let fence = store.lease_take(Worker::Ingester).await?;
        let at = from_store(store.position().await?);
        let folder = paths.event_log();
        let durable = Durable::new(&folder, disk.clone());
        // The store was put back to an earlier state, or begun anew: it needs what lies behind.
        if durable.read().is_some_and(|noted| at < noted) {
            durable.write(at)?;
        }
        tracing::info!(segment = at.segment, offset = at.offset, "ingester goes on");
        Ok(Ingester {
            store,
            fence,
            reader: LogReader::new(&folder, at),
            origins: Origins::open(&folder, disk)?,
            durable,
            counters: Counters { batch: MAX_LINES, position: at, ..Counters::default() },
            last_checkpoint: Instant::now(),
            keep: Keep::default(),
            last_retired: None,
            last_trimmed: None,
        })
    }

    /// Deletes what is too old or too much, up to a thousand events; returns how many it was.
    ///
    /// # Errors
    /// [`IngestError::Store`]; then the ingester must be opened anew.
    pub async fn retire(&mut self, now: i64) -> Result<u64, IngestError> {
        let age = i64::try_from(self.keep.age.as_micros()).unwrap_or(i64::MAX);
        let retention = Retention {
            before: now.saturating_sub(age),
            rows: self.keep.rows,
            bytes: self.keep.bytes,
            kinds: self.keep.kinds.at(now),
        };
        let retired = self.store.retire(&self.fence, &retention).await?;
        self.last_retired = (retired == 0).then(Instant::now);
        self.counters.retired += retired;
        if retired > 0 {
            tracing::info!(
                retired,
                total = self.counters.retired,
                "deleted events that are too old or too many"
            );
        }
        Ok(retired)
    }

    /// Stores the next batch; returns how many lines it had, 0 at the end of the log.
    ///
    /// # Errors
    /// [`IngestError`]; then the ingester must be opened anew.
    pub async fn step(&mut self) -> Result<usize, IngestError> {
        let batch = self.reader.read(self.counters.batch)?;
        self.counters.torn = self.reader.torn();
        self.counters.missing = self.reader.missing();
        if batch.after == self.counters.position {
            return Ok(0);
        }
        let mut records: Vec<Record> = Vec::new();
        for line in batch.lines() {
            match netsvc_wire::parse(line) {
                Ok(record) => records.push(record),
                Err(malformed) => {
                    self.counters.refused += 1;
                    tracing::error!(%malformed, "event log has a line that is none");
                }
            }
        }
        let hosts = self.hosts(&records)?;
        let started = Instant::now();
        let done = self.store.ingest_from(&self.fence, &records, &hosts, &to_store(batch.after)).await?;
        self.adapt(started.elapsed());
        self.counters.rows += done.rows;
        self.counters.doubles += done.doubles;
        self.counters.refused += done.refused;
        self.counters.last_id = done.last_id;
        self.counters.position = batch.after;
        for gap in done.gaps {
            self.counters.lost += gap.count();
            tracing::error!(writer = %gap.writer, from = gap.first, to = gap.last, "lines of a writer are missing");
        }
        Ok(records.len())
    }

    /// The hosts of the writers that write on other ones. A writer was added before its first line was.
    fn hosts(&mut self, records: &[Record]) -> Result<BTreeMap<WriterId, String>, IngestError> {
        self.origins.refresh()?;
        let host = |record: &Record| Some((record.writer, self.origins.host(record.writer)?.to_owned()));
        Ok(records.iter().filter_map(host).collect())
    }

    /// Makes the store survive a power loss, and allows the log to delete what lies before.
    ///
    /// # Errors
    /// [`IngestError`] when the store or the disk refuses.
    pub async fn checkpoint(&mut self) -> Result<(), IngestError> {
        self.last_checkpoint = Instant::now();
        if self.counters.durable == Some(self.counters.position) {
            return Ok(());
        }
        // None: a reader holds the store's log; the next time will do.
        if let Some(position) = self.store.checkpoint().await?.map(from_store) {
            self.durable.write(position)?;
            self.counters.durable = Some(position);
        }
        Ok(())
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Halves the batch when the store was slow, and lets it grow again when it is fast.
    fn adapt(&mut self, took: Duration) {
        let batch = self.counters.batch;
        let wanted = if TARGET < took { batch / 2 } else { batch + batch / 8 };
        self.counters.batch = wanted.clamp(MIN_LINES, MAX_LINES);
    }
}

impl Pass for Ingester {
    type Error = IngestError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, IngestError> {
        let lines = self.step().await?;
        if CHECKPOINT_EVERY <= self.last_checkpoint.elapsed() {
            self.checkpoint().await?;
        }
        // As many as are stored, so that a flood does not outrun it.
        if self.last_retired.is_none_or(|at| RETIRE_EVERY <= at.elapsed()) {
            self.retire(now()).await?;
        }
        if self.last_trimmed.is_none_or(|at| TRIM_EVERY <= at.elapsed()) {
            self.store.trim(&self.fence, Most::default()).await?;
            self.last_trimmed = Some(Instant::now());
        }
        let missing = self.counters.missing;
        let trouble = (missing > 0)
            .then(|| format!("{missing} segments of the event log were gone before they were read"));
        context.status.set_trouble(trouble);
        context.status.set_lag(if lines == 0 { 0 } else { self.reader.waiting() });
        context.status.report(&self.counters);
        if lines == 0 {
            return Ok(if self.last_retired.is_none() { Work::More } else { Work::Done });
        }
        let payload = json!({ "rows": lines, "last_id": self.counters.last_id });
        context.bus.publish(&Subject::LogIngested.topic(), &payload);
        Ok(Work::More)
    }
}

fn from_store(position: decnet_store::Position) -> Position {
    Position { segment: position.segment, offset: position.offset }
}

fn to_store(position: Position) -> decnet_store::Position {
    decnet_store::Position { segment: position.segment, offset: position.offset }
}
