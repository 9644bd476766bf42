//! ICMP messages to a node (RFC 792, 950): what is answered, what services learn, and how often errors leave.

use crate::{
    answer,
    face::ClosedUdp,
    gate::{Arrival, Gate, Output, Port},
    inward::Verdict,
    node::Node,
    packet::{self, Ipv4, PACKET},
    roll::Technique,
    sweep::Method,
};
use netsvc_persona::tables::firewalls::{Firewall, Refusal};

impl Gate {
    /// Decides about an ICMP message to a node that exists.
    pub(crate) fn judge_icmp(&mut self, arrival: Arrival, view: &Ipv4<'_>) -> Verdict {
        let (source, target) = (view.source(), view.destination());
        let Arrival { now, mac, port } = arrival;
        let kind = view.payload().first().copied().unwrap_or_default();
        if !view.transport_checksum_fits() {
            self.probed(arrival, source, target, Technique::BadChecksum, None, &[]);
            return Verdict::Drop;
        }
        let asking = self.is_asking(now, target);
        let Some(node) = self.nodes.get_mut(&target) else { return Verdict::Drop };
        match kind {
            8 if asking => Verdict::Drop,
            8 => {
                let reply = if node.echoes() { answer::echo(node, view) } else { None };
                let name = node.name.clone();
                if port == Port::Segment && Some(source) != self.wiring.probe {
                    self.sweeps.add(now, source, mac, Method::Ping, target, Some(&name));
                }
                reply.into()
            }
            13 | 17 if asking => Verdict::Drop,
            13 | 17 => {
                self.probed(arrival, source, target, Technique::Icmp, None, view.payload());
                self.answer_query(arrival, view)
            }
            3 | 11 | 12 if self.is_about_life(view) => Verdict::Drop,
            // Errors about what a service has sent: its kernel wants to know, if the node has sent it.
            3 | 11 | 12 if packet::quoted_source(view.payload()) == Some(target) => Verdict::Pass,
            _ => {
                self.probed(arrival, source, target, Technique::Icmp, None, view.payload());
                Verdict::Drop
            }
        }
    }

    /// Answers a question for the time or the mask, as far as the node's system does.
    fn answer_query(&mut self, arrival: Arrival, view: &Ipv4<'_>) -> Verdict {
        let Some(node) = self.nodes.get_mut(&view.destination()) else { return Verdict::Drop };
        match node.wall.filter(|wall| !wall.queries) {
            Some(wall) => self.refuse(arrival, view, wall),
            None => answer::query(node, view, arrival.now).into(),
        }
    }

    /// What the node's packet filter says to what it does not let in.
    pub(crate) fn refuse(&mut self, arrival: Arrival, view: &Ipv4<'_>, wall: &Firewall) -> Verdict {
        match wall.refusal {
            Refusal::Silence => Verdict::Drop,
            Refusal::Unreachable(code) => {
                self.erring(arrival, view, |node, view| answer::unreachable(node, view, code))
            }
        }
    }

    /// Answers with an ICMP error, as often as the node's system does.
    pub(crate) fn erring(
        &mut self,
        arrival: Arrival,
        view: &Ipv4<'_>,
        answer: impl FnOnce(&mut Node, &Ipv4<'_>) -> Option<Vec<u8>>,
    ) -> Verdict {
        let (source, target) = (view.source(), view.destination());
        let Some(node) = self.nodes.get(&target) else { return Verdict::Drop };
        let ClosedUdp::Unreachable(error) = node.face.closed_udp else { return Verdict::Drop };
        if !self.may_err(arrival.now, target, source, (error.per_second, error.in_all)) {
            return Verdict::Drop;
        }
        self.nodes.get_mut(&target).and_then(|node| answer(node, view)).into()
    }

    /// Tells senders of packets that did not become whole in time, where the system does.
    pub(crate) fn give_up_pieces(&mut self, now: i64, out: &mut impl Output) {
        if !self.fragments.waits() {
            return;
        }
        for frame in self.fragments.give_up(now) {
            let Some(view) = frame.get(PACKET..).and_then(Ipv4::parse) else { continue };
            let target = view.destination();
            let Some(node) = self.nodes.get(&target) else { continue };
            let silent = node.wall.is_some_and(|wall| wall.refusal == Refusal::Silence);
            if silent || node.face.reassembly.is_none() || packet::is_icmp_error(&view) {
                continue;
            }
            let mac = packet::source_mac(&frame).unwrap_or_default();
            let arrival = Arrival { now, port: Port::Segment, mac };
            if let Verdict::Reply(packet) = self.erring(arrival, &view, answer::too_late) {
                self.reply(arrival, target, &packet, out);
            }
        }
    }
}
