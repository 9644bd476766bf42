//! What nodes say and hear in ARP.

use crate::{
    arp,
    bytes::{BROADCAST, Mac},
    gate::{Arrival, Gate, Output, Port},
    neighbour::{Place, Told},
    packet,
    roll::{Probe, Technique},
    sweep::Method,
};
impl Gate {
    /// Hears an ARP frame.
    pub(crate) fn arp(&mut self, arrival: Arrival, frame: &[u8], out: &mut impl Output) {
        let Some(message) = arp::Message::parse(frame) else { return };
        if let Some(node) = self.nodes.get(&message.sender) {
            // A frame of its own that the segment gives back.
            if node.mac == message.sender_mac {
                return;
            }
            // Somebody claims a node's address; the owner does not give it up.
            let probe = Probe { source: node.address, node: node.address, technique: Technique::Spoofed };
            self.rolls.add(arrival.now, probe, &node.name, arrival.mac, None, &[]);
            let to = packet::destination_mac(frame).unwrap_or_default();
            return self.contested(arrival, to, &message, out);
        }
        if self.is_out_of_place(message.sender, arrival.port) {
            return;
        }
        self.hear_successor(arrival, message.sender);
        self.hear_candidate(arrival, &message);
        self.note_sweep(arrival, &message);
        let to = packet::destination_mac(frame).unwrap_or_default();
        let answer = self.hear_arp(arrival, to, &message, out);
        // What everybody hears, those take up who know the sender.
        let place = Place { port: arrival.port, mac: message.sender_mac };
        if to == BROADCAST && message.is_plain() {
            self.merge(arrival.now, message.sender, place, out);
        }
        if let Some(answer) = answer {
            out.send(arrival.port, &answer);
        }
    }

    /// One node hears an ARP message: that which it is for, or that whose hardware address the frame went
    /// to. As RFC 826 has it, whoever is known is updated, and whoever talks to a node is noted by it. Returns
    /// the answer.
    fn hear_arp(
        &mut self,
        arrival: Arrival,
        to: Mac,
        message: &arp::Message,
        out: &mut impl Output,
    ) -> Option<Vec<u8>> {
        let place = Place { port: arrival.port, mac: message.sender_mac };
        let meant = self.nodes.get(&message.target).filter(|node| to == BROADCAST || to == node.mac);
        let Some(node) = meant else {
            if let Some(node) = self.owners.get(&to).filter(|_| message.is_plain()) {
                self.neighbours.merge_one(*node, message.sender, place);
            }
            return None;
        };
        let (address, near) =
            (node.address, node.on_segment(message.sender) && !node.is_no_host(message.sender));
        let manners = node.face.arp;
        // Where the probe host is, no system would look for its neighbours.
        let own = arrival.port == Port::Probe;
        let answers = message.request
            && (own
                || (!self.is_asking(arrival.now, address)
                    && manners.answers(message, near, node.gateway.is_some())));
        let answer = answers.then(|| arp::reply(message, node.mac, address));
        if !message.is_plain() {
            return answer;
        }
        let known = self.neighbours.merge_one(address, message.sender, place);
        let lives = !message.request && self.lives_with(address, message.sender);
        let adopts = near && (answers || (!message.request && manners.adopts));
        if known || lives || adopts || self.neighbours.questions.is_open(address, message.sender) {
            // An answer to everybody is no proof that it was an answer to the node.
            let told = if message.request || to == BROADCAST { Told::Heard } else { Told::Answered };
            self.learn(arrival.now, (address, message.sender), (place, told), out);
        }
        answer
    }

    fn note_sweep(&mut self, arrival: Arrival, message: &arp::Message) {
        let Arrival { now, port, mac } = arrival;
        // A gateway asks for whoever others send to; a host that asks for itself announces itself.
        let gateway = self.nodes.values().next().and_then(|node| node.gateway);
        let plain = message.sender == message.target || message.sender.is_unspecified();
        // So does a server that a node has asked, and one that is about to give an address away.
        let life = self.lives.get(&message.target);
        let asked = life.is_some_and(|life| life.is_asking(now) || life.is_served_by(message.sender));
        let plain = plain || asked;
        if !message.request || port != Port::Segment || plain || gateway == Some(message.sender) {
            return;
        }
        let name = self.nodes.get(&message.target).map(|node| &node.name);
        self.sweeps.add(now, message.sender, mac, Method::Arp, message.target, name);
    }

    /// Checks neighbours.
    pub(crate) fn check_neighbours(&mut self, now: i64, out: &mut impl Output) {
        for (asker, target, place) in self.neighbours.due_checks(now) {
            if let Some(node) = self.nodes.get(&asker).filter(|_| place.port == Port::Segment) {
                out.send(Port::Segment, &arp::check(node.mac, node.address, place.mac, target));
            }
        }
    }
}
