//! The part of BER (X.690) that SNMP uses: definite lengths, tags of one byte.
//!
//! There is no recursion on what comes: each message has a fixed shape, and a [`Reader`] is asked for its
//! parts.

/// Sub-identifiers of the longest name (RFC 2578, 3.5).
const LONGEST_NAME: usize = 128;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const TEXT: u8 = 0x04;
pub(super) const NAME: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const ADDRESS: u8 = 0x40;
pub(super) const COUNTER: u8 = 0x41;
pub(super) const GAUGE: u8 = 0x42;
pub(super) const TICKS: u8 = 0x43;
pub(super) const COUNTER64: u8 = 0x46;
pub(super) const NO_OBJECT: u8 = 0x80;
pub(super) const NO_INSTANCE: u8 = 0x81;
pub(super) const END_OF_VIEW: u8 = 0x82;

/// Bytes that are no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no BER of SNMP")]
pub(super) struct Malformed;

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` begins in the datagram.
    at: usize,
}

/// A value: its tag and what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Where `content` begins in the datagram.
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(datagram: &'a [u8]) -> Self {
        Reader { rest: datagram, at: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        let [tag, first, after @ ..] = self.rest else { return Err(Malformed) };
        let (length, after) = match usize::from(*first) {
            short @ 0..=0x7f => (short, after),
            long @ 0x81..=0x84 => {
                let (digits, after) = after.split_at_checked(long & 0x0f).ok_or(Malformed)?;
                (digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit)), after)
            }
            _ => return Err(Malformed),
        };
        let at = self.at + (self.rest.len() - after.len());
        let (content, rest) = after.split_at_checked(length).ok_or(Malformed)?;
        *self = Reader { rest, at: at + length };
        Ok(Value { tag: *tag, content, at })
    }

    /// The next value, which has this tag.
    pub(super) fn of(&mut self, tag: u8) -> Result<Value<'a>, Malformed> {
        self.value().and_then(|value| if value.tag == tag { Ok(value) } else { Err(Malformed) })
    }

    /// The values in the next one, which has this tag.
    pub(super) fn inside(&mut self, tag: u8) -> Result<Reader<'a>, Malformed> {
        self.of(tag).map(Value::reader)
    }

    /// The next value, a whole number.
    pub(super) fn integer(&mut self) -> Result<i64, Malformed> {
        self.of(INTEGER)?.integer()
    }

    /// The next value, a text.
    pub(super) fn text(&mut self) -> Result<&'a [u8], Malformed> {
        self.of(TEXT).map(|value| value.content)
    }
}

impl<'a> Value<'a> {
    pub(super) fn reader(self) -> Reader<'a> {
        Reader { rest: self.content, at: self.at }
    }

    fn integer(self) -> Result<i64, Malformed> {
        let (Some(first), 1..=8) = (self.content.first(), self.content.len()) else { return Err(Malformed) };
        let sign = if first & 0x80 == 0 { 0 } else { -1 };
        Ok(self.content.iter().fold(sign, |sum, byte| sum << 8 | i64::from(*byte)))
    }

    /// The name in it.
    pub(super) fn name(self) -> Result<Vec<u32>, Malformed> {
        let mut numbers = self.content.split_inclusive(|byte| byte & 0x80 == 0).map(|digits| {
            if digits.last().is_none_or(|last| last & 0x80 != 0) {
                return Err(Malformed);
            }
            let fold = |sum: u64, byte: &u8| (sum << 7 | u64::from(byte & 0x7f)).min(1 << 40);
            u32::try_from(digits.iter().fold(0, fold)).map_err(|_| Malformed)
        });
        let Some(first) = numbers.next() else { return Ok(vec![0, 0]) };
        let first = first?;
        let head = if first < 80 { [first / 40, first % 40] } else { [2, first - 80] };
        let mut name = head.to_vec();
        for number in numbers {
            if LONGEST_NAME <= name.len() {
                return Err(Malformed);
            }
            name.push(number?);
        }
        Ok(name)
    }
}

/// Appends a value.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => out.push(short),
        Ok(length) => out.extend_from_slice(&[0x81, length]),
        // A datagram has no more than 16 bits of length.
        Err(_) => {
            out.push(0x82);
            out.extend_from_slice(&u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
}

/// Appends a whole number in as few bytes as hold it.
pub(super) fn put_integer(out: &mut Vec<u8>, tag: u8, number: i128) {
    let bytes = number.to_be_bytes();
    let fill = if number < 0 { 0xff } else { 0 };
    let same =
        |pair: &&[u8]| matches!(pair, [first, second] if *first == fill && (second ^ fill) & 0x80 == 0);
    let spare = bytes.windows(2).take_while(same).count();
    put(out, tag, bytes.get(spare..).unwrap_or_default());
}

/// Appends a name.
pub(super) fn put_name(out: &mut Vec<u8>, name: &[u32]) {
    let mut content = Vec::with_capacity(name.len() + 8);
    let (head, rest) = name.split_at_checked(2).unwrap_or((&[0, 0], &[]));
    let first = head.iter().fold(0_u32, |sum, number| sum.wrapping_mul(40).wrapping_add(*number));
    for number in std::iter::once(&first).chain(rest) {
        let more = (32 - number.leading_zeros()).saturating_sub(1) / 7;
        for group in (1..=more).rev() {
            content.push((number >> (7 * group)) as u8 & 0x7f | 0x80);
        }
        content.push(*number as u8 & 0x7f);
    }
    put(out, NAME, &content);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_names_come_back(number: i64, first in 0_u32..3, second in 0_u32..40, rest: Vec<u32>) {
            let mut out = Vec::new();
            put_integer(&mut out, INTEGER, number.into());
            prop_assert_eq!(Reader::new(&out).integer(), Ok(number));
            let name = [&[first, second][..], rest.get(..rest.len().min(100)).unwrap()].concat();
            let mut out = Vec::new();
            put_name(&mut out, &name);
            prop_assert_eq!(Reader::new(&out).of(NAME).unwrap().name(), Ok(name));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while let Ok(value) = reader.value() {
                let _ = (value.name(), value.integer(), value.reader().value());
            }
        }
    }

    #[test]
    fn lengths_are_short_or_long_and_never_beyond_the_end() {
        for (bytes, length) in [
            (&b"\x04\x02ab"[..], Some(2)),
            (b"\x04\x81\x02ab", Some(2)),
            (b"\x04\x84\0\0\0\x02ab", Some(2)),
            (b"\x04\x80ab\0\0", None),
            (b"\x04\x85\0\0\0\0\x02ab", None),
            (b"\x04\x03ab", None),
            (b"\x04\x84\xff\xff\xff\xffab", None),
            (b"\x04", None),
        ] {
            assert_eq!(
                Reader::new(bytes).value().ok().map(|value| value.content.len()),
                length,
                "{bytes:x?}"
            );
        }
    }
}
