//! The content of a file as tokens, in clear or compressed (`token.c`): runs of new bytes; blocks of an old file never.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// Most bytes of one compressed piece: fourteen bits.
const PIECE: usize = 16_383;
/// What a run of deflate ends with, and what both sides leave away.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Bits of a byte that begins compressed data.
pub(super) const COMPRESSED: u8 = 0x40;
/// Most bytes of a run in clear.
pub(super) const RUN: usize = 32 * 1024;

/// `content` as one compressed run and its end.
pub(super) fn compressed(content: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::with_capacity(content.len() / 2 + 256);
    let mut compress = Compress::new(Compression::new(6), false);
    loop {
        let read = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let rest = content.get(read..).unwrap_or_default();
        deflated.reserve(rest.len() / 2 + 256);
        let before = (compress.total_in(), compress.total_out());
        if compress.compress_vec(rest, &mut deflated, FlushCompress::Sync).is_err() {
            break;
        }
        let stands = before == (compress.total_in(), compress.total_out());
        if stands || rest.is_empty() || (deflated.ends_with(&TAIL) && deflated.len() < deflated.capacity()) {
            break;
        }
    }
    let run = deflated.strip_suffix(&TAIL).unwrap_or(&deflated);
    let mut out = Vec::with_capacity(run.len() + run.len() / 8000 + 8);
    for piece in run.chunks(PIECE).filter(|_| !content.is_empty()) {
        out.extend([COMPRESSED | (piece.len() >> 8) as u8, (piece.len() & 0xff) as u8]);
        out.extend_from_slice(piece);
    }
    out.push(0);
    out
}

/// What was compressed into `run`, of which at most `most` bytes are wanted.
pub(super) fn inflated(run: &[u8], most: usize) -> Vec<u8> {
    let whole = [run, &TAIL].concat();
    let mut decompress = Decompress::new(false);
    let mut out = Vec::new();
    loop {
        let read = usize::try_from(decompress.total_in()).unwrap_or(usize::MAX);
        let rest = whole.get(read..).unwrap_or_default();
        if rest.is_empty() || most <= out.len() {
            break;
        }
        out.reserve((most - out.len()).min(RUN));
        let before = (decompress.total_in(), decompress.total_out());
        let outcome = decompress.decompress_vec(rest, &mut out, FlushDecompress::Sync);
        if outcome.is_err() || before == (decompress.total_in(), decompress.total_out()) {
            break;
        }
    }
    out.truncate(most);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(tokens: &[u8]) -> Vec<u8> {
        let (mut run, mut rest) = (Vec::new(), tokens);
        while let [head, low, more @ ..] = rest {
            assert_eq!(head & 0xc0, COMPRESSED);
            let (piece, after) = more.split_at(usize::from(head & 0x3f) << 8 | usize::from(*low));
            run.extend_from_slice(piece);
            rest = after;
        }
        assert_eq!(rest, [0]);
        run
    }

    proptest! {
        #[test]
        fn content_comes_back(content in proptest::collection::vec(any::<u8>(), 0..3000), times in 1..40_usize) {
            let content = content.repeat(times);
            let tokens = compressed(&content);
            prop_assert_eq!(&inflated(&run(&tokens), usize::MAX / 2), &content);
            prop_assert_eq!(inflated(&run(&tokens), 100).len(), content.len().min(100));
        }

        #[test]
        fn anything_is_inflated(run: Vec<u8>) {
            prop_assert!(inflated(&run, 5000).len() <= 5000);
        }
    }
}
