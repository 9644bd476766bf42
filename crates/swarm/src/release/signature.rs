//! Signatures beside files as minisign makes them: over BLAKE2b-512 of the content, so that a file of any size is read
//! once and in pieces; and over a comment that is believed.

use super::key::{self, KeyError, PublicKey, SecretKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use blake2::{Blake2b512, Digest};
use std::io::{self, Read};

/// Algorithm: Ed25519 over BLAKE2b-512.
const PREHASHED: [u8; 2] = *b"ED";
/// Bytes of a signature that are read at most.
pub const LONGEST: usize = 8192;
const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";

/// Why a signature is not believed.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// It is none.
    #[error("that is no signature of minisign's form over a hash")]
    None,
    /// Another key made it.
    #[error("it is signed with key {found}, and {wanted} is trusted")]
    OtherKey {
        /// The key that it names.
        found: String,
        /// The key that is trusted.
        wanted: String,
    },
    /// The content is another, or damaged.
    #[error("the signature is not that of this file: it is another, or damaged")]
    Wrong,
    /// The comment is another.
    #[error("the comment of the signature was changed")]
    Comment,
    /// The content cannot be read.
    #[error("read what is signed")]
    Read(#[from] io::Error),
    /// The key cannot sign.
    #[error("sign")]
    Key(#[from] KeyError),
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    id: [u8; 8],
    signature: [u8; 64],
    comment: String,
    global: [u8; 64],
}

impl Signature {
    /// Reads a signature: minisign's file.
    ///
    /// # Errors
    /// [`SignatureError::None`].
    pub fn read(text: &str) -> Result<Signature, SignatureError> {
        let mut lines = Some(text).filter(|text| text.len() <= LONGEST).ok_or(SignatureError::None)?.lines();
        let mut next = || lines.next().ok_or(SignatureError::None);
        let (untrusted, own, comment, global) = (next()?, next()?, next()?, next()?);
        if !untrusted.starts_with(UNTRUSTED) || lines.any(|rest| !rest.trim().is_empty()) {
            return Err(SignatureError::None);
        }
        let comment = comment.strip_prefix(TRUSTED).ok_or(SignatureError::None)?;
        let decoded = |line: &str| STANDARD.decode(line.trim()).map_err(|_| SignatureError::None);
        let (own, global) = (decoded(own)?, decoded(global)?);
        let (algorithm, rest) = own.split_first_chunk::<2>().ok_or(SignatureError::None)?;
        let (id, signature) = rest.split_first_chunk::<8>().ok_or(SignatureError::None)?;
        if *algorithm != PREHASHED {
            return Err(SignatureError::None);
        }
        let whole = |bytes: &[u8]| <[u8; 64]>::try_from(bytes).map_err(|_| SignatureError::None);
        Ok(Signature {
            id: *id,
            signature: whole(signature)?,
            comment: comment.to_owned(),
            global: whole(&global)?,
        })
    }

    /// The comment, which may be believed once [`Signature::verify`] has said so.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Whether it is `trusted`'s signature over everything that `content` yields.
    ///
    /// # Errors
    /// [`SignatureError`], where it is not.
    pub fn verify(&self, trusted: &PublicKey, content: impl Read) -> Result<(), SignatureError> {
        if self.id != trusted.id {
            return Err(SignatureError::OtherKey { found: key::named(self.id), wanted: trusted.id() });
        }
        if !trusted.signed(&hash(content)?, &self.signature) {
            return Err(SignatureError::Wrong);
        }
        let over = [self.signature.as_slice(), self.comment.as_bytes()].concat();
        if trusted.signed(&over, &self.global) { Ok(()) } else { Err(SignatureError::Comment) }
    }
}

/// Signs everything that `content` yields, and `comment`. Returns minisign's file.
///
/// # Errors
/// When the content cannot be read, or the comment is no line.
pub fn sign(key: &SecretKey, content: impl Read, comment: &str) -> Result<String, SignatureError> {
    if comment.len() > LONGEST / 2 || comment.contains(['\n', '\r']) {
        return Err(SignatureError::None);
    }
    let signature = key.signature(&hash(content)?)?;
    let global = key.signature(&[signature.as_slice(), comment.as_bytes()].concat())?;
    let own = [PREHASHED.as_slice(), &key.public().id, &signature].concat();
    Ok(format!(
        "{UNTRUSTED}signature from minisign secret key\n{}\n{TRUSTED}{comment}\n{}\n",
        STANDARD.encode(own),
        STANDARD.encode(global)
    ))
}

fn hash(mut content: impl Read) -> io::Result<[u8; 64]> {
    let (mut hash, mut buffer) = (Blake2b512::new(), vec![0; 128 << 10]);
    loop {
        let read = content.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::{super::key::tests::MINISIGNS, *};

    #[test]
    fn only_the_same_content_comment_and_key_are_believed() {
        let (key, other) = (SecretKey::make().unwrap(), SecretKey::make().unwrap());
        let content: &[u8] = b"what is released";
        let text = sign(&key, content, "timestamp:1 target:x").unwrap();
        let signature = Signature::read(&text).unwrap();
        assert!(signature.verify(&key.public(), content).is_ok());
        assert_eq!(signature.comment(), "timestamp:1 target:x");
        let wrong = signature.verify(&other.public(), content).unwrap_err();
        assert!(matches!(wrong, SignatureError::OtherKey { .. }), "{wrong}");
        for at in 0..content.len() * 8 {
            let mut changed = content.to_vec();
            changed[at / 8] ^= 1 << (at % 8);
            let verified = signature.verify(&key.public(), changed.as_slice());
            assert!(matches!(verified, Err(SignatureError::Wrong)), "bit {at}");
        }
        assert!(signature.verify(&key.public(), &content[..content.len() - 1]).is_err());
        let relabelled = Signature::read(&text.replace("target:x", "target:y")).unwrap();
        assert!(matches!(relabelled.verify(&key.public(), content), Err(SignatureError::Comment)));
    }

    #[test]
    fn what_minisign_signed_is_believed() {
        // `minisign -S -s KEY -m abc -t 'timestamp:1 file:abc'` (0.11), of a file that says `abc`.
        let text = concat!(
            "untrusted comment: signature from minisign secret key\n",
            "RUSzyyhzl/ZWcpccjHoENulfO4I3bVZXdXQsfOsm55JFLA7GpCmenrbvM93J",
            "wNhxZkqOcqyFHuGkFORk9WD62e0it0Zohgb6ogY=\n",
            "trusted comment: timestamp:1 file:abc\n",
            "rZaW1bWKSqbHAuFBD2iyUak6ZHML77vYIO8Vo0agx/x4Ppl1QCwdc28nIkw9UGJsCO4xrkYZgUCNddHYiqWaBg==\n",
        );
        let (secret, public) = MINISIGNS;
        let (secret, public) = (SecretKey::read(secret).unwrap(), PublicKey::read(public).unwrap());
        let signature = Signature::read(text).unwrap();
        assert!(signature.verify(&public, &b"abc"[..]).is_ok());
        assert!(signature.verify(&public, &b"abd"[..]).is_err());
        // Ed25519 says one thing for one content (RFC 8032): ours is the same.
        assert_eq!(sign(&secret, &b"abc"[..], "timestamp:1 file:abc").unwrap(), text);
    }

    #[test]
    fn every_bit_of_a_signature_counts() {
        let key = SecretKey::make().unwrap();
        let text = sign(&key, &b"x"[..], "c").unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for line in [1, 3] {
            let bytes = STANDARD.decode(lines[line]).unwrap();
            for at in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[at / 8] ^= 1 << (at % 8);
                let mut other: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
                other[line] = STANDARD.encode(changed);
                let read = Signature::read(&other.join("\n"));
                let believed = read.is_ok_and(|read| read.verify(&key.public(), &b"x"[..]).is_ok());
                assert!(!believed, "line {line}, bit {at}");
            }
        }
        for cut in 0..text.len() - 1 {
            let read = Signature::read(&text[..cut]);
            assert!(!read.is_ok_and(|read| read.verify(&key.public(), &b"x"[..]).is_ok()), "cut at {cut}");
        }
        assert!(sign(&key, &b"x"[..], "two\nlines").is_err());
    }
}
