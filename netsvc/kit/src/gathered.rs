//! Bytes that a parser waits for more of: bounded, charged to the connection's account, and searched only once.

use crate::budget::{Account, Charge};
use std::cell::Cell;

/// Bytes that a buffer grows by at most at a time, so that little stands empty.
const GROWTH: usize = 256 * 1024;
/// Capacity that an emptied buffer keeps.
const KEPT: usize = 4096;
/// Longest delimiter.
const NEEDLE: usize = 4;

thread_local! {
    static SEARCHED: Cell<u64> = const { Cell::new(0) };
}

/// Received bytes that are not used up yet.
#[derive(Clone, Debug)]
pub struct Gathered {
    bytes: Vec<u8>,
    /// Bytes at the front that are used up.
    start: usize,
    cap: usize,
    /// What was searched for, and from `start` up to where it is not.
    marks: [Mark; 3],
    charge: Charge,
}

/// How far a delimiter was searched for.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    needle: [u8; NEEDLE],
    length: usize,
    searched: usize,
}

/// There is no room for what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more bytes than may wait")]
pub struct TooBig;

impl Gathered {
    /// An empty buffer for at most `cap` bytes, charged to the connection that the current task serves.
    pub fn new(cap: usize) -> Self {
        Gathered::on(Account::current(), cap)
    }

    /// As [`Gathered::new`], charged to `account`.
    pub fn on(account: Account, cap: usize) -> Self {
        Gathered {
            bytes: Vec::new(),
            start: 0,
            cap,
            marks: [Mark::default(); 3],
            charge: Charge::new(account, 0),
        }
    }

    /// Adds `bytes`, as many as there is room for.
    ///
    /// # Errors
    /// When they were not all taken.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TooBig> {
        let room = self.cap.saturating_sub(self.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        if self.bytes.capacity() < self.bytes.len() + taken.len() {
            self.compact();
            let needed = self.bytes.len() + taken.len();
            let generous = needed + (needed / 2).min(GROWTH);
            self.bytes.reserve_exact(generous.saturating_sub(self.bytes.len()));
            self.charge.set(self.bytes.capacity());
        }
        self.bytes.extend_from_slice(taken);
        if rest.is_empty() { Ok(()) } else { Err(TooBig) }
    }

    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// How many bytes are there.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where `needle` (one to four bytes) begins first. What was looked at for one of the last three needles is not
    /// looked at again, so that waiting for them costs time in proportion to the bytes that came.
    pub fn find(&mut self, needle: &[u8]) -> Option<usize> {
        let mut mark = self.mark(needle);
        let from = mark.searched.saturating_sub(needle.len().saturating_sub(1));
        let rest = self.bytes().get(from..).unwrap_or_default();
        let found = match needle {
            [byte] => rest.iter().position(|other| other == byte),
            _ => rest.windows(needle.len().max(1)).position(|window| window == needle),
        };
        let looked = found.unwrap_or(rest.len());
        SEARCHED.with(|count| count.set(count.get() + looked as u64));
        mark.searched = from + looked;
        // The one used last stands first.
        let [first, second, third] = self.marks;
        self.marks = if first.is(&mark) {
            [mark, second, third]
        } else if second.is(&mark) {
            [mark, first, third]
        } else {
            [mark, first, second]
        };
        found.map(|at| from + at)
    }

    fn mark(&self, needle: &[u8]) -> Mark {
        let mut mark = Mark { length: needle.len().min(NEEDLE), ..Mark::default() };
        for (to, from) in mark.needle.iter_mut().zip(needle) {
            *to = *from;
        }
        self.marks.iter().find(|known| known.is(&mark)).copied().unwrap_or(mark)
    }

    /// Takes the first `count` bytes out, fewer when there are fewer.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.bytes().get(..count.min(self.len())).unwrap_or_default().to_vec();
        self.skip(taken.len());
        taken
    }

    /// Takes everything out.
    pub fn take_all(&mut self) -> Vec<u8> {
        self.compact();
        let all = std::mem::take(&mut self.bytes);
        self.clear();
        all
    }

    /// Throws the first `count` bytes away.
    pub fn skip(&mut self, count: usize) {
        let count = count.min(self.len());
        self.start += count;
        for mark in &mut self.marks {
            mark.searched = mark.searched.saturating_sub(count);
        }
        if self.is_empty() {
            self.clear();
        } else if KEPT < self.start && self.bytes.len() < self.start * 2 {
            // As much was used up as has to be moved: each byte moves once at most.
            self.compact();
        }
    }

    /// Throws everything behind the first `count` bytes away.
    pub fn truncate(&mut self, count: usize) {
        self.bytes.truncate(self.start.saturating_add(count));
        for mark in &mut self.marks {
            mark.searched = mark.searched.min(count);
        }
    }

    /// Throws everything away.
    pub fn clear(&mut self) {
        self.start = 0;
        self.marks = [Mark::default(); 3];
        self.bytes.clear();
        if KEPT < self.bytes.capacity() || self.bytes.capacity() == 0 {
            self.bytes = Vec::new();
            self.charge.set(0);
        }
    }

    fn compact(&mut self) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

impl Mark {
    fn is(&self, other: &Mark) -> bool {
        (self.length, self.needle) == (other.length, other.needle)
    }
}

/// Bytes that [`Gathered::find`] has looked at on this thread so far: what waiting for delimiters cost.
pub fn searched() -> u64 {
    SEARCHED.with(Cell::get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_delimiter_is_searched_for_once_however_the_bytes_come() {
        let before = searched();
        let mut gathered = Gathered::new(1 << 20);
        for _ in 0..100_000 {
            gathered.push(b"a").unwrap();
            assert_eq!(gathered.find(b"\r\n"), None);
        }
        assert!(searched() - before < 400_000);
        gathered.push(b"\r\nrest").unwrap();
        assert_eq!(gathered.find(b"\r\n"), Some(100_000));
        gathered.skip(100_002);
        assert_eq!(gathered.bytes(), b"rest");
    }

    #[test]
    fn more_than_the_cap_is_not_kept() {
        let mut gathered = Gathered::new(10);
        assert_eq!(gathered.push(&[7; 30]), Err(TooBig));
        assert_eq!((gathered.len(), gathered.take_all()), (10, vec![7; 10]));
        gathered.push(b"again").unwrap();
        assert_eq!(gathered.take(3), b"aga");
    }

    proptest! {
        #[test]
        fn it_is_a_queue_of_bytes(
            steps in proptest::collection::vec((proptest::collection::vec(0..3_u8, 0..40), 0..50_usize), 0..30),
        ) {
            let (mut gathered, mut model) = (Gathered::new(1 << 20), Vec::new());
            for (bytes, count) in steps {
                gathered.push(&bytes).unwrap();
                model.extend(bytes);
                for needle in [&[1_u8][..], &[1, 2], &[2, 2, 1]] {
                    let expected = model.windows(needle.len()).position(|window| window == needle);
                    prop_assert_eq!(gathered.find(needle), expected);
                }
                gathered.skip(count);
                model.drain(..count.min(model.len()));
                prop_assert_eq!(gathered.bytes(), model.as_slice());
            }
        }
    }
}
