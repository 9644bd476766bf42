//! Packets inside compressed packets: a length, a number of its own, the length of the content (0: it is as it was).
//!
//! Source: MySQL Client/Server Protocol, "Compression".

use flate2::{
    Compression,
    read::{ZlibDecoder, ZlibEncoder},
};
use std::io::Read;

/// Content that is shorter is not compressed (`MIN_COMPRESS_LENGTH`).
const SHORT: usize = 50;
/// Most content of one packet that is sent.
const LONGEST: usize = 0x00ff_fffe;

/// `bytes` in compressed packets, whose number goes on from `sequence`.
pub(super) fn wrap(bytes: &[u8], sequence: &mut u8) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in bytes.chunks(LONGEST) {
        let mut packed = Vec::new();
        let shrunk = SHORT <= piece.len()
            && ZlibEncoder::new(piece, Compression::default()).read_to_end(&mut packed).is_ok()
            && packed.len() < piece.len();
        let (content, length) = if shrunk { (packed.as_slice(), piece.len()) } else { (piece, 0) };
        let three = |number: usize| u32::try_from(number).unwrap_or(0).to_le_bytes().into_iter().take(3);
        out.extend(three(content.len()));
        out.push(*sequence);
        out.extend(three(length));
        out.extend_from_slice(content);
        *sequence = sequence.wrapping_add(1);
    }
    out
}

/// The content of a compressed packet that says to hold `length` bytes; `None` when it does not.
pub(super) fn unwrap(content: &[u8], length: usize) -> Option<Vec<u8>> {
    if length == 0 {
        return Some(content.to_vec());
    }
    let mut plain = Vec::new();
    let most = u64::try_from(length).ok()?.checked_add(1)?;
    ZlibDecoder::new(content).take(most).read_to_end(&mut plain).ok()?;
    (plain.len() == length).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn more_content_than_was_said_is_refused() {
        let packet = wrap(&[7; 5000], &mut 0);
        let (_, content) = packet.split_at(7);
        assert_eq!(unwrap(content, 5000), Some(vec![7; 5000]));
        assert_eq!(unwrap(content, 4999), None);
        assert_eq!(unwrap(content, 5001), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, length in 0_usize..100_000) {
            let _ = unwrap(&bytes, length);
        }
    }
}
