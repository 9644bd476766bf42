//! The packets of one host and one port of a node.

use super::RecordLimits;
use crate::{
    capture::CaptureWriter,
    packet::{Body, Packet, Tcp, flag},
};
use netsvc_wire::stamp::Micros;

/// Silence after which it is over: without an open connection, and with one.
const IDLE: Micros = 15_000_000;
const OPEN_IDLE: Micros = 300_000_000;
/// Longest time of one, after which the next connection begins another.
const AGE: Micros = 1_800_000_000;
/// Bytes of the head of a capture, and of that of each packet.
const HEAD: usize = 24;
const PACKET: usize = 16;
/// Numbers that are remembered of the node's last segments.
const ASKED: usize = 8;

/// What was said so far.
#[derive(Debug)]
pub(super) struct Group {
    begun: Micros,
    last: Micros,
    /// `None`: it was told of.
    pcap: Option<CaptureWriter<Vec<u8>>>,
    bytes: usize,
    packets: u32,
    cut: bool,
    /// Connections that were opened and not closed.
    open: u32,
    /// What acknowledges the node's last segments.
    asked: [Option<u32>; ASKED],
    next: usize,
    proved: bool,
    /// Whether the node has answered, and whether the host went on after that.
    answered: bool,
    went_on: bool,
}

impl Group {
    pub(super) fn new(at: Micros) -> Self {
        Group {
            begun: at,
            last: at,
            // Writing to memory does not fail.
            pcap: CaptureWriter::new(Vec::new()).ok(),
            bytes: HEAD,
            packets: 0,
            cut: false,
            open: 0,
            asked: [None; ASKED],
            next: 0,
            proved: false,
            answered: false,
            went_on: false,
        }
    }

    /// Takes a packet; true: no more go in.
    pub(super) fn take(
        &mut self,
        at: Micros,
        inward: bool,
        (packet, frame): (&Packet<'_>, &[u8]),
        limits: RecordLimits,
    ) -> bool {
        self.last = self.last.max(at);
        match packet.body {
            Body::Tcp(tcp) if inward => self.heard(&tcp),
            Body::Tcp(tcp) => self.said(&tcp),
            _ if inward => self.went_on |= self.answered,
            _ => self.answered = true,
        }
        let Some(pcap) = &mut self.pcap else { return false };
        let more = frame.len().saturating_add(PACKET);
        let fits = self.packets < limits.packets && self.bytes.saturating_add(more) <= limits.bytes;
        // Of what fits no more, only that there was more is known; it is told once somebody has proved himself.
        if !fits || pcap.frame(at, frame).is_err() {
            self.cut = true;
            return self.proved || self.answered;
        }
        self.bytes += more;
        self.packets += 1;
        false
    }

    /// A segment of the host.
    fn heard(&mut self, tcp: &Tcp<'_>) {
        if tcp.has(flag::SYN) && !tcp.has(flag::ACK) {
            self.open = self.open.saturating_add(1);
        } else if tcp.has(flag::RST) {
            self.open = self.open.saturating_sub(1);
        } else if tcp.has(flag::ACK) {
            self.proved |= self.asked.contains(&Some(tcp.acknowledged));
        }
    }

    /// A segment of the node.
    fn said(&mut self, tcp: &Tcp<'_>) {
        if tcp.has(flag::RST) {
            self.open = self.open.saturating_sub(1);
            return;
        }
        let (begins, ends) = (tcp.has(flag::SYN), tcp.has(flag::FIN));
        if ends {
            self.open = self.open.saturating_sub(1);
        }
        if self.proved || (!begins && !ends && tcp.payload.is_empty()) {
            return;
        }
        let length = u32::try_from(tcp.payload.len()).unwrap_or(u32::MAX);
        let after = tcp.sequence.wrapping_add(length).wrapping_add(u32::from(begins) + u32::from(ends));
        if let Some(place) = self.asked.get_mut(self.next % ASKED) {
            *place = Some(after);
        }
        self.next = self.next.wrapping_add(1);
    }

    /// Whether it is over at `at`.
    pub(super) fn is_over(&self, at: Micros) -> bool {
        let patience = if 0 < self.open && self.proved { OPEN_IDLE } else { IDLE };
        patience <= at.saturating_sub(self.last) || AGE <= at.saturating_sub(self.begun)
    }

    /// Whether the host's address is its own.
    pub(super) fn is_proved(&self) -> bool {
        self.proved
    }

    /// Whether the node has answered, and the host said something again.
    pub(super) fn is_answered(&self) -> bool {
        self.went_on
    }

    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        if self.pcap.is_some() { self.bytes } else { 0 }
    }

    /// The first time and the last.
    pub(super) fn times(&self) -> (Micros, Micros) {
        (self.begun, self.last)
    }

    pub(super) fn packets(&self) -> u32 {
        self.packets
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The capture, once.
    pub(super) fn end(&mut self) -> Option<Vec<u8>> {
        self.pcap.take()?.finish().ok()
    }
}
