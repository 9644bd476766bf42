//! One reader of the store for all event streams.
//!
//! The tailer reads what is new and gives it to all followers through a bounded queue. A follower that
//! is too slow for the queue, or that resumes from an older event, sees a gap in the ids and reads the
//! missing events from the store by itself, so that nothing is lost and nobody waits for the slowest.

use crate::{ApiState, Problem, problem::chain};
use decnet_shape::Event;
use decnet_store::{Store, record::EventRow};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::{
        Notify,
        broadcast::{self, error::RecvError},
        watch,
    },
    time::timeout,
};
use tracing::warn;

/// Events in the queue of the followers.
const QUEUE: usize = 256;
/// Events read at once.
const BATCH: u32 = 200;
/// Longest sleep of the tailer without a ring.
const TICK: Duration = Duration::from_secs(1);

/// An event ready to be sent, shared by all followers.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) id: i64,
    pub(crate) shape: Event,
    pub(crate) data: String,
}

impl Sent {
    fn new(row: &EventRow) -> Arc<Self> {
        let shape = Event::from(row);
        // A struct of texts and numbers always becomes JSON.
        let data = serde_json::to_string(&shape).unwrap_or_default();
        Arc::new(Sent { id: row.id, shape, data })
    }
}

/// The reader.
#[derive(Debug)]
pub(crate) struct Tailer {
    events: broadcast::Sender<Arc<Sent>>,
}

impl Default for Tailer {
    fn default() -> Self {
        Tailer { events: broadcast::Sender::new(QUEUE) }
    }
}

impl Tailer {
    /// Reads until told to stop; a failing store is tried again with the next tick.
    pub(crate) async fn run(&self, store: &Store, doorbell: &Notify, mut stopping: watch::Receiver<bool>) {
        let mut last = None;
        while !*stopping.borrow_and_update() {
            if let Err(error) = self.pass(store, &mut last).await {
                warn!(error = %chain(&error), "the event stream cannot read the store");
            }
            tokio::select! {
                _ = timeout(TICK, doorbell.notified()) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    async fn pass(&self, store: &Store, last: &mut Option<i64>) -> Result<(), decnet_store::Error> {
        let newest = store.event_last().await?;
        if self.events.receiver_count() == 0 {
            // Nobody listens: whoever begins later reads what is older by itself.
            *last = Some(newest);
            return Ok(());
        }
        // Followers that began before the reader did see a gap before the newest event, and fill it.
        let mut from = last.unwrap_or(newest.saturating_sub(1));
        while from < newest {
            let rows = store.event_after(from, BATCH).await?;
            let Some(end) = rows.last().map(|row| row.id) else { break };
            for row in &rows {
                // Fails only when the last follower has just left.
                let _ = self.events.send(Sent::new(row));
            }
            from = end;
            *last = Some(from);
        }
        Ok(())
    }
}

/// One client's place in the stream.
#[derive(Debug)]
pub(crate) struct Follower {
    store: Store,
    live: broadcast::Receiver<Arc<Sent>>,
    /// Last event given out.
    last: i64,
    /// The store may have events after `last` that the queue does not.
    behind: bool,
    waiting: VecDeque<Arc<Sent>>,
}

impl Follower {
    /// A follower of the events after `after`, or of those from now on.
    pub(crate) async fn begin(state: &ApiState, after: Option<i64>) -> Result<Self, Problem> {
        // First the queue, then the store: what is stored in between is in one of them.
        let live = state.tailer().events.subscribe();
        let newest = state.store().event_last().await?;
        let last = after.map_or(newest, |after| after.clamp(0, newest));
        Ok(Follower { store: state.store().clone(), live, last, behind: true, waiting: VecDeque::new() })
    }

    /// The next event; `None` when the stream has to end. Nothing is lost when it is not awaited to the end.
    pub(crate) async fn next(&mut self) -> Option<Arc<Sent>> {
        loop {
            if let Some(sent) = self.waiting.pop_front() {
                self.last = sent.id;
                return Some(sent);
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match self.live.recv().await {
                Ok(sent) if sent.id <= self.last => {}
                Ok(sent) if sent.id == self.last + 1 => self.waiting.push_back(sent),
                // A gap: ids have none, so that the queue had to drop some.
                Ok(_) | Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Reads the next events from the store; at its end the queue takes over.
    async fn catch_up(&mut self) -> Option<()> {
        match self.store.event_after(self.last, BATCH).await {
            Ok(rows) => {
                self.behind = rows.len() as u64 >= u64::from(BATCH);
                self.waiting.extend(rows.iter().map(Sent::new));
                Some(())
            }
            Err(error) => {
                warn!(error = %chain(&error), "an event stream cannot read the store");
                None
            }
        }
    }
}
