//! The code of HPACK for octets (RFC 7541, appendix B), which is canonical: lengths say it all.

use std::sync::LazyLock;

/// Bits of the code of each octet, and of the end of a string.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
/// Number of the end of a string, which never stands in one.
const END: usize = 256;
/// Bits of the longest code.
const LONGEST: usize = 30;

/// The code, both ways.
struct Code {
    /// Code of each symbol.
    codes: [u32; 257],
    /// Symbols in the order of their codes.
    symbols: [u16; 257],
    /// First code of each length, and where its symbol stands.
    first: [(u32, usize); LONGEST + 2],
}

static CODE: LazyLock<Code> = LazyLock::new(|| {
    let mut code = Code { codes: [0; 257], symbols: [0; 257], first: [(0, 0); LONGEST + 2] };
    let (mut next, mut place) = (0_u32, 0);
    for length in 1..=LONGEST {
        next <<= 1;
        if let Some(first) = code.first.get_mut(length) {
            *first = (next, place);
        }
        for (symbol, _) in LENGTHS.iter().enumerate().filter(|(_, own)| usize::from(**own) == length) {
            if let (Some(known), Some(at)) = (code.codes.get_mut(symbol), code.symbols.get_mut(place)) {
                (*known, *at) = (next, u16::try_from(symbol).unwrap_or_default());
            }
            next += 1;
            place += 1;
        }
    }
    if let Some(last) = code.first.last_mut() {
        *last = (u32::MAX, place);
    }
    code
});

/// The octets that `bytes` codes, at most `most`; `None` when it is no code.
pub(super) fn decode(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let (mut bits, mut length) = (0_u32, 0_usize);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| u32::from(byte >> at & 1))) {
        bits = bits << 1 | bit;
        length += 1;
        let (first, place) = *CODE.first.get(length)?;
        let (_, after) = *CODE.first.get(length + 1)?;
        let known = bits.checked_sub(first).and_then(|over| usize::try_from(over).ok());
        let Some(at) = known.map(|over| place + over).filter(|at| *at < after) else {
            continue;
        };
        let symbol = usize::from(*CODE.symbols.get(at)?);
        if symbol == END || most <= decoded.len() {
            return None;
        }
        decoded.push(u8::try_from(symbol).ok()?);
        (bits, length) = (0, 0);
    }
    // What is left is the beginning of the end's code: ones, fewer than eight.
    (length < 8 && bits == (1 << length) - 1).then_some(decoded)
}

/// `bytes` in the code, if that is shorter.
pub(super) fn encode(bytes: &[u8]) -> Option<Vec<u8>> {
    let bits: usize = bytes.iter().map(|byte| usize::from(length(*byte))).sum();
    if bytes.len() <= bits.div_ceil(8) {
        return None;
    }
    let mut encoded = Vec::with_capacity(bits.div_ceil(8));
    let (mut kept, mut count) = (0_u64, 0_u32);
    for byte in bytes {
        let own = u32::from(length(*byte));
        kept = kept << own | u64::from(CODE.codes.get(usize::from(*byte)).copied().unwrap_or_default());
        count += own;
        while 8 <= count {
            count -= 8;
            encoded.push((kept >> count & 0xff) as u8);
        }
    }
    if 0 < count {
        encoded.push((kept << (8 - count) & 0xff) as u8 | (0xff >> count));
    }
    Some(encoded)
}

fn length(byte: u8) -> u8 {
    LENGTHS.get(usize::from(byte)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard_are_coded_as_there() {
        for (text, coded) in [
            ("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"),
            ("no-cache", "a8eb10649cbf"),
            ("Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"),
        ] {
            assert_eq!(encode(text.as_bytes()).map(hex::encode).as_deref(), Some(coded));
            assert_eq!(decode(&hex::decode(coded).unwrap(), 100).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(decode(&[0xff; 4], 100), None, "the end of a string");
        assert_eq!(decode(&[0x1f, 0xff], 100), None, "more than seven bits of padding");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(coded) = encode(&bytes) {
                prop_assert_eq!(decode(&coded, 200), Some(bytes));
            }
        }

        #[test]
        fn any_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let decoded = decode(&bytes, 64);
            prop_assert!(decoded.is_none_or(|decoded| decoded.len() <= 64));
        }
    }
}
