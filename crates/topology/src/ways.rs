//! Who reaches whom: a machine reaches the networks that it is in, and those that routers lead to from there as far as
//! rules let it.

use crate::{Decky, Edge, Subnet, Topology, Verdict};
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
    let about =
        |rule: &&crate::Rule| (rule.from == "*" || rule.from == from) && (rule.to == "*" || rule.to == to);
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

/// A topology with everything that is looked up often, by name.
pub struct Map<'a> {
    topology: &'a Topology,
    machines: BTreeMap<&'a str, &'a Decky>,
    of_decky: BTreeMap<&'a str, Vec<&'a Edge>>,
    of_lan: BTreeMap<&'a str, Vec<&'a Edge>>,
    /// The networks that a packet of a LAN gets to, with the routers on the way.
    routed: BTreeMap<&'a str, BTreeMap<&'a str, u8>>,
    /// What passes on the way from one to another, as [`passes`] says it.
    passed: BTreeMap<(&'a str, &'a str), Option<Vec<u16>>>,
}

impl<'a> Map<'a> {
    /// The map of a topology.
    pub fn new(topology: &'a Topology) -> Self {
        let machines = topology.deckies.iter().map(|decky| (decky.name.as_str(), decky)).collect();
        let mut map = Map {
            topology,
            machines,
            of_decky: BTreeMap::new(),
            of_lan: BTreeMap::new(),
            routed: BTreeMap::new(),
            passed: BTreeMap::new(),
        };
        for edge in &topology.edges {
            map.of_decky.entry(&edge.decky).or_default().push(edge);
            map.of_lan.entry(&edge.lan).or_default().push(edge);
        }
        map.routed = topology.lans.iter().map(|lan| (lan.name.as_str(), map.routed(&lan.name))).collect();
        let mut passed = BTreeMap::new();
        for (from, all) in &map.routed {
            for to in all.iter().filter(|(_, hops)| 0 < **hops).map(|(to, _)| *to) {
                passed.insert((*from, to), passes(topology, from, to));
            }
        }
        map.passed = passed;
        map
    }

    fn edges_of(&self, decky: &str) -> &[&'a Edge] {
        self.of_decky.get(decky).map_or(&[], Vec::as_slice)
    }

    fn edges_in(&self, lan: &str) -> &[&'a Edge] {
        self.of_lan.get(lan).map_or(&[], Vec::as_slice)
    }

    fn routed(&self, lan: &'a str) -> BTreeMap<&'a str, u8> {
        let mut found = BTreeMap::from([(lan, 0_u8)]);
        let mut open = VecDeque::from([lan]);
        while let Some(at) = open.pop_front() {
            let hops = found.get(at).copied().unwrap_or_default().saturating_add(1);
            let routers = self.edges_in(at).iter().filter(|edge| edge.forwards);
            for edge in routers.flat_map(|edge| self.edges_of(&edge.decky)).filter(|edge| edge.forwards) {
                if !found.contains_key(edge.lan.as_str()) {
                    found.insert(&edge.lan, hops);
                    open.push_back(&edge.lan);
                }
            }
        }
        found
    }

    /// The ways of a decky, nearest networks first.
    pub fn ways(&self, decky: &str) -> Vec<Way> {
        let Some(machine) = self.machines.get(decky) else { return Vec::new() };
        let mut ways: BTreeMap<&str, Way> = BTreeMap::new();
        for edge in self.edges_of(decky) {
            let Some(from) = machine.ips.get(&edge.lan).and_then(|ip| ip.parse().ok()) else { continue };
            for (lan, hops) in self.routed.get(edge.lan.as_str()).into_iter().flatten() {
                if ways.get(lan).is_some_and(|known| known.hops <= *hops) {
                    continue;
                }
                let passed = || self.passed.get(&(edge.lan.as_str(), *lan)).cloned().flatten();
                let ports = if *hops == 0 { Some(Vec::new()) } else { passed() };
                if let Some(ports) = ports {
                    ways.insert(lan, Way { lan: (*lan).to_owned(), from, ports, hops: *hops });
                }
            }
        }
        let mut ways: Vec<Way> = ways.into_values().collect();
        ways.sort_by(|a, b| (a.hops, &a.lan).cmp(&(b.hops, &b.lan)));
        ways
    }

    /// Whether connections can be forwarded through a machine once somebody is on it.
    fn has_shell(&self, decky: &str) -> bool {
        let ssh = |decky: &&Decky| decky.services.iter().any(|service| service.slug == "ssh");
        self.machines.get(decky).is_some_and(ssh)
    }

    /// How far inside each network is: how many machines somebody who begins on a machine of the DMZ has to take before
    /// he is on one that is in it. What is not there cannot be reached.
    pub fn depths(&self) -> BTreeMap<String, usize> {
        let mut depths: BTreeMap<String, usize> = BTreeMap::new();
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let fronts = self.topology.deckies.iter().filter(|decky| decky.front);
        let mut wave: BTreeSet<&str> = fronts.map(|decky| decky.name.as_str()).collect();
        let mut depth = 0;
        while !wave.is_empty() {
            let mut reached = BTreeSet::new();
            taken.extend(&wave);
            for decky in wave {
                for edge in self.edges_of(decky) {
                    depths.entry(edge.lan.clone()).or_insert(depth);
                }
                if !self.has_shell(decky) {
                    continue;
                }
                for way in self.ways(decky).iter().filter(|way| is_open(&way.ports)) {
                    reached.extend(self.edges_in(&way.lan).iter().map(|edge| edge.decky.as_str()));
                }
            }
            wave =
                reached.into_iter().filter(|decky| !taken.contains(decky) && self.has_shell(decky)).collect();
            depth += 1;
        }
        depths
    }

    /// The bridges further inside that a decky reaches, with their addresses there.
    pub fn onward(&self, decky: &str) -> Vec<(String, Ipv4Addr)> {
        let own: BTreeSet<&str> = self.edges_of(decky).iter().map(|edge| edge.lan.as_str()).collect();
        let mut found: BTreeMap<&str, Ipv4Addr> = BTreeMap::new();
        for way in self.ways(decky).iter().filter(|way| is_open(&way.ports)) {
            for subject in self.edges_in(&way.lan).iter().filter(|edge| edge.decky != decky) {
                let name = subject.decky.as_str();
                let leads_on = self.edges_of(name).iter().any(|edge| !own.contains(edge.lan.as_str()));
                let ip = self.machines.get(name).and_then(|decky| decky.ips.get(&way.lan)?.parse().ok());
                if let Some(ip) = ip.filter(|_| leads_on && self.has_shell(name)) {
                    found.entry(name).or_insert(ip);
                }
            }
        }
        found.into_iter().map(|(name, ip)| (name.to_owned(), ip)).collect()
    }
}

/// Whether somebody may log in through a way.
fn is_open(ports: &[u16]) -> bool {
    ports.is_empty() || ports.contains(&22)
}

/// The subnet of a LAN, where it is one.
pub(crate) fn subnet(topology: &Topology, lan: &str) -> Option<Subnet> {
    topology.lan(lan)?.subnet.parse().ok()
}
