//! JARM: a TLS server's library and settings, told from its answers to ten hellos (Salesforce, 2020).

mod answer;
mod hello;

use netsvc_wire::stamp::Micros;
use sha2::{Digest, Sha256};

pub use answer::Answer;

/// Hexadecimal digits of a fingerprint.
const LENGTH: usize = 62;
/// Longest record of a server (RFC 8446 §5.2).
const RECORD: usize = 18_432;
/// Letters of the versions SSL 3.0 to TLS 1.3, and two more.
const VERSIONS: &[u8] = b"abcdef";
const SUPPORTED_VERSIONS: u16 = 43;

/// The ten hellos for a server that is called `name`, each for a connection of its own.
pub fn questions(name: &str, now: Micros) -> Vec<Vec<u8>> {
    // Nothing is kept secret with it; it only must not be the same each time.
    let entropy: [u8; 32] = Sha256::digest(format!("{name} {now}")).into();
    hello::hellos(name, &entropy)
}

/// Bytes that come after the head of a record; `None`: records are shorter.
pub fn rest_of_record([.., high, low]: [u8; 5]) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes([high, low]))).filter(|length| *length <= RECORD)
}

/// What a server answered to each of the ten hellos; `None`: no hello of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jarm(pub Vec<Option<Answer>>);

impl Jarm {
    /// Of what was answered; `None`: of no use, because somebody kept silent or nobody answered.
    pub fn of<E>(answers: Vec<Result<Option<Answer>, E>>) -> Option<Jarm> {
        let answers = answers.into_iter().collect::<Result<Vec<_>, E>>().ok()?;
        answers.iter().any(Option::is_some).then_some(Jarm(answers))
    }

    /// The fingerprint: three digits for cipher and version of each answer, then half of a SHA-256 of what
    /// was extended. All zeros: nobody speaks TLS.
    pub fn hash(&self) -> String {
        if self.0.iter().all(Option::is_none) {
            return "0".repeat(LENGTH);
        }
        let (mut choices, mut extended) = (String::new(), Sha256::new());
        for answer in &self.0 {
            let Some(answer) = answer else {
                choices.push_str("000");
                continue;
            };
            choices.push_str(&format!("{:02x}{}", place(answer.cipher), letter(answer.version)));
            extended.update(&answer.protocol);
            extended.update(answer.kinds());
        }
        let digest = hex::encode(extended.finalize());
        choices + digest.get(..32).unwrap_or_default()
    }

    /// The answers in words, as the description writes them: cipher, version, protocol and extensions.
    pub fn words(&self) -> String {
        let one = |answer: &Option<Answer>| match answer {
            None => "|||".to_owned(),
            Some(answer) => {
                format!("{:04x}|{:04x}|{}|{}", answer.cipher, answer.version, answer.protocol, answer.kinds())
            }
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(",")
    }

    /// Whether any answer has the extension `kind`.
    pub fn extends(&self, kind: u16) -> bool {
        self.0.iter().flatten().any(|answer| answer.extensions.contains(&kind))
    }

    /// Whether each answer up to TLS 1.2 has its extensions in the order of their numbers.
    pub fn ascends(&self) -> bool {
        let old = self.0.iter().flatten().filter(|answer| !answer.extensions.contains(&SUPPORTED_VERSIONS));
        old.into_iter().all(|answer| answer.extensions.is_sorted())
    }

    /// Whether it speaks TLS 1.3.
    pub fn modern(&self) -> bool {
        self.extends(SUPPORTED_VERSIONS)
    }
}

/// The place of a cipher among those of the hellos in their natural order, from 1; those of TLS 1.3 come
/// last, and what was not offered comes after them.
fn place(cipher: u16) -> usize {
    let rank = |cipher: u16| (cipher >> 8 == 0x13, cipher);
    let known = hello::CIPHERS.contains(&cipher);
    let before = hello::CIPHERS.iter().filter(|other| !known || rank(**other) < rank(cipher));
    before.count() + 1
}

fn letter(version: u16) -> char {
    let [_, low] = version.to_be_bytes();
    VERSIONS.get(usize::from(low & 0xf)).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads what other implementations print.
    fn jarm(words: &str) -> Jarm {
        let number = |text: &str| u16::from_str_radix(text, 16).unwrap();
        let one = |word: &str| {
            let [cipher, version, protocol, kinds] = word.split('|').collect::<Vec<_>>()[..] else {
                unreachable!("{word}")
            };
            let kinds = kinds.split('-').filter(|kind| !kind.is_empty()).map(number);
            (!cipher.is_empty()).then(|| Answer {
                cipher: number(cipher),
                version: number(version),
                protocol: protocol.to_owned(),
                extensions: kinds.collect(),
            })
        };
        Jarm(words.split(',').map(one).collect())
    }

    #[test]
    fn published_answers_have_their_published_fingerprint() {
        // From the page of jarm-cpp.
        let words = "c02f|0303|h2|ff01-0000-0001-000b-0023-0010-0017,\
            c02f|0303|h2|ff01-0000-0001-000b-0023-0010-0017,009e|0303|h2|ff01-0000-0001-0023-0010-0017,\
            c02f|0303|http/1.1|ff01-0000-0001-000b-0023-0010-0017,\
            c02f|0303|http/1.1|ff01-0000-0001-000b-0023-0010-0017,|||,1302|0303||002b-0033,\
            1302|0303||002b-0033,|||,|||";
        let found = jarm(words);
        assert_eq!(found.words(), words);
        assert_eq!(found.hash(), "29d29d15d29d29d00042d42d000000cd600c085f371f8533aaf66051f8e5b1");
        assert!(found.modern() && found.extends(11) && !found.extends(5));
    }

    #[test]
    fn silence_is_all_zeros() {
        assert_eq!(Jarm(vec![None; 10]).hash(), "0".repeat(62));
    }

    #[test]
    fn ciphers_have_their_published_places() {
        for (cipher, at) in [(0x0004, 1), (0xc030, 0x2a), (0x1301, 0x41), (0x1305, 0x45), (0xffff, 0x46)] {
            assert_eq!(place(cipher), at, "{cipher:04x}");
        }
    }
}
