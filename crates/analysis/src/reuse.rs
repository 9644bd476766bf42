//! Secrets that were offered more than once: over deckies, services, login names and addresses.

use crate::{
    incident, listed,
    profile::{BadState, shown},
    sketch::{Distinct, hash},
    touch::Touch,
};
use decnet_model::record::{EventRow, ReuseRow};
use netsvc_wire::{Kind, Meaning, field, stamp::Micros};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names of each kind that are kept.
const NAMES: usize = 24;
/// Bytes of a name that are kept.
const NAME: usize = 96;
/// Bytes of a secret that are kept.
const SECRET: usize = 1024;

/// Some of what there was: how many, and the names of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Among {
    /// How many.
    pub distinct: Distinct,
    /// The first of them, escaped and cut.
    pub names: Vec<String>,
}

impl Among {
    fn add(&mut self, value: &[u8]) {
        if self.distinct.add(hash(&[value])) && self.names.len() < NAMES {
            self.names.push(shown(value, NAME));
        }
    }
}

/// All that is known of one secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    #[serde(skip)]
    kind: String,
    #[serde(skip)]
    secret: Vec<u8>,
    attempts: u64,
    accepted: u64,
    first_event: i64,
    last_event: i64,
    first_seen: Micros,
    last_seen: Micros,
    /// `DECKY:SERVICE`.
    pub targets: Among,
    /// Deckies.
    pub nodes: Among,
    /// Services.
    pub services: Among,
    /// Login names.
    pub principals: Among,
    /// Addresses.
    pub attackers: Among,
    /// A device or program that comes with it.
    pub of: Option<String>,
}

/// The secret that an event offers, where it is the same whoever asks for it: what answers a challenge is another
/// each time.
pub fn key(row: &EventRow) -> Option<[u8; 32]> {
    if row.probe || Touch::of_row(row).is_none() {
        return None;
    }
    let (kind, secret) = offered(row)?;
    let hasher = Sha256::new().chain_update(kind.as_bytes()).chain_update([0]).chain_update(secret);
    Some(hasher.finalize().into())
}

fn offered(row: &EventRow) -> Option<(&str, &[u8])> {
    let offered = match Kind::meaning_of(&row.kind)? {
        Meaning::Secret if row.field(field::CHALLENGE_B64).is_none() => {
            // The exact bytes where there are any: in the printable form two secrets may look the same.
            let secret = row.field(field::SECRET_B64).or_else(|| row.field(field::SECRET_PRINTABLE))?;
            (row.text(field::SECRET_KIND).unwrap_or("plaintext"), secret)
        }
        Meaning::Key => ("publickey", row.field(field::KEY_SHA256)?),
        _ => return None,
    };
    Some(offered).filter(|(_, secret)| !secret.is_empty())
}

impl Reuse {
    /// What was stored.
    ///
    /// # Errors
    /// [`BadState`] when it was written by something else.
    pub fn read(row: &ReuseRow) -> Result<Reuse, BadState> {
        let bad = |source| BadState { address: "a secret".to_owned(), source };
        let state: Reuse = serde_json::from_str(&row.state).map_err(bad)?;
        Ok(Reuse { kind: row.secret_kind.clone(), secret: row.secret.clone(), ..state })
    }

    /// What is to be stored.
    pub fn row(&self, key: [u8; 32]) -> ReuseRow {
        ReuseRow {
            secret_hash: key.to_vec(),
            secret_kind: self.kind.clone(),
            secret: self.secret.clone(),
            attempts: self.attempts,
            accepted: self.accepted,
            targets: self.targets.distinct.count(),
            nodes: self.nodes.distinct.count(),
            services: self.services.distinct.count(),
            principals: self.principals.distinct.count(),
            attackers: self.attackers.distinct.count(),
            first_event: self.first_event,
            last_event: self.last_event,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            listed: self.listed().map(|list| list.name().to_owned()).unwrap_or_default(),
            // Plain data is always written.
            state: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    fn listed(&self) -> Option<listed::List> {
        if self.kind != "plaintext" {
            return None;
        }
        listed::secret(&String::from_utf8_lossy(&self.secret))
    }

    /// Takes the next event that offers the secret.
    pub fn add(&mut self, row: &EventRow) {
        let Some(touch) = Touch::of_row(row) else { return };
        let Some((kind, exact)) = offered(row) else { return };
        if self.attempts == 0 {
            let secret = row.field(field::SECRET_PRINTABLE).unwrap_or(exact);
            self.kind = kind.to_owned();
            self.secret = secret.get(..SECRET).unwrap_or(secret).to_vec();
            (self.first_event, self.first_seen, self.last_seen) = (row.id, touch.at, touch.at);
            self.of = self.listed().and_then(|list| match list {
                listed::List::Default(of) => Some(of.to_owned()),
                listed::List::Common => None,
            });
        }
        self.attempts += 1;
        self.accepted += u64::from(incident::let_in(row));
        self.last_event = row.id;
        self.first_seen = self.first_seen.min(touch.at);
        self.last_seen = self.last_seen.max(touch.at);
        self.targets.add(format!("{}:{}", touch.node, touch.service).as_bytes());
        self.nodes.add(touch.node.as_bytes());
        self.services.add(touch.service.as_bytes());
        self.principals.add(row.field(field::PRINCIPAL).unwrap_or_default());
        self.attackers.add(touch.src_ip.to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::WriterId;

    fn row(id: i64, address: &str, node: &str, service: &str, fields: &[(&str, &str)]) -> EventRow {
        EventRow {
            id,
            writer: WriterId(1),
            number: 1,
            at: id * 10,
            node: node.into(),
            service: service.into(),
            kind: "auth_attempt".into(),
            src_ip: address.parse().ok(),
            src_port: None,
            dst_port: None,
            session: None,
            probe: false,
            host: None,
            class: decnet_model::record::class_of("auth_attempt"),
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
        }
    }

    #[test]
    fn one_secret_over_deckies_services_names_and_addresses() {
        let of = |name| [("principal", name), ("secret_printable", "vizxv"), ("secret_b64", "dml6eHY=")];
        let rows = [
            row(1, "192.0.2.1", "a", "ssh", &of("root")),
            row(2, "192.0.2.1", "a", "ssh", &of("root")),
            row(3, "192.0.2.2", "b", "telnet", &of("admin")),
        ];
        let key = key(&rows[0]).unwrap();
        let mut reuse = Reuse::default();
        for row in &rows {
            assert_eq!(super::key(row), Some(key));
            reuse.add(row);
            // Each is stored and read back.
            reuse = Reuse::read(&reuse.row(key)).unwrap();
        }
        let row = reuse.row(key);
        assert_eq!(
            (row.attempts, row.targets, row.nodes, row.services, row.principals, row.attackers),
            (3, 2, 2, 2, 2, 2)
        );
        assert_eq!((row.listed.as_str(), row.first_event, row.last_event), ("default", 1, 3));
        assert_eq!(
            (row.secret.as_slice(), reuse.of.as_deref()),
            (b"vizxv".as_slice(), Some("Dahua cameras"))
        );
        assert_eq!(reuse.principals.names, ["root", "admin"]);
    }

    #[test]
    fn answers_to_challenges_and_probes_are_no_reuse() {
        let challenged =
            row(1, "192.0.2.1", "a", "smb", &[("secret_b64", "eA=="), ("challenge_b64", "eQ==")]);
        let plain = row(1, "192.0.2.1", "a", "ssh", &[("secret_printable", "x")]);
        assert_eq!(key(&challenged), None);
        assert_eq!(key(&EventRow { probe: true, ..plain.clone() }), None);
        assert!(key(&plain).is_some());
        assert_eq!(key(&row(1, "192.0.2.1", "a", "ssh", &[])), None);
    }
}
