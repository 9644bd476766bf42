//! SCRAM-SHA-256 as the server plays it, without channel binding being checked: what the client binds to is its own
//! hello, and the proof holds for it in any case.
//!
//! Source: RFC 5802, RFC 7677; refusals recorded from the server (`auth-scram.c`).

use super::refusal::Refusal;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Rounds of the hash (`SCRAM_DEFAULT_ITERATIONS`).
const ROUNDS: u32 = 4096;
/// Names of the mechanism, without and with channel binding.
pub(super) const PLAIN: &str = "SCRAM-SHA-256";
pub(super) const PLUS: &str = "SCRAM-SHA-256-PLUS";

/// What was said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    /// The client's first message from `n=` on.
    first: String,
    /// The server's first message.
    pub answer: String,
    /// Client's and server's nonce.
    nonce: String,
    /// What the client's last message has to begin with, behind `c=`, where no channel is bound.
    binding: Option<String>,
    salt: Vec<u8>,
}

/// The end of an exchange, as the client proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// What is signed: both first messages, and the last without its proof.
    pub message: String,
    pub proof: Vec<u8>,
    salt: Vec<u8>,
}

fn malformed(place: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::fatal(place, "08P01", "malformed SCRAM message").detail(detail)
}

/// A character as the server shows it (`sanitize_char`).
fn shown(rest: &str) -> String {
    match rest.bytes().next() {
        Some(byte @ 0x21..=0x7e) => format!("'{}'", char::from(byte)),
        other => format!("0x{:02x}", other.unwrap_or(0)),
    }
}

/// The value of the attribute `name`, which has to come next in `rest`.
fn attribute<'a>(rest: &mut &'a str, name: char) -> Result<&'a str, Refusal> {
    let Some(value) = rest.strip_prefix(name) else {
        let detail = format!("Expected attribute \"{name}\" but found \"{}\".", shown(rest));
        return Err(malformed("sasl_attribute", detail));
    };
    let Some(value) = value.strip_prefix('=') else {
        let detail = format!("Expected character \"=\" for attribute \"{name}\".");
        return Err(malformed("sasl_attribute", detail));
    };
    let (value, after) = value.split_once(',').unwrap_or((value, ""));
    *rest = after;
    Ok(value)
}

impl Exchange {
    /// Reads the client's first message; `salt` is that of the account, `nonce` the server's part.
    ///
    /// # Errors
    /// What the server says of a message that is not one.
    pub(super) fn begin(text: &[u8], plus: bool, salt: &[u8], nonce: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(malformed("sasl_empty", "The message is empty."));
        }
        // Bytes that are no text are no printable nonce and no attribute either.
        let text = String::from_utf8_lossy(text);
        if text.contains('\0') {
            return Err(malformed("sasl_empty", "Message length does not match input length."));
        }
        let flag = text.chars().next().unwrap_or_default();
        let bound = flag == 'p';
        match flag {
            'n' | 'y' | 'p' => {}
            _ => {
                let detail = format!("Unexpected channel-binding flag \"{}\".", shown(&text));
                return Err(malformed("sasl_flag", detail));
            }
        }
        if bound != plus {
            let detail = if plus {
                "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data."
            } else {
                "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel \
                 binding data."
            };
            return Err(malformed("sasl_binding", detail));
        }
        let mut rest = text.get(1..).unwrap_or_default();
        if bound {
            rest = rest.split_once(',').map_or("", |(kind, _)| rest.get(kind.len()..).unwrap_or_default());
        }
        let Some(after) = rest.strip_prefix(',') else {
            let detail = format!("Comma expected, but found character \"{}\".", shown(rest));
            return Err(malformed("sasl_comma", detail));
        };
        if after.starts_with("a=") {
            let text = "client uses authorization identity, but it is not supported";
            return Err(Refusal::fatal("sasl_identity", "0A000", text));
        }
        let Some(bare) = after.strip_prefix(',') else {
            let detail = format!("Unexpected attribute \"{}\" in client-first-message.", shown(after));
            return Err(malformed("sasl_first_attribute", detail));
        };
        if bare.starts_with('m') {
            let text = "client requires an unsupported SCRAM extension";
            return Err(Refusal::fatal("sasl_extension", "0A000", text));
        }
        let mut rest = bare;
        attribute(&mut rest, 'n')?;
        let own = attribute(&mut rest, 'r')?;
        if own.bytes().any(|byte| !(0x21..=0x7e).contains(&byte)) {
            return Err(Refusal::fatal("sasl_nonce", "08P01", "non-printable characters in SCRAM nonce"));
        }
        let nonce = format!("{own}{nonce}");
        let answer = format!("r={nonce},s={},i={ROUNDS}", STANDARD.encode(salt));
        let header = text.get(..text.len() - bare.len()).unwrap_or_default();
        let binding = (!bound).then(|| STANDARD.encode(header));
        Ok(Exchange { first: bare.to_owned(), answer, nonce, binding, salt: salt.to_vec() })
    }

    /// Reads the client's last message.
    ///
    /// # Errors
    /// What the server says of a message that is not one.
    pub(super) fn end(self, text: &[u8]) -> Result<Proof, Refusal> {
        if text.is_empty() {
            return Err(malformed("sasl_empty", "The message is empty."));
        }
        let text = String::from_utf8_lossy(text);
        let mut rest = &*text;
        let binding = attribute(&mut rest, 'c')?;
        if self.binding.as_ref().is_some_and(|wanted| wanted != binding) {
            let text = "unexpected SCRAM channel-binding attribute in client-final-message";
            return Err(Refusal::fatal("sasl_channel", "08P01", text));
        }
        let nonce = attribute(&mut rest, 'r')?;
        let mut proof = None;
        while !rest.is_empty() {
            let before = text.len() - rest.len();
            let name = rest.chars().next().unwrap_or_default();
            let value = attribute(&mut rest, name)?;
            if name == 'p' {
                proof = Some((before, value));
                break;
            }
        }
        let bad = || malformed("sasl_proof", "Malformed proof in client-final-message.");
        let (at, proof) = proof.ok_or_else(bad)?;
        let proof = STANDARD.decode(proof).ok().filter(|proof| proof.len() == 32).ok_or_else(bad)?;
        if !rest.is_empty() {
            return Err(malformed("sasl_garbage", "Garbage found at the end of client-final-message."));
        }
        if nonce != self.nonce {
            return Err(Refusal::fatal("sasl_mismatch", "08P01", "invalid SCRAM response")
                .detail("Nonce does not match."));
        }
        let last = text.get(..at).unwrap_or_default().trim_end_matches(',');
        Ok(Proof { message: format!("{},{},{last}", self.first, self.answer), proof, salt: self.salt })
    }
}

fn sign(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// PBKDF2 with HMAC-SHA-256, one block (RFC 5802, `Hi`).
fn salted(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut last = sign(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut sum = last;
    for _ in 1..ROUNDS {
        last = sign(password, &last);
        sum.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

impl Proof {
    /// The server's own proof, if the client's is that of `password`.
    pub(super) fn signature(&self, password: &[u8]) -> Option<String> {
        let salted = salted(password, &self.salt);
        let stored = Sha256::digest(sign(&salted, b"Client Key"));
        let mask = sign(&stored, self.message.as_bytes());
        let key: Vec<u8> = self.proof.iter().zip(mask).map(|(proof, mask)| proof ^ mask).collect();
        let fits = Sha256::digest(&key) == stored;
        let signature = sign(&sign(&salted, b"Server Key"), self.message.as_bytes());
        fits.then(|| STANDARD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_example_of_the_standard_is_proven() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let first = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
        let begun = Exchange::begin(first, false, &salt, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0").unwrap();
        let wanted = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        assert_eq!(begun.answer, wanted);
        let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let proof = begun.end(last).unwrap();
        let signature = proof.signature(b"pencil");
        assert_eq!(signature.as_deref(), Some("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert_eq!(proof.signature(b"Pencil"), None);
    }

    #[test]
    fn what_is_no_exchange_is_refused_as_the_server_does() {
        let begin = |text: &[u8]| Exchange::begin(text, false, b"salt", "nonce").unwrap_err();
        for (text, detail) in [
            (&b""[..], "The message is empty."),
            (b"x,,n=,r=a", "Unexpected channel-binding flag \"'x'\"."),
            (b"n", "Comma expected, but found character \"0x00\"."),
            (b"n,,n=", "Expected attribute \"r\" but found \"0x00\"."),
        ] {
            assert_eq!(begin(text).detail.as_deref(), Some(detail));
        }
        let begun = || Exchange::begin(b"n,,n=,r=a", false, b"salt", "b").unwrap();
        let detail = |text: &[u8]| begun().end(text).unwrap_err().detail;
        assert_eq!(detail(b"x").as_deref(), Some("Expected attribute \"c\" but found \"'x'\"."));
        assert_eq!(detail(b"c=biws,r=ab").as_deref(), Some("Malformed proof in client-final-message."));
    }
}
