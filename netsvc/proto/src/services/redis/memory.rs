//! What things cost in memory.

/// What an element of a collection costs beside its bytes.
pub(super) const ELEMENT: usize = 48;
/// Most bytes that one command may copy out of the key space, and all commands of a transaction or script.
pub(super) const COPIED: usize = 32 << 20;
