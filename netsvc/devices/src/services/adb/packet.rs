//! Messages of the bridge: a header of six numbers, and data behind it.

/// Bytes of a header.
pub(super) const HEADER: usize = 24;

/// Kinds of messages, as their four letters read as a number.
pub(super) mod kind {
    pub(crate) const CONNECT: u32 = u32::from_le_bytes(*b"CNXN");
    pub(crate) const AUTH: u32 = u32::from_le_bytes(*b"AUTH");
    pub(crate) const OPEN: u32 = u32::from_le_bytes(*b"OPEN");
    pub(crate) const OKAY: u32 = u32::from_le_bytes(*b"OKAY");
    pub(crate) const CLOSE: u32 = u32::from_le_bytes(*b"CLSE");
    pub(crate) const WRITE: u32 = u32::from_le_bytes(*b"WRTE");
}

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u32,
    pub(super) first: u32,
    pub(super) second: u32,
    pub(super) length: u32,
    /// Sum of the bytes of the data.
    pub(super) check: u32,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u32,
    pub(super) first: u32,
    pub(super) second: u32,
    pub(super) data: Vec<u8>,
}

impl Header {
    /// Reads a header; `None`: these bytes are none.
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let number = |at: usize| {
            let four = bytes.get(at..at.checked_add(4)?)?.first_chunk()?;
            Some(u32::from_le_bytes(*four))
        };
        let kind = number(0)?;
        (number(20)? == !kind).then_some(())?;
        Some(Header { kind, first: number(4)?, second: number(8)?, length: number(12)?, check: number(16)? })
    }
}

impl Message {
    /// A message without data.
    pub(super) fn bare(kind: u32, first: u32, second: u32) -> Message {
        Message { kind, first, second, data: Vec::new() }
    }

    /// The bytes of it.
    pub(super) fn write(&self) -> Vec<u8> {
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        let numbers = [self.kind, self.first, self.second, length, sum(&self.data), !self.kind];
        let mut bytes: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend_from_slice(&self.data);
        bytes
    }
}

/// What stands in a header for `data`.
pub(super) fn sum(data: &[u8]) -> u32 {
    data.iter().fold(0, |sum: u32, byte| sum.wrapping_add(u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let message = Message { kind: kind::OPEN, first: 1, second: 0, data: b"shell:id\0".to_vec() };
        let bytes = message.write();
        let header = Header::read(&bytes).unwrap();
        assert_eq!((header.kind, header.first, header.length), (kind::OPEN, 1, 9));
        assert_eq!(header.check, sum(b"shell:id\0"));
        assert_eq!(bytes.get(..8), Some(&b"OPEN\x01\0\0\0"[..]));
        assert_eq!(Header::read(&[0; 24]), None);
        assert_eq!(Header::read(bytes.get(..23).unwrap()), None);
    }
}
