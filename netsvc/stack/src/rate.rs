//! How often a stack does something: a bucket that fills at a rate and holds a burst.

use crate::table::HashMap;
use std::hash::Hash;

/// A bucket. Full at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    per_second: i64,
    burst: i64,
    /// When it will be full again, µs.
    full: i64,
}

impl Bucket {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        Bucket { per_second: per_second.max(1).into(), burst: burst.max(1).into(), full: 0 }
    }

    /// Takes `amount` out at `now`; false when there is less, and then nothing is taken.
    pub(crate) fn take(&mut self, now: i64, amount: i64) -> bool {
        let pause = 1_000_000 / self.per_second;
        // Never later than an empty bucket takes, even if the clock was set back.
        self.full = self.full.clamp(now, now.saturating_add(pause.saturating_mul(self.burst)));
        let after = self.full.saturating_add(pause.saturating_mul(amount));
        if after.saturating_sub(now) > pause.saturating_mul(self.burst) {
            return false;
        }
        self.full = after;
        true
    }
}

/// A number of times within each second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    begun: i64,
    count: u32,
}

impl Window {
    /// Counts one at `now`; false when there were `most` in this second.
    pub(crate) fn take(&mut self, now: i64, most: u32) -> bool {
        if !(0..1_000_000).contains(&now.saturating_sub(self.begun)) {
            *self = Window { begun: now, count: 0 };
        }
        let some = self.count < most;
        self.count = self.count.saturating_add(1);
        some
    }
}

/// Buckets by what they are for; the oldest half is forgotten when there are too many.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    young: HashMap<K, Bucket>,
    old: HashMap<K, Bucket>,
    capacity: usize,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(capacity: usize) -> Self {
        Buckets { young: HashMap::default(), old: HashMap::default(), capacity }
    }

    /// Takes one out of the bucket of `key`, which is like `fresh` if it is new.
    pub(crate) fn take(&mut self, now: i64, key: K, fresh: Bucket) -> bool {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let known = self.old.remove(&key).unwrap_or(fresh);
        self.young.entry(key).or_insert(known).take(now, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(2, 3);
        let taken = |bucket: &mut Bucket, now| (0..10).filter(|_| bucket.take(now, 1)).count();
        assert_eq!(taken(&mut bucket, 5_000_000), 3);
        assert_eq!(taken(&mut bucket, 5_400_000), 0);
        assert_eq!(taken(&mut bucket, 6_000_000), 2);
        assert_eq!(taken(&mut bucket, 90_000_000), 3);
        // A clock that was set back does not lock it up.
        assert_eq!(taken(&mut bucket, 90_000_000), 0);
        assert_eq!(taken(&mut bucket, 1_000_000), 0);
        assert_eq!(taken(&mut bucket, 3_000_000), 3);
    }

    #[test]
    fn a_window_gives_so_many_a_second() {
        let mut window = Window::default();
        let taken = |window: &mut Window, now| (0..10).filter(|_| window.take(now, 4)).count();
        assert_eq!([0, 900_000, 1_000_000, 500].map(|now| taken(&mut window, now)), [4, 0, 4, 4]);
    }

    #[test]
    fn buckets_stay_bounded() {
        let mut buckets = Buckets::new(10);
        for key in 0..1000 {
            assert!(buckets.take(1_000_000, key, Bucket::new(1, 1)));
        }
        assert!(buckets.young.len() + buckets.old.len() <= 20);
        assert!(!buckets.take(1_000_000, 999, Bucket::new(1, 1)));
    }
}
