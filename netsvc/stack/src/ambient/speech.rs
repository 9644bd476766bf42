//! Packets that a node sends of its own accord, with the IP header that its system gives them.

use super::habit::Kernel;
use crate::{
    bytes::{BROADCAST, Mac},
    checksum,
    counters::Purpose,
    node::Node,
    packet::{self, ETHERTYPE_IPV4, Header, UDP},
};
use std::net::Ipv4Addr;

const IGMP: u8 = 2;
/// Where IGMPv3 reports go (RFC 3376, 4.2.14).
const ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);

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

/// A report that the node is in `groups` (RFC 3376, 4.2): one record each, mode "exclude nothing".
pub(crate) fn membership(node: &mut Node, kernel: Kernel, groups: &[Ipv4Addr]) -> Vec<u8> {
    const CHANGE_TO_EXCLUDE: u8 = 4;
    let count = u8::try_from(groups.len()).unwrap_or(u8::MAX);
    let mut report = vec![0x22, 0, 0, 0, 0, 0, 0, count];
    for group in groups.iter().take(usize::from(count)) {
        report.extend_from_slice(&[CHANGE_TO_EXCLUDE, 0, 0, 0]);
        report.extend_from_slice(&group.octets());
    }
    let sum = checksum::of(&[&report]).to_be_bytes();
    crate::bytes::put(&mut report, 2, &sum);
    let linux = kernel == Kernel::Linux;
    let id = if linux { 0 } else { node.counters.id(&node.face, Purpose::Icmp) };
    let total = u16::try_from(report.len().saturating_add(24)).unwrap_or(u16::MAX);
    // Six words, as the router alert option (RFC 2113) asks.
    let mut packet = vec![0x46, if linux { 0xc0 } else { 0 }];
    packet.extend_from_slice(&total.to_be_bytes());
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&[if linux { 0x40 } else { 0 }, 0, 1, IGMP, 0, 0]);
    packet.extend_from_slice(&node.address.octets());
    packet.extend_from_slice(&ROUTERS.octets());
    packet.extend_from_slice(&[0x94, 4, 0, 0]);
    checksum::write_header(&mut packet, 24);
    packet.append(&mut report);
    packet
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
