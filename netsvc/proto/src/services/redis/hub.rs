//! What connections of one server tell each other: messages of channels, the lines of MONITOR, and that
//! something changed that a blocked client may be waiting for.

use super::{Reply, pattern::glob};
use netsvc_kit::Charge;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::Arc,
    task::Waker,
};

/// Most bytes that wait for a client that does not read (the server's limit for such clients is 32 MB).
const MOST: usize = 1 << 20;

/// What came for a connection.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    /// To be sent as it is.
    pub replies: VecDeque<Reply>,
    bytes: usize,
    /// What waits is charged to the connection that it waits for.
    charge: Charge,
    /// A key changed.
    pub changed: bool,
    /// CLIENT UNBLOCK: with an error or without.
    pub unblocked: Option<bool>,
    /// The connection is to end: CLIENT KILL, or too much waits for it.
    pub killed: bool,
    waker: Option<Waker>,
}

/// The place where a connection is told things.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailbox(Arc<Mutex<Arrived>>);

impl Mailbox {
    /// Everything that came.
    pub(super) fn take(&self) -> Arrived {
        std::mem::take(&mut *self.0.lock())
    }

    /// Whether something came; `waker` is woken when something does.
    pub(super) fn waits(&self, waker: &Waker) -> bool {
        let mut arrived = self.0.lock();
        if !arrived.replies.is_empty() || arrived.changed || arrived.killed || arrived.unblocked.is_some() {
            return true;
        }
        arrived.waker = Some(waker.clone());
        false
    }

    fn tell(&self, what: impl FnOnce(&mut Arrived)) {
        let mut arrived = self.0.lock();
        what(&mut arrived);
        if let Some(waker) = arrived.waker.take() {
            waker.wake();
        }
    }

    fn send(&self, reply: Reply, size: usize) {
        self.tell(|arrived| {
            arrived.bytes += size;
            if MOST < arrived.bytes {
                arrived.killed = true;
                arrived.replies.clear();
                arrived.charge.set(0);
            } else {
                arrived.replies.push_back(reply);
                arrived.charge.set(arrived.bytes);
            }
        });
    }
}

/// What others see of a connection.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub id: u64,
    pub address: SocketAddr,
    pub local: SocketAddr,
    pub name: Vec<u8>,
    pub database: usize,
    pub begun: i64,
    pub used: i64,
    pub command: String,
    pub queued: Option<usize>,
    pub third: bool,
    pub blocked: bool,
    pub monitors: bool,
    pub channels: BTreeSet<Vec<u8>>,
    pub patterns: BTreeSet<Vec<u8>>,
    pub shards: BTreeSet<Vec<u8>>,
    pub mailbox: Mailbox,
}

impl Peer {
    /// The mark in CLIENT LIST.
    pub(super) fn flags(&self) -> String {
        let mut flags = String::new();
        for (set, mark) in [
            (self.monitors, 'O'),
            (!(self.channels.is_empty() && self.patterns.is_empty() && self.shards.is_empty()), 'P'),
            (self.queued.is_some(), 'x'),
            (self.blocked, 'b'),
        ] {
            if set {
                flags.push(mark);
            }
        }
        if flags.is_empty() { "N".to_owned() } else { flags }
    }
}

/// All connections of a server.
#[derive(Debug, Default)]
pub(super) struct Hub {
    peers: Mutex<BTreeMap<u64, Peer>>,
}

impl Hub {
    /// Adds a connection.
    pub(super) fn enter(&self, peer: Peer) {
        self.peers.lock().insert(peer.id, peer);
    }

    /// Forgets a connection.
    pub(super) fn leave(&self, id: u64) {
        self.peers.lock().remove(&id);
    }

    /// Changes what is known of connection `id`.
    pub(super) fn update<T>(&self, id: u64, change: impl FnOnce(&mut Peer) -> T) -> Option<T> {
        self.peers.lock().get_mut(&id).map(change)
    }

    /// All connections, oldest first.
    pub(super) fn peers(&self) -> Vec<Peer> {
        self.peers.lock().values().cloned().collect()
    }

    /// Sends `message` to those who subscribed to `channel`, and says to how many.
    pub(super) fn publish(&self, channel: &[u8], message: &[u8], shard: bool) -> usize {
        let mut reached = 0;
        let size = channel.len() + message.len();
        for peer in self.peers.lock().values() {
            let direct = if shard { &peer.shards } else { &peer.channels };
            if direct.contains(channel) {
                let kind = if shard { "smessage" } else { "message" };
                let parts = vec![Reply::bulk(kind), Reply::bulk(channel), Reply::bulk(message)];
                peer.mailbox.send(Reply::Push(parts), size);
                reached += 1;
            }
            for pattern in peer.patterns.iter().filter(|pattern| !shard && glob(pattern, channel)) {
                let words = [Reply::bulk("pmessage"), Reply::bulk(pattern), Reply::bulk(channel)];
                let parts = words.into_iter().chain([Reply::bulk(message)]).collect();
                peer.mailbox.send(Reply::Push(parts), size);
                reached += 1;
            }
        }
        reached
    }

    /// Shows a command to those who MONITOR.
    pub(super) fn show(&self, line: impl Fn() -> String) {
        for peer in self.peers.lock().values().filter(|peer| peer.monitors) {
            let line = line();
            let size = line.len();
            peer.mailbox.send(Reply::simple(line), size);
        }
    }

    /// Tells blocked clients, other than `id`, that a key changed.
    pub(super) fn changed(&self, id: u64) {
        for peer in self.peers.lock().values().filter(|peer| peer.blocked && peer.id != id) {
            peer.mailbox.tell(|arrived| arrived.changed = true);
        }
    }

    /// Ends the connections that `wanted` chooses, and says how many.
    pub(super) fn kill(&self, wanted: impl Fn(&Peer) -> bool) -> usize {
        let peers = self.peers.lock();
        let chosen: Vec<_> = peers.values().filter(|peer| wanted(peer)).collect();
        chosen.iter().for_each(|peer| peer.mailbox.tell(|arrived| arrived.killed = true));
        chosen.len()
    }

    /// Ends the waiting of a blocked client, and says whether it waited.
    pub(super) fn unblock(&self, id: u64, error: bool) -> bool {
        let peers = self.peers.lock();
        let Some(peer) = peers.get(&id).filter(|peer| peer.blocked) else { return false };
        peer.mailbox.tell(|arrived| arrived.unblocked = Some(error));
        true
    }

    /// Channels with how many subscribed to each, and how many patterns there are.
    pub(super) fn channels(&self, shard: bool) -> (BTreeMap<Vec<u8>, usize>, usize) {
        let (mut channels, mut patterns) = (BTreeMap::new(), BTreeSet::new());
        for peer in self.peers.lock().values() {
            for channel in if shard { &peer.shards } else { &peer.channels } {
                *channels.entry(channel.clone()).or_insert(0) += 1;
            }
            patterns.extend(peer.patterns.iter().cloned());
        }
        (channels, patterns.len())
    }
}
