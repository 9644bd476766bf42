//! SCRAM-SHA-1 and SCRAM-SHA-256 as the server plays them.
//!
//! Source: RFC 5802, RFC 7677; MongoDB "Authentication Specification": with SHA-1, the password is the hexadecimal MD5
//! of `user:mongo:password`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mechanism {
    Sha1,
    Sha256,
}

/// What was said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    mechanism: Mechanism,
    /// Name of the account.
    pub user: String,
    /// The client's first message from `n=` on.
    first: String,
    /// The server's first message.
    pub answer: String,
    nonce: String,
    salt: Vec<u8>,
    rounds: u32,
}

/// The end of an exchange, as the client proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub mechanism: Mechanism,
    pub user: String,
    /// What is signed: both first messages, and the last without its proof.
    pub message: String,
    pub proof: Vec<u8>,
    salt: Vec<u8>,
    rounds: u32,
}

/// A message that is none of the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad(pub String);

impl Mechanism {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "SCRAM-SHA-1" => Some(Mechanism::Sha1),
            "SCRAM-SHA-256" => Some(Mechanism::Sha256),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Mechanism::Sha1 => "SCRAM-SHA-1",
            Mechanism::Sha256 => "SCRAM-SHA-256",
        }
    }

    /// Rounds of the hash (`scramIterationCount`, `scramSHA256IterationCount`).
    fn rounds(self) -> u32 {
        match self {
            Mechanism::Sha1 => 10_000,
            Mechanism::Sha256 => 15_000,
        }
    }

    /// Bytes of a salt: those of the hash without the four that count blocks.
    pub(super) fn salt(self) -> usize {
        match self {
            Mechanism::Sha1 => 16,
            Mechanism::Sha256 => 28,
        }
    }

    fn sign(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Mechanism::Sha1 => signed(Hmac::<Sha1>::new_from_slice(key), message),
            Mechanism::Sha256 => signed(Hmac::<Sha256>::new_from_slice(key), message),
        }
    }

    fn hash(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Mechanism::Sha1 => Sha1::digest(bytes).to_vec(),
            Mechanism::Sha256 => Sha256::digest(bytes).to_vec(),
        }
    }

    /// PBKDF2 with the hash, one block (RFC 5802, `Hi`).
    fn salted(self, user: &str, password: &[u8], salt: &[u8], count: u32) -> Vec<u8> {
        let password = match self {
            Mechanism::Sha1 => {
                let digest = Md5::new().chain_update(user).chain_update(":mongo:").chain_update(password);
                hex::encode(digest.finalize()).into_bytes()
            }
            Mechanism::Sha256 => password.to_vec(),
        };
        let first = [salt, &1_u32.to_be_bytes()].concat();
        match self {
            Mechanism::Sha1 => rounds(Hmac::<Sha1>::new_from_slice(&password), &first, count),
            Mechanism::Sha256 => rounds(Hmac::<Sha256>::new_from_slice(&password), &first, count),
        }
    }
}

/// HMAC takes keys of any length, so there is a value always.
fn signed<M: Mac, E>(mac: Result<M, E>, message: &[u8]) -> Vec<u8> {
    mac.map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()).unwrap_or_default()
}

fn rounds<M: Mac + Clone, E>(mac: Result<M, E>, first: &[u8], count: u32) -> Vec<u8> {
    let Ok(mac) = mac else { return Vec::new() };
    let mut last = mac.clone().chain_update(first).finalize().into_bytes();
    let mut sum = last.to_vec();
    for _ in 1..count {
        last = mac.clone().chain_update(&last).finalize().into_bytes();
        sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// The attribute `name=` that `rest` begins with, and what follows it.
fn attribute<'a>(rest: &mut &'a str, name: char, whole: &str) -> Result<&'a str, Bad> {
    let value = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
    let value =
        value.ok_or_else(|| Bad(format!("Incorrect number of arguments for SCRAM message: {whole}")))?;
    let (value, after) = value.split_once(',').unwrap_or((value, ""));
    *rest = after;
    Ok(value)
}

impl Exchange {
    /// The name in the client's first message.
    pub(super) fn named(text: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(text).ok()?;
        let name = text.split(',').find_map(|part| part.strip_prefix("n="))?;
        Some(name.replace("=2C", ",").replace("=3D", "="))
    }

    /// Reads the client's first message; `salt` is that of the account, `nonce` the server's part.
    pub(super) fn begin(mechanism: Mechanism, text: &[u8], salt: &[u8], nonce: &str) -> Result<Self, Bad> {
        let text = String::from_utf8_lossy(text).into_owned();
        let mut parts = text.splitn(3, ',');
        let (flag, _, bare) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
        if !matches!(flag, Some("n" | "y")) {
            let flag = flag.unwrap_or_default();
            return Err(Bad(format!("Incorrect SCRAM-SHA-1 client message prefix: {flag}")));
        }
        let mut rest = bare;
        let user = attribute(&mut rest, 'n', &text)?.replace("=2C", ",").replace("=3D", "=");
        let own = attribute(&mut rest, 'r', &text)?;
        let nonce = format!("{own}{nonce}");
        let answer = format!("r={nonce},s={},i={}", STANDARD.encode(salt), mechanism.rounds());
        Ok(Exchange {
            mechanism,
            user,
            first: bare.to_owned(),
            answer,
            nonce,
            salt: salt.to_vec(),
            rounds: mechanism.rounds(),
        })
    }

    /// Reads the client's last message.
    pub(super) fn end(self, text: &[u8]) -> Result<Proof, Bad> {
        let text = String::from_utf8_lossy(text).into_owned();
        let mut rest = text.as_str();
        attribute(&mut rest, 'c', &text)?;
        let nonce = attribute(&mut rest, 'r', &text)?;
        if nonce != self.nonce {
            return Err(Bad("Server nonce does not match".to_owned()));
        }
        let proof = attribute(&mut rest, 'p', &text)?;
        let last = text.split_once(",p=").map_or("", |(last, _)| last);
        let proof = STANDARD.decode(proof).map_err(|_| Bad("invalid proof".to_owned()))?;
        Ok(Proof {
            mechanism: self.mechanism,
            user: self.user,
            message: format!("{},{},{last}", self.first, self.answer),
            proof,
            salt: self.salt,
            rounds: self.rounds,
        })
    }
}

impl Proof {
    /// The server's own proof, if the client's is that of `password`.
    pub(super) fn signature(&self, password: &[u8]) -> Option<String> {
        let how = self.mechanism;
        let salted = how.salted(&self.user, password, &self.salt, self.rounds);
        let stored = how.hash(&how.sign(&salted, b"Client Key"));
        let mask = how.sign(&stored, self.message.as_bytes());
        let key: Vec<u8> = self.proof.iter().zip(mask).map(|(proof, mask)| proof ^ mask).collect();
        let signature = how.sign(&how.sign(&salted, b"Server Key"), self.message.as_bytes());
        (how.hash(&key) == stored).then(|| STANDARD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The conversations of the "Authentication Specification", for the user `user` with the password `pencil`.
    #[test]
    fn the_examples_of_the_specification_are_proven() {
        for (mechanism, own, salt, nonce, proof, signature) in [
            (
                Mechanism::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "rQ9ZY3MntBeuP3E1TDVC4w==",
                "Ho+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE",
                "MC2T8BvbmWRckDw8oWl5IVghwCY=",
                "UMWeI25JD1yNYZRMpZ4VHvhZ9e0=",
            ),
            (
                Mechanism::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "W22ZaJ0SNY7soEsUEjb6gQ==",
                "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ] {
            let salt = STANDARD.decode(salt).unwrap();
            let first = format!("n,,n=user,r={own}");
            let mut begun = Exchange::begin(mechanism, first.as_bytes(), &salt, nonce).unwrap();
            assert_eq!(begun.user, "user");
            // The second example counts fewer rounds than the server does.
            begun.rounds = if mechanism == Mechanism::Sha1 { 10_000 } else { 4096 };
            begun.answer = begun.answer.replace("i=15000", "i=4096");
            let end = begun.end(format!("c=biws,r={own}{nonce},p={proof}").as_bytes()).unwrap();
            assert_eq!(end.signature(b"pencil").as_deref(), Some(signature), "{}", mechanism.name());
            assert_eq!(end.signature(b"Pencil"), None);
            assert_eq!(Exchange::named(first.as_bytes()).as_deref(), Some("user"));
        }
    }
}
