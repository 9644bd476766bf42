//! Attackers and what they touched.

use crate::{Origin, Reputation, shown};
use decnet_model::record;
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Numbers of events by what they say.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Counts {
    /// All.
    pub events: u64,
    /// Contact without intent shown.
    pub scans: u64,
    /// Commands, requests, queries.
    pub interactions: u64,
    /// Payloads and secrets.
    pub evidence: u64,
    /// Secrets offered.
    pub credentials: u64,
    /// Connections.
    pub connections: u64,
}

impl From<&record::Counts> for Counts {
    fn from(counts: &record::Counts) -> Self {
        Counts {
            events: counts.events,
            scans: counts.scans,
            interactions: counts.interactions,
            evidence: counts.evidence,
            credentials: counts.credentials,
            connections: counts.connections,
        }
    }
}

/// One attacker.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attacker {
    /// Address.
    pub src_ip: String,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
    /// Id of the last event.
    pub last_event: i64,
    /// Its events.
    #[serde(flatten)]
    pub counts: Counts,
    /// Distinct deckies touched.
    pub deckies: u64,
    /// Distinct deckies interacted with.
    pub interactive_deckies: u64,
    /// Changes from one decky to another.
    pub hops: u64,
    /// Whose the address is.
    #[serde(flatten)]
    pub origin: Origin,
    /// What providers have answered of it.
    pub reputation: Vec<Reputation>,
}

impl From<&record::AttackerView> for Attacker {
    fn from(view: &record::AttackerView) -> Self {
        let row = &view.attacker;
        Attacker {
            src_ip: row.src_ip.to_string(),
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            last_event: row.last_event,
            counts: (&row.counts).into(),
            deckies: row.nodes,
            interactive_deckies: row.interactive_nodes,
            hops: row.hops,
            origin: (&view.origin).into(),
            reputation: view.reputation.iter().map(Reputation::from).collect(),
        }
    }
}

/// What an attacker did to one service of one decky.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Contact {
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
    /// Its events.
    #[serde(flatten)]
    pub counts: Counts,
}

impl From<&record::Contact> for Contact {
    fn from(row: &record::Contact) -> Self {
        Contact {
            decky: shown(&row.node),
            service: shown(&row.service),
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            counts: (&row.counts).into(),
        }
    }
}

/// An attacker and all its contacts in the order of the first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttackerDetail {
    /// The attacker.
    #[serde(flatten)]
    pub attacker: Attacker,
    /// What it touched.
    pub contacts: Vec<Contact>,
}

/// An attacker that touched several deckies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Traversal {
    /// Address.
    pub src_ip: String,
    /// `interaction` or `scan`.
    pub kind: &'static str,
    /// Deckies in the order of first contact.
    pub path: Vec<String>,
    /// Deckies that it interacted with.
    pub interactive_deckies: u64,
    /// Changes from one decky to another.
    pub hops: u64,
    /// Events.
    pub events: u64,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
}

impl From<&record::Traversal> for Traversal {
    fn from(row: &record::Traversal) -> Self {
        Traversal {
            src_ip: row.src_ip.to_string(),
            kind: row.kind.name(),
            path: row.path.iter().map(|node| shown(node)).collect(),
            interactive_deckies: row.interactive_nodes,
            hops: row.hops,
            events: row.events,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}
