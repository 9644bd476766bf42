//! Whose addresses are, what providers answered, and how files and providers do.

use crate::shown;
use decnet_model::record::{self, AddressReputation, EnrichmentFile, FileReputation, ProviderState};
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Whose an address is, by the files that the operator brought along; all of it is null where none says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Origin {
    /// Country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Number of the autonomous system that announces it.
    pub asn: Option<u64>,
    /// Name of that system.
    pub as_name: Option<String>,
    /// The network that it is in, as a prefix or as `FIRST-LAST`.
    pub network: Option<String>,
    /// Whether that system may announce it: `valid`, `invalid`, `not-found`.
    pub rpki: Option<&'static str>,
}

impl From<&record::Origin> for Origin {
    fn from(row: &record::Origin) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(shown);
        Origin {
            country: text(&row.country),
            asn: row.asn,
            as_name: text(&row.as_name),
            network: text(&row.network),
            rpki: row.rpki.map(record::Rpki::name),
        }
    }
}

impl Origin {
    /// Of an address that may not have been looked up.
    pub fn of(row: Option<&record::Enrichment>) -> Self {
        row.map_or_else(|| (&record::Origin::default()).into(), |row| (&row.origin).into())
    }
}

/// What a provider answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reputation {
    /// Its name.
    pub provider: String,
    /// `malicious`, `suspicious`, `benign` or `unknown`.
    pub verdict: &'static str,
    /// How sure it is, 0 to 100, where it says so.
    pub score: Option<u64>,
    /// Why, in a few words of its own.
    pub reason: String,
    /// When it answered, RFC 3339.
    pub at: String,
}

impl Reputation {
    fn new(provider: &str, row: &record::Reputation) -> Self {
        Reputation {
            provider: provider.to_owned(),
            verdict: row.verdict.name(),
            score: row.score,
            reason: shown(&row.reason),
            at: stamp::format(row.at),
        }
    }
}

impl From<&AddressReputation> for Reputation {
    fn from(row: &AddressReputation) -> Self {
        Reputation::new(&row.provider, &row.reputation)
    }
}

impl From<&FileReputation> for Reputation {
    fn from(row: &FileReputation) -> Self {
        Reputation::new(&row.provider, &row.reputation)
    }
}

/// What is known of an address or a file that was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Lookup {
    /// The address, or the SHA-256 of a file.
    pub subject: String,
    /// Of an address: `global`, or what the registry of special addresses calls it.
    pub scope: Option<&'static str>,
    /// Whose an address is.
    #[serde(flatten)]
    pub origin: Origin,
    /// What providers have answered.
    pub reputation: Vec<Reputation>,
}

/// How many attackers a country has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CountryCount {
    /// The country, ISO 3166-1 alpha-2.
    pub country: String,
    /// Attackers whose address is there.
    pub attackers: u64,
}

impl CountryCount {
    /// Of what was counted, in the order given.
    pub fn list(counted: &[(String, u64)]) -> Vec<Self> {
        let one = |(country, attackers): &(String, u64)| CountryCount {
            country: shown(country),
            attackers: *attackers,
        };
        counted.iter().map(one).collect()
    }
}

/// A file that addresses are looked up in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LookupFile {
    /// Its name in the folder.
    pub name: String,
    /// What it is: `mmdb`, `ip2asn`, `rir`, `rpki`, `list`; null: nothing that is known.
    pub form: Option<String>,
    /// Rows that are used; of a database, nodes of its tree.
    pub rows: u64,
    /// Lines that say nothing that can be used.
    pub malformed: u64,
    /// Why it is not used, or not whole.
    pub problem: Option<String>,
    /// When it was last changed, RFC 3339.
    pub changed_at: String,
}

impl From<&EnrichmentFile> for LookupFile {
    fn from(row: &EnrichmentFile) -> Self {
        LookupFile {
            name: shown(&row.name),
            form: given(&row.form),
            rows: row.rows,
            malformed: row.malformed,
            problem: given(&row.problem),
            changed_at: stamp::format(row.changed_at),
        }
    }
}

/// A provider of reputation that is asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReputationProvider {
    /// Its name.
    pub name: String,
    /// Most questions of a day.
    pub per_day: u64,
    /// Questions of today (UTC), whatever came of them.
    pub asked_today: u64,
    /// Answers in all.
    pub answers: u64,
    /// Failures since the last answer.
    pub failures: u64,
    /// It is not asked before this time, RFC 3339.
    pub rests_until: Option<String>,
    /// When it was asked last, RFC 3339.
    pub asked_at: Option<String>,
    /// What went wrong last, where it did.
    pub problem: Option<String>,
}

impl ReputationProvider {
    fn new(row: &ProviderState, now: i64) -> Self {
        ReputationProvider {
            name: shown(&row.name),
            per_day: row.per_day,
            asked_today: row.asked_today(now),
            answers: row.answers,
            failures: row.failures,
            rests_until: (now < row.rests_until).then(|| stamp::format(row.rests_until)),
            asked_at: (row.asked_at > 0).then(|| stamp::format(row.asked_at)),
            problem: given(&row.problem),
        }
    }
}

/// What attackers are looked up in, and who is asked about them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LookupStatus {
    /// Files of the folder `intel`.
    pub files: Vec<LookupFile>,
    /// Providers that are configured.
    pub providers: Vec<ReputationProvider>,
}

impl LookupStatus {
    /// Of what is stored, at `now` (microseconds).
    pub fn new(files: &[EnrichmentFile], providers: &[ProviderState], now: i64) -> Self {
        let configured = providers.iter().filter(|row| row.per_day > 0);
        LookupStatus {
            files: files.iter().map(LookupFile::from).collect(),
            providers: configured.map(|row| ReputationProvider::new(row, now)).collect(),
        }
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| shown(text))
}
