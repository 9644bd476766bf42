//! Those who know the reputation of addresses and files: what each is asked, and what its answers mean. Nothing here
//! speaks to anybody; all of it is bytes in and bytes out.

mod abuseipdb;
mod greynoise;
mod threatfox;
mod virustotal;

use decnet_model::record::Verdict;
use decnet_outward::{Asked, Method};
use netsvc_wire::{escape::printable, stamp::Micros};

/// An hour, in microseconds.
pub(crate) const HOUR: Micros = 3_600_000_000;
/// Longest reason that is kept, in characters.
const REASON: usize = 200;

/// What a provider is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Addresses.
    Addresses,
    /// Files, by their SHA-256.
    Files,
}

/// What is true of a provider whatever it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub base: &'static str,
    /// What it is asked about.
    pub subject: Subject,
    /// Most questions of a minute.
    pub per_minute: u64,
    /// How long an answer is good that says something.
    pub fresh: Micros,
    /// How long one is good that says nothing.
    pub unknown: Micros,
    /// Longest answer, in bytes.
    pub answer: usize,
}

/// What a provider said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it thinks.
    pub verdict: Verdict,
    /// How sure it is, 0 to 100.
    pub score: Option<u64>,
    /// Why, in a few words of its own.
    pub reason: String,
}

impl Said {
    fn unknown() -> Said {
        Said { verdict: Verdict::Unknown, score: None, reason: String::new() }
    }

    fn new(verdict: Verdict, score: Option<u64>, reason: &str) -> Said {
        // What comes from outside goes to terminals and pages.
        let reason = printable(reason.as_bytes()).into_string().chars().take(REASON).collect();
        Said { verdict, score: score.map(|score| score.min(100)), reason }
    }
}

/// Why an answer says nothing. None of these is kept as an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// It will say nothing about this one, whoever asks.
    Subject(String),
    /// It does not take the key.
    Key(String),
    /// It was asked too often.
    Limited,
    /// It does not do well, or is not what we take it for.
    Failed(String),
}

/// One provider.
pub trait Provider: Send + Sync {
    /// What is true of it.
    fn spec(&self) -> &'static Spec;

    /// The question about `subject`, which is an address or a hash in hex.
    fn asked(&self, subject: &str, key: &str) -> Asked;

    /// What an answer means whose status is not one of those that mean the same of all providers.
    ///
    /// # Errors
    /// Why it says nothing.
    fn read(&self, subject: &str, status: u16, body: &[u8]) -> Result<Said, Unsaid>;
}

/// Every provider.
pub const ALL: &[&dyn Provider] =
    &[&abuseipdb::AbuseIpDb, &greynoise::GreyNoise, &threatfox::ThreatFox, &virustotal::VirusTotal];

/// The provider that is so called.
pub fn named(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.spec().name == name)
}

/// What an answer means.
///
/// # Errors
/// Why it says nothing.
pub fn meaning(provider: &dyn Provider, subject: &str, status: u16, body: &[u8]) -> Result<Said, Unsaid> {
    match status {
        401 | 403 => Err(Unsaid::Key(format!("it does not take the key (HTTP {status})"))),
        402 | 429 => Err(Unsaid::Limited),
        status if !matches!(status, 200..300 | 400..500) => Err(Unsaid::Failed(format!("HTTP {status}"))),
        status => provider.read(subject, status, body),
    }
}

fn get(path: String, headers: Vec<(&'static str, String)>) -> Asked {
    Asked { method: Method::Get, path, headers, body: Vec::new() }
}

/// Reads JSON, of which what is not known is passed over.
fn json<'de, T: serde::Deserialize<'de>>(body: &'de [u8]) -> Result<T, Unsaid> {
    serde_json::from_slice(body)
        .map_err(|error| Unsaid::Failed(format!("the answer is not as expected: {error}")))
}

/// What a status means that no provider documents.
fn strange(status: u16) -> Unsaid {
    Unsaid::Failed(format!("HTTP {status}"))
}

#[cfg(test)]
mod tests;
