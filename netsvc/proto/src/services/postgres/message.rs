//! Messages of the protocol: those of the client out of bytes, those of the server into bytes.
//!
//! Source: "Frontend/Backend Protocol", sections "Message Formats" and "Start-up".

use netsvc_kit::Gathered;

/// Longest start-up packet (`MAX_STARTUP_PACKET_LENGTH`).
const STARTUP: usize = 10_000;
/// Longest message of a password (`PG_MAX_AUTH_TOKEN_LENGTH`).
pub(super) const TOKEN: usize = 65_535;
/// Longest message that is taken; the server's own bound is a gigabyte.
pub(super) const LONGEST: usize = 4 << 20;

/// What stands at the front of the bytes that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// More bytes are needed.
    Wanting,
    /// A message: its type, and what it holds.
    Message(u8, Vec<u8>),
    /// A length that no message has.
    BadLength,
}

/// The four bytes of a length at `at`.
fn length(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// The start-up packet at the front, without its length.
pub(super) fn startup(reader: &mut Gathered) -> Taken {
    let Some(length) = length(reader.bytes(), 0) else { return Taken::Wanting };
    if !(8..=STARTUP + 4).contains(&length) {
        return Taken::BadLength;
    }
    if reader.len() < length {
        return Taken::Wanting;
    }
    reader.skip(4);
    Taken::Message(0, reader.take(length - 4))
}

/// The message at the front, of at most `longest` bytes.
pub(super) fn next(reader: &mut Gathered, longest: usize) -> Taken {
    let Some(kind) = reader.bytes().first().copied() else { return Taken::Wanting };
    let Some(length) = length(reader.bytes(), 1) else { return Taken::Wanting };
    if !(4..=longest).contains(&length) {
        return Taken::BadLength;
    }
    if reader.len() <= length {
        return Taken::Wanting;
    }
    reader.skip(5);
    Taken::Message(kind, reader.take(length - 4))
}

/// A message of the server.
pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// Fields of a message, read from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// A text that ends with a zero byte.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..)?;
        Some(text)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of two bytes.
    pub(super) fn short(&mut self) -> Option<u16> {
        self.bytes(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// A number of four bytes.
    pub(super) fn long(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Bytes behind their count; `None` in it for the count that stands for no value.
    pub(super) fn value(&mut self) -> Option<Option<&'a [u8]>> {
        match self.long()? {
            u32::MAX => Some(None),
            count => self.bytes(usize::try_from(count).ok()?).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_come_whole_or_not_at_all() {
        let mut reader = Gathered::new(100);
        reader.push(b"Q\0\0\0\x06a").unwrap();
        assert_eq!(next(&mut reader, 100), Taken::Wanting);
        reader.push(b"\0X").unwrap();
        assert_eq!(next(&mut reader, 100), Taken::Message(b'Q', b"a\0".to_vec()));
        assert_eq!(next(&mut reader, 100), Taken::Wanting);
        reader.push(b"\0\0\0\x03").unwrap();
        assert_eq!(next(&mut reader, 100), Taken::BadLength);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let mut reader = Gathered::new(1 << 16);
            let _ = reader.push(&bytes);
            while matches!(next(&mut reader, 1000), Taken::Message(..)) {}
            let mut fields = Fields(&bytes);
            while fields.value().is_some() {}
        }
    }
}
