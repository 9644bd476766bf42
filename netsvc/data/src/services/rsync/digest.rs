//! Digests of logins and of files.

use base64::{
    alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig},
};
use md4::Md4;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use xxhash_rust::{xxh3, xxh64};

/// Base64 as rsync writes it: without padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A digest of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// SHA-512.
    Sha512,
    /// SHA-256.
    Sha256,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
    /// MD4 as it should be.
    Md4,
    /// MD4 of protocols before 30: behind a seed of four zeros.
    OldMd4,
}

/// Digests of logins by name, the best first.
pub(super) const LOGIN: [(&str, Login); 5] = [
    ("sha512", Login::Sha512),
    ("sha256", Login::Sha256),
    ("sha1", Login::Sha1),
    ("md5", Login::Md5),
    ("md4", Login::Md4),
];

impl Login {
    /// The digest of `parts`, one after the other.
    pub(super) fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        fn hashed<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            parts.iter().for_each(|part| digest.update(part));
            digest.finalize().to_vec()
        }
        match self {
            Login::Sha512 => hashed::<Sha512>(parts),
            Login::Sha256 => hashed::<Sha256>(parts),
            Login::Sha1 => hashed::<Sha1>(parts),
            Login::Md5 => hashed::<Md5>(parts),
            Login::Md4 => hashed::<Md4>(parts),
            Login::OldMd4 => {
                let mut all: Vec<&[u8]> = vec![&[0; 4]];
                all.extend_from_slice(parts);
                hashed::<Md4>(&all)
            }
        }
    }

    /// How a captured answer is called.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Login::Sha512 => "rsync_sha512",
            Login::Sha256 => "rsync_sha256",
            Login::Sha1 => "rsync_sha1",
            Login::Md5 => "rsync_md5",
            Login::Md4 => "rsync_md4",
            Login::OldMd4 => "rsync_old_md4",
        }
    }

    /// A line for crackers, of the form digest(password, challenge): hashcat's, or John's where hashcat has none;
    /// nothing where neither knows the form.
    pub(super) fn crack_line(self, answer: &[u8], challenge: &str) -> Option<String> {
        let answer = hex::encode(answer);
        match self {
            Login::OldMd4 => None,
            Login::Md4 => Some(format!("$dynamic_32${answer}${challenge}")),
            _ => Some(format!("{answer}:{challenge}")),
        }
    }
}

/// A checksum of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// XXH3 of 128 bits.
    Xxh128,
    /// XXH3 of 64 bits.
    Xxh3,
    /// XXH64.
    Xxh64,
    /// MD5.
    Md5,
    /// MD4.
    Md4,
    /// None at all: one byte that stands for nothing.
    None,
}

impl Sum {
    /// Its name in lists.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sum::Xxh128 => "xxh128",
            Sum::Xxh3 => "xxh3",
            Sum::Xxh64 => "xxh64",
            Sum::Md5 => "md5",
            Sum::Md4 => "md4",
            Sum::None => "none",
        }
    }

    /// The one with this name.
    pub(super) fn named(name: &str) -> Option<Sum> {
        let all = [Sum::Xxh128, Sum::Xxh3, Sum::Xxh64, Sum::Md5, Sum::Md4, Sum::None];
        all.into_iter().find(|sum| sum.name() == name).or(if name == "xxhash" {
            Some(Sum::Xxh64)
        } else {
            None
        })
    }

    /// Its length on the wire.
    pub(super) fn length(self) -> usize {
        match self {
            Sum::Xxh128 | Sum::Md5 | Sum::Md4 => 16,
            Sum::Xxh3 | Sum::Xxh64 => 8,
            Sum::None => 1,
        }
    }

    /// That of `content`.
    pub(super) fn of(self, content: &[u8]) -> Vec<u8> {
        match self {
            Sum::Xxh128 => xxh3::xxh3_128(content).to_le_bytes().to_vec(),
            Sum::Xxh3 => xxh3::xxh3_64(content).to_le_bytes().to_vec(),
            Sum::Xxh64 => xxh64::xxh64(content, 0).to_le_bytes().to_vec(),
            Sum::Md5 => Md5::digest(content).to_vec(),
            Sum::Md4 => Md4::digest(content).to_vec(),
            Sum::None => vec![0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    #[test]
    fn digests_are_those_of_the_real_client() {
        // The answer of rsync 3.5.0 for the password `pw` to this challenge.
        let challenge =
            "Ra+MprK8aS1sCnLVlYduMXh3P2g/HDwc74wis3uevgOdOxDUlYAFCl0X9QAi6mtroN+goFgribBeMnNtfsb6zA";
        let answer = "WnUQs/wughEUpLm4xNTGHdSrTHL5sOW9LnUp7RCryckzH0AyxwTKErQcBUNfp3WKZpoeJhsjth5yxiv8ZDAgDg";
        assert_eq!(BASE64.encode(Login::Sha512.of(&[b"pw", challenge.as_bytes()])), answer);
        // What it sent behind a file of these six bytes.
        assert_eq!(hex::encode(Sum::Xxh128.of(b"hello\n")), "9ce4c8f135b4105a6df569e0c786ba6b");
        for sum in [Sum::Xxh128, Sum::Xxh3, Sum::Xxh64, Sum::Md5, Sum::Md4, Sum::None] {
            assert_eq!((sum.of(b"x").len(), Sum::named(sum.name())), (sum.length(), Some(sum)));
        }
    }
}
