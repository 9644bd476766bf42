//! The first bytes of one side of a connection, put in order.

/// Bytes of a side that are looked at.
pub(super) const MOST: usize = 40 * 1024;
/// Pieces that came before their turn, and the bytes of all of them.
const PIECES: usize = 16;
const AHEAD: usize = 24 * 1024;

/// The first bytes of a side.
#[derive(Debug)]
pub(super) struct Stream {
    /// Number of the first byte.
    base: u32,
    bytes: Vec<u8>,
    ahead: Vec<(usize, Vec<u8>)>,
}

impl Stream {
    /// A side whose first byte has the number `base`.
    pub(super) fn new(base: u32) -> Self {
        Stream { base, bytes: Vec::new(), ahead: Vec::new() }
    }

    /// What came so far without a gap.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.bytes.len() + self.ahead.iter().map(|(_, piece)| piece.len()).sum::<usize>()
    }

    /// Whether no more is looked at.
    pub(super) fn is_full(&self) -> bool {
        MOST <= self.bytes.len()
    }

    /// Takes a segment; true when there are more bytes in order than before.
    pub(super) fn take(&mut self, sequence: u32, payload: &[u8]) -> bool {
        let ahead = sequence.wrapping_sub(self.base);
        // What lies before the first byte wraps around to far beyond.
        let at = match usize::try_from(ahead) {
            Ok(at) if at < MOST => at,
            _ => {
                let before = usize::try_from(self.base.wrapping_sub(sequence)).unwrap_or(usize::MAX);
                return payload.get(before..).is_some_and(|rest| !rest.is_empty() && self.append(0, rest));
            }
        };
        if self.bytes.len() < at {
            self.keep(at, payload);
            return false;
        }
        self.append(at, payload)
    }

    /// Appends what is new of a piece that begins at `at`, and what it was waited for with.
    fn append(&mut self, at: usize, payload: &[u8]) -> bool {
        if !self.extend(at, payload) {
            return false;
        }
        while let Some(index) = self.ahead.iter().position(|(at, _)| *at <= self.bytes.len()) {
            let (at, piece) = self.ahead.swap_remove(index);
            self.extend(at, &piece);
        }
        true
    }

    /// Appends what is new of a piece that begins at `at`, as far as there is room; false: nothing of it is.
    fn extend(&mut self, at: usize, piece: &[u8]) -> bool {
        let known = self.bytes.len() - at;
        let Some(new) = piece.get(known..).filter(|new| !new.is_empty()) else { return false };
        let room = MOST - self.bytes.len();
        self.bytes.extend_from_slice(new.get(..room.min(new.len())).unwrap_or_default());
        true
    }

    fn keep(&mut self, at: usize, payload: &[u8]) {
        let held: usize = self.ahead.iter().map(|(_, piece)| piece.len()).sum();
        let known = self.ahead.iter().any(|(other, piece)| *other == at && payload.len() <= piece.len());
        if self.ahead.len() < PIECES && held + payload.len() <= AHEAD && !known {
            self.ahead.push((at, payload.to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pieces_in_any_order_make_the_same_bytes() {
        let text: Vec<u8> = (0..=255).collect();
        for base in [0, 7, u32::MAX - 100] {
            let mut stream = Stream::new(base);
            for (from, to) in [(200, 256), (50, 120), (100, 210), (50, 60), (0, 55), (3, 9)] {
                stream.take(base.wrapping_add(from), &text[from as usize..to]);
            }
            assert_eq!(stream.bytes(), text, "{base}");
        }
        // One byte before the first, as a probe that a connection lives has it.
        let mut stream = Stream::new(10);
        assert!(!stream.take(9, b"x") && stream.take(9, b"xy"));
        assert_eq!(stream.bytes(), b"y");
    }

    proptest! {
        #[test]
        fn memory_is_bounded(pieces in proptest::collection::vec((any::<u32>(), 0_usize..60_000), 0..60)) {
            let mut stream = Stream::new(0);
            for (at, length) in pieces {
                stream.take(at % 100_000, &vec![1; length]);
                prop_assert!(stream.held() <= MOST + AHEAD);
            }
        }
    }
}
