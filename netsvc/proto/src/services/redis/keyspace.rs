//! The key space: sixteen databases of typed values with expiry, bounded in keys and bytes.
//!
//! Keys lie in the order of a hash of their own with its bits reversed: that is the order in which the
//! server's SCAN walks its table, and a list of keys has no other order either.

use super::{memory::ELEMENT, value::Value};
use crate::room::{Pool, Room};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Most keys of an attacker.
const KEYS: usize = 20_000;
/// Most bytes of an attacker's keys and values, and of those of all attackers at all nodes of the process.
const BYTES: usize = 16 << 20;
const IN_ALL: usize = 128 << 20;
/// Databases, as in the default configuration.
pub(super) const DATABASES: usize = 16;

/// A key where the table has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    order: u64,
    key: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Entry {
    value: Value,
    /// µs since the epoch.
    expires: Option<i64>,
    /// Number of the last change.
    changed: u64,
    /// Bytes that were counted for it; never fewer than it has.
    charged: usize,
    /// When it was used last, µs.
    used: i64,
}

type Database = BTreeMap<Slot, Entry>;

/// The databases of a server.
#[derive(Debug)]
pub(super) struct Keyspace {
    databases: Vec<Database>,
    seed: u64,
    /// What keys and values take.
    room: Room,
    /// Bytes at the last exact count; counting again waits until there is something to find.
    counted: usize,
    clock: u64,
    /// Changes since the last save.
    pub changes: u64,
    /// Keys that died at their time.
    pub expired: u64,
    /// Look-ups that found a key, and those that did not.
    pub looked: (u64, u64),
}

/// There is no room for another value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Keyspace {
    /// An empty one; `seed` orders its keys.
    pub(super) fn new(seed: u64, pool: Arc<Pool>) -> Self {
        Keyspace {
            databases: vec![Database::new(); DATABASES],
            seed,
            room: Room::new(BYTES, IN_ALL, pool),
            counted: 0,
            clock: 0,
            changes: 0,
            expired: 0,
            looked: (0, 0),
        }
    }

    fn slot(&self, key: &[u8]) -> Slot {
        let mut hasher = DefaultHasher::new();
        (self.seed, key).hash(&mut hasher);
        Slot { order: hasher.finish(), key: key.to_vec() }
    }

    /// The value of `key` unless it has expired.
    pub(super) fn get(&mut self, database: usize, key: &[u8], now: i64) -> Option<&Value> {
        let slot = self.slot(key);
        self.expire(database, &slot, now);
        let found = self.databases.get_mut(database)?.get_mut(&slot);
        match &found {
            Some(_) => self.looked.0 += 1,
            None => self.looked.1 += 1,
        }
        let entry = found?;
        entry.used = now;
        Some(&entry.value)
    }

    /// When `key` was used last, µs; looking does not use it.
    pub(super) fn used(&self, database: usize, key: &[u8]) -> Option<i64> {
        Some(self.databases.get(database)?.get(&self.slot(key))?.used)
    }

    /// The value of `key` to be changed, `fresh` where there is none; `cost` are the bytes that the change
    /// may add. [`Keyspace::settle`] belongs behind it.
    pub(super) fn edit(
        &mut self,
        database: usize,
        key: &[u8],
        now: i64,
        cost: usize,
        fresh: Value,
    ) -> Result<&mut Value, Full> {
        let slot = self.slot(key);
        self.expire(database, &slot, now);
        let new = !self.databases.get(database).is_some_and(|keys| keys.contains_key(&slot));
        let cost = if new { cost + key.len() + ELEMENT } else { cost };
        self.reserve(cost)?;
        if new && KEYS <= self.count() {
            return Err(Full);
        }
        self.room.set(self.room.held() + cost);
        self.clock += 1;
        self.changes += 1;
        let clock = self.clock;
        let keys = self.databases.get_mut(database).ok_or(Full)?;
        let empty = Entry { value: fresh, expires: None, changed: 0, charged: 0, used: now };
        let entry = keys.entry(slot).or_insert(empty);
        entry.charged += cost;
        entry.changed = clock;
        entry.used = now;
        Ok(&mut entry.value)
    }

    /// Removes `key` when nothing is left in it.
    pub(super) fn settle(&mut self, database: usize, key: &[u8]) {
        let slot = self.slot(key);
        let found = self.databases.get(database).and_then(|keys| keys.get(&slot));
        if found.is_some_and(|entry| entry.value.is_empty()) {
            self.remove(database, key);
        }
    }

    /// Sets `key`; `expires` is `Some(None)` for no expiry, `None` to keep what was.
    pub(super) fn set(
        &mut self,
        database: usize,
        key: &[u8],
        value: Value,
        now: i64,
        expires: Option<Option<i64>>,
    ) -> Result<(), Full> {
        let slot = self.slot(key);
        self.expire(database, &slot, now);
        let old = self.databases.get(database).and_then(|keys| keys.get(&slot));
        let (had, kept) = old.map_or((0, None), |entry| (entry.charged, entry.expires));
        let charged = value.size() + key.len() + ELEMENT;
        self.reserve(charged.saturating_sub(had))?;
        if had == 0 && KEYS <= self.count() {
            return Err(Full);
        }
        self.room.set(self.room.held().saturating_sub(had) + charged);
        self.clock += 1;
        self.changes += 1;
        let expires = expires.unwrap_or(kept);
        let entry = Entry { value, expires, changed: self.clock, charged, used: now };
        self.databases.get_mut(database).ok_or(Full)?.insert(slot, entry);
        Ok(())
    }

    /// Removes `key`, and returns its value.
    pub(super) fn remove(&mut self, database: usize, key: &[u8]) -> Option<Value> {
        let slot = self.slot(key);
        let entry = self.databases.get_mut(database)?.remove(&slot)?;
        self.room.give(entry.charged);
        self.changes += 1;
        Some(entry.value)
    }

    /// When `key` expires: `None` without the key, `Some(None)` without expiry.
    pub(super) fn expiry(&mut self, database: usize, key: &[u8], now: i64) -> Option<Option<i64>> {
        let slot = self.slot(key);
        self.expire(database, &slot, now);
        self.databases.get(database)?.get(&slot).map(|entry| entry.expires)
    }

    /// Sets or clears the expiry of `key`, and says whether there is such a key.
    pub(super) fn set_expiry(&mut self, database: usize, key: &[u8], expires: Option<i64>) -> bool {
        let slot = self.slot(key);
        self.clock += 1;
        let clock = self.clock;
        let entry = self.databases.get_mut(database).and_then(|keys| keys.get_mut(&slot));
        let Some(entry) = entry else { return false };
        entry.expires = expires;
        entry.changed = clock;
        self.changes += 1;
        true
    }

    /// Number of the last change of `key`, for WATCH.
    pub(super) fn changed(&mut self, database: usize, key: &[u8], now: i64) -> Option<u64> {
        let slot = self.slot(key);
        self.expire(database, &slot, now);
        self.databases.get(database)?.get(&slot).map(|entry| entry.changed)
    }

    /// Keys of a database that have not expired.
    pub(super) fn keys(&self, database: usize, now: i64) -> impl Iterator<Item = &[u8]> {
        let keys = self.databases.get(database).into_iter().flatten();
        keys.filter(move |(_, entry)| entry.expires.is_none_or(|at| now < at))
            .map(|(slot, _)| slot.key.as_slice())
    }

    /// Keys from `cursor` on, at least `count` if there are so many, and the cursor behind them (0: done).
    pub(super) fn scan(
        &self,
        database: usize,
        cursor: u64,
        count: usize,
        now: i64,
    ) -> (u64, Vec<(Vec<u8>, &'static str)>) {
        let mut found = Vec::new();
        let Some(keys) = self.databases.get(database) else { return (0, found) };
        let shift = 64 - keys.len().next_power_of_two().max(4).trailing_zeros();
        let from = Slot { order: cursor.reverse_bits(), key: Vec::new() };
        let mut bucket = from.order >> shift;
        for (slot, entry) in keys.range(from..) {
            if slot.order >> shift != bucket && count <= found.len() {
                return (((slot.order >> shift) << shift).reverse_bits(), found);
            }
            bucket = slot.order >> shift;
            if entry.expires.is_none_or(|at| now < at) {
                found.push((slot.key.clone(), entry.value.kind()));
            }
        }
        (0, found)
    }

    /// Databases with keys: number, keys, keys with an expiry, their mean time to live in ms.
    pub(super) fn summary(&self, now: i64) -> Vec<(usize, usize, usize, i64)> {
        let filled = self.databases.iter().enumerate().filter(|(_, keys)| !keys.is_empty());
        let lives = |keys: &Database| {
            let times = keys.values().filter_map(|entry| entry.expires).map(|at| (at - now).max(0) / 1000);
            times.fold((0_usize, 0_i64), |(count, sum), time| (count + 1, sum.saturating_add(time)))
        };
        filled
            .map(|(number, keys)| {
                let (count, sum) = lives(keys);
                (number, keys.len(), count, sum.checked_div(i64::try_from(count).unwrap_or(1)).unwrap_or(0))
            })
            .collect()
    }

    /// Everything, for a dump: database, key, value, expiry.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &[u8], &Value, Option<i64>)> {
        self.databases.iter().enumerate().flat_map(|(number, keys)| {
            keys.iter().map(move |(slot, entry)| (number, slot.key.as_slice(), &entry.value, entry.expires))
        })
    }

    /// Empties one database or all.
    pub(super) fn clear(&mut self, database: Option<usize>) {
        for (number, keys) in self.databases.iter_mut().enumerate() {
            if database.is_none_or(|wanted| wanted == number) {
                let freed: usize = keys.values().map(|entry| entry.charged).sum();
                self.room.give(freed);
                keys.clear();
            }
        }
        self.changes += 1;
    }

    /// Exchanges two databases.
    pub(super) fn swap(&mut self, left: usize, right: usize) {
        if left < self.databases.len() && right < self.databases.len() {
            self.databases.swap(left, right);
        }
    }

    /// Bytes of all keys and values, as counted.
    pub(super) fn bytes(&self) -> usize {
        self.room.held()
    }

    fn count(&self) -> usize {
        self.databases.iter().map(BTreeMap::len).sum()
    }

    /// Makes sure that `more` bytes fit. What was charged may be more than there is, so everything is
    /// counted exactly first, but only after a sixteenth of the room was charged since the last time.
    fn reserve(&mut self, more: usize) -> Result<(), Full> {
        if self.room.fits(more) {
            return Ok(());
        }
        if self.room.held().abs_diff(self.counted) < BYTES / 16 {
            return Err(Full);
        }
        let mut bytes = 0;
        for (slot, entry) in self.databases.iter_mut().flatten() {
            entry.charged = entry.value.size() + slot.key.len() + ELEMENT;
            bytes += entry.charged;
        }
        self.room.set(bytes);
        self.counted = bytes;
        if self.room.fits(more) { Ok(()) } else { Err(Full) }
    }

    fn expire(&mut self, database: usize, slot: &Slot, now: i64) {
        let Some(keys) = self.databases.get_mut(database) else { return };
        if keys.get(slot).and_then(|entry| entry.expires).is_some_and(|at| at <= now)
            && let Some(entry) = keys.remove(slot)
        {
            self.room.give(entry.charged);
            self.expired += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_dies_at_its_time_and_its_bytes_are_freed() {
        let mut keys = Keyspace::new(1, Arc::default());
        keys.set(0, b"k", Value::Text(vec![0; 100]), 0, Some(Some(50))).unwrap();
        assert!(keys.get(0, b"k", 49).is_some());
        assert!(keys.get(0, b"k", 50).is_none());
        assert_eq!(keys.bytes(), 0);
        assert_eq!(keys.set(0, b"k", Value::Text(vec![0; BYTES]), 0, None), Err(Full));
    }

    #[test]
    fn a_scan_sees_every_key_once_in_pages() {
        let mut keys = Keyspace::new(7, Arc::default());
        for number in 0..500 {
            keys.set(0, format!("k{number}").as_bytes(), Value::Text(Vec::new()), 0, None).unwrap();
        }
        let (mut cursor, mut seen, mut pages) = (0, Vec::new(), 0);
        loop {
            let (next, page) = keys.scan(0, cursor, 10, 0);
            assert!(page.len() < 40);
            seen.extend(page);
            pages += 1;
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        seen.sort();
        seen.dedup();
        assert!(seen.len() == 500 && pages > 20, "{} keys in {pages} pages", seen.len());
    }

    #[test]
    fn what_was_taken_out_makes_room_again() {
        let mut keys = Keyspace::new(1, Arc::default());
        for _ in 0..40 {
            let cost = 1 << 20;
            let value = keys.edit(0, b"l", 0, cost, Value::Text(Vec::new())).unwrap();
            *value = Value::Text(vec![0; cost]);
        }
        assert!(keys.bytes() <= BYTES);
    }
}
