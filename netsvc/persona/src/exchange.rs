//! The first exchange of a protocol as data, and what plays it without input or output of its own.
//!
//! Our own checks place a word of [`NONCE_LENGTH`] letters and digits in it, by which they find what the service
//! recorded. Since its width is fixed, lengths that a protocol counts are literal.

use crate::stage::Transport;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Letters and digits of a nonce.
pub const NONCE_LENGTH: usize = 16;
/// What stands for the nonce in what is said.
pub const NONCE: &[u8] = b"{nonce}";

/// Bytes. In JSON a text, each character of which stands for the byte of its number (ISO 8859-1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// The first exchange of a service over a transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// TCP, or UDP: then each step is one datagram.
    pub transport: Transport,
    /// Whether Telnet options are refused as they come (RFC 854): some servers prompt nobody who does not answer.
    pub refuses_options: bool,
    /// What is said and heard, in turn.
    pub steps: Vec<Step>,
}

/// A step of an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Says this; [`NONCE`] in it stands for the nonce.
    Say(Bytes),
    /// Waits until what was heard since the last thing that was said is such an answer.
    Hear(Answer),
}

/// An answer: all of what it says holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it is, in words: `a 220 greeting`.
    pub what: String,
    /// Where `begins` stands.
    pub at: usize,
    /// One of these stands there; empty: anything.
    pub begins: Vec<Bytes>,
    /// It ends so far with one of these, or does before white space; empty: with anything.
    pub ends: Vec<Bytes>,
    /// It has so many bytes at least.
    pub least: usize,
}

impl Bytes {
    /// The bytes with `nonce` in its place.
    pub fn with_nonce(&self, nonce: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() + NONCE_LENGTH);
        let mut rest = self.0.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = match rest.strip_prefix(NONCE) {
                Some(after) => {
                    out.extend_from_slice(nonce.as_bytes());
                    after
                }
                None => {
                    out.push(*first);
                    after
                }
            };
        }
        out
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(bytes.to_vec())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.iter().map(|byte| char::from(*byte)).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes: Result<_, _> = text.chars().map(u8::try_from).collect();
        bytes.map(Bytes).map_err(|_| D::Error::custom("a character above U+00FF stands for no byte"))
    }
}

impl Answer {
    /// Whether `heard` is it.
    pub fn is_met(&self, heard: &[u8]) -> bool {
        let place = heard.get(self.at..).unwrap_or_default();
        let begins = |begin: &Bytes| place.starts_with(&begin.0);
        let trimmed = heard.trim_ascii_end();
        let ends = |end: &Bytes| heard.ends_with(&end.0) || trimmed.ends_with(&end.0);
        self.least <= heard.len()
            && (self.begins.is_empty() || self.begins.iter().any(begins))
            && (self.ends.is_empty() || self.ends.iter().any(ends))
    }
}

/// WONT to every DO, DONT to every WILL (RFC 854).
pub fn refusals(heard: &[u8]) -> Vec<u8> {
    let answers = heard.windows(3).filter_map(|window| match *window {
        [0xff, 0xfd, option] => Some([0xff, 0xfc, option]),
        [0xff, 0xfb, option] => Some([0xff, 0xfe, option]),
        _ => None,
    });
    answers.flatten().collect()
}

/// What whoever plays an exchange does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn<'a> {
    /// Send this.
    Say(Vec<u8>),
    /// Receive, and tell it by [`Talk::hear`]; this is waited for.
    Hear(&'a Answer),
    /// It is over.
    Done,
}

/// An exchange that is played.
#[derive(Clone, Debug)]
pub struct Talk<'a> {
    steps: std::slice::Iter<'a, Step>,
    waiting: Option<&'a Answer>,
    refuses_options: bool,
    nonce: String,
    heard: Vec<u8>,
}

impl<'a> Talk<'a> {
    /// Begins `exchange` with `nonce` in its place.
    pub fn new(exchange: &'a Exchange, nonce: &str) -> Self {
        Talk {
            steps: exchange.steps.iter(),
            waiting: None,
            refuses_options: exchange.refuses_options,
            nonce: nonce.to_owned(),
            heard: Vec::new(),
        }
    }

    /// What is done next.
    pub fn turn(&mut self) -> Turn<'a> {
        loop {
            if let Some(answer) = self.waiting.filter(|answer| !answer.is_met(&self.heard)) {
                return Turn::Hear(answer);
            }
            self.waiting = None;
            match self.steps.next() {
                None => return Turn::Done,
                Some(Step::Say(bytes)) => {
                    self.heard.clear();
                    return Turn::Say(bytes.with_nonce(&self.nonce));
                }
                Some(Step::Hear(answer)) => self.waiting = Some(answer),
            }
        }
    }

    /// Takes what came; what is to be sent at once for it.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.heard.extend_from_slice(bytes);
        if self.refuses_options { refusals(bytes) } else { Vec::new() }
    }

    /// What came since the last thing that was said.
    pub fn heard(&self) -> &[u8] {
        &self.heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bytes: &[u8]) -> Bytes {
        bytes.into()
    }

    #[test]
    fn bytes_are_text_and_text_is_bytes() {
        let all = Bytes((0..=255).collect());
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap(), all);
        assert!(serde_json::from_str::<Bytes>(r#""\u0100""#).is_err());
        assert_eq!(bytes(b"a {nonce}, {nonce").with_nonce("n"), b"a n, {nonce");
    }

    #[test]
    fn an_answer_is_met_when_all_of_it_is() {
        let answer = Answer {
            what: String::new(),
            at: 1,
            begins: vec![bytes(b"b"), bytes(b"c")],
            ends: vec![bytes(b"z:"), bytes(b"\n")],
            least: 5,
        };
        for (heard, met) in [
            ("ab..z: ", true),
            ("ac..\n", true),
            ("ab..z:x", false),
            ("ad..z:", false),
            ("abz:", false),
            ("", false),
        ] {
            assert_eq!(answer.is_met(heard.as_bytes()), met, "{heard:?}");
        }
    }

    #[test]
    fn a_talk_says_waits_and_refuses_options() {
        let answer = |begins: &[u8]| {
            let begins = vec![bytes(begins)];
            Step::Hear(Answer { what: "it".to_owned(), at: 0, begins, ends: Vec::new(), least: 0 })
        };
        let steps = vec![answer(b"220"), Step::Say(bytes(b"EHLO {nonce}\r\n")), answer(b"250")];
        let exchange = Exchange { transport: Transport::Tcp, refuses_options: true, steps };
        let mut talk = Talk::new(&exchange, "n0nce");
        assert!(matches!(talk.turn(), Turn::Hear(_)));
        assert_eq!(talk.hear(b"22"), b"");
        assert!(matches!(talk.turn(), Turn::Hear(_)));
        assert_eq!(talk.hear(b"0 \xff\xfd\x18"), b"\xff\xfc\x18");
        assert_eq!(talk.turn(), Turn::Say(b"EHLO n0nce\r\n".to_vec()));
        talk.hear(b"250 ok");
        assert_eq!((talk.turn(), talk.heard()), (Turn::Done, &b"250 ok"[..]));
    }
}
