//! Frames that nobody honest sends: they change nothing for others, and nothing leaves the gate that its
//! nodes would not send.

use crate::{
    Port, arp,
    bytes::{BROADCAST, Mac, array},
    checksum,
    gate_tests::{
        Bench, GATEWAY, NODE, NODE_MAC, OTHER, OTHER_MAC, PEER, PEER_MAC, arp_request, datagram, header,
        only, segment,
    },
    packet::{self, ACK, ETHERTYPE_ARP, ETHERTYPE_IPV4, ICMP, Ipv4, PACKET, PSH, RST, SYN, Segment, TCP},
};
use proptest::prelude::*;
use std::net::Ipv4Addr;

const AFAR: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
const GATEWAY_MAC: Mac = [0x02, 0xbb, 0, 0, 0, 1];
const FORGER: Mac = [0x02, 0xcc, 0, 0, 0, 1];

fn framed(to: Mac, from: Mac, packet: &[u8]) -> Vec<u8> {
    packet::frame(to, from, ETHERTYPE_IPV4, packet)
}

/// What leaves towards the segment is ARP or IPv4 of a node, from its own hardware address, to one host.
fn assert_clean(sent: &[(Port, Vec<u8>)]) {
    let owner = |address: Option<[u8; 4]>| match address.map(Ipv4Addr::from) {
        Some(NODE) => Some(NODE_MAC),
        Some(OTHER) => Some(OTHER_MAC),
        _ => None,
    };
    for (_, frame) in sent.iter().filter(|(port, _)| *port == Port::Segment) {
        let (from, to) = (packet::source_mac(frame), packet::destination_mac(frame).unwrap());
        let (mac, groups) = match packet::ethertype(frame) {
            ETHERTYPE_ARP => {
                assert_eq!(from, array(frame, PACKET + 8), "{frame:x?}");
                (owner(array(frame, PACKET + 14)), true)
            }
            ETHERTYPE_IPV4 => (owner(array(frame, PACKET + 12)), false),
            _ => panic!("{frame:x?}"),
        };
        assert!(from.is_some() && from == mac, "{frame:x?}");
        assert!(groups || to[0] & 1 == 0, "to a group: {frame:x?}");
        assert!(frame.len() >= 10 + 60, "shorter than Ethernet has it");
    }
}

/// The gateway has told where it is.
fn with_gateway() -> Bench {
    let mut bench = Bench::new();
    let mut frame = arp::request(GATEWAY_MAC, GATEWAY, NODE);
    packet::address(&mut frame, BROADCAST, GATEWAY_MAC);
    bench.feed(Port::Segment, frame);
    bench
}

#[test]
fn who_forges_a_source_gets_no_answer_and_moves_nobody() {
    let mut bench = with_gateway();
    // From behind the gateway, but from another host's card: the answer goes to the gateway.
    let forged = framed(NODE_MAC, FORGER, &segment(AFAR, 5000, NODE, 81, SYN));
    let (_, answer) = only(bench.feed(Port::Segment, forged));
    assert_eq!(packet::destination_mac(&answer), Some(GATEWAY_MAC));
    // In the name of a neighbour: the answer goes to the neighbour.
    let forged = framed(NODE_MAC, FORGER, &segment(PEER, 5000, NODE, 81, SYN));
    let (_, answer) = only(bench.feed(Port::Segment, forged));
    assert_eq!(packet::destination_mac(&answer), Some(PEER_MAC));
    // In the name of a host that nobody has heard of: the segment is asked for it.
    let nobody = Ipv4Addr::new(10, 66, 0, 77);
    let forged = framed(NODE_MAC, FORGER, &segment(nobody, 5000, NODE, 81, SYN));
    let (_, question) = only(bench.feed(Port::Segment, forged));
    assert_eq!(
        (packet::ethertype(&question), packet::destination_mac(&question)),
        (ETHERTYPE_ARP, Some(BROADCAST))
    );
}

#[test]
fn before_the_gateway_has_answered_packets_go_back_the_way_they_came() {
    let mut bench = Bench::new();
    let packet = framed(NODE_MAC, GATEWAY_MAC, &segment(AFAR, 5000, NODE, 81, SYN));
    let sent = bench.feed(Port::Segment, packet);
    let kinds: Vec<_> = sent.iter().map(|(_, frame)| packet::ethertype(frame)).collect();
    assert_eq!(kinds, [ETHERTYPE_IPV4, ETHERTYPE_ARP], "and the gateway is asked for");
    assert_eq!(packet::destination_mac(&sent[0].1), Some(GATEWAY_MAC));
}

#[test]
fn a_flood_of_handshakes_leaves_connections_known() {
    let mut bench = with_gateway();
    bench.peer(&segment(PEER, 5000, NODE, 22, SYN));
    bench.peer(&segment(PEER, 5000, NODE, 22, ACK));
    bench.told();
    let mut begun = 0;
    for number in 0..150_000_u32 {
        let source = Ipv4Addr::from_bits(Ipv4Addr::new(172, 16, 0, 1).to_bits() + number);
        bench.now += 10;
        let sent =
            bench.feed(Port::Segment, framed(OTHER_MAC, FORGER, &segment(source, 5000, OTHER, 22, SYN)));
        assert!(sent.iter().all(|(port, _)| *port == Port::Engine));
        begun += sent.len();
    }
    // A hundred thousand a second, of which the node takes as many as its backlog holds.
    assert!((4096..6000).contains(&begun), "{begun}");
    assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 22, ACK)).len(), 1);
    assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 22, ACK | PSH)).len(), 1);
    let about_node = |line: &String| line.contains(" ack ") || line.contains(" stray ");
    assert!(!bench.told_briefly().iter().any(about_node), "a connection was taken for a probe");
}

#[test]
fn a_forged_reset_does_not_make_a_connection_unknown() {
    let mut bench = Bench::new();
    bench.peer(&segment(PEER, 5000, NODE, 22, SYN));
    bench.peer(&segment(PEER, 5000, NODE, 22, ACK));
    assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 22, RST)).len(), 1, "the kernel judges it");
    assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 22, ACK)).len(), 1);
    assert!(bench.told_briefly().is_empty());
}

#[test]
fn what_no_host_sends_meets_silence() {
    let plain = segment(PEER, 5000, NODE, 81, SYN);
    let with_options = |options: &[u8]| {
        let mut packet = plain.clone();
        packet[0] = 0x40 | u8::try_from(5 + options.len() / 4).unwrap();
        packet.splice(20..20, options.iter().copied());
        let total = u16::try_from(packet.len()).unwrap();
        packet[2..4].copy_from_slice(&total.to_be_bytes());
        checksum::write_header(&mut packet, 20 + options.len());
        packet
    };
    let mut bad_sum = plain.clone();
    bad_sum[10] ^= 1;
    let mut short = plain.clone();
    short[3] = 19;
    let silent = [
        framed(NODE_MAC, [0x01, 0, 0x5e, 0, 0, 1], &plain),
        framed(NODE_MAC, BROADCAST, &plain),
        framed(NODE_MAC, PEER_MAC, &bad_sum),
        framed(NODE_MAC, PEER_MAC, &short),
        framed(NODE_MAC, PEER_MAC, &plain[..30]),
        framed(NODE_MAC, PEER_MAC, &with_options(&[131, 7, 4, 10, 66, 0, 11, 0])),
        framed(NODE_MAC, PEER_MAC, &with_options(&[137, 3, 4, 0])),
        framed(NODE_MAC, PEER_MAC, &with_options(&[7, 0, 4, 0])),
        framed(NODE_MAC, PEER_MAC, &segment(NODE, 5000, NODE, 81, SYN)),
        framed(NODE_MAC, PEER_MAC, &segment(OTHER, 5000, NODE, 81, SYN)),
        framed(NODE_MAC, PEER_MAC, &segment(Ipv4Addr::new(10, 66, 0, 255), 5000, NODE, 81, SYN)),
        framed(NODE_MAC, PEER_MAC, &segment(Ipv4Addr::new(10, 66, 0, 0), 5000, NODE, 81, SYN)),
        framed(NODE_MAC, PEER_MAC, &segment(Ipv4Addr::LOCALHOST, 5000, NODE, 81, SYN)),
        framed(NODE_MAC, PEER_MAC, &segment(PEER, 5000, OTHER, 81, SYN)),
        framed(NODE_MAC, PEER_MAC, &segment(PEER, 5000, PEER, 81, SYN)),
        framed(BROADCAST, PEER_MAC, &plain),
    ];
    for frame in silent {
        let mut bench = Bench::new();
        let sent = bench.feed(Port::Segment, frame.clone());
        assert!(sent.is_empty(), "{frame:x?} got {sent:x?}");
    }
    let mut bench = Bench::new();
    let recorded = framed(NODE_MAC, PEER_MAC, &with_options(&[7, 7, 4, 0, 0, 0, 0, 0]));
    assert_eq!(bench.feed(Port::Segment, recorded).len(), 1, "a recorded route is harmless");
}

#[test]
fn an_icmp_error_about_another_node_stays_outside() {
    let mut bench = Bench::new();
    let error = |about: Ipv4Addr| {
        let quoted = segment(about, 22, PEER, 5000, ACK);
        let message = [&[3, 4, 0, 0, 0, 0, 2, 0], &quoted[..28]].concat();
        packet::ipv4(&header(PEER, NODE, ICMP), message)
    };
    assert!(bench.peer(&error(OTHER)).is_empty());
    assert_eq!(only(bench.peer(&error(NODE))).0, Port::Engine);
}

#[test]
fn malformed_arp_is_not_answered() {
    let good = arp_request(BROADCAST, NODE);
    let broken = |at: usize, bytes: &[u8]| {
        let mut frame = good.clone();
        frame[PACKET + at..PACKET + at + bytes.len()].copy_from_slice(bytes);
        frame
    };
    let silent = [
        broken(0, &[0, 0]),
        broken(2, &[0x86, 0xdd]),
        broken(4, &[8]),
        broken(5, &[16]),
        broken(6, &[0, 0]),
        broken(6, &[0, 2]),
        broken(6, &[0, 3]),
        broken(8, &[0xff; 6]),
        broken(14, &[224, 0, 0, 1]),
        good[..PACKET + 27].to_vec(),
    ];
    for frame in silent {
        let mut bench = Bench::new();
        let sent = bench.feed(Port::Segment, frame.clone());
        assert!(sent.is_empty(), "{frame:x?} got {sent:x?}");
        // And nobody has moved.
        let (_, answer) = only(bench.peer(&segment(PEER, 5000, NODE, 81, SYN)));
        assert_eq!(packet::destination_mac(&answer), Some(PEER_MAC));
    }
}

/// A piece of a packet to `node`.
fn piece(node: Ipv4Addr, id: u16, offset: u16, more: bool, data: &[u8]) -> Vec<u8> {
    let mut piece = packet::ipv4(&header(PEER, node, 253), data.to_vec());
    piece[9] = TCP;
    piece[4..6].copy_from_slice(&id.to_be_bytes());
    piece[6..8].copy_from_slice(&((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes());
    checksum::write_header(&mut piece, 20);
    piece
}

#[test]
fn odd_fragments_come_to_nothing() {
    let whole = segment(PEER, 5000, NODE, 81, SYN);
    let data = &whole[20..];
    let cases: [(&str, &[(u16, bool, &[u8])]); 6] = [
        ("overlapping", &[(0, true, &data[..16]), (8, false, &data[8..])]),
        ("overlapping from behind", &[(8, false, &data[8..]), (0, true, &data[..16])]),
        ("never complete", &[(0, true, &data[..8]), (16, false, &data[16..])]),
        ("no multiple of eight", &[(0, true, &data[..7]), (8, false, &data[8..])]),
        ("past the end of what a packet can be", &[(65_528, true, &data[..16])]),
        ("nothing but middles", &[(8, true, &data[8..16]), (16, true, &data[8..16])]),
    ];
    for (what, pieces) in cases {
        let mut bench = Bench::new();
        for (offset, more, data) in pieces {
            let sent = bench.peer(&piece(NODE, 9, *offset, *more, data));
            assert!(sent.is_empty(), "{what}: {sent:x?}");
        }
    }
    // The same piece twice is no overlap.
    let mut bench = Bench::new();
    for _ in 0..2 {
        assert!(bench.peer(&piece(NODE, 9, 0, true, &data[..16])).is_empty());
    }
    assert_eq!(bench.peer(&piece(NODE, 9, 16, false, &data[16..])).len(), 1);
}

#[test]
fn pieces_that_never_become_whole_take_no_room_from_other_nodes() {
    let mut bench = Bench::new();
    let whole = segment(PEER, 5000, OTHER, 81, SYN);
    let to_other = |bytes: &[u8]| framed(OTHER_MAC, PEER_MAC, bytes);
    assert!(bench.feed(Port::Segment, to_other(&piece(OTHER, 9, 0, true, &whole[20..28]))).is_empty());
    for id in 0..20_000 {
        bench.peer(&piece(NODE, id, 0, true, &[0; 1400]));
    }
    let last = piece(OTHER, 9, 8, false, &whole[28..]);
    assert_eq!(bench.feed(Port::Segment, to_other(&last)).len(), 1);
}

#[test]
fn forged_control_connections_with_one_node_take_none_from_another() {
    let mut bench = Bench::new();
    let to_other = |packet: &[u8]| framed(OTHER_MAC, PEER_MAC, packet);
    for flags in [SYN, ACK] {
        bench.feed(Port::Segment, to_other(&segment(PEER, 5001, OTHER, 21, flags)));
    }
    for number in 0..20_000_u32 {
        let source = Ipv4Addr::from_bits(Ipv4Addr::new(172, 16, 0, 1).to_bits() + number);
        bench.now += 1000;
        for flags in [SYN, ACK] {
            bench.feed(Port::Segment, framed(NODE_MAC, FORGER, &segment(source, 5000, NODE, 21, flags)));
        }
    }
    let passive = to_other(&segment(PEER, 5003, OTHER, 40_001, SYN));
    assert_eq!(only(bench.feed(Port::Segment, passive)).0, Port::Engine, "it still has its data connections");
    // And new ones can be had.
    let fresh = Ipv4Addr::new(10, 66, 0, 201);
    for (flags, port) in [(SYN, 21), (ACK, 21), (SYN, 40_002)] {
        let sent = bench.feed(Port::Segment, to_other(&segment(fresh, 5004, OTHER, port, flags)));
        assert!(sent.iter().all(|(port, _)| *port == Port::Engine), "{port}");
    }
}

#[test]
fn a_flood_of_broadcasts_is_not_multiplied_without_end() {
    let mut bench = Bench::new();
    let packet = framed(BROADCAST, PEER_MAC, &datagram(Ipv4Addr::BROADCAST, 161, b"x"));
    let copies: usize = (0..50_000).map(|_| bench.feed(Port::Segment, packet.clone()).len()).sum();
    assert_eq!(copies, 4096);
}

proptest! {
    #[test]
    fn whatever_comes_in_only_the_nodes_own_packets_leave(
        frames in proptest::collection::vec(hostile(), 1..20),
    ) {
        let mut bench = with_gateway();
        for frame in frames {
            assert_clean(&bench.feed(Port::Segment, frame));
        }
    }
}

/// Frames that are almost right.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let host = prop_oneof![
        Just(NODE),
        Just(OTHER),
        Just(PEER),
        Just(GATEWAY),
        Just(AFAR),
        Just(Ipv4Addr::BROADCAST),
        Just(Ipv4Addr::new(10, 66, 0, 255)),
        any::<u32>().prop_map(Ipv4Addr::from_bits),
    ];
    let mac = prop_oneof![
        Just(NODE_MAC),
        Just(OTHER_MAC),
        Just(PEER_MAC),
        Just(FORGER),
        Just(BROADCAST),
        any::<[u8; 6]>(),
    ];
    let parts = (host.clone(), host, mac.clone(), mac, any::<[u8; 4]>(), any::<u8>(), 0..4_u8);
    parts.prop_map(|(source, target, to, from, [a, b, low, high], flags, kind)| {
        let port = u16::from_be_bytes([high & 1, low]);
        match kind {
            0 => framed(to, from, &segment(source, 5000, target, port, flags)),
            1 => framed(
                to,
                from,
                &packet::ipv4(&header(source, target, ICMP), vec![a & 15, b, 0, 0, 1, 2, 3, 4]),
            ),
            2 => framed(to, from, &datagram(target, port, &[a, b])),
            _ => {
                let mut frame = arp::request(from, source, target);
                packet::address(&mut frame, to, from);
                frame[PACKET + 7] = a & 3;
                frame
            }
        }
    })
}

#[test]
fn options_in_any_number_do_no_harm() {
    // Forty bytes of options: selective acknowledgements over and over, lengths that lie, no end.
    for fill in [[5, 2], [8, 10], [2, 0], [2, 1], [3, 255], [1, 1], [0, 0], [254, 2], [30, 3]] {
        let options: Vec<u8> = fill.iter().copied().cycle().take(40).collect();
        let flood = Segment {
            source_port: 5000,
            destination_port: 22,
            sequence: 1,
            acknowledgement: 0,
            flags: SYN,
            window: 1024,
            options: &options,
            data: &[],
        };
        let mut bench = Bench::new();
        let packet = packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&flood));
        let (port, frame) = only(bench.peer(&packet));
        let view = Ipv4::parse(&frame[PACKET..]).unwrap();
        assert!(port == Port::Engine && view.transport_checksum_fits(), "{fill:?}");
        assert_eq!(Segment::parse(view.payload()).unwrap().options.len(), 40);
    }
}
