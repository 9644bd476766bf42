//! Bytes that what a service keeps for one attacker takes, out of those of all attackers at all nodes of the process.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Bytes that everybody may have, whatever the others hold.
const FLOOR: usize = 64 * 1024;

/// Bytes that all attackers hold.
#[derive(Debug, Default)]
pub struct Pool(AtomicUsize);

impl Pool {
    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes that one attacker holds; given back when dropped.
#[derive(Debug)]
pub struct Room {
    held: AtomicUsize,
    most: usize,
    in_all: usize,
    pool: Arc<Pool>,
}

impl Room {
    /// Room for `most` bytes, as long as all hold no more than `in_all`.
    pub fn new(most: usize, in_all: usize, pool: Arc<Pool>) -> Self {
        Room { held: AtomicUsize::new(0), most, in_all, pool }
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether there is room for so many bytes more.
    pub fn fits(&self, more: usize) -> bool {
        let held = self.held().saturating_add(more);
        held <= self.most && (held <= FLOOR || self.pool.held().saturating_add(more) <= self.in_all)
    }

    /// Takes so many bytes, if there is room for them.
    pub fn take(&self, bytes: usize) -> bool {
        let fits = self.fits(bytes);
        if fits {
            self.change(0, bytes);
        }
        fits
    }

    /// Gives so many bytes back.
    pub fn give(&self, bytes: usize) {
        self.change(bytes, 0);
    }

    /// `before` of the bytes that are held become `now`. Things of one room lie behind locks of their own, so what
    /// others take or give meanwhile stays counted.
    fn change(&self, before: usize, now: usize) {
        self.held.fetch_add(now, Ordering::Relaxed);
        self.pool.0.fetch_add(now, Ordering::Relaxed);
        let less = |held: usize| held.saturating_sub(before);
        let held = self.held.update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.pool.0.fetch_sub(before.min(held), Ordering::Relaxed);
    }

    /// So many bytes are held now.
    pub fn set(&self, bytes: usize) {
        let before = self.held.swap(bytes, Ordering::Relaxed);
        self.pool.0.fetch_add(bytes, Ordering::Relaxed);
        self.pool.0.fetch_sub(before, Ordering::Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// Bytes of a room that one thing takes; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Held {
    /// Nothing of `room` yet.
    pub fn of(room: &Arc<Room>) -> Held {
        Held { room: room.clone(), bytes: 0 }
    }

    /// So many bytes of `room`, if it has them.
    pub fn take(room: &Arc<Room>, bytes: usize) -> Option<Held> {
        let mut held = Held::of(room);
        held.set(bytes).then_some(held)
    }

    /// Bytes that are taken.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes so many bytes from now on; false, and nothing changes, where there is no room for them.
    pub fn set(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.bytes || self.room.fits(bytes - self.bytes);
        if fits {
            self.room.change(self.bytes, bytes);
            self.bytes = bytes;
        }
        fits
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_his_part_all_have_theirs_and_everybody_has_a_little() {
        let pool = Arc::new(Pool::default());
        let room = || Room::new(10 * FLOOR, 15 * FLOOR, pool.clone());
        let (one, two, three) = (room(), room(), room());
        assert!(one.take(10 * FLOOR) && !one.take(1));
        assert!(two.take(5 * FLOOR) && !two.take(1));
        assert!(three.take(FLOOR) && !three.take(1));
        one.give(2 * FLOOR);
        assert!(two.take(FLOOR));
        drop(two);
        assert_eq!(pool.held(), 9 * FLOOR);
        let one = Arc::new(one);
        let mut held = Held::take(&one, FLOOR).unwrap();
        assert!(held.set(2 * FLOOR) && !held.set(3 * FLOOR) && held.bytes() == 2 * FLOOR);
        drop(held);
        assert!(Held::take(&one, 3 * FLOOR).is_none() && one.held() == 8 * FLOOR);
        drop((one, three));
        assert_eq!(pool.held(), 0);
    }

    #[test]
    fn what_things_of_one_room_take_at_the_same_time_stays_counted() {
        let pool = Arc::new(Pool::default());
        let room = Arc::new(Room::new(64 * FLOOR, 64 * FLOOR, pool.clone()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for bytes in 1..20_000 {
                        let mut held = Held::take(&room, bytes % 64).unwrap();
                        held.set(bytes % 7);
                    }
                });
            }
        });
        assert_eq!((room.held(), pool.held()), (0, 0));
    }
}
