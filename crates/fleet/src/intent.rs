//! The fleet that is wanted: stored whole, read back, announced.

use crate::{
    Config,
    error::{Error, document, stored, system},
    supervisor,
};
use decnet_bus::{Bus, Subject};
use decnet_model::{
    catalogue,
    fleet::{Decky, DeckyName, Fleet, Step},
    record::{DeckyActual, DeckyIntent, DeckyState},
};
use decnet_pipeline::runtime::put as put_whole;
use decnet_store::Store;
use netsvc_persona::Persona;
use netsvc_wire::stamp::Micros;
use serde_json::json;
use std::{io, path::Path, time::Duration};

/// Times that a change is made again because the fleet became another one meanwhile.
pub(crate) const ATTEMPTS: u32 = 5;

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
    let intents: Vec<DeckyIntent> =
        fleet.deckies.values().map(|decky| row(fleet, decky)).collect::<Result<_, _>>()?;
    let text = serde_json::to_string(fleet).map_err(document(ATTEMPT))?;
    forget_changed(config, store, fleet, now).await?;
    store.fleet_put(&text, &intents, now).await.map_err(stored("store the fleet"))?;
    export(config, fleet)
}

/// Stores what `make` makes of the fleet that is wanted, from `now` on; it is asked again where that has become another
/// one meanwhile. Returns what was stored.
///
/// # Errors
/// That of `make`, or when the store fails, the export cannot be written, or others change the fleet all the time.
pub async fn change(
    config: &Config,
    store: &Store,
    now: Micros,
    mut make: impl FnMut(Option<&Fleet>) -> Result<Fleet, Error>,
) -> Result<Fleet, Error> {
    const ATTEMPT: &str = "change the fleet";
    for _ in 0..ATTEMPTS {
        let was = store.fleet_get().await.map_err(stored(ATTEMPT))?;
        let current = was.as_deref().map(serde_json::from_str::<Fleet>).transpose();
        let fleet = make(current.map_err(document(ATTEMPT))?.as_ref())?;
        let intents: Vec<DeckyIntent> =
            fleet.deckies.values().map(|decky| row(&fleet, decky)).collect::<Result<_, _>>()?;
        let text = serde_json::to_string(&fleet).map_err(document(ATTEMPT))?;
        forget_changed(config, store, &fleet, now).await?;
        let put = store.fleet_put_over(was.as_deref(), &text, &intents, now).await;
        if put.map_err(stored(ATTEMPT))? {
            export(config, &fleet)?;
            return Ok(fleet);
        }
    }
    Err(Error::Restless)
}

/// A decky of the fleet as the store keeps it.
pub(crate) fn row(fleet: &Fleet, decky: &Decky) -> Result<DeckyIntent, Error> {
    let brought = fleet.brought(decky).map(|custom| custom.name.clone());
    Ok(DeckyIntent {
        name: decky.name.to_string(),
        ip: Some(decky.ip.into()),
        services: decky.slugs().into_iter().chain(brought).collect(),
        plan: serde_json::to_string(decky).map_err(document("write a decky"))?,
    })
}

/// Writes the fleet for people and scripts.
pub(crate) fn export(config: &Config, fleet: &Fleet) -> Result<(), Error> {
    let text = serde_json::to_string(&without_secrets(fleet)).map_err(document("write the fleet"))?;
    exported(&config.paths.state_export(), &text).map_err(system("export the fleet"))
}

/// Writes the export: for the owner and the group of the folder, never for everybody. The folder is the house's, and
/// root, who writes too, neither follows a link there nor leaves half a file on a disk without room.
fn exported(path: &Path, text: &str) -> io::Result<()> {
    put_whole(path, text.as_bytes())
}

/// The fleet as it may be read by people and scripts: what the operator chose as a secret is not in it.
fn without_secrets(fleet: &Fleet) -> Fleet {
    let mut fleet = fleet.clone();
    for service in fleet.deckies.values_mut().flat_map(|decky| &mut decky.services) {
        let slug = service.slug.clone();
        for (key, value) in &mut service.settings {
            if catalogue::is_secret(&slug, key) {
                "***".clone_into(value);
            }
        }
    }
    // What a program of the operator's own is told may be anything.
    for value in fleet.custom.iter_mut().flat_map(|custom| custom.env.values_mut()) {
        "***".clone_into(value);
    }
    fleet
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
            Some(DeckyState { name: name.to_string(), actual: DeckyActual::Unknown, reason: String::new() })
        }
        Step::Remove(_) => None,
    });
    let changed: Vec<DeckyState> = changed.collect();
    store.decky_states_set(None, &changed, now).await.map_err(stored("store the states of deckies"))
}

/// Wakes the worker, if it listens; for one that is connected.
pub(crate) fn ring(bus: &Bus) {
    bus.publish(&Subject::FleetChanged.topic(), &json!({}));
}

/// Wakes the worker, if it listens.
pub async fn announce(bus: &Bus) {
    ring(bus);
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

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::runtime::Runtime;
    use decnet_plan::ini::deploy as spec;
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt, symlink},
    };

    #[test]
    fn a_link_in_the_place_of_the_export_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (path, theirs) = (folder.path().join("x.json"), folder.path().join("theirs"));
        std::fs::write(&theirs, "theirs").unwrap();
        symlink(&theirs, &path).unwrap();
        exported(&path, "{}").unwrap();
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
    }

    #[test]
    fn the_export_holds_no_secret_and_is_closed() {
        let text = "[general]\nruntime = loopback\n[one]\nservices = redis\n[one.redis]\npassword = s3cr3t-of-mine\n";
        let options = spec::Options {
            runtime: Some(Runtime::Loopback),
            network: Some(decnet_model::fleet::LOOPBACK_NETWORK),
            skipped: 0,
            taken: Default::default(),
            faces: &decnet_model::nmap::ABSENT,
            limit: spec::FILE_LIMIT,
        };
        let fleet = spec::fleet("f.ini", text.as_bytes(), &options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        exported(&path, &serde_json::to_string(&without_secrets(&fleet)).unwrap()).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(!written.contains("s3cr3t") && written.contains("\"password\":\"***\""), "{written}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
