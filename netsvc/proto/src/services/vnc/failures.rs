//! Who has failed how often, and for how long he waits then.

use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, time::Duration};
use tokio::time::Instant;

/// Wrong passwords after which TightVNC takes none, and connections after which RealVNC and TigerVNC do
/// (`BlacklistThreshold`).
const TRIES: u32 = 5;
/// How long a source waits first; it doubles with each time (`BlacklistTimeout`).
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// Times that it doubles at most.
const DOUBLINGS: u32 = 8;
/// Sources that are remembered.
const SOURCES: usize = 4096;

/// One source.
#[derive(Clone, Copy, Debug)]
struct Source {
    marks: u32,
    until: Option<Instant>,
    waits: u32,
    seen: Instant,
}

/// What the servers of one node know of sources.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<BTreeMap<IpAddr, Source>>);

impl Failures {
    /// A connection of `source` begins, to a server that counts those; whether it may.
    pub(super) fn connects(&self, source: IpAddr, now: Instant) -> bool {
        self.with(source, now, |known| {
            if known.marks + 1 < TRIES {
                known.marks += 1;
                return true;
            }
            if known.until.is_some_and(|until| now < until) {
                return false;
            }
            known.lock(now);
            true
        })
    }

    /// `source` gave a wrong password; whether it was the last that is taken.
    pub(super) fn add(&self, source: IpAddr, now: Instant) -> bool {
        self.with(source, now, |known| {
            known.marks = known.marks.saturating_add(1);
            if known.marks < TRIES {
                return false;
            }
            known.lock(now);
            true
        })
    }

    /// Whether `source` has to wait.
    pub(super) fn is_locked(&self, source: IpAddr, now: Instant) -> bool {
        let until = self.0.lock().get(&source).and_then(|known| known.until);
        until.is_some_and(|until| now < until)
    }

    /// `source` is in.
    pub(super) fn clear(&self, source: IpAddr) {
        self.0.lock().remove(&source);
    }

    fn with<T>(&self, source: IpAddr, now: Instant, act: impl FnOnce(&mut Source) -> T) -> T {
        let mut known = self.0.lock();
        if SOURCES <= known.len() && !known.contains_key(&source) {
            let oldest = known.iter().min_by_key(|(_, known)| known.seen).map(|(source, _)| *source);
            oldest.map(|oldest| known.remove(&oldest));
        }
        let entry = known.entry(source).or_insert(Source { marks: 0, until: None, waits: 0, seen: now });
        entry.seen = now;
        act(entry)
    }
}

impl Source {
    fn lock(&mut self, now: Instant) {
        self.until = Some(now + FIRST_WAIT * 2_u32.saturating_pow(self.waits.min(DOUBLINGS)));
        self.waits = self.waits.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn who_gives_wrong_passwords_waits_twice_as_long_each_time() {
        let (failures, now) = (Failures::default(), Instant::now());
        let later = |seconds: u64| now + Duration::from_secs(seconds);
        let last: Vec<bool> = (0..5).map(|_| failures.add(ONE, now)).collect();
        assert_eq!(last, [false, false, false, false, true]);
        assert!(failures.is_locked(ONE, later(9)) && !failures.is_locked(OTHER, later(9)));
        assert!(!failures.is_locked(ONE, later(10)));
        assert!(failures.add(ONE, later(10)), "one more is enough then");
        assert!(failures.is_locked(ONE, later(29)) && !failures.is_locked(ONE, later(30)));
        assert!(failures.add(ONE, later(30)));
        failures.clear(ONE);
        assert!(!failures.is_locked(ONE, later(31)));
    }

    #[test]
    fn who_connects_to_no_end_is_turned_away_at_the_sixth_time() {
        let (failures, now) = (Failures::default(), Instant::now());
        let let_in: Vec<bool> = (0..6).map(|_| failures.connects(ONE, now)).collect();
        assert_eq!(let_in, [true, true, true, true, true, false]);
        assert!(failures.connects(OTHER, now));
        let later = now + FIRST_WAIT;
        assert!(failures.connects(ONE, later) && !failures.connects(ONE, later));
    }
}
