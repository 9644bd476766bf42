//! What differs between two topologies.

use decnet_topology::{Decky, Edge, Lan, Rule, Topology};
use std::collections::BTreeSet;

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// `lan`, `decky`, `edge`, `rule`.
    pub(crate) what: &'static str,
    /// Which.
    pub(crate) name: String,
    /// `added`, `removed`, `changed`.
    pub(crate) how: &'static str,
}

/// What makes `new` of `old`. Where something is drawn makes no difference.
pub(crate) fn between(old: &Topology, new: &Topology) -> Vec<Difference> {
    let mut found = Vec::new();
    let lan = |lan: &Lan| Lan { x: None, y: None, ..lan.clone() };
    let decky = |decky: &Decky| Decky { x: None, y: None, ..decky.clone() };
    let named = |edge: &Edge| format!("{} in {}", edge.decky, edge.lan);
    compare("lan", &old.lans, &new.lans, |one| one.name.clone(), lan, &mut found);
    compare("decky", &old.deckies, &new.deckies, |one| one.name.clone(), decky, &mut found);
    compare("edge", &old.edges, &new.edges, named, Clone::clone, &mut found);
    let rule = |rule: &Rule| format!("{} to {}", rule.from, rule.to);
    if old.rules != new.rules {
        let names: BTreeSet<String> = old.rules.iter().chain(&new.rules).map(rule).collect();
        let of = |topology: &Topology, name: &str| -> Vec<Rule> {
            topology.rules.iter().filter(|one| rule(one) == name).cloned().collect()
        };
        let changed = names.into_iter().filter(|name| of(old, name) != of(new, name));
        found.extend(changed.map(|name| Difference { what: "rule", name, how: "changed" }));
    }
    found
}

fn compare<T, K: PartialEq>(
    what: &'static str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> String,
    key: impl Fn(&T) -> K,
    found: &mut Vec<Difference>,
) {
    for one in old {
        match new.iter().find(|other| name(other) == name(one)) {
            None => found.push(Difference { what, name: name(one), how: "removed" }),
            Some(other) if key(other) != key(one) => {
                found.push(Difference { what, name: name(one), how: "changed" });
            }
            Some(_) => {}
        }
    }
    let added = new.iter().filter(|one| old.iter().all(|other| name(other) != name(one)));
    found.extend(added.map(|one| Difference { what, name: name(one), how: "added" }));
}
