//! Who reaches whom: a machine reaches the networks that it is in, and those that routers lead to from there as far as
//! rules let it.

use crate::{Subnet, Topology, Verdict};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::Ipv4Addr,
};

/// A way from a decky to a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The LAN.
    pub lan: String,
    /// The decky's address that connections come from.
    pub from: Ipv4Addr,
    /// TCP ports that pass; none: all.
    pub ports: Vec<u16>,
    /// Routers on the way.
    pub hops: u8,
}

/// What passes from one LAN to another: `None`: nothing; no ports: everything.
pub fn passes(topology: &Topology, from: &str, to: &str) -> Option<Vec<u16>> {
    let about = |rule: &&crate::Rule| {
        (rule.from == "*" || rule.from == from) && (rule.to == "*" || rule.to == to)
    };
    let rules: Vec<_> = topology.rules.iter().filter(about).collect();
    if rules.is_empty() {
        return Some(Vec::new());
    }
    let denied: BTreeSet<u16> = denials(&rules).flat_map(|rule| rule.ports.iter().copied()).collect();
    if denials(&rules).any(|rule| rule.ports.is_empty()) {
        return None;
    }
    let allowed: Vec<_> = rules.iter().filter(|rule| rule.verdict == Verdict::Allow).collect();
    if allowed.iter().any(|rule| rule.ports.is_empty()) && denied.is_empty() {
        return Some(Vec::new());
    }
    let ports: BTreeSet<u16> = allowed.iter().flat_map(|rule| rule.ports.iter().copied()).collect();
    let ports: Vec<u16> = ports.difference(&denied).copied().collect();
    (!ports.is_empty()).then_some(ports)
}

fn denials<'a>(rules: &'a [&'a crate::Rule]) -> impl Iterator<Item = &'a &'a crate::Rule> {
    rules.iter().filter(|rule| rule.verdict == Verdict::Deny)
}

/// The networks that a packet of `lan` gets to, with the routers on the way.
fn routed<'a>(topology: &'a Topology, lan: &'a str) -> BTreeMap<&'a str, u8> {
    let mut found = BTreeMap::from([(lan, 0_u8)]);
    let mut open = VecDeque::from([lan]);
    while let Some(at) = open.pop_front() {
        let hops = found.get(at).copied().unwrap_or_default().saturating_add(1);
        let routers = topology.edges.iter().filter(|edge| edge.lan == at && edge.forwards);
        for edge in routers.flat_map(|edge| topology.edges_of(&edge.decky)).filter(|edge| edge.forwards) {
            if !found.contains_key(edge.lan.as_str()) {
                found.insert(&edge.lan, hops);
                open.push_back(&edge.lan);
            }
        }
    }
    found
}

/// The ways of a decky, nearest networks first.
pub fn of(topology: &Topology, decky: &str) -> Vec<Way> {
    let Some(machine) = topology.decky(decky) else { return Vec::new() };
    let mut ways: BTreeMap<&str, Way> = BTreeMap::new();
    for edge in topology.edges_of(decky) {
        let Some(from) = machine.ips.get(&edge.lan).and_then(|ip| ip.parse().ok()) else { continue };
        for (lan, hops) in routed(topology, &edge.lan) {
            let ports = if hops == 0 { Some(Vec::new()) } else { passes(topology, &edge.lan, lan) };
            let Some(ports) = ports else { continue };
            let nearer = ways.get(lan).is_none_or(|known| hops < known.hops);
            if nearer {
                ways.insert(lan, Way { lan: lan.to_owned(), from, ports, hops });
            }
        }
    }
    let mut ways: Vec<Way> = ways.into_values().collect();
    ways.sort_by(|a, b| (a.hops, &a.lan).cmp(&(b.hops, &b.lan)));
    ways
}

/// How far inside each network is: how many machines somebody who begins on a machine of the DMZ has to take before he
/// is on one that is in it. What is not there cannot be reached.
pub fn depths(topology: &Topology) -> BTreeMap<String, usize> {
    let mut depths: BTreeMap<String, usize> = BTreeMap::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let Some(dmz) = topology.dmz() else { return depths };
    let mut wave: Vec<&str> = fronts(topology, &dmz.name);
    let mut depth = 0;
    while !wave.is_empty() {
        let mut reached = BTreeSet::new();
        for decky in wave {
            taken.insert(decky);
            for edge in topology.edges_of(decky) {
                depths.entry(edge.lan.clone()).or_insert(depth);
            }
            if !has_shell(topology, decky) {
                continue;
            }
            for way in of(topology, decky).into_iter().filter(|way| is_open(&way.ports)) {
                let there = topology.edges.iter().filter(|edge| edge.lan == way.lan);
                reached.extend(there.map(|edge| edge.decky.as_str()).filter(|name| !taken.contains(name)));
            }
        }
        wave = reached.into_iter().filter(|decky| has_shell(topology, decky)).collect();
        depth += 1;
    }
    depths
}

/// Whether somebody may log in through a way.
fn is_open(ports: &[u16]) -> bool {
    ports.is_empty() || ports.contains(&22)
}

fn fronts<'a>(topology: &'a Topology, dmz: &str) -> Vec<&'a str> {
    let is_front = |decky: &&crate::Decky| {
        decky.front && topology.home(&decky.name).is_some_and(|lan| lan.name == dmz)
    };
    topology.deckies.iter().filter(is_front).map(|decky| decky.name.as_str()).collect()
}

/// Whether connections can be forwarded through a machine once somebody is on it.
pub(crate) fn has_shell(topology: &Topology, decky: &str) -> bool {
    let ssh = |decky: &crate::Decky| decky.services.iter().any(|service| service.slug == "ssh");
    topology.decky(decky).is_some_and(ssh)
}

/// The bridges further inside that a decky reaches, with their addresses there.
pub fn onward(topology: &Topology, decky: &str) -> Vec<(String, Ipv4Addr)> {
    let own: BTreeSet<&str> = topology.edges_of(decky).map(|edge| edge.lan.as_str()).collect();
    let mut found = Vec::new();
    for way in of(topology, decky).iter().filter(|way| is_open(&way.ports)) {
        for subject in topology.edges.iter().filter(|edge| edge.lan == way.lan && edge.decky != decky) {
            let leads_on = topology.edges_of(&subject.decky).any(|edge| !own.contains(edge.lan.as_str()));
            let known = found.iter().any(|(name, _)| *name == subject.decky);
            let ip = topology.decky(&subject.decky).and_then(|decky| decky.ips.get(&way.lan)?.parse().ok());
            if leads_on && !known && has_shell(topology, &subject.decky) {
                found.extend(ip.map(|ip| (subject.decky.clone(), ip)));
            }
        }
    }
    found
}

/// The subnet of a LAN, where it is one.
pub(crate) fn subnet(topology: &Topology, lan: &str) -> Option<Subnet> {
    topology.lan(lan)?.subnet.parse().ok()
}
