//! What a node's stack answers by itself: closed ports, echo requests, unreachable ports and protocols.

use crate::{
    bytes::put,
    face::{ClosedUdp, Echo},
    node::Node,
    packet::{self, ACK, Header, ICMP, Ipv4, RST, Segment, TCP},
};

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;
const UNREACHABLE: u8 = 3;
const PROTOCOL_UNREACHABLE: u8 = 2;
const PORT_UNREACHABLE: u8 = 3;

/// The reset that answers `segment` (RFC 9293, 3.10.7.1).
pub(crate) fn reset(node: &mut Node, packet: &Ipv4<'_>, segment: &Segment<'_>) -> Option<Vec<u8>> {
    if segment.has(RST) {
        return None;
    }
    let (sequence, acknowledgement, flags) = if segment.has(ACK) {
        (segment.acknowledgement, 0, RST)
    } else {
        (0, segment.sequence.wrapping_add(segment.length()), RST | ACK)
    };
    let reply = Segment {
        source_port: segment.destination_port,
        destination_port: segment.source_port,
        sequence,
        acknowledgement,
        flags,
        window: 0,
        options: &[],
        data: &[],
    };
    let dont_fragment = node.face.reset_dont_fragment;
    let header = header(node, packet, TCP, dont_fragment);
    Some(packet::ipv4(&header, packet::tcp(&reply)))
}

/// The reply to an echo request; `None` for every other ICMP message.
pub(crate) fn echo(node: &mut Node, request: &Ipv4<'_>) -> Option<Vec<u8>> {
    let message = request.payload();
    if message.len() < 8 || message.first() != Some(&ECHO_REQUEST) {
        return None;
    }
    let mut reply = message.to_vec();
    put(&mut reply, 0, &[ECHO_REPLY]);
    let dont_fragment = match node.face.echo {
        Echo::Same => request.dont_fragment(),
        Echo::Plain => {
            put(&mut reply, 1, &[0]);
            false
        }
        Echo::SameCode => false,
    };
    let mut header = header(node, request, ICMP, dont_fragment);
    header.tos = request.tos();
    if header.id == 0 && !dont_fragment {
        // No stack sends a fragmentable packet without an identification.
        header.id = request.id() ^ 0x5bd1;
    }
    Some(packet::ipv4(&header, reply))
}

/// The message that a datagram to a closed port gets, and how many of them a second.
pub(crate) fn port_unreachable(node: &mut Node, packet: &Ipv4<'_>) -> Option<Vec<u8>> {
    unreachable(node, packet, PORT_UNREACHABLE)
}

/// The message that an unknown protocol gets.
pub(crate) fn protocol_unreachable(node: &mut Node, packet: &Ipv4<'_>) -> Option<Vec<u8>> {
    unreachable(node, packet, PROTOCOL_UNREACHABLE)
}

fn unreachable(node: &mut Node, packet: &Ipv4<'_>, code: u8) -> Option<Vec<u8>> {
    let ClosedUdp::Unreachable { quote, tos, .. } = node.face.closed_udp else { return None };
    let mut message = vec![UNREACHABLE, code, 0, 0, 0, 0, 0, 0];
    message.extend(packet.bytes.iter().take(quote));
    let mut header = header(node, packet, ICMP, false);
    header.tos = tos;
    if header.id == 0 {
        header.id = packet.id() ^ 0x5bd1;
    }
    Some(packet::ipv4(&header, message))
}

fn header(node: &mut Node, asked: &Ipv4<'_>, protocol: u8, dont_fragment: bool) -> Header {
    Header {
        source: node.address,
        destination: asked.source(),
        protocol,
        ttl: node.face.ttl,
        tos: 0,
        id: node.next_identification(),
        dont_fragment,
    }
}
