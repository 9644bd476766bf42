//! Snappy's block format: read in full, written as literals alone, which every reader takes.
//!
//! Source: `format_description.txt` of Snappy.

/// Longest literal that one element holds here.
const LITERAL: usize = 1 << 16;

/// What `bytes` unpack to, if that is not longer than `most`.
pub(super) fn unpack(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let (length, mut rest) = varint(bytes)?;
    if most < length {
        return None;
    }
    let mut out: Vec<u8> = Vec::new();
    while let Some((tag, after)) = rest.split_first() {
        let high = usize::from(tag >> 2);
        let (taken, offset, after) = match tag & 3 {
            0 => {
                let (size, after) = match high {
                    0..=59 => (high + 1, after),
                    _ => {
                        let (size, after) = number(after, high - 59)?;
                        (size.checked_add(1)?, after)
                    }
                };
                let (literal, after) = after.split_at_checked(size)?;
                out.extend_from_slice(literal);
                (0, 1, after)
            }
            1 => {
                let (low, after) = number(after, 1)?;
                ((high & 7) + 4, ((high >> 3) << 8) | low, after)
            }
            2 => {
                let (offset, after) = number(after, 2)?;
                (high + 1, offset, after)
            }
            _ => {
                let (offset, after) = number(after, 4)?;
                (high + 1, offset, after)
            }
        };
        if length < out.len() + taken {
            return None;
        }
        let start = out.len().checked_sub(offset).filter(|_| offset != 0)?;
        for at in start..start + taken {
            out.push(*out.get(at)?);
        }
        rest = after;
    }
    Some(out)
}

/// `bytes` packed.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut left = bytes.len();
    while 0x80 <= left {
        out.push(u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
        left >>= 7;
    }
    out.push(u8::try_from(left).unwrap_or(0));
    for piece in bytes.chunks(LITERAL) {
        out.push(61 << 2);
        out.extend(u16::try_from(piece.len() - 1).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(piece);
    }
    out
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

fn number(bytes: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(count)?;
    Some((digits.iter().rev().fold(0, |value, byte| (value << 8) | usize::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn copies_are_unpacked_and_may_overlap() {
        assert_eq!(unpack(b"\x09\x08abc\x09\x03", 100).as_deref(), Some(&b"abcabcabc"[..]));
        assert_eq!(unpack(b"\x09\x08abc\x09\x09", 100), None, "from before the beginning");
        assert_eq!(unpack(b"\x09\x08abc\x09\x03", 8), None, "longer than may be");
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked_and_junk_does_no_harm(bytes: Vec<u8>) {
            prop_assert_eq!(unpack(&pack(&bytes), bytes.len()), Some(bytes.clone()));
            let _ = unpack(&bytes, 4096);
        }
    }
}
