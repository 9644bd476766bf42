//! What connections may take, and who gives way when there is no more: places, bytes, work.
//!
//! Places are counted per service of a node, per node and in all. Whoever comes to a full one and has fewer places
//! than the largest holder displaces that holder's oldest idle connection; so no number of connections of some
//! sources keeps another source out, or another node, and what one peer does at one node is not seen at another.

mod effort;
mod memory;
mod reflection;
mod refused;
mod seat;

pub use memory::Memory;
pub(crate) use refused::Refused;
pub(crate) use seat::Patience;
pub use seat::{Account, Charge, Place, Starved};

use crate::{
    full::{Beyond, Full},
    network,
};
use effort::Effort;
use netsvc_persona::stage::Limits;
use parking_lot::Mutex;
use reflection::Reflection;
use seat::Seat;
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Connections that wait in one service's accept queue. Where 511 wait at Apache or nginx, further ones seem open to
/// their peers too, since the kernel leaves them half open; nobody is hung up on.
const QUEUE: usize = 1024;
/// Connections among which the one idle for longest is looked for, the oldest first.
const SAMPLE: usize = 64;
/// A connection that did something within this time gives way to a source without a place only.
const BUSY: Duration = Duration::from_secs(1);

/// A service of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    node: u32,
    service: u16,
}

/// A source at a service of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    group: Group,
    source: IpAddr,
}

/// Which connections may give way.
#[derive(Clone, Copy, Debug)]
enum Among {
    All,
    Serving,
    Waiting,
}

impl Among {
    fn has(self, seat: &Seat) -> bool {
        match self {
            Among::All => true,
            Among::Serving => !seat.is_waiting(),
            Among::Waiting => seat.is_waiting(),
        }
    }
}

/// What all connections of a process share.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    memory: Memory,
    reflection: Reflection,
    effort: Effort,
    begun: Instant,
    nodes: AtomicU32,
    slugs: Mutex<Vec<String>>,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    all: usize,
    nodes: BTreeMap<u32, usize>,
    groups: BTreeMap<Group, Open>,
    keys: BTreeMap<Key, Vec<Arc<Seat>>>,
}

/// Connections of a group.
#[derive(Debug, Default)]
struct Open {
    serving: usize,
    waiting: usize,
    freed: Arc<Notify>,
}

/// What becomes of a new connection.
#[derive(Debug)]
pub enum Entry {
    /// It is served.
    Serve(Place),
    /// It waits unanswered until [`Place::promote`] succeeds.
    Wait(Place),
    /// It is turned away as said, because of the limit named.
    Refuse(&'static str, Beyond),
}

impl Budget {
    /// A budget within `limits`.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Budget {
            memory: Memory::new(limits.memory, limits.memory_per_source),
            reflection: Reflection::default(),
            effort: Effort::default(),
            limits,
            begun: Instant::now(),
            nodes: AtomicU32::new(0),
            slugs: Mutex::default(),
            table: Mutex::default(),
        })
    }

    /// A number for a new node.
    pub fn node(&self) -> u32 {
        self.nodes.fetch_add(1, Ordering::Relaxed)
    }

    /// The service `slug` of the node with this number.
    pub fn group(&self, node: u32, slug: &str) -> Group {
        let mut slugs = self.slugs.lock();
        let known = slugs.iter().position(|known| known == slug);
        let service = known.unwrap_or_else(|| {
            slugs.push(slug.to_owned());
            slugs.len() - 1
        });
        Group { node, service: u16::try_from(service).unwrap_or(u16::MAX) }
    }

    /// Bytes held by connections.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// A datagram of so many bytes came from `source`.
    pub fn datagram_came(&self, source: IpAddr, count: usize) {
        self.reflection.sent(network(source), count, self.now());
    }

    /// Whether `source`, which has not proven that it is there, may be answered with a datagram of so many bytes.
    pub fn may_answer(&self, source: IpAddr, count: usize) -> bool {
        self.reflection.may_answer(network(source), count, self.now())
    }

    /// Open connections, those that wait included.
    pub fn open(&self) -> usize {
        self.table.lock().all
    }

    /// Asks for a place at a service that has `full.places`.
    pub fn enter(self: &Arc<Self>, group: Group, source: IpAddr, full: &Full) -> Entry {
        let key = Key { group, source: network(source) };
        let mut table = self.table.lock();
        let own = table.keys.get(&key).map_or(0, Vec::len);
        if full.per_source <= own {
            return Entry::Refuse("connections_per_source", full.beyond_source.clone());
        }
        if self.limits.connections_per_source <= own {
            // No daemon has this limit: the source's oldest idle connection is the one that would have timed out.
            let victim = table.keys.get(&key).and_then(|seats| self.victim(seats, 0, Among::All));
            self.end(&mut table, victim, "displaced");
        }
        let (serving, waiting) = table.groups.get(&group).map_or((0, 0), |open| (open.serving, open.waiting));
        let mut waits = false;
        let mine = full.beyond == Beyond::Displace;
        if full.places <= serving
            && !((own == 0 || mine) && self.displace_in_group(&mut table, group, own, Among::Serving))
        {
            waits = full.beyond == Beyond::Wait;
            if !waits {
                return Entry::Refuse("service full", full.beyond.clone());
            }
            if QUEUE <= waiting {
                self.displace_in_group(&mut table, group, 0, Among::Waiting);
            }
        }
        let at_node = table.nodes.get(&group.node).copied().unwrap_or(0);
        if self.limits.connections_per_node <= at_node && !self.displace_in_node(&mut table, group.node, own)
        {
            return Entry::Refuse("connections_per_node", full.beyond.clone());
        }
        if self.limits.connections <= table.all && !self.displace_anywhere(&mut table, group.node, own) {
            return Entry::Refuse("connections", full.beyond.clone());
        }
        let seat = table.add(self, key, waits);
        let place = Place::new(seat, full.places, table.freed(group));
        if waits { Entry::Wait(place) } else { Entry::Serve(place) }
    }

    fn displace_in_group(&self, table: &mut Table, group: Group, own: usize, among: Among) -> bool {
        let low = Key { group, source: IpAddr::from([0, 0, 0, 0]) };
        let seats = table.keys.range(low..).take_while(|(key, _)| key.group == group);
        let found = seats.max_by_key(|(_, seats)| (seats.len(), Reverse(seats.first().map(|seat| seat.id))));
        let victim = found.and_then(|(_, seats)| self.victim(seats, own, among));
        self.end(table, victim, "displaced")
    }

    fn displace_in_node(&self, table: &mut Table, node: u32, own: usize) -> bool {
        let low = Key { group: Group { node, service: 0 }, source: IpAddr::from([0, 0, 0, 0]) };
        let seats = table.keys.range(low..).take_while(|(key, _)| key.group.node == node);
        let found = seats.max_by_key(|(_, seats)| (seats.len(), Reverse(seats.first().map(|seat| seat.id))));
        let victim = found.and_then(|(_, seats)| self.victim(seats, own, Among::All));
        self.end(table, victim, "displaced")
    }

    /// The node with the most connections gives one up, unless it is the newcomer's own and gains nothing.
    fn displace_anywhere(&self, table: &mut Table, node: u32, own: usize) -> bool {
        let Some((&fullest, &count)) = table.nodes.iter().max_by_key(|(_, count)| **count) else {
            return false;
        };
        let at_node = table.nodes.get(&node).copied().unwrap_or(0);
        // A node with far fewer connections than the fullest has a claim, whoever comes to it.
        let own = if fullest != node && at_node * 2 < count { 0 } else { own };
        self.displace_in_node(table, fullest, own)
    }

    /// Which of a source's connections gives way to a source that has `own`.
    fn victim(&self, seats: &[Arc<Seat>], own: usize, among: Among) -> Option<Arc<Seat>> {
        if own > 0 && seats.len() <= own + 1 {
            return None;
        }
        let seats = seats.iter().filter(|seat| among.has(seat)).take(SAMPLE);
        let oldest = seats.min_by_key(|seat| seat.touched())?;
        let idle = self.now().saturating_sub(oldest.touched());
        (own == 0 || BUSY.as_millis() <= u128::from(idle)).then(|| oldest.clone())
    }

    fn end(&self, table: &mut Table, victim: Option<Arc<Seat>>, reason: &'static str) -> bool {
        let Some(victim) = victim else { return false };
        table.remove(&victim);
        self.memory.leaves(victim.end(reason));
        true
    }

    /// Makes the largest holder of memory give up its largest connection, if that is not about as small as
    /// what `source` holds itself.
    fn displace_bytes(&self, source: IpAddr) {
        let Some(largest) = self.memory.largest(source) else { return };
        let mut table = self.table.lock();
        let seats = table.keys.iter().filter(|(key, _)| key.source == largest).flat_map(|(_, seats)| seats);
        let victim = seats.max_by_key(|seat| seat.bytes()).cloned();
        self.end(&mut table, victim, "memory");
    }

    fn leave(&self, seat: &Arc<Seat>) {
        let freed = {
            let mut table = self.table.lock();
            table.remove(seat);
            table.groups.get(&seat.key.group).map(|open| open.freed.clone())
        };
        if let Some(freed) = freed {
            freed.notify_one();
        }
    }

    fn promote(&self, seat: &Seat, places: usize) -> bool {
        let mut table = self.table.lock();
        let Some(open) = table.groups.get_mut(&seat.key.group) else { return false };
        if places <= open.serving || !seat.serve() {
            return false;
        }
        open.waiting = open.waiting.saturating_sub(1);
        open.serving += 1;
        true
    }

    /// Milliseconds since the process began.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Table {
    fn add(&mut self, budget: &Arc<Budget>, key: Key, waits: bool) -> Arc<Seat> {
        self.next += 1;
        let seat = Arc::new(Seat::new(budget.clone(), key, self.next, waits));
        self.all += 1;
        *self.nodes.entry(key.group.node).or_default() += 1;
        let open = self.groups.entry(key.group).or_default();
        if waits {
            open.waiting += 1;
        } else {
            open.serving += 1;
        }
        self.keys.entry(key).or_default().push(seat.clone());
        seat
    }

    fn freed(&mut self, group: Group) -> Arc<Notify> {
        self.groups.entry(group).or_default().freed.clone()
    }

    /// Takes `seat` out; nothing happens when it is out already.
    fn remove(&mut self, seat: &Seat) {
        let Some(seats) = self.keys.get_mut(&seat.key) else { return };
        let Ok(at) = seats.binary_search_by_key(&seat.id, |known| known.id) else { return };
        seats.remove(at);
        if seats.is_empty() {
            self.keys.remove(&seat.key);
        }
        self.all = self.all.saturating_sub(1);
        let node = seat.key.group.node;
        if let Some(count) = self.nodes.get_mut(&node) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.nodes.remove(&node);
            }
        }
        let Some(open) = self.groups.get_mut(&seat.key.group) else { return };
        let count = if seat.is_waiting() { &mut open.waiting } else { &mut open.serving };
        *count = count.saturating_sub(1);
        if open.serving + open.waiting == 0 {
            self.groups.remove(&seat.key.group);
        }
    }
}

#[cfg(test)]
mod tests;
