//! Whether what an identity is recognised by stays the same.

use serde::Serialize;
use utoipa::ToSchema;

/// What the fingerprints of an identity say of who is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attribution {
    /// Whether several actors are suspected behind it.
    pub several_actors: bool,
    /// Why; empty where they are not.
    pub because: String,
    /// What is thought of each kind of fingerprint.
    pub facts: Vec<AttributedFact>,
}

/// What is thought of one kind of fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttributedFact {
    /// The kind.
    pub kind: &'static str,
    /// `unknown`, `single`: too little was seen; `stable`, `rotated`: another value has taken the place of the one
    /// before; `conflicted`: no value prevails; `multi_actor`: values come in turn from addresses of their own.
    pub state: &'static str,
    /// The value that holds, or held last, escaped and cut.
    pub value: String,
    /// How sure the state is, in percent.
    pub confidence: u8,
    /// How often a value was seen.
    pub observations: u64,
    /// Distinct values, 64 at most.
    pub values: u64,
    /// How often another value took the place of the one before.
    pub rotations: u64,
    /// When it came to this state, RFC 3339.
    pub since: String,
    /// Why it did.
    pub because: String,
}
