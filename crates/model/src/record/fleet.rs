//! Deckies: wanted and actual.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// One decky as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeckyRow {
    /// Fleet-unique name.
    pub name: String,
    /// What it is to be.
    pub desired: DeckyDesired,
    /// What it is; free text of the engine: `running`, `failed`, …; empty when never reported.
    pub actual: String,
    /// Why, when `actual` is not what was wanted.
    pub reason: String,
    /// Address.
    pub ip: Option<IpAddr>,
    /// Services that it offers.
    pub services: Vec<String>,
    /// The decky's part of the plan as JSON.
    pub plan: String,
    /// Persona as stored, if it has been derived.
    pub persona: Option<String>,
    /// When any of this last changed.
    pub updated_at: Micros,
}

/// What became of one decky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeckyState {
    /// Fleet-unique name.
    pub name: String,
    /// What it is: `running`, `failed`, …; empty when nobody can say.
    pub actual: String,
    /// Why, when that is not what was wanted.
    pub reason: String,
}

/// Whether a decky is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeckyDesired {
    /// It is to run.
    Running,
    /// It is to be gone; persona and evidence stay.
    Absent,
}

impl DeckyDesired {
    /// Both.
    pub const ALL: &'static [DeckyDesired] = &[DeckyDesired::Running, DeckyDesired::Absent];

    /// `running` or `absent`.
    pub fn name(self) -> &'static str {
        match self {
            DeckyDesired::Running => "running",
            DeckyDesired::Absent => "absent",
        }
    }
}

named!(DeckyDesired);

/// One decky of a fleet that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeckyIntent {
    /// Fleet-unique name.
    pub name: String,
    /// Address.
    pub ip: Option<IpAddr>,
    /// Services that it offers.
    pub services: Vec<String>,
    /// The decky's part of the plan as JSON.
    pub plan: String,
}
