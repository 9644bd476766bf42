//! Frames in, findings out. No input or output; memory is bounded whatever passes by.

mod beat;
mod bounded;
pub(crate) mod certificate;
mod datagram;
mod flow;
mod hosts;
mod news;
mod quic;
mod spoof;
mod stream;
mod tell;

use crate::{
    capture::Link,
    finding::Finding,
    packet::{Arp, Body, Mac, Packet, Tcp, flag},
    system::{self, Signature},
};
use beat::Beats;
pub(crate) use bounded::Bounded;
use datagram::Ask;
use flow::{End, Flow};
use hosts::Hosts;
use netsvc_wire::stamp::Micros;
use news::News;
use quic::Quic;
use serde::Serialize;
use spoof::Segment;
use std::{
    hash::{Hash, Hasher},
    net::IpAddr,
};

/// Connections that are known, in each of two generations.
const FLOWS: usize = 32_768;
/// Clients of DHCP that are known.
const LEASES: usize = 4096;
/// Bytes of what hosts say that are held in all.
const HELD: usize = 32 << 20;
/// Time after which a connection on which nothing is said is over, in µs.
const IDLE: Micros = 120_000_000;
/// Time between two looks for such ones.
const SWEEP: Micros = 10_000_000;

/// A connection whichever way a segment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(End, End);

impl Hash for Key {
    /// In few steps: every segment is looked up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (address, port) in [self.0, self.1] {
            match address {
                IpAddr::V4(four) => state.write_u64(u64::from(four.to_bits()) << 16 | u64::from(port)),
                IpAddr::V6(six) => {
                    state.write_u128(six.to_bits());
                    state.write_u16(port);
                }
            }
        }
    }
}

impl Key {
    fn of(one: End, other: End) -> Key {
        if one <= other { Key(one, other) } else { Key(other, one) }
    }
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Frames.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those in which there was a packet of IP.
    pub packets: u64,
    /// Findings.
    pub findings: u64,
    /// Findings that were not told, because too many came at once.
    pub withheld: u64,
}

/// Watches frames.
#[derive(Debug)]
pub struct Sensor {
    flows: Bounded<Key, Flow>,
    /// Bytes that they hold.
    held: usize,
    news: News,
    hosts: Hosts,
    beats: Beats,
    quic: Quic,
    leases: Bounded<Mac, Ask>,
    segment: Segment,
    swept: Micros,
    seen: Seen,
}

impl Sensor {
    /// A sensor that has seen nothing. `seed` is drawn at random, so that nobody can choose what collides.
    pub fn new(seed: u64) -> Self {
        Sensor {
            flows: Bounded::new(FLOWS, seed),
            held: 0,
            news: News::new(seed),
            hosts: Hosts::new(seed),
            beats: Beats::new(seed),
            quic: Quic::new(seed),
            leases: Bounded::new(LEASES, seed),
            segment: Segment::new(seed),
            swept: Micros::MIN,
            seen: Seen::default(),
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        Seen { withheld: self.news.withheld, ..self.seen }
    }

    /// Takes a frame; what it tells goes to `found`.
    pub fn take(&mut self, at: Micros, link: Link, frame: &[u8], found: &mut Vec<Finding>) {
        let before = found.len();
        self.seen.frames += 1;
        self.seen.bytes += frame.len() as u64;
        if let Some(packet) = Packet::read(link, frame) {
            self.seen.packets += 1;
            self.segment.packet(&packet);
            match packet.body {
                Body::Tcp(tcp) => self.tcp(at, &packet, &tcp, found),
                Body::Udp { source, destination, payload } => {
                    self.udp(at, &packet, (source, destination), payload, found);
                }
                Body::Icmp6(message) => self.segment.neighbour(at, &packet, message, &mut self.news, found),
                Body::Other => {}
            }
        } else if let Some(arp) = Arp::read(link, frame) {
            self.segment.arp(at, &arp, &mut self.news, found);
        }
        self.seen.findings += (found.len() - before) as u64;
        self.idle(at, found);
    }

    /// Ends connections on which nothing was said for long.
    pub fn idle(&mut self, at: Micros, found: &mut Vec<Finding>) {
        if at.saturating_sub(self.swept) < SWEEP {
            return;
        }
        self.swept = at;
        self.sweep(|flow| IDLE <= at.saturating_sub(flow.last), found);
    }

    /// Ends all connections: no more comes.
    pub fn finish(&mut self, found: &mut Vec<Finding>) {
        self.sweep(|_| true, found);
    }

    /// Ends the connections that `over` says of.
    fn sweep(&mut self, over: impl FnMut(&Flow) -> bool, found: &mut Vec<Finding>) {
        let (before, news, held) = (found.len(), &mut self.news, &mut self.held);
        self.flows.sweep(over, |_, flow| {
            *held = held.saturating_sub(flow.held());
            tell::flow(&flow, news, found);
        });
        self.seen.findings += (found.len() - before) as u64;
    }

    fn tcp(&mut self, at: Micros, packet: &Packet<'_>, tcp: &Tcp<'_>, found: &mut Vec<Finding>) {
        let (from, to) = ((packet.source, tcp.source), (packet.destination, tcp.destination));
        let key = Key::of(from, to);
        if tcp.has(flag::RST) {
            return self.end(key, found);
        }
        if tcp.has(flag::SYN) && !tcp.has(flag::ACK) {
            return self.opened(at, key, packet, tcp, found);
        }
        let flow = match self.flows.get(key) {
            Some(flow) => flow,
            // Somebody else's connection, or the end of one: only what is said is of interest.
            None if tcp.payload.is_empty() => return,
            None => {
                self.put(key, Flow::new(at, from, to), found);
                let Some(flow) = self.flows.get(key) else { return };
                flow
            }
        };
        let side = usize::from(flow.client != from);
        if tcp.has(flag::SYN) {
            let signature = Signature::of(packet.header, tcp, flow.segment);
            tell::answered(at, flow, &signature, &mut self.news, found);
        }
        let before = flow.held();
        let heard = flow.take(at, side, tcp, self.held < HELD);
        self.held = self.held.saturating_sub(before).saturating_add(flow.held());
        if let Some(heard) = heard {
            tell::heard(at, flow, side, &heard, &mut self.news, found);
        }
        if flow.is_over() {
            self.end(key, found);
        }
    }

    /// A client's SYN.
    fn opened(&mut self, at: Micros, key: Key, packet: &Packet<'_>, tcp: &Tcp<'_>, found: &mut Vec<Finding>) {
        if let Some(flow) = self.flows.get(key) {
            if flow.opened == Some(tcp.sequence) {
                flow.retransmits += 1;
                flow.last = at;
                return;
            }
            self.end(key, found);
        }
        let (client, server) = ((packet.source, tcp.source), (packet.destination, tcp.destination));
        let signature = Signature::of(packet.header, tcp, None);
        let mut flow = Flow::new(at, client, server);
        flow.opened = Some(tcp.sequence);
        flow.segment = signature.options.segment;
        flow.take(at, 0, tcp, false);
        let program = system::tool(&signature, tcp, server.0);
        let system = system::guess(&signature);
        tell::opened(at, &flow, &signature, (system, program), &mut self.news, found);
        if let Some(known) = system.filter(|_| program.is_none())
            && let Some(families) = self.hosts.system(client.0, known.family)
            && self.news.is_of_anybody(at, ("systems", client.0, families.len()))
        {
            tell::shared(at, &flow, families.len(), &format!("systems: {}", families.join(", ")), found);
        }
        if let Some((stamp, _)) = signature.options.timestamps
            && let Some(count) = self.hosts.connection(at, (client.0, server.0), stamp)
            && self.news.is_of_anybody(at, ("clocks", client.0, count))
        {
            tell::shared(at, &flow, count, "clocks that take turns", found);
        }
        if let Some(even) = self.beats.begun(at, (client.0, server.0, server.1))
            && self.news.is_of_anybody(at, ("beacon", client.0, server))
        {
            tell::beacon(at, &flow, even, found);
        }
        self.leased(at, packet, (client, server), found);
        self.put(key, flow, found);
    }

    fn udp(
        &mut self,
        at: Micros,
        packet: &Packet<'_>,
        ports: (u16, u16),
        payload: &[u8],
        found: &mut Vec<Finding>,
    ) {
        let ends = ((packet.source, ports.0), (packet.destination, ports.1));
        if ports == (67, 68) {
            if let Some(offer) = datagram::offer(payload) {
                self.segment.offer(at, packet, &offer, &mut self.news, found);
            }
            return;
        }
        if ports == (68, 67) {
            if let Some(ask) = datagram::ask(payload) {
                tell::ask(at, ends, &ask, &mut self.news, found);
                // Whose address is in the request may be somebody else than who sent it: the gateway, for one, from
                // whom the frames of all remote hosts come.
                if packet.source_mac == Some(ask.mac) {
                    self.leases.put(ask.mac, ask, |_, _| {});
                }
            }
            return;
        }
        self.leased(at, packet, ends, found);
        if ports.1 == 53
            && let Some(question) = datagram::question(payload)
        {
            tell::question(at, ends, &question, &mut self.news, found);
        }
        if Quic::is_opening(payload)
            && let Some(hello) = self.quic.take((ends.0.0, ends.0.1, ends.1.0, ends.1.1), payload)
        {
            tell::quic(at, ends, &hello, &mut self.news, found);
        }
    }

    /// Tells how a host has asked for its address, when it speaks to somebody.
    fn leased(&mut self, at: Micros, packet: &Packet<'_>, ends: (End, End), found: &mut Vec<Finding>) {
        let Some(mac) = packet.source_mac else { return };
        if let Some(ask) = self.leases.get(mac) {
            tell::ask(at, ends, ask, &mut self.news, found);
        }
    }

    fn put(&mut self, key: Key, flow: Flow, found: &mut Vec<Finding>) {
        let (news, held) = (&mut self.news, &mut self.held);
        self.flows.put(key, flow, |_, gone| {
            *held = held.saturating_sub(gone.held());
            tell::flow(&gone, news, found);
        });
    }

    fn end(&mut self, key: Key, found: &mut Vec<Finding>) {
        if let Some(flow) = self.flows.remove(key) {
            self.held = self.held.saturating_sub(flow.held());
            tell::flow(&flow, &mut self.news, found);
        }
    }
}

#[cfg(test)]
mod tests;
