//! A node with a face behind a gate, asked with packets from its segment.

use netsvc_persona::{
    Persona,
    stage::{PortSpec, Transport},
};
use netsvc_stack::{Gate, Output, Port, Wiring};

pub(crate) const NODE: [u8; 4] = [10, 66, 0, 10];
pub(crate) const SCANNER: [u8; 4] = [10, 66, 0, 200];
pub(crate) const OPEN: u16 = 80;
pub(crate) const CLOSED: u16 = 81;
const SCANNER_MAC: [u8; 6] = [2, 0xaa, 0, 0, 0, 1];
/// Offload header and Ethernet header.
const FRONT: usize = 24;

struct First(Option<Vec<u8>>);

impl Output for First {
    fn send(&mut self, port: Port, frame: &[u8]) {
        let is_ip = frame.get(22..24) == Some(&[8, 0]);
        if port == Port::Segment && is_ip && self.0.is_none() {
            self.0 = frame.get(FRONT..).map(<[u8]>::to_vec);
        }
    }
}

/// The node, its gate and the time.
pub(crate) struct Host {
    gate: Gate,
    mac: [u8; 6],
    /// µs since the epoch.
    pub(crate) now: i64,
}

impl Host {
    /// A host with this face; `subkey` makes it differ from others.
    pub(crate) fn new(face: &str, subkey: u64) -> Self {
        let sample = include_str!("../../../../netsvc/stack/tests/persona.json");
        let mut persona: Persona = serde_json::from_str(sample).unwrap();
        persona.ip = NODE.into();
        persona.face = Some(face.to_owned());
        persona.subkey.0 = format!("{subkey:016x}").repeat(4);
        let now = persona.booted_at + 40 * 86_400_000_000;
        let mut gate = Gate::new(Wiring { engine: ([2; 6], [4; 6]), probe: None });
        let port = PortSpec { slug: "http".into(), transport: Transport::Tcp, port: OPEN, tls: false };
        gate.add(&persona, &[], &[port], &mut First(None)).unwrap();
        let mut host = Host { gate, mac: persona.mac_bytes().unwrap(), now };
        let asked = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &SCANNER_MAC, &SCANNER, &[0; 6], &NODE].concat();
        host.frame([0xff; 6], [8, 6], &asked);
        host
    }

    fn frame(&mut self, to: [u8; 6], kind: [u8; 2], body: &[u8]) -> Option<Vec<u8>> {
        let mut frame = [&[0; 10][..], &to, &SCANNER_MAC, &kind, body].concat();
        let mut sent = First(None);
        self.gate.receive(self.now, Port::Segment, &mut frame, &mut sent);
        sent.0
    }

    /// Sends an IPv4 packet around `body`; what the host answers.
    pub(crate) fn ask(&mut self, protocol: u8, probe: &Probe, body: &[u8]) -> Option<Vec<u8>> {
        let total = u16::try_from(20 + body.len()).unwrap().to_be_bytes();
        let [high, low] = probe.id.to_be_bytes();
        let fragment = if probe.dont_fragment { 0x40 } else { 0 };
        let head = [0x45, probe.tos, total[0], total[1], high, low, fragment, 0, 64, protocol, 0, 0];
        let mut packet = [&head[..], &SCANNER, &NODE, body].concat();
        let sum = sum(&packet[..20]).to_be_bytes();
        packet[10..12].copy_from_slice(&sum);
        self.frame(self.mac, [8, 0], &packet)
    }
}

/// What a probe has in its IP header.
#[derive(Clone, Copy, Default)]
pub(crate) struct Probe {
    pub(crate) id: u16,
    pub(crate) dont_fragment: bool,
    pub(crate) tos: u8,
}

/// The checksum of the Internet (RFC 1071).
pub(crate) fn sum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// A TCP segment or UDP datagram with its checksum, which stands `at` in it.
pub(crate) fn sealed(protocol: u8, mut body: Vec<u8>, at: usize) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let sum = sum(&[&SCANNER[..], &NODE, &[0, protocol], &length, &body].concat());
    body[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    body
}
