//! Correlation of a stream of lines in memory: `decnet correlate FILE`.
//!
//! Memory grows with attackers, the nodes each touched, and open sessions, not with events. Names of
//! nodes are kept once.

use crate::touch::Touch;
use decnet_model::record::{Counts, TraversalKind};
use netsvc_wire::{Kind, Meaning, Record, WriterId, field, stamp::Micros};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

/// Hops of an attacker that are kept in full; later ones are only counted.
const HOPS_KEPT: usize = 256;
/// Sessions of an attacker told apart by id; beyond, each accepted connection counts as one.
const SESSIONS_KEPT: usize = 4096;

/// Joins lines to attackers.
#[derive(Debug, Default)]
pub struct Correlator {
    own: BTreeSet<IpAddr>,
    nodes: Names,
    attackers: HashMap<IpAddr, Track>,
    seen: BTreeMap<WriterId, Seen>,
    latest: Micros,
    stats: Stats,
}

/// Numbers over all lines seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Lines given.
    pub lines: u64,
    /// Lines of a writer and number that came before, left out.
    pub doubles: u64,
    /// Lines that are a deed of a peer.
    pub events: u64,
    /// Lines that could not be parsed.
    pub malformed: u64,
}

/// Numbers of a writer that came: all up to `last`, but for `missing`.
#[derive(Debug, Default)]
struct Seen {
    last: u64,
    missing: BTreeSet<u64>,
}

/// Numbers remembered as missing of one writer; a line that comes later than these is taken for a double.
const MISSING_KEPT: usize = 4096;

/// Node names, each kept once.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

#[derive(Debug)]
struct Track {
    first_seen: Micros,
    last_seen: Micros,
    counts: Counts,
    nodes: HashMap<u32, NodeTrack>,
    last_node: u32,
    hops: Vec<(Micros, u32)>,
    hop_count: u64,
    sessions: BTreeSet<u64>,
    sessions_uncounted: u64,
}

#[derive(Debug)]
struct NodeTrack {
    first_seen: Micros,
    last_seen: Micros,
    counts: Counts,
}

/// What one address did, read out of a [`Correlator`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Address.
    pub src_ip: IpAddr,
    /// First event.
    pub first_seen: Micros,
    /// Last event.
    pub last_seen: Micros,
    /// Its events.
    pub counts: Counts,
    /// Distinct sessions.
    pub sessions: u64,
    /// Nodes in the order of first contact.
    pub path: Vec<Visit>,
    /// Changes from one node to another in the order of the log: when, and to which (first 256).
    pub hops: Vec<(Micros, Arc<str>)>,
    /// How many there were.
    pub hop_count: u64,
}

/// What one address did to one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Node.
    pub node: Arc<str>,
    /// First event.
    pub first_seen: Micros,
    /// Last event.
    pub last_seen: Micros,
    /// Its events.
    pub counts: Counts,
}

impl Finding {
    /// Nodes on which more than looking was seen.
    pub fn interactive_nodes(&self) -> usize {
        self.path.iter().filter(|visit| visit.counts.is_interactive()).count()
    }

    /// An interaction when two nodes or more saw one; else it only scanned.
    pub fn kind(&self) -> TraversalKind {
        if self.interactive_nodes() >= 2 { TraversalKind::Interaction } else { TraversalKind::Scan }
    }
}

impl Correlator {
    /// A correlator that leaves out the addresses in `own` (our probes).
    pub fn new(own: BTreeSet<IpAddr>) -> Self {
        Correlator { own, ..Correlator::default() }
    }

    /// Takes the next line of a log; a line that is none is counted.
    pub fn observe_line(&mut self, line: &[u8]) {
        match netsvc_wire::parse(line) {
            Ok(record) => self.observe(&record),
            Err(_) => {
                self.stats.lines += 1;
                self.stats.malformed += 1;
            }
        }
    }

    /// Takes the next record of a log. One that came before (same writer and number) is left out.
    pub fn observe(&mut self, record: &Record) {
        self.stats.lines += 1;
        if !self.seen.entry(record.writer).or_default().take(record.number) {
            self.stats.doubles += 1;
            return;
        }
        // A line without a time happened when the lines around it did.
        let at = if record.at == 0 { self.latest } else { record.at };
        self.latest = self.latest.max(at);
        let touch = Touch::of_record(record).filter(|touch| !self.own.contains(&touch.src_ip));
        let Some(touch) = touch.map(|touch| Touch { at, ..touch }) else { return };
        self.stats.events += 1;
        let node = self.nodes.number(touch.node);
        let track = self.attackers.entry(touch.src_ip).or_insert_with(|| Track::new(&touch, node));
        track.add(&touch, node);
        if let Some(session) = record.text(field::SESSION) {
            track.add_session(session, touch.kind);
        }
    }

    /// Numbers so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Number of distinct addresses.
    pub fn attackers(&self) -> usize {
        self.attackers.len()
    }

    /// Addresses that touched at least `min_nodes` distinct nodes, by first event and address.
    pub fn findings(&self, min_nodes: usize) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .attackers
            .iter()
            .filter(|(_, track)| track.nodes.len() >= min_nodes)
            .map(|(address, track)| self.finding(*address, track))
            .collect();
        findings.sort_by_key(|finding| (finding.first_seen, finding.src_ip));
        findings
    }

    fn finding(&self, src_ip: IpAddr, track: &Track) -> Finding {
        let mut path: Vec<_> = track
            .nodes
            .iter()
            .map(|(number, visit)| Visit {
                node: self.nodes.name(*number),
                first_seen: visit.first_seen,
                last_seen: visit.last_seen,
                counts: visit.counts,
            })
            .collect();
        path.sort_by(|a, b| (a.first_seen, &a.node).cmp(&(b.first_seen, &b.node)));
        Finding {
            src_ip,
            first_seen: track.first_seen,
            last_seen: track.last_seen,
            counts: track.counts,
            sessions: track.sessions.len() as u64 + track.sessions_uncounted,
            path,
            hops: track.hops.iter().map(|(at, node)| (*at, self.nodes.name(*node))).collect(),
            hop_count: track.hop_count,
        }
    }
}

impl Seen {
    fn take(&mut self, number: u64) -> bool {
        if number <= self.last {
            return self.missing.remove(&number);
        }
        let room = MISSING_KEPT.saturating_sub(self.missing.len());
        self.missing.extend((self.last + 1..number).rev().take(room));
        self.last = number;
        true
    }
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    fn name(&self, number: u32) -> Arc<str> {
        self.names.get(number as usize).cloned().unwrap_or_default()
    }
}

impl Track {
    fn new(touch: &Touch<'_>, node: u32) -> Self {
        Track {
            first_seen: touch.at,
            last_seen: touch.at,
            counts: Counts::default(),
            nodes: HashMap::new(),
            last_node: node,
            hops: Vec::new(),
            hop_count: 0,
            sessions: BTreeSet::new(),
            sessions_uncounted: 0,
        }
    }

    fn add(&mut self, touch: &Touch<'_>, node: u32) {
        self.first_seen = self.first_seen.min(touch.at);
        self.last_seen = self.last_seen.max(touch.at);
        self.counts.add_many(touch.kind, touch.class, touch.count);
        if node != self.last_node {
            self.last_node = node;
            self.hop_count += 1;
            if self.hops.len() < HOPS_KEPT {
                self.hops.push((touch.at, node));
            }
        }
        let visit = self.nodes.entry(node).or_insert(NodeTrack {
            first_seen: touch.at,
            last_seen: touch.at,
            counts: Counts::default(),
        });
        visit.first_seen = visit.first_seen.min(touch.at);
        visit.last_seen = visit.last_seen.max(touch.at);
        visit.counts.add_many(touch.kind, touch.class, touch.count);
    }

    fn add_session(&mut self, session: &str, kind: &str) {
        let Ok(id) = u64::from_str_radix(session, 16) else { return };
        if self.sessions.contains(&id) {
            return;
        }
        if self.sessions.len() < SESSIONS_KEPT {
            self.sessions.insert(id);
        } else if Kind::meaning_of(kind) == Some(Meaning::Opened) {
            self.sessions_uncounted += 1;
        }
    }
}

#[cfg(test)]
mod tests;
