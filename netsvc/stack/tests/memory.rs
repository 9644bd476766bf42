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

/// A gate with a thousand nodes, 10.66.8.0 to 10.66.11.231.
fn gate(sent: &mut Sent) -> Gate {
    let sample: Persona = serde_json::from_str(include_str!("persona.json")).unwrap();
    let mut gate = Gate::new(Wiring { engine: ([2; 6], [4; 6]), probe: None });
    let port = PortSpec { slug: "ssh".into(), transport: Transport::Tcp, port: 22, tls: false };
    for number in 0..1000_u16 {
        let (node, mac) = node(number);
        let persona = Persona {
            node: format!("web-{number}"),
            ip: node.into(),
            mac: mac.map(|byte| format!("{byte:02x}")).join(":"),
            gateway: Some([10, 66, 0, 1].into()),
            prefix: 20,
            // The one that gets half of all frames.
            slow: (number == 7).then(Default::default),
            ..sample.clone()
        };
        gate.add(&persona, &[], std::slice::from_ref(&port), sent).unwrap();
    }
    gate
}

fn node(number: u16) -> ([u8; 4], [u8; 6]) {
    let [high, low] = number.to_be_bytes();
    ([10, 66, 8 + high, low], [0x52, 0x54, 0, 0, high, low])
}

/// As many as half the frames go to one node, the others to any.
#[test]
fn a_flood_of_everything_costs_little_memory() {
    let mut sent = Sent::default();
    let mut gate = gate(&mut sent);
    let before = resident();
    let (mut now, mut random, mut events) = (1_000_000, 1_u64, Vec::new());
    for number in 0..1_000_000_u32 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [a, b, c, d, e, f, ..] = random.to_be_bytes();
        let port = u16::from_be_bytes([e, f]);
        let (node, mac) = node(if number % 12 < 6 { 7 } else { u16::from_be_bytes([e, f]) % 1000 });
        let source = [if number % 4 < 2 { 10 } else { 110 }, 66, a & 7, b.clamp(1, 254)];
        let ip = |packet: &[u8]| frame(mac, [8, 0], packet);
        let mut flood = match number % 6 {
            0 => ip(&segment(source, node, (port, 22), 2)),
            1 => ip(&segment(source, node, (5000, port), 2)),
            2 => ip(&packet(source, node, 17, 1, false, &[c, d, e, f, 0, 8, 0, 0])),
            3 => ip(&packet(source, node, 6, port, true, &[c; 1400])),
            4 => ip(&segment(source, node, (port, 22), 0x11)),
            _ => {
                let asked = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &FORGER, &source, &[0; 6], &node];
                frame(if c < 128 { [0xff; 6] } else { mac }, [8, 6], &asked.concat())
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
