//! Changes of deckies that run: what changed, when, and why.

use netsvc_wire::stamp::Micros;

/// A change of a decky that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Position in the order in which they happened, from 1.
    pub id: i64,
    /// The decky.
    pub node: String,
    /// When.
    pub at: Micros,
    /// What.
    pub kind: MutationKind,
    /// The service that it is about; empty where it is about the whole decky.
    pub service: String,
    /// What was before: services, a release, settings.
    pub before: String,
    /// What is now.
    pub after: String,
    /// Why.
    pub cause: MutationCause,
    /// Who asked; empty where it was time.
    pub by: String,
}

/// Kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MutationKind {
    /// A service came.
    Added,
    /// A service went.
    Removed,
    /// A service is set in another way.
    Set,
    /// A program was updated to a later release.
    Updated,
}

impl MutationKind {
    /// All kinds.
    pub const ALL: &'static [MutationKind] =
        &[MutationKind::Added, MutationKind::Removed, MutationKind::Set, MutationKind::Updated];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            MutationKind::Added => "service_added",
            MutationKind::Removed => "service_removed",
            MutationKind::Set => "service_set",
            MutationKind::Updated => "updated",
        }
    }
}

named!(MutationKind);

/// Why a decky changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MutationCause {
    /// It was time.
    Interval,
    /// Somebody asked for any change.
    Asked,
    /// Somebody asked for this change.
    Edited,
}

impl MutationCause {
    /// All causes.
    pub const ALL: &'static [MutationCause] =
        &[MutationCause::Interval, MutationCause::Asked, MutationCause::Edited];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            MutationCause::Interval => "interval",
            MutationCause::Asked => "asked",
            MutationCause::Edited => "edited",
        }
    }
}

named!(MutationCause);
