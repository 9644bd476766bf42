//! What comes back to nodes that have spoken, and questions for their names. None of it is a probe.

use super::{Arrival, Gate, Output, Port};
use crate::{
    ambient::{Asked, Poisoner, Reply, Speech, hears, is_reply, is_response},
    bytes::{BROADCAST, Mac, number16},
    node::Node,
    packet::{Datagram, Ipv4, UDP},
    roll::{app, mac_text, names_app},
};
use netsvc_wire::{Event, Kind, field};
use std::net::Ipv4Addr;

impl Gate {
    /// A node was told where a host of the segment is: the life of the node knows it too.
    pub(crate) fn hear_place(
        &mut self,
        now: i64,
        node: Ipv4Addr,
        (host, mac): (Ipv4Addr, Mac),
        out: &mut impl Output,
    ) {
        self.turn(now, node, None, out, |life, turn| life.found(turn, host, mac));
    }

    /// Whether the life of a node knows where `host` is, or asks for it.
    pub(crate) fn lives_with(&self, node: Ipv4Addr, host: Ipv4Addr) -> bool {
        self.lives.get(&node).is_some_and(|life| life.knows(host))
    }

    /// Takes a datagram that answers what a node has said. True when it was one.
    pub(crate) fn hear_answer(
        &mut self,
        arrival: Arrival,
        to: Mac,
        view: &Ipv4<'_>,
        out: &mut impl Output,
    ) -> bool {
        let payload = view.payload();
        let whole = view.protocol() == UDP && view.fragment() == (0, false);
        if arrival.port == Port::Probe || !whole {
            return false;
        }
        let Some(datagram) = Datagram::parse(payload) else { return false };
        if is_reply(payload) {
            return self.hear_lease(arrival.now, to, datagram.data, out);
        }
        let node = self.nodes.get(&view.destination()).filter(|node| node.mac == to);
        let Some(address) = node.map(|node| node.address) else { return false };
        if self.hear_poisoner(arrival, address, view, &datagram) {
            return true;
        }
        let life = self.lives.get_mut(&address);
        life.is_some_and(|life| life.hear(view.source(), number16(payload, 0), &datagram))
    }

    /// A DHCP server's message is for whoever has its hardware address in it, wherever it was sent to.
    fn hear_lease(&mut self, now: i64, to: Mac, data: &[u8], out: &mut impl Output) -> bool {
        let Some(reply) = Reply::parse(data).filter(|reply| to == reply.mac || to == BROADCAST) else {
            return false;
        };
        // A server gives a node's address to somebody else.
        let given = self.nodes.get(&reply.address).filter(|node| reply.grants() && node.mac != reply.mac);
        if let Some(node) = given.map(|node| node.address) {
            self.suspected(now, node, reply.mac);
        }
        let asks = |node: &&Node| node.mac == reply.mac && self.lives.contains_key(&node.address);
        let node = self.nodes.values().find(asks).map(|node| node.address);
        let heard =
            node.and_then(|node| self.turn(now, node, None, out, |life, turn| life.hear_lease(turn, &reply)));
        heard.unwrap_or_default()
    }

    /// Whether an ICMP error is about a datagram that the node has sent of its own accord.
    pub(crate) fn is_about_life(&self, view: &Ipv4<'_>) -> bool {
        let Some(quoted) = view.payload().get(8..) else { return false };
        let header = usize::from(quoted.first().copied().unwrap_or_default() & 15) * 4;
        let Some(datagram) = quoted.get(header..).filter(|_| quoted.get(9) == Some(&UDP)) else {
            return false;
        };
        let port = number16(datagram, 0);
        let node = self.nodes.get(&view.destination()).filter(|node| !node.udp.contains(&port));
        node.and_then(|node| self.lives.get(&node.address)).is_some_and(|life| life.holds(port))
    }

    /// Answers a question to everybody for the nodes that it is for, where no service has its port.
    pub(crate) fn hear_question(&mut self, arrival: Arrival, view: &Ipv4<'_>, out: &mut impl Output) {
        let payload = view.payload();
        let Some(datagram) = Datagram::parse(payload).filter(|_| arrival.port != Port::Probe) else {
            return;
        };
        let port = datagram.destination_port;
        if is_response((view.destination(), port), datagram.data) {
            return self.hear_response(arrival, view, &datagram);
        }
        let Some(asked) = Asked::parse((view.destination(), port), datagram.data) else { return };
        // What other nodes of the host say is theirs to bound.
        if arrival.port == Port::Segment && !self.questions.take(arrival.now, 1) {
            return;
        }
        let meant = |node: &&Node| {
            let life =
                self.lives.get(&node.address).filter(|_| node.address != view.source() && hears(node, port));
            life.is_some_and(|life| life.is_asked(&asked, node))
        };
        let meant: Vec<Ipv4Addr> = self.nodes.values().filter(meant).map(|node| node.address).collect();
        let from = (view.source(), number16(payload, 0));
        for node in meant {
            if !self.copies.take(arrival.now, 1) {
                return;
            }
            self.turn(arrival.now, node, None, out, |life, turn| life.reply(turn, &asked, from, arrival.mac));
            self.tell_question(arrival, node, (from, port), &asked);
        }
    }

    /// Tells of a question for a node's names, where it has the service.
    fn tell_question(
        &mut self,
        arrival: Arrival,
        node: Ipv4Addr,
        (from, port): ((Ipv4Addr, u16), u16),
        asked: &Asked,
    ) {
        let Some(node) = self.nodes.get(&node).filter(|node| node.named.contains(&port)) else { return };
        if arrival.port != Port::Segment || !self.curious.take(arrival.now, 1) {
            return;
        }
        let Some(text) = asked.text() else { return };
        let event = Event::new(arrival.now, node.name.clone(), names_app(), Kind::Query)
            .with(field::SRC_IP, from.0.to_string())
            .with(field::SRC_PORT, from.1.to_string())
            .with(field::SRC_MAC, mac_text(arrival.mac))
            .with(field::DST_IP, node.address.to_string())
            .with(field::DST_PORT, port.to_string())
            .with(field::TRANSPORT, "udp")
            .with(field::QUERY, text);
        self.told.push(event);
    }

    /// An answer by multicast DNS is for all who have asked.
    fn hear_response(&mut self, arrival: Arrival, view: &Ipv4<'_>, datagram: &Datagram<'_>) {
        if arrival.port != Port::Segment || !self.questions.take(arrival.now, 1) {
            return;
        }
        let asking = self.lives.iter().filter(|(_, life)| life.has_asked(arrival.now));
        let asking: Vec<Ipv4Addr> = asking.map(|(node, _)| *node).collect();
        for node in asking {
            self.hear_poisoner(arrival, node, view, datagram);
        }
    }

    /// Tells of whoever answers for a name that nobody has. True when the datagram is such an answer.
    fn hear_poisoner(
        &mut self,
        arrival: Arrival,
        node: Ipv4Addr,
        view: &Ipv4<'_>,
        datagram: &Datagram<'_>,
    ) -> bool {
        let (source, from) = (view.source(), number16(view.payload(), 0));
        // Nodes do not answer for what is not theirs.
        if arrival.port != Port::Segment || self.nodes.contains_key(&source) {
            return false;
        }
        let (Some(life), Some(node)) = (self.lives.get_mut(&node), self.nodes.get(&node)) else {
            return false;
        };
        let ports = (from, datagram.destination_port);
        let Some(heard) = life.hear_stray(arrival.now, source, ports, datagram.data) else { return false };
        let Some(Poisoner { protocol, name, address }) = heard else { return true };
        let app = if life.is_named() { names_app() } else { app() };
        let mut event = Event::new(arrival.now, node.name.clone(), app, Kind::PoisonerDetected)
            .with(field::SRC_IP, source.to_string())
            .with(field::SRC_PORT, from.to_string())
            .with(field::SRC_MAC, mac_text(arrival.mac))
            .with(field::DST_IP, node.address.to_string())
            .with(field::DST_PORT, datagram.destination_port.to_string())
            .with(field::TRANSPORT, "udp")
            .with(field::TECHNIQUE, format!("{protocol}_poisoning"))
            .with(field::QUERY, name);
        if let Some(address) = address {
            event = event.with(field::TARGETS, address.to_string());
        }
        self.told.push(event);
        true
    }

    /// The packets with which a node answers a question to it alone, where no service has its port.
    pub(crate) fn answer_alone(&mut self, arrival: Arrival, view: &Ipv4<'_>) -> Vec<Vec<u8>> {
        let payload = view.payload();
        let Some(datagram) = Datagram::parse(payload).filter(|_| arrival.port == Port::Segment) else {
            return Vec::new();
        };
        let port = datagram.destination_port;
        let Some(node) = self.nodes.get_mut(&view.destination()).filter(|node| hears(node, port)) else {
            return Vec::new();
        };
        let Some(asked) = Asked::parse_alone(port, datagram.data) else { return Vec::new() };
        let Some(life) = self.lives.get_mut(&node.address) else { return Vec::new() };
        let from = (view.source(), number16(payload, 0));
        let mut packets = Vec::new();
        if life.is_asked(&asked, node) {
            for (answer, _) in life.answers(&asked, node, from) {
                // Whoever asks one host gets the answer alone.
                packets.push(life.packet(node, &Speech { to: from, ..answer }));
            }
        }
        packets
    }
}
