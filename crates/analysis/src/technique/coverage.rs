//! Which techniques a fleet would notice.

use super::{
    attack::{Technique, technique},
    rules::Rules,
};
use decnet_model::catalogue;
use std::collections::{BTreeMap, BTreeSet};

/// A technique and what would notice it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The technique.
    pub technique: &'static Technique,
    /// Rules that look for it.
    pub rules: Vec<String>,
    /// Services of the fleet that write what those rules look at; none: nobody in this fleet would notice it.
    pub services: BTreeSet<String>,
}

/// Every technique that a rule is about, with what of a fleet with these services would notice it.
pub fn coverage(rules: &Rules, services: &BTreeSet<String>) -> Vec<Covered> {
    let mut covered: BTreeMap<&str, Covered> = BTreeMap::new();
    for (number, rule) in rules.all().iter().enumerate() {
        let Some(technique) = technique(&rule.technique) else { continue };
        let entry = covered.entry(technique.id).or_insert_with(|| Covered {
            technique,
            rules: Vec::new(),
            services: BTreeSet::new(),
        });
        entry.rules.push(rule.id.clone());
        for (kind, only) in rules.looks_at(number) {
            let own = services.iter().filter(|slug| only.is_empty() || only.contains(slug));
            entry.services.extend(own.filter(|slug| writes(slug, kind)).cloned());
        }
    }
    covered.into_values().collect()
}

/// Whether the service writes events of the kind; what the gate sees, every decky shows.
fn writes(slug: &str, kind: &str) -> bool {
    const EVERY: &[&str] = &["connect", "first_bytes", "disconnect", "malformed", "limited", "flood"];
    const GATE: &[&str] =
        &["port_scan", "udp_probe", "arp_sweep", "ping_sweep", "odd_packet", "spoofer_detected"];
    EVERY.contains(&kind)
        || (slug == "gate" && GATE.contains(&kind))
        || catalogue::find(slug).is_some_and(|service| service.records.iter().any(|own| own == kind))
}
