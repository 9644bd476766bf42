//! TCP connections that the gate has seen begin. Knowing them is not needed to pass them on, only to tell
//! a connection from a probe, so the table may forget. Handshakes have a table of their own: however many
//! begin, connections stay known.

use crate::shape::Stamp;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::Ipv4Addr,
};

/// Connections kept in one of the two generations.
const CAPACITY: usize = 65_536;
/// Handshakes that are waited for at the same time; one more, and the oldest counts as given up.
const HALF_OPEN: usize = 32_768;
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
        if self.half.insert(key, Half { mss, stamp: None, until }).is_none() {
            *self.of_node.entry(key.node).or_default() += 1;
        }
        self.queue.push_back((until, key));
        let mut given_up = None;
        while self.queue.len() > HALF_OPEN && given_up.is_none() {
            given_up = self.next();
        }
        given_up
    }

    /// The kernel has answered, with this timestamp.
    pub(crate) fn answered(&mut self, key: &Key, answer: Option<Stamp>) {
        if let Some(half) = self.half.get_mut(key) {
            half.stamp = answer;
        }
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
        let same = self.half.get(&key).is_some_and(|half| half.until == until);
        same.then(|| self.end(&key)).map(|()| key)
    }

    fn open(&mut self, key: Key) {
        if self.young.len() >= CAPACITY {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key);
    }
}
