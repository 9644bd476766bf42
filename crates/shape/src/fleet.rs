//! The fleet, and totals.

use crate::shown;
use decnet_model::{catalogue, fleet, record, tarpit};
use netsvc_wire::stamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One decky. Its persona is not shown: it holds keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Decky {
    /// Name.
    pub name: String,
    /// Address.
    pub ip: Option<String>,
    /// Services.
    pub services: Vec<String>,
    /// `running` or `absent`.
    pub desired: &'static str,
    /// What it is; empty when never reported.
    pub actual: &'static str,
    /// Why it is not what was wanted.
    pub reason: String,
}

impl From<&record::DeckyRow> for Decky {
    fn from(row: &record::DeckyRow) -> Self {
        Decky {
            name: row.name.clone(),
            ip: row.ip.map(|address| address.to_string()),
            services: row.services.clone(),
            desired: row.desired.name(),
            actual: row.actual.name(),
            reason: shown(&row.reason),
        }
    }
}

/// One decky and how its services are set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeckyDetail {
    /// What its list shows of it.
    #[serde(flatten)]
    pub decky: Decky,
    /// Its system.
    pub system: String,
    /// What kind of machine it is; absent where nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archetype: Option<String>,
    /// Minutes between its changes, about; absent: as the fleet says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutate_interval: Option<u32>,
    /// When it changed last; absent: it never did, or nobody remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutated_at: Option<String>,
    /// Whom it keeps waiting: `off`, `all` or networks; absent: as the fleet says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tarpit: Option<String>,
    /// What is set of its services, by slug and key; secrets are shown as `***`.
    pub settings: BTreeMap<String, BTreeMap<String, String>>,
}

impl DeckyDetail {
    /// Of a decky that changed last at `mutated_at`, in microseconds.
    pub fn new(row: &record::DeckyRow, mutated_at: Option<i64>) -> Self {
        // A decky that nobody wants any more may have a plan that nobody can read any more.
        let plan: Option<fleet::Decky> = serde_json::from_str(&row.plan).ok();
        let settings = plan.iter().flat_map(|plan| &plan.services).map(|service| {
            let pairs = service.settings.iter().map(|(key, value)| {
                let secret = catalogue::is_secret(&service.slug, key);
                (key.clone(), if secret { "***".to_owned() } else { shown(value) })
            });
            (service.slug.clone(), pairs.collect())
        });
        DeckyDetail {
            settings: settings.collect(),
            system: plan.as_ref().map(|plan| plan.system.clone()).unwrap_or_default(),
            archetype: plan.as_ref().and_then(|plan| plan.archetype.clone()),
            mutate_interval: plan.as_ref().and_then(|plan| plan.mutate_interval),
            mutated_at: mutated_at.map(stamp::format),
            tarpit: plan.as_ref().map(|plan| &plan.tarpit).filter(|tarpit| !tarpit.is_empty()).map(
                |tarpit| {
                    let own = tarpit.of(&tarpit::Tarpit::default());
                    tarpit::brief(own.as_ref())
                },
            ),
            decky: row.into(),
        }
    }
}

/// Number of events of one kind in one service of one decky.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tally {
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// Kind.
    pub kind: String,
    /// How many.
    pub events: u64,
}

/// Totals over the store.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stats {
    /// Events.
    pub events: u64,
    /// Sessions.
    pub sessions: u64,
    /// Distinct credentials.
    pub credentials: u64,
    /// Distinct artefacts.
    pub artifacts: u64,
    /// Attackers.
    pub attackers: u64,
    /// Lines known to be missing.
    pub missing: u64,
    /// Events deleted because they were too old or too many; evidence never is.
    pub retired: u64,
    /// Highest event id.
    pub last_event: i64,
    /// By decky, service and kind.
    pub tallies: Vec<Tally>,
}

impl From<&record::Tally> for Tally {
    fn from(row: &record::Tally) -> Self {
        Tally {
            decky: shown(&row.node),
            service: shown(&row.service),
            kind: shown(&row.kind),
            events: row.events,
        }
    }
}

impl Stats {
    /// Totals with the numbers by decky, service and kind.
    pub fn new(totals: &record::Totals, tallies: &[record::Tally]) -> Self {
        Stats {
            events: totals.events,
            sessions: totals.sessions,
            credentials: totals.credentials,
            artifacts: totals.artefacts,
            attackers: totals.attackers,
            missing: totals.missing,
            retired: totals.retired,
            last_event: totals.last_event,
            tallies: tallies.iter().map(Tally::from).collect(),
        }
    }
}
