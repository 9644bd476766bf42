//! What gives a fleet away, judged from its personas and from what a scanner saw. Each finding names the
//! tell by its id in the catalogue of tells that fidelity tests are named after (FL: fleet, OS: network
//! stack, SSH and so on).

mod beside;
mod clash;
mod library;
mod live;
#[cfg(test)]
mod live_tests;
mod seen;
mod system;
#[cfg(test)]
mod tests;

use decnet_model::persona::check;
use netsvc_persona::Persona;
use serde::Serialize;
use std::collections::BTreeMap;

pub use clash::Clash;
pub use live::live;
pub use seen::Seen;
pub use system::{Scanned, recognised};

/// How much a tell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Real hosts show it too.
    Weak,
    /// Adds up with others.
    AddsUp,
    /// Enough on its own.
    Decisive,
}

impl Strength {
    /// Points that it costs, of 100.
    fn cost(self) -> u32 {
        match self {
            Strength::Weak => 3,
            Strength::AddsUp => 12,
            Strength::Decisive => 40,
        }
    }
}

/// Something that gives a decky away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The decky.
    pub decky: String,
    /// How much it says.
    pub strength: Strength,
    /// The tell.
    pub tell: &'static str,
    /// What is seen.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

/// A decky's standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The decky.
    pub decky: String,
    /// 100 when nothing gives it away, less for each finding.
    pub score: u32,
    /// What gives it away, the strongest first.
    pub findings: Vec<Finding>,
}

/// Ports that one decky may have open before it looks like a trap.
const PORTS: usize = 15;

/// The same for a server of Windows: a domain controller has some thirty open.
const PORTS_OF_WINDOWS: usize = 40;

fn most_ports(persona: &Persona) -> usize {
    if persona.os.family == "windows_server" { PORTS_OF_WINDOWS } else { PORTS }
}

/// What gives the machines of `personas` away by themselves and beside each other. `ports`: how many each
/// decky has open, by name.
pub fn personas(personas: &[Persona], ports: &BTreeMap<String, usize>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        clash::of_personas(personas).iter().flat_map(|clash| clash.findings()).collect();
    for persona in personas {
        findings.extend(check::check(persona).into_iter().map(|bad| {
            let (tell, strength) = tell(bad.subject);
            Finding {
                decky: persona.node.clone(),
                strength,
                tell,
                detail: format!("{}: {}", bad.subject, bad.detail),
                remedy: bad.remedy,
            }
        }));
        findings.extend(container_mac(persona));
        let open = ports.get(&persona.node).copied().unwrap_or_default();
        if open > most_ports(persona) {
            findings.push(Finding {
                decky: persona.node.clone(),
                strength: Strength::AddsUp,
                tell: "FL-08",
                detail: format!("{open} ports are open, which no machine of its kind has"),
                remedy: "deploy it with fewer services".to_owned(),
            });
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// What the deckies of `personas` share, those first that give most away; `seen` is what they showed.
pub fn clashes(personas: &[Persona], seen: &BTreeMap<String, Seen>) -> Vec<Clash> {
    let mut clashes = clash::of_personas(personas);
    clashes.extend(beside::clashes(&live::met(personas, seen)));
    clash::ranked(clashes)
}

/// The standing of each of `deckies` under `findings`, the worst first.
pub fn standings(deckies: &[String], findings: &[Finding]) -> Vec<Standing> {
    let mut standings: Vec<Standing> = deckies
        .iter()
        .map(|decky| {
            let mut own: Vec<Finding> =
                findings.iter().filter(|finding| finding.decky == *decky).cloned().collect();
            own.sort_by(|one, other| other.strength.cmp(&one.strength).then(one.cmp(other)));
            let cost: u32 = own.iter().map(|finding| finding.strength.cost()).sum();
            Standing { decky: decky.clone(), score: 100_u32.saturating_sub(cost), findings: own }
        })
        .collect();
    standings.sort_by(|one, other| one.score.cmp(&other.score).then(one.decky.cmp(&other.decky)));
    standings
}

/// A tell and whom it gives away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rank {
    /// The tell.
    pub tell: &'static str,
    /// The strongest of its findings.
    pub strength: Strength,
    /// Deckies that it gives away.
    pub deckies: Vec<String>,
}

/// The tells of `findings`, those first that say most and give away most deckies.
pub fn ranking(findings: &[Finding]) -> Vec<Rank> {
    let mut ranks: BTreeMap<&'static str, Rank> = BTreeMap::new();
    for finding in findings {
        let fresh = Rank { tell: finding.tell, strength: finding.strength, deckies: Vec::new() };
        let rank = ranks.entry(finding.tell).or_insert(fresh);
        rank.strength = rank.strength.max(finding.strength);
        rank.deckies.push(finding.decky.clone());
    }
    let mut ranks: Vec<Rank> = ranks.into_values().collect();
    for rank in &mut ranks {
        rank.deckies.sort();
        rank.deckies.dedup();
    }
    let weight = |rank: &Rank| (rank.strength, rank.deckies.len());
    ranks.sort_by(|one, other| weight(other).cmp(&weight(one)).then(one.tell.cmp(other.tell)));
    ranks
}

/// The tell that a contradiction of a persona is.
fn tell(subject: &str) -> (&'static str, Strength) {
    match subject {
        "ttl" | "family" | "system" => ("OS-03", Strength::Decisive),
        "mac" => ("FL-05", Strength::Decisive),
        "product" => ("SSH-10", Strength::Decisive),
        "kernel" => ("SSH-10", Strength::Decisive),
        "firewall" => ("OS-05", Strength::AddsUp),
        "hostname" => ("FL-14", Strength::AddsUp),
        "clock" | "times" | "time" => ("FL-11", Strength::AddsUp),
        _ => ("FL-03", Strength::AddsUp),
    }
}

/// Docker gives containers addresses that begin so.
fn container_mac(persona: &Persona) -> Option<Finding> {
    let docker = persona.mac.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("02:42"));
    docker.then(|| Finding {
        decky: persona.node.clone(),
        strength: Strength::Decisive,
        tell: "FL-05",
        detail: format!("{} is an address of Docker's", persona.mac),
        remedy: "leave the MAC out to be given one that fits".to_owned(),
    })
}
