//! Each node knows its own neighbours: what one is told changes nothing for the others.

use crate::{
    Port, arp,
    bytes::{BROADCAST, Mac, array, number16},
    gate_tests::{
        Bench, GATEWAY, NODE, NODE_MAC, OTHER, OTHER_MAC, PEER, PEER_MAC, Sent, datagram, header, only,
        segment,
    },
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, ICMP, PACKET, SYN},
};
use std::net::Ipv4Addr;

const AFAR: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
const GATEWAY_MAC: Mac = [0x02, 0xbb, 0, 0, 0, 1];
const FORGER: Mac = [0x02, 0xcc, 0, 0, 0, 1];

/// An ARP frame of `from`, who says to have `sender`.
fn told(to: Mac, from: Mac, sender: Ipv4Addr, target: Ipv4Addr, request: bool) -> Vec<u8> {
    let mut frame = arp::request(from, sender, target);
    packet::address(&mut frame, to, from);
    frame[PACKET + 7] = if request { 1 } else { 2 };
    frame
}

/// A host that the nodes `at` have been asked by.
fn introduced(bench: &mut Bench, mac: Mac, address: Ipv4Addr) {
    for node in [NODE, OTHER] {
        bench.feed(Port::Segment, told(BROADCAST, mac, address, node, true));
    }
}

/// Where the answer of `node` to a SYN of `peer` goes; `None` when it asks first.
fn answered(bench: &mut Bench, (node, mac): (Ipv4Addr, Mac), from: Mac, peer: Ipv4Addr) -> Option<Mac> {
    let packet = segment(peer, 5000, node, 81, SYN);
    let sent = bench.feed(Port::Segment, packet::frame(mac, from, ETHERTYPE_IPV4, &packet));
    let (_, frame) = sent.into_iter().next().unwrap();
    assert_eq!(packet::source_mac(&frame), Some(mac));
    if packet::ethertype(&frame) == ETHERTYPE_ARP {
        return None;
    }
    packet::destination_mac(&frame)
}

const ONE: (Ipv4Addr, Mac) = (NODE, NODE_MAC);
const TWO: (Ipv4Addr, Mac) = (OTHER, OTHER_MAC);

#[test]
fn whoever_poisons_one_node_poisons_no_other() {
    for request in [false, true] {
        let mut bench = Bench::new();
        introduced(&mut bench, GATEWAY_MAC, GATEWAY);
        bench.feed(Port::Segment, told(NODE_MAC, FORGER, GATEWAY, NODE, request));
        assert_eq!(answered(&mut bench, ONE, GATEWAY_MAC, AFAR), Some(FORGER), "as it would any host");
        assert_eq!(answered(&mut bench, TWO, GATEWAY_MAC, AFAR), Some(GATEWAY_MAC));
        // Nor does the gate's other half of the node, its kernel, take the one for the other.
        let frame = packet::frame(OTHER_MAC, GATEWAY_MAC, ETHERTYPE_IPV4, &segment(AFAR, 1, OTHER, 22, SYN));
        bench.feed(Port::Segment, frame);
        let (_, sent) = only(bench.kernel(&segment(OTHER, 22, AFAR, 1, SYN | packet::ACK)));
        assert_eq!(packet::destination_mac(&sent), Some(GATEWAY_MAC));
    }
}

#[test]
fn what_everybody_is_told_changes_what_those_know_who_know_it() {
    let mut bench = Bench::new();
    bench.feed(Port::Segment, told(BROADCAST, GATEWAY_MAC, GATEWAY, NODE, true));
    // It moves: a gratuitous request.
    bench.feed(Port::Segment, told(BROADCAST, FORGER, GATEWAY, GATEWAY, true));
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, AFAR), Some(FORGER));
    // The other has never heard of it, and asks.
    let packet = segment(Ipv4Addr::new(10, 66, 0, 1), 5000, OTHER, 81, SYN);
    let sent = bench.feed(Port::Segment, packet::frame(OTHER_MAC, FORGER, ETHERTYPE_IPV4, &packet));
    let (_, question) = only(sent);
    assert_eq!(packet::ethertype(&question), ETHERTYPE_ARP);
    // And takes an announcement for an answer.
    let sent = bench.feed(Port::Segment, told(BROADCAST, GATEWAY_MAC, GATEWAY, GATEWAY, true));
    let (_, waited) = only(sent);
    assert_eq!(
        (packet::source_mac(&waited), packet::destination_mac(&waited)),
        (Some(OTHER_MAC), Some(GATEWAY_MAC))
    );
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, AFAR), Some(GATEWAY_MAC));
}

#[test]
fn each_node_asks_for_itself_and_waits_for_its_own_answer() {
    let mut bench = Bench::new();
    let host = Ipv4Addr::new(10, 66, 0, 77);
    assert_eq!(answered(&mut bench, ONE, FORGER, host), None);
    assert_eq!(answered(&mut bench, TWO, FORGER, host), None, "what one asks for, the other asks for too");
    let (_, waited) = only(bench.feed(Port::Segment, told(NODE_MAC, PEER_MAC, host, NODE, false)));
    assert_eq!(packet::source_mac(&waited), Some(NODE_MAC), "only what the one has kept");
    let (_, waited) = only(bench.feed(Port::Segment, told(OTHER_MAC, PEER_MAC, host, OTHER, false)));
    assert_eq!(packet::source_mac(&waited), Some(OTHER_MAC));
}

#[test]
fn packets_that_one_node_got_show_no_other_the_way_back() {
    let mut bench = Bench::new();
    // Nobody knows the gateway yet. A forged packet to the one ...
    assert_eq!(answered(&mut bench, ONE, FORGER, AFAR), Some(FORGER));
    // ... does not say where the other's answers go, which came by the gateway.
    assert_eq!(answered(&mut bench, TWO, GATEWAY_MAC, AFAR), Some(GATEWAY_MAC));
    let mut bench = Bench::new();
    bench.peer(&datagram(NODE, 161, b"x"));
    let answer = |node| {
        let mut packet = datagram(PEER, 4000, b"y");
        packet[12..16].copy_from_slice(&Ipv4Addr::octets(&node));
        crate::checksum::write_header(&mut packet, 20);
        packet
    };
    assert_eq!(bench.kernel(&answer(NODE)).len(), 1);
    assert!(bench.kernel(&answer(OTHER)).is_empty(), "who has not been talked to has nothing to say");
}

#[test]
fn an_answer_to_no_question_is_noted_by_those_systems_that_do() {
    let peer = Ipv4Addr::new(10, 66, 0, 201);
    for (family, id, adopts) in [
        ("linux", "debian12", false),
        ("windows", "windows10", false),
        ("bsd", "freebsd13", true),
        ("macos", "macos", true),
        ("cisco", "cisco_ios", false),
    ] {
        let mut bench = Bench::of(family, id, "6.1.0", |_| ());
        bench.feed(Port::Segment, told(NODE_MAC, FORGER, peer, NODE, false));
        assert_eq!(answered(&mut bench, ONE, PEER_MAC, peer).is_some(), adopts, "{id}");
    }
}

#[test]
fn a_frame_that_another_host_got_is_not_heard() {
    let mut bench = Bench::new();
    introduced(&mut bench, GATEWAY_MAC, GATEWAY);
    // The right address, but another's card; a card of ours, but another's address.
    bench.feed(Port::Segment, told([0x02, 9, 9, 9, 9, 9], FORGER, GATEWAY, NODE, false));
    assert_eq!(answered(&mut bench, ONE, GATEWAY_MAC, AFAR), Some(GATEWAY_MAC));
    bench.feed(Port::Segment, told(OTHER_MAC, FORGER, GATEWAY, NODE, false));
    assert_eq!(answered(&mut bench, ONE, GATEWAY_MAC, AFAR), Some(GATEWAY_MAC));
    assert_eq!(
        answered(&mut bench, TWO, GATEWAY_MAC, AFAR),
        Some(FORGER),
        "who hears it updates what it knows"
    );
}

fn ticked(bench: &mut Bench, seconds: i64) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for _ in 0..seconds {
        bench.now += 1_000_000;
        let mut out = Sent::default();
        bench.gate.tick(bench.now, &mut Vec::new(), &mut out);
        frames.extend(out.0.into_iter().map(|(_, frame)| frame));
    }
    frames
}

#[test]
fn a_neighbour_who_does_not_answer_is_asked_thrice_and_forgotten() {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |_| ());
    ticked(&mut bench, 3);
    let ping = packet::ipv4(&header(PEER, NODE, ICMP), vec![8, 0, 0, 0, 0, 1, 0, 1]);
    bench.peer(&ping);
    let asked = ticked(&mut bench, 12);
    assert_eq!(asked.len(), 3, "{asked:x?}");
    assert!(asked.iter().all(|frame| packet::destination_mac(frame) == Some(PEER_MAC)));
    let (_, question) = only(bench.peer(&ping));
    assert_eq!(
        (packet::ethertype(&question), packet::destination_mac(&question)),
        (ETHERTYPE_ARP, Some(BROADCAST))
    );
    assert_eq!(Ipv4Addr::from(array::<4>(&question, PACKET + 24).unwrap()), PEER);
}

#[test]
fn whoever_was_asked_for_and_has_answered_is_not_doubted_at_once() {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |_| ());
    ticked(&mut bench, 3);
    let host = Ipv4Addr::new(10, 66, 0, 77);
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, host), None);
    bench.feed(Port::Segment, told(NODE_MAC, PEER_MAC, host, NODE, false));
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, host), Some(PEER_MAC));
    assert!(ticked(&mut bench, 20).is_empty());
    ticked(&mut bench, 20);
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, host), Some(PEER_MAC));
    assert_eq!(ticked(&mut bench, 5).len(), 1);
}

#[test]
fn systems_that_do_not_check_forget_in_time() {
    let mut bench = Bench::of("bsd", "freebsd13", "6.1.0", |_| ());
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, PEER), Some(PEER_MAC));
    bench.now += 1_150 * 1_000_000;
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, PEER), Some(PEER_MAC));
    bench.now += 100 * 1_000_000;
    assert_eq!(answered(&mut bench, ONE, PEER_MAC, PEER), None);
}

#[test]
fn a_flood_of_neighbours_to_one_node_takes_none_from_another() {
    let mut bench = Bench::new();
    introduced(&mut bench, GATEWAY_MAC, GATEWAY);
    for number in 0..200_000_u32 {
        let host = Ipv4Addr::from_bits(Ipv4Addr::new(10, 66, 0, 2).to_bits() + number % 7 + 40);
        let card = [0x02, 0xcc, 1, 0, 0, u8::try_from(number % 251).unwrap()];
        bench.feed(Port::Segment, told(NODE_MAC, card, host, NODE, true));
        // And forged packets, whose senders it asks for.
        let host = Ipv4Addr::from_bits(Ipv4Addr::new(10, 66, 0, 60).to_bits() + number % 180);
        let packet = segment(host, 5000, NODE, 81, SYN);
        bench.feed(Port::Segment, packet::frame(NODE_MAC, card, ETHERTYPE_IPV4, &packet));
    }
    assert_eq!(answered(&mut bench, TWO, GATEWAY_MAC, AFAR), Some(GATEWAY_MAC));
    let host = Ipv4Addr::new(10, 66, 0, 33);
    assert_eq!(answered(&mut bench, TWO, FORGER, host), None);
    let sent = bench.feed(Port::Segment, told(OTHER_MAC, PEER_MAC, host, OTHER, false));
    assert_eq!(number16(&only(sent).1, PACKET + 2), 40, "the reset that waited");
}

#[test]
fn who_is_removed_and_comes_again_has_forgotten() {
    let mut bench = Bench::new();
    introduced(&mut bench, GATEWAY_MAC, GATEWAY);
    bench.gate.remove("web-01");
    let again = crate::gate_tests::persona("web-01", NODE, "52:54:00:01:02:03");
    bench.gate.add(&again, &[], &[], &mut Sent::default()).unwrap();
    let packet = segment(GATEWAY, 5000, NODE, 81, SYN);
    let frame = packet::frame(NODE_MAC, GATEWAY_MAC, ETHERTYPE_IPV4, &packet);
    assert_eq!(packet::ethertype(&only(bench.feed(Port::Segment, frame)).1), ETHERTYPE_ARP);
    assert_eq!(answered(&mut bench, TWO, GATEWAY_MAC, AFAR), Some(GATEWAY_MAC));
}
