//! What a client sees of deckies that run, beside what their personas say and beside each other.

use super::{Finding, Strength, beside, beside::Met, clash::RESTART, library, seen::Seen, system::passes};
use netsvc_persona::Persona;
use std::collections::BTreeMap;

/// How far the uptime that is seen may be from that of the persona, in µs, beside its hundredth part.
const UPTIME: i64 = 600_000_000;
/// How far the clock of a service may be off, in µs.
const CLOCK: i64 = 5_000_000;

/// What gives deckies away that were seen, by the name of the decky.
pub fn live(personas: &[Persona], seen: &BTreeMap<String, Seen>) -> Vec<Finding> {
    let met = met(personas, seen);
    let mut findings: Vec<Finding> = met.iter().flat_map(|(persona, seen)| alone(persona, seen)).collect();
    findings.extend(beside::clashes(&met).iter().flat_map(|clash| clash.findings()));
    findings.sort();
    findings.dedup();
    findings
}

/// Those of `personas` that were seen.
pub(super) fn met<'a>(personas: &'a [Persona], seen: &'a BTreeMap<String, Seen>) -> Vec<Met<'a>> {
    personas.iter().filter_map(|persona| Some((persona, seen.get(&persona.node)?))).collect()
}

/// Whether the kernel of Windows has answered in the place of IIS: it does for what it refuses, and on its own ports.
fn is_of_kernel(shown: &str, product: &str) -> bool {
    product == "Microsoft-IIS" && shown.starts_with("Microsoft-HTTPAPI/")
}

/// What one decky shows, beside its persona.
fn alone(persona: &Persona, seen: &Seen) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |strength, tell, detail| {
        let (decky, remedy) = (persona.node.clone(), RESTART.to_owned());
        found.push(Finding { decky, strength, tell, detail, remedy });
    };
    for (slug, shown) in [("ssh", &seen.ssh_version), ("http", &seen.http_server)] {
        if let (Some(shown), Some(product)) = (shown, persona.products.get(slug))
            && !(shown.contains(&product.name) && shows(shown, &product.version))
            && !is_of_kernel(shown, &product.name)
        {
            let claimed = format!("{} {}", product.name, product.version);
            add(
                Strength::Decisive,
                "SSH-10",
                format!("{slug} says {shown:?}, but the machine has {claimed}"),
            );
        }
    }
    for (strength, detail) in keys(persona, seen) {
        add(strength, "SSH-18", detail);
    }
    for jarm in seen.jarm.values() {
        if let Some(detail) = library::contradiction(library::of(persona), jarm) {
            add(Strength::AddsUp, "FL-02", detail);
        }
    }
    if let Some(ahead) = seen.http_ahead
        && (ahead - persona.clock_offset_ms * 1000).abs() > CLOCK
    {
        add(Strength::AddsUp, "FL-11", format!("http is {} s ahead of its clock", ahead / 1_000_000));
    }
    if let Some((booted, period)) = seen.booted.filter(|(_, period)| *period > 0) {
        let off = (booted - persona.booted_at).rem_euclid(period);
        let off = off.min(period - off);
        if off > UPTIME {
            let hours = off / 3_600_000_000;
            add(Strength::AddsUp, "FL-04", format!("its timestamps and its uptime differ by {hours} hours"));
        }
    }
    if let Some(system) = seen.passive.as_deref()
        && !passes(persona, system)
    {
        let detail = format!("a passive observer takes {} for {system}", persona.os.pretty_name);
        add(Strength::Decisive, "OS-02", detail);
    }
    found
}

/// Whether a banner shows a version; one that shows none contradicts nothing. Some packagers leave the
/// `p1` of OpenSSH's portable releases out.
fn shows(banner: &str, version: &str) -> bool {
    let upstream = version.split('p').next().unwrap_or(version);
    !banner.contains(|letter: char| letter.is_ascii_digit()) || banner.contains(upstream)
}

/// Fewest bits of an RSA key that machines of today make.
const SHORT: u32 = 2048;

/// What is wrong with the host keys of an SSH server.
fn keys(persona: &Persona, seen: &Seen) -> Vec<(Strength, String)> {
    let mut wrong = Vec::new();
    let own = [
        ("ed25519", persona.ssh_keys.ed25519_fingerprint()),
        ("ECDSA", persona.ssh_keys.ecdsa_p256_fingerprint()),
    ];
    for (kind, own) in own {
        if seen.host_keys.get(kind).is_some_and(|shown| own.as_ref() != Some(shown)) {
            wrong.push((Strength::Decisive, format!("its {kind} host key is not that of its persona")));
        }
    }
    let mut add = |detail: String| wrong.push((Strength::AddsUp, detail));
    for kind in seen.host_key_kinds.iter().filter(|kind| !seen.host_keys.contains_key(*kind)) {
        add(format!("it lists a host key of kind {kind}, and shows none"));
    }
    // Every sshd that is delivered makes itself one.
    if !seen.host_key_kinds.is_empty() && !seen.host_key_kinds.contains("RSA") {
        add("it has no RSA host key, which every SSH server makes".to_owned());
    }
    if seen.host_key_kinds.contains("DSA") {
        add("it has a DSA host key, which hardly anything but a trap shows".to_owned());
    }
    let own = persona.ssh_keys.rsa_bits;
    match seen.rsa_bits {
        Some(bits) if bits < SHORT => add(format!("its RSA host key has {bits} bits")),
        Some(bits) if bits != own => {
            add(format!("its RSA host key has {bits} bits, that of its persona {own}"))
        }
        _ => {}
    }
    wrong
}
