//! What attackers see of a decky, as JSON.

use crate::shown;
use decnet_model::persona::seen;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What attackers see of a decky, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Persona {
    /// The persona as `decnet persona show --json` prints it.
    #[schema(value_type = Object)]
    pub document: Value,
    /// Fingerprint of its ed25519 key, as SSH clients show it.
    pub ed25519: String,
    /// Fingerprint of its ECDSA key.
    pub ecdsa: String,
    /// What contradicts itself in it.
    pub contradictions: Vec<Contradiction>,
}

/// What two observers would not both believe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Contradiction {
    /// What contradicts: `ttl`, `mac`, `product`, …
    pub subject: String,
    /// Both sides, in words.
    pub detail: String,
    /// What would be right.
    pub remedy: String,
}

impl Persona {
    /// Of a stored persona; `None`: it is none that this release can read.
    pub fn of(text: &str) -> Option<Persona> {
        let seen::Seen { document, fingerprints: [ed25519, ecdsa], contradictions } = seen::Seen::read(text)?;
        let contradictions = contradictions
            .into_iter()
            .map(|one| Contradiction {
                subject: one.subject.to_owned(),
                detail: shown(&one.detail),
                remedy: shown(&one.remedy),
            })
            .collect();
        Some(Persona { document, ed25519, ecdsa, contradictions })
    }
}
