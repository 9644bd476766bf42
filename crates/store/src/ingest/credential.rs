//! Secrets offered, one row for each peer, node, service, login name and secret.

use super::Line;
use crate::{credential::KeyedCredential, database::Tx, error::Error};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use decnet_model::record::Credential;
use netsvc_wire::{Meaning, Record, field};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The offers of a batch that are the same.
struct Offer<'a> {
    first: &'a Line<'a>,
    last_event: i64,
    secret: Vec<u8>,
    kind: &'a str,
    outcome: Option<&'a str>,
    attempts: u64,
    first_seen: i64,
    last_seen: i64,
}

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut offers: BTreeMap<[u8; 32], Offer<'_>> = BTreeMap::new();
    for line in lines {
        let Some((kind, secret)) = secret_of(line) else { continue };
        let at = line.record.at;
        let outcome = line.record.text(field::OUTCOME);
        let offer = offers.entry(key(line, kind, &secret)).or_insert_with(|| Offer {
            first: line,
            last_event: line.id,
            secret,
            kind,
            outcome,
            attempts: 0,
            first_seen: at,
            last_seen: at,
        });
        offer.last_event = line.id;
        offer.attempts += 1;
        offer.first_seen = offer.first_seen.min(at);
        offer.last_seen = offer.last_seen.max(at);
        if offer.outcome != Some("accepted") {
            offer.outcome = outcome.or(offer.outcome);
        }
    }
    let rows = offers.into_iter().map(|(key, offer)| offer.row(key));
    tx.upsert("store credentials", rows).await
}

/// Kind and exact bytes of the secret that a line offers.
fn secret_of<'a>(line: &Line<'a>) -> Option<(&'a str, Vec<u8>)> {
    let record: &'a Record = line.record;
    match line.meaning()? {
        Meaning::Secret => {
            let exact = record.field(field::SECRET_B64).and_then(|text| BASE64.decode(text).ok());
            let secret = exact.or_else(|| record.field(field::SECRET_PRINTABLE).map(<[u8]>::to_vec))?;
            Some((record.text(field::SECRET_KIND).unwrap_or("plaintext"), secret))
        }
        Meaning::Key => Some(("publickey", record.field(field::KEY_SHA256)?.to_vec())),
        Meaning::Own
        | Meaning::Contact
        | Meaning::Opened
        | Meaning::Closed
        | Meaning::Client
        | Meaning::Session
        | Meaning::Command
        | Meaning::Deed
        | Meaning::Payload
        | Meaning::Mail
        | Meaning::Recording
        | Meaning::Packets
        | Meaning::Flood => None,
    }
}

/// The same for equal offers. Every part is preceded by its length, so that no two sets of parts collide.
fn key(line: &Line<'_>, kind: &str, secret: &[u8]) -> [u8; 32] {
    let record = line.record;
    let address = line.src_ip.map(|address| address.to_string()).unwrap_or_default();
    let principal = record.field(field::PRINCIPAL).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [
        address.as_bytes(),
        record.node.as_bytes(),
        record.app.as_bytes(),
        kind.as_bytes(),
        principal,
        secret,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl Offer<'_> {
    fn row(self, key: [u8; 32]) -> KeyedCredential {
        let record = self.first.record;
        let bytes = |name| record.field(name).map(<[u8]>::to_vec);
        let row = Credential {
            first_event: self.first.id,
            last_event: self.last_event,
            src_ip: self.first.src_ip,
            node: record.node.clone(),
            service: record.app.clone(),
            principal: bytes(field::PRINCIPAL).unwrap_or_default(),
            secret_kind: self.kind.to_owned(),
            secret_sha256: hex::encode(Sha256::digest(&self.secret)),
            secret: self.secret,
            challenge: record.field(field::CHALLENGE_B64).and_then(|text| BASE64.decode(text).ok()),
            realm: bytes(field::REALM),
            crack_line: bytes(field::CRACK_LINE),
            outcome: self.outcome.map(str::to_owned),
            attempts: self.attempts,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            probe: self.first.is_probe(),
        };
        KeyedCredential { row, key_hash: key.to_vec() }
    }
}
