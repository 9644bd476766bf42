//! Payloads by content, and every time that one was seen.

use super::Line;
use crate::{database::Tx, error::Error};
use decnet_model::record::{Artefact, Sighting};
use netsvc_wire::{Kind, Meaning, field};
use std::collections::BTreeMap;

/// APP-NAME of the collector's own events, which no service may take.
const COLLECTOR: &str = "collector";

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut artefacts: BTreeMap<&str, Artefact> = BTreeMap::new();
    let mut sightings = Vec::new();
    for line in lines {
        let unkept = unkept(line);
        let Some(sha256) = sha256_of(line).or(unkept.map(|(sha256, _)| sha256)) else { continue };
        let at = line.record.at;
        let seen = artefacts.entry(sha256).or_insert_with(|| Artefact {
            sha256: sha256.to_owned(),
            first_event: line.id,
            size: 0,
            origin: origin(line),
            format: line.record.text(field::FORMAT).map(str::to_owned),
            first_seen: at,
            last_seen: at,
            sightings: 0,
            unkept: None,
        });
        if let Some((_, limit)) = unkept {
            // Said by the collector: nobody has seen it once more.
            seen.size = seen.size.max(line.record.number_field(field::SIZE).unwrap_or(0));
            seen.unkept = Some(limit.to_owned());
            continue;
        }
        if seen.sightings == 0 {
            // Who only said that it is not kept does not know where it came from.
            seen.origin = origin(line);
            seen.format = line.record.text(field::FORMAT).map(str::to_owned).or(seen.format.take());
        }
        seen.size = seen.size.max(line.record.number_field(field::SIZE).unwrap_or(0));
        seen.first_seen = seen.first_seen.min(at);
        seen.last_seen = seen.last_seen.max(at);
        seen.sightings += 1;
        sightings.push(sighting(line, sha256));
    }
    tx.upsert("store artefacts", artefacts.into_values()).await?;
    tx.upsert("store sightings", sightings).await
}

/// What the collector says of a payload that is not kept: its hash, and the limit that it met.
fn unkept<'a>(line: &Line<'a>) -> Option<(&'a str, &'a str)> {
    let record: &'a netsvc_wire::Record = line.record;
    let is_said = record.app == COLLECTOR && record.kind == Kind::Dropped.name();
    let sha256 = record.text(field::SHA256).filter(|sha256| is_said && is_sha256(sha256))?;
    Some((sha256, record.text(field::LIMIT)?))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The hash of a blob that the line says was kept. Other lines may carry a hash that means something else.
fn sha256_of<'a>(line: &Line<'a>) -> Option<&'a str> {
    let keeps = usual_origin(line.meaning()?).is_some();
    let record: &'a netsvc_wire::Record = line.record;
    let sha256 = record.text(field::SHA256).filter(|_| keeps)?;
    is_sha256(sha256).then_some(sha256)
}

/// Where a blob of a kind of event comes from when the line does not say; `None` for kinds that keep none.
fn usual_origin(meaning: Meaning) -> Option<&'static str> {
    match meaning {
        Meaning::Recording => Some("recording"),
        Meaning::Mail => Some("mail"),
        Meaning::Packets => Some("packets"),
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

fn origin(line: &Line<'_>) -> String {
    let usual = line.meaning().and_then(usual_origin).unwrap_or("unknown");
    line.record.text(field::ORIGIN).unwrap_or(usual).to_owned()
}

fn sighting(line: &Line<'_>, sha256: &str) -> Sighting {
    let path = line.record.field(field::PATH).or_else(|| line.record.field(field::NAME));
    Sighting {
        event: line.id,
        sha256: sha256.to_owned(),
        at: line.record.at,
        node: line.record.node.clone(),
        service: line.record.app.clone(),
        src_ip: line.src_ip,
        session: line.session.map(str::to_owned),
        origin: origin(line),
        path: path.map(<[u8]>::to_vec),
        probe: line.is_probe(),
    }
}
