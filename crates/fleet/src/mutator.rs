//! The worker `mutator`: changes deckies when it is time, at intervals that nobody can foresee, never one on which
//! somebody is, and never many at once.

use crate::{
    Config,
    error::{Error, document, stored},
    intent,
    mutate::{self, Wish},
};
use decnet_model::{
    fleet::{DeckyName, Fleet},
    record::MutationCause,
    worker::Worker,
};
use decnet_pipeline::runtime::{Running, WorkerContext};
use decnet_store::Store;
use netsvc_persona::subkey;
use netsvc_wire::stamp::Micros;
use rand_core::RngCore;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The setting with the times since which deckies are waited for that have never changed.
const WAITING: &str = "mutator.waiting";
/// A minute, in microseconds.
const MINUTE: Micros = 60_000_000;
/// How long somebody must have been gone.
const QUIET: Micros = 10 * MINUTE;
/// Of so many deckies one at most changes at a time.
const AT_ONCE: usize = 100;

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the store fails.
pub fn run(worker: WorkerContext, config: Config, store: Store, now: fn() -> Micros) -> Running<Error> {
    Box::pin(work(worker, config, store, now))
}

async fn work(
    mut worker: WorkerContext,
    config: Config,
    store: Store,
    now: fn() -> Micros,
) -> Result<(), Error> {
    let tick = Worker::Mutator.spec().wake.tick;
    let mut mutations = 0_u64;
    loop {
        let done = pass(&config, &store, now()).await;
        if let Ok(count) = &done {
            mutations += *count as u64;
            if *count > 0 {
                intent::ring(&worker.bus);
            }
        }
        match done {
            Ok(_) => worker.status.set_good(true),
            // Somebody works on the fleet: the next pass finds it as it is then.
            Err(Error::Restless) => {}
            Err(error) => return Err(error),
        }
        worker.status.report(&json!({ "mutations": mutations }));
        tokio::select! {
            () = worker.stopped() => return Ok(()),
            () = tokio::time::sleep(tick) => {}
        }
    }
}

/// Changes the deckies whose time has come. Returns how many it were.
///
/// # Errors
/// When the store fails.
pub async fn pass(config: &Config, store: &Store, now: Micros) -> Result<usize, Error> {
    let Some(fleet) = intent::read(store).await? else { return Ok(0) };
    let intervals: BTreeMap<&DeckyName, u32> = fleet
        .deckies
        .iter()
        // What is of a topology changes with its topology.
        .filter(|(_, decky)| decky.placed.is_none())
        .filter_map(|(name, decky)| Some((name, decky.mutate_interval.or(fleet.mutate_interval)?)))
        .collect();
    if intervals.is_empty() {
        return Ok(0);
    }
    let since = since(store, &intervals, now).await?;
    let mut due: Vec<(Micros, &DeckyName)> = intervals
        .iter()
        .filter_map(|(name, minutes)| {
            let begun = since.get(name.as_str())?;
            let at = due(&fleet, name, *begun, *minutes);
            (at <= now).then_some((at, *name))
        })
        .collect();
    if due.is_empty() {
        return Ok(0);
    }
    due.sort_unstable();
    let inside = store.node_visited(now - QUIET).await.map_err(stored("look who is on deckies"))?;
    let inside: BTreeSet<String> = inside.into_iter().collect();
    due.retain(|(_, name)| !inside.contains(name.as_str()));
    due.truncate(1 + fleet.deckies.len() / AT_ONCE);
    let names: Vec<DeckyName> = due.into_iter().map(|(_, name)| name.clone()).collect();
    let wish = Wish { cause: MutationCause::Interval, by: "", now };
    let done = mutate::mutate(config, store, &names, &wish).await?;
    for mutation in &done {
        tracing::info!(
            decky = mutation.node,
            kind = mutation.kind.name(),
            service = mutation.service,
            "a decky changes"
        );
    }
    // One that cannot change any more is not asked each time.
    let changed: BTreeSet<String> = done.iter().map(|mutation| mutation.node.clone()).collect();
    let stayed: Vec<&DeckyName> = names.iter().filter(|name| !changed.contains(name.as_str())).collect();
    wait(store, &stayed, now).await?;
    Ok(done.len())
}

/// When a decky is due that has been as it is since `begun`: after half to one and a half of its interval.
fn due(fleet: &Fleet, name: &DeckyName, begun: Micros, minutes: u32) -> Micros {
    let seed = fleet.seed.as_deref().unwrap_or_default().as_bytes();
    let mut random = subkey::generator(seed, &["mutator", name.as_str(), &begun.to_string()]);
    let interval = i64::from(minutes) * MINUTE;
    let share = i64::from(random.next_u32() % 1_000_000);
    begun + interval / 2 + interval / 1_000 * share / 1_000
}

type Waiting = BTreeMap<String, Micros>;

async fn waiting(store: &Store) -> Result<Waiting, Error> {
    let text = store.setting_get(WAITING).await.map_err(stored("read since when deckies wait"))?;
    // What cannot be read is waited for anew.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn put(store: &Store, waiting: &Waiting) -> Result<(), Error> {
    const ATTEMPT: &str = "store since when deckies wait";
    let text = serde_json::to_string(waiting).map_err(document(ATTEMPT))?;
    store.setting_put(WAITING, &text).await.map_err(stored(ATTEMPT))
}

/// Since when each decky is as it is; of one that is new, since now.
async fn since(store: &Store, intervals: &BTreeMap<&DeckyName, u32>, now: Micros) -> Result<Waiting, Error> {
    let last = store.mutation_last().await.map_err(stored("read when deckies changed"))?;
    let mut known: Waiting = last.into_iter().collect();
    let before = waiting(store).await?;
    let mut waits = before.clone();
    // Those that are gone, or change no more, wait for nothing.
    waits.retain(|name, _| intervals.keys().any(|wanted| wanted.as_str() == name));
    for name in intervals.keys().map(|name| name.as_str()) {
        if !known.contains_key(name) {
            waits.entry(name.to_owned()).or_insert(now);
        }
    }
    if waits != before {
        put(store, &waits).await?;
    }
    for (name, at) in waits {
        let begun = known.entry(name).or_insert(at);
        *begun = at.max(*begun);
    }
    Ok(known)
}

/// Has deckies wait from now on.
async fn wait(store: &Store, names: &[&DeckyName], now: Micros) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    let mut waits = waiting(store).await?;
    waits.extend(names.iter().map(|name| (name.to_string(), now)));
    put(store, &waits).await
}

#[cfg(test)]
mod tests;
