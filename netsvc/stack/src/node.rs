//! A node as the gate knows it.

use crate::{
    Face,
    bytes::Mac,
    counters::Counters,
    rate::{Bucket, Window},
    roll,
};
use netsvc_persona::{
    Persona, Slow,
    stage::{PortSpec, ServiceSpec, Transport},
    tables::firewalls::{self, Echo, Firewall},
};
use netsvc_wire::HeaderText;
use std::{collections::BTreeSet, net::IpAddr, net::Ipv4Addr};

/// Handshakes per second that may begin at a node with too many incomplete ones.
const BEGINS: u32 = 500;
/// Segments per second that closed ports of a node answer, and of a burst: more than a scanner sends whom
/// anybody notices too late.
const REFUSALS: u32 = 5_000;
const REFUSALS_BURST: u32 = 10_000;

/// Why a node cannot be behind a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadNode {
    /// Its address is not IPv4.
    Address(IpAddr),
    /// Its hardware address is none.
    Mac(String),
    /// Its system has no face.
    Face(String),
    /// Its name cannot stand in an event line.
    Name(String),
}

impl std::fmt::Display for BadNode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BadNode::Address(address) => write!(formatter, "{address} is not an IPv4 address"),
            BadNode::Mac(text) => write!(formatter, "{text:?} is not a hardware address"),
            BadNode::Face(system) => write!(formatter, "the system {system:?} has no face"),
            BadNode::Name(text) => write!(formatter, "{text:?} cannot stand in an event line"),
        }
    }
}

impl std::error::Error for BadNode {}

/// A node and what its stack keeps count of.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: HeaderText,
    pub(crate) address: Ipv4Addr,
    pub(crate) mac: Mac,
    mask: u32,
    pub(crate) gateway: Option<Ipv4Addr>,
    pub(crate) face: Face,
    /// Its packet filter, if that is on.
    pub(crate) wall: Option<&'static Firewall>,
    tcp: BTreeSet<u16>,
    pub(crate) udp: BTreeSet<u16>,
    /// UDP ports of the service that answers for names: questions to everybody are answered as those of the system.
    pub(crate) named: BTreeSet<u16>,
    /// Ports of FTP control connections.
    ftp: BTreeSet<u16>,
    passive: (u16, u16),
    /// Whom it keeps waiting, and the ports whose services do that themselves.
    slow: Option<Slow>,
    unhurried: BTreeSet<u16>,
    /// Whether it stays although another host has its address.
    pub(crate) stays: bool,
    pub(crate) counters: Counters,
    /// How long after it came its link comes up, µs.
    pub(crate) entrance: i64,
    /// ICMP errors, and resets from closed ports, in this second.
    pub(crate) errors: Window,
    pub(crate) resets: Window,
    /// Handshakes that may begin although too many are incomplete, and segments that closed ports answer: a
    /// flood of one node leaves time for the others.
    pub(crate) begins: Bucket,
    pub(crate) refusals: Bucket,
}

impl Node {
    pub(crate) fn new(persona: &Persona) -> Result<Self, BadNode> {
        let IpAddr::V4(address) = persona.ip else { return Err(BadNode::Address(persona.ip)) };
        let gateway = match persona.gateway {
            Some(IpAddr::V4(gateway)) => Some(gateway),
            _ => None,
        };
        let name = persona.node.parse().map_err(|_| BadNode::Name(persona.node.clone()))?;
        let mac = persona.mac_bytes().ok_or_else(|| BadNode::Mac(persona.mac.clone()))?;
        let secret = u64::from_str_radix(persona.subkey.0.get(..16).unwrap_or_default(), 16);
        let face = Face::of_persona(persona);
        let face = face.ok_or_else(|| BadNode::Face(persona.os.id.clone()))?;
        let mut counters = Counters::new(secret.unwrap_or_default(), persona.booted_at);
        counters.settle(&face.ids);
        Ok(Node {
            name,
            address,
            mac,
            mask: u32::MAX.checked_shl(32 - u32::from(persona.prefix.min(32))).unwrap_or(0),
            gateway,
            face,
            wall: firewalls::of(&persona.os).filter(|_| persona.firewall),
            tcp: BTreeSet::new(),
            udp: BTreeSet::new(),
            named: BTreeSet::new(),
            ftp: BTreeSet::new(),
            passive: persona.passive_ports,
            slow: persona.slow.clone(),
            unhurried: BTreeSet::new(),
            stays: persona.life.stays,
            counters,
            entrance: 0,
            errors: Window::default(),
            resets: Window::default(),
            begins: Bucket::new(BEGINS, BEGINS),
            refusals: Bucket::new(REFUSALS, REFUSALS_BURST),
        })
    }

    /// Takes up listeners; those of services on `services` that the gate treats specially are noted.
    pub(crate) fn open(&mut self, services: &[ServiceSpec], ports: &[PortSpec]) {
        let has_ftp = services.iter().any(|service| service.slug == "ftp");
        for port in ports {
            match port.transport {
                Transport::Tcp => self.tcp.insert(port.port),
                Transport::Udp => self.udp.insert(port.port),
            };
            let own = self.slow.as_ref().is_some_and(|slow| slow.services.contains(&port.slug));
            if own && port.transport == Transport::Tcp {
                self.unhurried.insert(port.port);
            }
            if port.transport == Transport::Udp && port.slug == roll::NAMES {
                self.named.insert(port.port);
            }
            if has_ftp && port.slug == "ftp" {
                self.ftp.insert(port.port);
            }
        }
    }

    /// Whether something listens on a TCP port.
    pub(crate) fn listens(&self, port: u16) -> bool {
        self.tcp.contains(&port)
    }

    /// Whether connections of `peer` to a TCP port are held rather than served.
    pub(crate) fn holds(&self, peer: Ipv4Addr, port: u16) -> bool {
        let met = self.slow.as_ref().is_some_and(|slow| slow.meets(peer));
        met && self.listens(port) && !self.unhurried.contains(&port)
    }

    /// Whether echo requests are answered.
    pub(crate) fn echoes(&self) -> bool {
        let shares = self.listens(445) || self.listens(139);
        self.wall.is_none_or(|wall| wall.echo == Echo::Answered || shares)
    }

    /// Whether a TCP port takes FTP control connections.
    pub(crate) fn controls(&self, port: u16) -> bool {
        self.ftp.contains(&port)
    }

    /// Whether a TCP port is among those that FTP data may come to.
    pub(crate) fn passive(&self, port: u16) -> bool {
        !self.ftp.is_empty() && (self.passive.0..=self.passive.1).contains(&port)
    }

    /// Whether `other` is on the node's own segment.
    pub(crate) fn on_segment(&self, other: Ipv4Addr) -> bool {
        (other.to_bits() ^ self.address.to_bits()) & self.mask == 0
    }

    /// Whether no host can have `address` on the node's segment: it names the segment, or all on it.
    pub(crate) fn is_no_host(&self, address: Ipv4Addr) -> bool {
        let host = address.to_bits() & !self.mask;
        // A segment of two hosts has no such addresses (RFC 3021).
        self.mask < u32::MAX - 1 && self.on_segment(address) && (host == 0 || host == !self.mask)
    }

    /// The mask of the node's segment.
    pub(crate) fn mask(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.mask)
    }

    /// The broadcast address of the node's segment.
    pub(crate) fn broadcast(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() | !self.mask)
    }
}
