//! ARP manners, asked with frames.

use crate::{
    Port, arp,
    bytes::{BROADCAST, array, number16},
    gate_tests::{Bench, NODE, NODE_MAC, PEER, PEER_MAC, Sent, arp_request, header, segment},
    packet::{self, ICMP, PACKET, SYN},
};
use netsvc_persona::Persona;
use std::net::Ipv4Addr;

/// What arp-fingerprint asks, in its order: `1` for an answer.
fn fingerprint(family: &str, id: &str, routed: bool) -> String {
    let plain = arp_request(BROADCAST, NODE);
    let with = |at: usize, bytes: &[u8]| {
        let mut frame = plain.clone();
        frame[PACKET + at..PACKET + at + bytes.len()].copy_from_slice(bytes);
        frame
    };
    let probes = [
        with(14, &[127, 0, 0, 1]),
        with(14, &[0; 4]),
        with(14, &[255; 4]),
        with(14, &[1, 0, 0, 1]),
        with(6, &[0, 255]),
        with(0, &[0, 6]),
        with(0, &[0, 255]),
        with(2, &[0xff, 0xff]),
        with(2, &[0x81, 0x37]),
        with(5, &[6]),
        with(4, &[8]),
    ];
    let unrouted = |persona: &mut Persona| {
        if !routed {
            persona.gateway = None;
        }
    };
    let mut bench = Bench::of(family, id, "6.1.0", unrouted);
    assert_eq!(bench.feed(Port::Segment, plain.clone()).len(), 1);
    let answers = probes.map(|frame| bench.feed(Port::Segment, frame).len());
    answers.iter().map(ToString::to_string).collect()
}

#[test]
fn each_system_answers_the_odd_requests_that_it_does_answer() {
    let cases = [
        ("linux", "debian12", true, "01010100000"),
        ("linux", "debian12", false, "01000100000"),
        ("windows", "windows10", true, "01010100000"),
        ("bsd", "freebsd13", true, "11110100000"),
        ("macos", "macos", true, "11110000000"),
        ("cisco", "cisco_ios", true, "00000100000"),
        ("embedded", "vxworks", true, "11110000011"),
    ];
    for (family, id, routed, expected) in cases {
        assert_eq!(fingerprint(family, id, routed), expected, "{id}, routed: {routed}");
    }
}

/// Operation, sender and target of what a node says until half a minute after it came.
fn introduction(family: &str, id: &str) -> Vec<(u16, Ipv4Addr, Ipv4Addr)> {
    let mut bench = Bench::of(family, id, "6.1.0", |_| ());
    let mut sent = bench.introduced.split_off(0);
    for _ in 0..120 {
        bench.now += 250_000;
        let mut out = Sent::default();
        bench.gate.tick(bench.now, &mut Vec::new(), &mut out);
        sent.extend(out.0);
    }
    let address = |frame: &[u8], at| Ipv4Addr::from(array::<4>(frame, PACKET + at).unwrap());
    let short = |(port, frame): &(Port, Vec<u8>)| {
        assert_eq!((*port, packet::source_mac(frame)), (Port::Segment, Some(NODE_MAC)));
        assert_eq!(packet::destination_mac(frame), Some(BROADCAST));
        (number16(frame, PACKET + 6), address(frame, 14), address(frame, 24))
    };
    sent.iter().map(short).collect()
}

#[test]
fn each_system_introduces_itself_in_its_own_form() {
    let nobody = Ipv4Addr::UNSPECIFIED;
    let (request, probe, reply) = ((1, NODE, NODE), (1, nobody, NODE), (2, NODE, NODE));
    assert_eq!(introduction("linux", "debian12"), [request]);
    assert_eq!(introduction("bsd", "freebsd13"), [request]);
    assert_eq!(introduction("windows", "windows10"), [probe, probe, probe, request]);
    assert_eq!(introduction("macos", "macos"), [probe, probe, probe, request, request]);
    assert_eq!(introduction("cisco", "cisco_ios"), [reply]);
}

#[test]
fn whoever_has_answered_a_neighbour_asks_five_seconds_later_whether_he_is_there() {
    let ticked = |bench: &mut Bench, seconds: i64| {
        bench.now += seconds * 1_000_000;
        let mut out = Sent::default();
        bench.gate.tick(bench.now, &mut Vec::new(), &mut out);
        out.0
    };
    let ping = packet::ipv4(&header(PEER, NODE, ICMP), vec![8, 0, 0, 0, 0, 1, 0, 1]);
    for (family, id, expected) in
        [("linux", "debian12", 1), ("windows", "windows10", 1), ("bsd", "freebsd", 0)]
    {
        let mut bench = Bench::of(family, id, "6.1.0", |_| ());
        ticked(&mut bench, 1);
        ticked(&mut bench, 1);
        ticked(&mut bench, 1);
        ticked(&mut bench, 1);
        for _ in 0..5 {
            bench.peer(&ping);
        }
        assert!(ticked(&mut bench, 4).is_empty(), "{id}");
        let asked = ticked(&mut bench, 2);
        assert_eq!(asked.len(), expected, "{id}");
        for (_, frame) in asked {
            assert_eq!(packet::destination_mac(&frame), Some(PEER_MAC), "to him alone");
            assert_eq!(number16(&frame, PACKET + 6), 1);
            let asked = arp::Message::parse(&frame).unwrap();
            bench.feed(Port::Segment, arp::reply(&asked, PEER_MAC, PEER));
        }
        // He is believed for half a minute.
        bench.peer(&ping);
        assert!(ticked(&mut bench, 10).is_empty(), "{id}");
        ticked(&mut bench, 25);
        bench.peer(&segment(PEER, 5000, NODE, 81, SYN));
        assert_eq!(ticked(&mut bench, 6).len(), expected, "{id}");
    }
}
