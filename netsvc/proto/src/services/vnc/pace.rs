//! How much of the picture a client is sent in which time: a client that asks without an end gets what it could draw.

use tokio::time::Instant;

/// Bytes that a client may be sent at once: some large screens.
const BURST: u64 = 24 << 20;
/// Bytes that come to it each second.
const RATE: u64 = 6 << 20;

/// What may be sent.
#[derive(Debug)]
pub(super) struct Pace {
    left: u64,
    at: Instant,
}

impl Pace {
    /// That of a client who comes `now`.
    pub(super) fn new(now: Instant) -> Self {
        Pace { left: BURST, at: now }
    }

    /// Takes `bytes`, if they may be sent `now`.
    pub(super) fn take(&mut self, bytes: u64, now: Instant) -> bool {
        let millis = u64::try_from(now.duration_since(self.at).as_millis()).unwrap_or_default();
        let more = (millis * RATE) / 1000;
        if 0 < more {
            self.left = BURST.min(self.left.saturating_add(more));
            self.at = now;
        }
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// When `bytes` may be sent.
    pub(super) fn due(&self, bytes: u64) -> Instant {
        let millis = bytes.min(BURST).saturating_sub(self.left) * 1000 / RATE;
        self.at + std::time::Duration::from_millis(millis + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_a_burst_waits_for_its_time() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert!(pace.take(BURST, now) && !pace.take(RATE, now));
        let due = pace.due(RATE);
        assert!(pace.take(RATE, due) && !pace.take(RATE, due));
    }
}
