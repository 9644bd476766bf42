//! A table that forgets rather than grows: two generations, of which the older goes when the younger is full.

use foldhash::fast::FixedState;
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

/// A table of at most twice as many entries as it is told.
#[derive(Debug)]
pub(crate) struct Bounded<K, V> {
    young: HashMap<K, V, FixedState>,
    old: HashMap<K, V, FixedState>,
    most: usize,
}

impl<K: Hash + Eq + Copy, V> Bounded<K, V> {
    /// A table of generations of `most`; `seed` must be none that outsiders know.
    pub(crate) fn new(most: usize, seed: u64) -> Self {
        let map = || HashMap::with_hasher(FixedState::with_seed(seed));
        Bounded { young: map(), old: map(), most: most.max(1) }
    }

    /// The entry of `key`, which is young from then on where there is room: without it a table that is used grew with
    /// each generation.
    pub(crate) fn get(&mut self, key: K) -> Option<&mut V> {
        let is_full = self.most <= self.young.len();
        // One look for what is young, as nearly all is that is asked for.
        match self.young.entry(key) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(_) if self.old.is_empty() => None,
            Entry::Vacant(_) if is_full => self.old.get_mut(&key),
            Entry::Vacant(place) => Some(place.insert(self.old.remove(&key)?)),
        }
    }

    /// Puts an entry in; what is forgotten for it goes to `gone`.
    pub(crate) fn put(&mut self, key: K, value: V, mut gone: impl FnMut(K, V)) {
        if self.most <= self.young.len() {
            let old = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            old.into_iter().for_each(|(key, value)| gone(key, value));
            self.young = HashMap::with_capacity_and_hasher(self.most, self.old.hasher().clone());
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        self.young.remove(&key).or_else(|| self.old.remove(&key))
    }

    /// Takes out what `over` says of.
    pub(crate) fn sweep(&mut self, mut over: impl FnMut(&V) -> bool, mut gone: impl FnMut(K, V)) {
        for map in [&mut self.young, &mut self.old] {
            map.extract_if(|_, value| over(value)).for_each(|(key, value)| gone(key, value));
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_uses_all_that_is_there_does_not_make_it_grow() {
        let mut table = Bounded::new(4, 1);
        for round in 0..50 {
            (0..4).for_each(|one| table.put(round * 4 + one, (), |_, ()| {}));
            for key in 0..round * 4 {
                let _ = table.get(key);
            }
            assert!(table.len() <= 8, "{}", table.len());
        }
    }

    #[test]
    fn what_is_used_stays_and_there_is_never_more_than_two_generations() {
        let mut table = Bounded::new(4, 1);
        let mut gone = 0;
        table.put(0, "kept", |_, _| {});
        for key in 1..100 {
            assert!(table.get(0).is_some(), "{key}");
            table.put(key, "new", |_, _| gone += 1);
            assert!(table.len() <= 8);
        }
        assert!(gone > 80);
        table.sweep(|value| *value == "new", |_, _| {});
        assert_eq!(table.len(), 1);
        assert_eq!(table.remove(0), Some("kept"));
    }
}
