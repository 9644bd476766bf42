//! Reading and writing fixed places of a packet without trusting its length.

/// Hardware address.
pub type Mac = [u8; 6];

/// To everybody on the segment.
pub(crate) const BROADCAST: Mac = [0xff; 6];

/// The `N` bytes from `at`; `None` past the end.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.get(..N)?.try_into().ok()
}

/// The big-endian number at `at`; 0 past the end, which callers rule out by an earlier length check.
pub(crate) fn number16(bytes: &[u8], at: usize) -> u16 {
    array(bytes, at).map_or(0, u16::from_be_bytes)
}

/// The big-endian number at `at`; 0 past the end.
pub(crate) fn number32(bytes: &[u8], at: usize) -> u32 {
    array(bytes, at).map_or(0, u32::from_be_bytes)
}

/// Overwrites the bytes from `at`; nothing past the end.
pub(crate) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..value.len())) {
        place.copy_from_slice(value);
    }
}
