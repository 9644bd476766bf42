//! Messages of DNS (RFC 1035) and of its relatives on the segment (RFC 6762, 4795): writing them, and
//! reading the question that somebody asks.

use super::{chance::Chance, speech::Speech};
use crate::bytes::number16;
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
/// Longest name (RFC 1035, 2.3.4).
const LONGEST: usize = 255;

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

    /// A pointer from `name`.
    pub(crate) fn pointer(name: &'a str, class: u16, ttl: u32, to: &str) -> Self {
        Record { name, kind: PTR, class, ttl, data: encoded(to) }
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
    pub(crate) id: u16,
    /// In lower case, with a dot between labels.
    pub(crate) name: String,
    pub(crate) kind: u16,
    pub(crate) class: u16,
}

/// The first question of a query; `None` for everything else. Names with pointers are no question's.
pub(crate) fn question(data: &[u8]) -> Option<Question> {
    let is_query = number16(data, 2) & 0xf800 == 0 && 0 < number16(data, 4);
    let mut rest = data.get(12..).filter(|_| is_query)?;
    let mut name = String::new();
    loop {
        let (length, tail) = rest.split_first()?;
        if *length == 0 {
            rest = tail;
            break;
        }
        let (label, tail) = tail.split_at_checked(usize::from(*length)).filter(|_| *length < 64)?;
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(str::from_utf8(label).ok()?);
        if LONGEST < name.len() {
            return None;
        }
        rest = tail;
    }
    let (kind, class) = (rest.get(..2)?, rest.get(2..4)?);
    name.make_ascii_lowercase();
    Some(Question { id: number16(data, 0), name, kind: number16(kind, 0), class: number16(class, 0) })
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
