//! What is known of addresses and files from elsewhere: registries and routes in local files, and what providers of
//! reputation have answered.

use super::Attacker;
use netsvc_wire::stamp::{DAY, Micros};
use std::net::IpAddr;

/// Whether a network may be announced by the autonomous system that announces it (RFC 6811).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rpki {
    /// An authorisation covers it and names the system.
    Valid,
    /// Authorisations cover it, and none names the system.
    Invalid,
    /// No authorisation covers it.
    NotFound,
}

named!(Rpki);

impl Rpki {
    /// Every state.
    pub const ALL: &'static [Rpki] = &[Rpki::Valid, Rpki::Invalid, Rpki::NotFound];

    /// `valid`, `invalid` or `not-found`.
    pub fn name(self) -> &'static str {
        match self {
            Rpki::Valid => "valid",
            Rpki::Invalid => "invalid",
            Rpki::NotFound => "not-found",
        }
    }
}

/// What a provider thinks of an address or a file, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does harm.
    Malicious,
    /// It may do harm.
    Suspicious,
    /// It does none.
    Benign,
    /// The provider knows nothing that would say.
    Unknown,
}

named!(Verdict);

impl Verdict {
    /// Every verdict, the worst first.
    pub const ALL: &'static [Verdict] =
        &[Verdict::Malicious, Verdict::Suspicious, Verdict::Benign, Verdict::Unknown];

    /// `malicious`, `suspicious`, `benign` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Malicious => "malicious",
            Verdict::Suspicious => "suspicious",
            Verdict::Benign => "benign",
            Verdict::Unknown => "unknown",
        }
    }
}

/// Whose an address is, by local files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Number of the autonomous system that announces it.
    pub asn: Option<u64>,
    /// Name of that system.
    pub as_name: Option<String>,
    /// The network that it is in, as a prefix or as `FIRST-LAST`.
    pub network: Option<String>,
    /// Whether that system may announce it; `None`: no file says.
    pub rpki: Option<Rpki>,
}

/// An address of an attacker and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// Address.
    pub src_ip: IpAddr,
    /// Id of the last event of it that the worker has seen.
    pub last_event: i64,
    /// Time of that event.
    pub last_seen: Micros,
    /// `global`, or what the registry of special addresses calls it; of others than global ones nobody is asked.
    pub scope: String,
    /// Whose it is.
    pub origin: Origin,
}

/// What a provider has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reputation {
    /// What it thinks.
    pub verdict: Verdict,
    /// How sure it is, 0 to 100, where it says so.
    pub score: Option<u64>,
    /// Its reason in a few words, as it came; empty: none.
    pub reason: String,
    /// When it answered.
    pub at: Micros,
    /// When it may be asked again.
    pub expires_at: Micros,
}

/// What a provider has answered of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressReputation {
    /// The address.
    pub src_ip: IpAddr,
    /// Name of the provider.
    pub provider: String,
    /// Its answer.
    pub reputation: Reputation,
}

/// What a provider has answered of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReputation {
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Name of the provider.
    pub provider: String,
    /// Its answer.
    pub reputation: Reputation,
}

/// An attacker with what is known of it from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttackerView {
    /// The attacker.
    pub attacker: Attacker,
    /// Whose its address is.
    pub origin: Origin,
    /// What providers have answered of it, by name.
    pub reputation: Vec<AddressReputation>,
}

/// A local file that addresses are looked up in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrichmentFile {
    /// Name in the folder.
    pub name: String,
    /// What it is: `mmdb`, `ip2asn`, `rir`, `rpki`, `list`; empty: nothing that is known.
    pub form: String,
    /// Rows that are used.
    pub rows: u64,
    /// Lines that say nothing that can be used.
    pub malformed: u64,
    /// Why it is not used, or not whole; empty: all is well.
    pub problem: String,
    /// When it was last changed.
    pub changed_at: Micros,
}

/// How a provider does: what it may still be asked today, and whether it rests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderState {
    /// Its name.
    pub name: String,
    /// Most questions of a day; 0: it is not configured.
    pub per_day: u64,
    /// The day that `asked` is of, in days since the epoch, UTC.
    pub day: i64,
    /// Questions of that day, whatever came of them.
    pub asked: u64,
    /// Answers in all.
    pub answers: u64,
    /// Failures since the last answer.
    pub failures: u64,
    /// It is not asked before this time.
    pub rests_until: Micros,
    /// When it was asked last.
    pub asked_at: Micros,
    /// What went wrong last; empty: nothing since the last answer.
    pub problem: String,
}

impl ProviderState {
    /// Questions of the day that `now` is in.
    pub fn asked_today(&self, now: Micros) -> u64 {
        if self.day == now.div_euclid(DAY) { self.asked } else { 0 }
    }
}
