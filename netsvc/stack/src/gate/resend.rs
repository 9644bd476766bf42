//! Answers to a SYN that nobody acknowledges, sent again when the node's system would send them again. The
//! services' kernel repeats its own in its own time; those are dropped for systems that have another.

use super::{Gate, Output};
use crate::{
    counters::Purpose,
    flow::Key,
    packet::{self, PACKET},
    shape,
    table::HashMap,
};

/// Handshakes that are followed at the same time: a full table, as a flood makes it, leaves the rest to the
/// services' kernel.
const FOLLOWED: usize = 2048;

/// For how long the services' kernel repeats an answer (`tcp_synack_retries` = 5), µs.
const KERNEL: i64 = 63_000_000;

/// One answer.
#[derive(Debug)]
struct Unacknowledged {
    frame: Vec<u8>,
    first: i64,
    /// How often it was sent again.
    sent: usize,
    /// Whether the peer has repeated its SYN, which gets an answer at once.
    asked: bool,
}

/// The answers that wait for an acknowledgement.
#[derive(Debug, Default)]
pub(crate) struct Resends(HashMap<Key, Unacknowledged>);

impl Resends {
    /// The peer has begun, or begun again.
    pub(crate) fn asked(&mut self, key: &Key) {
        if let Some(waiting) = self.0.get_mut(key) {
            waiting.asked = true;
        }
    }

    /// Whether an answer that the kernel gives now is only its own repetition.
    pub(crate) fn repeats(&mut self, key: &Key) -> bool {
        self.0.get_mut(key).is_some_and(|waiting| !std::mem::take(&mut waiting.asked))
    }

    /// The peer has acknowledged or reset.
    pub(crate) fn done(&mut self, key: &Key) {
        if !self.0.is_empty() {
            self.0.remove(key);
        }
    }

    /// Whether anything is to be sent again.
    pub(crate) fn waits(&self) -> bool {
        !self.0.is_empty()
    }

    fn follow(&mut self, now: i64, key: Key, frame: &[u8]) {
        if self.0.len() < FOLLOWED || self.0.contains_key(&key) {
            let fresh = || Unacknowledged { frame: frame.to_vec(), first: now, sent: 0, asked: false };
            self.0.entry(key).or_insert_with(fresh);
        }
    }
}

impl Gate {
    /// Follows an answer to a SYN that was just sent, if the node's system has its own times.
    pub(crate) fn follow(&mut self, now: i64, key: Key, frame: &[u8]) {
        if self.nodes.get(&key.node).is_some_and(|node| !node.face.handshake.again.is_empty()) {
            self.resends.follow(now, key, frame);
        }
    }

    /// Sends again what is due.
    pub(crate) fn resend(&mut self, now: i64, out: &mut impl Output) {
        if !self.resends.waits() {
            return;
        }
        let mut due = Vec::new();
        self.resends.0.retain(|key, waiting| {
            let Some(node) = self.nodes.get_mut(&key.node) else { return false };
            let Some(seconds) = node.face.handshake.again.get(waiting.sent).copied() else {
                return now < waiting.first.saturating_add(KERNEL);
            };
            if waiting.first.saturating_add(i64::from(seconds) * 1_000_000) <= now {
                waiting.sent += 1;
                let id = node.counters.id(&node.face, Purpose::Handshake);
                crate::bytes::put(&mut waiting.frame, PACKET + 4, &id.to_be_bytes());
                // Its clock has gone on meanwhile.
                let shown = node.counters.time(node.face.clock, now, (key.peer, key.peer_port));
                shape::restamp(&mut waiting.frame, 0, |_| shown);
                packet::seal(&mut waiting.frame);
                self.flows.repeated(key, shown);
                due.push((*key, waiting.frame.clone()));
            }
            true
        });
        for (key, mut frame) in due {
            self.deliver(now, key.node, key.peer, &mut frame, out);
        }
    }
}
