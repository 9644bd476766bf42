//! Packets of the tabular data stream ([MS-TDS] §2.2.3): messages are cut into them, and put together again.

use netsvc_kit::Gathered;

/// Kinds of messages (§2.2.3.1.1).
pub(super) const BATCH: u8 = 0x01;
pub(super) const OLD_LOGIN: u8 = 0x02;
pub(super) const RPC: u8 = 0x03;
pub(super) const RESULT: u8 = 0x04;
pub(super) const ATTENTION: u8 = 0x06;
pub(super) const BULK: u8 = 0x07;
pub(super) const TRANSACTION: u8 = 0x0e;
pub(super) const LOGIN: u8 = 0x10;
pub(super) const SSPI: u8 = 0x11;
pub(super) const PRELOGIN: u8 = 0x12;

/// Bytes of a packet's head.
const HEAD: usize = 8;
/// That a message ends with a packet.
const LAST: u8 = 1;
/// Longest message of a client that is in; who is not has less to say.
const LONGEST: usize = 512 * 1024;
const LONGEST_LOGIN: usize = 128 * 1024;

/// What a client sent, as far as it is there.
#[derive(Debug)]
pub(super) struct Reader {
    message: Gathered,
    kind: u8,
    longest: usize,
}

/// What comes of what was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Wait,
    Message(u8, Vec<u8>),
    Broken,
}

impl Reader {
    pub(super) fn new() -> Reader {
        Reader { message: Gathered::new(LONGEST), kind: 0, longest: LONGEST_LOGIN }
    }

    /// The client is in.
    pub(super) fn trust(&mut self) {
        self.longest = LONGEST;
    }

    /// Takes packets out of `input` up to the end of a message.
    pub(super) fn next(&mut self, input: &mut Gathered) -> Read {
        loop {
            let Some([kind, status, high, low]) = input.bytes().first_chunk::<4>().copied() else {
                return Read::Wait;
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length < HEAD
                || !(1..=PRELOGIN).contains(&kind)
                || (!self.message.is_empty() && kind != self.kind)
            {
                return Read::Broken;
            }
            if input.len() < length {
                return Read::Wait;
            }
            input.skip(HEAD);
            let payload = input.take(length - HEAD);
            self.kind = kind;
            if self.longest < self.message.len() + payload.len() || self.message.push(&payload).is_err() {
                return Read::Broken;
            }
            if status & LAST != 0 {
                return Read::Message(kind, self.message.take_all());
            }
        }
    }
}

/// A message in packets of at most `size` bytes.
pub(super) fn packets(kind: u8, message: &[u8], size: usize, spid: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + HEAD);
    let pieces: Vec<&[u8]> = if message.is_empty() {
        vec![message]
    } else {
        message.chunks(size.saturating_sub(HEAD).max(1)).collect()
    };
    let count = pieces.len();
    for ((at, piece), number) in pieces.into_iter().enumerate().zip((1..=255_u8).cycle()) {
        let length = u16::try_from(piece.len() + HEAD).unwrap_or(u16::MAX).to_be_bytes();
        out.extend([kind, u8::from(at + 1 == count)]);
        out.extend([length, spid.to_be_bytes()].concat());
        out.extend([number, 0]);
        out.extend_from_slice(piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let message: Vec<u8> = (0..=255).cycle().take(9000).collect();
        let bytes = packets(BATCH, &message, 4096, 0);
        assert_eq!(bytes.len(), 9000 + 3 * HEAD);
        let (mut reader, mut input) = (Reader::new(), Gathered::new(1 << 20));
        for byte in &bytes {
            assert_eq!(reader.next(&mut input), Read::Wait);
            input.push(&[*byte]).unwrap();
        }
        assert_eq!(reader.next(&mut input), Read::Message(BATCH, message));
        input.push(b"GET / HTTP/1.0\r\n").unwrap();
        assert_eq!(reader.next(&mut input), Read::Broken);
    }
}
