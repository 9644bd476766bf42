//! Where things stand in a domain, and how it numbers and times them.

use netsvc_daemon::{date, organisation::Organisation};

/// Naming contexts.
pub(in super::super) const DOMAIN: usize = 0;
pub(in super::super) const CONFIGURATION: usize = 1;
pub(in super::super) const SCHEMA: usize = 2;

/// 100 ns from 1601 to 1970.
const WINDOWS_EPOCH: i64 = 116_444_736_000_000_000;

/// The first site of a forest.
pub(in super::super) fn site(base: &str) -> String {
    format!("CN=Default-First-Site-Name,CN=Sites,CN=Configuration,{base}")
}

/// A time of µs since the epoch as Windows counts it.
pub(in super::super) fn file_time(micros: i64) -> i64 {
    micros.saturating_mul(10).saturating_add(WINDOWS_EPOCH)
}

/// A time as the directory writes it.
pub(in super::super) fn moment(micros: i64) -> String {
    format!("{}.0Z", date::compact(micros))
}

/// The identifier (SID) of the account or group `rid` of a domain.
pub(in super::super) fn sid(organisation: &Organisation, rid: u32) -> Vec<u8> {
    let mut parts = vec![21];
    parts.extend(organisation.sid);
    parts.push(rid);
    identifier(&parts)
}

/// The identifier of a domain.
pub(in super::super) fn domain_sid(organisation: &Organisation) -> Vec<u8> {
    let mut parts = vec![21];
    parts.extend(organisation.sid);
    identifier(&parts)
}

/// The identifier of what every Windows has.
pub(in super::super) fn builtin_sid(rid: u32) -> Vec<u8> {
    identifier(&[32, rid])
}

/// `S-1-5-` and these parts as bytes ([MS-DTYP] §2.4.2.2).
pub(in super::super) fn identifier(parts: &[u32]) -> Vec<u8> {
    let mut bytes = vec![1, u8::try_from(parts.len()).unwrap_or(15), 0, 0, 0, 0, 0, 5];
    parts.iter().for_each(|part| bytes.extend_from_slice(&part.to_le_bytes()));
    bytes
}

/// 16 bytes that name an entry for ever.
pub(in super::super) fn guid(organisation: &Organisation, name: &str) -> Vec<u8> {
    let drawn = organisation.secret(&["guid", name]);
    let mut bytes: Vec<u8> = drawn.iter().copied().take(16).collect();
    // Version 4 and its variant (RFC 4122 §4.4), in the byte order of Windows.
    if let Some(byte) = bytes.get_mut(7) {
        *byte = *byte & 0x0f | 0x40;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = *byte & 0x3f | 0x80;
    }
    bytes
}
