//! Work that takes long, off the threads that serve connections: a few threads of low priority, in turns that are
//! shared out among the sources first and their jobs then, however many jobs a source has.

use parking_lot::{Condvar, Mutex};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Longest turn while others wait for theirs.
const TURN: Duration = Duration::from_millis(4);
/// Most threads: jobs that have begun and not ended.
const THREADS: usize = 96;
/// Most of them that work for one source.
const PER_SOURCE: usize = 8;
/// Jobs that have begun after which a source gets no second one: the other threads are for those who have none.
const SHARED: usize = 48;
/// Most jobs that wait for a peer at a time, and most of them for one source: they need a thread, and no turn.
const ASIDE: usize = 128;
const ASIDE_PER_SOURCE: usize = 16;
/// Stack of a thread: interpreters are recursive within their own bounds.
const STACK: usize = 4 << 20;
/// Time that a thread without work stays.
const REST: Duration = Duration::from_secs(10);
/// How much lower the priority of a thread is (nice value).
const NICE: libc::c_int = 5;

thread_local! {
    /// The turn of the job that the thread works on.
    static CURRENT: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Runs jobs. Clones share the threads.
#[derive(Clone, Default)]
pub struct Workers {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    /// Sources with a ticket, the next first.
    order: VecDeque<IpAddr>,
    tickets: BTreeMap<IpAddr, VecDeque<Ticket>>,
    /// Jobs that a thread may take at once.
    ready: VecDeque<Job>,
    /// Jobs whose turn it is.
    running: usize,
    threads: usize,
    resting: usize,
    begun: BTreeMap<IpAddr, usize>,
    /// The system gave no further thread; perhaps it does when a job has ended.
    refused: bool,
    /// Jobs that have begun and wait for a peer.
    aside: BTreeMap<IpAddr, usize>,
}

enum Ticket {
    Begin(Job),
    Resume(Arc<Gate>),
}

struct Job {
    source: IpAddr,
    body: Box<dyn FnOnce(&Turn) + Send>,
    cancelled: Arc<AtomicBool>,
}

#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

/// The job has no result: it failed inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job failed inside")]
pub struct Failed;

/// A job's view of its turn. Clones are the same.
#[derive(Clone)]
pub struct Turn {
    shared: Arc<Shared>,
    source: IpAddr,
    cancelled: Arc<AtomicBool>,
    begun: Rc<Cell<Instant>>,
}

/// Waits for something that is no work, such as an answer over the network: meanwhile others have the turn of the job
/// that this thread works on. `wait` is called until it has something, and takes a second at most each time; nothing
/// comes of it when nobody waits for the job any more, or too many jobs wait already.
pub fn aside<T>(mut wait: impl FnMut() -> Option<T>) -> Option<T> {
    let Some(turn) = CURRENT.with(|current| current.borrow().clone()) else {
        loop {
            if let Some(found) = wait() {
                return Some(found);
            }
        }
    };
    if !turn.step_aside() {
        return None;
    }
    let _back = Back(&turn);
    while !turn.cancelled.load(Ordering::Relaxed) {
        if let Some(found) = wait() {
            return Some(found);
        }
    }
    None
}

/// Comes back to the turn when dropped, also when the wait panics.
struct Back<'turn>(&'turn Turn);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.come_back();
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Workers({} threads)", self.shared.state.lock().threads)
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Turn({})", self.source)
    }
}

impl Workers {
    /// Runs `job` for `source`, and gives its result. A long job calls [`Turn::go_on`] often. When the future is
    /// dropped, the job learns it there, and does not begin if it has not yet.
    ///
    /// # Errors
    /// [`Failed`] when the job panics.
    pub async fn run<T: Send + 'static>(
        &self,
        source: IpAddr,
        job: impl FnOnce(&Turn) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        let (sender, result) = oneshot::channel();
        let _guard = self.start(source, move |turn| {
            // Nobody waits for the result any more: it is not needed.
            let _ = sender.send(job(turn));
        });
        result.await.map_err(|_| Failed)
    }

    /// Begins `job`; dropping the guard cancels it.
    pub(crate) fn start(&self, source: IpAddr, job: impl FnOnce(&Turn) + Send + 'static) -> Guard {
        let cancelled = Arc::new(AtomicBool::new(false));
        let source = crate::network(source);
        let job = Job { source, body: Box::new(job), cancelled: cancelled.clone() };
        let mut state = self.shared.state.lock();
        state.enqueue(source, Ticket::Begin(job));
        self.shared.dispatch(&mut state);
        Guard(cancelled)
    }
}

/// Cancels a job when dropped.
#[derive(Debug)]
pub(crate) struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Turn {
    /// Lets others have their turn when this one is over; false when nobody waits for the job any more and it
    /// should end.
    pub fn go_on(&self) -> bool {
        if self.cancelled.load(Ordering::Relaxed) {
            return false;
        }
        if TURN <= self.begun.get().elapsed() {
            self.give_way();
        }
        !self.cancelled.load(Ordering::Relaxed)
    }

    fn give_way(&self) {
        let gate = Arc::new(Gate::default());
        {
            let mut state = self.shared.state.lock();
            if state.order.is_empty() {
                self.begun.set(Instant::now());
                return;
            }
            state.running = state.running.saturating_sub(1);
            state.enqueue(self.source, Ticket::Resume(gate.clone()));
            self.shared.dispatch(&mut state);
        }
        gate.pass();
        self.begun.set(Instant::now());
    }

    /// Gives the turn and the thread's place away; false when too many have done so.
    fn step_aside(&self) -> bool {
        let mut state = self.shared.state.lock();
        let own = state.aside.get(&self.source).copied().unwrap_or(0);
        if ASIDE_PER_SOURCE <= own || ASIDE <= state.aside.values().sum::<usize>() {
            return false;
        }
        *state.aside.entry(self.source).or_default() += 1;
        state.threads = state.threads.saturating_sub(1);
        state.finished(self.source);
        self.shared.dispatch(&mut state);
        true
    }

    /// Waits for a turn again.
    fn come_back(&self) {
        let gate = Arc::new(Gate::default());
        {
            let mut state = self.shared.state.lock();
            lower(&mut state.aside, self.source);
            state.threads += 1;
            *state.begun.entry(self.source).or_default() += 1;
            state.enqueue(self.source, Ticket::Resume(gate.clone()));
            self.shared.dispatch(&mut state);
        }
        gate.pass();
        self.begun.set(Instant::now());
    }
}

impl Gate {
    fn pass(&self) {
        let mut open = self.open.lock();
        while !*open {
            self.opened.wait(&mut open);
        }
    }
}

impl State {
    fn enqueue(&mut self, source: IpAddr, ticket: Ticket) {
        let tickets = self.tickets.entry(source).or_default();
        if tickets.is_empty() {
            self.order.push_back(source);
        }
        tickets.push_back(ticket);
    }

    /// There is no thread for `job`: it waits for the end of another one. Where there is none at all it fails, which is
    /// how the waiting side learns it.
    fn put_back(&mut self, job: Job) {
        if self.threads == 0 {
            return;
        }
        self.refused = true;
        let source = job.source;
        let tickets = self.tickets.entry(source).or_default();
        if tickets.is_empty() {
            self.order.push_back(source);
        }
        tickets.push_front(Ticket::Begin(job));
    }

    /// The next ticket that can be used: sources in turn, each one's tickets in order.
    fn next(&mut self) -> Option<Ticket> {
        let all: usize = self.begun.values().sum();
        let has_thread = (self.threads < THREADS && !self.refused) || self.ready.len() < self.resting;
        for _ in 0..self.order.len() {
            let source = self.order.pop_front()?;
            let begun = self.begun.get(&source).copied().unwrap_or(0);
            let may_begin = has_thread && (begun == 0 || (begun < PER_SOURCE && all < SHARED));
            let tickets = self.tickets.entry(source).or_default();
            let usable = |ticket: &Ticket| may_begin || matches!(ticket, Ticket::Resume(_));
            let found = tickets.iter().position(usable).and_then(|at| tickets.remove(at));
            if tickets.is_empty() {
                self.tickets.remove(&source);
            } else {
                self.order.push_back(source);
            }
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

impl Shared {
    fn dispatch(self: &Arc<Self>, state: &mut State) {
        while state.running < at_a_time() {
            match state.next() {
                None => return,
                Some(Ticket::Resume(gate)) => {
                    state.running += 1;
                    *gate.open.lock() = true;
                    gate.opened.notify_one();
                }
                // Nobody waits for it: it is gone with its captures.
                Some(Ticket::Begin(job)) if job.cancelled.load(Ordering::Relaxed) => drop(job),
                Some(Ticket::Begin(job)) => {
                    if state.ready.len() < state.resting {
                        self.work.notify_one();
                    } else if !self.spawn() {
                        state.put_back(job);
                        continue;
                    } else {
                        state.threads += 1;
                    }
                    state.running += 1;
                    *state.begun.entry(job.source).or_default() += 1;
                    state.ready.push_back(job);
                }
            }
        }
    }

    /// Begins a thread; it takes its first job when the state is free.
    fn spawn(self: &Arc<Self>) -> bool {
        let shared = self.clone();
        let builder = std::thread::Builder::new().name("work".to_owned()).stack_size(STACK);
        builder.spawn(move || shared.live()).is_ok()
    }

    fn live(self: Arc<Self>) {
        lower_priority();
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.ready.pop_front() {
                drop(state);
                let source = job.source;
                self.work_on(job);
                state = self.state.lock();
                state.finished(source);
                self.dispatch(&mut state);
                continue;
            }
            state.resting += 1;
            if state.refused {
                // Who waits for a thread gets this one.
                self.dispatch(&mut state);
            }
            let late = state.ready.is_empty() && self.work.wait_for(&mut state, REST).timed_out();
            state.resting -= 1;
            if late && state.ready.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    fn work_on(self: &Arc<Self>, job: Job) {
        let Job { source, body, cancelled } = job;
        let turn =
            Turn { shared: self.clone(), source, cancelled, begun: Rc::new(Cell::new(Instant::now())) };
        CURRENT.with(|current| *current.borrow_mut() = Some(turn.clone()));
        // A panic loses the sender of the result, which is how the waiting side learns it.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(&turn)));
        CURRENT.with(|current| current.borrow_mut().take());
    }
}

impl State {
    fn finished(&mut self, source: IpAddr) {
        self.refused = false;
        self.running = self.running.saturating_sub(1);
        lower(&mut self.begun, source);
    }
}

/// Counts one less; what is at zero is not kept.
fn lower(counts: &mut BTreeMap<IpAddr, usize>, source: IpAddr) {
    if let Some(count) = counts.get_mut(&source) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&source);
        }
    }
}

/// Jobs whose turn it may be at a time: half the processors, so that connections always find one.
fn at_a_time() -> usize {
    static COUNT: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, |count| (count.get() / 2).max(1)))
}

#[expect(unsafe_code, reason = "setpriority has no safe form")]
fn lower_priority() {
    // SAFETY: numbers only; 0 is the calling thread. A refusal leaves the priority as it is.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}

#[cfg(test)]
mod tests;
