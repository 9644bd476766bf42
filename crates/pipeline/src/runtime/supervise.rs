//! Keeps workers running: each by itself, started again after an error or a panic, ended in order.

use super::{Host, LockError, Note, Status, WorkerContext, WorkerLock, heartbeat, order::Orders};
use decnet_bus::{Inbox, Subject};
use decnet_model::worker::{Action, Worker};
use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinHandle};

/// Time that a copy of a worker which was killed gets to be gone.
const DEPARTURE: Duration = Duration::from_secs(2);

/// What a body may fail with.
pub type WorkerError = Box<dyn std::error::Error + Send + Sync>;

/// Work of a worker whose failures have a type. Boxed where the work is written: the body of an `async fn` is
/// compiled anew in each crate that waits for it.
pub type Running<E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send>>;

/// A running body.
pub type BodyFuture = Running<WorkerError>;

/// Starts a body; called again after each failure.
pub type Body = Box<dyn Fn(WorkerContext) -> BodyFuture + Send + Sync>;

/// How long to wait before a worker is started again, and how long one may take to end.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Wait after the first failure; doubles with each.
    pub first: Duration,
    /// Longest wait. A worker that ran this long begins with the first again.
    pub most: Duration,
    /// Time that a worker has to end before it is cut off.
    pub grace: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            first: Duration::from_secs(1),
            most: Duration::from_secs(10),
            grace: Duration::from_secs(15),
        }
    }
}

/// Why a worker that runs alone ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not get its lock.
    #[error("take the lock of the worker")]
    Lock(#[from] LockError),
    /// Its body failed.
    #[error("run {worker}")]
    Body {
        /// Name of the worker.
        worker: &'static str,
        /// What the body said.
        #[source]
        source: WorkerError,
    },
    /// Its body panicked or was cut off.
    #[error("run {worker}: its task ended by itself")]
    Task {
        /// Name of the worker.
        worker: &'static str,
        /// What tokio says of it.
        #[source]
        source: tokio::task::JoinError,
    },
}

/// Makes a [`Body`] of an async function with a typed error.
pub fn body<F, Fut, E>(run: F) -> Body
where
    F: Fn(WorkerContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<WorkerError>,
{
    Box::new(move |context| {
        let running = run(context);
        Box::pin(async move { running.await.map_err(Into::into) })
    })
}

/// Runs one worker once, under its lock, with heartbeats and its control topic, until `stop` is true.
///
/// # Errors
/// [`RunError`] when it did not start or did not end as told.
pub async fn run_alone(
    host: &Host,
    worker: Worker,
    body: &Body,
    stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let ended = run_once(host, worker, body, stop, Status::default()).await;
    if !matches!(ended, Err(RunError::Lock(_))) {
        Note::remove(&host.paths, worker);
    }
    ended
}

/// Runs workers until `stop` is true, each in a task of its own. One that fails is started again after a
/// growing wait; the others never notice. One that was told to stop ([`super::Order`], the bus) waits to be
/// started. At the end they stop in the order given, each after it has
/// done what is left, so that what the first hands on reaches the last; the bus stops last.
pub async fn supervise(
    host: Host,
    workers: Vec<(Worker, Body)>,
    backoff: Backoff,
    mut stop: watch::Receiver<bool>,
) {
    let mut running: Vec<(Worker, watch::Sender<bool>, JoinHandle<()>)> = Vec::new();
    for (worker, body) in workers {
        let end = watch::Sender::new(false);
        let task = tokio::spawn(keep_running(host.clone(), worker, body, backoff, end.subscribe()));
        running.push((worker, end, task));
    }
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
    running.sort_by_key(|(worker, ..)| *worker == Worker::Bus);
    for (worker, end, mut task) in running {
        end.send_replace(true);
        if tokio::time::timeout(backoff.grace, &mut task).await.is_err() {
            tracing::error!(worker = worker.name(), "worker did not end in time and is cut off");
            task.abort();
        }
    }
}

async fn keep_running(
    host: Host,
    worker: Worker,
    body: Body,
    backoff: Backoff,
    mut stop: watch::Receiver<bool>,
) {
    let status = Status::default();
    let mut orders = Orders::new(&host.paths, worker);
    let mut wait = backoff.first;
    loop {
        let started = Instant::now();
        let (ended, told_to) = run_ordered(&host, worker, &body, stop.clone(), &status, &mut orders).await;
        if let Err(error) = &ended {
            let error = chain(error);
            tracing::error!(worker = worker.name(), error, ?wait, "worker failed, will be started again");
            status.failed(error);
            Note::write(&host.paths, worker, &status, None, Some(wait));
        } else {
            Note::remove(&host.paths, worker);
        }
        if started.elapsed() >= backoff.most {
            wait = backoff.first;
        }
        if *stop.borrow() {
            return Note::remove(&host.paths, worker);
        }
        // What was stopped stays so until it is started; what failed is started again, or when told so at once.
        let stopped = ended.is_ok() && told_to.is_none_or(|action| action == Action::Stop);
        let pause = async {
            match (stopped, told_to) {
                (true, _) => std::future::pending().await,
                (false, Some(_)) => {}
                (false, None) => tokio::time::sleep(wait).await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = started_again(&mut orders) => {}
            () = told(&mut stop) => return Note::remove(&host.paths, worker),
        }
        wait = if stopped { backoff.first } else { (wait * 2).min(backoff.most) };
    }
}

/// Runs the body once, until it is to stop or an order ends it; which order that was.
async fn run_ordered(
    host: &Host,
    worker: Worker,
    body: &Body,
    mut stop: watch::Receiver<bool>,
    status: &Status,
    orders: &mut Orders,
) -> (Result<(), RunError>, Option<Action>) {
    let end = watch::Sender::new(false);
    let mut told_to = None;
    let mut running = Box::pin(run_once(host, worker, body, end.subscribe(), status.clone()));
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended,
            () = told(&mut stop), if !*end.borrow() => {
                end.send_replace(true);
            }
            action = orders.next() => {
                // Whether it runs already, the last order counts.
                if action != Action::Start || told_to.is_some() {
                    told_to = Some(action);
                    end.send_replace(true);
                }
            }
        }
    };
    (ended, told_to)
}

/// Waits until the worker is to run.
async fn started_again(orders: &mut Orders) {
    while orders.next().await == Action::Stop {}
}

async fn run_once(
    host: &Host,
    worker: Worker,
    body: &Body,
    mut stop: watch::Receiver<bool>,
    status: Status,
) -> Result<(), RunError> {
    let _lock = take_lock(host, worker).await?;
    let end = watch::Sender::new(false);
    let context = WorkerContext {
        worker,
        paths: host.paths.clone(),
        bus: host.bus.clone(),
        stop: end.subscribe(),
        status,
    };
    let mut control = host.bus.subscribe(Subject::Control(worker.name()).pattern());
    let beat = heartbeat::beat(context.clone());
    // A task of its own, so that a panic ends only this.
    let mut task = Abort(tokio::spawn(body(context)));
    let joined = {
        tokio::pin!(beat);
        let mut told_to_stop = false;
        loop {
            tokio::select! {
                joined = &mut task.0 => break joined,
                () = told(&mut stop), if !told_to_stop => told_to_stop = true,
                () = asked_to_stop(&mut control), if !told_to_stop => {
                    tracing::info!(worker = worker.name(), "worker stops as asked over the bus");
                    told_to_stop = true;
                }
                () = &mut beat => {}
            }
            if told_to_stop {
                end.send_replace(true);
            }
        }
    };
    match joined {
        Ok(Ok(())) => Ok(()),
        Ok(Err(source)) => Err(RunError::Body { worker: worker.name(), source }),
        Err(source) => Err(RunError::Task { worker: worker.name(), source }),
    }
}

/// Takes the lock of a worker. A copy that was just killed may need a moment to be gone.
async fn take_lock(host: &Host, worker: Worker) -> Result<WorkerLock, LockError> {
    let end = Instant::now() + DEPARTURE;
    loop {
        match WorkerLock::take(&host.paths, worker) {
            Err(LockError::Taken { .. }) if Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            taken => return taken,
        }
    }
}

/// Ends the task with the future that waits for it.
struct Abort<T>(JoinHandle<T>);

impl<T> Drop for Abort<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

/// `system.<worker>.control` with the action `stop`, the only one there is.
async fn asked_to_stop(inbox: &mut Inbox) {
    loop {
        match inbox.next().await {
            Some(message) if message.payload.get("action").is_some_and(|action| action == "stop") => return,
            Some(_) => {}
            None => return std::future::pending().await,
        }
    }
}

/// An error with its causes, for one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
