//! Who is where: hardware addresses learned from frames, and packets that wait for one.

use crate::{Port, bytes::Mac};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

/// Neighbours that are kept in one of the two generations.
const CAPACITY: usize = 32_768;
/// Addresses that are being asked for at the same time.
const ASKED: usize = 256;
/// Packets that wait for one address (RFC 1122, 2.3.2.2 wants at least one).
const WAITING: usize = 3;
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

/// What the gate knows of its neighbours.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    young: HashMap<Ipv4Addr, Place>,
    old: HashMap<Ipv4Addr, Place>,
    questions: BTreeMap<Ipv4Addr, Question>,
}

impl Neighbours {
    /// Notes where `address` is; returns the frames that waited for it.
    pub(crate) fn learn(&mut self, address: Ipv4Addr, place: Place) -> Vec<Vec<u8>> {
        if self.young.get(&address) != Some(&place) {
            if self.young.len() >= CAPACITY {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(address, place);
        }
        if self.questions.is_empty() {
            return Vec::new();
        }
        self.questions.remove(&address).map(|question| question.frames).unwrap_or_default()
    }

    /// Where `address` is.
    pub(crate) fn find(&self, address: Ipv4Addr) -> Option<Place> {
        self.young.get(&address).or_else(|| self.old.get(&address)).copied()
    }

    /// Keeps `frame` until `address` is found. True when it has to be asked for now.
    pub(crate) fn wait(&mut self, now: i64, asker: Ipv4Addr, address: Ipv4Addr, frame: &[u8]) -> bool {
        if let Some(question) = self.questions.get_mut(&address) {
            if question.frames.len() < WAITING {
                question.frames.push(frame.to_vec());
            }
            return false;
        }
        if self.questions.len() >= ASKED {
            return false;
        }
        let frames = vec![frame.to_vec()];
        self.questions
            .insert(address, Question { asker, tries: 1, again: now.saturating_add(PAUSE), frames });
        true
    }

    /// Whether an address is being asked for.
    pub(crate) fn asks(&self) -> bool {
        !self.questions.is_empty()
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
