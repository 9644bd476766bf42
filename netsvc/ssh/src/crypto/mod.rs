//! Ciphers, message authentication codes and compression of the packet layer.

pub(crate) mod cipher;
pub(crate) mod compression;
pub(crate) mod mac;
pub(crate) mod umac;

use rand_core::{OsRng, RngCore};

/// Fills `bytes` from the system's generator.
pub(crate) fn random(bytes: &mut [u8]) {
    OsRng.fill_bytes(bytes);
}

/// An array of random bytes.
pub(crate) fn random_array<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    random(&mut bytes);
    bytes
}
