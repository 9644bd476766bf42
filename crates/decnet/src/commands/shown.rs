//! Rows as JSON: captured bytes escaped, and exact as base64 where they are evidence.

use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::record::{Artefact, Attacker, Credential, EventRow, Session, Sighting};
use netsvc_wire::{escape::printable, stamp};
use serde_json::{Map, Value, json};

fn text(bytes: &[u8]) -> Value {
    Value::String(printable(bytes).into_string())
}

fn optional(bytes: Option<&Vec<u8>>) -> Value {
    bytes.map_or(Value::Null, |bytes| text(bytes))
}

fn ip(address: Option<std::net::IpAddr>) -> Value {
    address.map_or(Value::Null, |address| Value::String(address.to_string()))
}

/// An event.
pub fn event(row: &EventRow) -> Value {
    let mut fields = Map::new();
    for (name, value) in &row.fields {
        fields.insert(name.clone(), text(value));
    }
    json!({
        "id": row.id,
        "at": stamp::format(row.at),
        "decky": row.node,
        "service": row.service,
        "kind": row.kind,
        "src_ip": ip(row.src_ip),
        "session": row.session,
        "writer": row.writer.to_string(),
        "number": row.number,
        "fields": fields,
    })
}

/// A session.
pub fn session(row: &Session) -> Value {
    json!({
        "id": row.id,
        "decky": row.node,
        "service": row.service,
        "src_ip": ip(row.src_ip),
        "src_port": row.src_port,
        "dst_port": row.dst_port,
        "started_at": stamp::format(row.started_at),
        "ended_at": row.ended_at.map(stamp::format),
        "duration_ms": (row.ended_at.unwrap_or(row.last_at) - row.started_at) / 1000,
        "events": row.events,
        "commands": row.commands,
        "credentials": row.credentials,
        "artifacts": row.artefacts,
        "principal": optional(row.principal.as_ref()),
        "client": optional(row.client.as_ref()),
        "recording": row.recording,
        "bytes_in": row.bytes_in,
        "bytes_out": row.bytes_out,
        "reason": row.reason,
    })
}

/// A credential.
pub fn credential(row: &Credential) -> Value {
    json!({
        "decky": row.node,
        "service": row.service,
        "src_ip": ip(row.src_ip),
        "principal": text(&row.principal),
        "principal_b64": STANDARD.encode(&row.principal),
        "secret": text(&row.secret),
        "secret_b64": STANDARD.encode(&row.secret),
        "secret_kind": row.secret_kind,
        "crack_line": optional(row.crack_line.as_ref()),
        "outcome": row.outcome,
        "attempts": row.attempts,
        "first_seen": stamp::format(row.first_seen),
        "last_seen": stamp::format(row.last_seen),
    })
}

/// An artefact.
pub fn artefact(row: &Artefact) -> Value {
    json!({
        "sha256": row.sha256,
        "size": row.size,
        "origin": row.origin,
        "format": row.format,
        "sightings": row.sightings,
        "first_seen": stamp::format(row.first_seen),
        "last_seen": stamp::format(row.last_seen),
    })
}

/// A sighting of an artefact.
pub fn sighting(row: &Sighting) -> Value {
    json!({
        "event": row.event,
        "at": stamp::format(row.at),
        "decky": row.node,
        "service": row.service,
        "src_ip": ip(row.src_ip),
        "session": row.session,
        "origin": row.origin,
        "path": optional(row.path.as_ref()),
    })
}

/// An attacker.
pub fn attacker(row: &Attacker) -> Value {
    json!({
        "src_ip": row.src_ip.to_string(),
        "first_seen": stamp::format(row.first_seen),
        "last_seen": stamp::format(row.last_seen),
        "events": row.counts.events,
        "scans": row.counts.scans,
        "interactions": row.counts.interactions,
        "credentials": row.counts.credentials,
        "connections": row.counts.connections,
        "deckies": row.nodes,
        "deckies_interacted": row.interactive_nodes,
        "hops": row.hops,
    })
}
