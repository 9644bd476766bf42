//! Packets that a node sends of its own accord, with the IP header that its system gives them.

use crate::{
    bytes::{BROADCAST, Mac},
    counters::Purpose,
    node::Node,
    packet::{self, ETHERTYPE_IPV4, Header, UDP},
};
use std::net::Ipv4Addr;

/// Whose network stack sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    Linux,
    Windows,
    /// BSDs and macOS.
    Bsd,
    /// Everything that is built into a device.
    Firmware,
}

/// A datagram.
#[derive(Clone, Debug)]
pub(crate) struct Speech {
    pub(crate) from: u16,
    pub(crate) to: (Ipv4Addr, u16),
    /// Time to live, where it is not the system's usual one.
    pub(crate) ttl: Option<u8>,
    /// Whether the socket has one peer: then Linux numbers its packets.
    pub(crate) connected: bool,
    pub(crate) data: Vec<u8>,
}

/// The packet of `speech`.
pub(crate) fn packet(node: &mut Node, kernel: Kernel, number: u16, speech: &Speech) -> Vec<u8> {
    let linux = kernel == Kernel::Linux;
    // ip_select_ident of Linux: packets that may not be cut have a number only where the socket has one peer.
    let id = match (linux, speech.connected) {
        (true, true) => number,
        (true, false) => 0,
        (false, _) => node.counters.id(&node.face, Purpose::Icmp),
    };
    let header = Header {
        source: node.address,
        destination: speech.to.0,
        protocol: UDP,
        ttl: speech.ttl.unwrap_or(node.face.ttl),
        tos: 0,
        id,
        dont_fragment: linux,
    };
    packet::ipv4(&header, udp(speech.from, speech.to.1, &speech.data))
}

/// A UDP datagram, its checksum still open.
pub(crate) fn udp(from: u16, to: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len().saturating_add(8)).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(usize::from(length));
    bytes.extend_from_slice(&from.to_be_bytes());
    bytes.extend_from_slice(&to.to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(data);
    bytes
}

/// The frame of a packet to a group or to everybody; `None`: one host has to be found first.
pub(crate) fn to_many(node: &Node, packet: &[u8]) -> Option<Vec<u8>> {
    let to = Ipv4Addr::from(crate::bytes::array::<4>(packet, 16)?);
    let mac = group_mac(to, node.broadcast())?;
    Some(packet::frame(mac, node.mac, ETHERTYPE_IPV4, packet))
}

/// The hardware address of a group (RFC 1112, 6.4) or of everybody.
fn group_mac(to: Ipv4Addr, broadcast: Ipv4Addr) -> Option<Mac> {
    if to.is_broadcast() || to == broadcast {
        return Some(BROADCAST);
    }
    let [_, high, middle, low] = to.octets();
    to.is_multicast().then_some([1, 0, 0x5e, high & 0x7f, middle, low])
}
