//! Streams: entries in the order of their ids, and groups of consumers.

use super::memory::ELEMENT;
use std::collections::BTreeMap;

/// Milliseconds and a number among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(pub u64, pub u64);

impl std::fmt::Display for Id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.0, self.1)
    }
}

impl Id {
    /// An id as it is written, with `rest` as the number where it has none.
    pub(super) fn parse(word: &[u8], rest: u64) -> Option<Id> {
        let text = std::str::from_utf8(word).ok()?;
        match text.split_once('-') {
            Some((time, number)) => Some(Id(time.parse().ok()?, number.parse().ok()?)),
            None => Some(Id(text.parse().ok()?, rest)),
        }
    }

    /// The next id.
    pub(super) fn next(self) -> Id {
        if self.1 == u64::MAX { Id(self.0.saturating_add(1), 0) } else { Id(self.0, self.1 + 1) }
    }
}

/// Fields and values of an entry, one after the other.
pub(super) type Fields = Vec<Vec<u8>>;

/// A stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stream {
    pub entries: BTreeMap<Id, Fields>,
    pub last: Id,
    pub added: u64,
    pub groups: BTreeMap<Vec<u8>, Group>,
}

/// A group of consumers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub last: Id,
    /// Entries that were delivered and not acknowledged: consumer, time of delivery in ms, deliveries.
    pub pending: BTreeMap<Id, (Vec<u8>, i64, u64)>,
    pub consumers: BTreeMap<Vec<u8>, i64>,
    pub read: u64,
}

impl Stream {
    /// Bytes in memory; rough.
    pub(super) fn size(&self) -> usize {
        let entries =
            self.entries.values().map(|fields| fields.iter().map(|word| word.len() + ELEMENT).sum::<usize>());
        let groups =
            self.groups.values().map(|group| (group.pending.len() + group.consumers.len() + 1) * ELEMENT);
        entries.chain(groups).sum()
    }
}
