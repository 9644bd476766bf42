//! Chance that is the same each time.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// A source of draws.
#[derive(Clone, Debug)]
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The source of `seed` for one purpose.
    pub(crate) fn new(seed: u64, purpose: u64) -> Draw {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Draw(rng)
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            return 0;
        }
        // The remainder is uneven by less than anybody could see here.
        usize::try_from(self.0.next_u64() % end as u64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something with this chance, in percent, happens.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list, the first more often than the last: rank n with weight 1/n, as popularity goes.
    pub(crate) fn popular<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let weights: Vec<usize> = (1..=list.len()).map(|rank| 1000 / rank).collect();
        let mut left = self.below(weights.iter().sum());
        for (one, weight) in list.iter().zip(weights) {
            if left < weight {
                return Some(one);
            }
            left -= weight;
        }
        list.last()
    }

    /// A word of `length` letters that nobody else has.
    pub(crate) fn word(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
        (0..length)
            .map(|_| LETTERS.get(self.below(LETTERS.len())).map_or('x', |letter| char::from(*letter)))
            .collect()
    }

    /// Hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        (0..digits)
            .map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap_or(0), 16).unwrap_or('0'))
            .collect()
    }
}
