//! What was told already: the same of the same host is told again only after an hour.

use super::bounded::Bounded;
use foldhash::fast::FixedState;
use netsvc_wire::stamp::Micros;
use std::hash::{BuildHasher, Hash};

/// Time for which something is no news, in microseconds.
const STALE: Micros = 3_600_000_000;
/// What is remembered.
const MOST: usize = 65_536;
/// Findings of hosts that may not exist, because nobody has answered them yet, in a second, and at once.
const RATE: i64 = 50;
const BURST: i64 = 500;

/// What was told.
#[derive(Debug)]
pub(super) struct News {
    told: Bounded<u64, Micros>,
    hasher: FixedState,
    tokens: i64,
    since: Micros,
    /// Findings that were not told because there were too many.
    pub(super) withheld: u64,
}

impl News {
    pub(super) fn new(seed: u64) -> Self {
        News {
            told: Bounded::new(MOST, seed),
            hasher: FixedState::with_seed(seed),
            tokens: BURST * 1_000_000,
            since: Micros::MIN,
            withheld: 0,
        }
    }

    /// Whether `what` is news at `at`.
    pub(super) fn is(&mut self, at: Micros, what: impl Hash) -> bool {
        let key = self.hasher.hash_one(what);
        if let Some(told) = self.told.get(key) {
            let stale = STALE <= at.saturating_sub(*told);
            if stale {
                *told = at;
            }
            return stale;
        }
        self.told.put(key, at, |_, _| {});
        true
    }

    /// As [`News::is`] of who was `met` at his address, and as [`News::is_of_anybody`] of others.
    pub(super) fn of(&mut self, at: Micros, met: bool, what: impl Hash) -> bool {
        if met { self.is(at, what) } else { self.is_of_anybody(at, what) }
    }

    /// As [`News::is`], of what anybody can send in any number, from any address.
    pub(super) fn is_of_anybody(&mut self, at: Micros, what: impl Hash) -> bool {
        let passed = if self.since == Micros::MIN { 0 } else { at.saturating_sub(self.since).max(0) };
        self.since = self.since.max(at);
        self.tokens = self.tokens.saturating_add(passed.saturating_mul(RATE)).min(BURST * 1_000_000);
        if self.tokens < 1_000_000 {
            self.withheld += 1;
            return false;
        }
        let news = self.is(at, what);
        if news {
            self.tokens -= 1_000_000;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_news_once_an_hour() {
        let mut news = News::new(1);
        assert!(news.is(0, "a") && !news.is(STALE - 1, "a") && news.is(0, "b") && news.is(STALE, "a"));
    }

    #[test]
    fn a_flood_of_strangers_is_told_in_part() {
        let mut news = News::new(1);
        let told = (0..10_000).filter(|number| news.is_of_anybody(number * 1000, number)).count();
        assert!((900..1100).contains(&told), "{told}");
        assert_eq!(news.withheld, 10_000 - told as u64);
    }
}
