//! Entries of a drive.

use super::volume::{Content, Meta};
use netsvc_persona::Persona;
use std::collections::BTreeMap;

/// A file or folder.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) meta: Meta,
    pub(super) content: Content,
}

/// Entries by their path in small letters.
pub(super) type Entries = BTreeMap<String, Entry>;

/// The number of `path` in the file table: a place, and how often it was used.
pub(super) fn number(persona: &Persona, path: &str) -> u64 {
    let seed = persona.installed_at.unsigned_abs();
    let mixed = path
        .to_lowercase()
        .bytes()
        .fold(seed, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (1 + mixed % 7) << 48 | (64 + (mixed >> 20) % 400_000)
}
