//! What agents and the controller say to each other: JSON over HTTP/1.1 over TLS 1.3, each question in a connection
//! of its own.

use crate::update::Offer;
use decnet_model::{
    fleet::Fleet,
    swarm::{DeckyReport, Ground, Lag},
};
use serde::{Deserialize, Serialize};

/// Joins: nobody has a certificate yet.
pub const JOIN: &str = "/swarm/join";
/// Says how things stand, and hears what is wanted.
pub const REPORT: &str = "/swarm/report";
/// Asks for another certificate.
pub const RENEW: &str = "/swarm/renew";
/// Asks for a piece of the release that is offered.
pub const PIECE: &str = "/swarm/piece";
/// Says how far an update is.
pub const UPDATE: &str = "/swarm/update";
/// Says that the controller is there.
pub const HEALTH: &str = "/swarm/health";

/// Bytes of any question or answer but a report.
pub const SMALL: usize = 64 << 10;
/// Bytes of a report, and of an answer to one: ten thousand deckies.
pub const LARGE: usize = 32 << 20;

/// Bytes of an answer with a piece of a release, in base64.
pub const WITH_PIECE: usize = 1 << 20;

/// A wish to join.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The token's secret, hex.
    pub secret: String,
    /// The request for a certificate, PEM.
    pub request: String,
    /// Release of the agent.
    pub version: String,
}

/// The answer to [`Join`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Joined {
    /// Id of the host.
    pub host: String,
    /// Its name.
    pub name: String,
    /// Its certificate, PEM.
    pub certificate: String,
    /// The authority's certificate, PEM.
    pub authority: String,
    /// Port of the listener.
    pub syslog_port: u16,
}

/// How an agent stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Id of the host, which must be the certificate's.
    pub host: String,
    /// Its release.
    pub version: String,
    /// Number of what it makes come true.
    pub generation: u64,
    /// The last question that it has heard.
    pub pulse: u64,
    /// Where its deckies can stand; `None` while it does not know.
    pub ground: Option<Ground>,
    /// How its deckies do.
    pub deckies: Vec<DeckyReport>,
    /// How far its log was forwarded.
    pub lag: Lag,
    /// What somebody should look at.
    #[serde(default)]
    pub trouble: String,
    /// How long the answer may wait for news, ms.
    pub patience_ms: u64,
}

/// What is wanted of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// Number of what is wanted.
    pub generation: u64,
    /// The fleet that is wanted, where the agent has another number.
    pub fleet: Option<Fleet>,
    /// Number of the question whether it is there.
    pub pulse: u64,
    /// Name of the host now.
    pub name: String,
    /// Fingerprints of certificates of the master that are no longer valid.
    #[serde(default)]
    pub revoked: Vec<String>,
    /// The release that is to be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Offer>,
}

/// A wish for a piece of a release. What later releases say beside it is no matter here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Piece {
    /// SHA-256 of the bundle, hex.
    pub sha256: String,
    /// Where the piece begins.
    pub offset: u64,
}

/// The answer to [`Piece`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PieceSent {
    /// The bytes, base64.
    pub bytes: String,
}

/// An answer without words.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Heard {}

/// A wish for another certificate.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// The request, PEM.
    pub request: String,
}

/// The answer to [`Renew`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Renewed {
    /// The certificate, PEM.
    pub certificate: String,
}

/// An answer that means no.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Denied {
    /// Why.
    pub reason: String,
}
