//! The hash of an exchange and the keys that come of it (RFC 4253 §7.2 and §8).

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Hash of a key exchange method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of the parts one after the other.
    pub(crate) fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Hash::Sha1 => digest::<Sha1>(parts),
            Hash::Sha256 => digest::<Sha256>(parts),
            Hash::Sha384 => digest::<Sha384>(parts),
            Hash::Sha512 => digest::<Sha512>(parts),
        }
    }

    /// `length` bytes of key with the letter `letter`. `secret` is K as it stands on the wire.
    pub(crate) fn key(
        self,
        secret: &[u8],
        hash: &[u8],
        letter: u8,
        session: &[u8],
        length: usize,
    ) -> Vec<u8> {
        let mut key = self.of(&[secret, hash, &[letter], session]);
        while key.len() < length {
            let more = self.of(&[secret, hash, &key]);
            key.extend_from_slice(&more);
        }
        key.truncate(length);
        key
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut state = D::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().to_vec()
}
