//! Who is on a segment, as frames tell.

use crate::{
    frame::{self, Fact, Mac},
    guess::{self, Kind},
    host::Host,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Most hosts that are kept; on a segment there are few hundred.
const HOSTS: usize = 4096;
/// Most ports and names of a host.
const EACH: usize = 64;

/// Who is on a segment.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    hosts: BTreeMap<Mac, Host>,
    /// Addresses that somebody asked for: somebody may have them who is silent.
    asked: BTreeSet<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    mask: Option<Ipv4Addr>,
    domain: Option<String>,
    frames: u64,
}

impl Survey {
    /// Nobody yet.
    pub fn new() -> Self {
        Survey::default()
    }

    /// Looks at a frame of the segment.
    pub fn add(&mut self, frame: &[u8]) {
        self.frames += 1;
        let Some((sender, facts)) = frame::facts(frame) else { return };
        if HOSTS <= self.hosts.len() && !self.hosts.contains_key(&sender) {
            return;
        }
        let host = self.hosts.entry(sender).or_default();
        for fact in facts {
            match fact {
                Fact::Has(address) => keep(&mut host.addresses, address),
                Fact::Asks(address) => {
                    if self.asked.len() < HOSTS {
                        self.asked.insert(address);
                    }
                }
                Fact::Sent(address, ttl) => {
                    keep(&mut host.ttls, ttl);
                    keep(&mut host.addresses, address);
                }
                Fact::Opens(window, kinds) => keep(&mut host.opens, (window, kinds)),
                Fact::Serves(port) => keep(&mut host.ports, port),
                Fact::Answers(port) => keep(&mut host.datagrams, port),
                Fact::Called(name) => keep(&mut host.names, name),
                Fact::Client(name) => keep(&mut host.clients, name),
                Fact::Gateway(address) => self.gateway = Some(address),
                Fact::Mask(mask) => self.mask = Some(mask),
                Fact::Domain(domain) => self.domain = Some(domain),
            }
        }
    }

    /// Frames that were looked at.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// What DHCP says of the domain.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The gateway: what DHCP says, or whose frames come from many addresses that are not of the segment.
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        self.gateway.or_else(|| {
            let many = self.hosts.values().find(|host| host.addresses.len() > 3)?;
            place(many, self.network()?)
        })
    }

    /// The segment: what DHCP says of its size, or the /24 in which most hosts are.
    pub fn network(&self) -> Option<(Ipv4Addr, u8)> {
        let prefix = self.mask.map_or(24, |mask| u8::try_from(u32::from(mask).leading_ones()).unwrap_or(24));
        let prefix = prefix.clamp(16, 30);
        let mask = u32::MAX << (32 - u32::from(prefix));
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for host in self.hosts.values() {
            // A gateway's frames come from everywhere.
            for address in host.addresses.iter().filter(|_| host.addresses.len() <= 3) {
                *counts.entry(u32::from(*address) & mask).or_default() += 1;
            }
        }
        let (network, _) = counts.into_iter().max_by_key(|(network, count)| (*count, u32::MAX - network))?;
        Some((network.into(), prefix))
    }

    /// The hosts of the segment but its gateway, each with its hardware address, its address there and what it is.
    pub fn hosts(&self) -> Vec<(Mac, Ipv4Addr, &Host, Kind)> {
        let (Some(network), gateway) = (self.network(), self.gateway()) else { return Vec::new() };
        let mut all = Vec::new();
        for (mac, host) in &self.hosts {
            let Some(address) = place(host, network) else { continue };
            if Some(address) != gateway {
                all.push((*mac, address, host, guess::kind(*mac, host)));
            }
        }
        all
    }

    /// Addresses of the segment that nobody has, was asked for, or is likely to be given: not the first ten, because
    /// those are what is set up by hand, nor the last.
    pub fn free(&self) -> Vec<Ipv4Addr> {
        let Some((network, prefix)) = self.network() else { return Vec::new() };
        let size = 1_u32 << (32 - u32::from(prefix));
        let taken: BTreeSet<Ipv4Addr> = self
            .hosts
            .values()
            .flat_map(|host| host.addresses.iter().copied())
            .chain(self.asked.iter().copied())
            .collect();
        let first = if size > 32 { 10 } else { 2 };
        let all = (first..size.saturating_sub(1)).map(|place| Ipv4Addr::from(u32::from(network) + place));
        all.filter(|address| !taken.contains(address) && Some(*address) != self.gateway).collect()
    }
}

/// The first address of `host` on the segment.
fn place(host: &Host, (network, prefix): (Ipv4Addr, u8)) -> Option<Ipv4Addr> {
    let mask = u32::MAX << (32 - u32::from(prefix));
    host.addresses.iter().copied().find(|address| u32::from(*address) & mask == u32::from(network))
}

fn keep<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if set.len() < EACH {
        set.insert(value);
    }
}
