//! One reader of the store for all event streams.
//!
//! The tailer reads what is new and gives it to all followers through a bounded queue. A follower that
//! is too slow for the queue, or that resumes from an older event, sees a gap in the ids and reads the
//! missing events from the store by itself, so that nothing is lost and nobody waits for the slowest.

use crate::{ApiState, Problem, problem::chain};
use decnet_shape::{Event, Incident};
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

/// What followers are told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// An event.
    Event(Arc<Sent>),
    /// An incident that something happened to, as JSON. It is a hint: who was too slow for it reads the list.
    Incident(Arc<str>),
}

/// The reader.
#[derive(Debug)]
pub(crate) struct Tailer {
    told: broadcast::Sender<Told>,
}

/// How far the reader is.
#[derive(Debug, Default)]
struct Place {
    /// Last event.
    event: Option<i64>,
    /// Last event of any incident, and last entry of their log.
    incidents: Option<(i64, i64)>,
}

impl Default for Tailer {
    fn default() -> Self {
        Tailer { told: broadcast::Sender::new(QUEUE) }
    }
}

impl Tailer {
    /// Reads until told to stop; a failing store is tried again with the next tick.
    pub(crate) async fn run(&self, store: &Store, doorbell: &Notify, mut stopping: watch::Receiver<bool>) {
        let mut place = Place::default();
        while !*stopping.borrow_and_update() {
            if let Err(error) = self.pass(store, &mut place).await {
                warn!(error = %chain(&error), "the event stream cannot read the store");
            }
            tokio::select! {
                _ = timeout(TICK, doorbell.notified()) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    async fn pass(&self, store: &Store, place: &mut Place) -> Result<(), decnet_store::Error> {
        let newest = store.event_last().await?;
        if self.told.receiver_count() == 0 {
            // Nobody listens: whoever begins later reads what is older by itself.
            place.event = Some(newest);
            place.incidents = Some(store.incident_ends().await?);
            return Ok(());
        }
        // Followers that began before the reader did see a gap before the newest event, and fill it.
        let mut from = place.event.unwrap_or(newest.saturating_sub(1));
        while from < newest {
            let rows = store.event_after(from, BATCH).await?;
            let Some(end) = rows.last().map(|row| row.id) else { break };
            for row in &rows {
                // Fails only when the last follower has just left.
                let _ = self.told.send(Told::Event(Sent::new(row)));
            }
            from = end;
            place.event = Some(from);
        }
        self.incidents(store, place).await
    }

    /// Tells of incidents that something happened to.
    async fn incidents(&self, store: &Store, place: &mut Place) -> Result<(), decnet_store::Error> {
        let Some((event, note)) = place.incidents else {
            place.incidents = Some(store.incident_ends().await?);
            return Ok(());
        };
        let (views, event, note) = store.incident_changes(event, note, BATCH).await?;
        for view in &views {
            let data = serde_json::to_string(&Incident::from(view)).unwrap_or_default();
            // Fails only when the last follower has just left.
            let _ = self.told.send(Told::Incident(data.into()));
        }
        place.incidents = Some((event, note));
        Ok(())
    }
}

/// One client's place in the stream.
#[derive(Debug)]
pub(crate) struct Follower {
    store: Store,
    live: broadcast::Receiver<Told>,
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
        let live = state.tailer().told.subscribe();
        let newest = state.store().event_last().await?;
        let last = after.map_or(newest, |after| after.clamp(0, newest));
        Ok(Follower { store: state.store().clone(), live, last, behind: true, waiting: VecDeque::new() })
    }

    /// What is told next; `None` when the stream has to end. No event is lost when it is not awaited to the end.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(sent) = self.waiting.pop_front() {
                self.last = sent.id;
                return Some(Told::Event(sent));
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match self.live.recv().await {
                Ok(Told::Incident(data)) => return Some(Told::Incident(data)),
                Ok(Told::Event(sent)) if sent.id <= self.last => {}
                Ok(Told::Event(sent)) if sent.id == self.last + 1 => self.waiting.push_back(sent),
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
