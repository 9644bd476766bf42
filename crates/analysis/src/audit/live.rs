//! What a client sees of deckies that run, beside what their personas say and beside each other.

use super::{Finding, Strength, system::words};
use netsvc_persona::Persona;
use std::collections::{BTreeMap, BTreeSet};

/// Clocks of two machines do not agree by chance so well that their boots lie so close, in µs.
const TOGETHER: i64 = 1_500_000;
/// How far the uptime that is seen may be from that of the persona, in µs, beside its hundredth part.
const UPTIME: i64 = 600_000_000;
/// How far the clock of a service may be off, in µs.
const CLOCK: i64 = 5_000_000;

/// What was seen of one decky. What was not looked at is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Identification line of its SSH server.
    pub ssh_version: Option<String>,
    /// HASSHServer: MD5 of the algorithms that it offers.
    pub hassh: Option<String>,
    /// Fingerprints of SSH host keys, `SHA256:…`.
    pub host_keys: BTreeSet<String>,
    /// SHA-256 of the certificate, hex.
    pub certificate: Option<String>,
    /// JA3S: MD5 of version, cipher and extensions of the TLS answer.
    pub tls: Option<String>,
    /// `Server` of HTTP.
    pub http_server: Option<String>,
    /// `Date` of HTTP less the time at which it came, in µs.
    pub http_ahead: Option<i64>,
    /// When its TCP timestamps began to count, µs since the epoch, and the time after which they begin anew.
    pub booted: Option<(i64, i64)>,
    /// Identifications of the IP packets that answered one scan, in their order.
    pub ids: Vec<u16>,
    /// Initial sequence numbers that answered one scan, in their order.
    pub isns: Vec<u32>,
    /// What a passive observer calls its system.
    pub passive: Option<String>,
}

/// What gives deckies away that were seen, by the name of the decky.
pub fn live(personas: &[Persona], seen: &BTreeMap<String, Seen>) -> Vec<Finding> {
    let met: Vec<(&Persona, &Seen)> =
        personas.iter().filter_map(|persona| Some((persona, seen.get(&persona.node)?))).collect();
    let mut findings = Vec::new();
    for (persona, seen) in &met {
        findings.extend(alone(persona, seen));
    }
    findings.extend(equal(&met));
    findings.extend(libraries(&met));
    findings.extend(clocks(&met));
    findings.sort();
    findings.dedup();
    findings
}

fn finding(persona: &Persona, strength: Strength, tell: &'static str, detail: String) -> Finding {
    let remedy = match tell {
        "FL-01" => "`decnet persona reset` gives it another persona",
        _ => "restart the fleet; if it stays, tell us what `decnet audit --json` says",
    };
    Finding { decky: persona.node.clone(), strength, tell, detail, remedy: remedy.to_owned() }
}

/// What one decky shows, beside its persona.
fn alone(persona: &Persona, seen: &Seen) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |strength, tell, detail| found.push(finding(persona, strength, tell, detail));
    for (slug, shown) in [("ssh", &seen.ssh_version), ("http", &seen.http_server)] {
        if let (Some(shown), Some(product)) = (shown, persona.products.get(slug))
            && !(shown.contains(&product.name) && shows(shown, &product.version))
        {
            let claimed = format!("{} {}", product.name, product.version);
            add(
                Strength::Decisive,
                "SSH-10",
                format!("{slug} says {shown:?}, but the machine has {claimed}"),
            );
        }
    }
    let own: BTreeSet<String> =
        [persona.ssh_keys.ed25519_fingerprint(), persona.ssh_keys.ecdsa_p256_fingerprint()]
            .into_iter()
            .flatten()
            .collect();
    if !seen.host_keys.is_empty() && own.is_disjoint(&seen.host_keys) {
        add(Strength::Decisive, "SSH-18", "its host keys are not those of its persona".to_owned());
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
        && !words(persona).iter().any(|word| system.contains(word))
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

/// A value that must differ, and how it is read.
type Unique = (&'static str, &'static str, fn(&Seen) -> Vec<String>);

const UNIQUE: &[Unique] = &[
    ("FL-01", "SSH host key", |seen| seen.host_keys.iter().cloned().collect()),
    ("FL-01", "certificate", |seen| seen.certificate.iter().cloned().collect()),
    ("FL-04", "series of IP identifications", |seen| series(&seen.ids)),
    ("FL-04", "series of initial sequence numbers", |seen| series(&seen.isns)),
];

/// A series that says something: of three numbers or more, not all the same.
fn series<T: Copy + PartialEq + ToString>(numbers: &[T]) -> Vec<String> {
    let varies = numbers.windows(2).any(|pair| pair.first() != pair.last());
    let text: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    if numbers.len() >= 3 && varies { vec![text.join(",")] } else { Vec::new() }
}

fn equal(met: &[(&Persona, &Seen)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (tell, what, read) in UNIQUE {
        let mut owners: BTreeMap<String, Vec<&Persona>> = BTreeMap::new();
        for (persona, seen) in met {
            for value in read(seen) {
                owners.entry(value).or_default().push(persona);
            }
        }
        for sharing in owners.into_values().filter(|owners| owners.len() > 1) {
            findings.extend(sharing.iter().map(|persona| {
                let others = beside(persona, &sharing);
                finding(persona, Strength::Decisive, tell, format!("it shows the {what} of {others}"))
            }));
        }
    }
    findings
}

/// Names of the others, the first three.
fn beside(one: &Persona, all: &[&Persona]) -> String {
    let others: Vec<&str> =
        all.iter().filter(|other| other.node != one.node).map(|other| other.node.as_str()).collect();
    let named = others.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    if others.len() > 3 { format!("{named} and {} more", others.len() - 3) } else { named }
}

/// One library behind servers that claim to be different ones.
fn libraries(met: &[(&Persona, &Seen)]) -> Vec<Finding> {
    let version = |persona: &Persona| {
        persona.products.get("ssh").map(|product| format!("{} {}", product.name, release(&product.version)))
    };
    let mut findings = differing(met, Strength::Decisive, "HASSHServer", |seen| seen.hassh.clone(), version);
    let stack = |persona: &Persona| {
        let windows = persona.os.family.starts_with("windows");
        Some(if windows { "Schannel" } else { "OpenSSL" }.to_owned())
    };
    // One answer says less than an offer: other libraries may give it too.
    findings.extend(differing(met, Strength::AddsUp, "JA3S", |seen| seen.tls.clone(), stack));
    findings
}

/// Offers of OpenSSH change with releases, not with patches; `9.2p1` is `9`.
fn release(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// Deckies that show the same `what` and claim something different.
fn differing(
    met: &[(&Persona, &Seen)],
    strength: Strength,
    what: &str,
    shown: impl Fn(&Seen) -> Option<String>,
    claim: impl Fn(&Persona) -> Option<String>,
) -> Vec<Finding> {
    let mut claims: BTreeMap<String, BTreeMap<String, Vec<&Persona>>> = BTreeMap::new();
    for (persona, seen) in met {
        if let (Some(shown), Some(claimed)) = (shown(seen), claim(persona)) {
            claims.entry(shown).or_default().entry(claimed).or_default().push(persona);
        }
    }
    let mut findings = Vec::new();
    for (value, claims) in claims.into_iter().filter(|(_, claims)| claims.len() > 1) {
        let named = claims.keys().cloned().collect::<Vec<_>>().join(", ");
        // Those are wrong that are fewer: the most frequent claim may well be true.
        let most = claims.values().map(Vec::len).max().unwrap_or_default();
        for persona in claims.values().filter(|sharing| sharing.len() < most || most == 1).flatten() {
            let detail = format!("{what} {value} is shown under the names {named}");
            findings.push(finding(persona, strength, "FL-02", detail));
        }
    }
    findings
}

/// Timestamps that began to count at the same moment.
fn clocks(met: &[(&Persona, &Seen)]) -> Vec<Finding> {
    let mut boots: Vec<(i64, &Persona)> =
        met.iter().filter_map(|(persona, seen)| Some((seen.booted?.0, *persona))).collect();
    boots.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.node.cmp(&other.1.node)));
    let mut findings = Vec::new();
    for pair in boots.windows(2) {
        let [(first, one), (second, other)] = pair else { continue };
        // In a large fleet some pairs meet by chance.
        if second - first < TOGETHER && (met.len() < 50 || first == second) {
            for (decky, beside) in [(one, other), (other, one)] {
                let detail = format!("its timestamps count from the same moment as those of {}", beside.node);
                findings.push(finding(decky, Strength::Decisive, "FL-04", detail));
            }
        }
    }
    findings
}
