//! Counting and remembering without end in little room.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Distinct values that are counted exactly.
const EXACT: usize = 64;

/// The number of a value. Peers choose values, so it has to be hard to find two with the same.
pub fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length keeps (ab, c) and (a, bc) apart.
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    u64::from_le_bytes(first)
}

/// How many distinct values there were: exact up to 64, then estimated from the 64 least hashes, within about an
/// eighth (Bar-Yossef and others, "Counting distinct elements in a data stream", 2002, algorithm 1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Distinct(BTreeSet<u64>);

impl Distinct {
    /// Counts a value by its [`hash`]. Returns whether it is surely new.
    pub fn add(&mut self, hash: u64) -> bool {
        let new = self.0.insert(hash);
        let whole = self.0.len() <= EXACT;
        if !whole {
            self.0.pop_last();
        }
        new && whole
    }

    /// How many.
    pub fn count(&self) -> u64 {
        let held = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        match self.0.last() {
            Some(last) if self.0.len() >= EXACT => {
                let estimate =
                    u128::from(held.saturating_sub(1)) * (1_u128 << 64) / u128::from((*last).max(1));
                u64::try_from(estimate).unwrap_or(u64::MAX).max(held)
            }
            _ => held,
        }
    }
}

/// Gaps between things that happen, in milliseconds: enough to tell their mean, spread and middle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// How many.
    pub count: u64,
    /// Their sum.
    sum: u64,
    /// The sum of their squares.
    squares: u128,
    /// The shortest.
    pub least: u64,
    /// The longest.
    pub most: u64,
    /// How many were at least 2^n - 1 and less than 2^(n+1) - 1 milliseconds, by n.
    steps: Vec<u64>,
}

/// Longest gap that is told from longer ones: 49 days.
const LONGEST: u64 = u32::MAX as u64;

impl Gaps {
    /// Counts a gap.
    pub fn add(&mut self, gap: u64) {
        let gap = gap.min(LONGEST);
        self.least = if self.count == 0 { gap } else { self.least.min(gap) };
        self.most = self.most.max(gap);
        self.count += 1;
        self.sum = self.sum.saturating_add(gap);
        self.squares = self.squares.saturating_add(u128::from(gap) * u128::from(gap));
        let step = usize::try_from((gap + 1).ilog2()).unwrap_or_default();
        if self.steps.len() <= step {
            self.steps.resize(step + 1, 0);
        }
        if let Some(count) = self.steps.get_mut(step) {
            *count += 1;
        }
    }

    /// Their mean.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }

    /// Their standard deviation.
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        (self.squares as f64 / self.count.max(1) as f64 - mean * mean).max(0.0).sqrt()
    }

    /// Standard deviation by mean.
    pub fn variation(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { self.deviation() / mean } else { 0.0 }
    }

    /// The middle one, to the power of two: as many are shorter as are longer.
    pub fn middle(&self) -> u64 {
        let mut seen = 0;
        for (step, count) in self.steps.iter().enumerate() {
            seen += count;
            if seen * 2 >= self.count && self.count > 0 {
                return (3_u64 << u32::try_from(step).unwrap_or_default()) / 2 - 1;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_counted_exactly_and_many_nearly() {
        for count in [0_u64, 1, 63, 64, 65, 1000, 100_000] {
            let mut distinct = Distinct::default();
            for number in (0..count).chain(0..count) {
                distinct.add(hash(&[&number.to_le_bytes()]));
            }
            let found = distinct.count();
            let wrong = found.abs_diff(count);
            assert!(if count < 64 { wrong == 0 } else { wrong * 3 <= count }, "{found} of {count}");
        }
    }

    #[test]
    fn what_stands_where_makes_a_difference() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_eq!(hash(&[b"ab", b"c"]), hash(&[b"ab", b"c"]));
    }

    #[test]
    fn gaps_have_mean_spread_and_middle() {
        let mut gaps = Gaps::default();
        for gap in [1000, 1000, 1000, 1000, 9000] {
            gaps.add(gap);
        }
        assert_eq!((gaps.mean(), gaps.least, gaps.most), (2600.0, 1000, 9000));
        assert!((gaps.deviation() - 3200.0).abs() < 1.0 && (512..2048).contains(&gaps.middle()), "{gaps:?}");
        assert_eq!(Gaps::default().middle(), 0);
        let mut far = Gaps::default();
        far.add(u64::MAX);
        assert_eq!(far.most, LONGEST);
    }
}
