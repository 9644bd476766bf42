//! How nodes introduce themselves to the segment. Nodes that come together do not speak together: each has a
//! moment of its own at which its link comes up. Who comes with another hardware address than the address had
//! before introduces itself at once, because peers have the other one.

use super::{Gate, Output};
use crate::{arp, bytes::Mac};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Hardware addresses of nodes that went which are kept.
const GONE: usize = 4096;
/// Time until a node that asks for its address looks again whether it has it, µs.
const AGAIN: i64 = 300_000;

/// The introductions under way.
#[derive(Debug, Default)]
pub(crate) struct Introductions {
    /// Nodes that came, and how many steps they have made; nobody has said yet what time it is.
    fresh: Vec<(Ipv4Addr, u8)>,
    /// The steps to come, by time and node.
    due: BTreeMap<(i64, Ipv4Addr), u8>,
    gone: BTreeMap<Ipv4Addr, Mac>,
}

impl Introductions {
    /// When something is due; `None`: never.
    pub(crate) fn next(&self) -> Option<i64> {
        if !self.fresh.is_empty() {
            return Some(0);
        }
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// A node went.
    pub(crate) fn leave(&mut self, node: Ipv4Addr, mac: Mac) {
        self.fresh.retain(|(other, _)| *other != node);
        self.due.retain(|(_, other), _| *other != node);
        if self.gone.len() >= GONE {
            self.gone.pop_first();
        }
        self.gone.insert(node, mac);
    }
}

impl Gate {
    /// Begins a node's introduction.
    pub(crate) fn introduce(&mut self, node: Ipv4Addr, mac: Mac, out: &mut impl Output) {
        let moved = self.introductions.gone.remove(&node).is_some_and(|before| before != mac);
        let mut step = 0;
        if moved {
            // The clock of what nodes say to each other does not matter here.
            self.step(0, node, step, out);
            step = 1;
        }
        self.introductions.fresh.push((node, step));
    }

    /// Goes on with introductions.
    pub(crate) fn go_on(&mut self, now: i64, out: &mut impl Output) {
        for (node, step) in std::mem::take(&mut self.introductions.fresh) {
            let Some(entering) = self.nodes.get(&node) else { continue };
            let pause = match step.checked_sub(1) {
                None => Some(entering.entrance),
                Some(last) => entering.face.arp.start.step(last).map(|(_, pause)| pause),
            };
            if let Some(pause) = pause {
                self.introductions.due.insert((now.saturating_add(pause), node), step);
            }
        }
        while let Some(entry) = self.introductions.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, node), step) = entry.remove_entry();
            let waits = self.lives.get(&node);
            if waits.is_some_and(|life| life.is_without_address(now)) {
                self.introductions.due.insert((now.saturating_add(AGAIN), node), step);
            } else if let Some(pause) = self.step(now, node, step, out) {
                self.introductions.due.insert((at.saturating_add(pause).max(now), node), step + 1);
            }
        }
    }

    /// Makes a step of an introduction; the time until the one after it, if there is one.
    fn step(&mut self, now: i64, node: Ipv4Addr, step: u8, out: &mut impl Output) -> Option<i64> {
        let node = self.nodes.get(&node)?;
        let start = node.face.arp.start;
        let (form, pause) = start.step(step)?;
        let frame = arp::introduction(form, node.mac, node.address);
        self.say(now, frame, out);
        start.step(step + 1).map(|_| pause)
    }
}
