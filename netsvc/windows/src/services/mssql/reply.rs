//! An answer that is being made.

/// Tokens so far, and how far it is.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    /// Whether an error ended it.
    pub(super) failed: bool,
    /// How many batches hold this one.
    pub(super) depth: u8,
    /// Whether a procedure is being run.
    pub(super) within: bool,
}
