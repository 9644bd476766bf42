//! What an address is to us, before anything is said of it: ours, somebody's whom we know, one that the internet does
//! not route, or anybody's.

use decnet_model::{alert::Addresses, probe, record::AlertMute};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// What an address is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Anybody's.
    Public,
    /// Of a network that the internet does not route (IANA's special-purpose registries).
    Private,
    /// Of addresses of which operators want to hear nothing.
    Muted,
    /// Ours: a decky, a host of the swarm, a probe.
    Own,
}

/// The networks of an installation.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    own: BTreeSet<IpAddr>,
    muted: Vec<Addresses>,
}

impl Networks {
    /// Networks with these addresses of ours; of the mutes those count that hold for an address wherever it is and at
    /// all hours.
    pub fn new(own: impl IntoIterator<Item = IpAddr>, mutes: &[AlertMute]) -> Self {
        let whole = |mute: &&AlertMute| mute.node.is_none() && mute.service.is_none() && mute.hours.is_none();
        let muted = mutes.iter().filter(whole).filter_map(|mute| mute.network.as_deref()?.parse().ok());
        Networks { own: own.into_iter().map(|one| one.to_canonical()).collect(), muted: muted.collect() }
    }

    /// What an address is.
    pub fn standing(&self, address: IpAddr) -> Standing {
        let address = address.to_canonical();
        if self.own.contains(&address) || probe::is_own(address) {
            Standing::Own
        } else if self.muted.iter().any(|network| network.has(address)) {
            Standing::Muted
        } else if is_routed(address) {
            Standing::Public
        } else {
            Standing::Private
        }
    }
}

/// Whether the internet routes an address.
fn is_routed(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_routed_4(four),
        IpAddr::V6(six) => is_routed_6(six),
    }
}

/// By the IANA IPv4 Special-Purpose Address Registry (RFC 6890), and without groups and what is reserved.
fn is_routed_4(address: Ipv4Addr) -> bool {
    let special = matches!(
        address.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    );
    !special
}

/// Global unicast (RFC 4291 §2.4) without documentation, benchmarks, Teredo, ORCHID and 6to4.
fn is_routed_6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0 | 0x0db8 | 0x0002, ..] | [0x2001, 0x0010..=0x002f, ..] => false,
        [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mute(network: &str, node: Option<&str>, hours: Option<&str>) -> AlertMute {
        AlertMute {
            id: 1,
            network: Some(network.to_owned()),
            node: node.map(str::to_owned),
            service: None,
            hours: hours.map(str::to_owned),
            reason: String::new(),
            until: None,
            created_by: "eve".to_owned(),
            created_at: 0,
        }
    }

    #[test]
    fn ours_and_those_we_know_are_told_apart() {
        let networks = Networks::new(
            ["192.168.1.5".parse().unwrap(), "::ffff:8.8.4.4".parse().unwrap()],
            &[
                mute("9.9.9.0/24", None, None),
                mute("1.1.1.1", Some("web-01"), None),
                mute("1.0.0.1", None, Some("02:00-03:00")),
            ],
        );
        for (address, standing) in [
            ("192.168.1.5", Standing::Own),
            ("8.8.4.4", Standing::Own),
            ("127.255.0.1", Standing::Own),
            ("169.254.213.1", Standing::Own),
            ("9.9.9.9", Standing::Muted),
            ("1.1.1.1", Standing::Public),
            ("1.0.0.1", Standing::Public),
            ("::ffff:9.9.9.9", Standing::Muted),
            ("192.168.1.6", Standing::Private),
            ("2606:4700:4700::1111", Standing::Public),
        ] {
            assert_eq!(networks.standing(address.parse().unwrap()), standing, "{address}");
        }
    }

    #[test]
    fn what_the_internet_does_not_route_is_private() {
        for address in [
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "2001:db8::1",
            "2002::1",
            "ff02::1",
            "3fff::1",
        ] {
            assert!(!is_routed(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.3.1",
            "198.20.0.1",
            "223.255.255.255",
            "2600::1",
            "2a00:1450::1",
            "2001:470::1",
        ] {
            assert!(is_routed(address.parse().unwrap()), "{address}");
        }
    }
}
