//! Credentials and artefacts.

use crate::{Provenance, Reputation, Texts, shown};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::record;
use netsvc_wire::stamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One credential.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Id of the first event that offered it.
    pub first_event: i64,
    /// Id of the last event that offered it.
    pub last_event: i64,
    /// Address of the peer.
    pub src_ip: Option<String>,
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// Login name.
    pub principal: String,
    /// The secret.
    pub secret: String,
    /// `plaintext`, `publickey`, ….
    pub secret_kind: String,
    /// SHA-256 of the secret.
    pub secret_sha256: String,
    /// The challenge that the secret answers, base64.
    pub challenge: Option<String>,
    /// Realm or domain.
    pub realm: Option<String>,
    /// Line for a cracker.
    pub crack_line: Option<String>,
    /// Outcome.
    pub outcome: Option<String>,
    /// How often it was offered.
    pub attempts: u64,
    /// First offer, RFC 3339.
    pub first_seen: String,
    /// Last offer, RFC 3339.
    pub last_seen: String,
    /// Whether a probe of our own offered it.
    pub probe: bool,
    /// Where it was planted, if it is the secret of a canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Exact bytes, base64, of the texts that are not shown as they are.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub exact: Texts,
}

impl From<&record::Credential> for Credential {
    fn from(row: &record::Credential) -> Self {
        let mut exact = Texts::default();
        Credential {
            first_event: row.first_event,
            last_event: row.last_event,
            src_ip: row.src_ip.map(|address| address.to_string()),
            decky: shown(&row.node),
            service: shown(&row.service),
            principal: exact.show("principal", &row.principal),
            secret: exact.show("secret", &row.secret),
            secret_kind: shown(&row.secret_kind),
            secret_sha256: row.secret_sha256.clone(),
            challenge: row.challenge.as_deref().map(|bytes| STANDARD.encode(bytes)),
            realm: exact.show_some("realm", row.realm.as_ref()),
            crack_line: exact.show_some("crack_line", row.crack_line.as_ref()),
            outcome: row.outcome.as_deref().map(shown),
            attempts: row.attempts,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            probe: row.probe,
            provenance: None,
            exact,
        }
    }
}

/// Says of each secret that is a canary's where it was planted; `canaries` are those of the secrets, by SHA-256.
pub fn with_provenance(credentials: &mut [Credential], canaries: &BTreeMap<String, record::Canary>) {
    for credential in credentials {
        credential.provenance = canaries.get(&credential.secret_sha256).map(Provenance::from);
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
    /// The limit (a setting of `events`) for which the content was not kept, or not any more, the last time that there
    /// was one.
    pub unkept: Option<String>,
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
            unkept: row.unkept.as_deref().map(shown),
        }
    }
}

/// One time that an artefact was seen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Sighting {
    /// Event.
    pub event: i64,
    /// SHA-256 of the content.
    pub sha256: String,
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
    /// Where it came from.
    pub origin: String,
    /// Path or name on the decky.
    pub path: Option<String>,
    /// Whether it came of a probe of our own.
    pub probe: bool,
    /// Exact bytes, base64, of the texts that are not shown as they are.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub exact: Texts,
}

impl From<&record::Sighting> for Sighting {
    fn from(row: &record::Sighting) -> Self {
        let mut exact = Texts::default();
        Sighting {
            event: row.event,
            sha256: row.sha256.clone(),
            at: stamp::format(row.at),
            decky: shown(&row.node),
            service: shown(&row.service),
            src_ip: row.src_ip.map(|address| address.to_string()),
            session: row.session.as_deref().map(shown),
            origin: shown(&row.origin),
            path: exact.show_some("path", row.path.as_ref()),
            probe: row.probe,
            exact,
        }
    }
}

/// An artefact and its latest sightings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArtifactDetail {
    /// The artefact.
    #[serde(flatten)]
    pub artifact: Artifact,
    /// Whether the content is kept now.
    pub kept: bool,
    /// What providers have answered of it.
    pub reputation: Vec<Reputation>,
    /// Its latest 100 sightings, newest first.
    pub latest: Vec<Sighting>,
}
