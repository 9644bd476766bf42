//! What the master does with the fleet of its swarm: place it, store what each host is to have, and see what became
//! of it.

use crate::{
    Error,
    error::stored,
    place::{self, Candidate, PlaceError, Placement, Wishes},
};
use decnet_model::{
    fleet::{DeckyName, Fleet},
    record::{SwarmHost, SwarmReport},
    swarm::{DeckyReport, FLEET, Ground, HostState, Labels, Lag},
};
use decnet_store::Store;
use netsvc_wire::stamp::Micros;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// The fleet of the swarm, and where its deckies stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwarmFleet {
    /// The fleet; addresses of its deckies are placeholders unless they are fixed.
    pub fleet: Fleet,
    /// What is wanted beside it.
    #[serde(default)]
    pub wishes: Wishes,
    /// Where each decky stands.
    pub placement: Placement,
}

/// A host with what is known of it.
#[derive(Clone, Debug)]
pub struct Host {
    /// As it is wanted.
    pub row: SwarmHost,
    /// What it said last.
    pub report: Option<SwarmReport>,
    /// How it stands.
    pub state: HostState,
    /// Labels.
    pub labels: Labels,
    /// Where its deckies can stand.
    pub ground: Option<Ground>,
    /// How its deckies do.
    pub deckies: Vec<DeckyReport>,
    /// How far its log was forwarded.
    pub lag: Lag,
    /// When its newest certificate expires.
    pub expires_at: Option<Micros>,
}

/// What became of what was wanted of one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Name of the host.
    pub host: String,
    /// Its id.
    pub id: String,
    /// Deckies that are wanted there.
    pub wanted: usize,
    /// Of them, those that run.
    pub running: usize,
    /// Whether all do, and no other.
    pub ok: bool,
    /// What is not so.
    pub detail: String,
}

/// All hosts with what is known of them; unreachable after `stale` seconds of silence.
///
/// # Errors
/// When the store fails.
pub async fn hosts(store: &Store, now: Micros, stale: u64) -> Result<Vec<Host>, Error> {
    let rows = store.swarm_hosts().await.map_err(stored("list the hosts"))?;
    let reports = store.swarm_reports().await.map_err(stored("read what hosts said"))?;
    let mut reports: BTreeMap<String, SwarmReport> =
        reports.into_iter().map(|report| (report.host.clone(), report)).collect();
    let certificates = store.swarm_certificates().await.map_err(stored("read certificates"))?;
    let mut expires: BTreeMap<&str, Micros> = BTreeMap::new();
    for row in certificates.iter().filter(|row| row.revoked_at.is_none()) {
        let latest = expires.entry(&row.host).or_default();
        *latest = row.expires_at.max(*latest);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let report = reports.remove(&row.id);
            let expires_at = expires.get(row.id.as_str()).copied();
            Host::of(row, report, expires_at, now, stale)
        })
        .collect())
}

impl Host {
    fn of(
        row: SwarmHost,
        report: Option<SwarmReport>,
        expires_at: Option<Micros>,
        now: Micros,
        stale: u64,
    ) -> Host {
        let state = HostState::of(&row, report.as_ref(), now, stale);
        // What an agent said was read once before it was kept; what cannot be read now says nothing.
        let said = report.as_ref();
        let ground = said.and_then(|report| serde_json::from_str(&report.ground).ok()).flatten();
        let deckies = said.and_then(|report| serde_json::from_str(&report.deckies).ok()).unwrap_or_default();
        let lag = said.and_then(|report| serde_json::from_str(&report.lag).ok()).unwrap_or_default();
        let labels = serde_json::from_str(&row.labels).unwrap_or_default();
        Host { row, report, state, labels, ground, deckies, lag, expires_at }
    }

    /// Names of the deckies that are wanted there.
    pub fn wanted(&self) -> BTreeSet<DeckyName> {
        let fleet: Option<Fleet> = serde_json::from_str(&self.row.wanted).ok();
        fleet.map(|fleet| fleet.deckies.into_keys().collect()).unwrap_or_default()
    }

    fn candidate(&self) -> Candidate {
        Candidate {
            id: self.row.id.clone(),
            name: self.row.name.clone(),
            state: self.state,
            ground: self.ground.clone(),
            labels: self.labels.clone(),
            weight: self.row.weight,
            capacity: self.row.capacity,
        }
    }

    /// What became of what is wanted of it.
    pub fn outcome(&self) -> Outcome {
        let wanted = self.wanted();
        let is = |decky: &&DeckyReport, state: &str| wanted.contains(&decky.name) && decky.state == state;
        let running = self.deckies.iter().filter(|decky| is(decky, "running")).count();
        let others = self.deckies.iter().filter(|decky| !wanted.contains(&decky.name)).count();
        let heard = self.report.as_ref().is_some_and(|report| report.generation == self.row.generation);
        let failed = self.deckies.iter().find(|decky| is(decky, "failed"));
        let detail = match (self.state, failed) {
            (HostState::Unreachable | HostState::Enrolled, _) => {
                format!("{}; it will do it when it is back", self.state.name())
            }
            (_, Some(decky)) => format!("{}: {}", decky.name, decky.reason),
            _ if !heard => "has not heard of it yet".to_owned(),
            _ if running < wanted.len() => format!("{} do not run yet", wanted.len() - running),
            _ if others > 0 => format!("{others} that are not wanted have not gone yet"),
            _ => String::new(),
        };
        let ok = detail.is_empty();
        let (host, id) = (self.row.name.clone(), self.row.id.clone());
        Outcome { host, id, wanted: wanted.len(), running, ok, detail }
    }

    /// Whether nothing more is to be waited for.
    fn is_settled(&self) -> bool {
        let outcome = self.outcome();
        let heard = self.report.as_ref().is_some_and(|report| report.generation == self.row.generation);
        let wanted = self.wanted();
        let open = wanted.iter().any(|name| {
            let found = self.deckies.iter().find(|decky| decky.name == *name);
            !found.is_some_and(|decky| matches!(decky.state.as_str(), "running" | "failed"))
        });
        let others = self.deckies.iter().any(|decky| !wanted.contains(&decky.name));
        outcome.ok
            || matches!(self.state, HostState::Unreachable | HostState::Enrolled)
            || (heard && !open && !others)
    }
}

/// The fleet of the swarm; `None`: nobody has asked for one.
///
/// # Errors
/// When the store fails, or a newer release wrote it.
pub async fn read(store: &Store) -> Result<Option<SwarmFleet>, Error> {
    let text = store.setting_get(FLEET).await.map_err(stored("read the fleet of the swarm"))?;
    let read = |text: String| {
        serde_json::from_str(&text)
            .map_err(|error| Error::Wrong(format!("the fleet of the swarm cannot be read: {error}")))
    };
    text.map(read).transpose()
}

/// Places `fleet` on `hosts`.
///
/// # Errors
/// [`PlaceError`].
pub fn plan(
    fleet: Fleet,
    wishes: Wishes,
    hosts: &[Host],
    before: Option<&SwarmFleet>,
) -> Result<SwarmFleet, PlaceError> {
    let there = hosts.iter().filter(|host| host.state != HostState::Decommissioned);
    let candidates: Vec<_> = there.map(Host::candidate).collect();
    let stands = before.map(|before| before.placement.clone()).unwrap_or_default();
    let placement = place::place(&fleet, &candidates, &stands, &wishes)?;
    Ok(SwarmFleet { fleet, wishes, placement })
}

/// Stores what is wanted of each host. Returns the ids of those of which something else is wanted than before.
///
/// # Errors
/// When the store fails.
pub async fn put(store: &Store, wanted: &SwarmFleet, hosts: &[Host]) -> Result<Vec<String>, Error> {
    let failed = |error| Error::Wrong(format!("write the fleet of the swarm: {error}"));
    let mut each = Vec::new();
    for host in hosts.iter().filter(|host| host.state != HostState::Decommissioned) {
        let Some(ground) = &host.ground else { continue };
        let part = place::part(&wanted.fleet, &wanted.placement, &host.row.id, ground);
        // A host that never had a decky and gets none hears of nothing.
        if part.deckies.is_empty() && host.row.wanted.is_empty() {
            continue;
        }
        let text = serde_json::to_string(&part).map_err(failed)?;
        if text != host.row.wanted {
            each.push((host.row.id.clone(), text));
        }
    }
    let whole = serde_json::to_string(wanted).map_err(failed)?;
    store.swarm_fleet_put(&whole, &each).await.map_err(stored("store the fleet of the swarm"))?;
    Ok(each.into_iter().map(|(id, _)| id).collect())
}

/// Waits until the hosts with these ids have done what is wanted of them, at most until `patience` is over;
/// `progress` hears how many deckies run of how many.
///
/// # Errors
/// When the store fails.
pub async fn wait(
    store: &Store,
    ids: &[String],
    now: fn() -> Micros,
    stale: u64,
    patience: Duration,
    progress: impl Fn(usize, usize),
) -> Result<Vec<Outcome>, Error> {
    let begun = Instant::now();
    loop {
        let ours: Vec<Host> =
            hosts(store, now(), stale).await?.into_iter().filter(|host| ids.contains(&host.row.id)).collect();
        let outcomes: Vec<Outcome> = ours.iter().map(Host::outcome).collect();
        let sum = |of: fn(&Outcome) -> usize| outcomes.iter().map(of).sum();
        progress(sum(|outcome| outcome.running), sum(|outcome| outcome.wanted));
        if ours.iter().all(Host::is_settled) || patience < begun.elapsed() {
            return Ok(outcomes);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks all hosts that belong to the swarm whether they are there, and waits for their word. Returns the names of
/// those that gave none, with all hosts as they stand then.
///
/// # Errors
/// When the store fails.
pub async fn check(
    store: &Store,
    now: fn() -> Micros,
    stale: u64,
    patience: Duration,
) -> Result<(Vec<Host>, BTreeSet<String>), Error> {
    let there = |hosts: Vec<Host>| -> Vec<Host> {
        hosts.into_iter().filter(|host| host.state != HostState::Decommissioned).collect()
    };
    let before = there(hosts(store, now(), stale).await?);
    let ids: Vec<String> = before.iter().map(|host| host.row.id.clone()).collect();
    store.swarm_pulse(&ids).await.map_err(stored("ask the hosts"))?;
    let begun = Instant::now();
    loop {
        let found = there(hosts(store, now(), stale).await?);
        let silent: BTreeSet<String> = found
            .iter()
            .filter(|host| host.report.as_ref().is_none_or(|report| report.pulse != host.row.pulse))
            .map(|host| host.row.id.clone())
            .collect();
        if silent.is_empty() || patience < begun.elapsed() {
            return Ok((found, silent));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes the deckies of the host with the id `gone`, which leaves, out of the fleet of the swarm. Returns how many it
/// were.
///
/// # Errors
/// When the store fails.
pub async fn forget(store: &Store, hosts: &[Host], gone: &str) -> Result<usize, Error> {
    let Some(mut swarm) = read(store).await? else { return Ok(0) };
    let ours = swarm.placement.iter().filter(|(_, seat)| seat.host == gone).map(|(name, _)| name.clone());
    let ours: Vec<DeckyName> = ours.collect();
    for name in &ours {
        swarm.placement.remove(name);
        swarm.fleet.deckies.remove(name);
        swarm.wishes.fixed.remove(name);
    }
    put(store, &swarm, hosts).await?;
    Ok(ours.len())
}
