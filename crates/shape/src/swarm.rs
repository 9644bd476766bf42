//! The hosts of a swarm, and the deckies on them.

use crate::shown;
use decnet_model::{
    fleet::Fleet,
    record::{SwarmHost as Row, SwarmReport, SwarmUpdate as UpdateRow},
    swarm::{DeckyReport, Ground, HostState, Labels, Lag},
};
use netsvc_wire::stamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A host of the swarm.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SwarmHost {
    /// Id, which never changes and which its events carry.
    pub id: String,
    /// Name.
    pub name: String,
    /// `enrolled`, `active`, `drained`, `unreachable`, `decommissioned`.
    pub state: &'static str,
    /// Labels.
    #[schema(value_type = BTreeMap<String, String>)]
    pub labels: Labels,
    /// How many deckies it gets beside others.
    pub weight: u64,
    /// Most deckies.
    pub capacity: Option<u64>,
    /// What an operator noted.
    pub notes: String,
    /// When it joined.
    pub enrolled_at: String,
    /// When it was heard of last.
    pub seen_at: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// Its release.
    pub version: Option<String>,
    /// Days until its certificate expires; it is renewed in time by itself.
    pub certificate_days: Option<i64>,
    /// The segment of its deckies.
    pub network: Option<String>,
    /// Its runtime.
    pub runtime: Option<&'static str>,
    /// Deckies that are wanted there.
    pub deckies_wanted: usize,
    /// Deckies that run there.
    pub deckies_running: usize,
    /// Whether it has heard of what is wanted.
    pub current: bool,
    /// Bytes of its log that have not come here yet.
    pub lag_bytes: u64,
    /// Lines that came in the last second that it told of.
    pub lines_per_second: u64,
    /// What it says that somebody should look at.
    pub trouble: Option<String>,
    /// When it was decommissioned.
    pub left_at: Option<String>,
    /// Whether it was decommissioned and has not come to hear so: its deckies may still stand.
    pub owes_removal: bool,
}

/// A decky of the swarm.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SwarmDecky {
    /// Its name.
    pub decky: String,
    /// Name of its host.
    pub host: String,
    /// Id of its host.
    pub host_id: String,
    /// Address.
    pub address: Option<String>,
    /// `running`, `failed`, `pending`, `leaving`; `unknown` where the host is not heard.
    pub state: String,
    /// Why, when it failed.
    pub reason: Option<String>,
    /// Services.
    pub services: Vec<String>,
}

/// An update of a host.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SwarmUpdate {
    /// Its id.
    pub id: String,
    /// The roll-out that it belongs to.
    pub rollout: String,
    /// Id of the host; `master` for the master itself.
    pub host: String,
    /// Its name.
    pub name: String,
    /// 0: it got it at once; 1: when all of 0 had proved themselves.
    pub stage: u64,
    /// The release before.
    pub from: String,
    /// The release that it gets.
    pub to: String,
    /// SHA-256 of the bundle.
    pub sha256: String,
    /// `waiting`, `offered`, `fetching`, `trying`, `done`, `rolled-back`, `refused`, `failed`, `cancelled`.
    pub state: &'static str,
    /// Why it is not done.
    pub reason: Option<String>,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: String,
    /// When its state changed last.
    pub changed_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
}

impl From<&UpdateRow> for SwarmUpdate {
    fn from(row: &UpdateRow) -> Self {
        SwarmUpdate {
            id: row.id.clone(),
            rollout: row.rollout.clone(),
            host: row.host.clone(),
            name: row.name.clone(),
            stage: row.stage,
            from: shown(&row.from_version),
            to: row.to_version.clone(),
            sha256: row.sha256.clone(),
            state: row.state.name(),
            reason: Some(shown(&row.reason)).filter(|reason| !reason.is_empty()),
            asked_by: row.asked_by.clone(),
            asked_at: stamp::format(row.asked_at),
            changed_at: stamp::format(row.changed_at),
            ended_at: row.ended_at.map(stamp::format),
        }
    }
}

impl SwarmHost {
    /// A host at `now` that is unreachable after `stale` seconds of silence.
    pub fn of(
        row: &Row,
        report: Option<&SwarmReport>,
        expires_at: Option<i64>,
        now: i64,
        stale: u64,
    ) -> SwarmHost {
        let state = HostState::of(row, report, now, stale);
        let ground: Option<Ground> =
            report.and_then(|report| serde_json::from_str(&report.ground).ok()).flatten();
        let lag: Lag = report.and_then(|report| serde_json::from_str(&report.lag).ok()).unwrap_or_default();
        let day = 86_400_000_000;
        let text = |text: &str| Some(shown(text)).filter(|text| !text.is_empty());
        let running = |decky: &&DeckyReport| decky.state == "running";
        SwarmHost {
            id: row.id.clone(),
            name: row.name.clone(),
            state: state.name(),
            labels: serde_json::from_str(&row.labels).unwrap_or_default(),
            weight: row.weight,
            capacity: row.capacity,
            notes: row.notes.clone(),
            enrolled_at: stamp::format(row.enrolled_at),
            seen_at: report.map(|report| stamp::format(report.at)),
            address: report.and_then(|report| report.address).map(|address| address.to_string()),
            version: report.and_then(|report| text(&report.version)),
            certificate_days: expires_at.map(|at| at.saturating_sub(now).div_euclid(day)),
            network: ground.as_ref().map(|ground| ground.network.to_string()),
            runtime: ground.as_ref().map(|ground| ground.runtime.name()),
            deckies_wanted: wanted(row).map_or(0, |fleet| fleet.deckies.len()),
            deckies_running: said(report).iter().filter(running).count(),
            current: row.generation == 0 || report.is_some_and(|report| report.generation == row.generation),
            lag_bytes: lag.bytes,
            lines_per_second: lag.rate,
            trouble: report.and_then(|report| text(&report.trouble)),
            left_at: row.left_at.map(stamp::format),
            owes_removal: row.left_at.is_some() && row.told_at.is_none() && report.is_some(),
        }
    }
}

impl SwarmDecky {
    /// The deckies of one host: those that are wanted, and those that have yet to go. One that left and knows it has
    /// taken its own down, and says nothing any more.
    pub fn of(row: &Row, report: Option<&SwarmReport>, now: i64, stale: u64) -> Vec<SwarmDecky> {
        if row.left_at.is_some() && row.told_at.is_some() {
            return Vec::new();
        }
        let heard = HostState::of(row, report, now, stale);
        let mut said: BTreeMap<String, DeckyReport> =
            said(report).into_iter().map(|decky| (decky.name.to_string(), decky)).collect();
        let of = |name: &str| SwarmDecky {
            decky: name.to_owned(),
            host: row.name.clone(),
            host_id: row.id.clone(),
            address: None,
            state: "unknown".to_owned(),
            reason: None,
            services: Vec::new(),
        };
        let state = |known: Option<&DeckyReport>, wanted: bool| match (heard, known) {
            (HostState::Unreachable | HostState::Enrolled | HostState::Decommissioned, _) => {
                "unknown".to_owned()
            }
            (_, Some(_)) if !wanted => "leaving".to_owned(),
            (_, Some(known)) if !known.state.is_empty() => shown(&known.state),
            _ => "pending".to_owned(),
        };
        let mut rows = Vec::new();
        for (name, decky) in wanted(row).map(|fleet| fleet.deckies).unwrap_or_default() {
            let known = said.remove(name.as_str());
            rows.push(SwarmDecky {
                address: Some(decky.ip.to_string()),
                state: state(known.as_ref(), true),
                reason: known.map(|known| shown(&known.reason)).filter(|reason| !reason.is_empty()),
                services: decky.slugs(),
                ..of(name.as_str())
            });
        }
        let rest = said
            .values()
            .map(|known| SwarmDecky { state: state(Some(known), false), ..of(known.name.as_str()) });
        rows.extend(rest);
        rows
    }
}

fn wanted(row: &Row) -> Option<Fleet> {
    serde_json::from_str(&row.wanted).ok()
}

fn said(report: Option<&SwarmReport>) -> Vec<DeckyReport> {
    report.and_then(|report| serde_json::from_str(&report.deckies).ok()).unwrap_or_default()
}
