//! Who is where: hardware addresses that ARP has told each node of, and who was heard. As on real hosts,
//! what one was told changes nothing for the others.

use crate::{Port, bytes::Mac, question::Questions, table::HashMap};
use std::{
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
};

/// Neighbours that all nodes know together, and of these each one at least and at most.
const KNOWN: usize = 65_536;
const OF_ONE: (usize, usize) = (64, 512);
/// Senders of packets that are kept in one of the two generations.
const HEARD: usize = 32_768;
/// Time from the use of what may be stale until a node asks; between two requests; how often it asks; µs
/// (`net/ipv4/arp.c`: `delay_probe_time`, `retrans_time`, `ucast_probes`).
const DELAY: i64 = 5_000_000;
const PAUSE: i64 = 1_000_000;
const TRIES: u8 = 3;
/// How long an answer holds, s (`base_reachable_time`).
const REACHABLE: u32 = 30;

/// Where a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) port: Port,
    pub(crate) mac: Mac,
}

/// How a node has come to know where a neighbour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The neighbour has answered it.
    Answered,
    /// It was said without being asked for.
    Heard,
}

/// A neighbour as one node knows it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    node: Ipv4Addr,
    place: Place,
    /// Until when this is certain, s since the epoch.
    until: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is used for as long as nobody says otherwise.
    Held,
    /// The same, and the neighbour will be asked.
    Doubted,
    /// It is good for nothing when its time is over.
    Expires,
}

/// What the nodes know of their neighbours.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    /// By neighbour: the nodes that know it, in their order. Whatever is said to everybody is so noted at
    /// once for all whom it concerns.
    known: HashMap<Ipv4Addr, Vec<Entry>>,
    /// The neighbours of each node, as it came to know them.
    of_node: HashMap<Ipv4Addr, VecDeque<Ipv4Addr>>,
    heard: Heard,
    pub(crate) questions: Questions,
    /// When a node asks a neighbour whether he is still there, and how often it has.
    checks: BTreeMap<(i64, Ipv4Addr, Ipv4Addr), u8>,
}

/// Where packets to a node came from, by node and sender. When the young are too many the old are forgotten.
#[derive(Debug, Default)]
struct Heard {
    young: HashMap<(Ipv4Addr, Ipv4Addr), Place>,
    old: HashMap<(Ipv4Addr, Ipv4Addr), Place>,
}

impl Neighbours {
    /// Notes where `address` is as `node` was told. `age`: after how many seconds the node forgets; 0: it
    /// asks when in doubt. Returns the frames that waited.
    pub(crate) fn learn(
        &mut self,
        now: i64,
        (node, address): (Ipv4Addr, Ipv4Addr),
        (place, told): (Place, Told),
        age: u32,
    ) -> Vec<Vec<u8>> {
        let waited = self.questions.end(node, address);
        let sure = told == Told::Answered || waited.is_some();
        let holds = if age > 0 { age } else { REACHABLE };
        let until = seconds(now).saturating_add(holds);
        let entries = self.known.entry(address).or_default();
        match entries.binary_search_by_key(&node, |entry| entry.node) {
            Ok(at) => {
                if let Some(entry) = entries.get_mut(at) {
                    update(entry, place);
                    if sure || age > 0 {
                        entry.until = until;
                    }
                }
            }
            Err(at) => {
                let state = if age > 0 { State::Expires } else { State::Held };
                let until = if sure || age > 0 { until } else { 0 };
                entries.reserve_exact(1 + entries.len() / 4);
                entries.insert(at, Entry { node, place, until, state });
                self.note(node, address);
            }
        }
        waited.unwrap_or_default()
    }

    /// Everybody was told where `address` is: those who know it know better, and those who ask for it have
    /// an answer. `age` as in [`Neighbours::learn`], of each node. Returns the frames that waited.
    pub(crate) fn merge(
        &mut self,
        now: i64,
        address: Ipv4Addr,
        place: Place,
        age: impl Fn(Ipv4Addr) -> u32,
    ) -> Vec<Vec<u8>> {
        for entry in self.known.get_mut(&address).into_iter().flatten() {
            update(entry, place);
        }
        if self.questions.is_empty() {
            return Vec::new();
        }
        let askers = self.questions.askers(address).into_iter();
        askers.flat_map(|node| self.learn(now, (node, address), (place, Told::Heard), age(node))).collect()
    }

    /// The same, told to `node` alone; false when it knows nothing of `address`.
    pub(crate) fn merge_one(&mut self, node: Ipv4Addr, address: Ipv4Addr, place: Place) -> bool {
        self.entry(node, address).map(|entry| update(entry, place)).is_some()
    }

    /// Notes a new neighbour of `node`; the one that it has known for longest makes room.
    fn note(&mut self, node: Ipv4Addr, address: Ipv4Addr) {
        let (least, most) = OF_ONE;
        let room = (KNOWN / self.of_node.len().max(1)).clamp(least, most);
        let own = self.of_node.entry(node).or_default();
        own.push_back(address);
        let surplus = own.len().saturating_sub(room);
        let gone: Vec<Ipv4Addr> = own.drain(..surplus).collect();
        for address in gone {
            self.drop_entry(node, address);
        }
    }

    fn drop_entry(&mut self, node: Ipv4Addr, address: Ipv4Addr) {
        let Some(entries) = self.known.get_mut(&address) else { return };
        if let Ok(at) = entries.binary_search_by_key(&node, |entry| entry.node) {
            entries.remove(at);
        }
        if entries.is_empty() {
            self.known.remove(&address);
        }
    }

    /// Forgets a node with all that it knows.
    pub(crate) fn forget(&mut self, node: Ipv4Addr) {
        for address in self.of_node.remove(&node).unwrap_or_default() {
            self.drop_entry(node, address);
        }
        self.questions.forget(node);
    }

    fn entry(&mut self, node: Ipv4Addr, address: Ipv4Addr) -> Option<&mut Entry> {
        let entries = self.known.get_mut(&address)?;
        let at = entries.binary_search_by_key(&node, |entry| entry.node).ok()?;
        entries.get_mut(at)
    }

    /// Where `address` is for `node`.
    pub(crate) fn find(&self, now: i64, node: Ipv4Addr, address: Ipv4Addr) -> Option<Place> {
        let entries = self.known.get(&address)?;
        let at = entries.binary_search_by_key(&node, |entry| entry.node).ok()?;
        let good = |entry: &&Entry| entry.state != State::Expires || seconds(now) < entry.until;
        entries.get(at).filter(good).map(|entry| entry.place)
    }

    /// A node has answered a neighbour, who says nothing to that.
    pub(crate) fn doubt(&mut self, now: i64, node: Ipv4Addr, address: Ipv4Addr) {
        let Some(entry) = self.entry(node, address) else { return };
        if entry.state == State::Held && entry.until <= seconds(now) {
            entry.state = State::Doubted;
            self.checks.insert((now.saturating_add(DELAY), node, address), 0);
        }
    }

    /// Nodes, neighbours and their places whose check is due. Who has not answered often enough is forgotten.
    pub(crate) fn due_checks(&mut self, now: i64) -> Vec<(Ipv4Addr, Ipv4Addr, Place)> {
        let mut due = Vec::new();
        while let Some(check) = self.checks.first_entry().filter(|check| check.key().0 <= now) {
            let ((_, node, address), tries) = check.remove_entry();
            let Some(entry) = self.entry(node, address).filter(|entry| entry.state == State::Doubted) else {
                continue;
            };
            if seconds(now) < entry.until {
                entry.state = State::Held;
            } else if tries < TRIES {
                due.push((node, address, entry.place));
                self.checks.insert((now.saturating_add(PAUSE), node, address), tries + 1);
            } else {
                self.drop_entry(node, address);
                if let Some(own) = self.of_node.get_mut(&node) {
                    own.retain(|other| *other != address);
                }
            }
        }
        due
    }

    /// A packet to `node` that says it is from `address` came from `place`.
    pub(crate) fn hear(&mut self, node: Ipv4Addr, address: Ipv4Addr, place: Place) {
        let key = (node, address);
        if self.heard.young.get(&key) != Some(&place) {
            if self.heard.young.len() >= HEARD {
                self.heard.old = std::mem::take(&mut self.heard.young);
            }
            self.heard.young.insert(key, place);
        }
    }

    /// Where the last packet to `node` from `address` came from, whoever sent it.
    pub(crate) fn heard(&self, node: Ipv4Addr, address: Ipv4Addr) -> Option<Place> {
        let key = (node, address);
        self.heard.young.get(&key).or_else(|| self.heard.old.get(&key)).copied()
    }

    /// An address that ARP has told some node to be at `mac`: the lowest.
    pub(crate) fn address_of(&self, mac: Mac) -> Option<Ipv4Addr> {
        let there = |entries: &[Entry]| entries.iter().any(|entry| entry.place.mac == mac);
        self.known.iter().filter(|(_, entries)| there(entries)).map(|(address, _)| *address).min()
    }

    /// Whether an address is being asked for, or will be.
    pub(crate) fn asks(&self) -> bool {
        !self.questions.is_empty() || !self.checks.is_empty()
    }
}

fn update(entry: &mut Entry, place: Place) {
    if entry.place != place {
        entry.place = place;
        // What was certain was so of another place.
        if entry.state != State::Expires {
            entry.until = 0;
        }
    }
}

/// Seconds since the epoch.
fn seconds(now: i64) -> u32 {
    u32::try_from(now / 1_000_000).unwrap_or_default()
}
