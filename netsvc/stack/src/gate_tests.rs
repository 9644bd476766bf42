//! The gate, asked with packets.

use crate::{
    Gate, Output, Port, Wiring, arp,
    bytes::{BROADCAST, Mac, number16},
    packet::{
        self, ACK, ETHERTYPE_ARP, ETHERTYPE_IPV4, FIN, Header, ICMP, Ipv4, PACKET, PSH, RST, SYN, Segment,
        TCP, UDP, URG,
    },
};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec, Transport},
};
use netsvc_wire::{Event, Kind, field};
use proptest::prelude::*;
use std::net::Ipv4Addr;

pub(crate) const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
pub(crate) const OTHER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 11);
pub(crate) const PEER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 200);
pub(crate) const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
pub(crate) const PROBE: Ipv4Addr = Ipv4Addr::new(169, 254, 213, 1);
pub(crate) const PEER_MAC: Mac = [0x02, 0xaa, 0, 0, 0, 1];
pub(crate) const NODE_MAC: Mac = [0x52, 0x54, 0, 1, 2, 3];
pub(crate) const OTHER_MAC: Mac = [0x52, 0x54, 0, 1, 2, 4];
const OWN: Mac = [0x02, 0, 0, 0, 0x10, 2];
const ENGINE: Mac = [0x02, 0, 0, 0, 0x10, 1];

/// What the gate has sent.
#[derive(Default)]
pub(crate) struct Sent(pub(crate) Vec<(Port, Vec<u8>)>);

impl Output for Sent {
    fn send(&mut self, port: Port, frame: &[u8]) {
        self.0.push((port, frame.to_vec()));
    }
}

pub(crate) struct Bench {
    pub(crate) gate: Gate,
    pub(crate) now: i64,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let mut gate = Gate::new(Wiring { engine: (OWN, ENGINE), probe: Some(PROBE) });
        let ftp = [ServiceSpec { slug: "ftp".into(), settings: Default::default() }];
        for (name, address, mac) in
            [("web-01", NODE, "52:54:00:01:02:03"), ("web-02", OTHER, "52:54:00:01:02:04")]
        {
            let persona = persona(name, address, mac);
            let ports = [port("ssh", Transport::Tcp, 22), port("ftp", Transport::Tcp, 21)];
            let udp = port("snmp", Transport::Udp, 161);
            gate.add(&persona, &ftp, &[ports.as_slice(), &[udp]].concat(), &mut Sent::default()).unwrap();
        }
        Bench::around(gate)
    }

    /// A bench with one node of the system `id` of `family`.
    pub(crate) fn of(family: &str, id: &str, kernel: &str, change: impl FnOnce(&mut Persona)) -> Self {
        let mut gate = Gate::new(Wiring { engine: (OWN, ENGINE), probe: Some(PROBE) });
        let mut persona = persona("web-01", NODE, "52:54:00:01:02:03");
        (persona.os.family, persona.os.id, persona.os.kernel) = (family.into(), id.into(), kernel.into());
        change(&mut persona);
        let ports = [port("ssh", Transport::Tcp, 22), port("snmp", Transport::Udp, 161)];
        gate.add(&persona, &[], &ports, &mut Sent::default()).unwrap();
        Bench::around(gate)
    }

    fn around(gate: Gate) -> Self {
        let mut bench = Bench { gate, now: 1_000_000 };
        // A host asks where the node is before it talks to it.
        bench.feed(Port::Segment, arp_request(BROADCAST, NODE));
        bench
    }

    pub(crate) fn feed(&mut self, port: Port, mut frame: Vec<u8>) -> Vec<(Port, Vec<u8>)> {
        let mut sent = Sent::default();
        self.gate.receive(self.now, port, &mut frame, &mut sent);
        sent.0
    }

    pub(crate) fn peer(&mut self, packet: &[u8]) -> Vec<(Port, Vec<u8>)> {
        self.feed(Port::Segment, packet::frame(NODE_MAC, PEER_MAC, ETHERTYPE_IPV4, packet))
    }

    pub(crate) fn kernel(&mut self, packet: &[u8]) -> Vec<(Port, Vec<u8>)> {
        self.feed(Port::Engine, packet::frame(OWN, ENGINE, ETHERTYPE_IPV4, packet))
    }

    /// Events that are told when everybody has paused for long.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.now += 60_000_000;
        self.gate.tick(self.now, &mut events, &mut Sent::default());
        self.now += 60_000_000;
        self.gate.tick(self.now, &mut events, &mut Sent::default());
        events
    }

    /// `kind technique ports xCOUNT` of each event.
    pub(crate) fn told_briefly(&mut self) -> Vec<String> {
        let text = |event: &Event, name: &str| {
            let value = event.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
            String::from_utf8(value.unwrap_or_default()).unwrap()
        };
        let brief = |event: &Event| {
            let [technique, ports, count] =
                [field::TECHNIQUE, field::PORTS, field::COUNT].map(|name| text(event, name));
            format!("{} {technique} {ports} x{count}", event.kind.name())
        };
        self.told().iter().map(brief).collect()
    }
}

pub(crate) fn sample() -> Persona {
    serde_json::from_str(include_str!("../tests/persona.json")).unwrap()
}

pub(crate) fn persona(name: &str, address: Ipv4Addr, mac: &str) -> Persona {
    let mut persona = sample();
    persona.node = name.into();
    persona.ip = address.into();
    persona.mac = mac.into();
    persona.gateway = Some(GATEWAY.into());
    persona.prefix = 24;
    persona.passive_ports = (40_000, 40_099);
    persona
}

pub(crate) fn port(slug: &str, transport: Transport, port: u16) -> PortSpec {
    PortSpec { slug: slug.into(), transport, port, tls: false }
}

pub(crate) fn header(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8) -> Header {
    Header { source, destination, protocol, ttl: 64, tos: 0, id: 77, dont_fragment: false }
}

pub(crate) fn segment(source: Ipv4Addr, from: u16, destination: Ipv4Addr, to: u16, flags: u8) -> Vec<u8> {
    let segment = Segment {
        source_port: from,
        destination_port: to,
        sequence: 1000,
        acknowledgement: 2000,
        flags,
        window: 1024,
        options: &[],
        data: &[],
    };
    packet::ipv4(&header(source, destination, TCP), packet::tcp(&segment))
}

pub(crate) fn datagram(destination: Ipv4Addr, to: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + data.len()).unwrap();
    let mut payload = [4000_u16.to_be_bytes(), to.to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
    payload.extend_from_slice(data);
    packet::ipv4(&header(PEER, destination, UDP), payload)
}

pub(crate) fn only(sent: Vec<(Port, Vec<u8>)>) -> (Port, Vec<u8>) {
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.into_iter().next().unwrap()
}

pub(crate) fn arp_request(destination: Mac, target: Ipv4Addr) -> Vec<u8> {
    let mut frame = arp::request(PEER_MAC, PEER, target);
    packet::address(&mut frame, destination, PEER_MAC);
    frame
}

#[test]
fn arp_is_answered_for_nodes_only_and_on_their_own_mac_only() {
    let mut bench = Bench::new();
    let (port, answer) = only(bench.feed(Port::Segment, arp_request(BROADCAST, NODE)));
    assert_eq!((port, packet::source_mac(&answer)), (Port::Segment, Some(NODE_MAC)));
    assert_eq!(packet::destination_mac(&answer), Some(PEER_MAC));
    assert_eq!(number16(&answer, PACKET + 6), 2);
    assert!(bench.feed(Port::Segment, arp_request(BROADCAST, Ipv4Addr::new(10, 66, 0, 99))).is_empty());
    assert!(bench.feed(Port::Segment, arp_request(OTHER_MAC, NODE)).is_empty(), "another node's MAC");
    assert_eq!(bench.feed(Port::Segment, arp_request(NODE_MAC, NODE)).len(), 1, "a unicast refresh");
}

#[test]
fn a_frame_to_one_nodes_mac_with_anothers_address_is_dropped_and_told() {
    let mut bench = Bench::new();
    let packet = segment(PEER, 5000, OTHER, 22, SYN);
    assert!(bench.peer(&packet).is_empty());
    assert_eq!(bench.told_briefly(), ["odd_packet foreign_frame  x1"]);
}

#[test]
fn a_closed_port_resets_as_rfc_9293_has_it() {
    let mut bench = Bench::new();
    let (port, frame) = only(bench.peer(&segment(PEER, 5000, NODE, 81, SYN)));
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    let reset = Segment::parse(view.payload()).unwrap();
    assert!(view.transport_checksum_fits());
    assert_eq!(
        (port, reset.flags, reset.sequence, reset.acknowledgement),
        (Port::Segment, RST | ACK, 0, 1001)
    );
    let (_, frame) = only(bench.peer(&segment(PEER, 5000, NODE, 81, ACK)));
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    let reset = Segment::parse(view.payload()).unwrap();
    assert_eq!((reset.flags, reset.sequence), (RST, 2000));
    assert!(bench.peer(&segment(PEER, 5000, NODE, 81, RST)).is_empty(), "a reset is not answered");
}

#[test]
fn probes_are_told_by_their_technique() {
    let mut bench = Bench::new();
    for port in 80..90 {
        bench.peer(&segment(PEER, 5000, NODE, port, SYN));
    }
    bench.peer(&segment(PEER, 5000, NODE, 22, FIN));
    bench.peer(&segment(PEER, 5000, NODE, 22, 0));
    bench.peer(&segment(PEER, 5000, NODE, 22, FIN | PSH | URG));
    bench.peer(&segment(PEER, 5000, NODE, 23, FIN | ACK));
    bench.peer(&segment(PEER, 5000, NODE, 23, ACK));
    bench.peer(&datagram(NODE, 53, b"who"));
    assert_eq!(
        bench.told_briefly(),
        [
            "port_scan syn 80-89 x10",
            "port_scan fin 22 x1",
            "port_scan null 22 x1",
            "port_scan xmas 22 x1",
            "port_scan ack 23 x1",
            "port_scan maimon 23 x1",
            "udp_probe udp 53 x1",
        ]
    );
}

#[test]
fn a_syn_to_an_open_port_is_passed_and_told_only_if_it_was_a_probe() {
    let mut bench = Bench::new();
    // A connection: SYN, ACK, data.
    let (port, frame) = only(bench.peer(&segment(PEER, 5000, NODE, 22, SYN)));
    assert_eq!((port, packet::destination_mac(&frame)), (Port::Engine, Some(ENGINE)));
    assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 22, ACK)).len(), 1);
    // A probe that resets, and one that goes away.
    bench.peer(&segment(PEER, 5001, NODE, 22, SYN));
    bench.peer(&segment(PEER, 5001, NODE, 22, RST));
    bench.peer(&segment(PEER, 5002, NODE, 21, SYN));
    assert_eq!(bench.told_briefly(), ["port_scan syn 21-22 x2"]);
}

#[test]
fn a_bad_checksum_meets_silence() {
    let mut bench = Bench::new();
    let mut packet = segment(PEER, 5000, NODE, 81, SYN);
    packet[36] ^= 1;
    assert!(bench.peer(&packet).is_empty());
    assert_eq!(bench.told_briefly(), ["odd_packet bad_checksum 81 x1"]);
}

#[test]
fn pings_are_answered_and_told_as_one_sweep() {
    let mut bench = Bench::new();
    let echo = packet::ipv4(&header(PEER, NODE, ICMP), vec![8, 0, 0, 0, 0, 1, 0, 1, b'x']);
    for _ in 0..3 {
        let (_, frame) = only(bench.peer(&echo));
        let view = Ipv4::parse(&frame[PACKET..]).unwrap();
        assert_eq!((view.payload()[0], view.payload().last()), (0, Some(&b'x')));
        assert!(view.transport_checksum_fits());
    }
    let events = bench.told();
    assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [Kind::PingSweep]);
}

#[test]
fn closed_udp_ports_answer_no_faster_than_the_system_does() {
    let mut bench = Bench::new();
    let answered: usize = (1000..1100).map(|port| bench.peer(&datagram(NODE, port, b"")).len()).sum();
    assert_eq!(answered, 6, "a burst, then one a second");
    bench.now += 1_000_000;
    assert_eq!(bench.peer(&datagram(NODE, 2000, b"")).len(), 1);
    assert_eq!(bench.peer(&datagram(NODE, 161, b"")).len(), 1, "an open one is passed");
}

#[test]
fn answers_of_the_kernel_go_back_where_the_peer_was_seen() {
    let mut bench = Bench::new();
    bench.peer(&segment(PEER, 5000, NODE, 22, SYN));
    let (port, frame) = only(bench.kernel(&segment(NODE, 22, PEER, 5000, SYN | ACK)));
    assert_eq!(port, Port::Segment);
    assert_eq!(
        (packet::destination_mac(&frame), packet::source_mac(&frame)),
        (Some(PEER_MAC), Some(NODE_MAC))
    );
}

#[test]
fn what_a_node_begins_is_dropped_unless_it_is_granted() {
    let mut bench = Bench::new();
    bench.peer(&segment(PEER, 5000, NODE, 22, SYN));
    assert!(bench.kernel(&segment(NODE, 40_000, PEER, 4444, SYN)).is_empty(), "no connection back");
    // FTP data goes to whoever holds a control connection.
    bench.peer(&segment(PEER, 5001, NODE, 21, SYN));
    bench.peer(&segment(PEER, 5001, NODE, 21, ACK));
    let (port, _) = only(bench.kernel(&segment(NODE, 20, PEER, 4444, SYN)));
    assert_eq!(port, Port::Segment);
    let (port, _) = only(bench.peer(&segment(PEER, 4444, NODE, 20, SYN | ACK)));
    assert_eq!(port, Port::Engine, "and the answer comes back");
}

#[test]
fn passive_ports_are_open_to_holders_of_a_control_connection_only() {
    let mut bench = Bench::new();
    let (port, _) = only(bench.peer(&segment(PEER, 5002, NODE, 40_001, SYN)));
    assert_eq!(port, Port::Segment, "a reset");
    bench.peer(&segment(PEER, 5001, NODE, 21, SYN));
    bench.peer(&segment(PEER, 5001, NODE, 21, ACK));
    let (port, _) = only(bench.peer(&segment(PEER, 5003, NODE, 40_001, SYN)));
    assert_eq!(port, Port::Engine);
}

#[test]
fn whoever_is_sent_a_datagram_from_another_port_answers_there_and_nobody_else_does() {
    let mut bench = Bench::new();
    let to = |port: u16| datagram(NODE, port, b"acknowledged");
    let passed = |bench: &mut Bench, packet: &[u8]| only(bench.peer(packet)).0 == Port::Engine;
    assert!(!passed(&mut bench, &to(41_000)), "closed");
    assert!(passed(&mut bench, &to(161)));
    // The kernel's datagram from the port 41000 to the peer's 4000.
    let head = [41_000_u16.to_be_bytes(), 4000_u16.to_be_bytes(), 12_u16.to_be_bytes(), [0, 0]].concat();
    let said = packet::ipv4(&header(NODE, PEER, UDP), [head.as_slice(), b"data"].concat());
    assert_eq!(only(bench.kernel(&said)).0, Port::Segment);
    assert!(passed(&mut bench, &to(41_000)));
    assert!(!passed(&mut bench, &to(41_001)), "another port");
    let mut other = to(41_000);
    other[20..22].copy_from_slice(&4001_u16.to_be_bytes());
    assert!(
        !passed(&mut bench, &packet::ipv4(&header(PEER, NODE, UDP), other[20..].to_vec())),
        "another peer"
    );
    bench.now += 200_000_000;
    assert!(!passed(&mut bench, &to(41_000)), "long ago");
}

#[test]
fn nodes_reach_each_other_and_their_gateway() {
    let mut bench = Bench::new();
    let (port, _) = only(bench.kernel(&segment(NODE, 40_000, OTHER, 22, SYN)));
    assert_eq!(port, Port::Engine);
    let (port, _) = only(bench.kernel(&segment(OTHER, 22, NODE, 40_000, SYN | ACK)));
    assert_eq!(port, Port::Engine, "not taken for a probe of a closed port");
    // The gateway has to be asked for first.
    let (_, question) = only(bench.kernel(&segment(NODE, 40_000, GATEWAY, 53, SYN)));
    assert_eq!(packet::ethertype(&question), ETHERTYPE_ARP);
    let asked = arp::Message {
        hardware: 1,
        lengths: [6, 4],
        request: true,
        sender_mac: NODE_MAC,
        sender: NODE,
        target: GATEWAY,
    };
    let (port, waited) = only(bench.feed(Port::Segment, arp::reply(&asked, PEER_MAC, GATEWAY)));
    assert_eq!((port, packet::destination_mac(&waited)), (Port::Segment, Some(PEER_MAC)));
    assert!(bench.told().is_empty());
}

#[test]
fn the_probe_host_is_served_and_not_told_of() {
    let mut bench = Bench::new();
    let packet = segment(PROBE, 5000, NODE, 81, SYN);
    let frame = packet::frame(NODE_MAC, [2, 0, 0, 0, 0x20, 1], ETHERTYPE_IPV4, &packet);
    assert_eq!(only(bench.feed(Port::Probe, frame.clone())).0, Port::Probe);
    assert!(bench.feed(Port::Segment, frame).is_empty(), "nobody else has its address");
    assert!(bench.told().is_empty());
}

#[test]
fn a_probe_in_fragments_is_answered_as_a_whole_one() {
    let mut bench = Bench::new();
    let whole = segment(PEER, 5000, NODE, 81, SYN);
    let mut sent = Vec::new();
    for (offset, more) in [(0_u16, true), (8, true), (16, false)] {
        let from = 20 + usize::from(offset);
        let to = if more { from + 8 } else { whole.len() };
        let mut piece = packet::ipv4(&header(PEER, NODE, 253), whole[from..to].to_vec());
        piece[9] = TCP;
        let word = (offset / 8) | if more { 0x2000 } else { 0 };
        piece[6..8].copy_from_slice(&word.to_be_bytes());
        crate::checksum::write_header(&mut piece, 20);
        sent.extend(bench.peer(&piece));
    }
    let (port, frame) = only(sent);
    assert_eq!(port, Port::Segment);
    assert_eq!(Segment::parse(&frame[PACKET + 20..]).unwrap().flags, RST | ACK);
}

#[test]
fn a_broadcast_reaches_every_node_that_listens() {
    let mut bench = Bench::new();
    for destination in [Ipv4Addr::BROADCAST, Ipv4Addr::new(10, 66, 0, 255)] {
        let packet = datagram(destination, 161, b"anybody");
        let sent = bench.feed(Port::Segment, packet::frame(BROADCAST, PEER_MAC, ETHERTYPE_IPV4, &packet));
        let mut heard: Vec<_> =
            sent.iter().map(|(_, frame)| Ipv4::parse(&frame[PACKET..]).unwrap().destination()).collect();
        heard.sort();
        assert_eq!(heard, [NODE, OTHER]);
        assert!(
            sent.iter().all(|(_, frame)| Ipv4::parse(&frame[PACKET..]).unwrap().transport_checksum_fits())
        );
    }
    let packet = datagram(Ipv4Addr::BROADCAST, 137, b"");
    assert!(
        bench.feed(Port::Segment, packet::frame(BROADCAST, PEER_MAC, ETHERTYPE_IPV4, &packet)).is_empty()
    );
}

#[test]
fn a_node_that_is_gone_answers_nothing() {
    let mut bench = Bench::new();
    bench.gate.remove("web-01");
    assert!(bench.peer(&segment(PEER, 5000, NODE, 22, SYN)).is_empty());
    assert!(bench.feed(Port::Segment, arp_request(BROADCAST, NODE)).is_empty());
    assert_eq!(bench.feed(Port::Segment, arp_request(BROADCAST, OTHER)).len(), 1);
}

#[test]
fn a_flood_of_sources_stays_bounded_and_is_counted() {
    let mut bench = Bench::new();
    for source in 0..20_000_u32 {
        let source = Ipv4Addr::from_bits(Ipv4Addr::new(172, 16, 0, 1).to_bits() + source);
        bench.peer(&segment(source, 5000, NODE, 81, SYN));
    }
    let events = bench.told();
    assert!(events.len() < 9000, "{}", events.len());
    let counted: u64 = events
        .iter()
        .filter_map(|event| event.fields.iter().find(|(name, _)| *name == field::COUNT))
        .map(|(_, count)| String::from_utf8_lossy(count).parse::<u64>().unwrap())
        .sum();
    assert_eq!(counted, 20_000);
}

proptest! {
    #[test]
    fn any_bytes_from_anywhere_do_no_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        protocol in prop_oneof![Just(ICMP), Just(TCP), Just(UDP), any::<u8>()],
        framed in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        let frame = if framed {
            packet::frame(NODE_MAC, PEER_MAC, ETHERTYPE_IPV4, &packet::ipv4(&header(PEER, NODE, protocol), bytes))
        } else {
            bytes
        };
        for port in [Port::Segment, Port::Engine, Port::Probe] {
            bench.feed(port, frame.clone());
        }
        bench.told();
    }
}
