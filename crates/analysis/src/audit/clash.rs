//! What two deckies of a fleet must not share.

use super::{Finding, Strength};
use netsvc_persona::Persona;
use std::collections::BTreeMap;

/// Boots that lie closer together than this look like one event, in µs.
const TOGETHER: i64 = 2_000_000;

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

/// What is shared, told of each decky that shares it.
pub(super) fn findings(personas: &[Persona]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (tell, what, read) in UNIQUE {
        let mut owners: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for persona in personas {
            if let Some(value) = read(persona).filter(|value| !value.is_empty()) {
                owners.entry(value).or_default().push(&persona.node);
            }
        }
        for sharing in owners.into_values().filter(|owners| owners.len() > 1) {
            findings.extend(sharing.iter().map(|decky| shared(decky, tell, what, &sharing)));
        }
    }
    findings.extend(born_together(personas));
    findings
}

fn shared(decky: &str, tell: &'static str, what: &str, sharing: &[&str]) -> Finding {
    let others: Vec<&str> = sharing.iter().copied().filter(|other| *other != decky).collect();
    let named = others.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = if others.len() > 3 { format!(" and {} more", others.len() - 3) } else { String::new() };
    Finding {
        decky: decky.to_owned(),
        strength: Strength::Decisive,
        tell,
        detail: format!("its {what} is also that of {named}{more}"),
        remedy: "`decnet persona reset` gives it another persona".to_owned(),
    }
}

/// Machines that were switched on within seconds of each other.
fn born_together(personas: &[Persona]) -> Vec<Finding> {
    let mut boots: Vec<(i64, &str)> =
        personas.iter().map(|persona| (persona.booted_at, persona.node.as_str())).collect();
    boots.sort_unstable();
    let mut findings = Vec::new();
    for pair in boots.windows(2) {
        let [(first, one), (second, other)] = pair else { continue };
        // In a fleet of a thousand some pairs meet by chance; the same moment is no chance.
        if first == second || (personas.len() < 50 && second - first < TOGETHER) {
            for (decky, beside) in [(one, other), (other, one)] {
                findings.push(Finding {
                    decky: (*decky).to_owned(),
                    strength: Strength::AddsUp,
                    tell: "FL-12",
                    detail: format!("it was switched on together with {beside}"),
                    remedy: "`decnet persona reset` gives it another persona".to_owned(),
                });
            }
        }
    }
    findings
}
