//! ASN.1 in its distinguished encoding (X.690), as far as GSSAPI, CredSSP and T.125 need it: tags of one byte, definite
//! lengths. What a peer sends is read as leniently as BER allows.

/// Class and form of tags that are numbered by their context and hold others.
pub const CONTEXT: u8 = 0xa0;
/// An INTEGER.
pub const INTEGER: u8 = 0x02;
/// An OCTET STRING.
pub const OCTETS: u8 = 0x04;
/// A SEQUENCE.
pub const SEQUENCE: u8 = 0x30;

/// An element: its tag and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The first byte.
    pub tag: u8,
    /// What it holds.
    pub content: &'a [u8],
}

/// How long an element is that begins so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// More bytes are needed to tell.
    Unknown,
    /// So many bytes, its tag and length included.
    Whole(usize),
    /// It is no element, or longer than four bytes can say.
    Invalid,
}

/// How long the element at the start of `bytes` is.
pub fn length(bytes: &[u8]) -> Length {
    match measure(bytes) {
        Ok((head, content)) => head.checked_add(content).map_or(Length::Invalid, Length::Whole),
        Err(length) => length,
    }
}

/// Bytes of tag and length, and of the content.
fn measure(bytes: &[u8]) -> Result<(usize, usize), Length> {
    let (Some(tag), Some(first)) = (bytes.first(), bytes.get(1)) else { return Err(Length::Unknown) };
    if tag & 0x1f == 0x1f {
        return Err(Length::Invalid);
    }
    if first & 0x80 == 0 {
        return Ok((2, usize::from(*first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || 4 < count {
        return Err(Length::Invalid);
    }
    let digits = bytes.get(2..2 + count).ok_or(Length::Unknown)?;
    let content = digits.iter().fold(0_u64, |number, digit| number << 8 | u64::from(*digit));
    Ok((2 + count, usize::try_from(content).map_err(|_| Length::Invalid)?))
}

/// The element at the start of `bytes`, and what follows it.
pub fn read(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (head, length) = measure(bytes).ok()?;
    let (content, rest) = bytes.get(head..)?.split_at_checked(length)?;
    Some((Element { tag: *bytes.first()?, content }, rest))
}

/// What the element at the start of `bytes` holds, if it has this tag.
pub fn open(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    read(bytes).filter(|(element, _)| element.tag == tag).map(|(element, _)| element.content)
}

/// All elements of `bytes`, one after the other, up to what is none.
pub fn all(bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (element, after) = read(rest)?;
        rest = after;
        Some(element)
    })
}

/// A number without its sign, of an INTEGER that is no longer than four bytes.
pub fn number(content: &[u8]) -> Option<u32> {
    let digits = content.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(content);
    if digits.is_empty() || 4 < digits.len() {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number << 8 | u32::from(*digit)))
}

/// An element.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut whole = vec![tag];
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let digits = length.to_be_bytes();
    match length {
        0..0x80 => whole.extend(digits.last()),
        _ => {
            let zeros = digits.iter().take_while(|digit| **digit == 0).count();
            let told = digits.get(zeros..).unwrap_or_default();
            whole.push(0x80 | u8::try_from(told.len()).unwrap_or(4));
            whole.extend_from_slice(told);
        }
    }
    whole.extend_from_slice(content);
    whole
}

/// An INTEGER of as few bytes as it needs.
pub fn integer(number: u32) -> Vec<u8> {
    let digits = number.to_be_bytes();
    let zeros = digits.iter().take(3).take_while(|digit| **digit == 0).count();
    let mut told = digits.get(zeros..).unwrap_or_default().to_vec();
    if told.first().is_some_and(|first| first & 0x80 != 0) {
        told.insert(0, 0);
    }
    element(INTEGER, &told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (length, head) in [
            (0, vec![4, 0]),
            (127, vec![4, 127]),
            (128, vec![4, 0x81, 128]),
            (256, vec![4, 0x82, 1, 0]),
            (70_000, vec![4, 0x83, 1, 0x11, 0x70]),
        ] {
            let whole = element(OCTETS, &vec![7; length]);
            assert_eq!(whole.get(..head.len()), Some(&head[..]));
            assert_eq!(super::length(&whole), Length::Whole(head.len() + length));
            assert_eq!(open(OCTETS, &whole).map(<[u8]>::len), Some(length));
        }
        for (bytes, expected) in [
            (&b""[..], Length::Unknown),
            (b"\x30", Length::Unknown),
            (b"\x30\x82\x01", Length::Unknown),
            (b"\x30\x80", Length::Invalid),
            (b"\x30\x85\x01\0\0\0\0", Length::Invalid),
            (b"\x7f\x65\x01\0", Length::Invalid),
        ] {
            assert_eq!(length(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn integers_have_no_sign() {
        assert_eq!(integer(6), [2, 1, 6]);
        assert_eq!(integer(0x80), [2, 2, 0, 0x80]);
        assert_eq!(integer(0xc000_006d), [2, 5, 0, 0xc0, 0, 0, 0x6d]);
        for number in [0, 1, 127, 128, 65_535, 0xc000_006d, u32::MAX] {
            let whole = integer(number);
            assert_eq!(open(INTEGER, &whole).and_then(super::number), Some(number));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = (length(&bytes), all(&bytes).count());
        }
    }
}
