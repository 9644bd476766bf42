//! A persona as those may see it who look after the fleet: without what no attacker sees either.

use super::check::{self, Incoherence};
use netsvc_persona::{Persona, Secret};
use serde_json::Value;

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// A stored persona without its secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The document.
    pub document: Value,
    /// `SHA256:…` of its ed25519 key and of its ECDSA key, as SSH clients show them.
    pub fingerprints: [String; 2],
    /// What contradicts itself in it.
    pub contradictions: Vec<Incoherence>,
}

impl Seen {
    /// Reads a stored persona; `None`: it is none, or a newer release wrote it.
    pub fn read(text: &str) -> Option<Seen> {
        let mut persona: Persona = serde_json::from_str(text).ok()?;
        let keys = &persona.ssh_keys;
        let fingerprints = [
            keys.ed25519_fingerprint().unwrap_or_default(),
            keys.ecdsa_p256_fingerprint().unwrap_or_default(),
        ];
        let contradictions = check::check(&persona);
        hide(&mut persona);
        // Bait is known by what it holds.
        persona.files.iter_mut().for_each(|file| HIDDEN.clone_into(&mut file.content));
        Some(Seen { document: serde_json::to_value(&persona).ok()?, fingerprints, contradictions })
    }
}

/// Takes out what no attacker sees.
pub fn hide(persona: &mut Persona) {
    let keys = [&mut persona.subkey, &mut persona.ssh_keys.ed25519, &mut persona.ssh_keys.ecdsa_p256];
    let passwords = persona.users.iter_mut().filter_map(|user| user.password.as_mut());
    for secret in keys.into_iter().chain(passwords) {
        *secret = Secret(HIDDEN.to_owned());
    }
}
