//! `MaxStartups`: how many connections may be waiting to log in, and how the others are turned away.

use crate::crypto::random_array;
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Connections beyond `full` that are kept for sources without one, so that a few cannot keep all others out.
const RESERVE: u32 = 100;

/// Counts connections that have not logged in. Clones count together: one for all of a node's listeners.
#[derive(Clone, Debug)]
pub struct Startups {
    waiting: Arc<Mutex<Waiting>>,
    begin: u32,
    rate: u32,
    full: u32,
}

#[derive(Debug, Default)]
struct Waiting {
    all: u32,
    sources: BTreeMap<Option<IpAddr>, u32>,
}

/// A place among the waiting; dropping it frees it.
#[derive(Debug)]
pub(crate) struct Place {
    waiting: Arc<Mutex<Waiting>>,
    source: Option<IpAddr>,
}

impl Startups {
    /// From `begin` waiting connections on, `rate` percent of new ones are dropped, rising to all of them at `full`.
    pub fn new(begin: u32, rate: u32, full: u32) -> Self {
        Startups { waiting: Arc::default(), begin, rate, full }
    }

    /// A place, or none by the dice of `should_drop_connection`. A source that has none waiting gets one as long as
    /// the reserve lasts.
    pub(crate) fn admit(&self, source: Option<IpAddr>) -> Option<Place> {
        let dice = u32::from(u16::from_be_bytes(random_array())) % 100;
        let mut waiting = self.waiting.lock();
        let first = source.is_some() && !waiting.sources.contains_key(&source);
        let kept = first && waiting.all < self.full.saturating_add(RESERVE);
        if !kept && self.drops(waiting.all, dice) {
            return None;
        }
        waiting.all += 1;
        *waiting.sources.entry(source).or_default() += 1;
        Some(Place { waiting: self.waiting.clone(), source })
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
        let mut waiting = self.waiting.lock();
        waiting.all = waiting.all.saturating_sub(1);
        if let Some(count) = waiting.sources.get_mut(&self.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiting.sources.remove(&self.source);
            }
        }
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
        let place = startups.admit(None).unwrap();
        assert!(startups.admit(None).is_none());
        drop(place);
        assert!(startups.admit(None).is_some());
    }

    #[test]
    fn a_source_without_a_place_gets_one_though_others_have_them_all() {
        let startups = Startups::new(1, 100, 3);
        let (flood, other) = (Some([192, 0, 2, 1].into()), Some([192, 0, 2, 2].into()));
        let _held: Vec<_> = (0..50).map_while(|_| startups.admit(flood)).collect();
        assert!(startups.admit(flood).is_none());
        let place = startups.admit(other);
        assert!(place.is_some() && startups.admit(other).is_none());
    }
}
