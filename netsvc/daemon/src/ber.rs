//! The part of BER (X.690) that SNMP, LDAP and Kerberos use: definite lengths, tags of one byte.
//!
//! There is no recursion on what comes: each message has a fixed shape, and a [`Reader`] is asked for its
//! parts. A [`Writer`] is filled from the end, so that every length is known when it is written.

/// Sub-identifiers of the longest name (RFC 2578, 3.5).
const LONGEST_NAME: usize = 128;

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BITS: u8 = 0x03;
/// OCTET STRING.
pub const TEXT: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub const NAME: u8 = 0x06;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET OF.
pub const SET: u8 = 0x31;

/// Bytes that are no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no BER")]
pub struct Malformed;

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` begins in the datagram.
    at: usize,
}

/// A value: its tag and what is in it.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// Its tag.
    pub tag: u8,
    /// What is in it.
    pub content: &'a [u8],
    /// Where `content` begins in the datagram.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `datagram` from its start.
    pub fn new(datagram: &'a [u8]) -> Self {
        Reader { rest: datagram, at: 0 }
    }

    /// Whether there is no value left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next value.
    ///
    /// # Errors
    /// When there is none.
    pub fn value(&mut self) -> Result<Value<'a>, Malformed> {
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
    ///
    /// # Errors
    /// When it has another, or there is none.
    pub fn of(&mut self, tag: u8) -> Result<Value<'a>, Malformed> {
        self.value().and_then(|value| if value.tag == tag { Ok(value) } else { Err(Malformed) })
    }

    /// The values in the next one, which has this tag.
    ///
    /// # Errors
    /// When it has another, or there is none.
    pub fn inside(&mut self, tag: u8) -> Result<Reader<'a>, Malformed> {
        self.of(tag).map(Value::reader)
    }

    /// The next value, a whole number.
    ///
    /// # Errors
    /// When it is none.
    pub fn integer(&mut self) -> Result<i64, Malformed> {
        self.of(INTEGER)?.integer()
    }

    /// The next value, a text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(&mut self) -> Result<&'a [u8], Malformed> {
        self.of(TEXT).map(|value| value.content)
    }
}

impl<'a> Value<'a> {
    /// The values in it.
    pub fn reader(self) -> Reader<'a> {
        Reader { rest: self.content, at: self.at }
    }

    /// The whole number in it.
    ///
    /// # Errors
    /// When it has no byte, or more than eight.
    pub fn integer(self) -> Result<i64, Malformed> {
        let (Some(first), 1..=8) = (self.content.first(), self.content.len()) else { return Err(Malformed) };
        let sign = if first & 0x80 == 0 { 0 } else { -1 };
        Ok(self.content.iter().fold(sign, |sum, byte| sum << 8 | i64::from(*byte)))
    }

    /// The name in it.
    ///
    /// # Errors
    /// When it is none, or longer than names are.
    pub fn name(self) -> Result<Vec<u32>, Malformed> {
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
pub fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => out.push(short),
        Ok(length) => out.extend_from_slice(&[0x81, length]),
        Err(_) => {
            let digits = content.len().to_be_bytes();
            let digits = digits.get(leading(&digits)..).unwrap_or_default();
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(content);
}

/// How many bytes of zero `digits` begin with.
fn leading(digits: &[u8]) -> usize {
    digits.iter().take_while(|digit| **digit == 0).count()
}

/// Appends a whole number in as few bytes as hold it.
pub fn put_integer(out: &mut Vec<u8>, tag: u8, number: i128) {
    let bytes = number.to_be_bytes();
    let fill = if number < 0 { 0xff } else { 0 };
    let same =
        |pair: &&[u8]| matches!(pair, [first, second] if *first == fill && (second ^ fill) & 0x80 == 0);
    let spare = bytes.windows(2).take_while(same).count();
    put(out, tag, bytes.get(spare..).unwrap_or_default());
}

/// Appends a name.
pub fn put_name(out: &mut Vec<u8>, name: &[u32]) {
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

/// How the lengths of constructed values are written; those of others are always as short as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// As short as can be.
    Short,
    /// In four bytes, as Windows writes them.
    Wide,
}

/// A buffer that is filled from the end: what comes last is put first.
#[derive(Clone, Debug)]
pub struct Writer {
    reversed: Vec<u8>,
    lengths: Lengths,
}

impl Writer {
    /// An empty one.
    pub fn new(lengths: Lengths) -> Self {
        Writer { reversed: Vec::new(), lengths }
    }

    /// Puts a value of bytes before what is there.
    pub fn value(&mut self, tag: u8, content: &[u8]) {
        self.raw(content);
        self.head(tag, content.len(), Lengths::Short);
    }

    /// Puts a text before what is there.
    pub fn text(&mut self, content: impl AsRef<[u8]>) {
        self.value(TEXT, content.as_ref());
    }

    /// Puts a whole number before what is there.
    pub fn number(&mut self, tag: u8, number: i64) {
        let digits = number.to_be_bytes();
        let fill = if number < 0 { 0xff } else { 0 };
        let same =
            |pair: &&[u8]| matches!(pair, [first, second] if *first == fill && (second ^ fill) & 0x80 == 0);
        let spare = digits.windows(2).take_while(same).count();
        self.value(tag, digits.get(spare..).unwrap_or_default());
    }

    /// Puts a constructed value before what is there; `fill` puts what is in it, the last part first.
    pub fn group(&mut self, tag: u8, fill: impl FnOnce(&mut Writer)) {
        let before = self.reversed.len();
        fill(self);
        self.head(tag, self.reversed.len() - before, self.lengths);
    }

    /// Puts bytes as they are before what is there.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.reversed.extend(bytes.iter().rev());
    }

    /// What was written.
    pub fn finish(mut self) -> Vec<u8> {
        self.reversed.reverse();
        self.reversed
    }

    fn head(&mut self, tag: u8, length: usize, lengths: Lengths) {
        let digits = length.to_be_bytes();
        let digits = match lengths {
            Lengths::Wide => digits.get(digits.len() - 4..),
            Lengths::Short => digits.get(leading(&digits)..),
        };
        let digits = digits.unwrap_or_default();
        match (lengths, u8::try_from(length)) {
            (Lengths::Short, Ok(short @ 0..=0x7f)) => self.reversed.push(short),
            _ => {
                self.raw(digits);
                self.reversed.push(0x80 | digits.len() as u8);
            }
        }
        self.reversed.push(tag);
    }
}

/// How long the value is that `bytes` begin with, its head included; `None`: too little of it has come to tell.
///
/// # Errors
/// When it is none.
pub fn announced(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(first) = bytes.get(1) else { return Ok(None) };
    match usize::from(*first) {
        short @ 0..=0x7f => Ok(Some(2 + short)),
        long @ 0x81..=0x84 => {
            let count = long & 0x0f;
            let Some(digits) = bytes.get(2..2 + count) else { return Ok(None) };
            Ok(Some(2 + count + digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit))))
        }
        _ => Err(Malformed),
    }
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
        fn what_is_written_from_the_end_is_read_from_the_start(
            number: i64,
            text in proptest::collection::vec(any::<u8>(), 0..70_000),
            wide: bool,
        ) {
            let mut writer = Writer::new(if wide { Lengths::Wide } else { Lengths::Short });
            writer.group(SEQUENCE, |writer| {
                writer.group(SET, |writer| writer.text(&text));
                writer.number(INTEGER, number);
            });
            let out = writer.finish();
            prop_assert_eq!(announced(&out), Ok(Some(out.len())));
            let mut inside = Reader::new(&out).inside(SEQUENCE).unwrap();
            prop_assert_eq!(inside.integer(), Ok(number));
            prop_assert_eq!(inside.inside(SET).unwrap().text(), Ok(&text[..]));
            let (mut put_text, mut whole) = (Vec::new(), Vec::new());
            put(&mut put_text, TEXT, &text);
            put_integer(&mut whole, INTEGER, number.into());
            put(&mut whole, SET, &put_text);
            let mut sequence = Vec::new();
            put(&mut sequence, SEQUENCE, &whole);
            prop_assert_eq!(wide || sequence == out, true);
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
