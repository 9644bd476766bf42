//! `MaxStartups`: how many connections may be waiting to log in, and how the others are turned away.

use crate::crypto::random_array;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Counts connections that have not logged in. Clones count together: one for all of a node's listeners.
#[derive(Clone, Debug)]
pub struct Startups {
    waiting: Arc<AtomicU32>,
    begin: u32,
    rate: u32,
    full: u32,
}

/// A place among the waiting; dropping it frees it.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicU32>);

impl Startups {
    /// From `begin` waiting connections on, `rate` percent of new ones are dropped, rising to all of them at `full`.
    pub fn new(begin: u32, rate: u32, full: u32) -> Self {
        Startups { waiting: Arc::default(), begin, rate, full }
    }

    /// A place, or none by the dice of `should_drop_connection`.
    pub(crate) fn admit(&self) -> Option<Place> {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(&self.waiting));
        let dice = u32::from(u16::from_be_bytes(random_array())) % 100;
        (!self.drops(waiting, dice)).then_some(place)
    }

    fn drops(&self, waiting: u32, dice: u32) -> bool {
        if waiting < self.begin {
            return false;
        }
        if self.full <= waiting || self.rate == 100 {
            return true;
        }
        let span = self.full.saturating_sub(self.begin).max(1);
        let risen = 100u32.saturating_sub(self.rate) * (waiting - self.begin) / span;
        dice < self.rate + risen
    }
}

impl Default for Startups {
    /// `10:30:100`, the default of all releases.
    fn default() -> Self {
        Startups::new(10, 30, 100)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_dropped_ever_likelier() {
        let startups = Startups::default();
        for (waiting, dice, dropped) in
            [(9, 0, false), (10, 29, true), (10, 30, false), (55, 64, true), (55, 65, false), (100, 99, true)]
        {
            assert_eq!(startups.drops(waiting, dice), dropped, "{waiting} {dice}");
        }
    }

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let startups = Startups::new(1, 100, 1);
        let place = startups.admit().unwrap();
        assert!(startups.admit().is_none());
        drop(place);
        assert!(startups.admit().is_some());
    }
}
