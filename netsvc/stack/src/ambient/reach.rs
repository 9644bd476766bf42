//! How a node finds a host of its segment that it sends to, and makes sure that it is still there.

use super::{
    Task, Turn,
    chance::{Chance, SECOND},
};
use crate::{
    arp,
    bytes::Mac,
    packet::{self, ETHERTYPE_IPV4},
};
use std::net::Ipv4Addr;

/// Requests before a host counts as absent, and the time between two, µs (`mcast_solicit`, `retrans_time`
/// of Linux; RFC 4861, 10, which Windows follows for ARP too).
const TRIES: u8 = 3;
const PAUSE: i64 = SECOND;
/// Time between using what may be stale and asking (`delay_first_probe_time`; RFC 4861, 10), µs.
const DELAY: i64 = 5 * SECOND;
/// Packets that wait for an answer.
const WAITING: usize = 3;

/// How long a system trusts an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// For a random time between these seconds; then it goes on using the answer, and asks the host itself
    /// a moment after each use.
    Verified((i64, i64)),
    /// For so many seconds; then it asks everybody before it sends.
    Expires(i64),
}

/// A host of the segment as one node knows it.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) host: Ipv4Addr,
    mac: Option<Mac>,
    trusted_until: i64,
    /// Requests sent in vain.
    asked: u8,
    /// Whether a look at a stale answer is on the agenda.
    doubted: bool,
    waiting: Vec<Vec<u8>>,
}

impl Reach {
    pub(crate) fn new(host: Ipv4Addr) -> Self {
        Reach { host, mac: None, trusted_until: 0, asked: 0, doubted: false, waiting: Vec::new() }
    }

    /// Whether it is known where the host is, or being asked.
    pub(crate) fn is_open(&self) -> bool {
        self.mac.is_some() || self.asked > 0
    }

    /// Sends a packet to the host, or asks for it first.
    pub(crate) fn send(&mut self, turn: &mut Turn<'_>, trust: Trust, packet: Vec<u8>) {
        let fresh = turn.now < self.trusted_until;
        match (self.mac, trust) {
            (Some(mac), Trust::Verified(_)) => {
                turn.frames.push(packet::frame(mac, turn.node.mac, ETHERTYPE_IPV4, &packet));
                if !fresh && !self.doubted {
                    self.doubted = true;
                    self.asked = 0;
                    turn.later(DELAY, Task::Verify);
                }
            }
            (Some(mac), Trust::Expires(_)) if fresh => {
                turn.frames.push(packet::frame(mac, turn.node.mac, ETHERTYPE_IPV4, &packet));
            }
            _ => {
                if self.waiting.len() < WAITING {
                    self.waiting.push(packet);
                }
                if self.waiting.len() == 1 && self.asked == 0 {
                    self.ask(turn);
                }
            }
        }
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        self.asked = self.asked.saturating_add(1);
        turn.frames.push(arp::request(turn.node.mac, turn.node.address, self.host));
        turn.later(PAUSE, Task::Resolve);
    }

    /// The time for an answer is over.
    pub(crate) fn resolve(&mut self, turn: &mut Turn<'_>) {
        if self.waiting.is_empty() {
            return;
        }
        if self.asked < TRIES {
            return self.ask(turn);
        }
        self.asked = 0;
        self.waiting.clear();
    }

    /// Asks the host itself whether it is still there.
    pub(crate) fn verify(&mut self, turn: &mut Turn<'_>) {
        let Some(mac) = self.mac.filter(|_| self.doubted) else { return };
        if TRIES <= self.asked {
            (self.mac, self.doubted, self.asked) = (None, false, 0);
            return;
        }
        self.asked = self.asked.saturating_add(1);
        let mut request = arp::request(turn.node.mac, turn.node.address, self.host);
        packet::address(&mut request, mac, turn.node.mac);
        turn.frames.push(request);
        turn.later(PAUSE, Task::Verify);
    }

    /// The host has said where it is.
    pub(crate) fn found(&mut self, turn: &mut Turn<'_>, trust: Trust, chance: &mut Chance, mac: Mac) {
        let span = match trust {
            Trust::Verified(range) => chance.seconds(range),
            Trust::Expires(seconds) => seconds.saturating_mul(SECOND),
        };
        self.mac = Some(mac);
        self.trusted_until = turn.now.saturating_add(span);
        (self.asked, self.doubted) = (0, false);
        for packet in self.waiting.drain(..) {
            turn.frames.push(packet::frame(mac, turn.node.mac, ETHERTYPE_IPV4, &packet));
        }
    }
}
