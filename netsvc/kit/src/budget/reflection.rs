//! What is answered in datagrams to whoever has not proven that he is there. The sender of a datagram may
//! be anybody's address: a service whose answers are longer than its questions would be a weapon against
//! the one whose address it is. So a source gets what it has sent, and little beyond it; and so do all
//! sources together.

use parking_lot::Mutex;
use std::{collections::HashMap, net::IpAddr};

/// Bytes beyond its own that a source gets at once: a device is listed whole, or a page of a walk, many
/// times.
const BURST: u64 = 64 * 1024;
/// Bytes beyond its own that a source gets in a second.
const RATE: u64 = 8 * 1024;
/// The same of all sources together.
const BURST_OF_ALL: u64 = 4 * 1024 * 1024;
/// See [`BURST_OF_ALL`].
const RATE_OF_ALL: u64 = 512 * 1024;
/// Headers of IPv4 and UDP, which both sides pay.
const HEADERS: u64 = 28;
/// Sources that are told apart; those that owe nothing are forgotten first.
const SOURCES: usize = 16_384;
/// Time between two looks at who owes nothing, ms.
const LOOK: u64 = 1000;

/// What sources owe.
#[derive(Debug, Default)]
pub(super) struct Reflection {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    all: Debt,
    sources: HashMap<IpAddr, Debt>,
    looked: u64,
}

/// Bytes that were answered and neither sent nor forgiven yet.
#[derive(Clone, Copy, Debug, Default)]
struct Debt {
    bytes: u64,
    at: u64,
}

impl Debt {
    /// What is left of it at `now`, of which `rate` bytes a second are forgiven.
    fn settle(&mut self, now: u64, rate: u64) -> u64 {
        let forgiven = now.saturating_sub(self.at).saturating_mul(rate) / 1000;
        // The rest of a byte is kept, so that many looks forgive no less than one.
        if forgiven > 0 {
            (self.bytes, self.at) = (self.bytes.saturating_sub(forgiven), now);
        }
        self.bytes
    }
}

impl Reflection {
    /// `source` has sent `count` bytes. `now`: milliseconds of any clock that never goes back.
    pub(super) fn sent(&self, source: IpAddr, count: usize, now: u64) {
        let bytes = HEADERS + count as u64;
        let mut inner = self.inner.lock();
        inner.all.bytes = inner.all.settle(now, RATE_OF_ALL).saturating_sub(bytes);
        if let Some(debt) = inner.sources.get_mut(&source) {
            debt.bytes = debt.settle(now, RATE).saturating_sub(bytes);
        }
    }

    /// Whether `source` may be answered with `count` bytes; then it owes them.
    pub(super) fn may_answer(&self, source: IpAddr, count: usize, now: u64) -> bool {
        let bytes = HEADERS + count as u64;
        let mut inner = self.inner.lock();
        if BURST_OF_ALL < inner.all.settle(now, RATE_OF_ALL) + bytes {
            return false;
        }
        if SOURCES <= inner.sources.len() && inner.looked + LOOK <= now {
            inner.looked = now;
            inner.sources.retain(|_, debt| debt.settle(now, RATE) > 0);
        }
        // One more than can be told apart has its part of what all of them get.
        if inner.sources.len() < SOURCES || inner.sources.contains_key(&source) {
            let debt = inner.sources.entry(source).or_insert(Debt { bytes: 0, at: now });
            if BURST < debt.settle(now, RATE) + bytes {
                return false;
            }
            debt.bytes += bytes;
        }
        inner.all.bytes += bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    /// Bytes that a source gets for questions of `asked` bytes, one each millisecond of `time`.
    fn got(
        reflection: &Reflection,
        last: u8,
        asked: usize,
        answered: usize,
        time: std::ops::Range<u64>,
    ) -> u64 {
        let mut all = 0;
        for now in time {
            reflection.sent(source(last), asked, now);
            if reflection.may_answer(source(last), answered, now) {
                all += answered as u64;
            }
        }
        all
    }

    #[test]
    fn who_asks_for_long_answers_gets_a_few_and_the_next_one_as_many() {
        let reflection = Reflection::default();
        for last in 1..4 {
            let all = got(&reflection, last, 40, 1400, 0..10_000);
            let sent = 10_000 * (40 + HEADERS);
            assert!((BURST / 2..BURST + 10 * RATE + sent).contains(&all), "{all}");
        }
    }

    #[test]
    fn answers_of_the_length_of_questions_are_always_given() {
        assert_eq!(got(&Reflection::default(), 1, 100, 100, 0..10_000), 100 * 10_000);
    }

    #[test]
    fn all_sources_together_get_little_too_and_are_forgotten() {
        let reflection = Reflection::default();
        let mut all = 0;
        for number in 0..200_000_u32 {
            let source = IpAddr::from(number.to_be_bytes());
            reflection.sent(source, 10, 0);
            all += 1400 * u64::from(reflection.may_answer(source, 1400, u64::from(number / 1000)));
        }
        let sent = 200_000 * (10 + HEADERS);
        assert!(all < BURST_OF_ALL + RATE_OF_ALL + sent, "{all}");
        assert!(reflection.inner.lock().sources.len() <= SOURCES);
    }
}
