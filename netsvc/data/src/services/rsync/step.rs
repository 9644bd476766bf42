//! One step of a copy.

/// What became of a step of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Something was done.
    Done,
    /// There is not enough to read.
    Wait,
    /// The transfer is over.
    Over,
    /// The peer says what cannot be.
    Failed(String),
}
