//! Longer pieces of work that operators ask for through the interface.

use netsvc_wire::stamp::Micros;

/// A piece of work that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Position in the order in which they were asked for, from 1.
    pub id: i64,
    /// Which.
    pub kind: OperationKind,
    /// With what, as JSON of [`crate::operation::Request`].
    pub request: String,
    /// How far it is.
    pub state: OperationState,
    /// Where it stands, in a few words.
    pub progress: String,
    /// What came of it, as JSON; empty where nothing did.
    pub result: String,
    /// What was said beside the result, a line each: warnings, and why it failed.
    pub notes: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Micros,
    /// When it began.
    pub begun_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

/// Kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// See what a deploy would do.
    Plan,
    /// Deploy a fleet.
    Deploy,
    /// Take deckies down.
    Teardown,
    /// Touch every port and find the touch in the store.
    Firedrill,
    /// Start what does not run of the fleet.
    Redeploy,
    /// Give a decky another persona.
    Persona,
    /// Judge how convincing deckies are.
    Audit,
    /// Have deckies change.
    Mutate,
    /// Change a service of a decky.
    Decky,
    /// Work on the hosts of a swarm.
    Swarm,
    /// Work on a topology.
    Topology,
    /// See what a segment is like.
    Learn,
    /// Make images of containers.
    Image,
    /// Have a worker start, stop or start again.
    Worker,
}

impl OperationKind {
    /// All kinds.
    pub const ALL: &'static [OperationKind] = &[
        OperationKind::Plan,
        OperationKind::Deploy,
        OperationKind::Teardown,
        OperationKind::Firedrill,
        OperationKind::Redeploy,
        OperationKind::Persona,
        OperationKind::Audit,
        OperationKind::Mutate,
        OperationKind::Decky,
        OperationKind::Swarm,
        OperationKind::Topology,
        OperationKind::Learn,
        OperationKind::Image,
        OperationKind::Worker,
    ];

    /// The verb of the command line that does it.
    pub fn name(self) -> &'static str {
        match self {
            OperationKind::Plan => "plan",
            OperationKind::Deploy => "deploy",
            OperationKind::Teardown => "teardown",
            OperationKind::Firedrill => "firedrill",
            OperationKind::Redeploy => "redeploy",
            OperationKind::Persona => "persona",
            OperationKind::Audit => "audit",
            OperationKind::Mutate => "mutate",
            OperationKind::Decky => "decky",
            OperationKind::Swarm => "swarm",
            OperationKind::Topology => "topology",
            OperationKind::Learn => "learn",
            OperationKind::Image => "image",
            OperationKind::Worker => "worker",
        }
    }
}

named!(OperationKind);

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// Nobody has begun.
    Queued,
    /// It is being done.
    Running,
    /// It is done.
    Done,
    /// It failed; the notes say why.
    Failed,
}

impl OperationState {
    /// All states.
    pub const ALL: &'static [OperationState] =
        &[OperationState::Queued, OperationState::Running, OperationState::Done, OperationState::Failed];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            OperationState::Queued => "queued",
            OperationState::Running => "running",
            OperationState::Done => "done",
            OperationState::Failed => "failed",
        }
    }
}

named!(OperationState);
