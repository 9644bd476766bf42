//! What is due when, over all nodes: one heap, so that a thousand quiet nodes cost nothing.

use super::Task;
use std::{cmp::Reverse, collections::BinaryHeap, net::Ipv4Addr};

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) at: i64,
    pub(crate) node: Ipv4Addr,
    /// Which of the lives at this address is meant: a node that was replaced has nothing to do any more.
    pub(crate) life: u64,
    pub(crate) task: Task,
}

/// All that is to be done.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    /// Lives that have not begun, because nobody has said yet what time it is.
    unborn: Vec<(Ipv4Addr, u64)>,
    lives: u64,
}

impl Agenda {
    /// Notes a new life at `node`; its number.
    pub(crate) fn announce(&mut self, node: Ipv4Addr) -> u64 {
        self.lives = self.lives.wrapping_add(1);
        self.unborn.push((node, self.lives));
        self.lives
    }

    /// The lives that have not begun.
    pub(crate) fn take_unborn(&mut self) -> Vec<(Ipv4Addr, u64)> {
        std::mem::take(&mut self.unborn)
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        self.heap.push(Reverse(entry));
    }

    /// The earliest of what is due at `now`.
    pub(crate) fn take(&mut self, now: i64) -> Option<Entry> {
        self.heap.peek().filter(|Reverse(entry)| entry.at <= now)?;
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// When something is due next; at once while a life has not begun.
    pub(crate) fn next(&self) -> Option<i64> {
        if !self.unborn.is_empty() {
            return Some(0);
        }
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }
}
