//! What a node's stack answers by itself: closed ports, odd segments, echo requests, unreachable ports.

use crate::{
    bytes::put,
    checksum,
    counters::Purpose,
    face::{Answer, Clock, ClosedUdp, EchoFragment, QuotedChecksum, Reply, Unreachable},
    handshake,
    node::Node,
    options::Offer,
    packet::{self, ACK, Header, ICMP, Ipv4, RST, SYN, Segment, TCP, UDP},
    reply,
};

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;
const TIMESTAMP: u8 = 13;
const MASK: u8 = 17;
const UNREACHABLE: u8 = 3;
const TIME_EXCEEDED: u8 = 11;
const REASSEMBLY: u8 = 1;
const PROTOCOL_UNREACHABLE: u8 = 2;
const PORT_UNREACHABLE: u8 = 3;

/// What `segment` gets at a closed port.
pub(crate) fn at_closed(
    node: &mut Node,
    packet: &Ipv4<'_>,
    segment: &Segment<'_>,
    now: i64,
) -> Option<Vec<u8>> {
    if segment.has(RST) {
        return None;
    }
    let face = &node.face;
    let answer = if segment.has(ACK) {
        &face.ack_at_closed
    } else if segment.has(SYN) {
        &face.syn_at_closed
    } else {
        &face.odd_at_closed
    };
    let answer = answer.clone();
    give(node, &answer, packet, segment, now)
}

/// What `segment`, which no connection accounts for and which begins none, gets at an open port.
pub(crate) fn at_open(
    node: &mut Node,
    packet: &Ipv4<'_>,
    segment: &Segment<'_>,
    now: i64,
) -> Option<Vec<u8>> {
    let face = &node.face;
    let answer = if segment.has(ACK) {
        &face.ack_at_open
    } else if segment.has(SYN) {
        &face.odd_at_open
    } else {
        &face.null_at_open
    };
    let answer = answer.clone();
    give(node, &answer, packet, segment, now)
}

fn give(
    node: &mut Node,
    answer: &Answer,
    packet: &Ipv4<'_>,
    segment: &Segment<'_>,
    now: i64,
) -> Option<Vec<u8>> {
    match answer {
        Answer::Silence => None,
        Answer::Handshake => Some(handshake::answer(node, packet, segment, None, now)),
        Answer::Segment(reply) => Some(tcp_reply(node, reply, packet, segment, now)),
    }
}

fn tcp_reply(node: &mut Node, reply: &Reply, packet: &Ipv4<'_>, segment: &Segment<'_>, now: i64) -> Vec<u8> {
    let clock = node.face.clock;
    let asked = Offer::parse(segment.options).time.map_or(0, |(value, _)| value);
    // What tells no time has left the peer's where it stood.
    let told = match clock {
        Clock::None => asked,
        _ => node.counters.time(clock, now, (packet.source(), segment.source_port)),
    };
    let options = reply.options.write(told, asked);
    let (sequence, acknowledgement) = reply::numbers(node, reply, segment, now);
    let answer = Segment {
        source_port: segment.destination_port,
        destination_port: segment.source_port,
        sequence,
        acknowledgement,
        flags: reply.flags,
        window: reply.window,
        options: &options,
        data: &reply.data,
    };
    let purpose = if reply.flags & RST != 0 { Purpose::Reset } else { Purpose::Handshake };
    let mut header = header(node, packet, TCP, purpose, reply.dont_fragment);
    header.ttl = reply.ttl.unwrap_or(header.ttl);
    packet::ipv4(&header, reply::marked(packet::tcp(&answer), reply.oddity))
}

/// The reply to an echo request; `None` for every other ICMP message.
pub(crate) fn echo(node: &mut Node, request: &Ipv4<'_>) -> Option<Vec<u8>> {
    let message = request.payload();
    if message.len() < 8 || message.first() != Some(&ECHO_REQUEST) {
        return None;
    }
    let echo = node.face.echo;
    if !echo.answered {
        return None;
    }
    let mut reply = message.to_vec();
    put(&mut reply, 0, &[ECHO_REPLY]);
    if !echo.same_code {
        put(&mut reply, 1, &[0]);
    }
    Some(echoed(node, request, reply))
}

/// The reply to a question for the time of day (RFC 792), or for the mask of the segment (RFC 950), where the
/// system gives one.
pub(crate) fn query(node: &mut Node, request: &Ipv4<'_>, now: i64) -> Option<Vec<u8>> {
    let message = request.payload();
    let asks = node.face.queries;
    let mut reply = match message.first() {
        Some(&TIMESTAMP) if asks.time => message.get(..20)?.to_vec(),
        Some(&MASK) if asks.mask => message.get(..12)?.to_vec(),
        _ => return None,
    };
    if message.first() == Some(&TIMESTAMP) {
        // When it came and when the answer left is the same millisecond.
        let time = node.counters.time_of_day(now).to_be_bytes();
        put(&mut reply, 0, &[TIMESTAMP + 1, 0]);
        put(&mut reply, 12, &time);
        put(&mut reply, 16, &time);
    } else {
        put(&mut reply, 0, &[MASK + 1, 0]);
        put(&mut reply, 8, &node.mask().octets());
    }
    Some(echoed(node, request, reply))
}

/// A message that goes back to the sender of `request` in the header that echo replies have.
fn echoed(node: &mut Node, request: &Ipv4<'_>, reply: Vec<u8>) -> Vec<u8> {
    let echo = node.face.echo;
    let dont_fragment = match echo.dont_fragment {
        EchoFragment::Same => request.dont_fragment(),
        EchoFragment::No => false,
        EchoFragment::Yes => true,
        EchoFragment::Opposite => !request.dont_fragment(),
    };
    let mut header = header(node, request, ICMP, Purpose::Icmp, dont_fragment);
    header.tos = request.tos();
    header.ttl = echo.ttl.unwrap_or(header.ttl);
    packet::ipv4(&header, reply)
}

/// The message that a datagram to a closed port gets.
pub(crate) fn port_unreachable(node: &mut Node, packet: &Ipv4<'_>) -> Option<Vec<u8>> {
    unreachable(node, packet, PORT_UNREACHABLE)
}

/// The message that an unknown protocol gets.
pub(crate) fn protocol_unreachable(node: &mut Node, packet: &Ipv4<'_>) -> Option<Vec<u8>> {
    unreachable(node, packet, PROTOCOL_UNREACHABLE)
}

/// Destination unreachable with `code`.
pub(crate) fn unreachable(node: &mut Node, packet: &Ipv4<'_>, code: u8) -> Option<Vec<u8>> {
    error(node, packet, UNREACHABLE, code)
}

/// What the sender of a packet is told whose `first` fragment was not followed by all others in time.
pub(crate) fn too_late(node: &mut Node, first: &Ipv4<'_>) -> Option<Vec<u8>> {
    error(node, first, TIME_EXCEEDED, REASSEMBLY)
}

/// An ICMP error about `packet`.
fn error(node: &mut Node, packet: &Ipv4<'_>, kind: u8, code: u8) -> Option<Vec<u8>> {
    let ClosedUdp::Unreachable(error) = node.face.closed_udp else { return None };
    let mut message = vec![kind, code, 0, 0];
    message.extend_from_slice(&error.unused.to_be_bytes());
    message.append(&mut quote(&error, packet));
    let mut header = header(node, packet, ICMP, Purpose::Icmp, error.dont_fragment);
    header.tos = error.tos;
    header.ttl = error.ttl.unwrap_or(header.ttl);
    Some(packet::ipv4(&header, message))
}

/// The packet that an error is about, as the stack quotes it.
fn quote(error: &Unreachable, packet: &Ipv4<'_>) -> Vec<u8> {
    let mut quoted: Vec<u8> = packet.bytes.iter().take(error.quote.max(packet.header + 8)).copied().collect();
    if let Some(length) = error.quoted_length {
        put(&mut quoted, 2, &length.to_be_bytes());
    }
    if let Some(id) = error.quoted_id {
        put(&mut quoted, 4, &id.to_be_bytes());
    }
    if error.quoted_length.or(error.quoted_id).is_some() {
        checksum::write_header(&mut quoted, packet.header);
    }
    match error.quoted_checksum {
        QuotedChecksum::Good => {}
        QuotedChecksum::Zero => put(&mut quoted, 10, &[0, 0]),
        QuotedChecksum::Bad => {
            let wrong = crate::bytes::number16(&quoted, 10) ^ 0x5a01;
            put(&mut quoted, 10, &wrong.max(1).to_be_bytes());
        }
    }
    if let Some(sum) = error.quoted_udp_checksum.filter(|_| packet.protocol() == UDP) {
        put(&mut quoted, packet.header + 6, &sum.to_be_bytes());
    }
    if error.spoilt
        && let Some(last) = quoted.get_mut(packet.header + 8..).and_then(<[u8]>::last_mut)
    {
        *last ^= 0x5c;
    }
    if error.filled {
        quoted.resize(error.quote.max(quoted.len()), 0);
    }
    quoted
}

fn header(node: &mut Node, asked: &Ipv4<'_>, protocol: u8, purpose: Purpose, dont_fragment: bool) -> Header {
    Header {
        source: node.address,
        destination: asked.source(),
        protocol,
        ttl: node.face.ttl,
        tos: 0,
        id: node.counters.id(&node.face, purpose),
        dont_fragment,
    }
}
