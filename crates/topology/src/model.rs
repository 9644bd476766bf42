//! What a topology is. Addresses are texts here: a document that somebody wrote may hold anything, and
//! [`crate::check`] says what is wrong with it.

use decnet_model::fleet::DeckyName;
use netsvc_persona::{LoginPolicy, stage::ServiceSpec};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr, str::FromStr};

/// Longest name of a topology, of a LAN or of a decky in one: a decky's name in the fleet is made of two of them.
pub const NAME_MAX: usize = 23;

/// The system of a decky of which nobody says another.
pub(crate) const SYSTEM: &str = "debian12";

/// A network of deckies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Its name.
    pub name: String,
    /// Networks.
    #[serde(default)]
    pub lans: Vec<Lan>,
    /// Machines.
    #[serde(default)]
    pub deckies: Vec<Decky>,
    /// Which machine is in which network.
    #[serde(default)]
    pub edges: Vec<Edge>,
    /// What passes from one network to another where a router joins them.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lan {
    /// Its name.
    pub name: String,
    /// Its addresses: `172.16.1.0/24`.
    pub subnet: String,
    /// Whether its deckies stand on the segment too, where attackers come from.
    #[serde(default, skip_serializing_if = "is_off")]
    pub dmz: bool,
    /// Where it is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<i32>,
    /// As `x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<i32>,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decky {
    /// Its name.
    pub name: String,
    /// What kind of machine it was drawn as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archetype: Option<String>,
    /// Its operating system.
    pub system: String,
    /// Services with their settings.
    #[serde(default)]
    pub services: Vec<ServiceSpec>,
    /// Its address in each LAN.
    #[serde(default)]
    pub ips: BTreeMap<String, String>,
    /// Whether it has an address on the segment, for whoever comes from outside.
    #[serde(default, skip_serializing_if = "is_off")]
    pub front: bool,
    /// Who may log in; `None`: whom the machine lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginPolicy>,
    /// Where it is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<i32>,
    /// As `x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<i32>,
}

impl Decky {
    /// A decky of which nothing else is said.
    pub(crate) fn of(name: &str, system: &str) -> Decky {
        Decky {
            name: name.to_owned(),
            archetype: None,
            system: system.to_owned(),
            services: Vec::new(),
            ips: BTreeMap::new(),
            front: false,
            login: None,
            x: None,
            y: None,
        }
    }
}

/// A machine in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The decky.
    pub decky: String,
    /// The LAN.
    pub lan: String,
    /// Whether the machine has its home elsewhere and bridges this one to it.
    #[serde(default, skip_serializing_if = "is_off")]
    pub bridge: bool,
    /// Whether it forwards packets of the network as a router does.
    #[serde(default, skip_serializing_if = "is_off")]
    pub forwards: bool,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Lets through.
    Allow,
    /// Drops.
    Deny,
}

/// A rule of the routers. A pair of networks of which no rule speaks is open; once one does, what its `allow` rules
/// name passes, and nothing where a `deny` rule speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// LAN that connections come from; `*`: any.
    pub from: String,
    /// LAN that they go to; `*`: any.
    pub to: String,
    /// What happens.
    pub verdict: Verdict,
    /// TCP ports that it is about; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_off(switch: &bool) -> bool {
    !*switch
}

/// What [`is_name`] takes, in words.
pub const NAME_RULE: &str = "1 to 23 letters, digits, `-` and `_`, with a letter or digit at both ends";

/// Whether `text` may be the name of a topology, a LAN or a decky of one: a short one of a decky, without the dot that
/// joins two.
pub fn is_name(text: &str) -> bool {
    text.len() <= NAME_MAX && !text.contains('.') && text.parse::<DeckyName>().is_ok()
}

impl Topology {
    /// The LAN called `name`.
    pub fn lan(&self, name: &str) -> Option<&Lan> {
        self.lans.iter().find(|lan| lan.name == name)
    }

    /// The decky called `name`.
    pub fn decky(&self, name: &str) -> Option<&Decky> {
        self.deckies.iter().find(|decky| decky.name == name)
    }

    /// The DMZ.
    pub fn dmz(&self) -> Option<&Lan> {
        self.lans.iter().find(|lan| lan.dmz)
    }

    /// The edges of a decky.
    pub fn edges_of<'a>(&'a self, decky: &'a str) -> impl Iterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| edge.decky == decky)
    }

    /// The home of a decky.
    pub fn home<'a>(&'a self, decky: &'a str) -> Option<&'a Lan> {
        self.edges_of(decky).find(|edge| !edge.bridge).and_then(|edge| self.lan(&edge.lan))
    }

    /// Adds a decky that has its home in `lan`.
    pub(crate) fn settle(&mut self, decky: Decky, lan: &str) {
        let (name, lan) = (decky.name.clone(), lan.to_owned());
        self.deckies.push(decky);
        self.edges.push(Edge { decky: name, lan, bridge: false, forwards: false });
    }

    /// Has a decky bridge one more LAN, at `ip`. One that is to forward packets does so in all its LANs.
    pub(crate) fn join(&mut self, decky: &str, lan: &str, ip: &str, forwards: bool) {
        for machine in self.deckies.iter_mut().filter(|machine| machine.name == decky) {
            machine.ips.insert(lan.to_owned(), ip.to_owned());
        }
        for edge in self.edges.iter_mut().filter(|edge| edge.decky == decky) {
            edge.forwards |= forwards;
        }
        self.edges.push(Edge { decky: decky.to_owned(), lan: lan.to_owned(), bridge: true, forwards });
    }

    /// Whether a decky joins networks.
    pub fn is_bridge(&self, decky: &str) -> bool {
        self.edges_of(decky).any(|edge| edge.bridge)
    }
}

/// A network's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// First address.
    pub address: Ipv4Addr,
    /// Prefix length, from 16 to 29.
    pub prefix: u8,
}

/// Why a text is no subnet.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no subnet of private addresses with a prefix from 16 to 29: write it as 172.16.1.0/24")]
pub struct BadSubnet(pub String);

impl FromStr for Subnet {
    type Err = BadSubnet;

    fn from_str(text: &str) -> Result<Self, BadSubnet> {
        let bad = || BadSubnet(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(bad)?;
        let address: Ipv4Addr = address.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().ok().filter(|prefix| (16..=29).contains(prefix)).ok_or_else(bad)?;
        let subnet = Subnet { address, prefix };
        // What is not private is somebody's, and our own machine has loopback addresses already.
        if address.is_private() && subnet.first() == address { Ok(subnet) } else { Err(bad()) }
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

impl Subnet {
    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0)
    }

    fn first(self) -> Ipv4Addr {
        Ipv4Addr::from(self.address.to_bits() & self.mask())
    }

    /// The address of its router, which no decky has.
    pub fn gateway(self) -> Ipv4Addr {
        Ipv4Addr::from(self.address.to_bits().saturating_add(1))
    }

    /// Whether `address` can be a host's in it: not its first one, its broadcast or its router's.
    pub fn takes(self, address: Ipv4Addr) -> bool {
        let (bits, mask) = (address.to_bits(), self.mask());
        bits & mask == self.address.to_bits() && bits | mask != u32::MAX && self.gateway().to_bits() < bits
    }

    /// The network of the same size that is `number` after it, where that is private, too.
    pub(crate) fn further(self, number: usize) -> Option<Subnet> {
        let size = 1_u32.checked_shl(32 - u32::from(self.prefix))?;
        let shift = u32::try_from(number).ok()?.checked_mul(size)?;
        let address = Ipv4Addr::from(self.address.to_bits().checked_add(shift)?);
        address.is_private().then_some(Subnet { address, ..self })
    }

    /// Whether two have addresses in common.
    pub fn overlaps(self, other: Subnet) -> bool {
        let mask = self.mask() & other.mask();
        self.address.to_bits() & mask == other.address.to_bits() & mask
    }

    /// Addresses of hosts, lowest first.
    pub fn hosts(self) -> impl Iterator<Item = Ipv4Addr> {
        let last = self.address.to_bits() | !self.mask();
        (self.gateway().to_bits() + 1..last).map(Ipv4Addr::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_takes_hosts_and_nothing_else() {
        let subnet: Subnet = "172.16.1.0/24".parse().unwrap();
        let takes = |last| subnet.takes(Ipv4Addr::new(172, 16, 1, last));
        assert_eq!((takes(0), takes(1), takes(2), takes(254), takes(255)), (false, false, true, true, false));
        assert!(!subnet.takes(Ipv4Addr::new(172, 16, 2, 7)));
        assert_eq!(subnet.hosts().count(), 253);
        assert!(subnet.overlaps("172.16.0.0/16".parse().unwrap()));
        assert!(!subnet.overlaps("172.16.2.0/24".parse().unwrap()));
        for bad in ["", "172.16.1.0", "172.16.1.7/24", "8.8.8.0/24", "127.0.0.0/16", "172.16.0.0/12", "x/24"]
        {
            assert!(bad.parse::<Subnet>().is_err(), "{bad}");
        }
    }
}
