//! TCP connections that the gate has seen begin. Knowing them is not needed to pass them on, only to tell
//! a connection from a probe, so the table may forget.

use crate::shape::Stamp;
use std::{
    collections::{HashMap, VecDeque},
    net::Ipv4Addr,
};

/// Connections kept in one of the two generations.
const CAPACITY: usize = 65_536;
/// Handshakes that are waited for at the same time.
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
    Half {
        /// Segment size that the peer named.
        mss: Option<u16>,
        /// Timestamp of the answer.
        stamp: Option<Stamp>,
    },
    /// The peer has acknowledged the answer.
    Open,
}

/// The connections.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    young: HashMap<Key, State>,
    old: HashMap<Key, State>,
    half: VecDeque<(i64, Key)>,
}

impl Flows {
    /// How far a connection is.
    pub(crate) fn state(&mut self, key: &Key) -> Option<State> {
        if let Some(state) = self.young.get(key) {
            return Some(*state);
        }
        let state = self.old.remove(key)?;
        self.insert(*key, state);
        Some(state)
    }

    /// A SYN was passed on. False when there are too many handshakes to wait for this one.
    pub(crate) fn begin(&mut self, now: i64, key: Key, mss: Option<u16>) -> bool {
        self.insert(key, State::Half { mss, stamp: None });
        if self.half.len() >= HALF_OPEN {
            return false;
        }
        self.half.push_back((now.saturating_add(PATIENCE), key));
        true
    }

    /// The kernel has answered, with this timestamp.
    pub(crate) fn answered(&mut self, key: &Key, answer: Option<Stamp>) {
        if let Some(State::Half { stamp, .. }) = self.young.get_mut(key) {
            *stamp = answer;
        }
    }

    /// The handshake is complete.
    pub(crate) fn complete(&mut self, key: Key) {
        self.insert(key, State::Open);
    }

    /// The connection is over.
    pub(crate) fn end(&mut self, key: &Key) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// The next connection whose peer let the handshake lie.
    pub(crate) fn abandoned(&mut self, now: i64) -> Option<Key> {
        while self.half.front().is_some_and(|(deadline, _)| *deadline <= now) {
            let (_, key) = self.half.pop_front()?;
            if matches!(self.state(&key), Some(State::Half { .. })) {
                self.end(&key);
                return Some(key);
            }
        }
        None
    }

    /// Whether a handshake is being waited for.
    pub(crate) fn waits(&self) -> bool {
        !self.half.is_empty()
    }

    fn insert(&mut self, key: Key, state: State) {
        if self.young.len() >= CAPACITY {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, state);
    }
}
