//! Answers as bytes: names are shortened as the server does, and nothing is longer than the peer takes.

use super::{
    message::Question,
    name::Name,
    record::{Data, Record, kind},
};
use std::collections::HashMap;

/// Length of a header (RFC 1035, 4.1.1).
const HEADER: usize = 12;
/// Places beyond this cannot be pointed to.
const FAR: usize = 0x4000;
/// Bits of the header.
pub(super) const TRUNCATED: u16 = 0x0200;

/// How a server shortens names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortening {
    /// Ends of a name that it remembers and looks for.
    pub depth: usize,
    /// Whether letters must have the same case.
    pub exact: bool,
}

/// A message that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    limit: usize,
    shortening: Shortening,
    known: HashMap<Vec<u8>, usize>,
    /// What was known before the record that is being written.
    before: Vec<(Vec<u8>, Option<usize>)>,
}

/// An answer before it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub id: u16,
    /// The second line of the header, without the code.
    pub flags: u16,
    /// All of the code; what is beyond four bits stands in OPT.
    pub code: u16,
    pub questions: Vec<Question>,
    pub answers: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
    /// OPT: size and flags, and its options.
    pub opt: Option<(u16, u16, Vec<u8>)>,
    /// A TSIG record behind everything.
    pub signature: Option<(Name, Vec<u8>)>,
}

impl Writer {
    /// An empty message of at most `limit` bytes.
    fn new(limit: usize, shortening: Shortening) -> Self {
        let bytes = vec![0; HEADER];
        Writer { bytes, limit, shortening, known: HashMap::new(), before: Vec::new() }
    }

    fn number(&mut self, number: u16) {
        self.bytes.extend(number.to_be_bytes());
    }

    fn long(&mut self, number: u32) {
        self.bytes.extend(number.to_be_bytes());
    }

    fn seen(&self, wire: &[u8]) -> Vec<u8> {
        if self.shortening.exact { wire.to_vec() } else { wire.to_ascii_lowercase() }
    }

    fn name(&mut self, name: &Name, shorten: bool) {
        let mut rest = name.wire();
        let mut passed = Vec::new();
        let mut found = None;
        while rest.len() > 1 {
            if shorten && passed.len() < self.shortening.depth {
                found = self.known.get(&self.seen(rest)).copied();
                if found.is_some() {
                    break;
                }
            }
            passed.push(rest);
            let length = usize::from(rest.first().copied().unwrap_or_default());
            rest = rest.get(length + 1..).unwrap_or_default();
        }
        for (number, end) in passed.into_iter().enumerate() {
            let at = self.bytes.len();
            if number < self.shortening.depth && at < FAR {
                let key = self.seen(end);
                let old = self.known.insert(key.clone(), at);
                self.before.push((key, old));
            }
            let length = usize::from(end.first().copied().unwrap_or_default());
            self.bytes.extend_from_slice(end.get(..=length).unwrap_or_default());
        }
        match found.and_then(|at| u16::try_from(at).ok()) {
            Some(at) => self.number(0xc000 | at),
            None => self.bytes.push(0),
        }
    }

    fn question(&mut self, question: &Question) {
        self.name(&question.name, true);
        self.number(question.kind);
        self.number(question.class);
    }

    fn data(&mut self, data: &Data) {
        match data {
            Data::Name(name) => self.name(name, true),
            Data::Mx(preference, name) => {
                self.number(*preference);
                self.name(name, true);
            }
            Data::Srv(priority, weight, port, name) => {
                [*priority, *weight, *port].into_iter().for_each(|number| self.number(number));
                self.name(name, false);
            }
            Data::Soa(soa) => {
                self.name(&soa.primary, true);
                self.name(&soa.mailbox, true);
                self.long(soa.serial);
                soa.times.into_iter().for_each(|time| self.long(time));
            }
            Data::Bytes(bytes) => self.bytes.extend_from_slice(bytes),
        }
    }

    /// Writes a record if there is room for it and `reserved` bytes.
    fn record(&mut self, record: &Record, reserved: usize) -> bool {
        let start = self.bytes.len();
        self.before.clear();
        self.name(&record.owner, true);
        self.number(record.kind);
        self.number(record.class);
        self.long(record.ttl);
        let at = self.bytes.len();
        self.number(0);
        self.data(&record.data);
        let length = u16::try_from(self.bytes.len() - at - 2).unwrap_or_default();
        if let Some(place) = self.bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        if self.bytes.len() + reserved <= self.limit {
            return true;
        }
        self.bytes.truncate(start);
        for (key, old) in std::mem::take(&mut self.before).into_iter().rev() {
            match old {
                Some(at) => self.known.insert(key, at),
                None => self.known.remove(&key),
            };
        }
        false
    }

    fn header(&mut self, answer: &Answer, truncated: bool, counts: [usize; 4]) {
        let flags = answer.flags | answer.code & 15 | if truncated { TRUNCATED } else { 0 };
        let counts = counts.map(|count| u16::try_from(count).unwrap_or(u16::MAX));
        let numbers = [answer.id, flags].into_iter().chain(counts);
        for (place, number) in self.bytes.chunks_exact_mut(2).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
    }
}

impl Answer {
    /// The message, of at most `limit` bytes.
    pub(super) fn written(&self, limit: usize, shortening: Shortening) -> Vec<u8> {
        let mut writer = Writer::new(limit, shortening);
        self.questions.iter().for_each(|question| writer.question(question));
        let (fresh, known) = (writer.bytes.len(), writer.known.clone());
        let tail = self.tail();
        let (mut counts, mut truncated) = ([self.questions.len(), 0, 0, 0], false);
        let [_, answers, authority, additional] = &mut counts;
        for (section, count, needed) in [
            (&self.answers, answers, true),
            (&self.authority, authority, true),
            (&self.additional, additional, false),
        ] {
            let all = section.iter().take_while(|record| writer.record(record, tail.len())).count();
            *count = all;
            // What a client can ask for on its own may be missing.
            if all < section.len() {
                truncated |= needed;
                break;
            }
        }
        if truncated && !tail.is_empty() {
            // As BIND: what goes with OPT or TSIG is whole or not there.
            writer.bytes.truncate(fresh);
            writer.known = known;
            counts = [self.questions.len(), 0, 0, 0];
        }
        let [.., additional] = &mut counts;
        *additional += usize::from(self.opt.is_some()) + usize::from(self.signature.is_some());
        writer.bytes.extend(tail);
        writer.header(self, truncated, counts);
        writer.bytes
    }

    /// The records as messages of a transfer: only the first one has the question.
    pub(super) fn transfer(&self, shortening: Shortening) -> Vec<Vec<u8>> {
        let mut rest = self.answers.as_slice();
        let mut messages = Vec::new();
        let tail = self.tail();
        while !rest.is_empty() {
            let mut writer = Writer::new(usize::from(u16::MAX), shortening);
            let first = messages.is_empty();
            if first {
                self.questions.iter().for_each(|question| writer.question(question));
            }
            let count = rest.iter().take_while(|record| writer.record(record, tail.len())).count().max(1);
            rest = rest.get(count..).unwrap_or_default();
            writer.bytes.extend_from_slice(&tail);
            let questions = if first { self.questions.len() } else { 0 };
            writer.header(self, false, [questions, count, 0, usize::from(!tail.is_empty())]);
            messages.push(writer.bytes);
        }
        messages
    }

    /// OPT and TSIG.
    fn tail(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some((size, flags, options)) = &self.opt {
            bytes.push(0);
            bytes.extend(kind::OPT.to_be_bytes());
            bytes.extend(size.to_be_bytes());
            bytes.extend([u8::try_from(self.code >> 4).unwrap_or_default(), 0]);
            bytes.extend(flags.to_be_bytes());
            bytes.extend(u16::try_from(options.len()).unwrap_or_default().to_be_bytes());
            bytes.extend_from_slice(options);
        }
        if let Some((key, data)) = &self.signature {
            bytes.extend_from_slice(key.wire());
            bytes.extend(kind::TSIG.to_be_bytes());
            bytes.extend(super::record::class::ANY.to_be_bytes());
            bytes.extend([0; 4]);
            bytes.extend(u16::try_from(data.len()).unwrap_or_default().to_be_bytes());
            bytes.extend_from_slice(data);
        }
        bytes
    }
}
