//! The fleet, and totals.

use crate::shown;
use decnet_model::record;
use serde::Serialize;
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
