//! Message authentication codes by their SSH names.

use super::umac::Umac;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

/// A code that can be negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MacKind {
    /// Bytes of key.
    pub(crate) key: usize,
    /// Bytes of tag.
    pub(crate) tag: usize,
    /// Encrypt-then-MAC: the tag covers the ciphertext, the length is sent in clear.
    pub(crate) after_encryption: bool,
    hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha512,
    Umac64,
    Umac128,
}

impl MacKind {
    /// The code called `name`.
    pub(crate) fn named(name: &str) -> Option<MacKind> {
        let (base, after_encryption) = match name.strip_suffix("-etm@openssh.com") {
            Some(base) => (base, true),
            None => (name.strip_suffix("@openssh.com").unwrap_or(name), false),
        };
        let (hash, key, tag) = match base {
            "hmac-sha1" => (Hash::Sha1, 20, 20),
            "hmac-sha2-256" => (Hash::Sha256, 32, 32),
            "hmac-sha2-512" => (Hash::Sha512, 64, 64),
            "umac-64" => (Hash::Umac64, 16, 8),
            "umac-128" => (Hash::Umac128, 16, 16),
            _ => return None,
        };
        Some(MacKind { key, tag, after_encryption, hash })
    }
}

/// A code with its key.
pub(crate) struct Mac {
    /// What it is.
    pub(crate) kind: MacKind,
    state: State,
}

enum State {
    Sha1(Box<Hmac<Sha1>>),
    Sha256(Box<Hmac<Sha256>>),
    Sha512(Box<Hmac<Sha512>>),
    Umac64(Box<Umac<2>>),
    Umac128(Box<Umac<4>>),
}

impl Mac {
    /// Keys the code; `None` when the key has the wrong length.
    pub(crate) fn new(kind: MacKind, key: &[u8]) -> Option<Mac> {
        let state = match kind.hash {
            Hash::Sha1 => State::Sha1(Box::new(Hmac::new_from_slice(key).ok()?)),
            Hash::Sha256 => State::Sha256(Box::new(Hmac::new_from_slice(key).ok()?)),
            Hash::Sha512 => State::Sha512(Box::new(Hmac::new_from_slice(key).ok()?)),
            Hash::Umac64 => State::Umac64(Box::new(Umac::new(key.try_into().ok()?))),
            Hash::Umac128 => State::Umac128(Box::new(Umac::new(key.try_into().ok()?))),
        };
        Some(Mac { kind, state })
    }

    /// The tag of the packet `bytes` with number `sequence`.
    pub(crate) fn tag(&self, sequence: u32, bytes: &[u8]) -> Vec<u8> {
        match &self.state {
            State::Sha1(state) => keyed(state.as_ref(), sequence, bytes),
            State::Sha256(state) => keyed(state.as_ref(), sequence, bytes),
            State::Sha512(state) => keyed(state.as_ref(), sequence, bytes),
            State::Umac64(state) => state.tag(u64::from(sequence), bytes),
            State::Umac128(state) => state.tag(u64::from(sequence), bytes),
        }
    }

    /// Whether `tag` is the packet's, in constant time.
    pub(crate) fn verify(&self, sequence: u32, bytes: &[u8], tag: &[u8]) -> bool {
        bool::from(self.tag(sequence, bytes).ct_eq(tag))
    }
}

fn keyed<M: hmac::Mac + Clone>(state: &M, sequence: u32, bytes: &[u8]) -> Vec<u8> {
    let mut state = state.clone();
    state.update(&sequence.to_be_bytes());
    state.update(bytes);
    state.finalize().into_bytes().to_vec()
}
