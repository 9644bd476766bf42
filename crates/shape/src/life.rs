//! What is done on deckies day after day, as JSON.

use crate::shown;
use decnet_model::{record, routine};
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that was done on a decky of its own accord: nobody from outside did it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LifeDeed {
    /// Its id.
    pub id: String,
    /// The decky.
    pub decky: String,
    /// When, RFC 3339.
    pub at: String,
    /// `login`, `logout`, `edit`, `share`, `job` or `pages`.
    pub kind: &'static str,
    /// Login name of who did it; empty: the system, or somebody without an account.
    pub account: String,
    /// Address that it was done from; empty: none.
    pub source: String,
    /// What it was about.
    pub what: String,
    /// Always true: it was made up.
    pub made_up: bool,
}

impl From<&record::LifeDeed> for LifeDeed {
    fn from(row: &record::LifeDeed) -> Self {
        LifeDeed {
            id: row.id.clone(),
            decky: row.node.clone(),
            at: stamp::format(row.at),
            kind: row.kind.name(),
            account: shown(&row.account),
            source: row.source.clone(),
            what: shown(&row.what),
            made_up: true,
        }
    }
}

/// Whether anything is done on deckies of their own accord, how much, and what was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Life {
    /// Whether anything is.
    pub on: bool,
    /// How much, of a hundred.
    pub rate: u32,
    /// Deckies on which something is.
    pub deckies: u64,
    /// What was done in the last 24 hours, by kind.
    pub last_day: Vec<LifeCount>,
    /// What machines are for, and how much is done on each.
    pub roles: Vec<LifeRole>,
}

/// How much was done of a kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LifeCount {
    /// The kind.
    pub kind: String,
    /// How much.
    pub count: u64,
}

/// What a machine is for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LifeRole {
    /// Its name.
    pub name: String,
    /// Services by which a machine has it; none: every other machine.
    pub services: Vec<String>,
    /// Visits on a hundred working days of each who comes.
    pub often: u32,
    /// Visits on a hundred days on which nobody works.
    pub weekend: u32,
    /// When people are there, `08:00-17:30`.
    pub hours: String,
    /// Pages that colleagues ask for in an hour.
    pub pages: u32,
}

impl Life {
    /// What is said of it.
    pub fn new(
        switch: routine::Switch,
        roles: &[routine::Role],
        deckies: u64,
        last_day: Vec<(String, u64)>,
    ) -> Life {
        let roles = roles.iter().map(|role| LifeRole {
            name: role.name.clone(),
            services: role.services.clone(),
            often: role.often,
            weekend: role.weekend,
            hours: decnet_model::people::Hours { from: role.hours.from, to: role.hours.to }.into(),
            pages: role.pages,
        });
        Life {
            on: switch.on,
            rate: switch.rate,
            deckies,
            last_day: last_day.into_iter().map(|(kind, count)| LifeCount { kind, count }).collect(),
            roles: roles.collect(),
        }
    }
}
