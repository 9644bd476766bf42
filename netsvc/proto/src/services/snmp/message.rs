//! Messages of v1 and v2c (RFC 1157, RFC 3416): read and written.

use super::{
    ber::{self, INTEGER, Malformed, NAME, Reader, SEQUENCE, TEXT},
    tree::Value,
};

/// Longest request that is read. None needs more.
const LONGEST: usize = 4096;
/// Longest answer: what a path takes whole, without the headers of IPv4 and UDP.
pub(super) const LONGEST_ANSWER: usize = 1472;

pub(super) const GET: u8 = 0xa0;
pub(super) const GET_NEXT: u8 = 0xa1;
pub(super) const RESPONSE: u8 = 0xa2;
pub(super) const SET: u8 = 0xa3;
pub(super) const GET_BULK: u8 = 0xa5;
pub(super) const REPORT: u8 = 0xa8;

/// A variable as asked for: its name, and the tag and bytes of the value that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) name: Vec<u32>,
    pub(super) tag: u8,
    pub(super) content: Vec<u8>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pdu {
    /// Tag.
    pub(super) kind: u8,
    pub(super) id: i64,
    /// Non-repeaters of a bulk request.
    pub(super) first: i64,
    /// Repetitions of a bulk request.
    pub(super) second: i64,
    pub(super) variables: Vec<Asked>,
}

/// A message of v1 (0) or v2c (1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) version: i64,
    pub(super) community: Vec<u8>,
    pub(super) pdu: Pdu,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    /// 0: none.
    pub(super) status: i64,
    /// Variable that it is about, from 1.
    pub(super) index: i64,
    /// Variables, encoded.
    pub(super) variables: Vec<u8>,
}

/// The version of a message.
pub(super) fn version(datagram: &[u8]) -> Result<i64, Malformed> {
    if LONGEST < datagram.len() {
        return Err(Malformed);
    }
    Reader::new(datagram).inside(SEQUENCE)?.integer()
}

impl Message {
    pub(super) fn read(datagram: &[u8]) -> Result<Self, Malformed> {
        let mut message = Reader::new(datagram).inside(SEQUENCE)?;
        let version = message.integer()?;
        let community = message.text()?.to_vec();
        Ok(Message { version, community, pdu: Pdu::read(&mut message)? })
    }

    /// The answer as a datagram.
    pub(super) fn answer(&self, reply: &Reply) -> Vec<u8> {
        let mut content = Vec::with_capacity(reply.variables.len() + self.community.len() + 40);
        ber::put_integer(&mut content, INTEGER, self.version.into());
        ber::put(&mut content, TEXT, &self.community);
        self.pdu.answer(RESPONSE, reply, &mut content);
        let mut out = Vec::with_capacity(content.len() + 4);
        ber::put(&mut out, SEQUENCE, &content);
        out
    }
}

impl Pdu {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let outer = reader.value()?;
        if !matches!(outer.tag, 0xa0..=0xa8) {
            return Err(Malformed);
        }
        let mut inner = outer.reader();
        let (id, first, second) = (inner.integer()?, inner.integer()?, inner.integer()?);
        let mut list = inner.inside(SEQUENCE)?;
        let mut variables = Vec::new();
        while !list.is_empty() {
            let mut pair = list.inside(SEQUENCE)?;
            let (name, value) = (pair.of(NAME)?.name()?, pair.value()?);
            variables.push(Asked { name, tag: value.tag, content: value.content.to_vec() });
        }
        Ok(Pdu { kind: outer.tag, id, first, second, variables })
    }

    /// Appends an answer of the kind `tag`.
    pub(super) fn answer(&self, tag: u8, reply: &Reply, out: &mut Vec<u8>) {
        let mut content = Vec::with_capacity(reply.variables.len() + 24);
        ber::put_integer(&mut content, INTEGER, self.id.into());
        ber::put_integer(&mut content, INTEGER, reply.status.into());
        ber::put_integer(&mut content, INTEGER, reply.index.into());
        ber::put(&mut content, SEQUENCE, &reply.variables);
        ber::put(out, tag, &content);
    }

    /// What it is called.
    pub(super) fn verb(&self) -> &'static str {
        match self.kind {
            GET => "get",
            GET_NEXT => "getnext",
            SET => "set",
            GET_BULK => "getbulk",
            RESPONSE => "response",
            0xa4 | 0xa7 => "trap",
            0xa6 => "inform",
            _ => "report",
        }
    }
}

impl Asked {
    /// Appends it as it came.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let mut content = Vec::with_capacity(self.content.len() + 24);
        ber::put_name(&mut content, &self.name);
        ber::put(&mut content, self.tag, &self.content);
        ber::put(out, SEQUENCE, &content);
    }
}

/// Appends a variable.
pub(super) fn put_variable(out: &mut Vec<u8>, name: &[u32], value: &Value) {
    let mut content = Vec::with_capacity(48);
    ber::put_name(&mut content, name);
    value.put(&mut content);
    ber::put(out, SEQUENCE, &content);
}

/// A name as people write it.
pub(super) fn shown(name: &[u32]) -> String {
    let parts: Vec<_> = name.iter().map(u32::to_string).collect();
    parts.join(".")
}
