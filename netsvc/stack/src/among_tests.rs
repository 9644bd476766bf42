//! Nodes of one host hear each other as they would on a real segment.

use crate::{
    Port,
    bytes::{BROADCAST, Mac, array, number16},
    gate_tests::{Bench, NODE, NODE_MAC, OTHER, OTHER_MAC, Sent, header, persona, port},
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, Ipv4, PACKET, UDP},
};
use netsvc_persona::{Persona, stage::Transport};
use std::net::Ipv4Addr;

const LLMNR: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 252), 5355);
const MDNS: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// A datagram that the node `from` says to a group or to all.
fn said(from: u16, to: (Ipv4Addr, u16), data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + data.len()).unwrap().to_be_bytes();
    let head = [from.to_be_bytes(), to.1.to_be_bytes(), length, [0, 0]].concat();
    let packet = packet::ipv4(&header(NODE, to.0, UDP), [head.as_slice(), data].concat());
    let [_, b, c, d] = to.0.octets();
    let mac: Mac = if to.0.is_multicast() { [1, 0, 0x5e, b & 0x7f, c, d] } else { BROADCAST };
    packet::frame(mac, NODE_MAC, ETHERTYPE_IPV4, &packet)
}

fn say(bench: &mut Bench, frame: Vec<u8>) -> Vec<(Port, Vec<u8>)> {
    let mut out = Sent::default();
    bench.gate.say(bench.now, frame, &mut out);
    out.0
}

/// A question for the addresses of a host.
fn question(name: &str) -> Vec<u8> {
    let mut data = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        data.push(u8::try_from(label.len()).unwrap());
        data.extend_from_slice(label.as_bytes());
    }
    data.extend_from_slice(&[0, 0, 1, 0, 1]);
    data
}

/// A node of `id`, and a second one of Windows that is called `second`.
fn pair(id: &str, change: impl FnOnce(&mut Persona)) -> Bench {
    let mut bench = Bench::of("linux", id, "6.1.0", |persona| {
        persona.life.ambient = true;
        persona.hostname = "first".into();
        change(persona);
    });
    let mut other = persona("web-02", OTHER, "52:54:00:01:02:04");
    (other.os.family, other.os.id, other.hostname) = ("windows".into(), "windows10".into(), "second".into());
    (other.os.build, other.life.ambient) = (19_045, true);
    let ports = [port("snmp", Transport::Udp, 161), port("ntp", Transport::Udp, 123)];
    bench.gate.add(&other, &[], &ports, &mut Sent::default()).unwrap();
    bench
}

fn on_segment(sent: &[(Port, Vec<u8>)]) -> Vec<&[u8]> {
    sent.iter().filter(|(port, _)| *port == Port::Segment).map(|(_, frame)| frame.as_slice()).collect()
}

#[test]
fn a_broadcast_of_one_reaches_the_others_that_listen_and_the_segment() {
    for to in [Ipv4Addr::BROADCAST, Ipv4Addr::new(10, 66, 0, 255), Ipv4Addr::new(239, 1, 2, 3)] {
        let mut bench = pair("debian12", |_| ());
        let sent = say(&mut bench, said(4000, (to, 161), b"anybody"));
        let heard: Vec<_> = sent.iter().map(|(port, _)| *port).collect();
        assert_eq!(heard, [Port::Segment, Port::Engine], "{to}: the one that speaks listens on it too");
        let view = Ipv4::parse(&sent[1].1[PACKET..]).unwrap();
        assert_eq!((view.source(), view.destination()), (NODE, OTHER));
        assert!(view.transport_checksum_fits());
        assert!(bench.told_briefly().is_empty(), "none of it is a probe");
    }
    let mut bench = pair("debian12", |_| ());
    assert_eq!(say(&mut bench, said(4000, (Ipv4Addr::BROADCAST, 9), b"x")).len(), 1, "nobody listens");
}

#[test]
fn the_node_whose_name_is_asked_for_answers_its_neighbour() {
    let mut bench = pair("debian12", |_| ());
    // To all, which is seen outside; to the one that asked, which is not.
    let sent = say(&mut bench, said(MDNS.1, MDNS, &question("second.local")));
    let frames = on_segment(&sent);
    assert_eq!(frames.len(), 2, "{sent:x?}");
    assert_eq!(packet::source_mac(frames[1]), Some(OTHER_MAC));
    let sent = say(&mut bench, said(40_000, LLMNR, &question("second")));
    assert_eq!(on_segment(&sent).len(), 1, "{sent:x?}");
    // Nobody answers himself.
    let sent = say(&mut bench, said(MDNS.1, MDNS, &question("first.local")));
    assert_eq!(sent.len(), 1, "{sent:x?}");
    assert!(bench.told_briefly().is_empty());
}

#[test]
fn an_answer_to_one_node_reaches_its_service() {
    let mut bench = pair("debian12", |_| ());
    // It asks from the port that its own service has.
    let sent = say(&mut bench, said(161, LLMNR, &question("second")));
    let ports: Vec<_> = sent.iter().map(|(port, _)| *port).collect();
    assert_eq!(ports, [Port::Segment, Port::Engine]);
    let view = Ipv4::parse(&sent[1].1[PACKET..]).unwrap();
    assert_eq!((view.source(), view.destination()), (OTHER, NODE));
}

#[test]
fn a_gateway_that_is_a_node_is_found_and_asked_for_the_time() {
    let mut bench = pair("debian12", |persona| persona.gateway = Some(OTHER.into()));
    bench.now = 1_764_000_000_000_000;
    let (mut asked, mut questions) = (Vec::new(), 0);
    let end = bench.now + 600 * 1_000_000;
    while let Some(due) = bench.gate.due().filter(|due| *due <= end) {
        bench.now = bench.now.max(due);
        let mut out = Sent::default();
        bench.gate.live(bench.now, &mut Vec::new(), &mut out);
        for (port, frame) in out.0 {
            let own = packet::source_mac(&frame) == Some(NODE_MAC);
            let arp = packet::ethertype(&frame) == ETHERTYPE_ARP;
            let target: [u8; 4] = array(&frame, PACKET + 24).unwrap();
            questions += usize::from(own && arp && Ipv4Addr::from(target) == OTHER);
            if port == Port::Engine {
                asked.push(frame);
            } else {
                assert_ne!(packet::destination_mac(&frame), Some(OTHER_MAC), "it is not out there");
            }
        }
    }
    assert!(questions > 0, "the segment sees that it is asked for");
    let question = asked.last().expect("the time is asked for");
    let view = Ipv4::parse(&question[PACKET..]).unwrap();
    let udp = view.payload();
    assert_eq!((view.source(), view.destination(), number16(udp, 2)), (NODE, OTHER, 123));
    // And the answer is its own, not its services'.
    let mut reply = vec![0; 56];
    reply[..2].copy_from_slice(&123_u16.to_be_bytes());
    reply[2..4].copy_from_slice(&udp[..2]);
    reply[4..6].copy_from_slice(&56_u16.to_be_bytes());
    reply[8..10].copy_from_slice(&[0x24, 2]);
    reply[32..40].copy_from_slice(&udp[48..56]);
    let reply = packet::ipv4(&header(OTHER, NODE, UDP), reply);
    assert!(bench.kernel(&reply).is_empty());
    assert!(bench.told_briefly().is_empty());
}

#[test]
fn copies_among_nodes_are_as_bounded_as_others() {
    let mut bench = pair("debian12", |_| ());
    let frame = said(4000, (Ipv4Addr::BROADCAST, 161), b"anybody");
    let copies: usize = (0..20_000).map(|_| say(&mut bench, frame.clone()).len() - 1).sum();
    assert_eq!(copies, 4096);
}

#[test]
fn an_introduction_moves_nobody_among_the_nodes() {
    let mut bench = pair("debian12", |_| ());
    for mac in [BROADCAST, OTHER_MAC] {
        let mut frame = crate::arp::announcement(NODE_MAC, NODE);
        packet::address(&mut frame, mac, NODE_MAC);
        let outside = say(&mut bench, frame).len();
        assert_eq!(outside, usize::from(mac == BROADCAST));
    }
}
