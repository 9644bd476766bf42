//! What things cost in memory.

/// What an element of a collection costs beside its bytes.
pub(super) const ELEMENT: usize = 48;
