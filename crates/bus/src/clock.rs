//! Ids and times of messages.

use rand_core::{OsRng, RngCore};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the epoch.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|elapsed| elapsed.as_secs_f64()).unwrap_or_default()
}

/// A version 4 UUID (RFC 9562 §5.4) as 32 hex digits.
pub(crate) fn message_id() -> String {
    let mut bytes = [0_u8; 16];
    // Without a random source ids stay unique enough for a log: they carry no meaning.
    if OsRng.try_fill_bytes(&mut bytes).is_err() {
        bytes = now().to_bits().to_be_bytes().repeat(2).try_into().unwrap_or(bytes);
    }
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) | 4 << 76;
    let number = number & !(0b11 << 62) | 0b10 << 62;
    format!("{number:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_4_and_differ() {
        let id = message_id();
        assert_eq!(id.len(), 32);
        assert_eq!(&id[12..13], "4");
        assert!(matches!(&id[16..17], "8" | "9" | "a" | "b"));
        assert_ne!(id, message_id());
    }
}
