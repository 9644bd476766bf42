//! Pauses, enough of them to tell their middle and how even they are.

/// Most pauses that are kept, the first ones.
const KEPT: usize = 4096;

/// Pauses in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pauses(Vec<u64>);

/// What is said of pauses, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    /// How many.
    pub(super) count: u64,
    /// A quarter is shorter.
    pub(super) quarter: u64,
    /// Half are shorter.
    pub(super) middle: u64,
    /// Three quarters are shorter.
    pub(super) most: u64,
}

impl Pauses {
    /// Counts a pause.
    pub(super) fn add(&mut self, pause: u64) {
        if self.0.len() < KEPT {
            self.0.push(pause);
        }
    }

    /// What is said of them.
    pub(super) fn spread(&self) -> Spread {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |quarters: usize| sorted.get(sorted.len() * quarters / 4).copied().unwrap_or_default();
        Spread {
            count: u64::try_from(sorted.len()).unwrap_or(u64::MAX),
            quarter: at(1),
            middle: at(2),
            most: at(3),
        }
    }
}

impl Spread {
    /// How far the middle half lies apart, in percent of the middle; 0 where there is none.
    pub(super) fn uneven(&self) -> u64 {
        self.most.saturating_sub(self.quarter).saturating_mul(100).checked_div(self.middle).unwrap_or(0)
    }
}
