//! Networks of deckies as rows: how they are, what became of them, what was asked to change.

use netsvc_wire::stamp::Micros;

/// How a topology is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopologyState {
    /// It is a plan.
    Pending,
    /// It is being deployed.
    Deploying,
    /// All its deckies run.
    Active,
    /// Some of them do not, or a change failed.
    Degraded,
    /// It could not be deployed.
    Failed,
    /// It is being taken down.
    TearingDown,
    /// It was taken down.
    TornDown,
}

impl TopologyState {
    /// All states.
    pub const ALL: &'static [TopologyState] = &[
        TopologyState::Pending,
        TopologyState::Deploying,
        TopologyState::Active,
        TopologyState::Degraded,
        TopologyState::Failed,
        TopologyState::TearingDown,
        TopologyState::TornDown,
    ];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            TopologyState::Pending => "pending",
            TopologyState::Deploying => "deploying",
            TopologyState::Active => "active",
            TopologyState::Degraded => "degraded",
            TopologyState::Failed => "failed",
            TopologyState::TearingDown => "tearing_down",
            TopologyState::TornDown => "torn_down",
        }
    }

    /// The states that may follow.
    pub fn next(self) -> &'static [TopologyState] {
        use TopologyState::{Active, Degraded, Deploying, Failed, Pending, TearingDown, TornDown};
        match self {
            Pending => &[Deploying, TornDown],
            Deploying => &[Active, Failed, Degraded, TearingDown],
            Active => &[Degraded, TearingDown],
            Degraded => &[Active, TearingDown],
            Failed => &[TearingDown],
            TearingDown => &[TornDown, Degraded],
            TornDown => &[],
        }
    }

    /// Whether deckies of it may stand in the fleet.
    pub fn is_live(self) -> bool {
        !matches!(self, TopologyState::Pending | TopologyState::TornDown)
    }
}

named!(TopologyState);

/// A topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologyRow {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: TopologyState,
    /// Since when.
    pub state_at: Micros,
    /// Why.
    pub reason: String,
    /// Raised by each change of the document.
    pub version: i64,
    /// LANs, deckies, edges and rules as JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was changed last.
    pub updated_at: Micros,
}

/// A state that followed another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologyEvent {
    /// Position in the order in which they happened.
    pub id: i64,
    /// The topology.
    pub topology: String,
    /// The state before.
    pub before: TopologyState,
    /// The state after.
    pub after: TopologyState,
    /// When.
    pub at: Micros,
    /// Why.
    pub reason: String,
}

/// How a change of a topology is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopologyChangeState {
    /// It was asked for.
    Pending,
    /// It is being made.
    Applying,
    /// It was made.
    Applied,
    /// It could not be made.
    Failed,
}

impl TopologyChangeState {
    /// All states.
    pub const ALL: &'static [TopologyChangeState] = &[
        TopologyChangeState::Pending,
        TopologyChangeState::Applying,
        TopologyChangeState::Applied,
        TopologyChangeState::Failed,
    ];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            TopologyChangeState::Pending => "pending",
            TopologyChangeState::Applying => "applying",
            TopologyChangeState::Applied => "applied",
            TopologyChangeState::Failed => "failed",
        }
    }
}

named!(TopologyChangeState);

/// A change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologyMutation {
    /// Position in the order in which they were asked for.
    pub id: i64,
    /// The topology.
    pub topology: String,
    /// The operation.
    pub op: String,
    /// What it was told, as JSON.
    pub payload: String,
    /// Version of the topology that it was made for.
    pub version: i64,
    /// How it is.
    pub state: TopologyChangeState,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Micros,
    /// When it was made.
    pub applied_at: Option<Micros>,
    /// Why it was not.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::TopologyState;

    #[test]
    fn every_state_but_the_last_leads_on_and_all_are_reached_from_the_first() {
        let mut reached = vec![TopologyState::Pending];
        let mut at = 0;
        while let Some(state) = reached.get(at).copied() {
            at += 1;
            reached.extend(
                state.next().iter().filter(|next| !reached.contains(next)).copied().collect::<Vec<_>>(),
            );
        }
        assert_eq!(reached.len(), TopologyState::ALL.len());
        let ends = TopologyState::ALL.iter().filter(|state| state.next().is_empty());
        assert_eq!(ends.collect::<Vec<_>>(), [&TopologyState::TornDown]);
    }
}
