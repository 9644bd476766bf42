//! TCP (RFC 9293) and its options.

use super::{number16, number32};

/// Flags of a segment.
pub mod flag {
    /// No more comes.
    pub const FIN: u16 = 0x01;
    /// A connection begins.
    pub const SYN: u16 = 0x02;
    /// It is broken off.
    pub const RST: u16 = 0x04;
    /// What came is to be handed on.
    pub const PUSH: u16 = 0x08;
    /// The acknowledgement counts.
    pub const ACK: u16 = 0x10;
    /// The urgent pointer counts.
    pub const URGENT: u16 = 0x20;
    /// Congestion: echo, reduced, and the nonce that was.
    pub const CONGESTION: u16 = 0x40 | 0x80 | 0x100;
}

/// A segment.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// Port of the sender.
    pub source: u16,
    /// Port of the receiver.
    pub destination: u16,
    /// Number of its first byte.
    pub sequence: u32,
    /// Number of the byte that is expected.
    pub acknowledged: u32,
    /// Flags, nine bits.
    pub flags: u16,
    /// Window as it is written.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// Options, as bytes.
    pub options: &'a [u8],
    /// What is said.
    pub payload: &'a [u8],
}

impl<'a> Tcp<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, _) = bytes.split_first_chunk::<20>()?;
        let length = usize::from(head[12] >> 4) * 4;
        let options = bytes.get(20..length)?;
        Some(Tcp {
            source: number16(head, 0),
            destination: number16(head, 2),
            sequence: number32(head, 4),
            acknowledged: number32(head, 8),
            flags: number16(head, 12) & 0x1ff,
            window: number16(head, 14),
            urgent: number16(head, 18),
            options,
            payload: bytes.get(length..)?,
        })
    }

    /// Whether one of these flags is set.
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }

    /// The timestamp that it carries, and the one that it echoes.
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        // As nearly all systems lay it out, so that most segments cost one look.
        if let [1, 1, 8, 10, ..] = self.options {
            return Some((number32(self.options, 4), number32(self.options, 8)));
        }
        if self.options.is_empty() { None } else { Options::read(self.options).timestamps }
    }
}

/// Kinds of options in their order: no more of them fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OptionList {
    kinds: [u8; 40],
    length: u8,
}

impl Default for OptionList {
    fn default() -> Self {
        OptionList { kinds: [0; 40], length: 0 }
    }
}

impl OptionList {
    fn push(&mut self, kind: u8) {
        if let Some(place) = self.kinds.get_mut(usize::from(self.length)) {
            *place = kind;
            self.length += 1;
        }
    }

    /// The kinds.
    pub fn kinds(&self) -> &[u8] {
        self.kinds.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// What the options of a segment say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// Their kinds.
    pub list: OptionList,
    /// Bytes after the end of the list.
    pub padding: u8,
    /// Some of these are not zero.
    pub dirty: bool,
    /// Largest segment.
    pub segment: Option<u16>,
    /// Window scale.
    pub scale: Option<u8>,
    /// Selective acknowledgements are taken.
    pub selective: bool,
    /// Timestamp, and the one that is echoed.
    pub timestamps: Option<(u32, u32)>,
    /// One has a length that it cannot have.
    pub bad: bool,
}

impl Options {
    /// Reads as far as they can be read.
    pub fn read(bytes: &[u8]) -> Options {
        let mut options = Options::default();
        let mut rest = bytes;
        while let Some((kind, after)) = rest.split_first() {
            options.list.push(*kind);
            rest = match kind {
                0 => {
                    options.padding = u8::try_from(after.len()).unwrap_or_default();
                    options.dirty = after.iter().any(|byte| *byte != 0);
                    return options;
                }
                1 => after,
                _ => match options.take(*kind, after) {
                    Some(rest) => rest,
                    None => {
                        options.bad = true;
                        return options;
                    }
                },
            };
        }
        options
    }

    /// Takes an option that has a length; `None`: it is longer than there is.
    fn take<'a>(&mut self, kind: u8, after: &'a [u8]) -> Option<&'a [u8]> {
        let length = usize::from(*after.first()?);
        let fixed = match kind {
            2 => Some(4),
            3 => Some(3),
            4 => Some(2),
            8 => Some(10),
            _ => None,
        };
        self.bad |= fixed.is_some_and(|fixed| fixed != length);
        let taken = fixed.unwrap_or(length);
        if taken < 2 {
            return None;
        }
        let (option, rest) = after.split_at_checked(taken - 1)?;
        let value = option.get(1..).unwrap_or_default();
        match kind {
            2 => self.segment = Some(number16(value, 0)),
            3 => self.scale = value.first().copied(),
            4 => self.selective = true,
            8 => self.timestamps = Some((number32(value, 0), number32(value, 4))),
            _ => {}
        }
        Some(rest)
    }
}
