//! Whom a node keeps waiting, and with what.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Whom a node keeps waiting. Nobody else meets anything of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slow {
    /// Networks whose hosts are kept waiting; none: everybody is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peers>,
    /// Services that answer slowly themselves. Connections to all others are held before a service hears of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

impl Slow {
    /// Most networks that are named.
    pub const MOST: usize = 32;

    /// Whether `peer` is kept waiting.
    pub fn meets(&self, peer: Ipv4Addr) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|peers| peers.holds(peer))
    }
}

/// Hosts of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peers {
    /// Address of the network.
    pub network: Ipv4Addr,
    /// Its prefix length; 32: one host.
    pub prefix: u8,
}

impl Peers {
    /// The network of `prefix` bits that `address` is in.
    pub fn of(address: Ipv4Addr, prefix: u8) -> Self {
        Peers { network: Ipv4Addr::from_bits(address.to_bits() & mask(prefix)), prefix }
    }

    /// Whether `address` is one of them.
    pub fn holds(&self, address: Ipv4Addr) -> bool {
        (address.to_bits() ^ self.network.to_bits()) & mask(self.prefix) == 0
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_are_named_are_kept_waiting() {
        let peers = |text: [u8; 4], prefix| Peers::of(text.into(), prefix);
        let slow = |peers: &[Peers]| Slow { peers: peers.to_vec(), services: Vec::new() };
        for (list, peer, meets) in [
            (vec![], [198, 51, 100, 7], true),
            (vec![peers([10, 9, 8, 7], 8)], [10, 200, 0, 1], true),
            (vec![peers([10, 9, 8, 7], 8)], [11, 0, 0, 1], false),
            (vec![peers([10, 0, 0, 1], 32), peers([192, 0, 2, 0], 24)], [192, 0, 2, 255], true),
            (vec![peers([10, 0, 0, 1], 32)], [10, 0, 0, 2], false),
            (vec![peers([1, 2, 3, 4], 0)], [203, 0, 113, 1], true),
        ] {
            assert_eq!(slow(&list).meets(peer.into()), meets, "{list:?} {peer:?}");
        }
    }
}
