//! Views of the events, brought up to date: each reads the events after its cursor, and the store adds what
//! they say and moves the cursor in one transaction. A view can be made anew from the events at any time.

use decnet_analysis::{technique::Rules, views::change};
use decnet_model::record::{Change, EventRow, View};
use decnet_store::{Error as StoreError, Fence, Store};
use serde::Serialize;
use std::sync::Arc;

/// Events in one transaction.
const BATCH: u32 = 1000;

/// What makes a view of events. It has no state: what it has made is in the store.
pub trait Projection: Send {
    /// The view, which has a name and a cursor.
    fn view(&self) -> View;

    /// What a batch of events, in the order of their ids, adds to it.
    fn change(&self, events: &[EventRow]) -> Change;
}

/// What `decnet-analysis` makes of the events, by rules where the view is made by rules.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// The view.
    pub view: View,
    /// The rules.
    pub rules: Arc<Rules>,
}

impl Projection for Analysed {
    fn view(&self) -> View {
        self.view
    }

    fn change(&self, events: &[EventRow]) -> Change {
        change(self.view, &self.rules, events)
    }
}

/// What a projector has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Events read.
    pub events: u64,
    /// Things changed, counted once a batch.
    pub updates: u64,
    /// Id of the last event dealt with.
    pub cursor: i64,
}

/// Events that were read from the store, for the next projector that is at the same place.
#[derive(Clone, Default)]
pub struct Shared(Option<(i64, Arc<Vec<EventRow>>)>);

impl Shared {
    /// At most `batch` events after `from`.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn read(
        &mut self,
        store: &Store,
        from: i64,
        batch: u32,
    ) -> Result<Arc<Vec<EventRow>>, StoreError> {
        if let Some((at, events)) = &self.0
            && *at == from
        {
            return Ok(events.clone());
        }
        let events = Arc::new(store.event_after(from, batch).await?);
        if !events.is_empty() {
            self.0 = Some((from, events.clone()));
        }
        Ok(events)
    }
}

/// Brings one view up to date.
pub struct Projector<P> {
    projection: P,
    store: Store,
    fence: Fence,
    counters: Counters,
}

impl<P: Projection> Projector<P> {
    /// Finds the cursor in the store. `fence` is that of the worker that it runs in.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn open(projection: P, store: Store, fence: Fence) -> Result<Self, StoreError> {
        let cursor = store.cursor(projection.view()).await?;
        Ok(Projector { projection, store, fence, counters: Counters { cursor, ..Counters::default() } })
    }

    /// Has it made by `projection` from now on, which is of the same view.
    pub fn project_by(&mut self, projection: P) {
        self.projection = projection;
    }

    /// The view.
    pub fn view(&self) -> View {
        self.projection.view()
    }

    /// Deals with the next batch; returns how many events it had, 0 when there are none.
    ///
    /// # Errors
    /// When the store refuses; then the projector must be opened anew.
    pub async fn step(&mut self, shared: &mut Shared) -> Result<usize, StoreError> {
        let from = self.counters.cursor;
        let events = shared.read(&self.store, from, BATCH).await?;
        let Some(last) = events.last().map(|event| event.id) else { return Ok(0) };
        let change = self.projection.change(&events);
        self.store.project(&self.fence, &change, from, last).await?;
        self.counters.cursor = last;
        self.counters.events += events.len() as u64;
        self.counters.updates += change.len() as u64;
        Ok(events.len())
    }

    /// Forgets what was made, so that the next steps make it anew from the first event on.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn reset(&mut self) -> Result<(), StoreError> {
        self.store.project_reset(&self.fence, self.view()).await?;
        self.counters = Counters::default();
        Ok(())
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
