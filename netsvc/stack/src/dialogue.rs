//! Datagrams that a node sends from ports on which nothing listens: whoever they go to may answer there,
//! as a stateful filter would have it. A transfer of TFTP goes on from such a port.

use crate::{flow::Key, table::HashSet};
use std::mem;

/// Ports with their peers in each of two generations.
const CAPACITY: usize = 8192;
/// Time after which a generation grows old, in µs: a dialogue is known for this long at least.
const LIFE: i64 = 60_000_000;

/// The dialogues.
#[derive(Debug, Default)]
pub(crate) struct Dialogues {
    young: HashSet<Key>,
    old: HashSet<Key>,
    turned: i64,
}

impl Dialogues {
    /// The node of `key` sends from its port to the peer.
    pub(crate) fn said(&mut self, now: i64, key: Key) {
        self.turn(now);
        self.young.insert(key);
    }

    /// Whether the peer of `key` was sent something from there a short while ago.
    pub(crate) fn is_known(&mut self, now: i64, key: &Key) -> bool {
        self.turn(now);
        self.young.contains(key) || self.old.contains(key)
    }

    fn turn(&mut self, now: i64) {
        let since = now.saturating_sub(self.turned);
        if since < LIFE && self.young.len() < CAPACITY {
            return;
        }
        self.turned = now;
        self.old = mem::take(&mut self.young);
        if 2 * LIFE <= since {
            self.old.clear();
        }
    }
}
