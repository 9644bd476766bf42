//! Connections that are held without a socket: the peer takes them for open and waits, and costs a few dozen
//! bytes.

mod account;
mod held;
mod table;

use crate::{bytes::Mac, flow::Key, packet::Segment, table::HashMap};
use account::Accounts;
pub(crate) use held::{Heard, Held};
use netsvc_wire::{Event, HeaderText};
use std::mem;
use table::Table;

/// Handshakes that are under way, in each of two generations.
const FRESH: usize = 8192;

/// The connections.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// The number that was named to a peer who has not acknowledged it yet.
    fresh: [HashMap<Key, u32>; 2],
    table: Table,
    accounts: Accounts,
}

impl Holds {
    /// A peer was answered with the sequence number `isn`.
    pub(crate) fn begin(&mut self, now: i64, key: Key, isn: u32) {
        // Whoever begins anew has given up what he had.
        self.end(now, &key);
        let [young, old] = &mut self.fresh;
        if young.len() >= FRESH {
            *old = mem::take(young);
        }
        young.insert(key, isn);
    }

    /// The number that was named to a peer who has not acknowledged it yet.
    pub(crate) fn named(&self, key: &Key) -> Option<u32> {
        let [young, old] = &self.fresh;
        young.get(key).or_else(|| old.get(key)).copied()
    }

    /// The peer has acknowledged, or does not want to.
    pub(crate) fn answered(&mut self, key: &Key) {
        for half in &mut self.fresh {
            half.remove(key);
        }
    }

    /// Holds a connection that `segment` completes; false when there are too many.
    pub(crate) fn hold(
        &mut self,
        now: i64,
        key: Key,
        segment: &Segment<'_>,
        who: (&HeaderText, Mac),
    ) -> bool {
        if !self.accounts.has_room((key.peer, key.node)) {
            return false;
        }
        let gone = self.table.insert(now, key, Held::new(now, segment));
        self.over(now, gone);
        self.accounts.begin(now, (key.peer, key.node), key.port, who);
        true
    }

    /// Hears a segment of a connection that is held: what comes of it, and where the connection stands then.
    pub(crate) fn hear(&mut self, now: i64, key: &Key, segment: &Segment<'_>) -> Option<(Heard, Held)> {
        let held = self.table.hear(now, key)?;
        let before = *held;
        let heard = held.hear(now, segment);
        let after = *held;
        if after.next != before.next && !segment.data.is_empty() {
            self.accounts.say((key.peer, key.node), segment.data);
        }
        if heard == Heard::Over {
            self.end(now, key);
        } else if after.closed && !before.closed {
            // Whether he waits for an answer or is gone, nobody can tell: the time counts no more.
            self.accounts.end(now, (key.peer, key.node));
        }
        Some((heard, after))
    }

    /// A packet came, and one went; sizes in bytes.
    pub(crate) fn count(&mut self, key: &Key, inward: usize, outward: usize) {
        self.accounts.count((key.peer, key.node), inward, outward);
    }

    /// Whether there is something to tell soon.
    pub(crate) fn waits(&self, now: i64) -> bool {
        self.accounts.waits(now)
    }

    /// Lets go of those who are gone, and tells what is due, or with `all` everything, into `events`.
    pub(crate) fn close(&mut self, now: i64, all: bool, events: &mut Vec<Event>) {
        while let Some(gone) = self.table.gone(now) {
            self.over(now, Some(gone));
        }
        self.accounts.close(now, all, events);
    }

    fn end(&mut self, now: i64, key: &Key) {
        let gone = self.table.remove(key).map(|held| (*key, held));
        self.over(now, gone);
    }

    fn over(&mut self, now: i64, gone: Option<(Key, Held)>) {
        if let Some((key, _)) = gone.filter(|(_, held)| !held.closed) {
            self.accounts.end(now, (key.peer, key.node));
        }
    }
}
