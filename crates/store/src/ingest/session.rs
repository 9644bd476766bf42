//! Connections joined from their lines.

use super::Line;
use crate::{database::Tx, error::Error};
use decnet_model::{probe, record::Session};
use netsvc_wire::{Meaning, field};
use std::collections::BTreeMap;

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut sessions: BTreeMap<&str, Session> = BTreeMap::new();
    for line in lines {
        if let Some(id) = line.session {
            add(sessions.entry(id).or_insert_with(|| first(id, line)), line);
        }
    }
    tx.upsert("store sessions", sessions.into_values()).await
}

/// A session of which nothing is known but its first line.
fn first(id: &str, line: &Line<'_>) -> Session {
    Session {
        id: id.to_owned(),
        first_event: line.id,
        last_event: line.id,
        node: line.record.node.clone(),
        service: line.record.app.clone(),
        src_ip: None,
        src_port: None,
        dst_port: None,
        started_at: line.record.at,
        last_at: line.record.at,
        ended_at: None,
        events: 0,
        commands: 0,
        credentials: 0,
        artefacts: 0,
        principal: None,
        client: None,
        recording: None,
        bytes_in: None,
        bytes_out: None,
        reason: None,
        probe: false,
    }
}

/// Adds what a line says to what the lines of the batch before it said.
fn add(session: &mut Session, line: &Line<'_>) {
    let record = line.record;
    let bytes = |name| record.field(name).map(<[u8]>::to_vec);
    let text = |name| record.text(name).map(str::to_owned);
    session.last_event = line.id;
    session.started_at = session.started_at.min(record.at);
    session.last_at = session.last_at.max(record.at);
    session.events += 1;
    session.src_ip = session.src_ip.or(line.src_ip);
    session.src_port = session.src_port.or_else(|| line.src_port());
    session.dst_port = session.dst_port.or_else(|| line.dst_port());
    session.probe = session.src_ip.is_some_and(probe::is_own);
    if session.client.is_none() {
        let told = [field::CLIENT_VERSION, field::USER_AGENT, field::CLIENT_NAME];
        session.client = told.into_iter().find_map(bytes);
    }
    match line.meaning() {
        Some(Meaning::Closed) => {
            session.ended_at = Some(record.at);
            session.bytes_in = record.number_field(field::BYTES_IN);
            session.bytes_out = record.number_field(field::BYTES_OUT);
            session.reason = text(field::REASON);
        }
        Some(Meaning::Command) => session.commands += 1,
        Some(Meaning::Secret | Meaning::Key) => {
            session.credentials += 1;
            session.principal = bytes(field::PRINCIPAL).or(session.principal.take());
        }
        Some(Meaning::Session) => session.principal = bytes(field::PRINCIPAL).or(session.principal.take()),
        Some(Meaning::Recording) => session.recording = text(field::SHA256).or(session.recording.take()),
        Some(Meaning::Payload | Meaning::Mail) => session.artefacts += 1,
        Some(
            Meaning::Own
            | Meaning::Contact
            | Meaning::Opened
            | Meaning::Client
            | Meaning::Deed
            | Meaning::Packets
            | Meaning::Flood,
        )
        | None => {}
    }
}
