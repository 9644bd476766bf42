//! TCP connections that the gate has seen begin. Knowing them is not needed to pass them on, only to tell
//! a connection from a probe, so the table may forget. Handshakes have a table of their own: however many
//! begin, connections stay known.

use crate::{
    shape::Stamp,
    table::{HashMap, HashSet},
};
use std::{collections::VecDeque, net::Ipv4Addr};

/// Connections kept in one of the two generations.
const CAPACITY: usize = 65_536;
/// Handshakes that are waited for at the same time; one more, and the oldest counts as given up.
const HALF_OPEN: usize = 32_768;
/// Handshakes that were given up and may still be finished, in each of two generations: systems answer a SYN for
/// up to a minute.
const LATE: usize = 4096;
/// Time that a peer gets to finish a handshake, in µs.
const PATIENCE: i64 = 5_000_000;

/// A connection as its peer opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) peer: Ipv4Addr,
    pub(crate) peer_port: u16,
    pub(crate) node: Ipv4Addr,
    pub(crate) port: u16,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A SYN was passed on.
    Half(Half),
    /// The peer has acknowledged the answer.
    Open,
}

/// A handshake that is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Half {
    /// Segment size that the peer named.
    pub(crate) mss: Option<u16>,
    /// Timestamp of the answer.
    pub(crate) stamp: Option<Stamp>,
    /// When it is given up, µs.
    until: i64,
}

/// The connections.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    young: HashSet<Key>,
    old: HashSet<Key>,
    half: HashMap<Key, Half>,
    /// How many of them there are at each node.
    of_node: HashMap<Ipv4Addr, usize>,
    /// Ends of patience, in their order. Handshakes that are over may still stand here.
    queue: VecDeque<(i64, Key)>,
    /// Timestamps of the answers to those that were given up.
    late: [HashMap<Key, Option<Stamp>>; 2],
}

impl Flows {
    /// How far a connection is.
    pub(crate) fn state(&mut self, key: &Key) -> Option<State> {
        if let Some(half) = self.half.get(key) {
            return Some(State::Half(*half));
        }
        if self.old.remove(key) {
            self.open(*key);
        }
        self.young.contains(key).then_some(State::Open)
    }

    /// A SYN was passed on. When there are too many handshakes, the oldest, which nobody waits for any more.
    pub(crate) fn begin(&mut self, now: i64, key: Key, mss: Option<u16>) -> Option<Key> {
        let until = now.saturating_add(PATIENCE);
        self.young.remove(&key);
        self.old.remove(&key);
        // What was shown before a handshake was given up is shown no more, but the kernel may still go on with it.
        let [young, old] = &self.late;
        let stamp = young.get(&key).or_else(|| old.get(&key)).copied().flatten();
        if self.half.insert(key, Half { mss, stamp, until }).is_none() {
            *self.of_node.entry(key.node).or_default() += 1;
        }
        self.queue.push_back((until, key));
        let mut given_up = None;
        while self.queue.len() > HALF_OPEN && given_up.is_none() {
            given_up = self.next();
        }
        given_up
    }

    /// The kernel has answered, with this timestamp. Whatever it has shown before stays good.
    pub(crate) fn answered(&mut self, key: &Key, answer: Option<Stamp>) {
        if let Some(stamp) = self.stamp(key) {
            let first = stamp.map(|before| before.shown);
            *stamp = answer.map(|answer| Stamp { shown: first.unwrap_or(answer.shown), ..answer });
        }
    }

    /// The answer was repeated, with `shown` for a timestamp.
    pub(crate) fn repeated(&mut self, key: &Key, shown: u32) {
        if let Some(Some(stamp)) = self.stamp(key) {
            stamp.last = shown;
        }
    }

    fn stamp(&mut self, key: &Key) -> Option<&mut Option<Stamp>> {
        let [young, old] = &mut self.late;
        let half = self.half.get_mut(key).map(|half| &mut half.stamp);
        half.or_else(|| young.get_mut(key)).or_else(|| old.get_mut(key))
    }

    /// A handshake that was given up is complete after all; the timestamp of its answer. None: there was none.
    pub(crate) fn complete_late(&mut self, key: &Key) -> Option<Option<Stamp>> {
        let [young, old] = &mut self.late;
        let stamp = young.remove(key).or_else(|| old.remove(key))?;
        self.open(*key);
        Some(stamp)
    }

    /// The handshake is complete.
    pub(crate) fn complete(&mut self, key: Key) {
        self.end(&key);
        self.open(key);
    }

    /// The handshake is over.
    pub(crate) fn end(&mut self, key: &Key) {
        if self.half.remove(key).is_none() {
            return;
        }
        if let Some(count) = self.of_node.get_mut(&key.node) {
            *count -= 1;
            if *count == 0 {
                self.of_node.remove(&key.node);
            }
        }
    }

    /// Handshakes that are waited for at a node.
    pub(crate) fn half_open(&self, node: Ipv4Addr) -> usize {
        self.of_node.get(&node).copied().unwrap_or_default()
    }

    /// The next connection whose peer let the handshake lie.
    pub(crate) fn abandoned(&mut self, now: i64) -> Option<Key> {
        while self.queue.front().is_some_and(|(until, _)| *until <= now) {
            if let Some(key) = self.next() {
                return Some(key);
            }
        }
        None
    }

    /// Whether a handshake is being waited for.
    pub(crate) fn waits(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Takes the front of the queue, and the handshake with it if that is what it is about.
    fn next(&mut self) -> Option<Key> {
        let (until, key) = self.queue.pop_front()?;
        let half = self.half.get(&key).filter(|half| half.until == until)?;
        let stamp = half.stamp;
        self.end(&key);
        let [young, old] = &mut self.late;
        if young.len() >= LATE {
            *old = std::mem::take(young);
        }
        young.insert(key, stamp);
        Some(key)
    }

    fn open(&mut self, key: Key) {
        if self.young.len() >= CAPACITY {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key);
    }
}
