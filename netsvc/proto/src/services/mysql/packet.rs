//! Packets: a three-byte length, a sequence number, a payload.
//!
//! Source: MySQL Client/Server Protocol, "MySQL Packets" and "Basic Types".

use super::compressed;
use netsvc_kit::Gathered;

/// Longest payload taken from a peer (`max_allowed_packet` of the server is 16 MiB; a peer of ours
/// has no use for that much).
const LONGEST: usize = 1 << 20;

/// As [`LONGEST`] before a login: a response with all its attributes (64 KiB) and names.
const UNKNOWN: usize = 80 * 1024;

/// Most bytes that wait: a packet and a piece of the next.
const WAITING: usize = LONGEST + 256 * 1024;

/// Collects bytes into payloads.
#[derive(Debug)]
pub(super) struct Reader {
    buffer: Gathered,
    /// Compressed packets that are not whole yet, once that was agreed on.
    outer: Option<Gathered>,
    /// The number of the last compressed packet.
    number: u8,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { buffer: Gathered::new(WAITING), outer: None, number: 0 }
    }
}

/// The peer sent a longer packet than is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Reader {
    /// Adds bytes from the peer.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        // What waits is less than a packet and a piece.
        let _ = self.outer.as_mut().unwrap_or(&mut self.buffer).push(bytes);
    }

    /// From here on packets come in compressed ones.
    pub(super) fn compress(&mut self) {
        if self.outer.is_none() {
            let mut outer = Gathered::new(WAITING);
            let _ = outer.push(&self.buffer.take_all());
            self.outer = Some(outer);
        }
    }

    /// The number of the compressed packet that was read last.
    pub(super) fn compressed_sequence(&self) -> u8 {
        self.number
    }

    /// Opens the next compressed packet; false when it is not whole.
    fn open(&mut self) -> Result<bool, TooLong> {
        let Some(outer) = &mut self.outer else { return Ok(false) };
        let Some((&[low, middle, high, number, first, second, third], rest)) =
            outer.bytes().split_first_chunk()
        else {
            return Ok(false);
        };
        let three = |low: u8, middle: u8, high: u8| {
            usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16
        };
        let (length, plain) = (three(low, middle, high), three(first, second, third));
        if LONGEST < length || LONGEST < plain {
            return Err(TooLong);
        }
        let Some(content) = rest.get(..length) else { return Ok(false) };
        let content = compressed::unwrap(content, plain).ok_or(TooLong)?;
        self.number = number;
        self.buffer.push(&content).map_err(|_| TooLong)?;
        outer.skip(length + 7);
        Ok(true)
    }

    /// Takes out what was received and not read yet.
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        self.buffer.take_all()
    }

    /// The next sequence number and payload, `None` when more bytes are needed. `known`: the peer has logged in.
    pub(super) fn next(&mut self, known: bool) -> Result<Option<(u8, Vec<u8>)>, TooLong> {
        loop {
            match self.whole(known)? {
                None if self.open()? => {}
                found => return Ok(found),
            }
        }
    }

    fn whole(&mut self, known: bool) -> Result<Option<(u8, Vec<u8>)>, TooLong> {
        let Some((&[low, middle, high, sequence], rest)) = self.buffer.bytes().split_first_chunk() else {
            return Ok(None);
        };
        let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        if (if known { LONGEST } else { UNKNOWN }) < length {
            return Err(TooLong);
        }
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        let payload = payload.to_vec();
        self.buffer.skip(length + 4);
        Ok(Some((sequence, payload)))
    }
}

/// Reads the fields of a payload; every read may find too little.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A little-endian number of `count` bytes, at most eight.
    pub(super) fn number(&mut self, count: usize) -> Option<u64> {
        let bytes = self.take(count)?;
        Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// Bytes up to a NUL; all that is left when there is none.
    pub(super) fn text(&mut self) -> &'a [u8] {
        match self.0.iter().position(|&byte| byte == 0) {
            Some(end) => {
                let text = self.take(end).unwrap_or_default();
                self.take(1);
                text
            }
            None => std::mem::take(&mut self.0),
        }
    }

    /// A length-encoded number.
    pub(super) fn length(&mut self) -> Option<u64> {
        match self.number(1)? {
            short @ 0..=0xfa => Some(short),
            0xfc => self.number(2),
            0xfd => self.number(3),
            _ => self.number(8),
        }
    }

    /// Bytes after a length-encoded length.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(usize::try_from(length).ok()?)
    }
}

/// Appends a packet and counts its sequence number up.
pub(super) fn append(out: &mut Vec<u8>, sequence: &mut u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(0x00ff_ffff).to_le_bytes();
    out.extend(length.into_iter().take(3));
    out.push(*sequence);
    out.extend_from_slice(payload);
    *sequence = sequence.wrapping_add(1);
}

/// Appends bytes with their length-encoded length.
pub(super) fn counted(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a length-encoded number.
pub(super) fn number(out: &mut Vec<u8>, value: usize) {
    let bytes = u64::try_from(value).unwrap_or(u64::MAX).to_le_bytes();
    let (mark, count) = match value {
        0..=0xfa => (None, 1),
        0xfb..=0xffff => (Some(0xfc), 2),
        0x1_0000..=0xff_ffff => (Some(0xfd), 3),
        _ => (Some(0xfe), 8),
    };
    out.extend(mark);
    out.extend(bytes.into_iter().take(count));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let mut reader = Reader::default();
            reader.push(&bytes);
            while let Ok(Some((_, payload))) = reader.next(true) {
                let mut fields = Fields(&payload);
                while fields.counted().is_some() {}
                fields.text();
            }
        }

        #[test]
        fn counted_bytes_read_back(value: Vec<u8>) {
            let mut out = Vec::new();
            counted(&mut out, &value);
            prop_assert_eq!(Fields(&out).counted(), Some(value.as_slice()));
        }
    }
}
