//! Hosts of a swarm, what they said last, their certificates, and tokens to join.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// A host of the swarm, as the master wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmHost {
    /// Id: its first name and six hex digits. It never changes and stands in its certificate.
    pub id: String,
    /// Name.
    pub name: String,
    /// Labels, JSON object.
    pub labels: String,
    /// How many deckies it gets beside others: twice the weight, twice the deckies.
    pub weight: u64,
    /// Most deckies.
    pub capacity: Option<u64>,
    /// Whether it is to have no deckies.
    pub drained: bool,
    /// What an operator noted.
    pub notes: String,
    /// When it joined.
    pub enrolled_at: Micros,
    /// When it was decommissioned.
    pub left_at: Option<Micros>,
    /// When it came after that and was told.
    pub told_at: Option<Micros>,
    /// Number of what is wanted, one more with each change.
    pub generation: u64,
    /// The fleet that is wanted there, JSON; empty: nothing was ever asked for.
    pub wanted: String,
    /// One more each time that the master asks whether it is there.
    pub pulse: u64,
}

impl SwarmHost {
    /// A host that joined just now.
    pub fn new(id: &str, name: &str, now: Micros) -> SwarmHost {
        SwarmHost {
            id: id.to_owned(),
            name: name.to_owned(),
            labels: "{}".to_owned(),
            weight: 1,
            capacity: None,
            drained: false,
            notes: String::new(),
            enrolled_at: now,
            left_at: None,
            told_at: None,
            generation: 0,
            wanted: String::new(),
            pulse: 0,
        }
    }
}

/// What a host said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwarmReport {
    /// Id of the host.
    pub host: String,
    /// When.
    pub at: Micros,
    /// From where.
    pub address: Option<IpAddr>,
    /// Its release.
    pub version: String,
    /// What it has made come true, or tried to.
    pub generation: u64,
    /// The last question that it has heard.
    pub pulse: u64,
    /// Where its deckies can stand, JSON.
    pub ground: String,
    /// How its deckies do, JSON list.
    pub deckies: String,
    /// How far its log was forwarded, JSON.
    pub lag: String,
    /// What it says that somebody should look at.
    pub trouble: String,
}

/// A certificate that the authority signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmCertificate {
    /// SHA-256 of it, hex.
    pub fingerprint: String,
    /// Whose it is.
    pub host: String,
    /// `master` or `agent`.
    pub role: String,
    /// When it was signed.
    pub issued_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
    /// Why.
    pub reason: String,
}

/// What lets a host join once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmToken {
    /// SHA-256 of its secret, hex.
    pub hash: String,
    /// Name that the host gets.
    pub name: String,
    /// Labels that it gets, JSON object.
    pub labels: String,
    /// Weight that it gets.
    pub weight: u64,
    /// Capacity that it gets.
    pub capacity: Option<u64>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it was used.
    pub used_at: Option<Micros>,
    /// SHA-256 of the public key that it was used with, hex: whoever lost the answer may ask again.
    pub used_key: String,
    /// The host that joined with it.
    pub host: String,
}
