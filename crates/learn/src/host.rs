//! A host, as far as it showed itself.

use std::{collections::BTreeSet, net::Ipv4Addr};

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Addresses that ARP says it has, or that it sent from.
    pub addresses: BTreeSet<Ipv4Addr>,
    /// Times to live of its packets.
    pub ttls: BTreeSet<u8>,
    /// Ports that it takes connections at.
    pub ports: BTreeSet<u16>,
    /// Ports that it answers datagrams from.
    pub datagrams: BTreeSet<u16>,
    /// Names that it gives itself.
    pub names: BTreeSet<String>,
    /// What its DHCP client calls itself.
    pub clients: BTreeSet<String>,
    /// How it opens connections: window and kinds of options.
    pub opens: BTreeSet<(u16, Vec<u8>)>,
}
