//! Bytes into lines: as long as the product allows, the rest cut or split as it does.

use netsvc_kit::Gathered;

/// Longest piece of a message.
const PIECE: usize = 8192;
/// Most bytes that wait.
const WAITING: usize = 128 * 1024;

/// What a product does with a line that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// The rest up to the line's end is dropped.
    Dropped,
    /// The rest is taken as the next line.
    Split,
}

/// Received bytes that are not consumed yet.
#[derive(Debug)]
pub struct Lines {
    buffer: Gathered,
    limit: usize,
    excess: Excess,
}

impl Lines {
    /// An empty buffer for lines up to `limit` bytes.
    pub fn new(limit: usize, excess: Excess) -> Self {
        Lines { buffer: Gathered::new(WAITING), limit, excess }
    }

    /// Adds what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        // What waits is less than a line and a piece, far from the cap.
        let _ = self.buffer.push(bytes);
    }

    /// Forgets everything not consumed.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }

    /// The next command line without its end (CR LF or LF), or `None` until there is one.
    pub fn command(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer.find(b"\n");
        if self.excess == Excess::Split && end.unwrap_or(self.buffer.len()) >= self.limit {
            return Some(self.buffer.take(self.limit));
        }
        let Some(end) = end else {
            // Two more bytes tell a line of just this length, with its CR, from a longer one.
            self.buffer.truncate(self.limit + 2);
            return None;
        };
        let mut line = self.buffer.take(end + 1);
        line.pop();
        if line.last() == Some(&b'\r') && line.len() <= self.limit + 1 {
            line.pop();
        }
        line.truncate(self.limit);
        Some(line)
    }

    /// The next piece of a message: a line with its end, or part of one that is very long; the flag says
    /// whether the line ends with it.
    pub fn piece(&mut self) -> Option<(Vec<u8>, bool)> {
        match self.buffer.find(b"\n") {
            Some(end) => Some((self.buffer.take(end + 1), true)),
            None if self.buffer.len() > PIECE => Some((self.buffer.take(PIECE), false)),
            None => None,
        }
    }

    /// Up to `count` bytes as they are; `None` when there are none.
    pub fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let take = count.min(self.buffer.len());
        (take > 0).then(|| self.buffer.take(take))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(excess: Excess, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(8, excess);
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece);
            while let Some(line) = lines.command() {
                found.push(line);
            }
        }
        found
    }

    #[test]
    fn long_lines_are_cut_or_split() {
        let input: &[&[u8]] = &[b"0123456789abcdef\r\nNOOP\r\n"];
        assert_eq!(all(Excess::Dropped, input), [&b"01234567"[..], b"NOOP"]);
        assert_eq!(all(Excess::Split, input), [&b"01234567"[..], b"89abcdef", b"", b"NOOP"]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in proptest::collection::vec(prop::sample::select(b"ab\r\n".to_vec()), 0..60)) {
            for excess in [Excess::Dropped, Excess::Split] {
                let single: Vec<&[u8]> = bytes.chunks(1).collect();
                prop_assert_eq!(all(excess, &[&bytes]), all(excess, &single));
            }
        }
    }
}
