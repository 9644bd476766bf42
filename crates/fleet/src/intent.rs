//! The fleet that is wanted: stored whole, read back, announced.

use crate::{
    Config,
    error::{Error, document, stored, system},
    supervisor,
};
use decnet_bus::Bus;
use decnet_model::{
    fleet::{DeckyName, Fleet, Step},
    record::{DeckyIntent, DeckyState},
};
use decnet_store::Store;
use netsvc_persona::Persona;
use netsvc_wire::stamp::Micros;
use serde_json::json;
use std::time::Duration;

/// Topic that wakes the worker.
const CHANGED: &str = "fleet.changed";

/// The fleet that is wanted; `None`: nobody has asked for one yet.
///
/// # Errors
/// When the store fails, or a newer release wrote it.
pub async fn read(store: &Store) -> Result<Option<Fleet>, Error> {
    const ATTEMPT: &str = "read the fleet";
    let text = store.fleet_get().await.map_err(stored(ATTEMPT))?;
    text.map(|text| serde_json::from_str(&text).map_err(document(ATTEMPT))).transpose()
}

/// Stores the fleet that is wanted from `now` on.
///
/// # Errors
/// When the store fails or the export cannot be written.
pub async fn put(config: &Config, store: &Store, fleet: &Fleet, now: Micros) -> Result<(), Error> {
    const ATTEMPT: &str = "write the fleet";
    let mut intents = Vec::with_capacity(fleet.deckies.len());
    for decky in fleet.deckies.values() {
        intents.push(DeckyIntent {
            name: decky.name.to_string(),
            ip: Some(decky.ip.into()),
            services: decky.slugs(),
            plan: serde_json::to_string(decky).map_err(document(ATTEMPT))?,
        });
    }
    let text = serde_json::to_string(fleet).map_err(document(ATTEMPT))?;
    forget_changed(config, store, fleet, now).await?;
    store.fleet_put(&text, &intents, now).await.map_err(stored("store the fleet"))?;
    fs_err::write(config.paths.state_export(), &text).map_err(system("export the fleet"))
}

/// Nobody can say of a decky that changes, or of any while no workers run, that it runs: whoever waits
/// for it must not find what was true before.
async fn forget_changed(config: &Config, store: &Store, fleet: &Fleet, now: Micros) -> Result<(), Error> {
    let old = match read(store).await {
        Ok(old) => old.unwrap_or_else(|| fleet.emptied()),
        // What cannot be read is replaced whole.
        Err(Error::Document(..)) => fleet.emptied(),
        Err(error) => return Err(error),
    };
    let old = if supervisor::running(&config.paths).is_some() { old } else { fleet.emptied() };
    let changed = fleet.steps(&old).into_iter().filter_map(|step| match step {
        Step::Add(name) => {
            Some(DeckyState { name: name.to_string(), actual: String::new(), reason: String::new() })
        }
        Step::Remove(_) => None,
    });
    let changed: Vec<DeckyState> = changed.collect();
    store.decky_states_set(None, &changed, now).await.map_err(stored("store the states of deckies"))
}

/// Wakes the worker, if it listens.
pub async fn announce(bus: &Bus) {
    let Ok(topic) = CHANGED.parse() else { return };
    bus.publish(&topic, &json!({}));
    // The client connects in the background; a message that comes too late only costs a tick.
    tokio::time::sleep(Duration::from_millis(150)).await;
}

/// The stored persona of a decky.
///
/// # Errors
/// When the store fails, or a newer release wrote it.
pub async fn persona(store: &Store, decky: &DeckyName) -> Result<Option<Persona>, Error> {
    const ATTEMPT: &str = "read a persona";
    let text = store.persona_get(decky.as_str()).await.map_err(stored(ATTEMPT))?;
    text.map(|text| serde_json::from_str(&text).map_err(document(ATTEMPT))).transpose()
}
