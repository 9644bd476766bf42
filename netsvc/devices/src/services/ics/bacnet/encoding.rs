//! Tags and values (clause 20.2).

use crate::bytes::Reader;

/// A tag: its number, whether it is of the context, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) number: u8,
    pub(super) context: bool,
    pub(super) kind: TagKind,
}

/// What a tag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagKind {
    /// So many bytes.
    Value(usize),
    Opening,
    Closing,
}

/// The next tag.
pub(super) fn tag(reader: &mut Reader<'_>) -> Option<Tag> {
    let first = reader.byte()?;
    let number = match first >> 4 {
        15 => reader.byte()?,
        number => number,
    };
    let context = first & 8 != 0;
    let kind = match first & 7 {
        6 if context => TagKind::Opening,
        7 if context => TagKind::Closing,
        // A boolean has its value where others have their length (20.2.3).
        _ if !context && number == 1 => TagKind::Value(0),
        5 => TagKind::Value(match reader.byte()? {
            254 => reader.word()?.into(),
            255 => usize::try_from(reader.long()?).ok()?,
            length => length.into(),
        }),
        length => TagKind::Value(length.into()),
    };
    Some(Tag { number, context, kind })
}

/// The value of the context's tag `number`, if that is next; nothing is taken if it is not.
pub(super) fn context<'a>(reader: &mut Reader<'a>, number: u8) -> Option<&'a [u8]> {
    let mut ahead = *reader;
    let tag = tag(&mut ahead)?;
    let TagKind::Value(length) = tag.kind else { return None };
    if !tag.context || tag.number != number {
        return None;
    }
    let value = ahead.take(length)?;
    *reader = ahead;
    Some(value)
}

/// Whether the context's tag `number` opens or closes here; then it is taken.
pub(super) fn bracket(reader: &mut Reader<'_>, number: u8, kind: TagKind) -> bool {
    let mut ahead = *reader;
    let found = tag(&mut ahead) == Some(Tag { number, context: true, kind });
    if found {
        *reader = ahead;
    }
    found
}

/// An unsigned number of one to four bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Option<u32> {
    Reader::new(bytes).number(bytes.len())
}

/// The bytes of an unsigned number, as few as do.
fn fewest(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    bytes.into_iter().skip(skip).collect()
}

/// A value with its tag.
pub(super) fn tagged(number: u8, in_context: bool, value: &[u8]) -> Vec<u8> {
    let first = number << 4 | u8::from(in_context) << 3;
    let mut bytes = match value.len() {
        length @ 0..=4 => vec![first | u8::try_from(length).unwrap_or_default()],
        length @ 5..=253 => vec![first | 5, u8::try_from(length).unwrap_or_default()],
        length => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            vec![first | 5, 254, high, low]
        }
    };
    bytes.extend(value);
    bytes
}

/// An unsigned number of the context.
pub(super) fn number_in(tag: u8, value: u32) -> Vec<u8> {
    tagged(tag, true, &fewest(value))
}

pub(super) fn opening(number: u8) -> u8 {
    number << 4 | 0x0e
}

pub(super) fn closing(number: u8) -> u8 {
    number << 4 | 0x0f
}

/// Values as applications have them.
pub(super) fn boolean(value: bool) -> Vec<u8> {
    vec![0x10 | u8::from(value)]
}

pub(super) fn number(value: u32) -> Vec<u8> {
    tagged(2, false, &fewest(value))
}

pub(super) fn signed(value: i16) -> Vec<u8> {
    tagged(3, false, &value.to_be_bytes())
}

pub(super) fn real(value: f32) -> Vec<u8> {
    tagged(4, false, &value.to_be_bytes())
}

pub(super) fn text(value: &str) -> Vec<u8> {
    tagged(7, false, &[&[0][..], value.as_bytes()].concat())
}

/// Bits, the first of which is the highest of the first byte.
pub(super) fn bits(values: &[bool]) -> Vec<u8> {
    let bytes = values.chunks(8).map(|eight| {
        let byte = eight.iter().fold(0_u16, |byte, bit| byte << 1 | u16::from(*bit)) << (8 - eight.len());
        u8::try_from(byte).unwrap_or_default()
    });
    let unused = u8::try_from((8 - values.len() % 8) % 8).unwrap_or_default();
    tagged(8, false, &[vec![unused], bytes.collect()].concat())
}

pub(super) fn enumerated(value: u32) -> Vec<u8> {
    tagged(9, false, &fewest(value))
}

pub(super) fn object(id: u32) -> Vec<u8> {
    tagged(12, false, &id.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_in_the_examples_of_the_standard() {
        // 20.2.4, 20.2.6, 20.2.9, 20.2.10, 20.2.14.
        assert_eq!(number(72), [0x21, 72]);
        assert_eq!(real(72.0), [0x44, 0x42, 0x90, 0, 0]);
        assert_eq!(text("This is a BACnet string!").get(..3), Some(&[0x75, 0x19, 0][..]));
        assert_eq!(bits(&[true, false, true, false, true]), [0x82, 3, 0xa8]);
        assert_eq!(object(3 << 22 | 15), [0xc4, 0, 0xc0, 0, 0x0f]);
        assert_eq!(number_in(1, 4096), [0x1a, 0x10, 0]);
    }

    #[test]
    fn tags_are_read() {
        let bytes = [0x0c, 2, 0, 0, 1, 0x19, 85, 0x3e, 0x3f];
        let mut reader = Reader::new(&bytes);
        assert_eq!(context(&mut reader, 1), None);
        assert_eq!(context(&mut reader, 0), Some(&[2, 0, 0, 1][..]));
        assert_eq!(context(&mut reader, 1).and_then(unsigned), Some(85));
        assert!(bracket(&mut reader, 3, TagKind::Opening) && bracket(&mut reader, 3, TagKind::Closing));
        assert_eq!(tag(&mut reader), None);
    }
}
