//! Where a node stands beside its segment: networks behind it, and whom it reaches with connections of its own.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Where a node stands beside its segment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// Whether it is on no segment: only nodes that reach it hear of it.
    #[serde(skip_serializing_if = "is_off")]
    pub inner: bool,
    /// Its addresses in further networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Attached>,
    /// Networks that it reaches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reach: Vec<Reach>,
}

/// An address in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The address.
    pub ip: Ipv4Addr,
    /// Prefix length of the network.
    pub prefix: u8,
}

/// A network that a node reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Address of the network.
    pub network: Ipv4Addr,
    /// Its prefix length.
    pub prefix: u8,
    /// The node's address that connections there come from.
    pub from: Ipv4Addr,
    /// Ports that are let through; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// Routers on the way; 0: the node has an address in the network.
    #[serde(default)]
    pub hops: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_off(switch: &bool) -> bool {
    !*switch
}

fn network(address: Ipv4Addr, prefix: u8) -> u32 {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
    address.to_bits() & mask
}

impl Reach {
    /// Whether `address` is in the network.
    pub fn holds(&self, address: Ipv4Addr) -> bool {
        network(address, self.prefix) == network(self.network, self.prefix)
    }

    /// Whether a port is let through.
    pub fn lets(&self, port: u16) -> bool {
        self.ports.is_empty() || self.ports.contains(&port)
    }
}

impl Place {
    /// Whether nothing is to be written, as in documents that are older than the field.
    pub fn is_usual(&self) -> bool {
        *self == Place::default()
    }

    /// The way to `address`, if there is any: of several the one with fewest routers.
    pub fn way(&self, address: Ipv4Addr) -> Option<&Reach> {
        self.reach.iter().filter(|reach| reach.holds(address)).min_by_key(|reach| reach.hops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_the_shortest_one_into_the_network() {
        let reach = |network: [u8; 4], from: [u8; 4], hops| Reach {
            network: network.into(),
            prefix: 24,
            from: from.into(),
            ports: if hops == 0 { Vec::new() } else { vec![22] },
            hops,
        };
        let place = Place {
            reach: vec![
                reach([172, 16, 1, 0], [172, 16, 0, 2], 1),
                reach([172, 16, 1, 0], [172, 16, 1, 9], 0),
                reach([172, 16, 2, 0], [172, 16, 0, 2], 2),
            ],
            ..Place::default()
        };
        let way = |address: [u8; 4]| place.way(address.into()).map(|reach| (reach.from.octets(), reach.hops));
        assert_eq!(way([172, 16, 1, 7]), Some(([172, 16, 1, 9], 0)));
        assert_eq!(way([172, 16, 2, 7]), Some(([172, 16, 0, 2], 2)));
        assert_eq!(way([172, 16, 3, 7]), None);
        let far = place.way([172, 16, 2, 7].into()).unwrap();
        assert!(far.lets(22) && !far.lets(80));
        assert!(Place::default().is_usual() && !place.is_usual());
    }
}
