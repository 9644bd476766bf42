//! From a node's kernel to its peers: who may be talked to, where that is, and how it looks.

use crate::{
    bytes::number16,
    face::Answer,
    flow::{Key, State},
    gate::{Arrival, Gate, Output, Port},
    inward::{CONTROL, Verdict},
    packet::{self, ACK, Ipv4, PACKET, RST, SYN, Segment, TCP, UDP},
    shape,
};
use std::net::Ipv4Addr;

impl Gate {
    /// Deals with a frame from the services' kernel.
    pub(crate) fn outward(&mut self, now: i64, frame: &mut [u8], out: &mut impl Output) {
        let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
        let (source, destination) = (view.source(), view.destination());
        if !self.nodes.contains_key(&source) || !self.may_leave(now, &view) {
            return;
        }
        if self.nodes.contains_key(&destination) {
            let arrival = Arrival { now, port: Port::Engine, mac: self.wiring.engine.1 };
            let vouched = packet::checksum_vouched(frame);
            let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
            let to = self.nodes.get(&destination).map(|node| node.mac).unwrap_or_default();
            if view.protocol() == UDP && self.hear_answer(arrival, to, &view, out) {
                return;
            }
            let verdict = if view.fragment() == (0, false) {
                self.judge(arrival, &view, vouched)
            } else {
                Verdict::Pass
            };
            return self.carry_out(arrival, destination, verdict, frame, out);
        }
        match self.shape(now, frame) {
            Some(shaped) if shaped.is_empty() => {}
            Some(mut shaped) => self.deliver(now, source, destination, &mut shaped, out),
            None => self.deliver(now, source, destination, frame, out),
        }
    }

    /// Whether the kernel's packet answers somebody, or begins something that a node is allowed.
    fn may_leave(&mut self, now: i64, view: &Ipv4<'_>) -> bool {
        let (source, destination) = (view.source(), view.destination());
        if view.fragment().0 != 0 {
            return true;
        }
        match view.protocol() {
            TCP => {
                let Some(segment) = Segment::parse(view.payload()) else { return false };
                if segment.flags & (SYN | ACK) != SYN {
                    return true;
                }
                if !self.may_begin(now, source, destination) {
                    return false;
                }
                let port = segment.destination_port;
                let key = Key { peer: source, peer_port: segment.source_port, node: destination, port };
                self.flows.complete(key);
                true
            }
            // Whoever has talked to us has a place.
            UDP => {
                let known = self.nodes.contains_key(&destination)
                    || self.neighbours.heard(source, destination).is_some();
                if known {
                    self.note_dialogue(now, view);
                }
                known
            }
            // The gate itself speaks ICMP for the nodes.
            _ => false,
        }
    }

    /// Whoever is sent a datagram from a port on which nothing listens may answer there.
    fn note_dialogue(&mut self, now: i64, view: &Ipv4<'_>) {
        let (port, peer_port) = (number16(view.payload(), 0), number16(view.payload(), 2));
        let (node, peer) = (view.source(), view.destination());
        if self.nodes.get(&node).is_some_and(|node| !node.udp.contains(&port)) {
            self.dialogues.said(now, Key { peer, peer_port, node, port });
        }
    }

    /// Nodes talk to each other, to their gateway, and FTP data goes to whoever holds the control connection.
    fn may_begin(&self, now: i64, source: Ipv4Addr, destination: Ipv4Addr) -> bool {
        let control =
            self.controls.get(&(source, destination)).is_some_and(|last| now.saturating_sub(*last) < CONTROL);
        let gateway = self.nodes.get(&source).is_some_and(|node| node.gateway == Some(destination));
        control || gateway || self.nodes.contains_key(&destination)
    }

    /// Whether a segment of `key` answers a connection that the node itself has begun.
    pub(crate) fn answers_us(&mut self, key: &Key) -> bool {
        let begun = Key { peer: key.node, peer_port: key.port, node: key.peer, port: key.peer_port };
        self.flows.state(&begun).is_some()
    }

    /// Makes a kernel's packet look like one of the node's system; a new frame if it changes its length, an
    /// empty one if the system would not send it.
    fn shape(&mut self, now: i64, frame: &mut [u8]) -> Option<Vec<u8>> {
        let view = frame.get(PACKET..).and_then(Ipv4::parse)?;
        let (source, destination) = (view.source(), view.destination());
        let node = self.nodes.get_mut(&source)?;
        let segment = Segment::parse(view.payload()).filter(|_| view.protocol() == TCP);
        // A reset without ACK answers an acknowledgement out of nowhere.
        let reset = segment.is_some_and(|segment| segment.flags & (RST | ACK) == RST);
        if reset && node.face.ack_at_open == Answer::Silence {
            return Some(Vec::new());
        }
        let Some(segment) = segment.filter(shape::is_accept) else {
            shape::send(node, &mut self.kernel, frame, now);
            return None;
        };
        let key = Key {
            peer: destination,
            peer_port: segment.destination_port,
            node: source,
            port: segment.source_port,
        };
        if self.resends.repeats(&key) {
            return Some(Vec::new());
        }
        let node = self.nodes.get_mut(&source)?;
        let offered = match self.flows.state(&key) {
            Some(State::Half(half)) => half.mss,
            _ => None,
        };
        let (shaped, stamp) = shape::accept(node, &mut self.kernel, frame, offered, now)?;
        self.flows.answered(&key, stamp);
        self.follow(now, key, &shaped);
        Some(shaped)
    }
}
