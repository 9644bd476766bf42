//! The connections that are held, and in which order they were heard last: so many and no more, and who was
//! silent for longest makes room.

use super::held::Held;
use crate::{flow::Key, table::HashMap};
use std::collections::BTreeMap;

/// Connections that are held at the same time.
const MOST: usize = 16_384;
/// Who says nothing for so long is gone, µs.
const IDLE: i64 = 3_600_000_000;
/// The same of who has said that nothing more comes: his system forgets him within minutes.
const IDLE_CLOSED: i64 = 120_000_000;

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    held: Held,
    heard: i64,
    /// Its place in the order.
    turn: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    entries: HashMap<Key, Entry>,
    order: BTreeMap<u64, Key>,
    turns: u64,
}

impl Table {
    /// The connection `key`, which is heard at `now`.
    pub(crate) fn hear(&mut self, now: i64, key: &Key) -> Option<&mut Held> {
        let entry = self.entries.get_mut(key)?;
        self.turns = self.turns.wrapping_add(1);
        self.order.remove(&entry.turn);
        self.order.insert(self.turns, *key);
        (entry.heard, entry.turn) = (now, self.turns);
        Some(&mut entry.held)
    }

    /// Holds another connection; that which had to make room.
    pub(crate) fn insert(&mut self, now: i64, key: Key, held: Held) -> Option<(Key, Held)> {
        let full = self.entries.len() >= MOST && !self.entries.contains_key(&key);
        let oldest = if full { self.order.values().next().copied() } else { None };
        let gone = oldest.and_then(|oldest| Some((oldest, self.remove(&oldest)?)));
        self.turns = self.turns.wrapping_add(1);
        let entry = Entry { held, heard: now, turn: self.turns };
        if let Some(before) = self.entries.insert(key, entry) {
            self.order.remove(&before.turn);
        }
        self.order.insert(self.turns, key);
        gone
    }

    /// Lets go of a connection.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Held> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.turn);
        Some(entry.held)
    }

    /// Lets go of the next connection whose peer is gone.
    pub(crate) fn gone(&mut self, now: i64) -> Option<(Key, Held)> {
        let key = *self.order.values().next()?;
        let entry = self.entries.get(&key)?;
        let idle = if entry.held.closed { IDLE_CLOSED } else { IDLE };
        if now.saturating_sub(entry.heard) < idle {
            return None;
        }
        self.remove(&key).map(|held| (key, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{ACK, Segment};

    fn key(number: u32) -> Key {
        let peer_port = u16::try_from(number % 60_000).unwrap();
        Key { peer: std::net::Ipv4Addr::from_bits(number), peer_port, node: [10, 66, 0, 10].into(), port: 22 }
    }

    fn held() -> Held {
        let (sequence, acknowledgement) = (1, 2);
        let (source_port, destination_port, flags, window) = (1, 2, ACK, 0);
        let segment = Segment {
            source_port,
            destination_port,
            sequence,
            acknowledgement,
            flags,
            window,
            options: &[],
            data: &[],
        };
        Held::new(0, &segment)
    }

    #[test]
    fn a_connection_costs_a_few_dozen_bytes() {
        let one = size_of::<(Key, Entry)>() + size_of::<(u64, Key)>();
        assert!(one <= 96, "{one}");
    }

    #[test]
    fn whoever_was_silent_for_longest_makes_room() {
        let mut table = Table::default();
        let most = u32::try_from(MOST).unwrap();
        for number in 0..most {
            assert_eq!(table.insert(number.into(), key(number), held()), None);
        }
        assert!(table.hear(most.into(), &key(0)).is_some());
        assert_eq!(table.insert(most.into(), key(most), held()).map(|(gone, _)| gone), Some(key(1)));
        for number in most..3 * most {
            table.insert(number.into(), key(number), held());
            assert!(table.entries.len() <= MOST && table.order.len() == table.entries.len());
        }
    }

    #[test]
    fn whoever_says_nothing_for_an_hour_is_gone() {
        let mut table = Table::default();
        table.insert(0, key(1), held());
        table.insert(10, key(2), held());
        table.hear(20, &key(1));
        assert_eq!(table.gone(IDLE), None);
        assert_eq!(table.gone(IDLE + 10).map(|(gone, _)| gone), Some(key(2)));
        assert_eq!(table.gone(IDLE + 10), None);
        assert!(table.remove(&key(1)).is_some());
        assert!(table.remove(&key(1)).is_none() && table.order.is_empty());
    }
}
