//! Frames (RFC 9113 §4, §6, §7).

/// Bytes of a frame's head.
pub(super) const HEAD: usize = 9;
/// What a client begins with.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Kinds of frames.
pub(super) mod kind {
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const PRIORITY: u8 = 2;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PUSH_PROMISE: u8 = 5;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

/// Flags; some frames share a bit.
pub(super) mod flag {
    pub(in super::super) const END_STREAM: u8 = 1;
    pub(in super::super) const ACK: u8 = 1;
    pub(in super::super) const END_HEADERS: u8 = 4;
    pub(in super::super) const PADDED: u8 = 8;
    pub(in super::super) const PRIORITY: u8 = 0x20;
}

/// Why a stream or a connection ends (§7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    None = 0,
    Protocol = 1,
    FlowControl = 3,
    FrameSize = 6,
    Refused = 7,
    Compression = 9,
    Calm = 11,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Head {
    /// The head that `bytes` begins with, if it is there.
    pub(super) fn read(bytes: &[u8]) -> Option<Head> {
        let [a, b, c, kind, flags, stream @ ..] = bytes.first_chunk::<HEAD>()?;
        let length = u32::from_be_bytes([0, *a, *b, *c]);
        let stream = u32::from_be_bytes(*stream) & 0x7fff_ffff;
        Some(Head { length: usize::try_from(length).ok()?, kind: *kind, flags: *flags, stream })
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// What is left of a payload without its padding; `None` when there is more padding than payload.
    pub(super) fn unpadded<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        if !self.has(flag::PADDED) {
            return Some(payload);
        }
        let (padding, rest) = payload.split_first()?;
        rest.len().checked_sub(usize::from(*padding)).and_then(|length| rest.get(..length))
    }
}

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.extend(length.get(1..).unwrap_or_default());
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// The number that the first four bytes of `payload` are.
pub(super) fn number(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
