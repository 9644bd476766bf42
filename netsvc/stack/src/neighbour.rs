//! Who is where: hardware addresses that ARP has told of, packets that wait for one, and who was heard.

use crate::{Port, bytes::Mac};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

/// Neighbours that are kept in one of the two generations, and senders of packets.
const CAPACITY: usize = 16_384;
const HEARD: usize = 32_768;
/// Addresses that are being asked for at the same time.
const ASKED: usize = 256;
/// Packets that wait for one address (RFC 1122, 2.3.2.2 wants at least one).
const WAITING: usize = 3;
/// Doubts about neighbours that are kept; the time until one is asked, and how long the answer holds, µs
/// (`net/ipv4/arp.c`: `delay_probe_time`, `base_reachable_time`).
const CHECKS: usize = 1024;
const DELAY: i64 = 5_000_000;
const REACHABLE: i64 = 30_000_000;
/// Longest frame that waits; a longer one comes again, which is its sender's business.
const LONGEST: usize = 2048;
/// Requests before an address counts as absent, and the time between them in µs.
const TRIES: u32 = 3;
const PAUSE: i64 = 1_000_000;

/// Where a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) port: Port,
    pub(crate) mac: Mac,
}

/// An address that is being asked for.
#[derive(Debug)]
struct Question {
    /// Node that asks.
    asker: Ipv4Addr,
    tries: u32,
    again: i64,
    frames: Vec<Vec<u8>>,
}

/// A node's doubt about a neighbour.
#[derive(Debug)]
struct Check {
    due: i64,
    asked: bool,
}

/// What the gate knows of its neighbours.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    known: Generations,
    heard: Generations,
    questions: BTreeMap<Ipv4Addr, Question>,
    /// When a node asks a neighbour whether he is still there, and until when it does not ask again.
    checks: BTreeMap<(Ipv4Addr, Ipv4Addr), Check>,
}

/// Places by address. When the young are too many the old are forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Ipv4Addr, Place>,
    old: HashMap<Ipv4Addr, Place>,
}

impl Generations {
    fn insert(&mut self, address: Ipv4Addr, place: Place, capacity: usize) {
        if self.young.get(&address) != Some(&place) {
            if self.young.len() >= capacity {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(address, place);
        }
    }

    fn find(&self, address: Ipv4Addr) -> Option<Place> {
        self.young.get(&address).or_else(|| self.old.get(&address)).copied()
    }
}

impl Neighbours {
    /// Notes where `address` is; returns the frames that waited for it.
    pub(crate) fn learn(&mut self, address: Ipv4Addr, place: Place) -> Vec<Vec<u8>> {
        self.known.insert(address, place, CAPACITY);
        if self.questions.is_empty() {
            return Vec::new();
        }
        self.questions.remove(&address).map(|question| question.frames).unwrap_or_default()
    }

    /// A node has answered a neighbour, who says nothing to that.
    pub(crate) fn doubt(&mut self, now: i64, node: Ipv4Addr, peer: Ipv4Addr) {
        if self.checks.len() >= CHECKS {
            self.checks.retain(|_, check| !check.asked || now < check.due.saturating_add(REACHABLE));
        }
        if self.checks.len() < CHECKS || self.checks.contains_key(&(node, peer)) {
            let fresh = Check { due: now.saturating_add(DELAY), asked: false };
            let check = self.checks.entry((node, peer)).or_insert(fresh);
            if check.asked && check.due.saturating_add(REACHABLE) <= now {
                *check = Check { due: now.saturating_add(DELAY), asked: false };
            }
        }
    }

    /// Pairs of node and neighbour whose check is due.
    pub(crate) fn due_checks(&mut self, now: i64) -> Vec<(Ipv4Addr, Ipv4Addr)> {
        let due = self.checks.iter_mut().filter(|(_, check)| !check.asked && check.due <= now);
        due.map(|(pair, check)| {
            check.asked = true;
            *pair
        })
        .collect()
    }

    /// Where `address` is.
    pub(crate) fn find(&self, address: Ipv4Addr) -> Option<Place> {
        self.known.find(address)
    }

    /// A packet that says it is from `address` came from `place`.
    pub(crate) fn hear(&mut self, address: Ipv4Addr, place: Place) {
        self.heard.insert(address, place, HEARD);
    }

    /// Where the last packet from `address` came from, whoever sent it.
    pub(crate) fn heard(&self, address: Ipv4Addr) -> Option<Place> {
        self.heard.find(address)
    }

    /// Keeps `frame` (none: empty) until `address` is found. True when it has to be asked for now.
    pub(crate) fn wait(&mut self, now: i64, asker: Ipv4Addr, address: Ipv4Addr, frame: &[u8]) -> bool {
        if let Some(question) = self.questions.get_mut(&address) {
            if question.frames.len() < WAITING && waits(frame) {
                question.frames.push(frame.to_vec());
            }
            return false;
        }
        if self.questions.len() >= ASKED {
            return false;
        }
        let frames = if waits(frame) { vec![frame.to_vec()] } else { Vec::new() };
        self.questions
            .insert(address, Question { asker, tries: 1, again: now.saturating_add(PAUSE), frames });
        true
    }

    /// Whether an address is being asked for, or will be.
    pub(crate) fn asks(&self) -> bool {
        !self.questions.is_empty() || self.checks.values().any(|check| !check.asked)
    }

    /// Pairs of asker and address that have to be asked for again; gives up on those asked often enough.
    pub(crate) fn due(&mut self, now: i64) -> Vec<(Ipv4Addr, Ipv4Addr)> {
        self.questions.retain(|_, question| question.tries < TRIES || question.again > now);
        let mut due = Vec::new();
        for (address, question) in &mut self.questions {
            if question.again <= now {
                question.tries += 1;
                question.again = now.saturating_add(PAUSE);
                due.push((question.asker, *address));
            }
        }
        due
    }
}

fn waits(frame: &[u8]) -> bool {
    !frame.is_empty() && frame.len() <= LONGEST
}
