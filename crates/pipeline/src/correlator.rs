//! The correlator: a projection from events to attackers, contacts and traversals.
//!
//! What events mean is decided by `decnet-analysis`; this reads the events after the cursor, and the store
//! adds the result and moves the cursor in one transaction.

use crate::runtime::{Pass, Work, WorkerContext, run_passes};
use decnet_analysis::delta::deltas;
use decnet_bus::Topic;
use decnet_model::worker::Worker;
use decnet_store::{Error as StoreError, Fence, Store};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Events in one transaction.
const BATCH: u32 = 1000;

/// Pause after each transaction, so that a long catch-up commits at most four times a second and the
/// ingester gets its turn.
const PAUSE: Duration = Duration::from_millis(250);

/// Why the correlator stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
#[error("correlate events")]
pub struct CorrelateError(#[from] StoreError);

/// What the correlator has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Events read.
    pub events: u64,
    /// Attackers added to, counted once a batch.
    pub updates: u64,
    /// Id of the last event dealt with.
    pub cursor: i64,
}

/// Joins events to attackers.
pub struct Correlator {
    store: Store,
    fence: Fence,
    counters: Counters,
}

/// Correlates until the worker is told to stop, then what is left.
///
/// # Errors
/// [`CorrelateError`]; the correlator can be started again and goes on at its cursor.
pub async fn run(context: WorkerContext, store: Store) -> Result<(), CorrelateError> {
    let mut correlator = Correlator::open(store).await?;
    run_passes(context, &mut correlator).await
}

impl Correlator {
    /// Takes the lease and finds the cursor in the store.
    ///
    /// # Errors
    /// [`CorrelateError`] when the store cannot be reached.
    pub async fn open(store: Store) -> Result<Correlator, CorrelateError> {
        let fence = store.lease_take(Worker::Correlator).await?;
        let cursor = store.cursor(Worker::Correlator.name()).await?;
        Ok(Correlator { store, fence, counters: Counters { cursor, ..Counters::default() } })
    }

    /// Deals with the next batch; returns how many events it had, 0 when there are none.
    ///
    /// # Errors
    /// [`CorrelateError`]; then the correlator must be opened anew.
    pub async fn step(&mut self) -> Result<usize, CorrelateError> {
        let events = self.store.event_after(self.counters.cursor, BATCH).await?;
        let Some(last) = events.last().map(|event| event.id) else { return Ok(0) };
        let deltas = deltas(&events);
        self.store.correlate_apply(&self.fence, &deltas, self.counters.cursor, last).await?;
        self.counters.cursor = last;
        self.counters.events += events.len() as u64;
        self.counters.updates += deltas.len() as u64;
        Ok(events.len())
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

impl Pass for Correlator {
    type Error = CorrelateError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, CorrelateError> {
        let events = self.step().await?;
        context.status.set_trouble(None);
        context.status.report(&self.counters);
        if events == 0 {
            return Ok(Work::Done);
        }
        if let Ok(topic) = "attacker.observed".parse::<Topic>() {
            let payload = json!({ "updates": self.counters.updates, "cursor": self.counters.cursor });
            context.bus.publish(&topic, &payload);
        }
        if !context.is_stopping() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Work::More)
    }
}
