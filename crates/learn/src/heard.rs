//! What was heard of each host, for who wants to see why a proposal is as it is.

use crate::{frame::Mac, guess::Kind, host::Host};
use netsvc_persona::tables::hardware;
use serde::Serialize;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Most hosts that are told of.
const HOSTS: usize = 1000;
/// Most names and ports of a host that are told.
const EACH: usize = 16;
/// Most stretches of free addresses that are told.
const STRETCHES: usize = 256;

/// A host that was heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its hardware address.
    pub mac: String,
    /// Who owns the prefix of that, as far as it is known.
    pub maker: Option<&'static str>,
    /// What it seems to be.
    pub kind: &'static str,
    /// Names that it gives itself.
    pub names: Vec<String>,
    /// Ports that it takes connections at.
    pub ports: Vec<u16>,
}

/// What was heard of hosts, by address.
pub(crate) fn all(hosts: &[(Mac, Ipv4Addr, &Host, Kind)]) -> Vec<Heard> {
    let mut all: Vec<Heard> = hosts
        .iter()
        .take(HOSTS)
        .map(|(mac, ip, host, kind)| Heard {
            ip: *ip,
            mac: mac.map(|byte| format!("{byte:02x}")).join(":"),
            maker: hardware::of_mac(*mac).next().map(|machine| machine.mac_vendor),
            kind: kind.name(),
            names: host.names.iter().take(EACH).cloned().collect(),
            ports: host.ports.iter().take(EACH).copied().collect(),
        })
        .collect();
    all.sort_by_key(|heard| heard.ip);
    all
}

/// How many cards of each prefix there are, with its owner where that is known: `8c:ec:4b Dell Inc.`.
pub(crate) fn makers(hosts: &[(Mac, Ipv4Addr, &Host, Kind)]) -> BTreeMap<String, usize> {
    let mut makers = BTreeMap::new();
    for (mac, ..) in hosts.iter().take(HOSTS) {
        let [a, b, c, ..] = mac;
        let owner = hardware::of_mac(*mac).next().map_or("", |machine| machine.mac_vendor);
        *makers.entry(format!("{a:02x}:{b:02x}:{c:02x} {owner}").trim_end().to_owned()).or_default() += 1;
    }
    makers
}

/// Stretches of addresses that follow each other: first and last of each.
pub(crate) fn stretches(addresses: &[Ipv4Addr]) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let mut found: Vec<(Ipv4Addr, Ipv4Addr)> = Vec::new();
    for address in addresses {
        let many = found.len();
        match found.last_mut() {
            Some((_, last)) if last.to_bits().checked_add(1) == Some(address.to_bits()) => *last = *address,
            _ if many == STRETCHES => break,
            _ => found.push((*address, *address)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_row_are_one_stretch() {
        let of = |last: &[u8]| {
            let all: Vec<Ipv4Addr> = last.iter().map(|last| Ipv4Addr::new(10, 0, 0, *last)).collect();
            stretches(&all).iter().map(|(a, b)| (a.octets()[3], b.octets()[3])).collect::<Vec<_>>()
        };
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[4]), [(4, 4)]);
        assert_eq!(of(&[4, 5, 6, 9, 11, 12]), [(4, 6), (9, 9), (11, 12)]);
        let apart: Vec<Ipv4Addr> = (0..1000).map(|number| Ipv4Addr::from_bits(number * 2)).collect();
        assert_eq!(stretches(&apart).len(), STRETCHES);
    }
}
