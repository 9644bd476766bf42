//! Where a node's packets go: to a neighbour that ARP has told of, or to the gateway. What a packet claims
//! about its sender moves nobody: only the way back over a router that has not answered yet is taken from it.

use crate::{
    arp,
    bytes::{Mac, number32},
    gate::{Arrival, Gate, Output, Port},
    neighbour::{Place, Told},
    node::Node,
    packet::{self, ETHERTYPE_IPV4},
    table::HashMap,
};
use std::net::Ipv4Addr;

/// What is known of the next hop.
enum Hop {
    /// It is there.
    Known(Place),
    /// The gateway is asked for; meanwhile the way that the peer came.
    Back(Place, Ipv4Addr),
    /// It has to be asked for first.
    Ask(Ipv4Addr),
    /// There is no way.
    None,
}

impl Gate {
    /// Notes where a host is, as ARP tells `node`, and sends what waited for it.
    pub(crate) fn learn(
        &mut self,
        now: i64,
        (node, address): (Ipv4Addr, Ipv4Addr),
        (place, told): (Place, Told),
        out: &mut impl Output,
    ) {
        let age = age(&self.nodes, node);
        let waited = self.neighbours.learn(now, (node, address), (place, told), age);
        send_waiting(place, waited, out);
        self.hear_place(now, node, (address, place.mac), out);
    }

    /// The same, as ARP tells everybody: those who know the host or ask for it.
    pub(crate) fn merge(&mut self, now: i64, address: Ipv4Addr, place: Place, out: &mut impl Output) {
        let waited = self.neighbours.merge(now, address, place, |node| age(&self.nodes, node));
        send_waiting(place, waited, out);
    }

    /// Asks the segment for `target` in the name of the node `asker`.
    pub(crate) fn ask(&mut self, now: i64, asker: Ipv4Addr, target: Ipv4Addr, out: &mut impl Output) {
        if let Some(node) = self.nodes.get(&asker) {
            let request = arp::request(node.mac, node.address, target);
            self.say(now, request, out);
        }
    }

    /// Sends a packet that the stack of the node `own` made to whoever `arrival` came from.
    pub(crate) fn reply(&mut self, arrival: Arrival, own: Ipv4Addr, packet: &[u8], out: &mut impl Output) {
        if arrival.port == Port::Engine {
            let (gate, engine) = self.wiring.engine;
            return out.send(Port::Engine, &packet::frame(engine, gate, ETHERTYPE_IPV4, packet));
        }
        let Some(node) = self.nodes.get(&own) else { return };
        let mut frame = packet::frame([0; 6], node.mac, ETHERTYPE_IPV4, packet);
        let peer = Ipv4Addr::from_bits(number32(packet, 16));
        let hop = if node.on_segment(peer) { Some(peer) } else { node.gateway };
        if let Some(hop) = hop.filter(|_| node.face.arp.age == 0 && arrival.port == Port::Segment) {
            self.neighbours.doubt(arrival.now, own, hop);
        }
        self.deliver(arrival.now, own, peer, &mut frame, out);
    }

    /// Sends a frame of the node `source` to `destination`, or keeps it until it is known where that is.
    pub(crate) fn deliver(
        &mut self,
        now: i64,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        frame: &mut [u8],
        out: &mut impl Output,
    ) {
        let Some(own) = self.nodes.get(&source).map(|node| node.mac) else { return };
        match self.hop(now, source, destination) {
            Hop::Known(place) => send_to(place, own, frame, out),
            Hop::Back(place, gateway) => {
                send_to(place, own, frame, out);
                if self.neighbours.questions.wait(now, source, gateway, &[]) {
                    self.ask(now, source, gateway, out);
                }
            }
            Hop::Ask(hop) => {
                packet::address(frame, [0; 6], own);
                if self.neighbours.questions.wait(now, source, hop, frame) {
                    self.ask(now, source, hop, out);
                }
            }
            Hop::None => {}
        }
    }

    fn hop(&self, now: i64, source: Ipv4Addr, destination: Ipv4Addr) -> Hop {
        let Some(node) = self.nodes.get(&source) else { return Hop::None };
        let heard = || self.neighbours.heard(source, destination);
        if self.wiring.probe == Some(destination) {
            return heard().map_or(Hop::None, Hop::Known);
        }
        let near = node.on_segment(destination);
        let next = if near { Some(destination) } else { node.gateway };
        if let Some(place) = next.and_then(|next| self.neighbours.find(now, source, next)) {
            return Hop::Known(place);
        }
        match (if near { None } else { heard() }, next) {
            (Some(place), Some(next)) => Hop::Back(place, next),
            (Some(place), None) => Hop::Known(place),
            (None, Some(next)) => Hop::Ask(next),
            (None, None) => Hop::None,
        }
    }
}

/// After how many seconds a node forgets a neighbour; 0: it asks him.
fn age(nodes: &HashMap<Ipv4Addr, Node>, node: Ipv4Addr) -> u32 {
    nodes.get(&node).map_or(0, |node| node.face.arp.age)
}

fn send_waiting(place: Place, frames: Vec<Vec<u8>>, out: &mut impl Output) {
    for mut frame in frames {
        let own = packet::source_mac(&frame).unwrap_or_default();
        send_to(place, own, &mut frame, out);
    }
}

fn send_to(place: Place, own: Mac, frame: &mut [u8], out: &mut impl Output) {
    packet::address(frame, place.mac, own);
    out.send(place.port, frame);
}
