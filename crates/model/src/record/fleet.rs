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
    /// What it is.
    pub actual: DeckyActual,
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
    /// What it is.
    pub actual: DeckyActual,
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

/// What a decky is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeckyActual {
    /// Nobody can say: never reported, or about to change.
    #[default]
    Unknown,
    /// It runs.
    Running,
    /// It runs, but not as it was wanted: it is off the segment, because a host there has its address.
    Degraded,
    /// It could not be made to run.
    Failed,
    /// It was taken down.
    Gone,
    /// It ended with what ran it.
    Stopped,
}

impl DeckyActual {
    /// Every state.
    pub const ALL: &'static [DeckyActual] = &[
        DeckyActual::Unknown,
        DeckyActual::Running,
        DeckyActual::Degraded,
        DeckyActual::Failed,
        DeckyActual::Gone,
        DeckyActual::Stopped,
    ];

    /// Whether it runs, as it was wanted or not quite.
    pub fn is_up(self) -> bool {
        matches!(self, DeckyActual::Running | DeckyActual::Degraded)
    }

    /// `running`, `degraded`, `failed`, `gone` or `stopped`; empty when nobody can say.
    pub fn name(self) -> &'static str {
        match self {
            DeckyActual::Unknown => "",
            DeckyActual::Running => "running",
            DeckyActual::Degraded => "degraded",
            DeckyActual::Failed => "failed",
            DeckyActual::Gone => "gone",
            DeckyActual::Stopped => "stopped",
        }
    }
}

named!(DeckyActual);

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
