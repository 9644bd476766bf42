//! The data types of RFC 4251 §5, read with checks and written without surprises.

use thiserror::Error;

/// A field is missing, too long or not what its type allows.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("read a field of a malformed message")]
pub struct Malformed;

/// Reads fields from the front of a message.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    /// The next bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*head)
    }

    /// A byte.
    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A boolean: every value but 0 is true.
    pub(crate) fn bool(&mut self) -> Result<bool, Malformed> {
        self.u8().map(|byte| byte != 0)
    }

    /// A 32-bit number.
    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// A 64-bit number.
    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    /// A string: a length and that many bytes.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| Malformed)?)
    }

    /// A name list as text; names are ASCII by definition.
    pub(crate) fn name_list(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.string()?).map_err(|_| Malformed)
    }

    /// A positive multiple-precision integer as its bytes without leading zeros, at most `limit` of them.
    pub(crate) fn mpint(&mut self, limit: usize) -> Result<&'a [u8], Malformed> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|first| *first >= 0x80) {
            return Err(Malformed);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = bytes.get(zeros..).unwrap_or_default();
        if bytes.len() <= limit { Ok(bytes) } else { Err(Malformed) }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether all was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Builds a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A message that begins with its number.
    pub(crate) fn message(number: u8) -> Self {
        Writer { bytes: vec![number] }
    }

    /// Appends a byte.
    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    /// Appends a boolean.
    pub(crate) fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// Appends a 32-bit number.
    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends a 64-bit number.
    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Appends a string. Longer than 4 GiB it would be cut; nothing here comes near.
    pub(crate) fn string(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// Appends an unsigned big-endian number as mpint.
    pub(crate) fn mpint(&mut self, bytes: &[u8]) -> &mut Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = bytes.get(zeros..).unwrap_or_default();
        let padded = bytes.first().is_some_and(|first| *first >= 0x80);
        self.u32(u32::try_from(bytes.len() + usize::from(padded)).unwrap_or(u32::MAX));
        if padded {
            self.u8(0);
        }
        self.raw(bytes)
    }

    /// The message.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// The message so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the message out of a chain of calls.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mpint(bytes: &[u8]) -> String {
        let mut writer = Writer::default();
        writer.mpint(bytes);
        hex::encode(writer.finish())
    }

    #[test]
    fn multiple_precision_integers_are_those_of_rfc_4251() {
        for (value, wire) in [
            ("00", "00000000"),
            ("09a378f9b2e332a7", "0000000809a378f9b2e332a7"),
            ("80", "000000020080"),
            ("000000ff", "0000000200ff"),
        ] {
            assert_eq!(mpint(&hex::decode(value).unwrap()), wire);
        }
    }

    #[test]
    fn a_negative_integer_is_refused() {
        assert_eq!(Reader::new(&[0, 0, 0, 1, 0x80]).mpint(64), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while !reader.is_empty() {
                if reader.string().is_err() && reader.mpint(16).is_err() && reader.u8().is_err() {
                    break;
                }
            }
        }

        #[test]
        fn a_string_survives_the_wire(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut writer = Writer::default();
            writer.string(&bytes);
            prop_assert_eq!(Reader::new(writer.bytes()).string(), Ok(bytes.as_slice()));
        }
    }
}
