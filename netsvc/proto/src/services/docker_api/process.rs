//! A process in a container: what it wrote, what it is given, and its end, for all connections that look at it.

use netsvc_shell::Stream;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::watch;

/// Bytes of output that are kept for a process; of more the oldest go.
const OUTPUT: usize = 64 * 1024;
/// Bytes of input that wait.
const INPUT: usize = 256 * 1024;
/// Bytes that all processes and specifications of the stage may take.
const POOL: usize = 24 << 20;
/// Processes that may run at once in the stage.
const RUNNING: usize = 512;

/// What all engines of the stage share.
#[derive(Debug, Default)]
pub(super) struct Pool {
    bytes: AtomicUsize,
    running: AtomicUsize,
}

/// Bytes taken from the pool, given back when dropped.
#[derive(Debug)]
pub(super) struct Held(Arc<Pool>, usize);

/// The right to run, given back when dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<Pool>);

impl Pool {
    /// So many bytes; `None` when there are no more.
    pub(super) fn take(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let held = Held(self.clone(), bytes);
        (before + bytes <= POOL).then_some(held)
    }

    /// A place to run in; `None` when all are taken.
    pub(super) fn run(self: &Arc<Self>) -> Option<Running> {
        let before = self.running.fetch_add(1, Ordering::Relaxed);
        let place = Running(self.clone());
        (before < RUNNING).then_some(place)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.bytes.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was not started.
    #[default]
    Created,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
}

/// A piece of output.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) stream: Stream,
    /// When it was written, µs since the epoch.
    pub(super) at: i64,
    pub(super) bytes: Vec<u8>,
    _held: Held,
}

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    status: i32,
    started: i64,
    finished: i64,
    attempts: u64,
    output: VecDeque<Arc<Piece>>,
    size: usize,
    /// Pieces that are not kept any more.
    gone: usize,
    input: Vec<u8>,
    input_over: bool,
    size_of_terminal: (u32, u32),
    /// Status that it is to end with now.
    stop: Option<i32>,
}

/// A process.
#[derive(Debug)]
pub(super) struct Process {
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
    pool: Arc<Pool>,
}

/// How a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) phase: Phase,
    pub(super) status: i32,
    pub(super) started: i64,
    pub(super) finished: i64,
    /// How often it was started, or should have been.
    pub(super) attempts: u64,
}

/// What a process is given next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// Bytes of its input, and whether they are the last.
    Input(Vec<u8>, bool),
    /// It is to end with this status.
    Stop(i32),
}

impl Process {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Process { inner: Mutex::default(), changes: watch::Sender::new(0), pool }
    }

    pub(super) fn standing(&self) -> Standing {
        let inner = self.inner.lock();
        let Inner { phase, status, started, finished, attempts, .. } = *inner;
        Standing { phase, status, started, finished, attempts }
    }

    pub(super) fn is_running(&self) -> bool {
        self.inner.lock().phase == Phase::Running
    }

    /// Tells of each change.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn change(&self, deed: impl FnOnce(&mut Inner)) {
        deed(&mut self.inner.lock());
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// It runs from `now` on.
    pub(super) fn begin(&self, now: i64) {
        self.change(|inner| {
            (inner.phase, inner.started, inner.status, inner.stop) = (Phase::Running, now, 0, None);
            (inner.attempts, inner.finished) = (inner.attempts + 1, 0);
        });
    }

    /// It could not be started.
    pub(super) fn fail(&self, status: i32) {
        self.change(|inner| (inner.attempts, inner.status) = (inner.attempts + 1, status));
    }

    /// It ended with `status`.
    pub(super) fn end(&self, status: i32, now: i64) {
        self.change(|inner| {
            if inner.phase == Phase::Running {
                (inner.phase, inner.status, inner.finished) = (Phase::Ended, status, now);
                // What nobody has read is not for a later one.
                inner.input.clear();
                inner.input_over = false;
            }
        });
    }

    /// It is to end, with this status.
    pub(super) fn stop(&self, status: i32) {
        self.change(|inner| inner.stop = Some(status));
    }

    /// It wrote `bytes`.
    pub(super) fn write(&self, stream: Stream, bytes: Vec<u8>, at: i64) {
        if bytes.is_empty() {
            return;
        }
        let mut bytes = bytes;
        bytes.truncate(OUTPUT);
        let Some(held) = self.pool.take(bytes.len()) else { return };
        self.change(|inner| {
            inner.size += bytes.len();
            inner.output.push_back(Arc::new(Piece { stream, at, bytes, _held: held }));
            while OUTPUT < inner.size
                && let Some(oldest) = inner.output.pop_front()
            {
                inner.size = inner.size.saturating_sub(oldest.bytes.len());
                inner.gone += 1;
            }
        });
    }

    /// Output from the piece `from` on, and the number of the next.
    pub(super) fn output(&self, from: usize) -> (Vec<Arc<Piece>>, usize) {
        let inner = self.inner.lock();
        let skipped = from.saturating_sub(inner.gone);
        let pieces: Vec<_> = inner.output.iter().skip(skipped).cloned().collect();
        (pieces, inner.gone + inner.output.len())
    }

    /// Number of the next piece of output.
    pub(super) fn next(&self) -> usize {
        let inner = self.inner.lock();
        inner.gone + inner.output.len()
    }

    /// Whether its input has room for `count` more bytes.
    pub(super) fn has_room(&self, count: usize) -> bool {
        self.inner.lock().input.len() + count <= INPUT
    }

    /// Gives it `bytes`.
    pub(super) fn feed(&self, bytes: &[u8]) {
        self.change(|inner| {
            let room = INPUT.saturating_sub(inner.input.len()).min(bytes.len());
            inner.input.extend_from_slice(bytes.get(..room).unwrap_or_default());
        });
    }

    /// There is no more input.
    pub(super) fn close_input(&self) {
        self.change(|inner| inner.input_over = true);
    }

    /// Its terminal has so many columns and rows.
    pub(super) fn resize(&self, columns: u32, rows: u32) {
        self.change(|inner| inner.size_of_terminal = (columns, rows));
    }

    /// Columns and rows of its terminal.
    pub(super) fn size_of_terminal(&self) -> (u32, u32) {
        self.inner.lock().size_of_terminal
    }

    /// What it is given next, as far as there is something now.
    pub(super) fn take_given(&self) -> Option<Given> {
        let mut inner = self.inner.lock();
        if let Some(status) = inner.stop {
            return Some(Given::Stop(status));
        }
        if inner.input.is_empty() && !inner.input_over {
            return None;
        }
        let over = std::mem::take(&mut inner.input_over);
        Some(Given::Input(std::mem::take(&mut inner.input), over))
    }

    /// Waits for what it is given next.
    pub(super) async fn given(&self) -> Given {
        let mut changes = self.watch();
        loop {
            changes.mark_unchanged();
            if let Some(given) = self.take_given() {
                return given;
            }
            if changes.changed().await.is_err() {
                return Given::Stop(137);
            }
        }
    }

    /// Waits until it does not run.
    pub(super) async fn idle(&self) {
        let mut changes = self.watch();
        while self.is_running() && changes.changed().await.is_ok() {}
    }

    /// Waits until it is to end, whatever its input.
    pub(super) async fn stopped(&self) -> i32 {
        let mut changes = self.watch();
        loop {
            changes.mark_unchanged();
            if let Some(status) = self.inner.lock().stop {
                return status;
            }
            if changes.changed().await.is_err() {
                return 137;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_bounded_and_numbered() {
        let process = Process::new(Arc::default());
        for number in 0..100 {
            process.write(Stream::Out, vec![number; 4096], 0);
        }
        let (pieces, next) = process.output(0);
        assert_eq!((next, pieces.len()), (100, OUTPUT / 4096));
        assert_eq!(pieces.last().map(|piece| piece.bytes.first().copied()), Some(Some(99)));
        assert_eq!(process.output(98).0.len(), 2);
    }

    #[test]
    fn the_pool_is_shared_and_given_back() {
        let pool = Arc::<Pool>::default();
        let first = pool.take(POOL);
        assert!(first.is_some() && pool.take(1).is_none());
        drop(first);
        assert!(pool.take(1).is_some());
    }
}
