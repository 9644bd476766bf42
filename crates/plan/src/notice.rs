//! What a plan does that its author may not expect: said, and not refused.

use crate::coherence;
use decnet_model::{
    archetype, catalogue,
    fleet::{Decky, Fleet},
    runtime::Runtime,
};
use std::collections::{BTreeMap, BTreeSet};

/// More open ports than hosts of an office have.
const MANY_PORTS: usize = 15;
/// As many services of one host look like a collection of lures.
const MANY_SERVICES: usize = 8;
/// Share of a known default set, in per cent, that scanners for decoys take for it.
const SHARE: usize = 70;
/// Smallest set that says something: two ports are found together everywhere.
const SMALLEST: usize = 5;
/// TCP ports that well-known decoys open as they are installed, from their documentation.
const DEFAULT_SETS: &[(&str, &[u16])] = &[
    ("Dionaea", &[21, 42, 80, 135, 443, 445, 1433, 1723, 1883, 3306, 5060, 11211]),
    ("Heralding", &[21, 22, 23, 25, 80, 110, 143, 443, 465, 993, 995, 1080, 3306, 5432, 5900]),
    ("OpenCanary", &[21, 22, 23, 80, 1433, 3306, 3389, 5900, 6379, 8001, 8080, 9418]),
    ("Conpot", &[21, 80, 102, 502, 44818]),
];
/// Most deckies that a line names.
const MOST_NAMED: usize = 4;

/// One line for each kind of thing, with the deckies that it holds for.
pub fn of(fleet: &Fleet) -> Vec<String> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for decky in fleet.deckies.values() {
        for text in advice(decky) {
            found.entry(text).or_default().push(decky.name.as_str());
        }
    }
    let mut lines: Vec<String> = found.into_iter().map(|(text, names)| line(&names, &text)).collect();
    lines.extend(without_gate(fleet));
    if fleet.runtime != Runtime::Docker {
        lines.extend(fleet.custom.iter().map(|custom| {
            format!(
                "[custom-{}]: not served by the runtime {}; container services need --runtime docker",
                custom.name, fleet.runtime
            )
        }));
    }
    lines
}

/// Connections are held by the gate, which only one runtime has; services that are slow themselves are so everywhere.
fn without_gate(fleet: &Fleet) -> Option<String> {
    let holds = |decky: &&Decky| {
        let slow = decky.tarpit.of(&fleet.tarpit);
        slow.is_some_and(|slow| decky.services.iter().any(|service| !slow.services.contains(&service.slug)))
    };
    let names: Vec<_> = fleet.deckies.values().filter(holds).map(|decky| decky.name.as_str()).collect();
    let why = format!(
        "the runtime {} holds no connections; only services in tarpit_services keep anybody waiting",
        fleet.runtime
    );
    (fleet.runtime != Runtime::Native && !names.is_empty()).then(|| line(&names, &why))
}

fn line(names: &[&str], text: &str) -> String {
    let shown: Vec<_> = names.iter().take(MOST_NAMED).copied().collect();
    let more = names.len().saturating_sub(MOST_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}: {text}", shown.join(", "))
}

/// What is odd about one decky.
fn advice(decky: &Decky) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(without_companion(decky));
    let ports: BTreeSet<u16> = decky.ports().iter().map(|port| port.port).collect();
    if MANY_PORTS < ports.len() {
        found.push(format!("{} open ports are more than such a host has", ports.len()));
    }
    if MANY_SERVICES <= decky.services.len() {
        found.push(format!(
            "{} services on one host look like a collection of lures; spread them over several deckies",
            decky.services.len()
        ));
    }
    for (name, set) in DEFAULT_SETS {
        let common = set.iter().filter(|port| ports.contains(port)).count();
        if SMALLEST <= common && SHARE * set.len() <= common * 100 {
            found.push(format!(
                "its ports are {common} of the {} that {name} opens as installed: scanners know that set",
                set.len()
            ));
        }
    }
    found
}

/// A kind of machine without what makes it one.
fn without_companion(decky: &Decky) -> Option<String> {
    let archetype = decky.archetype.as_deref().and_then(archetype::archetype)?;
    let fits =
        |slug: &&&str| catalogue::find(slug).is_some() && coherence::fits(&decky.system, None, [**slug]);
    let main = archetype.services.iter().find(fits)?;
    let served = decky.services.iter().any(|service| service.slug == **main);
    (!served).then(|| format!("a {} has {main}; without it the machine looks odd", archetype.slug))
}

#[cfg(test)]
mod tests {
    use crate::ini::deploy;
    use decnet_model::{nmap, runtime::Runtime};

    fn check(text: &str, parts: &[&str]) {
        let options = deploy::Options {
            runtime: Some(Runtime::Loopback),
            network: None,
            skipped: 0,
            taken: Default::default(),
            faces: &nmap::ABSENT,
            limit: deploy::FILE_LIMIT,
        };
        let fleet = deploy::fleet("f", text.as_bytes(), &options).unwrap();
        let found = super::of(&fleet);
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for (line, part) in found.iter().zip(parts) {
            assert!(line.contains(part), "{line}");
        }
    }

    #[test]
    fn what_is_odd_or_not_yet_there_is_said() {
        check("[a]\nservices = http\n", &[]);
        check("[general]\nmutate_interval = 1\n[a]\nservices = http\nmutate_interval = 5\n", &[]);
        check(
            "[a]\narchetype = linux-server\nservices = http\namount = 6\n",
            &["a-01, a-02, a-03, a-04 and 2 more: a linux-server has ssh; without it"],
        );
        check("[a]\narchetype = web-server\n", &[]);
        check(
            "[general]\ntarpit = yes\ntarpit_services = ssh\n[a]\nservices = http\n[b]\nservices = ssh\n",
            &["a: the runtime loopback holds no connections"],
        );
        check(
            "[custom-shop]\nbinary = shop:1\n[a]\nservices = http, shop\n",
            &["[custom-shop]: not served by the runtime loopback; container services need --runtime docker"],
        );
    }
}
