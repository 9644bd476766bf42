//! Names that stay the same: UUIDs made of a namespace and a name (RFC 9562 §5.5).

use rand_core::{OsRng, RngCore};
use sha1::{Digest, Sha1};
use std::{fmt, str::FromStr};

/// A UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

/// A text is no UUID.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no UUID")]
pub struct BadUuid;

impl Uuid {
    /// The UUID with these bytes.
    pub const fn of_bytes(bytes: [u8; 16]) -> Self {
        Uuid(bytes)
    }

    /// The UUID of a name: version 5.
    pub fn named(namespace: Uuid, name: &str) -> Self {
        let digest = Sha1::new().chain_update(namespace.0).chain_update(name.as_bytes()).finalize();
        Uuid::versioned(digest.first_chunk().copied().unwrap_or_default(), 0x50)
    }

    /// A UUID that nobody has: version 4.
    pub fn fresh() -> Self {
        let mut bytes = [0; 16];
        OsRng.fill_bytes(&mut bytes);
        Uuid::versioned(bytes, 0x40)
    }

    fn versioned(bytes: [u8; 16], version: u8) -> Self {
        let mut bits = u128::from_be_bytes(bytes);
        bits = bits & !(0xf0_u128 << 72) | (u128::from(version) << 72);
        bits = bits & !(0xc0_u128 << 56) | (0x80_u128 << 56);
        Uuid(bits.to_be_bytes())
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        write!(
            formatter,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits >> 96,
            bits >> 80 & 0xffff,
            bits >> 64 & 0xffff,
            bits >> 48 & 0xffff,
            bits & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Uuid {
    type Err = BadUuid;

    fn from_str(text: &str) -> Result<Self, BadUuid> {
        let dashes =
            text.bytes().enumerate().all(|(at, byte)| matches!(at, 8 | 13 | 18 | 23) == (byte == b'-'));
        if text.len() != 36 || !dashes {
            return Err(BadUuid);
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(text.replace('-', ""), &mut bytes).map_err(|_| BadUuid)?;
        Ok(Uuid(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_uuid_that_others_give_it() {
        // RFC 9562, appendix A.4: www.example.com in the namespace of domain names.
        let names: Uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse().unwrap();
        assert_eq!(Uuid::named(names, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn a_fresh_one_is_of_version_4_and_reads_back() {
        let one = Uuid::fresh();
        let text = one.to_string();
        assert_eq!((text.parse(), text.as_bytes()[14]), (Ok(one), b'4'));
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{text}");
        assert_ne!(one, Uuid::fresh());
        for bad in ["", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg"] {
            assert_eq!(bad.parse::<Uuid>(), Err(BadUuid), "{bad}");
        }
    }
}
