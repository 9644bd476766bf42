//! A short capture of what each host says to each port of a node, from which on it is there for every session. No
//! input or output; memory is bounded whatever passes by.
//!
//! A host that never proved that its address is its own leaves nothing behind over TCP: it has to acknowledge a
//! number that only who gets the node's segments knows.

mod allowance;
mod group;

use crate::{
    capture::Link,
    packet::{Body, Packet, flag},
    sense::Bounded,
};
use allowance::Allowance;
use group::Group;
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// Groups that are open, in each of two generations.
const GROUPS: usize = 2048;
/// Bytes of packets that are held in all.
const HELD: usize = 64 << 20;
/// Time between two looks for groups that are over.
const SWEEP: Micros = 2_000_000;
/// Of what may be kept in an hour, that which may be of hosts that have proved nothing: one of so many.
const UNPROVED: u32 = 10;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLimits {
    /// Bytes of a capture.
    pub bytes: usize,
    /// Packets of a capture.
    pub packets: u32,
    /// Captures in an hour.
    pub hourly: u32,
}

/// A capture that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The host.
    pub peer: IpAddr,
    /// The node.
    pub node: IpAddr,
    /// The node's port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub transport: &'static str,
    /// Time of the first packet.
    pub begun: Micros,
    /// Time of the last.
    pub ended: Micros,
    /// Packets.
    pub packets: u32,
    /// Whether there were more.
    pub cut: bool,
    /// A file as tcpdump writes it.
    pub pcap: Vec<u8>,
}

/// Whose packets belong together: all connections of a host to a port of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    peer: IpAddr,
    node: IpAddr,
    port: u16,
    udp: bool,
}

/// A packet, as one of the node's conversations.
struct Passing {
    key: Key,
    /// Whether it comes from the host.
    inward: bool,
}

/// Records.
#[derive(Debug)]
pub struct Recorder {
    limits: RecordLimits,
    groups: Bounded<Key, Group>,
    held: usize,
    proved: Allowance,
    unproved: Allowance,
    swept: Micros,
}

impl Recorder {
    /// A recorder that has seen nothing. `seed` is drawn at random, so that nobody can choose what collides.
    pub fn new(limits: RecordLimits, seed: u64) -> Self {
        Recorder {
            limits,
            groups: Bounded::new(GROUPS, seed),
            held: 0,
            proved: Allowance::new(limits.hourly),
            unproved: Allowance::new((limits.hourly / UNPROVED).max(1)),
            swept: Micros::MIN,
        }
    }

    /// Takes an Ethernet frame; captures that are over because of it go to `over`. `is_node` says which addresses are
    /// those of nodes, `is_own` who is no stranger.
    pub fn take(
        &mut self,
        at: Micros,
        frame: &[u8],
        (is_node, is_own): (impl Fn(IpAddr) -> bool, impl Fn(IpAddr) -> bool),
        over: &mut Vec<Recorded>,
    ) {
        self.idle(at, over);
        let Some(packet) = Packet::read(Link::Ethernet, frame) else { return };
        let inward = is_node(packet.destination);
        let (peer, node) =
            if inward { (packet.source, packet.destination) } else { (packet.destination, packet.source) };
        let strange = !is_own(peer) && !is_node(peer) && (inward || is_node(node));
        let Some((port, udp)) = port(&packet, inward).filter(|_| strange) else { return };
        let passing = Passing { key: Key { peer, node, port, udp }, inward };
        self.record(at, &passing, (&packet, frame), over);
    }

    /// Ends what nothing is said to any more.
    pub fn idle(&mut self, at: Micros, over: &mut Vec<Recorded>) {
        if at.saturating_sub(self.swept) < SWEEP {
            return;
        }
        self.swept = at;
        self.sweep(at, |group| group.is_over(at), over);
    }

    /// Ends everything: no more comes.
    pub fn finish(&mut self, at: Micros, over: &mut Vec<Recorded>) {
        self.sweep(at, |_| true, over);
    }

    fn sweep(&mut self, at: Micros, is_over: impl FnMut(&Group) -> bool, over: &mut Vec<Recorded>) {
        let mut ended = Vec::new();
        self.groups.sweep(is_over, |key, group| ended.push((key, group)));
        for (key, mut group) in ended {
            self.tell(at, key, &mut group, over);
        }
    }

    fn record(
        &mut self,
        at: Micros,
        passing: &Passing,
        (packet, frame): (&Packet<'_>, &[u8]),
        over: &mut Vec<Recorded>,
    ) {
        if self.groups.get(passing.key).is_none() {
            if !begins(packet, passing.inward) {
                return;
            }
            self.put(at, passing.key, Group::new(at), over);
        }
        let limits = self.limits;
        let Some(group) = self.groups.get(passing.key) else { return };
        let before = group.held();
        let full = group.take(at, passing.inward, (packet, frame), limits);
        self.held = self.held.saturating_sub(before).saturating_add(group.held());
        if full {
            self.close(at, passing.key, over);
        }
        if HELD <= self.held {
            // Somebody has us hold more than there is: what there is of all is told, and they begin anew.
            self.sweep(at, |_| true, over);
        }
    }

    fn put(&mut self, at: Micros, key: Key, group: Group, over: &mut Vec<Recorded>) {
        // What is told of takes away what the group holds, the head of its capture included.
        self.held = self.held.saturating_add(group.held());
        let mut forgotten = Vec::new();
        self.groups.put(key, group, |key, group| forgotten.push((key, group)));
        for (key, mut group) in forgotten {
            self.tell(at, key, &mut group, over);
        }
    }

    /// Tells of a group that is full; it stays, so that no other begins at once.
    fn close(&mut self, at: Micros, key: Key, over: &mut Vec<Recorded>) {
        let Some(mut group) = self.groups.remove(key) else { return };
        self.tell(at, key, &mut group, over);
        self.put(at, key, group, over);
    }

    fn tell(&mut self, at: Micros, key: Key, group: &mut Group, over: &mut Vec<Recorded>) {
        self.held = self.held.saturating_sub(group.held());
        let proved = !key.udp && group.is_proved();
        let answered = key.udp && group.is_answered();
        if !(proved || answered) {
            return;
        }
        // One that was told of has none any more.
        let Some(pcap) = group.end() else { return };
        let allowance = if proved { &mut self.proved } else { &mut self.unproved };
        if !allowance.takes(at) {
            return;
        }
        let transport = if key.udp { "udp" } else { "tcp" };
        let Key { peer, node, port, .. } = key;
        let (begun, ended) = group.times();
        let (packets, cut) = (group.packets(), group.is_cut());
        over.push(Recorded { peer, node, port, transport, begun, ended, packets, cut, pcap });
    }
}

/// The node's port, and whether it is one of UDP.
fn port(packet: &Packet<'_>, inward: bool) -> Option<(u16, bool)> {
    match (packet.body, inward) {
        (Body::Tcp(tcp), true) => Some((tcp.destination, false)),
        (Body::Tcp(tcp), false) => Some((tcp.source, false)),
        (Body::Udp { destination, .. }, true) => Some((destination, true)),
        (Body::Udp { source, .. }, false) => Some((source, true)),
        (Body::Icmp6(_) | Body::Other, _) => None,
    }
}

/// Whether a conversation may begin with a packet: a connection that a host opens, or a datagram of it. What a node
/// opens itself is nobody's attack.
fn begins(packet: &Packet<'_>, inward: bool) -> bool {
    inward
        && match packet.body {
            Body::Tcp(tcp) => tcp.has(flag::SYN) && !tcp.has(flag::ACK),
            Body::Udp { .. } => true,
            Body::Icmp6(_) | Body::Other => false,
        }
}

#[cfg(test)]
mod tests;
