//! The items of one attacker at a node: bounded for him and for all attackers of the process, the longest unused going
//! first, as the server does when its memory is full.

use super::counters::Counters;
use crate::room::{Pool, Room};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Longest value, as the server's `-I` has it, with its own part of the item.
pub(super) const LONGEST: usize = 1024 * 1024;
/// Bytes of items that an attacker has at a node.
const OWN: usize = 2 << 20;
/// Bytes of items that all attackers have at all nodes of the process.
const ALL: usize = 48 << 20;
/// Bytes that an item costs beside key and value.
pub(super) const OVERHEAD: usize = 56;
/// Seconds up to which a time of expiry counts from now (thirty days).
const RELATIVE: i64 = 60 * 60 * 24 * 30;

/// One item.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub value: Vec<u8>,
    pub flags: u32,
    /// Second at which it is gone; zero: never.
    pub expires: i64,
    /// Second of its last use.
    pub used: i64,
    /// Second at which it was stored.
    pub stored: i64,
    pub cas: u64,
    /// Somebody has read it.
    pub fetched: bool,
    /// Marked as out of date by a meta command.
    pub stale: bool,
    /// Somebody has been told to renew it.
    pub won: bool,
    order: u64,
}

impl Item {
    /// What it costs: the server's 48 bytes, its check number, key, flags and value.
    pub(super) fn size(&self, key: &[u8]) -> usize {
        OVERHEAD + key.len() + 1 + self.value.len() + 2 + if self.flags == 0 { 0 } else { 4 }
    }
}

/// Why an item is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Larger than any item may be.
    TooLarge,
    /// There is no room, whatever goes.
    NoMemory,
}

/// What one server keeps.
#[derive(Debug)]
pub(super) struct Store {
    items: HashMap<Vec<u8>, Item>,
    /// Keys by their last use.
    uses: BTreeMap<u64, Vec<u8>>,
    /// What the items take.
    room: Room,
    order: u64,
    cas: u64,
    /// Everything that was stored up to this second is gone from then on.
    flushed_at: Option<i64>,
    pub counters: Counters,
    pub limit: u64,
    pub connections: u64,
    /// Second at which the server started.
    pub begun: i64,
    pub crawler: bool,
    pub detail: bool,
    pub verbosity: u32,
}

impl Store {
    pub(super) fn new(pool: Arc<Pool>, booted_at: i64) -> Self {
        Store {
            items: HashMap::new(),
            uses: BTreeMap::new(),
            room: Room::new(OWN, ALL, pool),
            order: 0,
            cas: 0,
            flushed_at: None,
            counters: Counters::default(),
            limit: 64 << 20,
            connections: 0,
            // Services start some seconds after their system.
            begun: booted_at / 1_000_000 + 9,
            crawler: true,
            detail: false,
            verbosity: 0,
        }
    }

    /// The second at which something with the client's `time` is gone; zero: never.
    pub(super) fn expiry(time: i32, now: i64) -> i64 {
        match i64::from(time) {
            0 => 0,
            time if time < 0 => now - 1,
            time if time <= RELATIVE => now + time,
            time => time,
        }
    }

    /// The item under `key`, if it is still there.
    pub(super) fn look(&mut self, key: &[u8], now: i64) -> Option<&mut Item> {
        let flushed_at = self.flushed_at;
        let item = self.items.get(key)?;
        let flushed = flushed_at.is_some_and(|at| at <= now && item.stored <= at);
        if flushed || item.expires != 0 && item.expires <= now {
            if flushed {
                self.counters.get_flushed += 1;
            } else {
                self.counters.get_expired += 1;
            }
            self.remove(key);
            return None;
        }
        self.items.get_mut(key)
    }

    /// As [`Store::look`], for somebody who reads it: it becomes the last to go.
    pub(super) fn fetch(&mut self, key: &[u8], now: i64) -> Option<&Item> {
        self.order += 1;
        let order = self.order;
        let item = self.look(key, now)?;
        let before = std::mem::replace(&mut item.order, order);
        (item.fetched, item.used) = (true, now);
        if let Some(key) = self.uses.remove(&before) {
            self.uses.insert(order, key);
        }
        self.items.get(key)
    }

    /// Keeps `value` under `key`.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(super) fn put(
        &mut self,
        key: &[u8],
        value: Vec<u8>,
        flags: u32,
        expires: i64,
        now: i64,
    ) -> Result<u64, Refusal> {
        let Some(item) = self.make(value, flags, expires, now) else { return Err(Refusal::TooLarge) };
        let cas = item.cas;
        self.remove(key);
        let size = item.size(key);
        self.make_room(size)?;
        self.uses.insert(item.order, key.to_vec());
        self.items.insert(key.to_vec(), item);
        self.counters.total_items += 1;
        Ok(cas)
    }

    fn make(&mut self, value: Vec<u8>, flags: u32, expires: i64, now: i64) -> Option<Item> {
        if LONGEST < value.len() {
            return None;
        }
        self.cas += 1;
        self.order += 1;
        let (cas, order) = (self.cas, self.order);
        let (fetched, stale, won) = (false, false, false);
        Some(Item { value, flags, expires, used: now, stored: now, cas, fetched, stale, won, order })
    }

    /// Lets the longest unused go until `size` bytes have room, and takes them.
    fn make_room(&mut self, size: usize) -> Result<(), Refusal> {
        while !self.room.take(size) {
            let oldest = self.uses.first_key_value().map(|(_, key)| key.clone());
            let Some(oldest) = oldest else { return Err(Refusal::NoMemory) };
            self.remove(&oldest);
            self.counters.evictions += 1;
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        let Some(item) = self.items.remove(key) else { return false };
        self.uses.remove(&item.order);
        self.room.give(item.size(key));
        true
    }

    /// A new check number, for an item that changes where it is.
    pub(super) fn next_cas(&mut self) -> u64 {
        self.cas += 1;
        self.cas
    }

    /// Everything stored so far is gone, at once or at the second `at`.
    pub(super) fn flush(&mut self, at: Option<i64>) {
        match at {
            Some(_) => self.flushed_at = at,
            None => {
                self.room.set(0);
                self.items.clear();
                self.uses.clear();
            }
        }
    }

    /// What is there, the longest unused first.
    pub(super) fn all(&self) -> Vec<(&[u8], &Item)> {
        self.uses.values().filter_map(|key| Some((key.as_slice(), self.items.get(key)?))).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.room.held()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(pool: &Arc<Pool>) -> Store {
        Store::new(pool.clone(), 0)
    }

    #[test]
    fn an_attacker_has_no_more_than_his_part_and_it_is_given_back() {
        let pool = Arc::new(Pool::default());
        let mut one = store(&pool);
        for number in 0..100 {
            one.put(format!("k{number}").as_bytes(), vec![0; 100_000], 0, 0, 1).unwrap();
        }
        assert!(one.bytes() <= OWN && pool.held() == one.bytes());
        assert!(one.look(b"k0", 1).is_none() && one.look(b"k99", 1).is_some());
        assert_eq!(one.put(b"x", vec![0; LONGEST + 1], 0, 0, 1), Err(Refusal::TooLarge));
        drop(one);
        assert_eq!(pool.held(), 0);
    }

    #[test]
    fn items_end_when_they_were_said_to() {
        let mut store = store(&Arc::default());
        store.put(b"a", Vec::new(), 0, Store::expiry(10, 100), 100).unwrap();
        store.put(b"b", Vec::new(), 0, Store::expiry(-1, 100), 100).unwrap();
        assert!(store.look(b"a", 109).is_some() && store.look(b"a", 110).is_none());
        assert!(store.look(b"b", 100).is_none());
        store.put(b"c", Vec::new(), 0, 0, 100).unwrap();
        store.flush(Some(105));
        assert!(store.look(b"c", 104).is_some() && store.look(b"c", 105).is_none());
    }
}
