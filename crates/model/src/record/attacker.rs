//! Attackers, what they touched, and what a batch of events adds to them.

use netsvc_wire::{Class, Kind, Meaning, stamp::Micros};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr};

/// Numbers of events of a peer by what they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All events.
    pub events: u64,
    /// Contact without intent shown.
    pub scans: u64,
    /// Commands, requests, queries.
    pub interactions: u64,
    /// Payloads and secrets.
    pub evidence: u64,
    /// Secrets offered (part of `evidence`).
    pub credentials: u64,
    /// Connections.
    pub connections: u64,
}

impl Counts {
    /// Counts one event.
    pub fn add(&mut self, kind: &str, class: Class) {
        self.add_many(kind, class, 1);
    }

    /// Counts `number` events of a kind.
    pub fn add_many(&mut self, kind: &str, class: Class, number: u64) {
        let add = |count: &mut u64| *count = count.saturating_add(number);
        add(&mut self.events);
        match class {
            Class::Noise => {}
            Class::Scan => add(&mut self.scans),
            Class::Interaction => add(&mut self.interactions),
            Class::Evidence => add(&mut self.evidence),
        }
        match Kind::meaning_of(kind) {
            Some(Meaning::Secret | Meaning::Key) => add(&mut self.credentials),
            Some(Meaning::Opened) => add(&mut self.connections),
            Some(
                Meaning::Own
                | Meaning::Contact
                | Meaning::Closed
                | Meaning::Client
                | Meaning::Session
                | Meaning::Command
                | Meaning::Deed
                | Meaning::Payload
                | Meaning::Mail
                | Meaning::Recording
                | Meaning::Packets
                | Meaning::Flood,
            )
            | None => {}
        }
    }

    /// Adds what others count.
    pub fn sum(&mut self, other: &Counts) {
        let add = |count: &mut u64, more: u64| *count = count.saturating_add(more);
        add(&mut self.events, other.events);
        add(&mut self.scans, other.scans);
        add(&mut self.interactions, other.interactions);
        add(&mut self.evidence, other.evidence);
        add(&mut self.credentials, other.credentials);
        add(&mut self.connections, other.connections);
    }

    /// Whether the peer did more than look.
    pub fn is_interactive(&self) -> bool {
        self.interactions + self.evidence > 0
    }
}

/// One peer address and all it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attacker {
    /// Address.
    pub src_ip: IpAddr,
    /// Id of its first event; attackers are ordered by `last_event`.
    pub first_event: i64,
    /// Id of its last event.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Its events.
    pub counts: Counts,
    /// Distinct nodes it touched.
    pub nodes: u64,
    /// Distinct nodes it interacted with.
    pub interactive_nodes: u64,
    /// Changes from one node to another, in the order of events.
    pub hops: u64,
    /// Whether it is a probe host of our own.
    pub probe: bool,
}

/// What one peer did to one service of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Node.
    pub node: String,
    /// Service.
    pub service: String,
    /// Id of the first event.
    pub first_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Its events.
    pub counts: Counts,
}

/// Whether a peer that touched several nodes did anything there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraversalKind {
    /// It only looked: fewer than two nodes saw an interaction.
    Scan,
    /// It interacted with two nodes or more.
    Interaction,
}

named!(TraversalKind);

impl TraversalKind {
    /// Both.
    pub const ALL: &'static [TraversalKind] = &[TraversalKind::Scan, TraversalKind::Interaction];

    /// `scan` or `interaction`.
    pub fn name(self) -> &'static str {
        match self {
            TraversalKind::Scan => "scan",
            TraversalKind::Interaction => "interaction",
        }
    }
}

/// One peer that touched two nodes or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traversal {
    /// Address.
    pub src_ip: IpAddr,
    /// Whether it interacted or only looked.
    pub kind: TraversalKind,
    /// Nodes in the order of first contact.
    pub path: Vec<String>,
    /// Nodes it interacted with.
    pub interactive_nodes: u64,
    /// Changes from one node to another.
    pub hops: u64,
    /// Number of events.
    pub events: u64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
}

/// What a batch of events adds to an attacker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttackerDelta {
    /// Id of its first event in the batch.
    pub first_event: i64,
    /// Id of its last event in the batch.
    pub last_event: i64,
    /// Earliest time in the batch.
    pub first_seen: Micros,
    /// Latest time in the batch.
    pub last_seen: Micros,
    /// Events in the batch.
    pub counts: Counts,
    /// Node of its first event in the batch.
    pub first_node: String,
    /// Node of its last event in the batch.
    pub last_node: String,
    /// Node changes inside the batch.
    pub hops: u64,
    /// Contacts in the batch, by (node, service).
    pub contacts: BTreeMap<(String, String), Contact>,
}

/// What a batch of events adds, by address.
pub type AttackerDeltas = BTreeMap<IpAddr, AttackerDelta>;
