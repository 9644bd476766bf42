//! ARP manners, asked with frames.

use crate::{
    Gate, Port, Wiring, arp,
    bytes::{BROADCAST, array, number16},
    gate_tests::{Bench, NODE, NODE_MAC, PEER, PEER_MAC, PROBE, Sent, arp_request, header, persona, segment},
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, ICMP, PACKET, SYN},
};
use netsvc_persona::Persona;
use std::net::Ipv4Addr;

const START: i64 = 1_764_000_000_000_000;

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

#[test]
fn the_probe_host_is_answered_by_those_that_answer_no_foreigner() {
    for (family, id) in [("cisco", "cisco_ios"), ("linux", "debian12")] {
        let mut bench = Bench::of(family, id, "6.1.0", |_| ());
        let mut asked = arp_request(BROADCAST, NODE);
        asked[PACKET + 14..PACKET + 18].copy_from_slice(&PROBE.octets());
        assert_eq!(bench.feed(Port::Probe, asked.clone()).len(), 1, "{id}");
        assert!(bench.feed(Port::Segment, asked).is_empty(), "{id}");
    }
}

/// When nodes introduce themselves until `end`, and with what.
fn introduced(gate: &mut Gate, start: i64, end: i64) -> Vec<(i64, Vec<u8>)> {
    let introduces = |(_, frame): &(i64, Vec<u8>)| {
        let message = arp::Message::parse(frame).filter(|_| packet::ethertype(frame) == ETHERTYPE_ARP);
        message.is_some_and(|message| message.sender == message.target || message.sender.is_unspecified())
    };
    lived(gate, start, end).into_iter().filter(introduces).collect()
}

/// When what is due of its own accord until `end` is sent, and what.
fn lived(gate: &mut Gate, start: i64, end: i64) -> Vec<(i64, Vec<u8>)> {
    let (mut now, mut sent) = (start, Vec::new());
    while let Some(due) = gate.due().filter(|due| *due <= end) {
        now = now.max(due);
        let mut out = Sent::default();
        gate.live(now, &mut Vec::new(), &mut out);
        sent.extend(out.0.into_iter().map(|(_, frame)| (now, frame)));
    }
    sent
}

/// Operation, sender and target of what a node says until a minute after it came.
fn introduction(family: &str, id: &str) -> Vec<(u16, Ipv4Addr, Ipv4Addr)> {
    let mut bench = Bench::of(family, id, "6.1.0", |_| ());
    let sent = introduced(&mut bench.gate, bench.now, bench.now + 60_000_000);
    let address = |frame: &[u8], at| Ipv4Addr::from(array::<4>(frame, PACKET + at).unwrap());
    let short = |(_, frame): &(i64, Vec<u8>)| {
        assert_eq!(packet::source_mac(frame), Some(NODE_MAC));
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

/// A gate with a node of each of `addresses`, and when each introduces itself after they came.
fn arrivals(ambient: bool, addresses: impl Iterator<Item = u8>) -> (Gate, Vec<i64>) {
    let mut gate = Gate::new(Wiring { engine: ([2; 6], [4; 6]), probe: None });
    let mut sent = Sent::default();
    for last in addresses {
        let address = Ipv4Addr::new(10, 66, 0, last);
        let mut persona = persona(&format!("web-{last}"), address, &format!("52:54:00:01:03:{last:02x}"));
        persona.life.ambient = ambient;
        gate.add(&persona, &[], &[], &mut sent).unwrap();
    }
    assert!(sent.0.is_empty(), "nobody speaks at once");
    let mut packet = arp_request(BROADCAST, Ipv4Addr::new(10, 66, 0, 7));
    gate.receive(START, Port::Segment, &mut packet, &mut sent);
    assert_eq!(sent.0.len(), 1, "but whoever is asked for answers");
    let times = introduced(&mut gate, START, START + 30_000_000);
    (gate, times.iter().map(|(at, _)| at - START).collect())
}

#[test]
fn nodes_that_come_together_introduce_themselves_one_by_one() {
    for ambient in [false, true] {
        let (_, times) = arrivals(ambient, 2..152);
        assert_eq!(times.len(), 150);
        let (first, last) = (times[0], times[149]);
        assert!(first >= 1_000_000 && last > 20_000_000 && last <= 25_000_000, "{first} {last}");
        let crowd = |at: &i64| times.iter().filter(|other| (**other - at).abs() < 250_000).count();
        assert!(times.iter().map(crowd).max().unwrap() < 20);
    }
}

#[test]
fn a_link_that_comes_up_brings_introduction_and_life_at_the_same_moment() {
    let (mut gate, times) = arrivals(true, 7..8);
    let node = Ipv4Addr::new(10, 66, 0, 7);
    assert_eq!(gate.nodes.get(&node).unwrap().entrance, times[0]);
    // The same link has the same moment every time.
    gate.remove("web-7");
    assert_eq!(arrivals(true, 7..8).1, times);
}

#[test]
fn who_takes_over_an_address_says_so_at_once() {
    let (mut gate, _) = arrivals(false, 7..9);
    let again = |gate: &mut Gate, name: &str, last: u8, mac: &str| {
        let mut sent = Sent::default();
        gate.add(&persona(name, Ipv4Addr::new(10, 66, 0, last), mac), &[], &[], &mut sent).unwrap();
        sent.0.len()
    };
    gate.remove("web-7");
    assert_eq!(again(&mut gate, "web-7", 7, "52:54:00:01:03:07"), 0, "peers know it");
    gate.remove("web-7");
    assert_eq!(again(&mut gate, "web-7", 7, "52:54:00:01:09:07"), 1);
    // Under another name, or in the place of a node that was not told to go.
    assert_eq!(again(&mut gate, "web-8", 8, "52:54:00:01:09:08"), 1);
    assert_eq!(again(&mut gate, "mail-8", 8, "52:54:00:01:0a:08"), 1);
    gate.remove("web-8");
    assert_eq!(gate.len(), 2, "whose name means nobody any more");
    // Once, and then no more.
    assert!(introduced(&mut gate, START, START + 60_000_000).is_empty());
}

#[test]
fn whoever_asks_for_an_address_introduces_itself_when_it_has_it() {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |persona| {
        (persona.life.dhcp, persona.life.ambient) = (true, false);
    });
    let sent = lived(&mut bench.gate, bench.now, bench.now + 60_000_000);
    let kinds: Vec<_> = sent.iter().map(|(_, frame)| packet::ethertype(frame)).collect();
    let at = kinds.iter().position(|kind| *kind == ETHERTYPE_ARP).unwrap();
    assert!(at > 0 && kinds[..at].iter().all(|kind| *kind == ETHERTYPE_IPV4), "{kinds:x?}");
    assert!(sent[at].0 - sent[0].0 >= 10_000_000, "nobody has answered");
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
