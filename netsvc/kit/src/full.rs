//! What the real daemon does when it has no place for one more connection.

/// How many connections a daemon serves, and what becomes of one more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Full {
    /// Connections that the daemon serves at a time.
    pub places: usize,
    /// What becomes of one more. A source without any connection to the service is let in all the same: the largest
    /// holder's oldest idle connection is closed for it.
    pub beyond: Beyond,
    /// Connections of one source that it serves.
    pub per_source: usize,
    /// What becomes of one more of the same source.
    pub beyond_source: Beyond,
}

/// What becomes of a connection without a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It waits in the accept queue: established, unanswered, until a place is free.
    Wait,
    /// The oldest idle connection is closed for it (nginx does so with connections that wait for a request).
    Displace,
    /// This is said, `{peer}` in it being the peer's address, and it is closed.
    Say(Vec<u8>),
    /// It is closed without a word.
    Close,
}

impl Full {
    /// A daemon without a limit of its own on connections of one source.
    pub const fn of(places: usize, beyond: Beyond) -> Self {
        Full { places, beyond, per_source: usize::MAX, beyond_source: Beyond::Close }
    }

    /// With a limit for each source.
    pub fn with_source(self, per_source: usize, beyond_source: Beyond) -> Self {
        Full { per_source, beyond_source, ..self }
    }
}
