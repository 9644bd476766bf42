//! DCE/RPC 1.1 (C706 chapter 12; [MS-RPCE]): bind, requests, answers, faults, over pipes and over connections.

pub(crate) mod listener;
pub(crate) mod mapper;
pub(crate) mod ndr;

use crate::wire::{Put, Reader, count, short};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Bytes of a header.
const HEAD: usize = 16;
/// Longest piece that is sent and taken.
const FRAGMENT: u16 = 4280;
/// Bytes of an answer's header.
const ANSWER: usize = HEAD + 8;
/// Bytes of content in a piece.
const CONTENT: usize = FRAGMENT as usize - ANSWER;
/// Most bytes of one request in pieces.
const REQUEST: usize = 256 * 1024;
/// Most contexts of a bind.
const CONTEXTS: u8 = 16;
/// NDR 2.0.
const NDR: [u8; 16] = *b"\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60";
/// How the identifiers of bind time features begin ([MS-RPCE] §2.2.2.14).
const FEATURES: [u8; 8] = *b"\x2c\x1c\xb7\x6c\x12\x98\x40\x45";

/// Kinds of messages.
mod kind {
    pub(crate) const REQUEST: u8 = 0;
    pub(crate) const RESPONSE: u8 = 2;
    pub(crate) const FAULT: u8 = 3;
    pub(crate) const BIND: u8 = 11;
    pub(crate) const BIND_ACK: u8 = 12;
    pub(crate) const ALTER: u8 = 14;
    pub(crate) const ALTER_ACK: u8 = 15;
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no such operation.
    Range = 0x1c01_0002,
    /// The context was not agreed on.
    Context = 0x1c00_001a,
    /// What came is not what the operation takes.
    Data = 0x0000_06f7,
    /// The caller may not.
    Denied = 0x0000_0005,
}

/// An interface: its identifier as it is sent, and its version.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) id: &'static str,
    pub(crate) version: u16,
    pub(crate) name: &'static str,
}

/// What is agreed on over one pipe or connection.
pub(crate) struct Conversation {
    /// The address that a bind is told.
    address: String,
    /// What can be bound to.
    interfaces: Vec<&'static Interface>,
    /// Contexts by their number.
    contexts: Vec<(u16, &'static Interface)>,
    /// Pieces of a request that is not whole.
    pieces: Vec<u8>,
}

/// The length of the first message of `bytes`.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?)))
}

impl Conversation {
    pub(crate) fn new(address: String, interfaces: Vec<&'static Interface>) -> Self {
        Conversation { address, interfaces, contexts: Vec::new(), pieces: Vec::new() }
    }

    /// Takes the first message of `bytes`, if it is whole: how long it is, and what it is answered with.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        serve: impl FnOnce(&'static Interface, u16, &[u8], &mut Out) -> Result<Vec<u8>, Fault>,
        out: &mut Out,
    ) -> Option<(usize, Vec<u8>)> {
        let whole = length(bytes).filter(|length| HEAD <= *length)?;
        let message = bytes.get(..whole)?;
        let mut reader = Reader::new(message);
        reader.skip(2)?;
        let (kind, flags) = (reader.u8()?, reader.u8()?);
        reader.skip(8)?;
        let call = reader.u32()?;
        let answer = match kind {
            kind::BIND | kind::ALTER => self.bind(kind, call, reader.rest(), out),
            kind::REQUEST => self.request(call, flags, reader.rest(), serve, out),
            // What else there is wants no answer.
            _ => Some(Vec::new()),
        };
        Some((whole, answer.unwrap_or_else(|| fault(call, 0, Fault::Data))))
    }

    fn bind(&mut self, kind: u8, call: u32, body: &[u8], out: &mut Out) -> Option<Vec<u8>> {
        let mut reader = Reader::new(body);
        reader.skip(8)?;
        let number = reader.u8().filter(|number| (1..=CONTEXTS).contains(number))?;
        reader.skip(3)?;
        let mut results = Vec::new();
        for _ in 0..number {
            let (context, transfers) = (reader.u16()?, reader.u8()?);
            reader.skip(1)?;
            let (id, version) = (hex::encode(reader.take(16)?), reader.u16()?);
            reader.skip(2)?;
            let offered: Vec<&[u8]> = (0..transfers).map_while(|_| reader.take(20)).collect();
            let found =
                self.interfaces.iter().find(|known| known.id == id && known.version == version).copied();
            let ndr = offered.iter().any(|syntax| syntax.starts_with(&NDR));
            let features = offered.iter().any(|syntax| syntax.starts_with(&FEATURES));
            let mut result = Vec::new();
            match found {
                Some(interface) if ndr => {
                    self.contexts.retain(|(known, _)| *known != context);
                    self.contexts.push((context, interface));
                    result.u16(0).u16(0).bytes(&NDR).u32(2);
                }
                _ if features => drop(result.u16(3).u16(3).bytes(&[0; 20])),
                Some(_) => drop(result.u16(2).u16(2).bytes(&[0; 20])),
                None => drop(result.u16(2).u16(1).bytes(&[0; 20])),
            }
            results.extend(result);
            let known = found.map_or(id.as_str(), |found| found.name);
            out.record(
                Kind::Command,
                vec![(field::COMMAND, format!("RPC_BIND {known}").into_bytes()), (field::NAME, known.into())],
            );
        }
        let mut answer = Vec::new();
        answer.u16(FRAGMENT).u16(FRAGMENT).u32(0x0001_2d57);
        let address = format!("{}\0", self.address);
        answer.u16(short(address.len())).bytes(address.as_bytes()).pad(4);
        answer.u8(number).u8(0).u16(0).bytes(&results);
        let kind = if kind == kind::BIND { kind::BIND_ACK } else { kind::ALTER_ACK };
        Some(message(kind, 3, call, &answer))
    }

    fn request(
        &mut self,
        call: u32,
        flags: u8,
        body: &[u8],
        serve: impl FnOnce(&'static Interface, u16, &[u8], &mut Out) -> Result<Vec<u8>, Fault>,
        out: &mut Out,
    ) -> Option<Vec<u8>> {
        let mut reader = Reader::new(body);
        reader.skip(4)?;
        let (context, operation) = (reader.u16()?, reader.u16()?);
        if flags & 0x80 != 0 {
            reader.skip(16)?;
        }
        if flags & 1 != 0 {
            self.pieces.clear();
        }
        if REQUEST < self.pieces.len() + reader.rest().len() {
            return None;
        }
        self.pieces.extend_from_slice(reader.rest());
        if flags & 2 == 0 {
            return Some(Vec::new());
        }
        let content = std::mem::take(&mut self.pieces);
        let found = self.contexts.iter().find(|(known, _)| *known == context);
        let Some((_, interface)) = found else { return Some(fault(call, context, Fault::Context)) };
        Some(match serve(interface, operation, &content, out) {
            Ok(answer) => pieces(call, context, &answer),
            Err(why) => fault(call, context, why),
        })
    }
}

fn message(kind: u8, flags: u8, call: u32, body: &[u8]) -> Vec<u8> {
    let mut out = vec![5, 0, kind, flags, 0x10, 0, 0, 0];
    out.u16(short(HEAD + body.len())).u16(0).u32(call).bytes(body);
    out
}

fn fault(call: u32, context: u16, why: Fault) -> Vec<u8> {
    let mut body = Vec::new();
    // Nothing was done.
    body.u32(32).u16(context).u16(0).u32(why as u32).u32(0);
    message(kind::FAULT, 0x23, call, &body)
}

/// An answer in its pieces.
fn pieces(call: u32, context: u16, answer: &[u8]) -> Vec<u8> {
    let number = answer.len().div_ceil(CONTENT).max(1);
    let mut out = Vec::with_capacity(answer.len() + number * ANSWER);
    for place in 0..number {
        let start = place * CONTENT;
        let content = answer.get(start..answer.len().min(start + CONTENT)).unwrap_or_default();
        let flags = u8::from(place == 0) | u8::from(place + 1 == number) << 1;
        out.bytes(&[5, 0, kind::RESPONSE, flags, 0x10, 0, 0, 0]).u16(short(ANSWER + content.len())).u16(0);
        out.u32(call).u32(count(answer.len() - start)).u16(context).u16(0).bytes(content);
    }
    out
}
