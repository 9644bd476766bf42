//! Keys of operators as minisign keeps them: <https://jedisct1.github.io/minisign/#information-on-the-format>.

use crate::authority::random;
use base64::{Engine, engine::general_purpose::STANDARD};
use blake2::{Blake2b, Digest, digest::consts::U32};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;

/// Bytes of a key file that are read at most.
pub const LONGEST: usize = 4096;
/// Algorithm of keys.
const ED25519_KEY: [u8; 2] = *b"Ed";
/// Algorithm of the checksum in a secret key: BLAKE2b-256.
const CHECKSUM: [u8; 2] = *b"B2";
/// No password: what `minisign -W` writes. With one there stands `Sc`.
const OPEN: [u8; 2] = [0, 0];
/// Salt, operations and memory of the derivation of a password.
const DERIVATION: usize = 32 + 8 + 8;

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// It is none.
    #[error("that is no key of minisign's form")]
    None,
    /// It is a secret key, damaged.
    #[error("the secret key is damaged")]
    Damaged,
    /// It has a password.
    #[error(
        "the secret key has a password, and none is asked for here: `minisign -C -W -s KEY` takes it away"
    )]
    Locked,
}

/// What releases are checked with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) id: [u8; 8],
    key: [u8; 32],
}

/// What releases are signed with.
pub struct SecretKey {
    id: [u8; 8],
    seed: [u8; 32],
    public: [u8; 32],
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.id())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey")
    }
}

impl PublicKey {
    /// Reads a key: minisign's file, or its second line alone.
    ///
    /// # Errors
    /// [`KeyError::None`].
    pub fn read(text: &str) -> Result<PublicKey, KeyError> {
        let bytes = second_line(text)?;
        let (algorithm, rest) = bytes.split_first_chunk::<2>().ok_or(KeyError::None)?;
        let (id, key) = rest.split_first_chunk::<8>().ok_or(KeyError::None)?;
        if *algorithm != ED25519_KEY {
            return Err(KeyError::None);
        }
        Ok(PublicKey { id: *id, key: key.try_into().map_err(|_| KeyError::None)? })
    }

    /// The key in one line, as it is given on a command line.
    pub fn line(&self) -> String {
        STANDARD.encode([ED25519_KEY.as_slice(), &self.id, &self.key].concat())
    }

    /// The key as minisign's file.
    pub fn text(&self) -> String {
        format!("untrusted comment: minisign public key {}\n{}\n", self.id(), self.line())
    }

    /// Its number, as minisign shows it.
    pub fn id(&self) -> String {
        named(self.id)
    }

    /// Whether `signature` is this key's over `message`.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key).verify(message, signature).is_ok()
    }
}

impl SecretKey {
    /// Another key.
    ///
    /// # Errors
    /// When the library refuses what it made; it does not.
    pub fn make() -> Result<SecretKey, KeyError> {
        let seed: [u8; 32] = random();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Damaged)?;
        let public: &[u8] = pair.public_key().as_ref();
        Ok(SecretKey { id: random(), seed, public: public.try_into().map_err(|_| KeyError::Damaged)? })
    }

    /// Reads a key: minisign's file, without a password.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(text: &str) -> Result<SecretKey, KeyError> {
        let bytes = second_line(text)?;
        let (algorithm, rest) = bytes.split_first_chunk::<2>().ok_or(KeyError::None)?;
        let (derivation, rest) = rest.split_first_chunk::<2>().ok_or(KeyError::None)?;
        let (checksum, rest) = rest.split_first_chunk::<2>().ok_or(KeyError::None)?;
        let rest = rest.get(DERIVATION..).ok_or(KeyError::None)?;
        let (id, rest) = rest.split_first_chunk::<8>().ok_or(KeyError::None)?;
        let (seed, rest) = rest.split_first_chunk::<32>().ok_or(KeyError::None)?;
        let (public, sum) = rest.split_first_chunk::<32>().ok_or(KeyError::None)?;
        if *algorithm != ED25519_KEY || *checksum != CHECKSUM || sum.len() != 32 {
            return Err(KeyError::None);
        }
        if *derivation != OPEN {
            return Err(KeyError::Locked);
        }
        let key = SecretKey { id: *id, seed: *seed, public: *public };
        let whole = Ed25519KeyPair::from_seed_and_public_key(seed, public).is_ok();
        // minisign writes no checksum where there is no password that could be a wrong one.
        let sound = sum.iter().all(|byte| *byte == 0) || key.sum().as_slice() == sum;
        if !sound || !whole {
            return Err(KeyError::Damaged);
        }
        Ok(key)
    }

    /// The key as minisign's file, without a password: whoever has the file signs.
    pub fn text(&self) -> String {
        let bytes = [
            ED25519_KEY.as_slice(),
            &OPEN,
            &CHECKSUM,
            &[0; DERIVATION],
            &self.id,
            &self.seed,
            &self.public,
            self.sum().as_slice(),
        ]
        .concat();
        format!("untrusted comment: minisign unencrypted secret key\n{}\n", STANDARD.encode(bytes))
    }

    /// What its releases are checked with.
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: self.public }
    }

    /// Its signature over `message`, 64 bytes.
    pub(super) fn signature(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        let pair = Ed25519KeyPair::from_seed_and_public_key(&self.seed, &self.public);
        let signature = pair.map_err(|_| KeyError::Damaged)?.sign(message);
        let bytes: &[u8] = signature.as_ref();
        bytes.try_into().map_err(|_| KeyError::Damaged)
    }

    fn sum(&self) -> [u8; 32] {
        let mut hash = Blake2b::<U32>::new();
        for part in [ED25519_KEY.as_slice(), &self.id, &self.seed, &self.public] {
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// The number of a key in words: the last byte first.
pub(super) fn named(id: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(id))
}

/// What the second line of a file says, or the only one.
fn second_line(text: &str) -> Result<Vec<u8>, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::None);
    }
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let line = if first.starts_with("untrusted comment:") { lines.next().unwrap_or_default() } else { first };
    if lines.any(|rest| !rest.trim().is_empty()) {
        return Err(KeyError::None);
    }
    STANDARD.decode(line.trim()).map_err(|_| KeyError::None)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A key that `minisign -G -W` (0.11) has made for this test, and its public half.
    pub(in crate::release) const MINISIGNS: (&str, &str) = (
        concat!(
            "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAs8soc5f2VnKhFHbL9U546uJCbenPFPgwswh9gixWXzxYsVzhB1c/cpkSPLhhC1Cd2n1T",
            "g7wMH0RXfioiEL3s4Z15Na1pG9ugAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "A=",
        ),
        "RWSzyyhzl/ZWcpkSPLhhC1Cd2n1Tg7wMH0RXfioiEL3s4Z15Na1pG9ug",
    );

    #[test]
    fn keys_come_back_as_they_were_written_and_damage_is_seen() {
        let key = SecretKey::make().unwrap();
        let again = SecretKey::read(&key.text()).unwrap();
        assert_eq!(again.public(), key.public());
        for text in [key.public().text(), key.public().line()] {
            assert_eq!(PublicKey::read(&text).unwrap(), key.public());
        }
        assert_eq!(key.public().line().len(), 56, "as minisign's");
        assert_eq!(STANDARD.decode(key.text().lines().nth(1).unwrap()).unwrap().len(), 158, "as minisign's");
        let bytes = STANDARD.decode(key.text().lines().nth(1).unwrap()).unwrap();
        for at in 0..bytes.len() {
            // Salt and costs of a password that there is not.
            if (6..54).contains(&at) {
                continue;
            }
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(SecretKey::read(&STANDARD.encode(&other)).is_err(), "byte {at}");
        }
        let mut locked = bytes;
        locked[2..4].copy_from_slice(b"Sc");
        assert_eq!(SecretKey::read(&STANDARD.encode(&locked)).unwrap_err(), KeyError::Locked);
    }

    #[test]
    fn what_minisign_wrote_is_read() {
        let made = SecretKey::read(MINISIGNS.0).unwrap();
        assert_eq!(made.public(), PublicKey::read(MINISIGNS.1).unwrap());
        // The key of minisign's own releases, from its page.
        let key = PublicKey::read("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
        assert_eq!(key.id(), "E7620F1842B4E81F");
        for text in
            ["", "x", "untrusted comment: x\n", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\nx"]
        {
            assert_eq!(PublicKey::read(text), Err(KeyError::None), "{text}");
        }
    }
}
