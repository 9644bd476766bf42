//! Fingerprints of SSH host keys, as `ssh-keygen -l` prints them: what peers compare.

use crate::SshKeys;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use sha2::{Digest, Sha256};

impl SshKeys {
    /// `SHA256:…` of the ed25519 key; `None` when its seed is none.
    pub fn ed25519_fingerprint(&self) -> Option<String> {
        let seed: [u8; 32] = self.ed25519.hex_bytes()?.try_into().ok()?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        Some(fingerprint(&[b"ssh-ed25519", key.as_bytes()]))
    }

    /// The ed25519 key as it stands in `known_hosts`; `None` when its seed is none.
    pub fn ed25519_line(&self) -> Option<String> {
        let seed: [u8; 32] = self.ed25519.hex_bytes()?.try_into().ok()?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        let mut blob = Vec::new();
        for part in [b"ssh-ed25519".as_slice(), key.as_bytes()] {
            blob.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            blob.extend_from_slice(part);
        }
        Some(format!("ssh-ed25519 {}", STANDARD.encode(blob)))
    }

    /// `SHA256:…` of the ECDSA key; `None` when its scalar is none.
    pub fn ecdsa_p256_fingerprint(&self) -> Option<String> {
        let key = p256::SecretKey::from_slice(&self.ecdsa_p256.hex_bytes()?).ok()?;
        let point = key.public_key().to_encoded_point(false);
        Some(fingerprint(&[b"ecdsa-sha2-nistp256", b"nistp256", point.as_bytes()]))
    }
}

/// Hash of a public key: strings with their lengths before them (RFC 4253 §6.6, RFC 5656 §3.1).
fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part);
    }
    format!("SHA256:{}", STANDARD_NO_PAD.encode(hash.finalize()))
}
