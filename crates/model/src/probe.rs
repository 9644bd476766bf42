//! Where our own probes come from. What they touch is stored and marked, and nobody is made an attacker by it.

use std::net::{IpAddr, Ipv4Addr};

/// Source of probes on loopback; nothing outside this host can have it.
pub const LOOPBACK: Ipv4Addr = Ipv4Addr::new(127, 255, 0, 1);

/// Address of the probe host behind the gate: link-local (RFC 3927), so that it cannot be an address of the
/// segment's own plan.
pub const SEGMENT: Ipv4Addr = Ipv4Addr::new(169, 254, 213, 1);

/// All of them.
pub const ALL: [IpAddr; 2] = [IpAddr::V4(LOOPBACK), IpAddr::V4(SEGMENT)];

/// Whether probes of ours come from `address`.
pub fn is_own(address: IpAddr) -> bool {
    ALL.contains(&address.to_canonical())
}
