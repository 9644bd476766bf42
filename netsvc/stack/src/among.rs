//! What the nodes of one host hear of each other. The segment does not give back what they say to it, so
//! the gate hands it on: to everybody's ears what goes to a group or to all, to one node what is for it.

use crate::{
    arp,
    bytes::{BROADCAST, Mac},
    gate::{Arrival, Gate, Output, Port},
    node::Node,
    packet::{self, Datagram, ETHERTYPE_ARP, ETHERTYPE_IPV4, Ipv4, PACKET, UDP},
};
use std::net::Ipv4Addr;

/// Frames that are handed on in a row: what one frame brings about, and what that does. Nothing that is
/// honest comes near.
const IN_A_ROW: usize = 64;

impl Gate {
    /// Sends what a node says of its own accord: to the segment, unless it is for another node alone, and to
    /// the other nodes.
    pub(crate) fn say(&mut self, now: i64, frame: Vec<u8>, out: &mut impl Output) {
        let to = packet::destination_mac(&frame).unwrap_or_default();
        let inside = self.owners.contains_key(&to);
        if !inside {
            out.send(Port::Segment, &frame);
        }
        if (inside || to[0] & 1 == 1) && self.nodes.len() > 1 {
            self.said.push(frame);
        }
        if self.overhears {
            return;
        }
        self.overhears = true;
        let mut at = 0;
        while let Some(frame) = self.said.get_mut(at).filter(|_| at < IN_A_ROW).map(std::mem::take) {
            self.overhear(now, frame, out);
            at += 1;
        }
        self.said.clear();
        self.overhears = false;
    }

    /// The other nodes hear a frame.
    fn overhear(&mut self, now: i64, frame: Vec<u8>, out: &mut impl Output) {
        let (Some(from), Some(to)) = (packet::source_mac(&frame), packet::destination_mac(&frame)) else {
            return;
        };
        let Some(speaker) = self.owners.get(&from).copied() else { return };
        let arrival = Arrival { now, port: Port::Engine, mac: from };
        match packet::ethertype(&frame) {
            ETHERTYPE_ARP => self.overhear_arp(now, speaker, to, &frame, out),
            ETHERTYPE_IPV4 => self.overhear_packet(arrival, speaker, frame, out),
            _ => {}
        }
    }

    /// The node that is asked for answers, and so the speaker knows where it is. The speaker's own place is
    /// kept by nobody, since between nodes there is no way to find.
    fn overhear_arp(&mut self, now: i64, speaker: Ipv4Addr, to: Mac, frame: &[u8], out: &mut impl Output) {
        let Some(message) = arp::Message::parse(frame).filter(|message| message.sender == speaker) else {
            return;
        };
        let hears = |node: &&Node| {
            let near = node.on_segment(message.sender) && !node.is_no_host(message.sender);
            message.request
                && node.address != speaker
                && (to == BROADCAST || to == node.mac)
                && !self.is_asking(now, node.address)
                && node.face.arp.answers(&message, near, node.gateway.is_some())
        };
        let Some(node) = self.nodes.get(&message.target).filter(hears) else { return };
        let place = (node.address, node.mac);
        self.hear_place(now, speaker, place, out);
    }

    fn overhear_packet(
        &mut self,
        arrival: Arrival,
        speaker: Ipv4Addr,
        mut frame: Vec<u8>,
        out: &mut impl Output,
    ) {
        let to = packet::destination_mac(&frame).unwrap_or_default();
        let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
        // A client that has no address yet says it comes from nobody.
        if view.source() != speaker || view.protocol() != UDP || view.fragment() != (0, false) {
            return;
        }
        if to[0] & 1 == 1 {
            return self.spread(arrival, &frame, out);
        }
        let destination = view.destination();
        if self.hear_answer(arrival, to, &view, out) {
            return;
        }
        let port = Datagram::parse(view.payload()).map(|datagram| datagram.destination_port);
        let open = |node: &Node| node.mac == to && port.is_some_and(|port| node.udp.contains(&port));
        if self.nodes.get(&destination).is_some_and(open) {
            self.pass(&mut frame, out);
        }
    }
}
