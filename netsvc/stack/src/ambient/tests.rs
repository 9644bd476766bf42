//! Lives of nodes, told by the frames that they send.

use super::{chance::SECOND, dhcp, dns, habit, netbios};
use crate::{
    Gate, Output, Port, Wiring, arp,
    bytes::{BROADCAST, Mac, number16, number32, put},
    checksum,
    gate_tests::sample,
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, Header, Ipv4, PACKET, UDP},
};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, Transport},
    tables::systems::{self, SYSTEMS},
};
use netsvc_wire::{Event, Kind, field};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 2);
const GATEWAY_MAC: Mac = [0x02, 0xaa, 0, 0, 0, 1];
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
            self.receive(datagram(asker, (GATEWAY, 123), (view.source(), number16(udp, 0)), &reply));
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

#[test]
fn every_system_speaks_to_its_segment_and_nobody_else() {
    for system in SYSTEMS {
        let segment = day(system.id, &[80, 445, 631, 9100]);
        assert!(!segment.frames.is_empty(), "{} is silent", system.id);
        assert!(segment.events.is_empty() && segment.engine == 0, "{}: {:?}", system.id, segment.events);
        for (_, frame) in &segment.frames {
            let ethertype = packet::ethertype(frame);
            assert!([ETHERTYPE_ARP, ETHERTYPE_IPV4].contains(&ethertype), "{ethertype:x}");
            assert_eq!(packet::source_mac(frame), Some([0, 0x50, 0x56, 1, 0, 10]));
            if ethertype == ETHERTYPE_IPV4 {
                let view = Ipv4::parse(&frame[PACKET..]).unwrap();
                let to = view.destination();
                let mac = packet::destination_mac(frame).unwrap();
                assert_eq!(view.source(), NODE);
                if to == GATEWAY {
                    assert_eq!(mac, GATEWAY_MAC);
                } else if to == Ipv4Addr::new(10, 66, 7, 255) {
                    assert_eq!(mac, BROADCAST);
                } else {
                    assert!(to.is_multicast(), "{}: to {to}", system.id);
                    let [_, b, c, d] = to.octets();
                    assert_eq!(mac, [1, 0, 0x5e, b & 0x7f, c, d]);
                }
            }
        }
        // A human rate: well below a frame per second, day in, day out.
        assert!(segment.frames.len() < 20_000, "{}: {}", system.id, segment.frames.len());
    }
}

#[test]
fn a_thousand_nodes_keep_no_step() {
    let node = |index: u32| persona("windows10", Ipv4Addr::from_bits(0x0a42_0100 + index));
    let personas: Vec<_> = (0..1000).map(node).collect();
    let mut segment = Segment::new(&personas, &[]);
    segment.pass(60 * SECOND);
    let mut instants: BTreeMap<i64, BTreeSet<Mac>> = BTreeMap::new();
    for (at, frame) in &segment.frames {
        instants.entry(at / 1000).or_default().insert(packet::source_mac(frame).unwrap());
    }
    let most = instants.values().map(BTreeSet::len).max().unwrap();
    assert!(most <= 12, "{most} of 1000 speak in one millisecond");
    let first: BTreeSet<i64> = personas
        .iter()
        .filter_map(|persona| {
            let own = |(_, frame): &&(i64, Vec<u8>)| packet::source_mac(frame) == persona.mac_bytes();
            segment.frames.iter().find(own).map(|(at, _)| *at)
        })
        .collect();
    assert!(first.len() > 995, "{}", first.len());
}

#[test]
fn a_node_that_is_told_to_be_silent_is() {
    let mut silent = persona("windows10", NODE);
    silent.life.ambient = false;
    let mut segment = Segment::new(&[silent], &[]);
    segment.pass(24 * HOUR);
    assert_eq!((segment.frames.len(), segment.gate.due()), (0, None));
}

#[test]
fn a_node_that_went_says_nothing_more() {
    let mut segment = Segment::new(&[persona("debian12", NODE)], &[]);
    segment.pass(10 * 60 * SECOND);
    segment.gate.remove("n-0-10");
    let before = segment.frames.len();
    segment.pass(24 * HOUR);
    assert_eq!(segment.frames.len(), before);
}

#[test]
fn the_gateway_is_asked_for_first_and_then_asked_itself() {
    let segment = day("debian12", &[]);
    let asked: Vec<_> = segment
        .frames
        .iter()
        .filter(|(_, frame)| packet::ethertype(frame) == ETHERTYPE_ARP)
        .map(|(at, frame)| (*at, packet::destination_mac(frame).unwrap()))
        .collect();
    assert_eq!(asked[0].1, BROADCAST);
    assert!(asked[1..].iter().all(|(_, mac)| *mac == GATEWAY_MAC), "a stale entry is not forgotten");
    // Five seconds after the datagram that used a stale entry (delay_first_probe_time).
    let time = segment.to_port(123);
    let delays = asked[1..]
        .iter()
        .map(|(at, _)| time.iter().map(|one| at - one.at).find(|delay| *delay == 5 * SECOND));
    assert!(delays.filter(Option::is_some).count() > 10);
}

#[test]
fn a_dead_gateway_is_asked_for_three_times() {
    let mut segment = Segment::new(&[persona("debian12", NODE)], &[]);
    segment.alive = false;
    while segment.frames.is_empty() {
        segment.pass(SECOND);
    }
    segment.pass(10 * SECOND);
    let arp = segment.frames.iter().filter(|(_, frame)| packet::ethertype(frame) == ETHERTYPE_ARP);
    let times: Vec<i64> = arp.map(|(at, _)| *at).collect();
    assert_eq!(times.len(), 3, "{times:?}");
    assert_eq!((times[1] - times[0], times[2] - times[1]), (SECOND, SECOND));
    assert!(segment.to_port(123).is_empty());
}

#[test]
fn each_clock_asks_in_its_own_form() {
    let first = |system: &str| {
        let time = day(system, &[]).to_port(123);
        (time[0].clone(), time.len())
    };
    let (timesyncd, many) = first("debian12");
    assert_eq!((timesyncd.data.len(), timesyncd.data[0], &timesyncd.data[1..40]), (48, 0x23, &[0; 39][..]));
    assert!(timesyncd.from >= 32_768 && timesyncd.packet[6] & 0x40 != 0 && timesyncd.ttl() == 64);
    // 32 s at first, 2048 s in the end.
    assert!((40..60).contains(&many), "{many}");
    let (chrony, many) = first("rocky9");
    assert_eq!((chrony.data[0], chrony.data[2], chrony.data[3]), (0x23, 6, 0x20));
    assert!((80..100).contains(&many), "{many}");
    let (windows, many) = first("windows10");
    assert_eq!((windows.from, windows.data[0], windows.ttl()), (123, 0xdb, 128));
    assert_eq!(windows.packet[6] & 0x40, 0, "Windows does not forbid fragments of UDP");
    assert!((2..4).contains(&many), "{many}");
}

#[test]
fn linux_servers_look_up_their_mirrors_and_ask_twice() {
    let mut segment = Segment::new(&[persona("rocky9", NODE)], &[]);
    segment.pass(5 * HOUR);
    let asked = segment.to_port(53);
    let name = dns::question(&asked[0].data).unwrap();
    assert_eq!((name.name.as_str(), name.kind, name.class), ("mirrors.rockylinux.org", dns::A, dns::IN));
    assert_eq!(number16(&asked[0].data, 2), 0x0100);
    // Nobody answers: the same question again after five seconds, and no more.
    assert_eq!(asked[1].data, asked[0].data);
    assert_eq!((asked[1].at - asked[0].at, asked[0].from), (5 * SECOND, asked[1].from));
    assert!(asked[2].data != asked[0].data);
}

#[test]
fn an_answer_is_swallowed_and_a_stray_datagram_is_still_a_probe() {
    let mut segment = Segment::new(&[persona("rocky9", NODE)], &[]);
    segment.pass(100 * 60 * SECOND);
    let mut count = 0;
    for question in segment.to_port(53).iter().take(1) {
        let mut reply = question.data.clone();
        put(&mut reply, 2, &[0x81, 0x80]);
        let mac = mac_of(&persona("rocky9", NODE));
        let before = segment.frames.len();
        let last = segment.to_port(53).into_iter().last().unwrap();
        put(&mut reply, 0, &last.data[..2]);
        segment.receive(datagram(mac, (GATEWAY, 53), (NODE, last.from), &reply));
        assert_eq!(segment.frames.len(), before, "no unreachable");
        segment.receive(datagram(mac, (GATEWAY, 53), (NODE, last.from), &reply));
        assert_eq!(segment.frames.len(), before + 1, "a second answer meets a closed port");
        count += 1;
    }
    assert_eq!(count, 1);
    segment.pass(60 * SECOND);
    let kinds: Vec<_> = segment.events.iter().map(|event| event.kind).collect();
    assert_eq!((kinds, segment.engine), (vec![Kind::UdpProbe], 0));
}

#[test]
fn an_icmp_error_about_a_question_stays_in_the_gate() {
    let mut segment = Segment::new(&[persona("rocky9", NODE)], &[]);
    segment.pass(75 * 60 * SECOND);
    let last = segment.to_port(53).into_iter().last().unwrap();
    let mac = mac_of(&persona("rocky9", NODE));
    let mut message = vec![3, 3, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(&last.packet);
    let header = Header {
        source: GATEWAY,
        destination: NODE,
        protocol: 1,
        ttl: 64,
        tos: 0,
        id: 1,
        dont_fragment: false,
    };
    let packet = packet::ipv4(&header, message);
    segment.receive(packet::frame(mac, GATEWAY_MAC, ETHERTYPE_IPV4, &packet));
    assert_eq!(segment.engine, 0);
}

#[test]
fn windows_registers_its_names() {
    let segment = day("windows10", &[]);
    let names = segment.to_port(137);
    let registrations: Vec<_> = names.iter().filter(|name| name.data[2] == 0x29).collect();
    assert_eq!(registrations.len(), 12, "three names, four times");
    let first = registrations[0];
    assert_eq!((first.from, first.mac, first.ttl(), first.data.len()), (137, BROADCAST, 128, 68));
    assert_eq!(&first.data[12..46], b"\x20EEEFFDELFEEPFACNDEEGDHFBDCELEMAA\0");
    assert_eq!(&first.data[50..62], &[0xc0, 0x0c, 0, 32, 0, 1, 0, 4, 0x93, 0xe0, 0, 6]);
    assert_eq!(&first.data[62..], &[0, 0, 10, 66, 0, 10]);
    // The group's name is that of the domain.
    assert_eq!((&registrations[1].data[12..20], registrations[1].data[62]), (&b"\x20EDEPFCF"[..], 0x80));
    // No browser since 1709.
    assert!(segment.to_port(138).is_empty());
    let llmnr = segment.to_port(5355);
    let question = dns::question(&llmnr[0].data).unwrap();
    assert_eq!((question.name.as_str(), question.kind, llmnr[0].ttl()), ("desktop-4f7q2kl", dns::ANY, 1));
    assert_eq!(llmnr[0].data, llmnr[1].data);
    let search = segment.to_port(1900);
    assert!(search[0].text().starts_with("M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\n"));
    assert_eq!(search[1].at - search[0].at, 3 * SECOND + (search[1].at - search[0].at) % SECOND);
}

#[test]
fn an_old_server_announces_itself_every_twelve_minutes() {
    let segment = day("windows_server_2012r2", &[]);
    let said = segment.to_port(138);
    assert!((118..=124).contains(&said.len()), "{}", said.len());
    let last = said.last().unwrap();
    assert_eq!((last.from, last.data[0], last.data[1]), (138, 0x11, 2));
    assert_eq!(number16(&last.data, 10) as usize, last.data.len() - 14);
    let smb = &last.data[82..];
    assert_eq!((&smb[..5], smb[32]), (&b"\xffSMB%"[..], 17));
    let offset = usize::from(u16::from_le_bytes([smb[57], smb[58]]));
    let announcement = &smb[offset..];
    assert_eq!(&smb[offset - 17..offset], b"\\MAILSLOT\\BROWSE\0");
    assert_eq!(u32::from_le_bytes(announcement[2..6].try_into().unwrap()), 720_000);
    assert_eq!((&announcement[6..22], announcement[22], announcement[23]), (&b"DESKTOP-4F7Q2KL\0"[..], 6, 3));
    assert_eq!(&announcement[30..], &[0x55, 0xaa, 0]);
}

#[test]
fn a_printer_announces_the_services_that_it_has() {
    let mut segment = Segment::new(&[persona("hp_printer", NODE)], &[80, 9100]);
    segment.pass(60 * SECOND);
    let said = segment.to_port(5353);
    assert_eq!(said.len(), 5);
    assert!(said.iter().all(|one| (one.ttl(), one.from, one.mac) == (255, 5353, [1, 0, 0x5e, 0, 0, 0xfb])));
    assert_eq!(said[1].at - said[0].at, 250_000);
    let (probe, announcement) = (&said[0].data, &said[3].data);
    assert_eq!((number16(probe, 2), number16(probe, 4), number16(probe, 8)), (0, 1, 1));
    // Host and address, and four records for each of two services.
    assert_eq!((number16(announcement, 2), number16(announcement, 6)), (0x8400, 10));
    let text = said[3].text();
    assert!(text.contains("_pdl-datastream") && !text.contains("_ipp"), "{text}");
}

#[test]
fn a_question_for_its_name_is_answered_by_those_who_answer_such() {
    let mut segment = Segment::new(&[persona("windows10", NODE), persona("debian12", SERVER)], &[]);
    segment.pass(60 * SECOND);
    let group = Ipv4Addr::new(224, 0, 0, 252);
    let ask = |name: &str| dns::Message::new(77, 0).question(name, dns::A, dns::IN).done();
    let before = segment.frames.len();
    for (name, answers) in [("Desktop-4f7q2kl", 1), ("web01", 0), ("nobody", 0)] {
        let at = segment.frames.len();
        let frame = datagram([1, 0, 0x5e, 0, 0, 0xfc], (GATEWAY, 50_000), (group, 5355), &ask(name));
        segment.receive(frame);
        assert_eq!(segment.frames.len() - at, answers, "{name}");
    }
    let (_, frame) = &segment.frames[before];
    let answer = Spoken::parse(0, frame).unwrap();
    assert_eq!(
        (answer.from, answer.to, answer.destination, answer.mac),
        (5355, 50_000, GATEWAY, GATEWAY_MAC)
    );
    assert_eq!((number16(&answer.data, 0), number16(&answer.data, 2)), (77, 0x8000));
    assert_eq!(&answer.data[answer.data.len() - 4..], &NODE.octets());
    assert!(segment.events.is_empty());
}

#[test]
fn a_question_by_netbios_is_answered() {
    let mut segment = Segment::new(&[persona("windows10", NODE)], &[]);
    let broadcast = Ipv4Addr::new(10, 66, 7, 255);
    let query = netbios::query(9, broadcast, "DESKTOP-4F7Q2KL", 0x20);
    segment.receive(datagram(BROADCAST, (GATEWAY, 137), (broadcast, 137), &query.data));
    let answer = Spoken::parse(0, &segment.frames[0].1).unwrap();
    assert_eq!((answer.to, number16(&answer.data, 0), number16(&answer.data, 2)), (137, 9, 0x8500));
    assert_eq!(&answer.data[answer.data.len() - 4..], &NODE.octets());
}

/// A server's message.
fn lease(asked: &[u8], kind: u8, address: Ipv4Addr, seconds: u32) -> Vec<u8> {
    let mut reply = vec![2, 1, 6, 0];
    reply.resize(240, 0);
    put(&mut reply, 4, &asked[4..8]);
    put(&mut reply, 16, &address.octets());
    put(&mut reply, 28, &asked[28..34]);
    put(&mut reply, 236, &[0x63, 0x82, 0x53, 0x63]);
    reply.extend_from_slice(&[53, 1, kind, 54, 4, 10, 66, 0, 2, 51, 4]);
    reply.extend_from_slice(&seconds.to_be_bytes());
    reply.push(255);
    reply
}

fn with_lease(system: &str) -> Segment {
    let mut persona = persona(system, NODE);
    persona.life = netsvc_persona::Life { ambient: false, dhcp: true };
    let mut segment = Segment::new(&[persona], &[]);
    while segment.frames.is_empty() {
        segment.pass(SECOND / 10);
    }
    segment
}

/// Codes of a message's options in their order, and the value of one.
fn options(message: &[u8], wanted: u8) -> (Vec<u8>, Vec<u8>) {
    let (mut rest, mut codes, mut value) = (&message[240..], Vec::new(), Vec::new());
    while rest[0] != 255 {
        let length = usize::from(rest[1]);
        codes.push(rest[0]);
        if rest[0] == wanted {
            value = rest[2..2 + length].to_vec();
        }
        rest = &rest[2 + length..];
    }
    (codes, value)
}

fn outcomes(segment: &Segment) -> Vec<String> {
    let leases = segment.events.iter().filter(|event| event.kind == Kind::Lease);
    let outcome = |event: &Event| {
        let (_, value) = event.fields.iter().find(|(name, _)| *name == field::OUTCOME).unwrap();
        String::from_utf8(value.clone()).unwrap()
    };
    leases.map(outcome).collect()
}

#[test]
fn an_address_is_asked_for_in_the_words_of_the_system() {
    for (system, ttl, order, wanted) in [
        ("debian12", 128, &[53, 50, 12, 55][..], &[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42][..]),
        (
            "windows10",
            128,
            &[53, 61, 50, 12, 60, 55],
            &[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
        ),
        ("ubuntu2204", 64, &[53, 61, 55, 57, 50, 12], &[1, 3, 6, 12, 15, 26, 33, 42, 120, 121]),
        ("alpine319", 64, &[53, 61, 50, 57, 55, 60, 12], &[1, 3, 6, 12, 15, 28, 42]),
    ] {
        let asked = with_lease(system).to_port(67)[0].clone();
        assert_eq!((asked.ttl(), asked.from, asked.mac), (ttl, 68, BROADCAST), "{system}");
        assert_eq!((&asked.packet[12..20], asked.data[0]), (&[0, 0, 0, 0, 255, 255, 255, 255][..], 1));
        assert_eq!(
            (options(&asked.data, 55), options(&asked.data, 53).1),
            ((order.to_vec(), wanted.to_vec()), vec![1])
        );
        assert_eq!((options(&asked.data, 50).1, 300 <= asked.data.len()), (NODE.octets().to_vec(), true));
    }
}

#[test]
fn a_lease_is_taken_renewed_and_rebound() {
    let mut segment = with_lease("debian12");
    let mac = mac_of(&persona("debian12", NODE));
    let asked = segment.to_port(67)[0].clone();
    segment.receive(datagram(mac, (SERVER, 67), (NODE, 68), &lease(&asked.data, 2, NODE, 3600)));
    segment.pass(SECOND);
    let request = segment.to_port(67)[1].clone();
    assert_eq!(options(&request.data, 54), (vec![53, 54, 50, 12, 55], SERVER.octets().to_vec()));
    assert_eq!(request.data[4..8], asked.data[4..8]);
    segment.receive(datagram(mac, (SERVER, 67), (NODE, 68), &lease(&request.data, 5, NODE, 3600)));
    segment.pass(1799 * SECOND);
    assert_eq!((segment.to_port(67).len(), outcomes(&segment)), (2, vec!["granted for 3600 s".to_owned()]));
    segment.pass(2 * SECOND);
    let renewal = segment.to_port(67)[2].clone();
    assert_eq!((renewal.destination, renewal.mac, renewal.ttl()), (SERVER, SERVER_MAC, 64));
    assert_eq!((&renewal.data[12..16], options(&renewal.data, 12).0), (&NODE.octets()[..], vec![53, 12, 55]));
    segment.pass(1351 * SECOND);
    let rebinding = segment.to_port(67).last().unwrap().clone();
    assert_eq!((rebinding.destination, rebinding.mac), (Ipv4Addr::BROADCAST, BROADCAST));
    assert_eq!(rebinding.packet[12..16], NODE.octets());
    assert_ne!(number32(&rebinding.data, 4), number32(&renewal.data, 4));
    assert_eq!(segment.engine, 0);
}

#[test]
fn another_address_and_a_refusal_are_told_and_change_nothing() {
    let mut segment = with_lease("windows10");
    let mac = mac_of(&persona("windows10", NODE));
    let asked = segment.to_port(67)[0].clone();
    let other = Ipv4Addr::new(10, 66, 0, 99);
    segment.receive(datagram(mac, (SERVER, 67), (other, 68), &lease(&asked.data, 2, other, 3600)));
    assert_eq!(segment.to_port(67).len(), 1, "it was taken");
    segment.receive(datagram(
        BROADCAST,
        (SERVER, 67),
        (Ipv4Addr::BROADCAST, 68),
        &lease(&asked.data, 2, NODE, 60),
    ));
    segment.pass(SECOND);
    let request = segment.to_port(67)[1].clone();
    assert_eq!(options(&request.data, 0).0, [53, 61, 50, 54, 12, 81, 60, 55]);
    segment.receive(datagram(
        BROADCAST,
        (SERVER, 67),
        (Ipv4Addr::BROADCAST, 68),
        &lease(&request.data, 6, NODE, 60),
    ));
    segment.pass(200 * SECOND);
    assert_eq!(segment.to_port(67).len(), 2, "it rests after a refusal");
    segment.pass(100 * SECOND);
    assert!(segment.to_port(67).len() > 2);
    let told = ["offered 10.66.0.99 instead; 10.66.0.10 is kept", "refused; 10.66.0.10 is kept"];
    assert_eq!(outcomes(&segment), told);
}

#[test]
fn a_server_that_does_not_answer_is_told_once() {
    let mut segment = with_lease("alpine319");
    segment.pass(2 * HOUR);
    assert_eq!(outcomes(&segment), ["no answer; 10.66.0.10 is kept"]);
    let asked = segment.to_port(67).len();
    assert!((40..120).contains(&asked), "{asked}");
}

#[test]
fn groups_are_reported_with_a_router_alert() {
    let segment = day("windows10", &[]);
    let report = segment.frames.iter().find_map(|(_, frame)| {
        let view = Ipv4::parse(&frame[PACKET..]).filter(|view| view.protocol() == 2)?;
        Some(view.bytes.to_vec())
    });
    let report = report.unwrap();
    assert_eq!((report[0], report[8], &report[20..24]), (0x46, 1, &[0x94, 4, 0, 0][..]));
    assert_eq!((report[24], number16(&report, 30), report.len()), (0x22, 3, 24 + 8 + 3 * 8));
    assert!(checksum::fits(&[&report[24..]]));
}

#[test]
fn every_dialect_fits_a_message() {
    for system in SYSTEMS {
        let habits = habit::of(&persona(system.id, NODE).os);
        assert!(!habits.dhcp.wanted.is_empty() && !habits.dhcp.options.is_empty(), "{}", system.id);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_heard_without_harm(
        data in prop::collection::vec(any::<u8>(), 0..400),
        ports in prop::sample::select(vec![(67, 68), (53, 40_000), (123, 123), (5353, 5353), (9, 5355), (137, 137)]),
        many in any::<bool>(),
        fits in any::<bool>(),
    ) {
        let mut data = data;
        if fits && ports.0 == 67 {
            data.resize(data.len().max(241), 0);
            put(&mut data, 0, &[2, 1, 6]);
            put(&mut data, 236, &[0x63, 0x82, 0x53, 0x63]);
        }
        let mut persona = persona("windows10", NODE);
        persona.life.dhcp = true;
        let mac = mac_of(&persona);
        let mut segment = Segment::new(&[persona], &[]);
        segment.pass(60 * SECOND);
        let to = match ports.1 {
            5353 => Ipv4Addr::new(224, 0, 0, 251),
            5355 => Ipv4Addr::new(224, 0, 0, 252),
            _ => Ipv4Addr::BROADCAST,
        };
        let (mac, to) = if many { (BROADCAST, to) } else { (mac, NODE) };
        segment.receive(datagram(mac, (GATEWAY, ports.0), (to, ports.1), &data));
        segment.pass(60 * SECOND);
        let _ = (dns::question(&data), netbios::question(&data), dhcp::Reply::parse(&data));
    }
}
