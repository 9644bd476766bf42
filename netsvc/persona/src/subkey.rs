//! Random-looking values that stay the same: HMAC-SHA-256 over labels, and a generator seeded by it.

use crate::Secret;
use hmac::{Hmac, Mac};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::Sha256;

/// 32 bytes for `labels` under `key`. Labels are length-prefixed, so `["ab","c"]` and `["a","bc"]` differ.
pub fn bytes(key: &[u8], labels: &[&str]) -> [u8; 32] {
    // HMAC takes a key of any length, so this cannot fail; the fallback only keeps the type honest.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for label in labels {
        mac.update(&(label.len() as u64).to_be_bytes());
        mac.update(label.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// A generator for `labels` under `key`; the same stream every time.
pub fn generator(key: &[u8], labels: &[&str]) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(bytes(key, labels))
}

impl Secret {
    /// The secret's bytes if it is hex, as the subkey and the key seeds are.
    pub fn hex_bytes(&self) -> Option<Vec<u8>> {
        hex::decode(&self.0).ok()
    }
}
