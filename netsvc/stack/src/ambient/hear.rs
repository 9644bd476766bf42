//! What comes back to a node that has spoken, and questions for its name. None of it is a probe.

use super::{
    Turn,
    dhcp::{self, Reply},
    dns,
    life::Life,
    multicast::{self, LLMNR, MDNS},
    netbios, ntp,
    speech::{self, Speech},
};
use crate::{
    bytes::{BROADCAST, Mac, number16},
    gate::{Arrival, Gate, Output, Port},
    node::Node,
    packet::{self, Datagram, ETHERTYPE_IPV4, Ipv4, UDP},
};
use std::net::Ipv4Addr;

/// A question to everybody for the name of a host.
#[derive(Clone, Debug)]
enum Asked {
    Multicast(dns::Question),
    LinkLocal(dns::Question),
    NetBios(netbios::Question),
}

impl Asked {
    /// The question in a datagram to `to`, as far as it has one.
    fn parse(to: (Ipv4Addr, u16), data: &[u8]) -> Option<Self> {
        match to {
            MDNS => dns::question(data).map(Asked::Multicast),
            LLMNR => dns::question(data).map(Asked::LinkLocal),
            (_, netbios::NAMES) => netbios::question(data).map(Asked::NetBios),
            _ => None,
        }
    }
}

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
        let life = self.nodes.get(&node).and_then(|node| node.life.as_ref());
        life.is_some_and(|life| life.reaches.iter().any(|reach| reach.host == host && reach.is_open()))
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
        if dhcp::is_reply(payload) {
            return self.hear_lease(arrival.now, to, datagram.data, out);
        }
        let node = self.nodes.get_mut(&view.destination()).filter(|node| node.mac == to);
        let life = node.and_then(|node| node.life.as_mut());
        let Some(life) = life.filter(|life| life.gateway == Some(view.source())) else { return false };
        life.hear(number16(payload, 0), &datagram)
    }

    /// A DHCP server's message is for whoever has its hardware address in it, wherever it was sent to.
    fn hear_lease(&mut self, now: i64, to: Mac, data: &[u8], out: &mut impl Output) -> bool {
        let Some(reply) = Reply::parse(data).filter(|reply| to == reply.mac || to == BROADCAST) else {
            return false;
        };
        let asks = |node: &&Node| node.mac == reply.mac && node.life.is_some();
        let node = self.nodes.values().find(asks).map(|node| node.address);
        let heard = node.and_then(|node| {
            self.turn(now, node, None, out, |life, turn| {
                life.lease.as_mut().is_some_and(|lease| lease.hear(turn, &reply))
            })
        });
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
        node.and_then(|node| node.life.as_ref()).is_some_and(|life| life.holds(port))
    }

    /// Answers a question to everybody, where it is for a node's name and no service has its port.
    pub(crate) fn hear_question(&mut self, arrival: Arrival, view: &Ipv4<'_>, out: &mut impl Output) {
        let payload = view.payload();
        let Some(datagram) = Datagram::parse(payload).filter(|_| arrival.port != Port::Probe) else {
            return;
        };
        let port = datagram.destination_port;
        let Some(asked) = Asked::parse((view.destination(), port), datagram.data) else { return };
        let meant = |node: &&Node| {
            if node.address == view.source() {
                return false;
            }
            let life = node.life.as_ref().filter(|_| !node.udp.contains(&port));
            life.is_some_and(|life| life.is_called(&asked))
        };
        let Some(node) = self.nodes.values().find(meant).map(|node| node.address) else { return };
        let from = (view.source(), number16(payload, 0));
        self.turn(arrival.now, node, None, out, |life, turn| life.reply(turn, &asked, from, arrival.mac));
    }
}

impl Life {
    /// Takes a datagram of the gateway from the port `from`; true when it answers an open question.
    fn hear(&mut self, from: u16, datagram: &Datagram<'_>) -> bool {
        let port = datagram.destination_port;
        match from {
            ntp::NTP => self.time.as_mut().is_some_and(|time| time.hear(port, datagram.data)),
            dns::DNS => {
                let lookup = self.lookup.as_mut().filter(|lookup| lookup.is_answer(port, datagram.data));
                lookup.map(|lookup| lookup.answered = true).is_some()
            }
            _ => false,
        }
    }

    /// Whether a question is for this node's name, and its system answers such questions.
    fn is_called(&self, asked: &Asked) -> bool {
        let habits = &self.habits;
        let name = match asked {
            Asked::Multicast(question) if habits.multicast.is_some() => question.name.strip_suffix(".local"),
            Asked::LinkLocal(question) if habits.llmnr => Some(question.name.as_str()),
            Asked::NetBios(question) => {
                return habits.netbios.is_some() && self.speaks() && *self.netbios.0 == question.name;
            }
            _ => None,
        };
        self.speaks() && name.is_some_and(|name| name.eq_ignore_ascii_case(&self.host))
    }

    /// Answers the question of `from`, whose frame came from `mac`.
    fn reply(&mut self, turn: &mut Turn<'_>, asked: &Asked, from: (Ipv4Addr, u16), mac: Mac) {
        let who = self.identity(turn.node.address);
        let speech = match asked {
            Asked::Multicast(question) => {
                let how = self.habits.multicast;
                how.and_then(|how| multicast::answer(how, &who, question, from))
            }
            Asked::LinkLocal(question) => multicast::llmnr_answer(&who, question, from),
            Asked::NetBios(question) => Some(netbios::answer(question, turn.node.address, from)),
        };
        let Some(speech) = speech else { return };
        if speech.to != from {
            return self.say(turn, &speech);
        }
        // To one host of the segment, which has just said where it is.
        if turn.node.on_segment(from.0) {
            let frame = self.frame_to(turn, &speech, mac);
            turn.frames.push(frame);
        }
    }

    fn frame_to(&mut self, turn: &mut Turn<'_>, speech: &Speech, mac: Mac) -> Vec<u8> {
        let number = self.chance.next16();
        let packet = speech::packet(turn.node, self.habits.kernel, number, speech);
        packet::frame(mac, turn.node.mac, ETHERTYPE_IPV4, &packet)
    }
}
