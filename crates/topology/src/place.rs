//! From a topology to deckies of a fleet.

use crate::{Topology, check::is_sound, ways};
use decnet_model::{
    fleet::{self, DeckyName},
    placed::Placed,
};
use decnet_plan::coherence;
use netsvc_persona::{Attached, LoginPolicy, Place, Reach};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Why there are no deckies of it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlaceError {
    /// It is broken.
    #[error("{0} is not sound: `decnet topology validate {0}` says what is wrong")]
    Broken(String),
    /// There are too few addresses on the segment for what stands in front.
    #[error("{0} deckies stand in front and the segment has {1} free addresses")]
    Full(usize, usize),
}

/// Name in the fleet of a topology's decky.
pub fn name(topology: &str, decky: &str) -> String {
    format!("{topology}.{decky}")
}

/// The deckies that stand in front, in their order.
pub fn fronts(topology: &Topology) -> Vec<&str> {
    topology.deckies.iter().filter(|decky| decky.front).map(|decky| decky.name.as_str()).collect()
}

/// The deckies of a fleet that `topology` is. `segment`: free addresses for those in front, as many as there are, and
/// `gateway` and `prefix` of the network that they are in.
///
/// # Errors
/// [`PlaceError`] where it cannot be deployed.
pub fn deckies(
    topology: &Topology,
    segment: &BTreeMap<String, Ipv4Addr>,
    (prefix, gateway): (u8, Option<Ipv4Addr>),
) -> Result<Vec<fleet::Decky>, PlaceError> {
    let broken = || PlaceError::Broken(topology.name.clone());
    if !is_sound(&crate::check::check(topology)) {
        return Err(broken());
    }
    let map = ways::Map::new(topology);
    let mut placed = Vec::new();
    for machine in &topology.deckies {
        let home = topology.home(&machine.name).ok_or_else(broken)?;
        let subnet = ways::subnet(topology, &home.name).ok_or_else(broken)?;
        let own = machine.ips.get(&home.name).and_then(|ip| ip.parse().ok()).ok_or_else(broken)?;
        let front = segment.get(&machine.name).copied().filter(|_| machine.front);
        let (ip, prefix, gateway) = match front {
            Some(ip) => (ip, prefix, gateway),
            None => (own, subnet.prefix, Some(subnet.gateway())),
        };
        let name: DeckyName = name(&topology.name, &machine.name).parse().map_err(|_| broken())?;
        let place = Place {
            inner: front.is_none(),
            addresses: addresses(topology, machine, ip),
            reach: reach(topology, map.ways(&machine.name)),
        };
        let leads = map.onward(&machine.name);
        let leads = leads.into_iter().map(|(decky, ip)| (self::name(&topology.name, &decky), ip)).collect();
        let slugs = machine.services.iter().map(|service| service.slug.as_str());
        let wanted = machine.login.clone().unwrap_or(LoginPolicy::AcceptListed);
        placed.push(fleet::Decky {
            archetype: machine.archetype.clone(),
            services: machine.services.clone(),
            login: coherence::login(&machine.system, slugs, &wanted),
            // Nobody hears what is said in a network that only connections lead into.
            ambient: front.is_none().then_some(false),
            placed: Some(Placed {
                topology: topology.name.clone(),
                lan: home.name.clone(),
                prefix,
                gateway,
                place,
                leads,
            }),
            ..fleet::Decky::of(name, ip, &machine.system)
        });
    }
    Ok(placed)
}

/// Addresses beside the first one.
fn addresses(topology: &Topology, machine: &crate::Decky, first: Ipv4Addr) -> Vec<Attached> {
    let of = |(lan, ip): (&String, &String)| {
        let prefix = ways::subnet(topology, lan)?.prefix;
        Some(Attached { ip: ip.parse().ok()?, prefix })
    };
    machine.ips.iter().filter_map(of).filter(|attached| attached.ip != first).collect()
}

fn reach(topology: &Topology, ways: Vec<ways::Way>) -> Vec<Reach> {
    let of = |way: ways::Way| {
        let subnet = ways::subnet(topology, &way.lan)?;
        let (network, prefix) = (subnet.address, subnet.prefix);
        Some(Reach { network, prefix, from: way.from, ports: way.ports, hops: way.hops })
    };
    ways.into_iter().filter_map(of).collect()
}
