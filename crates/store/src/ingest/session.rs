//! Connections joined from their lines.

use super::Line;
use crate::{
    database::Tx,
    dialect::{Merge, Table},
    error::Error,
    row::{Value, fit},
};
use decnet_model::probe;
use netsvc_wire::{Meaning, field, stamp::Micros};
use std::{collections::BTreeMap, net::IpAddr};

const SESSIONS: Table = Table {
    name: "sessions",
    key: "id",
    columns: &[
        ("id", Merge::Keep),
        ("first_event", Merge::Least),
        ("last_event", Merge::Greatest),
        ("node", Merge::Keep),
        ("service", Merge::Keep),
        ("src_ip", Merge::Fill),
        ("src_port", Merge::Fill),
        ("dst_port", Merge::Fill),
        ("started_at", Merge::Least),
        ("last_at", Merge::Greatest),
        ("ended_at", Merge::Latest),
        ("events", Merge::Add),
        ("commands", Merge::Add),
        ("credentials", Merge::Add),
        ("artefacts", Merge::Add),
        ("principal", Merge::Latest),
        ("client", Merge::Fill),
        ("recording", Merge::Latest),
        ("bytes_in", Merge::Latest),
        ("bytes_out", Merge::Latest),
        ("reason", Merge::Latest),
        ("probe", Merge::Greatest),
    ],
};

/// What the lines of a batch add to a session.
struct Delta<'a> {
    first: &'a Line<'a>,
    last_event: i64,
    src_ip: Option<IpAddr>,
    src_port: Option<u16>,
    dst_port: Option<u16>,
    started_at: Micros,
    last_at: Micros,
    ended_at: Option<Micros>,
    events: u64,
    commands: u64,
    credentials: u64,
    artefacts: u64,
    principal: Option<&'a [u8]>,
    client: Option<&'a [u8]>,
    recording: Option<&'a str>,
    bytes_in: Option<u64>,
    bytes_out: Option<u64>,
    reason: Option<&'a str>,
}

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut deltas: BTreeMap<&str, Delta<'_>> = BTreeMap::new();
    for line in lines {
        if let Some(id) = line.session {
            deltas.entry(id).or_insert_with(|| Delta::new(line)).add(line);
        }
    }
    let rows = deltas.into_iter().map(|(id, delta)| delta.row(id)).collect();
    tx.upsert("store sessions", &SESSIONS, rows).await
}

impl<'a> Delta<'a> {
    fn new(first: &'a Line<'a>) -> Self {
        Delta {
            first,
            last_event: first.id,
            src_ip: None,
            src_port: None,
            dst_port: None,
            started_at: first.record.at,
            last_at: first.record.at,
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
        }
    }

    fn add(&mut self, line: &'a Line<'a>) {
        let record = line.record;
        self.last_event = line.id;
        self.started_at = self.started_at.min(record.at);
        self.last_at = self.last_at.max(record.at);
        self.events += 1;
        self.src_ip = self.src_ip.or(line.src_ip);
        self.src_port = self.src_port.or_else(|| line.src_port());
        self.dst_port = self.dst_port.or_else(|| line.dst_port());
        self.client = self.client.or_else(|| {
            [field::CLIENT_VERSION, field::USER_AGENT, field::CLIENT_NAME]
                .iter()
                .find_map(|name| record.field(name))
        });
        match line.meaning() {
            Some(Meaning::Closed) => {
                self.ended_at = Some(record.at);
                self.bytes_in = record.number_field(field::BYTES_IN);
                self.bytes_out = record.number_field(field::BYTES_OUT);
                self.reason = record.text(field::REASON);
            }
            Some(Meaning::Command) => self.commands += 1,
            Some(Meaning::Secret | Meaning::Key) => {
                self.credentials += 1;
                self.principal = record.field(field::PRINCIPAL).or(self.principal);
            }
            Some(Meaning::Session) => self.principal = record.field(field::PRINCIPAL).or(self.principal),
            Some(Meaning::Recording) => self.recording = record.text(field::SHA256).or(self.recording),
            Some(Meaning::Payload | Meaning::Mail) => self.artefacts += 1,
            Some(
                Meaning::Own
                | Meaning::Contact
                | Meaning::Opened
                | Meaning::Client
                | Meaning::Deed
                | Meaning::Flood,
            )
            | None => {}
        }
    }

    fn row(self, id: &str) -> Vec<Value> {
        vec![
            fit(id, 64),
            self.first.id.into(),
            self.last_event.into(),
            self.first.node(),
            self.first.service(),
            self.src_ip.into(),
            self.src_port.into(),
            self.dst_port.into(),
            self.started_at.into(),
            self.last_at.into(),
            self.ended_at.into(),
            self.events.into(),
            self.commands.into(),
            self.credentials.into(),
            self.artefacts.into(),
            self.principal.map(<[u8]>::to_vec).into(),
            self.client.map(<[u8]>::to_vec).into(),
            self.recording.map_or(Value::Null, |sha256| fit(sha256, 64)),
            self.bytes_in.into(),
            self.bytes_out.into(),
            self.reason.map_or(Value::Null, |reason| fit(reason, 255)),
            self.src_ip.is_some_and(probe::is_own).into(),
        ]
    }
}
