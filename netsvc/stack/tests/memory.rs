//! A gate stays small whatever comes. Alone in its process, because it measures that.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should fail where it stands"
)]

use netsvc_persona::{
    Persona,
    stage::{PortSpec, Transport},
};
use netsvc_stack::{Gate, Output, Port, Wiring};

/// What may be added by a flood, bytes.
const MOST: usize = 32 << 20;
const FORGER: [u8; 6] = [2, 0xcc, 0, 0, 0, 1];

/// Counts what leaves.
#[derive(Default)]
struct Sent(usize);

impl Output for Sent {
    fn send(&mut self, _: Port, _: &[u8]) {
        self.0 += 1;
    }
}

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

fn frame(to: [u8; 6], kind: [u8; 2], body: &[u8]) -> Vec<u8> {
    [[0; 10].as_slice(), &to, &FORGER, &kind, body].concat()
}

/// An IPv4 packet; a fragment if `pieces`.
fn packet(source: [u8; 4], target: [u8; 4], protocol: u8, id: u16, pieces: bool, data: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + data.len()).unwrap().to_be_bytes();
    let [high, low] = id.to_be_bytes();
    let fragment = if pieces { 0x20 } else { 0 };
    let head = [0x45, 0, total[0], total[1], high, low, fragment, 0, 64, protocol, 0, 0];
    let mut packet = [head.as_slice(), &source, &target, data].concat();
    let sum = sum(&packet[..20]).to_be_bytes();
    packet[10..12].copy_from_slice(&sum);
    packet
}

fn segment(source: [u8; 4], target: [u8; 4], ports: (u16, u16), flags: u8) -> Vec<u8> {
    let [from, to] = [ports.0.to_be_bytes(), ports.1.to_be_bytes()];
    let mut tcp = [from.as_slice(), &to, &[0, 0, 0, 7, 0, 0, 0, 0, 0x50, flags, 4, 0, 0, 0, 0, 0]].concat();
    let sum = sum(&[source.as_slice(), &target, &[0, 6, 0, 20], &tcp].concat()).to_be_bytes();
    tcp[16..18].copy_from_slice(&sum);
    packet(source, target, 6, 1, false, &tcp)
}

#[test]
fn a_flood_of_everything_costs_little_memory() {
    let mut persona: Persona = serde_json::from_str(include_str!("persona.json")).unwrap();
    let (node, mac) = ([10, 66, 0, 10], persona.mac_bytes().unwrap());
    persona.gateway = Some([10, 66, 0, 1].into());
    let mut gate = Gate::new(Wiring { engine: ([2; 6], [4; 6]), probe: None });
    let port = PortSpec { slug: "ssh".into(), transport: Transport::Tcp, port: 22, tls: false };
    let mut sent = Sent::default();
    gate.add(&persona, &[], &[port], &mut sent).unwrap();
    let before = resident();
    let (mut now, mut random, mut events) = (1_000_000, 1_u64, Vec::new());
    for number in 0..1_000_000_u32 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [a, b, c, d, e, f, ..] = random.to_be_bytes();
        let port = u16::from_be_bytes([e, f]);
        let source = [if number % 2 == 0 { 10 } else { 110 }, 66, a & 7, b.clamp(1, 254)];
        let ip = |packet: &[u8]| frame(mac, [8, 0], packet);
        let mut flood = match number % 6 {
            0 => ip(&segment(source, node, (port, 22), 2)),
            1 => ip(&segment(source, node, (5000, port), 2)),
            2 => ip(&packet(source, node, 17, 1, false, &[c, d, e, f, 0, 8, 0, 0])),
            3 => ip(&packet(source, node, 6, port, true, &[c; 1400])),
            4 => ip(&segment(source, node, (port, 22), 0x11)),
            _ => {
                let asked = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &FORGER, &source, &[0; 6], &[10, 66, c, d]];
                frame([0xff; 6], [8, 6], &asked.concat())
            }
        };
        now += 10;
        gate.receive(now, Port::Segment, &mut flood, &mut sent);
        if number % 25_000 == 0 {
            gate.tick(now, &mut events, &mut sent);
            // They are written down at once.
            events.clear();
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < MOST, "{} KiB", grown / 1024);
    assert!(sent.0 > 100_000, "{}", sent.0);
}
