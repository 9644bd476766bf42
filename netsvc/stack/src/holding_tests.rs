//! Connections that are held: who meets them, what they see, and that nobody else does.

use crate::{
    Port,
    gate_tests::{Bench, NODE, NODE_MAC, PEER, PEER_MAC, header, only, segment},
    packet::{self, ACK, ETHERTYPE_IPV4, FIN, Ipv4, PACKET, PSH, RST, SYN, Segment, TCP},
};
use netsvc_persona::{Peers, Slow};
use netsvc_wire::{Kind, field};
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// What Linux offers.
const OFFER: [u8; 20] = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7];
const TIME: [u8; 12] = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 1];

fn bench(slow: Option<Slow>) -> Bench {
    Bench::of("linux", "debian12", "6.1.0", |persona| persona.slow = slow)
}

fn everybody() -> Option<Slow> {
    Some(Slow::default())
}

fn packet(sequence: u32, acknowledgement: u32, flags: u8, options: &[u8], data: &[u8]) -> Vec<u8> {
    let segment = Segment {
        source_port: 5000,
        destination_port: 22,
        sequence,
        acknowledgement,
        flags,
        window: 64_240,
        options,
        data,
    };
    packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&segment))
}

/// Flags, sequence number, acknowledgement, window and number of option bytes of the one answer.
fn answered(sent: Vec<(Port, Vec<u8>)>) -> (u8, u32, u32, u16, usize) {
    let (port, frame) = only(sent);
    assert_eq!(port, Port::Segment);
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    assert!(view.transport_checksum_fits());
    let segment = Segment::parse(view.payload()).unwrap();
    assert!(segment.data.is_empty());
    (segment.flags, segment.sequence, segment.acknowledgement, segment.window, segment.options.len())
}

/// A connection that is held; the number of its next byte from the node.
fn connect(bench: &mut Bench) -> u32 {
    let (flags, isn, acknowledged, _, _) = answered(bench.peer(&packet(76, 0, SYN, &OFFER, &[])));
    assert_eq!((flags, acknowledged), (SYN | ACK, 77));
    assert!(bench.peer(&packet(77, isn.wrapping_add(1), ACK, &TIME, &[])).is_empty());
    isn.wrapping_add(1)
}

#[test]
fn a_connection_is_accepted_and_nothing_more_comes_of_it() {
    let mut bench = bench(everybody());
    let own = connect(&mut bench);
    let sent = bench.peer(&packet(77, own, PSH | ACK, &TIME, b"GET / HTTP/1.1\r\n\r\n"));
    assert_eq!(answered(sent), (ACK, own, 95, 0, 12));
    // He asks whether he may send, as Linux does, and is let send a little after half a minute.
    for (pause, window) in [(200_000, 0), (400_000, 0), (30_000_000, 1)] {
        bench.now += pause;
        assert_eq!(answered(bench.peer(&packet(94, own, ACK, &TIME, &[]))), (ACK, own, 95, window, 12));
    }
    assert_eq!(answered(bench.peer(&packet(95, own, ACK, &TIME, &[1; 128]))), (ACK, own, 223, 0, 12));
    assert_eq!(answered(bench.peer(&packet(223, own, FIN | ACK, &TIME, &[]))), (ACK, own, 224, 0, 12));
    assert!(bench.peer(&packet(224, own, RST, &[], &[])).is_empty());
    let told = bench.told();
    assert!(told.iter().all(|event| event.kind == Kind::Held), "{told:?}");
    let text = |name: &str| {
        let value = told[0].fields.iter().find(|(key, _)| *key == name).unwrap().1.clone();
        String::from_utf8(value).unwrap()
    };
    let [count, open, ports] = [field::COUNT, field::HELD, field::PORTS].map(text);
    assert_eq!((count.as_str(), open.as_str(), ports.as_str()), ("1", "0", "22"));
    assert_eq!(text(field::DURATION_MS), "30600");
    assert_eq!(text(field::DATA), "GET / HTTP/1.1\r\n\r\n");
    let number = |name: &str| text(name).parse::<u64>().unwrap();
    assert!(number(field::BYTES_OUT) < number(field::BYTES_IN));
}

#[test]
fn who_has_no_timestamps_gets_none_and_a_repeated_syn_gets_the_same_answer() {
    let mut bench = bench(everybody());
    let first = answered(bench.peer(&packet(76, 0, SYN, &OFFER[..4], &[])));
    assert_eq!(answered(bench.peer(&packet(76, 0, SYN, &OFFER[..4], &[]))), first);
    let own = first.1.wrapping_add(1);
    let sent = bench.peer(&packet(77, own, PSH | ACK, &[], b"x"));
    assert_eq!(answered(sent), (ACK, own, 78, 0, 0));
}

#[test]
fn nobody_is_held_who_has_not_shown_that_he_is_there() {
    let mut bench = bench(everybody());
    let (_, isn, ..) = answered(bench.peer(&packet(76, 0, SYN, &OFFER, &[])));
    assert!(bench.peer(&packet(77, isn.wrapping_add(2), ACK, &TIME, b"x")).is_empty());
    assert!(bench.peer(&packet(77, 0, RST, &[], &[])).is_empty());
    // The handshake is over, so the kernel says what it thinks of this.
    assert!(
        bench
            .peer(&packet(77, isn.wrapping_add(1), ACK, &TIME, b"x"))
            .iter()
            .all(|(port, _)| *port == Port::Engine)
    );
    assert_eq!(bench.told_briefly(), ["port_scan syn 22 x1"]);
}

#[test]
fn only_those_feel_it_who_are_meant() {
    let passes = |slow: Option<Slow>| {
        let mut bench = bench(slow);
        let (port, _) = only(bench.peer(&packet(76, 0, SYN, &OFFER, &[])));
        port == Port::Engine
    };
    let slow = |network: Ipv4Addr, prefix, services: &[&str]| {
        let services = services.iter().copied().map(str::to_owned).collect();
        Some(Slow { peers: vec![Peers::of(network, prefix)], services })
    };
    assert!(passes(None));
    assert!(!passes(everybody()));
    assert!(!passes(slow(PEER, 32, &[])));
    assert!(passes(slow([10, 66, 1, 0].into(), 24, &[])));
    assert!(passes(slow(PEER, 24, &["ssh"])), "the service is slow itself");
    assert!(!passes(slow(PEER, 24, &["http"])));
}

#[test]
fn a_closed_port_and_a_question_for_the_system_are_answered_as_ever() {
    let shown = |slow: Option<Slow>| {
        let mut bench = bench(slow);
        let closed = bench.peer(&segment(PEER, 5000, NODE, 23, SYN));
        // The first of nmap's sequence test.
        let options = [3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2];
        let probe = Segment {
            source_port: 5001,
            destination_port: 22,
            sequence: 9,
            acknowledgement: 0,
            flags: SYN,
            window: 1,
            options: &options,
            data: &[],
        };
        let probe = packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&probe));
        let odd = bench.peer(&segment(PEER, 5002, NODE, 22, FIN));
        (closed, bench.peer(&probe), odd)
    };
    assert_eq!(shown(None), shown(everybody()));
}

#[test]
fn the_probe_host_is_served() {
    let mut bench = bench(everybody());
    let source = crate::gate_tests::PROBE;
    let asks = segment(source, 5000, NODE, 22, SYN);
    let frame = packet::frame(NODE_MAC, PEER_MAC, ETHERTYPE_IPV4, &asks);
    let (port, _) = only(bench.feed(Port::Probe, frame));
    assert_eq!(port, Port::Engine);
}

/// What a segment of `peer` gets: whether the gate has answered it, and with which sequence number.
fn of_peer(bench: &mut Bench, peer: (Ipv4Addr, u16), numbers: (u32, u32), flags: u8) -> (bool, u32) {
    let segment = Segment {
        source_port: peer.1,
        destination_port: 22,
        sequence: numbers.0,
        acknowledgement: numbers.1,
        flags,
        window: 64_240,
        options: &OFFER[..if flags & SYN == 0 { 0 } else { 4 }],
        data: if flags & PSH == 0 { &[] } else { b"x" },
    };
    let sent = bench.peer(&packet::ipv4(&header(peer.0, NODE, TCP), packet::tcp(&segment)));
    let answer = sent.iter().find(|(_, frame)| packet::ethertype(frame) == ETHERTYPE_IPV4);
    let Some((port, frame)) = answer else { return (false, 0) };
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    (*port == Port::Segment, Segment::parse(view.payload()).unwrap().sequence)
}

#[test]
fn a_full_table_lets_go_of_who_was_silent_for_longest_and_of_one_who_has_too_many_nobody_is_held() {
    let mut bench = bench(everybody());
    let peer = |number: u8| Ipv4Addr::new(203, 0, 113, number);
    let mut own = Vec::new();
    for number in 0..18 {
        for port in 1..=1000 {
            let (answered, isn) = of_peer(&mut bench, (peer(number), port), (76, 0), SYN);
            assert!(answered);
            of_peer(&mut bench, (peer(number), port), (77, isn.wrapping_add(1)), ACK);
            own.push(isn.wrapping_add(1));
        }
    }
    let first = of_peer(&mut bench, (peer(0), 1), (77, own[0]), PSH | ACK);
    assert!(!first.0, "the kernel gets it, and resets");
    let last = of_peer(&mut bench, (peer(17), 1000), (77, own[17_999]), PSH | ACK);
    assert_eq!(last, (true, own[17_999]));
    // Another thousand of one peer: some of them come to nothing.
    let held = (2001..=3000).filter(|port| {
        let (_, isn) = of_peer(&mut bench, (peer(17), *port), (76, 0), SYN);
        of_peer(&mut bench, (peer(17), *port), (77, isn.wrapping_add(1)), ACK);
        of_peer(&mut bench, (peer(17), *port), (77, isn.wrapping_add(1)), PSH | ACK).0
    });
    assert_eq!(held.count(), 24);
}

proptest! {
    /// Whatever a peer sends, he gets no more bytes than he sends, in frames as in packets.
    #[test]
    fn never_more_goes_out_than_came_in(
        sent in prop::collection::vec(
            (0..6_u16, any::<u8>(), 0..200_u32, 0..3_usize, 0..300_usize, 0..40_i64), 1..80),
    ) {
        let mut bench = bench(everybody());
        let (mut inward, mut outward) = (0, 0);
        let own = connect(&mut bench);
        for (port, flags, at, options, length, pause) in sent {
            bench.now += pause * 1_000_000;
            let options = *[&[][..], &TIME, &OFFER].get(options).unwrap();
            // What begins and ends at once is an odd packet, and none of this.
            let flags = if flags & SYN == 0 { flags } else { flags & !FIN };
            let segment = Segment {
                source_port: 5000 + port,
                destination_port: 22,
                sequence: 77 + at,
                acknowledgement: own,
                flags,
                window: 64_240,
                options,
                data: &vec![0; length],
            };
            let asked = packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&segment));
            // He says where he is, so that no answer waits.
            bench.feed(Port::Segment, crate::gate_tests::arp_request([0xff; 6], NODE));
            let frame = packet::frame(NODE_MAC, PEER_MAC, ETHERTYPE_IPV4, &asked);
            inward += frame.len();
            let answers = bench.feed(Port::Segment, frame);
            let sent = answers.iter().filter(|(to, _)| *to == Port::Segment);
            outward += sent.map(|(_, frame)| frame.len()).sum::<usize>();
            prop_assert!(outward <= inward, "{outward} {inward} {flags:#x}");
        }
    }
}
