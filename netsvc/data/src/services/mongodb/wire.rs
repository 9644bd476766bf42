//! Messages: a head of four numbers, then `OP_MSG`, or `OP_QUERY` as old clients begin, either of them perhaps inside
//! of `OP_COMPRESSED`.
//!
//! Source: "MongoDB Wire Protocol".

use super::{
    bson::{self, Broken, Doc},
    snappy,
};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use std::io::{Read, Write};

/// Longest message that the server takes (`MaxMessageSizeBytes`).
pub(super) const LONGEST: usize = 48_000_000;
/// Longest message that is kept whole; what is longer is read and forgotten.
pub(super) const KEPT: usize = 16 << 20;
/// Bytes of a head.
pub(super) const HEAD: usize = 16;
/// Most documents of one batch (`maxWriteBatchSize`), and one more.
const BATCH: usize = 100_001;

const REPLY: i32 = 1;
const QUERY: i32 = 2004;
const COMPRESSED: i32 = 2012;
const MSG: i32 = 2013;

/// Flags of `OP_MSG`.
const CHECKSUM: u32 = 1;
const MORE_TO_COME: u32 = 2;
const EXHAUST_ALLOWED: u32 = 1 << 16;

/// The head of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub length: usize,
    pub id: i32,
    pub code: i32,
}

/// How a message was compressed, and its answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compressor {
    Noop,
    Snappy,
    Zlib,
}

/// How a call came, and its answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As a query of this name space.
    Query(String),
    Msg {
        silent: bool,
        exhaust: bool,
    },
}

/// A call of a command.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub id: i32,
    pub form: Form,
    pub body: Doc,
    /// Documents beside the body, with the name of the field that they stand for.
    pub sequences: Vec<(String, Vec<&'a [u8]>)>,
}

/// What is wrong with a message; the server closes the connection for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It cannot be read.
    Malformed,
    /// It says that it is longer than it is when it is unpacked, as CVE-2025-14847 has it.
    Overstated,
    /// An operation that is not served.
    Unknown,
}

impl From<Broken> for Wrong {
    fn from(_: Broken) -> Self {
        Wrong::Malformed
    }
}

/// A number that `bytes` begin with, and what follows it.
fn int(bytes: &[u8]) -> Result<(i32, &[u8]), Wrong> {
    let (four, rest) = bytes.split_first_chunk().ok_or(Wrong::Malformed)?;
    Ok((i32::from_le_bytes(*four), rest))
}

/// A text that `bytes` begin with, up to its zero, and what follows that.
fn cstring(bytes: &[u8]) -> Result<(String, &[u8]), Wrong> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(Wrong::Malformed)?;
    let (text, rest) = bytes.split_at(end);
    Ok((String::from_utf8_lossy(text).into_owned(), rest.get(1..).unwrap_or_default()))
}

impl Head {
    /// Reads the head that `bytes` begin with; `None`: they are too few.
    pub(super) fn read(bytes: &[u8]) -> Option<Result<Head, Wrong>> {
        let head = bytes.get(..HEAD)?;
        let read = || {
            let (length, rest) = int(head)?;
            let (id, rest) = int(rest)?;
            let (_, rest) = int(rest)?;
            let (code, _) = int(rest)?;
            let length = usize::try_from(length).map_err(|_| Wrong::Malformed)?;
            if (HEAD..=LONGEST).contains(&length) {
                Ok(Head { length, id, code })
            } else {
                Err(Wrong::Malformed)
            }
        };
        Some(read())
    }

    /// What is inside of a compressed message: its code and bytes, and how it was compressed; `None`: it is not.
    pub(super) fn unpacked(&self, body: &[u8]) -> Result<Option<(i32, Vec<u8>, Compressor)>, Wrong> {
        if self.code != COMPRESSED {
            return Ok(None);
        }
        let (code, rest) = int(body)?;
        let (size, rest) = int(rest)?;
        let (kind, packed) = rest.split_first().ok_or(Wrong::Malformed)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= KEPT).ok_or(Wrong::Malformed)?;
        let (compressor, bytes) = match kind {
            0 => (Compressor::Noop, packed.to_vec()),
            1 => (Compressor::Snappy, snappy::unpack(packed, size).ok_or(Wrong::Malformed)?),
            2 => {
                let mut bytes = Vec::new();
                let limit = u64::try_from(size).unwrap_or(0) + 1;
                ZlibDecoder::new(packed).take(limit).read_to_end(&mut bytes).map_err(|_| Wrong::Malformed)?;
                (Compressor::Zlib, bytes)
            }
            _ => return Err(Wrong::Unknown),
        };
        if bytes.len() < size {
            return Err(Wrong::Overstated);
        }
        if size < bytes.len() || code == COMPRESSED {
            return Err(Wrong::Malformed);
        }
        Ok(Some((code, bytes, compressor)))
    }
}

impl<'a> Call<'a> {
    /// Reads the call number `id` out of the bytes behind its head.
    pub(super) fn read(id: i32, code: i32, bytes: &'a [u8]) -> Result<Self, Wrong> {
        match code {
            MSG => Call::message(id, bytes),
            QUERY => Call::query(id, bytes),
            _ => Err(Wrong::Unknown),
        }
    }

    fn message(id: i32, bytes: &'a [u8]) -> Result<Self, Wrong> {
        let (flags, rest) = int(bytes)?;
        let flags = u32::from_le_bytes(flags.to_le_bytes());
        if flags & 0xffff & !(CHECKSUM | MORE_TO_COME) != 0 {
            return Err(Wrong::Malformed);
        }
        let sum = if flags & CHECKSUM == 0 { 0 } else { 4 };
        let mut rest = rest.get(..rest.len().saturating_sub(sum)).unwrap_or_default();
        let (mut body, mut sequences) = (None, Vec::new());
        while let Some((kind, after)) = rest.split_first() {
            rest = match kind {
                0 if body.is_none() => {
                    let (doc, after) = Doc::take(after)?;
                    body = Some(doc);
                    after
                }
                1 if sequences.len() < 8 => {
                    let (size, _) = int(after)?;
                    let size = usize::try_from(size).map_err(|_| Wrong::Malformed)?;
                    let (whole, after) = after.split_at_checked(size).ok_or(Wrong::Malformed)?;
                    sequences.push(sequence(whole.get(4..).ok_or(Wrong::Malformed)?)?);
                    after
                }
                _ => return Err(Wrong::Malformed),
            };
        }
        let form = Form::Msg { silent: flags & MORE_TO_COME != 0, exhaust: flags & EXHAUST_ALLOWED != 0 };
        Ok(Call { id, form, body: body.ok_or(Wrong::Malformed)?, sequences })
    }

    fn query(id: i32, bytes: &'a [u8]) -> Result<Self, Wrong> {
        let (_, rest) = int(bytes)?;
        let (name, rest) = cstring(rest)?;
        let (_, rest) = int(rest)?;
        let (_, rest) = int(rest)?;
        let (body, _) = Doc::take(rest)?;
        // Drivers put options around the command.
        let wrapped = body.get("$query").or_else(|| body.get("query")).and_then(bson::Value::doc).cloned();
        Ok(Call { id, form: Form::Query(name), body: wrapped.unwrap_or(body), sequences: Vec::new() })
    }

    /// The answer to it, numbered `number`.
    pub(super) fn reply(&self, number: i32, answer: &Doc, more: bool, packed: Option<Compressor>) -> Vec<u8> {
        let (code, mut body) = match self.form {
            Form::Query(_) => {
                (REPLY, [8_i32, 0, 0, 0, 1].iter().flat_map(|part| part.to_le_bytes()).collect())
            }
            Form::Msg { .. } => {
                let flags: u32 = if more { MORE_TO_COME } else { 0 };
                (MSG, [&flags.to_le_bytes()[..], &[0]].concat())
            }
        };
        body.extend(answer.bytes());
        match packed {
            None => framed(number, self.id, code, &body),
            Some(compressor) => framed(number, self.id, COMPRESSED, &pack(code, &body, compressor)),
        }
    }
}

fn sequence(bytes: &[u8]) -> Result<(String, Vec<&[u8]>), Wrong> {
    let (name, mut rest) = cstring(bytes)?;
    let mut documents = Vec::new();
    while !rest.is_empty() && documents.len() < BATCH {
        let (document, after) = bson::split(rest)?;
        documents.push(document);
        rest = after;
    }
    Ok((name, documents))
}

fn framed(number: i32, to: i32, code: i32, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(HEAD + body.len()).unwrap_or(i32::MAX);
    let head = [length, number, to, code].into_iter().flat_map(i32::to_le_bytes);
    head.chain(body.iter().copied()).collect()
}

fn pack(code: i32, body: &[u8], compressor: Compressor) -> Vec<u8> {
    let size = i32::try_from(body.len()).unwrap_or(i32::MAX);
    let (kind, packed) = match compressor {
        Compressor::Noop => (0, body.to_vec()),
        Compressor::Snappy => (1, snappy::pack(body)),
        Compressor::Zlib => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            // Writing into memory does not fail.
            let _ = encoder.write_all(body);
            (2, encoder.finish().unwrap_or_default())
        }
    };
    [&code.to_le_bytes()[..], &size.to_le_bytes(), &[kind], &packed].concat()
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_call_is_read_with_the_documents_beside_its_body() {
        let (body, one) = (bson! { "insert" => "a", "$db" => "b" }.bytes(), bson! { "x" => 1 }.bytes());
        let size = i32::try_from(4 + 10 + one.len() * 2).unwrap().to_le_bytes();
        let parts = [&[0; 5][..], &body, &[1], &size, b"documents\0", &one, &one].concat();
        let call = Call::read(7, MSG, &parts).unwrap();
        assert_eq!(call.body.get("insert").and_then(bson::Value::text), Some("a"));
        assert_eq!(call.sequences, [("documents".to_owned(), vec![&one[..], &one])]);
    }

    #[test]
    fn a_compressed_call_is_unpacked_and_its_answer_packed() {
        for compressor in [Compressor::Noop, Compressor::Snappy, Compressor::Zlib] {
            let parts = [&[0; 5][..], &bson! { "ping" => 1 }.bytes()].concat();
            let call = Call::read(7, MSG, &parts).unwrap();
            let reply = call.reply(9, &bson! { "text" => "x".repeat(300) }, false, Some(compressor));
            let head = Head::read(&reply).unwrap().unwrap();
            let (code, bytes, found) = head.unpacked(&reply[HEAD..]).unwrap().unwrap();
            assert_eq!((code, found), (MSG, compressor));
            assert_eq!(Call::read(9, code, &bytes).unwrap().body, bson! { "text" => "x".repeat(300) });
        }
    }

    #[test]
    fn a_message_that_claims_to_be_longer_unpacked_is_told_apart() {
        let packed = pack(MSG, b"abc", Compressor::Zlib);
        let mut lying = packed.clone();
        lying[4] = 200;
        let head = Head { length: HEAD + lying.len(), id: 1, code: COMPRESSED };
        assert_eq!(head.unpacked(&lying), Err(Wrong::Overstated));
        assert!(head.unpacked(&packed).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            for code in [MSG, QUERY, COMPRESSED, 0] {
                let _ = Call::read(1, code, &bytes);
                let _ = Head { length: 99, id: 1, code }.unpacked(&bytes);
            }
        }
    }
}
