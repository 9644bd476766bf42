//! A segment with a gate, a gateway and nodes that live.

mod devices;
mod lease;
mod membership;
mod names;
mod said;
mod servers;
mod strays;

use super::chance::SECOND;
use crate::{
    Gate, Output, Port, Wiring, arp,
    bytes::{Mac, number16, put},
    gate_tests::sample,
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, Header, Ipv4, PACKET, UDP},
};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, Transport},
    tables::systems,
};
use netsvc_wire::Event;
use std::net::Ipv4Addr;

const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 2);
const GATEWAY_MAC: Mac = [0x02, 0xaa, 0, 0, 0, 1];
const PEER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 77);
const SERVER_MAC: Mac = [0x02, 0xaa, 0, 0, 0, 2];
const START: i64 = 1_764_000_000 * SECOND;
const HOUR: i64 = 3600 * SECOND;

/// What has been sent: port and frame.
#[derive(Default)]
struct Sent(Vec<(Port, Vec<u8>)>);

impl Output for Sent {
    fn send(&mut self, port: Port, frame: &[u8]) {
        self.0.push((port, frame.to_vec()));
    }
}

/// A segment with a gate and a gateway that may answer.
struct Segment {
    gate: Gate,
    now: i64,
    /// Whether the gateway answers ARP, and NTP.
    alive: bool,
    frames: Vec<(i64, Vec<u8>)>,
    events: Vec<Event>,
    engine: usize,
}

impl Segment {
    fn new(personas: &[Persona], ports: &[u16]) -> Self {
        let mut gate = Gate::new(Wiring { engine: ([2; 6], [4; 6]), probe: None });
        let spec =
            |port: &u16| PortSpec { slug: "http".into(), transport: Transport::Tcp, port: *port, tls: false };
        let ports: Vec<_> = ports.iter().map(spec).collect();
        for persona in personas {
            gate.add(persona, &[], &ports, &mut Sent::default()).unwrap();
        }
        Segment { gate, now: START, alive: true, frames: Vec::new(), events: Vec::new(), engine: 0 }
    }

    /// Lets `span` µs go by.
    fn pass(&mut self, span: i64) {
        let end = self.now + span;
        let mut rounds = 0;
        while let Some(due) = self.gate.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let mut sent = Sent::default();
            self.gate.live(self.now, &mut self.events, &mut sent);
            self.take(sent);
            rounds += 1;
            assert!(rounds < 1_000_000, "a life never pauses");
        }
        self.now = end;
        self.gate.tick(self.now, &mut self.events, &mut Sent::default());
    }

    fn take(&mut self, sent: Sent) {
        for (port, frame) in sent.0 {
            if port != Port::Segment {
                self.engine += 1;
                continue;
            }
            // Introductions are no part of a life.
            let arp = Some(&frame).filter(|frame| packet::ethertype(frame) == ETHERTYPE_ARP);
            let message = arp.and_then(|frame| arp::Message::parse(frame));
            if message
                .is_some_and(|message| message.sender == message.target || message.sender.is_unspecified())
            {
                continue;
            }
            self.frames.push((self.now, frame.clone()));
            if self.alive {
                self.answer(&frame);
            }
        }
    }

    fn answer(&mut self, frame: &[u8]) {
        let asker = packet::source_mac(frame).unwrap();
        if packet::ethertype(frame) == ETHERTYPE_ARP {
            let message = arp::Message::parse(frame).unwrap();
            let mac = if message.target == GATEWAY { GATEWAY_MAC } else { SERVER_MAC };
            self.receive(arp::reply(&message, mac, message.target));
            return;
        }
        let view = Ipv4::parse(&frame[PACKET..]).unwrap();
        let udp = view.payload();
        if number16(udp, 2) == 123 && view.protocol() == UDP {
            let mut reply = vec![0; 48];
            put(&mut reply, 0, &[0x24, 2]);
            put(&mut reply, 24, &udp[48..56]);
            self.receive(datagram(
                asker,
                (view.destination(), 123),
                (view.source(), number16(udp, 0)),
                &reply,
            ));
        }
    }

    fn receive(&mut self, mut frame: Vec<u8>) {
        let mut sent = Sent::default();
        self.gate.receive(self.now, Port::Segment, &mut frame, &mut sent);
        self.take(sent);
    }

    /// The UDP datagrams so far: time, packet, ports, data.
    fn spoken(&self) -> Vec<Spoken> {
        self.frames.iter().filter_map(|(at, frame)| Spoken::parse(*at, frame)).collect()
    }

    fn to_port(&self, port: u16) -> Vec<Spoken> {
        self.spoken().into_iter().filter(|spoken| spoken.to == port).collect()
    }
}

#[derive(Clone, Debug)]
struct Spoken {
    at: i64,
    mac: Mac,
    packet: Vec<u8>,
    destination: Ipv4Addr,
    from: u16,
    to: u16,
    data: Vec<u8>,
}

impl Spoken {
    fn parse(at: i64, frame: &[u8]) -> Option<Self> {
        let view = Ipv4::parse(frame.get(PACKET..)?).filter(|view| view.protocol() == UDP)?;
        assert!(view.transport_checksum_fits());
        let payload = view.payload();
        assert_eq!(usize::from(number16(payload, 4)), payload.len());
        Some(Spoken {
            at,
            mac: packet::destination_mac(frame)?,
            packet: view.bytes.to_vec(),
            destination: view.destination(),
            from: number16(payload, 0),
            to: number16(payload, 2),
            data: payload[8..].to_vec(),
        })
    }

    fn ttl(&self) -> u8 {
        self.packet[8]
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }
}

fn datagram(mac: Mac, from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), data: &[u8]) -> Vec<u8> {
    let header = Header {
        source: from.0,
        destination: to.0,
        protocol: UDP,
        ttl: 64,
        tos: 0,
        id: 7,
        dont_fragment: false,
    };
    let packet = packet::ipv4(&header, super::speech::udp(from.1, to.1, data));
    let sender = if from.0 == SERVER { SERVER_MAC } else { GATEWAY_MAC };
    packet::frame(mac, sender, ETHERTYPE_IPV4, &packet)
}

fn persona(system: &str, address: Ipv4Addr) -> Persona {
    let system = systems::find(system).unwrap();
    let mut persona = sample();
    persona.ip = address.into();
    let [.., c, d] = address.octets();
    persona.node = format!("n-{c}-{d}");
    persona.mac = format!("00:50:56:01:{c:02x}:{d:02x}");
    persona.prefix = 21;
    persona.gateway = Some(GATEWAY.into());
    persona.domain = "corp.local".into();
    persona.hostname = if system.family.starts_with("windows") { "DESKTOP-4F7Q2KL" } else { "web01" }.into();
    persona.os.id = system.id.into();
    persona.os.family = system.family.into();
    persona.os.kernel = system.kernels[0].1.0.into();
    persona.os.build = system.build;
    persona
}

fn mac_of(persona: &Persona) -> Mac {
    persona.mac_bytes().unwrap()
}

fn day(system: &str, ports: &[u16]) -> Segment {
    let mut segment = Segment::new(&[persona(system, NODE)], ports);
    segment.pass(24 * HOUR);
    segment
}
