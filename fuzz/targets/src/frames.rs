//! Frames for the gate: what anybody on the segment can send before any service hears of it.

use crate::session;
use netsvc_persona::{
    Life, Peers, Persona, Servers, Slow,
    stage::{PortSpec, Transport},
};
use netsvc_stack::{ETHERNET, Gate, OFFLOAD, Output, Port, Wiring};

/// Where a packet begins in a frame.
const PACKET: usize = OFFLOAD + ETHERNET;
/// The nodes: systems that speak and ask in different ways.
const NODES: [(&str, &str, [u8; 4], &str); 2] = [
    ("linux", "debian12", [10, 66, 0, 10], "00:50:56:8a:11:22"),
    ("windows", "windows10", [10, 66, 0, 11], "00:50:56:8a:11:23"),
];
/// Most that may come of one frame: what is broadcast goes to every listener, what is fragmented leaves in pieces.
const MOST: usize = 4096;

/// Counts what leaves.
#[derive(Default)]
struct Sent(usize);

impl Output for Sent {
    fn send(&mut self, _: Port, frame: &[u8]) {
        assert!(frame.len() <= usize::from(u16::MAX) + PACKET, "a frame of {} bytes leaves", frame.len());
        self.0 += 1;
    }
}

fn node(number: usize) -> Option<Persona> {
    let (family, id, ip, mac) = *NODES.get(number)?;
    let mut persona = netsvc_kit::testing::persona(id);
    (persona.os.family, persona.os.id) = (family.to_owned(), id.to_owned());
    (persona.ip, persona.prefix, persona.mac) = (ip.into(), 21, mac.to_owned());
    persona.gateway = Some([10, 66, 0, 1].into());
    persona.firewall = number == 1;
    let held = Slow { peers: vec![Peers::of([10, 66, 0, 0].into(), 25)], services: Vec::new() };
    persona.slow = Some(held).filter(|_| number == 1);
    let servers = Servers { dns: vec![[10, 9, 0, 53].into()], ntp: vec![[10, 66, 0, 5].into()] };
    persona.life = Life { ambient: true, dhcp: true, servers, stays: number == 1 };
    Some(persona)
}

/// A gate with two nodes whose lives have begun, so that they wait for answers.
fn gate(out: &mut Sent) -> Gate {
    let mut gate = Gate::new(Wiring { engine: Default::default(), probe: None });
    let port = |transport, port| PortSpec { slug: "http".to_owned(), transport, port, tls: false };
    for number in 0..NODES.len() {
        let Some(persona) = node(number) else { continue };
        let ports = [port(Transport::Tcp, 80), port(Transport::Udp, 161)];
        assert!(gate.add(&persona, &[], &ports, out).is_ok(), "a node is refused");
    }
    let mut events = Vec::new();
    for second in 0..40 {
        gate.live(session::NOW + second * 1_000_000, &mut events, out);
    }
    gate
}

/// Each frame is a length of two bytes, where it comes in, tenths of seconds since the last one, and its bytes. The
/// checksum of the header is mended, or changes at random would never get past it.
pub(crate) fn receive(bytes: &[u8]) {
    let mut out = Sent::default();
    let mut gate = gate(&mut out);
    let mut now = session::NOW + 40_000_000;
    let mut events = Vec::new();
    for piece in session::pieces(bytes) {
        let [place, pause, frame @ ..] = piece else { continue };
        let place = match place % 4 {
            1 => Port::Engine,
            2 => Port::Probe,
            _ => Port::Segment,
        };
        now += i64::from(*pause) * 100_000;
        let mut frame = [[0; OFFLOAD].as_slice(), frame].concat();
        mend(&mut frame);
        let before = out.0;
        gate.receive(now, place, &mut frame, &mut out);
        gate.live(now, &mut events, &mut out);
        gate.tick(now, &mut events, &mut out);
        assert!(out.0 - before <= MOST, "{} frames come of one", out.0 - before);
    }
    gate.finish(now, &mut events);
    assert!(events.len() <= 64 + bytes.len(), "{} events of {} bytes", events.len(), bytes.len());
}

/// Systems that answer questions to everybody, and the ports that those come to, with the groups.
const RESPONDERS: [(&str, &str); 5] = [
    ("windows", "windows10"),
    ("macos", "macos"),
    ("embedded", "hp_printer"),
    ("embedded", "ip_camera"),
    ("embedded", "synology"),
];
const QUESTIONS: [(u16, [u8; 4]); 5] = [
    (5353, [224, 0, 0, 251]),
    (5355, [224, 0, 0, 252]),
    (1900, [239, 255, 255, 250]),
    (3702, [239, 255, 255, 250]),
    (137, [10, 66, 7, 255]),
];

/// Each question is a length of two bytes, where it goes and how, and a datagram's data.
pub(crate) fn questions(bytes: &[u8]) {
    let mut out = Sent::default();
    let mut gate = Gate::new(Wiring { engine: Default::default(), probe: None });
    let spec = |port| PortSpec { slug: "http".to_owned(), transport: Transport::Tcp, port, tls: false };
    for (host, (family, id)) in (10..).zip(RESPONDERS) {
        let mut persona = netsvc_kit::testing::persona(id);
        (persona.os.family, persona.os.id) = (family.to_owned(), id.to_owned());
        (persona.ip, persona.prefix, persona.mac) =
            ([10, 66, 0, host].into(), 21, format!("00:50:56:8a:11:{host:02x}"));
        assert!(gate.add(&persona, &[], &[spec(80), spec(22)], &mut out).is_ok(), "a node is refused");
    }
    let (mut now, mut events) = (session::NOW, Vec::new());
    for _ in 0..40 {
        now += 1_000_000;
        gate.live(now, &mut events, &mut out);
    }
    for piece in session::pieces(bytes) {
        let [place, how, data @ ..] = piece else { continue };
        let Some((port, group)) = QUESTIONS.get(usize::from(place % 5)) else { continue };
        let alone = how % 2 == 1;
        let host = 10 + how / 2 % 5;
        let to = if alone { [10, 66, 0, host] } else { *group };
        let mac = if alone { [0, 0x50, 0x56, 0x8a, 0x11, host] } else { [0xff; 6] };
        let length = u16::try_from(data.len() + 8).unwrap_or_default().to_be_bytes();
        let total = u16::try_from(data.len() + 28).unwrap_or_default().to_be_bytes();
        let udp = [&40_000_u16.to_be_bytes()[..], &port.to_be_bytes(), &length, &[0, 0], data].concat();
        let head = [&[0x45, 0][..], &total, &[0, 7, 0, 0, 64, 17, 0, 0, 10, 66, 0, 200], &to].concat();
        let ethernet = [&mac[..], &[2, 0, 0, 0, 0, 9, 8, 0]].concat();
        let mut frame = [&[0; OFFLOAD][..], &ethernet, &head, &udp].concat();
        mend(&mut frame);
        let before = out.0;
        gate.receive(now, Port::Segment, &mut frame, &mut out);
        for _ in 0..8 {
            now += 1_000_000;
            gate.live(now, &mut events, &mut out);
        }
        assert!(out.0 - before <= 64, "{} frames come of one question", out.0 - before);
        gate.tick(now, &mut events, &mut out);
    }
}

/// Writes the checksum of an IPv4 header (RFC 791, 3.1).
fn mend(frame: &mut [u8]) {
    let Some(packet) = frame.get_mut(PACKET..) else { return };
    let length = usize::from(packet.first().copied().unwrap_or_default() & 15) * 4;
    let Some(header) = packet.get_mut(..length.max(20)) else { return };
    if let Some(field) = header.get_mut(10..12) {
        field.fill(0);
    }
    let mut sum: u32 = 0;
    for pair in header.chunks(2) {
        let [high, low] = *pair else { continue };
        sum += u32::from(u16::from_be_bytes([high, low]));
    }
    while let Ok(over @ 1..) = u16::try_from(sum >> 16) {
        sum = (sum & 0xffff) + u32::from(over);
    }
    let sum = !u16::try_from(sum).unwrap_or_default();
    if let Some(field) = header.get_mut(10..12) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}
