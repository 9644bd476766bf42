//! From a peer to a node: what is answered, what is passed on, what is dropped, and what is told.

use crate::{
    ambient::IGMP,
    answer,
    bytes::{BROADCAST, number16, put},
    face::{Ecn, Protocols},
    flow::{Half, Key, State},
    gate::{Arrival, Gate, Output, Port},
    handshake,
    neighbour::Place,
    options::Offer,
    packet::{self, ACK, Datagram, FIN, ICMP, Ipv4, PACKET, RST, SYN, Segment, TCP, UDP, checksum_vouched},
    roll::Technique,
    shape::{self, Stamp},
    wall,
};
use std::net::Ipv4Addr;

/// Time after its last segment that an FTP control connection still counts as one, in µs.
pub(crate) const CONTROL: i64 = 600_000_000;
/// FTP control connections of one node that are kept count of.
const CONTROLS: usize = 128;
/// Handshakes at one node that may be incomplete before further ones have to queue: the longest queue that
/// a listener here has. Those that are completed do not count.
const BACKLOG: usize = 4096;
/// Nodes that get a copy of one broadcast.
const COPIES: usize = 256;

/// What becomes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The services' kernel gets it as it is.
    Pass,
    /// The kernel gets it as the beginning of a connection.
    Begin,
    /// The kernel gets it as part of a connection; the timestamp of its handshake, if it was just made.
    Continue(Option<Stamp>),
    /// Nobody gets it.
    Drop,
    /// The node's stack answers with this packet.
    Reply(Vec<u8>),
    /// The node answers with these packets.
    Replies(Vec<Vec<u8>>),
}

impl From<Option<Vec<u8>>> for Verdict {
    fn from(reply: Option<Vec<u8>>) -> Self {
        reply.map_or(Verdict::Drop, Verdict::Reply)
    }
}

impl Gate {
    /// Deals with an IPv4 frame from the segment or the probe host.
    pub(crate) fn inward(&mut self, arrival: Arrival, frame: &mut [u8], out: &mut impl Output) {
        let vouched = checksum_vouched(frame);
        let to = packet::destination_mac(frame).unwrap_or_default();
        let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
        let (source, destination) = (view.source(), view.destination());
        // Switches that ask for groups have no address.
        if view.protocol() == IGMP && destination.is_multicast() && arrival.port == Port::Segment {
            return self.hear_membership(arrival, &view, out);
        }
        if !is_host(source) || self.is_out_of_place(source, arrival.port) {
            return;
        }
        // What a node sends comes from the engine.
        if arrival.port == Port::Segment && self.nodes.contains_key(&source) {
            self.suspected(arrival.now, source, arrival.mac);
        }
        self.hear_successor(arrival, source);
        if self.hear_answer(arrival, to, &view, out) {
            return;
        }
        if destination.is_broadcast() || destination.is_multicast() || to == BROADCAST {
            return self.fan_out(arrival, frame, out);
        }
        let Some(node) = self.nodes.get(&destination) else { return };
        if node.is_no_host(source) || view.is_source_routed() {
            return self.probed(arrival, source, destination, Technique::Malformed, None, &[]);
        }
        if node.mac != to {
            return self.probed(arrival, source, destination, Technique::ForeignFrame, None, &[]);
        }
        if self.nodes.contains_key(&source) {
            return self.probed(arrival, source, destination, Technique::Spoofed, None, &[]);
        }
        if view.fragment() != (0, false) {
            return self.fragment(arrival, frame, out);
        }
        let verdict = self.judge(arrival, &view, vouched);
        self.hear(arrival, destination, source);
        self.carry_out(arrival, destination, verdict, frame, out);
    }

    /// Does what was decided about a frame to the node `destination`.
    pub(crate) fn carry_out(
        &mut self,
        arrival: Arrival,
        destination: Ipv4Addr,
        verdict: Verdict,
        frame: &mut [u8],
        out: &mut impl Output,
    ) {
        match verdict {
            Verdict::Drop => {}
            // Between two nodes there is one kernel, which needs no translation.
            Verdict::Begin | Verdict::Continue(_) if arrival.port == Port::Engine => self.pass(frame, out),
            Verdict::Pass => self.pass(frame, out),
            Verdict::Begin => {
                if let Some(node) = self.nodes.get(&destination) {
                    shape::request(node, frame);
                }
                self.pass(frame, out);
            }
            Verdict::Continue(stamp) => {
                if let Some(node) = self.nodes.get(&destination) {
                    shape::receive(node, &self.kernel, frame, stamp, arrival.now);
                }
                self.pass(frame, out);
            }
            Verdict::Reply(packet) => {
                self.reply(arrival, destination, &packet, out);
            }
            Verdict::Replies(packets) => {
                for packet in packets {
                    self.reply(arrival, destination, &packet, out);
                }
            }
        }
    }

    /// Notes that `source` has talked to `node`.
    fn hear(&mut self, arrival: Arrival, node: Ipv4Addr, source: Ipv4Addr) {
        if arrival.port != Port::Engine {
            self.neighbours.hear(node, source, Place { port: arrival.port, mac: arrival.mac });
        }
    }

    fn fragment(&mut self, arrival: Arrival, frame: &[u8], out: &mut impl Output) {
        let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
        let patience = self.nodes.get(&view.destination()).and_then(|node| node.face.reassembly);
        let Some(whole) = self.fragments.add(arrival.now, &view, frame, patience) else { return };
        let Some(view) = Ipv4::parse(&whole.packet) else { return };
        let verdict = self.judge(arrival, &view, false);
        self.hear(arrival, view.destination(), view.source());
        if matches!(verdict, Verdict::Pass | Verdict::Begin | Verdict::Continue(_)) {
            for mut frame in whole.frames {
                self.pass(&mut frame, out);
            }
        } else {
            self.carry_out(arrival, view.destination(), verdict, &mut [], out);
        }
    }

    /// Decides about a whole packet to a node that exists.
    pub(crate) fn judge(&mut self, arrival: Arrival, view: &Ipv4<'_>, vouched: bool) -> Verdict {
        match view.protocol() {
            TCP => self.judge_tcp(arrival, view, vouched),
            UDP => self.judge_udp(arrival, view, vouched),
            ICMP => self.judge_icmp(arrival, view),
            protocol => {
                let (source, target) = (view.source(), view.destination());
                let technique = Technique::Protocol;
                self.probed(arrival, source, target, technique, Some(u16::from(protocol)), &[]);
                match self.nodes.get(&target).and_then(|node| node.wall) {
                    Some(wall) => self.refuse(arrival, view, wall),
                    None if self.is_quiet(target, protocol) => Verdict::Drop,
                    None => self.erring(arrival, view, answer::protocol_unreachable),
                }
            }
        }
    }

    /// Whether the node's system says nothing to a protocol that nobody speaks with it.
    fn is_quiet(&self, node: Ipv4Addr, protocol: u8) -> bool {
        self.nodes.get(&node).is_some_and(|node| match &node.face.protocols {
            Protocols::Silence => true,
            Protocols::Unreachable { but } => but.contains(&protocol),
        })
    }

    fn judge_tcp(&mut self, arrival: Arrival, view: &Ipv4<'_>, vouched: bool) -> Verdict {
        let (source, target) = (view.source(), view.destination());
        let Some(segment) = Segment::parse(view.payload()) else {
            self.probed(arrival, source, target, Technique::Malformed, None, view.payload());
            return Verdict::Drop;
        };
        let port = segment.destination_port;
        let key = Key { peer: source, peer_port: segment.source_port, node: target, port };
        let state = self.flows.state(&key);
        if state == Some(State::Open) && !segment.has(SYN) {
            return self.continue_flow(arrival, &key, &segment);
        }
        if !vouched && !view.transport_checksum_fits() {
            self.probed(arrival, source, target, Technique::BadChecksum, Some(port), &[]);
            return Verdict::Drop;
        }
        if self.answers_us(&key) {
            return Verdict::Continue(None);
        }
        let Some(node) = self.nodes.get_mut(&target) else { return Verdict::Drop };
        let control = self.controls.get(&(target, source)).is_some_and(|last| arrival.now - last < CONTROL);
        let open = node.listens(port) || (control && node.passive(port));
        if self.holds(arrival, &key)
            && let Some(verdict) = self.judge_held(arrival, view, &segment, key)
        {
            return verdict;
        }
        if open {
            return self.judge_open(arrival, view, &segment, key, state);
        }
        if !segment.has(RST) {
            let technique = Technique::of_flags(segment.flags);
            self.probed(arrival, source, target, technique, Some(port), segment.data);
        }
        self.judge_closed(arrival, view, &segment)
    }

    /// A segment to a closed port.
    fn judge_closed(&mut self, arrival: Arrival, view: &Ipv4<'_>, segment: &Segment<'_>) -> Verdict {
        let Some(node) = self.nodes.get_mut(&view.destination()) else { return Verdict::Drop };
        if let Some(wall) = node.wall {
            return if wall::refuses(wall, segment) {
                self.refuse(arrival, view, wall)
            } else {
                Verdict::Drop
            };
        }
        if !node.refusals.take(arrival.now, 1) {
            return Verdict::Drop;
        }
        let most = node.face.resets_per_second;
        let reply = answer::at_closed(node, view, segment, arrival.now)
            .filter(|_| most == 0 || node.resets.take(arrival.now, most));
        reply.into()
    }

    /// A segment to an open port, outside an open connection.
    fn judge_open(
        &mut self,
        arrival: Arrival,
        view: &Ipv4<'_>,
        segment: &Segment<'_>,
        key: Key,
        state: Option<State>,
    ) -> Verdict {
        let told = |gate: &mut Gate, technique| {
            gate.probed(arrival, key.peer, key.node, technique, Some(key.port), segment.data);
        };
        if segment.flags & (SYN | RST | ACK | FIN) == SYN {
            if let Some(probe) = handshake::probe(segment) {
                told(self, Technique::System);
                return self.answer_probe(arrival, view, segment, key, probe);
            }
            let begun =
                matches!(state, Some(State::Half(_))) || self.may_be_begun(arrival.now, &key, segment);
            if !begun {
                told(self, Technique::Syn);
                return Verdict::Drop;
            }
            self.resends.asked(&key);
            return Verdict::Begin;
        }
        if segment.flags & (ACK | RST) != 0 {
            self.resends.done(&key);
        }
        if let Some(State::Half(Half { stamp, .. })) = state {
            if segment.has(RST) {
                self.flows.end(&key);
                told(self, Technique::Syn);
            } else if segment.has(ACK) {
                self.flows.complete(key);
                self.note_control(arrival.now, &key);
            }
            return Verdict::Continue(stamp);
        }
        if segment.has(RST) {
            return Verdict::Continue(None);
        }
        if segment.has(ACK)
            && !segment.has(SYN)
            && let Some(stamp) = self.flows.complete_late(&key)
        {
            self.note_control(arrival.now, &key);
            return Verdict::Continue(stamp);
        }
        self.judge_odd(arrival, view, segment, key)
    }

    /// A segment to an open port that begins no connection and belongs to none.
    fn judge_odd(&mut self, arrival: Arrival, view: &Ipv4<'_>, segment: &Segment<'_>, key: Key) -> Verdict {
        let told = |gate: &mut Gate, technique| {
            gate.probed(arrival, key.peer, key.node, technique, Some(key.port), segment.data);
        };
        let technique = Technique::of_flags(segment.flags);
        let wall = self.nodes.get(&key.node).and_then(|node| node.wall);
        if wall.is_some_and(|wall| !wall::lets_in(wall, segment)) {
            told(self, technique);
            return Verdict::Drop;
        }
        if segment.has(ACK) && Offer::parse(segment.options).mss.is_none() {
            // Either a probe, or a connection that began before we did: the kernel knows which, and resets.
            if segment.data.is_empty() {
                told(self, technique);
            }
            return Verdict::Continue(None);
        }
        told(self, technique);
        self.nodes
            .get_mut(&key.node)
            .and_then(|node| answer::at_open(node, view, segment, arrival.now))
            .into()
    }

    /// Notes a handshake that begins; false when its node has too many of them.
    pub(crate) fn may_be_begun(&mut self, now: i64, key: &Key, segment: &Segment<'_>) -> bool {
        let full = self.flows.half_open(key.node) >= BACKLOG;
        let room = |node: &mut crate::node::Node| node.begins.take(now, 1);
        if full && !self.nodes.get_mut(&key.node).is_some_and(room) {
            return false;
        }
        if let Some(oldest) = self.flows.begin(now, *key, Offer::parse(segment.options).mss) {
            self.given_up(now, &oldest);
        }
        true
    }

    /// Answers one of nmap's probes as the node's system does, twice the same if it comes twice.
    fn answer_probe(
        &mut self,
        arrival: Arrival,
        view: &Ipv4<'_>,
        segment: &Segment<'_>,
        key: Key,
        probe: usize,
    ) -> Verdict {
        let Some(node) = self.nodes.get_mut(&key.node) else { return Verdict::Drop };
        let form = &node.face.handshake;
        let silent = if probe == 6 { form.ecn == Ecn::Silence } else { probe >= form.probes };
        if silent {
            return Verdict::Drop;
        }
        let make = || handshake::answer(node, view, segment, Some(probe), arrival.now);
        Verdict::Reply(self.recent.answer(key, segment.sequence, make))
    }

    fn continue_flow(&mut self, arrival: Arrival, key: &Key, segment: &Segment<'_>) -> Verdict {
        // A reset may be forged; whether it is, only the kernel knows, and the table forgets by itself.
        if !segment.has(RST) {
            self.note_control(arrival.now, key);
        }
        Verdict::Continue(None)
    }

    fn note_control(&mut self, now: i64, key: &Key) {
        if !self.nodes.get(&key.node).is_some_and(|node| node.controls(key.port)) {
            return;
        }
        let pair = (key.node, key.peer);
        if let Some(last) = self.controls.get_mut(&pair) {
            *last = now;
            return;
        }
        // Whoever forges handshakes with one node takes nothing from the others.
        let all = (key.node, Ipv4Addr::UNSPECIFIED)..=(key.node, Ipv4Addr::BROADCAST);
        if self.controls.range(all.clone()).count() >= CONTROLS {
            let oldest = self.controls.range(all).min_by_key(|(_, last)| **last).map(|(pair, _)| *pair);
            oldest.map(|pair| self.controls.remove(&pair));
        }
        self.controls.insert(pair, now);
    }

    fn judge_udp(&mut self, arrival: Arrival, view: &Ipv4<'_>, vouched: bool) -> Verdict {
        let (source, target) = (view.source(), view.destination());
        let Some(datagram) = Datagram::parse(view.payload()) else {
            self.probed(arrival, source, target, Technique::Malformed, None, view.payload());
            return Verdict::Drop;
        };
        let port = datagram.destination_port;
        if !vouched && !view.transport_checksum_fits() {
            self.probed(arrival, source, target, Technique::BadChecksum, Some(port), &[]);
            return Verdict::Drop;
        }
        let Some(node) = self.nodes.get(&target) else { return Verdict::Drop };
        if node.udp.contains(&port) {
            return Verdict::Pass;
        }
        let peer_port = number16(view.payload(), 0);
        if self.dialogues.is_known(arrival.now, &Key { peer: source, peer_port, node: target, port }) {
            return Verdict::Pass;
        }
        let Some(node) = self.nodes.get(&target) else { return Verdict::Drop };
        let wall = node.wall;
        let life = self.lives.get(&target);
        let held = life.is_some_and(|life| life.holds(port));
        if !life.is_some_and(|life| life.is_late_answer(source, view.payload())) {
            self.probed(arrival, source, target, Technique::Udp, Some(port), datagram.data);
        }
        let answers = self.answer_alone(arrival, view);
        if !answers.is_empty() {
            return Verdict::Replies(answers);
        }
        if let Some(wall) = wall {
            return self.refuse(arrival, view, wall);
        }
        if held {
            return Verdict::Drop;
        }
        self.erring(arrival, view, answer::port_unreachable)
    }

    /// A packet of the segment to everybody.
    fn fan_out(&mut self, arrival: Arrival, frame: &[u8], out: &mut impl Output) {
        let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
        let own = self.nodes.contains_key(&view.source());
        if view.fragment() != (0, false) || own || self.nodes.contains_key(&view.destination()) {
            return;
        }
        self.spread(arrival, frame, out);
    }

    /// A datagram to everybody: each node that listens on its port gets a copy of its own, but the one that
    /// sent it; questions for a node's name are answered.
    pub(crate) fn spread(&mut self, arrival: Arrival, frame: &[u8], out: &mut impl Output) {
        let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { return };
        let (source, destination) = (view.source(), view.destination());
        let Some(datagram) = Datagram::parse(view.payload()).filter(|_| view.protocol() == UDP) else {
            return;
        };
        self.hear_question(arrival, &view, out);
        let to_all = destination.is_broadcast() || destination.is_multicast();
        let wanted = |node: &&crate::node::Node| {
            node.udp.contains(&datagram.destination_port)
                && !node.named.contains(&datagram.destination_port)
                && node.address != source
                && (to_all || node.broadcast() == destination)
        };
        let hearers: Vec<Ipv4Addr> =
            self.nodes.values().filter(wanted).map(|node| node.address).take(COPIES).collect();
        if hearers.is_empty() {
            return;
        }
        let copies = i64::try_from(hearers.len()).unwrap_or(i64::MAX);
        if !self.copies.take(arrival.now, copies) {
            return;
        }
        for hearer in hearers {
            self.hear(arrival, hearer, source);
            let mut copy = frame.to_vec();
            // The socket is bound to the node's own address and would not see it otherwise.
            put(&mut copy, PACKET + 16, &hearer.octets());
            packet::seal(&mut copy);
            self.pass(&mut copy, out);
        }
    }
}

/// Whether a packet can come from `source`.
fn is_host(source: Ipv4Addr) -> bool {
    !(source.is_unspecified() || source.is_broadcast() || source.is_multicast() || source.is_loopback())
}
