//! The worker `orchestrator`: writes down what was done, minute after minute, so that an operator can tell it from
//! what strangers do.

use decnet_bus::{Bus, Subject};
use decnet_model::{
    record::{LifeDeed, LifeKind, RoutineRow},
    routine::{WRITTEN, deeds},
    worker::Worker,
};
use decnet_pipeline::runtime::{Pass, Running, Work, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Store};
use netsvc_persona::routine::{self, DAY, MINUTE, Routine};
use netsvc_wire::stamp::{Micros, now};
use serde::Serialize;
use serde_json::json;

/// How long is kept what was done.
const KEPT: Micros = 14 * DAY;
/// What is written down of the time before the worker ran first, or ran last.
const BACK: Micros = DAY;
/// Longest login: what ends now may have begun so long ago.
const LONGEST: Micros = 150 * MINUTE;
/// Most deeds of a look that are told on the bus.
const TOLD: usize = 200;
/// Time between two looks.
const PAUSE: Micros = MINUTE;

/// Why the worker stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The store failed.
    #[error("read routines or write what was done")]
    Store(#[from] StoreError),
}

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Deeds that were written down.
    pub deeds: u64,
    /// Deckies on which something is done.
    pub deckies: u64,
    /// Deckies whose routine this release cannot read: what is done there is not written down.
    pub unreadable: u64,
}

struct Writer {
    store: Store,
    counters: Counters,
    /// The day on which it was looked last for what is too old.
    cleared: Option<i64>,
    /// Deckies whose routine cannot be read.
    unreadable: Vec<String>,
}

/// Writes until the worker is told to stop.
///
/// # Errors
/// [`WorkerError`]; the worker can be started again.
pub fn run(context: WorkerContext, store: Store) -> Running<WorkerError> {
    Box::pin(work(context, store))
}

async fn work(context: WorkerContext, store: Store) -> Result<(), WorkerError> {
    store.lease_take(Worker::Orchestrator).await?;
    let mut writer = Writer { store, counters: Counters::default(), cleared: None, unreadable: Vec::new() };
    run_passes(context, &mut writer).await
}

impl Pass for Writer {
    type Error = WorkerError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, WorkerError> {
        if context.is_stopping() {
            return Ok(Work::Done);
        }
        tell(&context.bus, &self.pass(now()).await?);
        context.status.set_trouble(self.trouble());
        context.status.report(&self.counters);
        Ok(Work::Done)
    }
}

impl Writer {
    /// Writes down what was done since the last time; says what it was.
    async fn pass(&mut self, now: Micros) -> Result<Vec<LifeDeed>, WorkerError> {
        let written = self.store.setting_get(WRITTEN).await?.and_then(|text| text.parse::<Micros>().ok());
        // A clock that was set back repeats nothing: what is there has the same ids.
        let from = written.unwrap_or(now - BACK).clamp(now - BACK, now);
        if now - from < PAUSE && written.is_some() {
            return Ok(Vec::new());
        }
        let routines = self.store.routine_list().await?;
        let mut all: Vec<LifeDeed> = Vec::new();
        let readable = self.readable(&routines);
        for (row, routine) in &readable {
            let done = routine::between(routine, from - LONGEST, now);
            all.extend(deeds(&row.node, &done, from, now));
        }
        self.store.life_put(&all, now).await?;
        self.counters.deeds += all.len() as u64;
        let day = now.div_euclid(DAY);
        if self.cleared != Some(day) {
            self.store.life_forget(now - KEPT).await?;
            self.cleared = Some(day);
        }
        Ok(all)
    }

    /// Routines as this release reads them; those that it cannot are left out.
    fn readable<'a>(&mut self, rows: &'a [RoutineRow]) -> Vec<(&'a RoutineRow, Routine)> {
        let mut readable = Vec::new();
        self.unreadable.clear();
        for row in rows {
            match serde_json::from_str(&row.document) {
                Ok(routine) => readable.push((row, routine)),
                Err(_) => self.unreadable.push(row.node.clone()),
            }
        }
        self.counters.deckies = readable.len() as u64;
        self.counters.unreadable = self.unreadable.len() as u64;
        readable
    }

    /// What somebody should look at.
    fn trouble(&self) -> Option<String> {
        let first = self.unreadable.first()?;
        let others = self.unreadable.len() - 1;
        let more = if others == 0 { String::new() } else { format!(" and {others} others") };
        Some(format!(
            "the routines of {first}{more} cannot be read, so what is done there is not written down"
        ))
    }
}

/// Says on the bus what was done, the last of it where it is much. The store has all of it already.
fn tell(bus: &Bus, deeds: &[LifeDeed]) {
    for deed in deeds.iter().skip(deeds.len().saturating_sub(TOLD)) {
        let file = matches!(deed.kind, LifeKind::Edit | LifeKind::Share);
        if let Some(topic) = Subject::life(&deed.node, file) {
            let payload = json!({
                "decky": deed.node, "at": deed.at, "kind": deed.kind.name(), "account": deed.account,
                "source": deed.source, "what": deed.what,
            });
            bus.publish(&topic, &payload);
        }
    }
}

#[cfg(test)]
mod tests;
