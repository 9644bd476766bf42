//! Payloads by content, and every time that one was seen.

use super::Line;
use crate::{
    database::Tx,
    dialect::{Merge, Table},
    error::Error,
    row::{Value, fit},
};
use netsvc_wire::{Meaning, field};
use std::collections::BTreeMap;

const ARTEFACTS: Table = Table {
    name: "artefacts",
    key: "sha256",
    columns: &[
        ("sha256", Merge::Keep),
        ("first_event", Merge::Least),
        ("size", Merge::Greatest),
        ("origin", Merge::Keep),
        ("format", Merge::Fill),
        ("first_seen", Merge::Least),
        ("last_seen", Merge::Greatest),
        ("sightings", Merge::Add),
    ],
};

const SIGHTINGS: Table = Table {
    name: "artefact_sightings",
    key: "event",
    columns: &[
        ("event", Merge::Keep),
        ("sha256", Merge::Keep),
        ("at", Merge::Keep),
        ("node", Merge::Keep),
        ("service", Merge::Keep),
        ("src_ip", Merge::Keep),
        ("session", Merge::Keep),
        ("origin", Merge::Keep),
        ("path", Merge::Keep),
        ("probe", Merge::Keep),
    ],
};

/// The sightings of one content in a batch.
struct Seen<'a> {
    first: &'a Line<'a>,
    size: u64,
    first_seen: i64,
    last_seen: i64,
    sightings: u64,
}

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut artefacts: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    let mut sightings = Vec::new();
    for line in lines {
        let Some(sha256) = sha256_of(line) else { continue };
        let at = line.record.at;
        let seen = artefacts.entry(sha256).or_insert(Seen {
            first: line,
            size: 0,
            first_seen: at,
            last_seen: at,
            sightings: 0,
        });
        seen.size = seen.size.max(line.record.number_field(field::SIZE).unwrap_or(0));
        seen.first_seen = seen.first_seen.min(at);
        seen.last_seen = seen.last_seen.max(at);
        seen.sightings += 1;
        sightings.push(sighting(line, sha256));
    }
    let rows = artefacts.into_iter().map(|(sha256, seen)| seen.row(sha256)).collect();
    tx.upsert("store artefacts", &ARTEFACTS, rows).await?;
    tx.upsert("store sightings", &SIGHTINGS, sightings).await
}

/// The hash of a blob that the line says was kept. Other lines may carry a hash that means something else.
fn sha256_of<'a>(line: &Line<'a>) -> Option<&'a str> {
    let keeps = usual_origin(line.meaning()?).is_some();
    let record: &'a netsvc_wire::Record = line.record;
    let sha256 = record.text(field::SHA256).filter(|_| keeps)?;
    let valid = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    valid.then_some(sha256)
}

/// Where a blob of a kind of event comes from when the line does not say; `None` for kinds that keep none.
fn usual_origin(meaning: Meaning) -> Option<&'static str> {
    match meaning {
        Meaning::Recording => Some("recording"),
        Meaning::Mail => Some("mail"),
        Meaning::Payload => Some("unknown"),
        Meaning::Own
        | Meaning::Contact
        | Meaning::Opened
        | Meaning::Closed
        | Meaning::Client
        | Meaning::Secret
        | Meaning::Key
        | Meaning::Session
        | Meaning::Command
        | Meaning::Deed
        | Meaning::Flood => None,
    }
}

fn origin(line: &Line<'_>) -> Value {
    let usual = line.meaning().and_then(usual_origin).unwrap_or("unknown");
    fit(line.record.text(field::ORIGIN).unwrap_or(usual), 64)
}

fn sighting(line: &Line<'_>, sha256: &str) -> Vec<Value> {
    let path = line.record.field(field::PATH).or_else(|| line.record.field(field::NAME));
    vec![
        line.id.into(),
        sha256.into(),
        line.record.at.into(),
        line.node(),
        line.service(),
        line.src_ip.into(),
        line.session.map_or(Value::Null, |id| fit(id, 64)),
        origin(line),
        path.map(<[u8]>::to_vec).into(),
        line.is_probe().into(),
    ]
}

impl Seen<'_> {
    fn row(self, sha256: &str) -> Vec<Value> {
        vec![
            sha256.into(),
            self.first.id.into(),
            self.size.into(),
            origin(self.first),
            self.first.record.text(field::FORMAT).map_or(Value::Null, |format| fit(format, 64)),
            self.first_seen.into(),
            self.last_seen.into(),
            self.sightings.into(),
        ]
    }
}
