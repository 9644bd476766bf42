//! What deckies of a fleet must not share, and what they nevertheless do.

use super::{Finding, Strength};
use netsvc_persona::Persona;
use serde::Serialize;
use std::collections::BTreeMap;

/// Boots that lie closer together than this look like one event, in µs.
const TOGETHER: i64 = 2_000_000;
/// In a larger fleet some pairs meet by chance.
pub(super) const MANY: usize = 50;
/// Others that a finding names.
const NAMED: usize = 3;
const RESET: &str = "`decnet persona reset` gives it another persona";
pub(super) const RESTART: &str = "restart the fleet; if it stays, tell us what `decnet audit --json` says";

/// Something that several deckies show and that does not fit all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Clash {
    /// How much it says.
    pub strength: Strength,
    /// The tell.
    pub tell: &'static str,
    /// What it is.
    pub what: String,
    /// All that show it.
    pub deckies: Vec<String>,
    /// Those of them that it gives away, if not all.
    #[serde(skip)]
    pub(super) blamed: Option<Vec<String>>,
    /// What is said of one decky, before the names of the others.
    #[serde(skip)]
    pub(super) phrase: Phrase,
}

/// How a clash is told of one decky.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phrase {
    /// Before the names of the others.
    Beside(String),
    /// It says all.
    Whole(String),
}

impl Clash {
    pub(super) fn beside(
        strength: Strength,
        tell: &'static str,
        what: impl Into<String>,
        phrase: impl Into<String>,
        mut deckies: Vec<String>,
    ) -> Self {
        deckies.sort_unstable();
        deckies.dedup();
        let phrase = Phrase::Beside(phrase.into());
        Clash { strength, tell, what: what.into(), deckies, blamed: None, phrase }
    }

    /// What it says of each decky.
    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        self.blamed.as_ref().unwrap_or(&self.deckies).iter().map(|decky| Finding {
            decky: decky.clone(),
            strength: self.strength,
            tell: self.tell,
            detail: match &self.phrase {
                Phrase::Beside(phrase) => format!("{phrase} {}", self.others(decky)),
                Phrase::Whole(phrase) => phrase.clone(),
            },
            remedy: if matches!(self.tell, "FL-01" | "FL-05" | "FL-12" | "FL-14") { RESET } else { RESTART }
                .to_owned(),
        })
    }

    /// The first of the others, and how many there are more.
    fn others(&self, decky: &str) -> String {
        let others: Vec<&str> =
            self.deckies.iter().map(String::as_str).filter(|other| *other != decky).collect();
        let named = others.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        match others.len().checked_sub(NAMED) {
            None | Some(0) => named,
            Some(more) => format!("{named} and {more} more"),
        }
    }
}

/// `clashes`, those first that say most and concern most deckies.
pub(super) fn ranked(mut clashes: Vec<Clash>) -> Vec<Clash> {
    let weight = |clash: &Clash| (clash.strength, clash.deckies.len());
    clashes.sort_by(|one, other| weight(other).cmp(&weight(one)).then_with(|| one.cmp(other)));
    clashes.dedup();
    clashes
}

/// Deckies whose times follow each other closer than `together`, in µs; in a large fleet, that have one time.
pub(super) fn at_once(mut times: Vec<(i64, String)>, together: i64) -> Vec<Vec<String>> {
    times.sort_unstable();
    let many = times.len() >= MANY;
    let near = |one: &(i64, String), other: &(i64, String)| {
        one.0 == other.0 || (!many && other.0.saturating_sub(one.0) < together)
    };
    let groups = times.chunk_by(near).filter(|group| group.len() > 1);
    groups.map(|group| group.iter().map(|(_, decky)| decky.clone()).collect()).collect()
}

/// The deckies of each value that more than one of them has.
pub(super) fn shared<'a>(values: impl Iterator<Item = (&'a str, Option<String>)>) -> Vec<Vec<String>> {
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (decky, value) in values {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            owners.entry(value).or_default().push(decky.to_owned());
        }
    }
    owners.into_values().filter(|owners| owners.len() > 1).collect()
}

/// A value that must differ: its tell, its name, and how it is read.
type Unique = (&'static str, &'static str, fn(&Persona) -> Option<String>);

const UNIQUE: &[Unique] = &[
    ("FL-01", "ed25519 host key", |persona| persona.ssh_keys.ed25519_fingerprint()),
    ("FL-01", "ECDSA host key", |persona| persona.ssh_keys.ecdsa_p256_fingerprint()),
    ("FL-01", "certificate serial", |persona| Some(persona.certificate.serial.clone())),
    ("FL-01", "secret", |persona| Some(persona.subkey.0.clone())),
    ("FL-01", "machine id", |persona| Some(persona.hardware.machine_id.clone())),
    // Machines of this hypervisor have none.
    ("FL-01", "serial number", |persona| {
        Some(persona.hardware.serial.clone()).filter(|_| persona.hardware.vendor != "QEMU")
    }),
    ("FL-05", "hardware address", |persona| Some(persona.mac.to_ascii_lowercase())),
    ("FL-14", "host name", |persona| Some(persona.hostname.to_ascii_lowercase())),
];

/// What personas share, and who was switched on at once.
pub(super) fn of_personas(personas: &[Persona]) -> Vec<Clash> {
    let mut clashes = Vec::new();
    for (tell, what, read) in UNIQUE {
        let values = personas.iter().map(|persona| (persona.node.as_str(), read(persona)));
        for deckies in shared(values) {
            let phrase = format!("its {what} is also that of");
            clashes.push(Clash::beside(Strength::Decisive, tell, format!("one {what}"), phrase, deckies));
        }
    }
    let boots = personas.iter().map(|persona| (persona.booted_at, persona.node.clone())).collect();
    clashes.extend(at_once(boots, TOGETHER).into_iter().map(|deckies| {
        let phrase = "it was switched on together with";
        Clash::beside(Strength::AddsUp, "FL-12", "switched on within seconds of each other", phrase, deckies)
    }));
    clashes
}
