//! One connection in the budget: its place, and what it holds.

use super::{Budget, Key};
use parking_lot::Mutex;
use std::{
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, Sleep},
};

/// Longest wait for memory.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between looks whether there is memory again.
const LOOK: Duration = Duration::from_millis(50);
/// A connection with this little never waits for memory.
const SMALL: usize = 4096;

tokio::task_local! {
    static CURRENT: Account;
}

/// A connection as the budget sees it.
#[derive(Debug)]
pub(super) struct Seat {
    budget: Arc<Budget>,
    pub(super) key: Key,
    pub(super) id: u64,
    touched: AtomicU64,
    waiting: AtomicBool,
    bytes: AtomicUsize,
    /// What it held when it was told to end.
    leaving: AtomicUsize,
    ended: Mutex<Option<&'static str>>,
    told: Notify,
}

impl Seat {
    pub(super) fn new(budget: Arc<Budget>, key: Key, id: u64, waits: bool) -> Self {
        Seat {
            touched: AtomicU64::new(budget.now()),
            budget,
            key,
            id,
            waiting: AtomicBool::new(waits),
            bytes: AtomicUsize::new(0),
            leaving: AtomicUsize::new(0),
            ended: Mutex::new(None),
            told: Notify::new(),
        }
    }

    pub(super) fn touched(&self) -> u64 {
        self.touched.load(Ordering::Relaxed)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// From waiting to being served; false when it was not waiting or is over.
    pub(super) fn serve(&self) -> bool {
        self.ended.lock().is_none() && self.waiting.swap(false, Ordering::Relaxed)
    }

    /// Tells the connection to end; what it holds will come back.
    pub(super) fn end(&self, reason: &'static str) -> usize {
        *self.ended.lock() = Some(reason);
        self.told.notify_one();
        let bytes = self.bytes();
        self.leaving.store(bytes, Ordering::Relaxed);
        bytes
    }
}

/// A place among the open connections; given back when dropped.
#[derive(Debug)]
pub struct Place {
    seat: Arc<Seat>,
    places: usize,
    freed: Arc<Notify>,
}

impl Place {
    pub(super) fn new(seat: Arc<Seat>, places: usize, freed: Arc<Notify>) -> Self {
        Place { seat, places, freed }
    }

    /// The account that the connection's memory and work are charged to.
    pub fn account(&self) -> Account {
        Account(Some(self.seat.clone()))
    }

    /// Notes that something happened on the connection.
    pub fn touch(&self) {
        self.seat.touched.store(self.seat.budget.now(), Ordering::Relaxed);
    }

    /// Whether a waiting connection is served from now on.
    pub fn promote(&self) -> bool {
        self.seat.budget.promote(&self.seat, self.places)
    }

    /// Waits until a place of the service may be free.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Why the connection had to give way, if it had.
    pub fn ended(&self) -> Option<&'static str> {
        *self.seat.ended.lock()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.seat.budget.leave(&self.seat);
        self.seat.budget.memory.left(self.seat.leaving.load(Ordering::Relaxed));
    }
}

/// Whom memory and work are charged to. Without a connection, as in tests, everything is free.
#[derive(Clone, Debug, Default)]
pub struct Account(Option<Arc<Seat>>);

/// There was no memory for the connection in a reasonable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no memory for the connection")]
pub struct Starved;

impl Account {
    /// The account of the connection that the current task serves.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs `task` so that [`Account::current`] is this one inside.
    pub fn within<F: Future>(self, task: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, task)
    }

    /// Source of the connection.
    pub fn source(&self) -> Option<IpAddr> {
        self.0.as_ref().map(|seat| seat.key.source)
    }

    /// Whether there is memory for more.
    pub fn roomy(&self) -> bool {
        self.0.as_ref().is_none_or(|seat| seat.budget.memory.has_room(seat.key.source))
    }

    /// Notes that serving the connection took `micros` of a processor.
    pub(crate) fn spent(&self, micros: u64) {
        if let Some(seat) = &self.0 {
            seat.budget.effort.spent(seat.key.source, micros, seat.budget.now());
        }
    }

    /// Whether the source takes more of the processor than its share.
    pub(crate) fn is_heavy(&self) -> bool {
        self.0.as_ref().is_some_and(|seat| seat.budget.effort.is_heavy(seat.key.source, seat.budget.now()))
    }

    /// Returns when the connection has to give way to another.
    pub async fn displaced(&self) {
        match &self.0 {
            Some(seat) => seat.told.notified().await,
            None => std::future::pending().await,
        }
    }

    fn change(&self, from: usize, to: usize) {
        let Some(seat) = &self.0 else { return };
        if from < to {
            seat.bytes.fetch_add(to - from, Ordering::Relaxed);
            seat.budget.memory.take(seat.key.source, to - from);
        } else if to < from {
            seat.bytes.fetch_sub(from - to, Ordering::Relaxed);
            seat.budget.memory.give_back(seat.key.source, from - to);
        }
    }
}

/// A connection's wait for memory.
#[derive(Debug, Default)]
pub(crate) struct Patience(Option<(Instant, Pin<Box<Sleep>>)>);

impl Patience {
    /// Ready as soon as the connection may read more, which is at once as long as there is memory; until then the
    /// peer's sending stops. An error when there was none in ten seconds.
    pub(crate) fn poll(&mut self, account: &Account, context: &mut Context<'_>) -> Poll<Result<(), Starved>> {
        let Some(seat) = &account.0 else { return Poll::Ready(Ok(())) };
        let (memory, source) = (&seat.budget.memory, seat.key.source);
        loop {
            if seat.bytes() <= SMALL || memory.has_room(source) {
                self.0 = None;
                return Poll::Ready(Ok(()));
            }
            let wait = || Box::pin(tokio::time::sleep(LOOK));
            let (deadline, sleep) = self.0.get_or_insert_with(|| (Instant::now() + PATIENCE, wait()));
            ready!(sleep.as_mut().poll(context));
            if memory.is_full() {
                seat.budget.displace_bytes(source);
            }
            if *deadline <= Instant::now() {
                return Poll::Ready(Err(Starved));
            }
            *sleep = wait();
        }
    }
}

/// Bytes charged to a connection; given back when dropped. The default is nothing of the connection that the current
/// task serves.
#[derive(Debug)]
pub struct Charge {
    account: Account,
    bytes: usize,
}

impl Charge {
    /// `bytes` charged to `account`.
    pub fn new(account: Account, bytes: usize) -> Self {
        account.change(0, bytes);
        Charge { account, bytes }
    }

    /// `bytes` charged to the connection that the current task serves.
    pub fn current(bytes: usize) -> Self {
        Charge::new(Account::current(), bytes)
    }

    /// Charges `bytes` from now on.
    pub fn set(&mut self, bytes: usize) {
        self.account.change(self.bytes, bytes);
        self.bytes = bytes;
    }
}

impl Default for Charge {
    fn default() -> Self {
        Charge::current(0)
    }
}

impl Clone for Charge {
    fn clone(&self) -> Self {
        Charge::new(self.account.clone(), self.bytes)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}
