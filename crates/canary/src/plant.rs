//! Laying a canary among the files of a decky.

use decnet_model::{
    canary::{MOST_PLANTED, planted_path},
    flaw::{self, Flaw},
    fleet::{Decky, DeckyName},
    record::{Canary, CanaryFilter, CanaryPlace},
};
use decnet_store::{Error as StoreError, Store};
use netsvc_persona::tables::systems;
use netsvc_wire::stamp::{DAY, Micros};
use sha2::{Digest, Sha256};

/// Canaries that are looked at of one decky.
const LOOKED_AT: u32 = 1000;

/// Why a canary was not planted.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// What was asked for is wrong.
    #[error("{}", flaw::told(.0, ""))]
    Flaws(Vec<Flaw>),
    /// There is no such canary, or it counts no more.
    #[error("no canary that counts is called {0:?}")]
    NoCanary(String),
    /// There is no such decky.
    #[error("no decky is called {0:?}")]
    NoDecky(String),
    /// What the store says of the decky cannot be read.
    #[error("read the decky")]
    Document(#[source] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a canary is to lie.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The decky.
    pub node: String,
    /// Path there; `~` is the home of the owner.
    pub path: String,
    /// Login name of the file's owner; `None`: who has the home that the path is in, else the superuser.
    pub owner: Option<String>,
}

/// Lays a canary on a decky, whose files have it as soon as the worker `fleet` has seen to it.
///
/// # Errors
/// [`PlantError`]; then nothing has changed.
pub async fn plant(store: &Store, id: &str, wish: &Wish, now: Micros) -> Result<CanaryPlace, PlantError> {
    let canary = store.canary_get(id).await?.filter(|canary| canary.revoked_at.is_none());
    let canary = canary.ok_or_else(|| PlantError::NoCanary(id.to_owned()))?;
    let place = check(store, &canary, wish, now).await?;
    if !store.canary_place(id, Some(&place), now).await? {
        return Err(PlantError::NoCanary(id.to_owned()));
    }
    Ok(place)
}

async fn check(store: &Store, canary: &Canary, wish: &Wish, now: Micros) -> Result<CanaryPlace, PlantError> {
    let no_decky = || PlantError::NoDecky(wish.node.clone());
    let name: DeckyName = wish.node.parse().map_err(|_| no_decky())?;
    let row = store.decky_get(name.as_str()).await?.ok_or_else(no_decky)?;
    let decky: Decky = serde_json::from_str(&row.plan).map_err(PlantError::Document)?;
    let path = path_on(&decky.system, &wish.path).map_err(|flaw| PlantError::Flaws(vec![flaw]))?;
    let filter = CanaryFilter { node: Some(name.to_string()), live: true, ..CanaryFilter::default() };
    let mut bytes = store.canary_content(&canary.id).await?.map_or(0, |content| content.len());
    for other in store.canary_list(&filter, LOOKED_AT).await?.iter().filter(|other| other.id != canary.id) {
        if other.path.as_deref() == Some(path.as_str()) {
            let text = format!("canary {} lies there already", other.id);
            return Err(PlantError::Flaws(vec![("path", text)]));
        }
        bytes += store.canary_content(&other.id).await?.map_or(0, |content| content.len());
    }
    if MOST_PLANTED < bytes {
        let text =
            format!("canaries on one decky may have {MOST_PLANTED} bytes together; these would have {bytes}");
        return Err(PlantError::Flaws(vec![("", text)]));
    }
    let owner = wish.owner.clone().unwrap_or_default();
    Ok(CanaryPlace { node: name.to_string(), path, owner, dated: dated(&canary.id, now) })
}

/// The path that a file has on a machine with `system`; `~` at its beginning stays.
///
/// # Errors
/// What is wrong with it.
pub fn path_on(system: &str, path: &str) -> Result<String, Flaw> {
    let windows = systems::find(system).is_some_and(|system| system.family.starts_with("windows"));
    match path.strip_prefix('~').filter(|_| !windows) {
        Some(rest) => planted_path(rest, false).map(|rest| format!("~{rest}")),
        None => planted_path(path, windows),
    }
}

/// When a file was changed last, as it looks: on a day of work within two months, while people work. It follows from
/// the id, so that planting again shows nothing new.
fn dated(id: &str, now: Micros) -> Micros {
    let hash = Sha256::digest(id);
    let part = |at: usize, end: i64| i64::from(hash.get(at).copied().unwrap_or(0)) * end / 256;
    let mut day = now / DAY - 2 - part(0, 58);
    // Day 0 was a Thursday: 2 and 3 after it are the weekend.
    while matches!(day.rem_euclid(7), 2 | 3) {
        day -= 1;
    }
    day * DAY + (8 * 3600 + part(1, 9 * 60) * 60 + part(2, 60)) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_dated_as_people_work() {
        for id in ["a", "b", "c", "abcdefghijklmnopqr"] {
            let now = 1_764_000_000_000_000;
            let at = dated(id, now);
            assert!(at < now - DAY && now - 65 * DAY < at && at == dated(id, now));
            assert!(!matches!((at / DAY).rem_euclid(7), 2 | 3));
            assert!((8..18).contains(&(at.rem_euclid(DAY) / 3_600_000_000)));
        }
    }
}
