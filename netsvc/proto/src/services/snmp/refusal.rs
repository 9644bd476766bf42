//! Why an agent refuses messages of version 3 (RFC 3414, usmStats).

/// Why a message is refused; the number is that of its counter below usmStats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    UnsupportedLevel = 1,
    UnknownUser = 3,
    UnknownEngine = 4,
    WrongDigest = 5,
}

impl Refusal {
    /// As RFC 3414 calls its counter.
    pub(super) fn name(self) -> &'static str {
        match self {
            Refusal::UnsupportedLevel => "usmStatsUnsupportedSecLevels",
            Refusal::UnknownUser => "usmStatsUnknownUserNames",
            Refusal::UnknownEngine => "usmStatsUnknownEngineIDs",
            Refusal::WrongDigest => "usmStatsWrongDigests",
        }
    }
}
