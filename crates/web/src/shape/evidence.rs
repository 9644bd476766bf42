//! Credentials and artefacts.

use super::{Captured, captured, shown};
use decnet_store::record;
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One credential.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Id of the first event that offered it.
    pub first_event: i64,
    /// Address of the peer.
    pub src_ip: Option<String>,
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// Login name.
    pub principal: Captured,
    /// The secret.
    pub secret: Captured,
    /// `plaintext`, `publickey`, ….
    pub secret_kind: String,
    /// SHA-256 of the secret.
    pub secret_sha256: String,
    /// Line for a cracker.
    pub crack_line: Option<Captured>,
    /// Outcome.
    pub outcome: Option<String>,
    /// How often it was offered.
    pub attempts: u64,
    /// First offer, RFC 3339.
    pub first_seen: String,
    /// Last offer, RFC 3339.
    pub last_seen: String,
}

impl From<&record::Credential> for Credential {
    fn from(row: &record::Credential) -> Self {
        Credential {
            first_event: row.first_event,
            src_ip: row.src_ip.map(|address| address.to_string()),
            decky: shown(&row.node),
            service: shown(&row.service),
            principal: row.principal.as_slice().into(),
            secret: row.secret.as_slice().into(),
            secret_kind: shown(&row.secret_kind),
            secret_sha256: row.secret_sha256.clone(),
            crack_line: captured(row.crack_line.as_ref()),
            outcome: row.outcome.as_deref().map(shown),
            attempts: row.attempts,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}

/// One artefact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Artifact {
    /// SHA-256 of the content.
    pub sha256: String,
    /// Id of the first event that named it.
    pub first_event: i64,
    /// Size in bytes.
    pub size: u64,
    /// Where it came from first.
    pub origin: String,
    /// Format.
    pub format: Option<String>,
    /// How often it was seen.
    pub sightings: u64,
    /// First sighting, RFC 3339.
    pub first_seen: String,
    /// Last sighting, RFC 3339.
    pub last_seen: String,
}

impl From<&record::Artefact> for Artifact {
    fn from(row: &record::Artefact) -> Self {
        Artifact {
            sha256: row.sha256.clone(),
            first_event: row.first_event,
            size: row.size,
            origin: shown(&row.origin),
            format: row.format.as_deref().map(shown),
            sightings: row.sightings,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}

/// One time that an artefact was seen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Sighting {
    /// Event.
    pub event: i64,
    /// When, RFC 3339.
    pub at: String,
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// Address of the peer.
    pub src_ip: Option<String>,
    /// Session.
    pub session: Option<String>,
    /// Path or name on the decky.
    pub path: Option<Captured>,
}

impl From<&record::Sighting> for Sighting {
    fn from(row: &record::Sighting) -> Self {
        Sighting {
            event: row.event,
            at: stamp::format(row.at),
            decky: shown(&row.node),
            service: shown(&row.service),
            src_ip: row.src_ip.map(|address| address.to_string()),
            session: row.session.as_deref().map(shown),
            path: captured(row.path.as_ref()),
        }
    }
}

/// An artefact and its latest sightings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArtifactDetail {
    /// The artefact.
    #[serde(flatten)]
    pub artifact: Artifact,
    /// Its latest 100 sightings, newest first.
    pub latest: Vec<Sighting>,
}
