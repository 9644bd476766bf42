//! Addresses that nodes are asking for, and the packets that wait for an answer.

use crate::table::HashMap;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Addresses that one node asks for at the same time.
const OF_ONE: usize = 16;
/// Packets that wait for one address (RFC 1122, 2.3.2.2 wants at least one), and bytes of all that wait.
const WAITING: usize = 3;
const BYTES: usize = 2 << 20;
/// Longest frame that waits; a longer one comes again, which is its sender's business.
const LONGEST: usize = 2048;
/// Requests before an address counts as absent, and the time between them in µs.
const TRIES: u32 = 3;
const PAUSE: i64 = 1_000_000;

/// One of them.
#[derive(Debug)]
struct Question {
    tries: u32,
    again: i64,
    frames: Vec<Vec<u8>>,
}

/// All of them, by what is asked for and who asks.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    open: BTreeMap<(Ipv4Addr, Ipv4Addr), Question>,
    /// How many there are of each node.
    of_node: HashMap<Ipv4Addr, usize>,
    bytes: usize,
}

impl Questions {
    /// Keeps `frame` (none: empty) until `node` has found `address`. True when it has to be asked for now.
    pub(crate) fn wait(&mut self, now: i64, node: Ipv4Addr, address: Ipv4Addr, frame: &[u8]) -> bool {
        let waits =
            !frame.is_empty() && frame.len() <= LONGEST && self.bytes.saturating_add(frame.len()) <= BYTES;
        let fresh = !self.open.contains_key(&(address, node));
        if fresh {
            let count = self.of_node.entry(node).or_default();
            if *count >= OF_ONE {
                return false;
            }
            *count += 1;
        }
        let question = self.open.entry((address, node)).or_insert_with(|| Question {
            tries: 1,
            again: now.saturating_add(PAUSE),
            frames: Vec::new(),
        });
        if waits && question.frames.len() < WAITING {
            question.frames.push(frame.to_vec());
            self.bytes = self.bytes.saturating_add(frame.len());
        }
        fresh
    }

    /// Who asks for `address`.
    pub(crate) fn askers(&self, address: Ipv4Addr) -> Vec<Ipv4Addr> {
        let all = (address, Ipv4Addr::UNSPECIFIED)..=(address, Ipv4Addr::BROADCAST);
        self.open.range(all).map(|((_, node), _)| *node).collect()
    }

    /// Ends a node's question; the frames that waited for the answer, if there was such a question.
    pub(crate) fn end(&mut self, node: Ipv4Addr, address: Ipv4Addr) -> Option<Vec<Vec<u8>>> {
        let question = self.open.remove(&(address, node))?;
        if let Some(count) = self.of_node.get_mut(&node) {
            *count -= 1;
            if *count == 0 {
                self.of_node.remove(&node);
            }
        }
        let bytes = question.frames.iter().map(Vec::len).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(question.frames)
    }

    /// Ends all questions of a node.
    pub(crate) fn forget(&mut self, node: Ipv4Addr) {
        let own: Vec<Ipv4Addr> =
            self.open.keys().filter(|(_, asker)| *asker == node).map(|(address, _)| *address).collect();
        for address in own {
            self.end(node, address);
        }
    }

    /// Whether `node` asks for `address`.
    pub(crate) fn is_open(&self, node: Ipv4Addr, address: Ipv4Addr) -> bool {
        self.open.contains_key(&(address, node))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Pairs of asker and address that have to be asked for again; gives up on those asked often enough.
    pub(crate) fn due(&mut self, now: i64) -> Vec<(Ipv4Addr, Ipv4Addr)> {
        let (mut due, mut over) = (Vec::new(), Vec::new());
        for ((address, node), question) in self.open.iter_mut().filter(|(_, question)| question.again <= now)
        {
            if question.tries < TRIES {
                question.tries += 1;
                question.again = now.saturating_add(PAUSE);
                due.push((*node, *address));
            } else {
                over.push((*node, *address));
            }
        }
        for (node, address) in over {
            self.end(node, address);
        }
        due
    }
}
