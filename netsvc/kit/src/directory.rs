//! The hosts that the process serves, for services that answer for others: names, addresses, and what runs there.

use netsvc_persona::{Persona, Reach};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// A host.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its document.
    pub persona: Arc<Persona>,
    /// Slugs of its services.
    pub services: BTreeSet<String>,
}

/// A node of a network that another one is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its address in it.
    pub address: Ipv4Addr,
    /// Its host name.
    pub name: String,
    /// Its hardware address.
    pub mac: String,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Directory(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    turn: u64,
    hosts: BTreeMap<String, Listed>,
}

impl Directory {
    /// A number that is another one after each change.
    pub fn turn(&self) -> u64 {
        self.0.lock().turn
    }

    /// The hosts of `domain`.
    pub fn of(&self, domain: &str) -> Vec<Listed> {
        let inner = self.0.lock();
        inner.hosts.values().filter(|listed| listed.persona.domain == domain).cloned().collect()
    }

    /// Name of the host that has this address.
    pub(crate) fn at(&self, address: IpAddr) -> Option<String> {
        let inner = self.0.lock();
        inner.hosts.iter().find(|(_, listed)| has(&listed.persona, address)).map(|(name, _)| name.clone())
    }

    /// The address by which `from` reaches the host that it calls `name`.
    pub(crate) fn named(&self, from: &Persona, name: &str) -> Option<Ipv4Addr> {
        let inner = self.0.lock();
        let is = |persona: &Persona| {
            persona.domain == from.domain
                && (persona.hostname.eq_ignore_ascii_case(name) || persona.fqdn().eq_ignore_ascii_case(name))
        };
        let mut called = inner.hosts.values().filter(|listed| is(&listed.persona));
        called
            .find_map(|listed| addresses(&listed.persona).find(|address| from.place.way(*address).is_some()))
    }

    /// Time to live of what comes over `hops` routers from the host that has this address.
    pub(crate) fn ttl(&self, address: Ipv4Addr, hops: u8) -> Option<u8> {
        let inner = self.0.lock();
        let listed = inner.hosts.values().find(|listed| has(&listed.persona, address.into()))?;
        Some(listed.persona.os.ttl.saturating_sub(hops).max(1))
    }

    /// The host at `address` on the segment that `from` is on too.
    pub(crate) fn beside(&self, from: &Persona, address: Ipv4Addr) -> Option<Listed> {
        if !shares(from, address) {
            return None;
        }
        let inner = self.0.lock();
        let is = |listed: &&Listed| !listed.persona.place.inner && listed.persona.ip == IpAddr::V4(address);
        inner.hosts.values().find(is).cloned()
    }

    /// The host of this document.
    pub(crate) fn listed(&self, persona: &Persona) -> Option<Listed> {
        self.0.lock().hosts.get(&persona.node).cloned()
    }

    /// Whether there is another host on the segment that `from` is on.
    pub(crate) fn has_company(&self, from: &Persona) -> bool {
        let inner = self.0.lock();
        inner.hosts.values().any(|listed| match listed.persona.ip {
            IpAddr::V4(address) => {
                !listed.persona.place.inner && listed.persona.ip != from.ip && shares(from, address)
            }
            IpAddr::V6(_) => false,
        })
    }

    /// The hosts of the networks that `from` is in, by address.
    pub(crate) fn near(&self, from: &Persona) -> Vec<Near> {
        let own: BTreeSet<Ipv4Addr> = addresses(from).collect();
        let beside = |address: &Ipv4Addr| {
            !own.contains(address) && from.place.way(*address).is_some_and(|way| way.hops == 0)
        };
        let inner = self.0.lock();
        let mut near: Vec<Near> = inner
            .hosts
            .values()
            .filter_map(|listed| {
                let address = addresses(&listed.persona).find(beside)?;
                let (name, mac) = (listed.persona.hostname.clone(), listed.persona.mac.clone());
                Some(Near { address, name, mac })
            })
            .collect();
        near.sort_by_key(|near| near.address);
        near
    }

    /// A host is there; one with the same name is no more.
    pub(crate) fn add(&self, persona: &Arc<Persona>) {
        let mut inner = self.0.lock();
        inner.turn += 1;
        let listed = Listed { persona: persona.clone(), services: BTreeSet::new() };
        inner.hosts.insert(persona.node.clone(), listed);
    }

    /// The host serves `slug`.
    pub(crate) fn serves(&self, persona: &Arc<Persona>, slug: &str) {
        let mut inner = self.0.lock();
        if let Some(listed) = inner.hosts.get_mut(&persona.node)
            && Arc::ptr_eq(&listed.persona, persona)
        {
            listed.services.insert(slug.to_owned());
            inner.turn += 1;
        }
    }

    /// The host is gone, unless another one has its name by now.
    pub(crate) fn remove(&self, persona: &Arc<Persona>) {
        let mut inner = self.0.lock();
        let same = |listed: &Listed| Arc::ptr_eq(&listed.persona, persona);
        if inner.hosts.get(&persona.node).is_some_and(same) {
            inner.hosts.remove(&persona.node);
            inner.turn += 1;
        }
    }
}

/// Whether `address` is on the segment of `from`. The loopback network is none: whoever else of the machine listens
/// there would be reached.
fn shares(from: &Persona, address: Ipv4Addr) -> bool {
    let IpAddr::V4(network) = from.ip else { return false };
    let segment = Reach { network, prefix: from.prefix, from: network, ports: Vec::new(), hops: 0 };
    !from.place.inner && !address.is_loopback() && segment.holds(address)
}

fn addresses(persona: &Persona) -> impl Iterator<Item = Ipv4Addr> {
    let first = match persona.ip {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    };
    first.into_iter().chain(persona.place.addresses.iter().map(|attached| attached.ip))
}

fn has(persona: &Persona, address: IpAddr) -> bool {
    persona.ip == address || persona.place.addresses.iter().any(|attached| attached.ip == address)
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn hosts_are_listed_while_they_are_served_under_their_present_document() {
        let folder = tempfile::tempdir().unwrap();
        let stage = testing::stage(folder.path());
        let listed = || -> Vec<(String, Vec<String>)> {
            let hosts = stage.directory.of("corp.example");
            hosts
                .iter()
                .map(|host| (host.persona.hostname.clone(), host.services.iter().cloned().collect()))
                .collect()
        };
        let first = testing::host(&stage, testing::persona("web-01"), "http", &[]);
        let turn = stage.directory.turn();
        let mut other = testing::persona("web-01");
        other.hostname = "new".to_owned();
        let second = testing::host(&stage, other, "ssh", &[]);
        assert!(turn < stage.directory.turn());
        drop(first);
        assert_eq!(listed(), [("new".to_owned(), vec!["ssh".to_owned()])]);
        drop(second);
        assert!(listed().is_empty() && stage.directory.of("else.example").is_empty());
    }
}
