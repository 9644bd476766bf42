//! What a backend is asked to make exist.

use decnet_model::custom::CustomService;
use netsvc_persona::{
    Letter, Persona,
    stage::{PortSpec, ServiceSpec},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Longest name of a node, as RFC 1123 has it for a host.
pub const NAME_MAX: usize = 63;

/// One node: who it is, what it serves, and on which ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeSpec {
    /// Everything a peer can observe of it.
    pub persona: Persona,
    /// Its services with their settings.
    pub services: Vec<ServiceSpec>,
    /// The sockets that its services listen on.
    pub ports: Vec<PortSpec>,
    /// Services of the operator's own, which only containers can be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<CustomService>,
}

/// All letters in the mailboxes of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Name of the node.
    pub node: String,
    /// The letters.
    pub letters: Vec<Letter>,
}

/// Nodes by name.
pub type Nodes = BTreeMap<String, NodeSpec>;

impl NodeSpec {
    /// The fleet-unique name.
    pub fn name(&self) -> &str {
        &self.persona.node
    }

    /// The ports of all its sockets: each port once for each address, in the order of addresses.
    pub fn listeners(&self) -> impl Iterator<Item = &PortSpec> {
        let addresses = 1 + self.persona.place.addresses.len();
        std::iter::repeat_n(&self.ports, addresses).flatten()
    }
}

/// Nodes that cannot exist side by side, or at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The name is empty, too long or has other characters than letters, digits, `-`, `_` and `.`.
    #[error("{0:?} is not a name for a node")]
    Name(String),
    /// Two nodes have one name.
    #[error("{0} exists twice")]
    Twice(String),
    /// Two nodes have one address.
    #[error("{first} and {second} both have address {address}")]
    Address {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The address.
        address: String,
    },
    /// Two nodes have one MAC.
    #[error("{first} and {second} both have hardware address {mac}")]
    Mac {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The hardware address.
        mac: String,
    },
    /// Two services of a node want one port.
    #[error("{node} uses {transport} port {port} twice")]
    Port {
        /// The node.
        node: String,
        /// `tcp` or `udp`.
        transport: &'static str,
        /// The port.
        port: u16,
    },
}

/// Checks that `new` nodes can join `there`, before anything is touched.
///
/// # Errors
/// The first [`Conflict`] found.
pub fn check<'a>(there: impl Iterator<Item = &'a NodeSpec>, new: &'a [NodeSpec]) -> Result<(), Conflict> {
    let mut names = BTreeSet::new();
    let mut addresses = BTreeMap::new();
    let mut macs = BTreeMap::new();
    for node in there.chain(new) {
        let name = node.name();
        if !is_name(name) {
            return Err(Conflict::Name(name.to_owned()));
        }
        if !names.insert(name) {
            return Err(Conflict::Twice(name.to_owned()));
        }
        let further = node.persona.place.addresses.iter().map(|attached| IpAddr::V4(attached.ip));
        for address in std::iter::once(node.persona.ip).chain(further) {
            if let Some(first) = addresses.insert(address, name) {
                let address = address.to_string();
                return Err(Conflict::Address { first: first.to_owned(), second: name.to_owned(), address });
            }
        }
        let mac = node.persona.mac.to_ascii_lowercase();
        if let Some(first) = macs.insert(mac.clone(), name) {
            return Err(Conflict::Mac { first: first.to_owned(), second: name.to_owned(), mac });
        }
        check_ports(node)?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn check_ports(node: &NodeSpec) -> Result<(), Conflict> {
    let mut ports = BTreeSet::new();
    for port in &node.ports {
        if !ports.insert((port.transport, port.port)) {
            return Err(Conflict::Port {
                node: node.name().to_owned(),
                transport: port.transport.name(),
                port: port.port,
            });
        }
    }
    Ok(())
}

/// A node for tests of this crate.
#[cfg(test)]
pub(crate) fn sample(name: &str, ip: [u8; 4], ports: &[u16]) -> NodeSpec {
    let text = include_str!("../tests/persona.json");
    let mut persona: Persona = serde_json::from_str(text).unwrap();
    persona.node = name.to_owned();
    persona.ip = std::net::Ipv4Addr::from(ip).into();
    persona.mac = format!("02:00:{:02x}:{:02x}:{:02x}:{:02x}", ip[0], ip[1], ip[2], ip[3]);
    let port = |number: &u16| PortSpec {
        slug: "echo".to_owned(),
        transport: netsvc_persona::stage::Transport::Tcp,
        port: *number,
        tls: false,
    };
    NodeSpec {
        persona,
        services: vec![ServiceSpec { slug: "echo".to_owned(), settings: BTreeMap::new() }],
        ports: ports.iter().map(port).collect(),
        custom: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::Attached;

    #[test]
    fn each_port_is_listened_at_on_each_address_and_no_address_is_anybodys_twice() {
        let mut bridge = sample("bridge", [10, 66, 0, 9], &[22, 80]);
        bridge.persona.place.addresses = vec![Attached { ip: [172, 16, 0, 2].into(), prefix: 24 }];
        let ports: Vec<u16> = bridge.listeners().map(|port| port.port).collect();
        assert_eq!(ports, [22, 80, 22, 80]);
        let inner = sample("inner", [172, 16, 0, 3], &[22]);
        assert_eq!(check([].iter(), &[bridge.clone(), inner]), Ok(()));
        let twice = sample("twice", [172, 16, 0, 2], &[22]);
        assert!(matches!(check([].iter(), &[bridge, twice]), Err(Conflict::Address { .. })));
    }
}
