//! Answers that were given a moment ago: a probe that comes twice gets the same answer twice.

use crate::{flow::Key, table::HashMap};

/// Answers kept in one of the two generations.
const CAPACITY: usize = 1024;

/// Answers by connection and sequence number.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    young: HashMap<(Key, u32), Vec<u8>>,
    old: HashMap<(Key, u32), Vec<u8>>,
}

impl Recent {
    /// The answer that was given to this segment, else the one that `make` makes now.
    pub(crate) fn answer(&mut self, key: Key, sequence: u32, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
        let place = (key, sequence);
        if let Some(packet) = self.young.get(&place).or_else(|| self.old.get(&place)) {
            return packet.clone();
        }
        if self.young.len() >= CAPACITY {
            self.old = std::mem::take(&mut self.young);
        }
        let packet = make();
        self.young.insert(place, packet.clone());
        packet
    }
}
