//! What the gate does with connections that are to be held: it answers them itself, with never more bytes than
//! came, and no service hears of them.

use crate::{
    counters::Purpose,
    face::Clock,
    flow::Key,
    gate::{Arrival, Gate, Port},
    handshake,
    hold::{Heard, Held},
    inward::Verdict,
    node::Node,
    options::{NOP, Offer, TIME},
    packet::{self, ACK, FIN, Header, Ipv4, RST, SYN, Segment, TCP},
    roll::Technique,
};

/// Shortest packet that fills an Ethernet frame: whatever is shorter is padded to it.
const SHORTEST: usize = 46;

impl Gate {
    /// Whether connections of `key` are held. Who looks after the nodes, and other nodes, never are.
    pub(crate) fn holds(&self, arrival: Arrival, key: &Key) -> bool {
        let ours = Some(key.peer) == self.wiring.probe || self.nodes.contains_key(&key.peer);
        let meant = self.nodes.get(&key.node).is_some_and(|node| node.holds(key.peer, key.port));
        arrival.port == Port::Segment && meant && !ours
    }

    /// A segment to a port whose connections are held; `None`: it is dealt with as everywhere else.
    pub(crate) fn judge_held(
        &mut self,
        arrival: Arrival,
        view: &Ipv4<'_>,
        segment: &Segment<'_>,
        key: Key,
    ) -> Option<Verdict> {
        if segment.flags & (SYN | RST | ACK | FIN) == SYN {
            // Who asks for the system learns what it is.
            let probe = handshake::probe(segment).is_some();
            return (!probe).then(|| self.answer_held(arrival, view, segment, key));
        }
        if let Some(named) = self.held.named(&key) {
            if segment.has(RST) {
                self.held.answered(&key);
                self.flows.end(&key);
                self.probed(arrival, key.peer, key.node, Technique::Syn, Some(key.port), &[]);
                return Some(Verdict::Drop);
            }
            if !segment.has(ACK) || segment.acknowledgement != named.wrapping_add(1) {
                return Some(Verdict::Drop);
            }
            self.held.answered(&key);
            self.flows.end(&key);
            let node = self.nodes.get(&key.node)?;
            if !self.held.hold(arrival.now, key, segment, (&node.name, arrival.mac)) {
                return Some(Verdict::Drop);
            }
        }
        let (heard, held) = self.held.hear(arrival.now, &key, segment)?;
        let Heard::Answer { window } = heard else {
            self.held.count(&key, view.bytes.len(), 0);
            return Some(Verdict::Drop);
        };
        let node = self.nodes.get_mut(&key.node)?;
        let answer = acknowledgement(node, &key, segment, (&held, window), arrival.now);
        let fits = answer.len() <= view.bytes.len().max(SHORTEST);
        self.held.count(&key, view.bytes.len(), if fits { answer.len() } else { 0 });
        Some(if fits { Verdict::Reply(answer) } else { Verdict::Drop })
    }

    /// Answers a SYN as the node's system would, twice the same if it comes twice.
    fn answer_held(&mut self, arrival: Arrival, view: &Ipv4<'_>, segment: &Segment<'_>, key: Key) -> Verdict {
        if !self.may_be_begun(arrival.now, &key, segment) {
            self.probed(arrival, key.peer, key.node, Technique::Syn, Some(key.port), &[]);
            return Verdict::Drop;
        }
        let Some(node) = self.nodes.get_mut(&key.node) else { return Verdict::Drop };
        let make = || handshake::answer(node, view, segment, None, arrival.now);
        let answer = self.recent.answer(key, segment.sequence, make);
        let named = Ipv4::parse(&answer).and_then(|view| Some(Segment::parse(view.payload())?.sequence));
        let Some(named) = named.filter(|_| answer.len() <= view.bytes.len().max(SHORTEST)) else {
            return Verdict::Drop;
        };
        self.held.begin(arrival.now, key, named);
        Verdict::Reply(answer)
    }
}

/// The segment that acknowledges what was taken, with a window of so many units.
fn acknowledgement(
    node: &mut Node,
    key: &Key,
    segment: &Segment<'_>,
    (held, window): (&Held, u16),
    now: i64,
) -> Vec<u8> {
    let clock = node.face.clock;
    let asked = Offer::parse(segment.options).time.filter(|_| clock != Clock::None);
    let mut options = Vec::new();
    if let Some((value, _)) = asked {
        options.extend_from_slice(&[NOP, NOP, TIME, 10]);
        let shown = node.counters.time(clock, now, (key.peer, key.peer_port));
        options.extend_from_slice(&shown.to_be_bytes());
        options.extend_from_slice(&value.to_be_bytes());
    }
    let answer = Segment {
        source_port: key.port,
        destination_port: key.peer_port,
        sequence: held.sequence,
        acknowledgement: held.next,
        flags: ACK,
        window,
        options: &options,
        data: &[],
    };
    let header = Header {
        source: node.address,
        destination: key.peer,
        protocol: TCP,
        ttl: node.face.ttl,
        tos: 0,
        id: node.counters.id(&node.face, Purpose::Handshake),
        dont_fragment: node.face.handshake.dont_fragment,
    };
    packet::ipv4(&header, packet::tcp(&answer))
}
