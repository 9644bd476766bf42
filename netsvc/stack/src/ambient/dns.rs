//! Messages of DNS (RFC 1035) and of its relatives on the segment (RFC 6762, 4795): writing them, and
//! reading the question that somebody asks.

use super::{chance::Chance, speech::Speech};
use crate::bytes::{number16, number32};
use std::net::Ipv4Addr;

/// Port of the protocol.
pub(crate) const DNS: u16 = 53;
pub(crate) const A: u16 = 1;
pub(crate) const PTR: u16 = 12;
pub(crate) const TXT: u16 = 16;
pub(crate) const SRV: u16 = 33;
const OPT: u16 = 41;
pub(crate) const ANY: u16 = 255;
/// The class IN, and the bit that says "answer me alone" or "forget what you knew" (RFC 6762, 5.4 and 10.2).
pub(crate) const IN: u16 = 1;
pub(crate) const TOP_BIT: u16 = 0x8000;
/// Questions and known answers of a message that are read.
const MOST: u16 = 24;
/// Longest name (RFC 1035, 2.3.4).
const LONGEST: usize = 255;

/// A type as people write it.
pub(crate) fn kind(number: u16) -> String {
    let known = [(A, "A"), (PTR, "PTR"), (TXT, "TXT"), (SRV, "SRV"), (ANY, "ANY"), (28, "AAAA")];
    let found = known.iter().find(|(other, _)| *other == number);
    found.map_or_else(|| format!("TYPE{number}"), |(_, name)| (*name).to_owned())
}

/// A message under construction.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

/// Sections of a message, in the order of their counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Section {
    Question = 4,
    Answer = 6,
    Authority = 8,
    Additional = 10,
}

impl Message {
    pub(crate) fn new(id: u16, flags: u16) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&id.to_be_bytes());
        bytes.extend_from_slice(&flags.to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        Message { bytes }
    }

    fn count(&mut self, section: Section) {
        let at = section as usize;
        let count = number16(&self.bytes, at).saturating_add(1);
        crate::bytes::put(&mut self.bytes, at, &count.to_be_bytes());
    }

    pub(crate) fn question(mut self, name: &str, kind: u16, class: u16) -> Self {
        self.count(Section::Question);
        self.bytes.extend_from_slice(&encoded(name));
        self.bytes.extend_from_slice(&kind.to_be_bytes());
        self.bytes.extend_from_slice(&class.to_be_bytes());
        self
    }

    pub(crate) fn record(mut self, section: Section, record: &Record<'_>) -> Self {
        self.count(section);
        self.bytes.extend_from_slice(&encoded(record.name));
        self.bytes.extend_from_slice(&record.kind.to_be_bytes());
        self.bytes.extend_from_slice(&record.class.to_be_bytes());
        self.bytes.extend_from_slice(&record.ttl.to_be_bytes());
        let length = u16::try_from(record.data.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(&record.data);
        self
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.bytes
    }
}

/// A resource record.
#[derive(Clone, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    pub(crate) ttl: u32,
    pub(crate) data: Vec<u8>,
}

impl<'a> Record<'a> {
    /// The address of `name`.
    pub(crate) fn address(name: &'a str, class: u16, ttl: u32, address: Ipv4Addr) -> Self {
        Record { name, kind: A, class, ttl, data: address.octets().to_vec() }
    }
}

/// A name as labels. A dot that belongs to a label is not to be in `name`.
pub(crate) fn encoded(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len().saturating_add(2));
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let label: Vec<u8> = label.bytes().take(63).collect();
        if LONGEST < bytes.len().saturating_add(label.len()).saturating_add(2) {
            break;
        }
        bytes.push(u8::try_from(label.len()).unwrap_or(63));
        bytes.extend_from_slice(&label);
    }
    bytes.push(0);
    bytes
}

/// The name of an address in `in-addr.arpa`.
pub(crate) fn reverse(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

/// A question that somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// As it was written, with a dot between labels.
    pub(crate) name: String,
    pub(crate) kind: u16,
    pub(crate) class: u16,
}

/// A pointer that somebody knows already (RFC 6762, 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    pub(crate) name: String,
    pub(crate) to: String,
    pub(crate) ttl: u32,
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) id: u16,
    pub(crate) questions: Vec<Question>,
    pub(crate) known: Vec<Pointer>,
}

impl Query {
    /// Reads a query; `None` for everything else.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let is_query = number16(data, 2) & 0xf800 == 0 && 0 < number16(data, 4) && 12 <= data.len();
        if !is_query {
            return None;
        }
        let mut query = Query { id: number16(data, 0), questions: Vec::new(), known: Vec::new() };
        let mut at = 12;
        for _ in 0..number16(data, 4).min(MOST) {
            let (name, end) = name(data, at)?;
            let fixed = data.get(end..)?.get(..4)?;
            query.questions.push(Question { name, kind: number16(fixed, 0), class: number16(fixed, 2) });
            at = end.saturating_add(4);
        }
        // Of what is known as much as can be read.
        let whole = number16(data, 4) <= MOST;
        for _ in 0..number16(data, 6).min(MOST).saturating_mul(u16::from(whole)) {
            let Some(end) = query.know(data, at) else { break };
            at = end;
        }
        Some(query)
    }

    /// Reads a record at `at`; where the next one begins.
    fn know(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let (own, end) = name(data, at)?;
        let fixed = data.get(end..)?.get(..10)?;
        let place = end.saturating_add(10);
        if number16(fixed, 0) == PTR {
            let (to, _) = name(data, place)?;
            self.known.push(Pointer { name: own, to, ttl: number32(fixed, 4) });
        }
        Some(place.saturating_add(usize::from(number16(fixed, 8))))
    }
}

/// The name at `at` with a dot between labels, and where it ends. Pointers lead backwards only.
fn name(data: &[u8], at: usize) -> Option<(String, usize)> {
    let (mut name, mut at, mut end, mut limit) = (String::new(), at, None, at);
    loop {
        let length = *data.get(at)?;
        match length {
            0 => break,
            1..64 => {
                let label = data.get(at.saturating_add(1)..)?.get(..usize::from(length))?;
                if !name.is_empty() {
                    name.push('.');
                }
                // A dot within a label is none between two.
                name.push_str(&str::from_utf8(label).ok()?.replace('.', "\\."));
                at = at.saturating_add(1).saturating_add(usize::from(length));
            }
            192.. => {
                let target = usize::from(number16(data.get(at..)?.get(..2)?, 0) & 0x3fff);
                end = end.or(Some(at.saturating_add(2)));
                if limit <= target {
                    return None;
                }
                (at, limit) = (target, target);
            }
            _ => return None,
        }
        if LONGEST < name.len() {
            return None;
        }
    }
    Some((name, end.unwrap_or(at.saturating_add(1))))
}

/// A look-up that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    id: u16,
    from: u16,
    name: &'static str,
    /// Repetitions so far.
    pub(crate) repeated: usize,
    pub(crate) answered: bool,
}

impl Lookup {
    pub(crate) fn new(name: &'static str, from: u16, chance: &mut Chance) -> Self {
        Lookup { id: chance.next16(), from, name, repeated: 0, answered: false }
    }

    /// The datagram of the question.
    pub(crate) fn speech(&self, server: Ipv4Addr, edns: Option<u16>) -> Speech {
        // Recursion desired.
        let mut message = Message::new(self.id, 0x0100).question(self.name, A, IN);
        if let Some(size) = edns {
            let record = Record { name: "", kind: OPT, class: size, ttl: 0, data: Vec::new() };
            message = message.record(Section::Additional, &record);
        }
        Speech { from: self.from, to: (server, DNS), ttl: None, connected: true, data: message.done() }
    }

    /// Whether a datagram from the server to `port` answers it.
    pub(crate) fn is_answer(&self, port: u16, data: &[u8]) -> bool {
        self.waits(port) && number16(data, 0) == self.id && number16(data, 2) & 0x8000 != 0
    }

    /// Whether it was asked from `port`, and still waits.
    pub(crate) fn waits(&self, port: u16) -> bool {
        !self.answered && self.asked_from(port)
    }

    /// Whether it was asked from `port`.
    pub(crate) fn asked_from(&self, port: u16) -> bool {
        self.from == port
    }
}
