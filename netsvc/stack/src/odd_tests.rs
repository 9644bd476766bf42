//! Faces that few systems have: what is odd about their answers stands in the packets.

use crate::{
    Face, Port,
    bytes::{number16, number32},
    gate_tests::{Bench, NODE, PEER, header, segment},
    packet::{self, ACK, FIN, ICMP, Ipv4, PACKET, PSH, RST, SYN, Segment, TCP, UDP, URG},
};

const OPEN: u16 = 22;
const CLOSED: u16 = 81;
const SIXTH: [u8; 16] = [2, 4, 1, 9, 4, 2, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0];
const FIRST: [u8; 20] = [3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2];
const CONGESTION: [u8; 12] = [3, 3, 10, 1, 2, 4, 5, 0xb4, 4, 2, 1, 1];

/// A node that looks like Linux 5 but for these lines.
fn with(lines: &[(&str, &str)]) -> Bench {
    let linux = include_str!("../faces/linux-5.face");
    let kept =
        linux.lines().filter(|line| !lines.iter().any(|(key, _)| line.starts_with(&format!("{key} ="))));
    let mut text: Vec<String> = kept.map(str::to_owned).collect();
    text.extend(lines.iter().map(|(key, value)| format!("{key} = {value}")));
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |persona| persona.face = Some(text.join("\n")));
    bench.now = 1_764_000_000_000_000;
    bench.feed(Port::Segment, crate::gate_tests::arp_request(crate::bytes::BROADCAST, NODE));
    bench
}

/// The packet that answers `asked`.
fn answer(bench: &mut Bench, asked: &[u8]) -> Vec<u8> {
    let sent = bench.peer(asked);
    let (port, frame) = sent.first().expect("an answer");
    assert_eq!(*port, Port::Segment);
    let packet = frame[PACKET..].to_vec();
    let view = Ipv4::parse(&packet).unwrap();
    assert!(view.transport_checksum_fits());
    view.bytes.to_vec()
}

/// One of nmap's SYNs, from a port of its own.
fn probe(from: u16, window: u16, flags: u8, options: &[u8]) -> Vec<u8> {
    let segment = Segment {
        source_port: from,
        destination_port: OPEN,
        sequence: 77,
        acknowledgement: 99,
        flags,
        window,
        options,
        data: &[],
    };
    packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&segment))
}

#[test]
fn a_reset_tells_why_it_comes() {
    let mut bench =
        with(&[("closed.syn", "RA seq=past ack=next options=M5B4NNT10 odd=UR data=4e6f206c697374656e6572")]);
    let packet = answer(&mut bench, &segment(PEER, 5000, NODE, CLOSED, SYN));
    let reset = Segment::parse(&packet[20..]).unwrap();
    assert_eq!((reset.flags, reset.data), (RST | ACK, &b"No listener"[..]));
    assert_eq!(reset.sequence, 2001, "one past what was acknowledged");
    assert_eq!(reset.options[..6], [2, 4, 5, 0xb4, 1, 1]);
    assert_ne!(number32(reset.options, 8), 0, "the node's time");
    assert_eq!(number32(reset.options, 12), 0, "nobody's echo");
    assert_eq!((packet[32] & 15, number16(&packet, 38)), (8, 1), "a reserved bit and an urgent pointer");
}

#[test]
fn a_system_without_a_clock_leaves_the_peers_time_where_it_stood() {
    let mut bench = with(&[("clock", "none"), ("open.ack", "R seq=ack ack=0 options=WANM109T10S")]);
    let options = [&[3, 3, 10, 1, 2, 4, 1, 9][..], &SIXTH[6..], &[4, 2]].concat();
    let packet = answer(&mut bench, &probe(5000, 1024, ACK, &options));
    assert_eq!(Segment::parse(&packet[20..]).unwrap().options, options);
}

#[test]
fn nmaps_probes_get_options_word_for_word() {
    let six = "M5B4NW2T00 M578 M280NNT11 T01NN M218LLLL T11X";
    let mut bench = with(&[("probe.options", six), ("probe.odd", "U")]);
    let packet = answer(&mut bench, &probe(5000, 1, SYN, &FIRST));
    let first = Segment::parse(&packet[20..]).unwrap();
    assert_eq!(first.options, [2, 4, 5, 0xb4, 1, 3, 3, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(number16(&packet, 38), 1);
    let packet = answer(&mut bench, &probe(5001, 512, SYN, &SIXTH));
    let sixth = Segment::parse(&packet[20..]).unwrap();
    assert_eq!((sixth.options.len(), &sixth.options[10..]), (12, &[2, 4][..]), "cut off");
}

#[test]
fn nmaps_probes_may_get_other_flags_and_numbers() {
    for (form, flags, sequence, acknowledgement) in [
        ("AR seq=ack ack=one", RST | ACK, 99, 78),
        ("A seq=past ack=same", ACK, 100, 77),
        ("AS seq=0 ack=0", SYN | ACK, 0, 0),
    ] {
        let mut bench = with(&[("probe.reply", form)]);
        let packet = answer(&mut bench, &probe(5000, 1, SYN, &FIRST));
        let reply = Segment::parse(&packet[20..]).unwrap();
        assert_eq!(
            (reply.flags, reply.sequence, reply.acknowledgement),
            (flags, sequence, acknowledgement),
            "{form}"
        );
        assert!(!reply.options.is_empty(), "{form}");
        let begun = bench.peer(&segment(PEER, 6000, NODE, OPEN, SYN));
        assert_eq!(begun[0].0, Port::Engine, "who connects meets the service");
    }
}

#[test]
fn congestion_notification_is_answered_in_four_ways() {
    for (form, expected) in [("yes", 0x40), ("no", 0), ("both", 0xc0), ("reduced", 0x80)] {
        let mut bench = with(&[("ecn", form), ("ecn.options", "M5B4L"), ("ecn.odd", "R"), ("ecn.ttl", "60")]);
        let packet = answer(&mut bench, &probe(5000, 3, SYN | 0xc0, &CONGESTION));
        let reply = Segment::parse(&packet[20..]).unwrap();
        assert_eq!(
            (reply.flags & 0xc0, reply.options),
            (expected, &[2, 4, 5, 0xb4, 0, 0, 0, 0][..]),
            "{form}"
        );
        assert_eq!((packet[32] & 15, packet[8]), (8, 60));
    }
}

#[test]
fn identifications_of_icmp_keep_their_distance() {
    let echo = |bench: &mut Bench| {
        let packet = packet::ipv4(&header(PEER, NODE, ICMP), vec![8, 0, 0, 0, 0, 1, 0, 1]);
        number16(&answer(bench, &packet), 4)
    };
    for (shared, icmp) in [("below", "one"), ("above", "one"), ("below", "steps"), ("above", "swapped")] {
        let mut bench = with(&[("ids", &format!("one one {icmp}")), ("ids.shared", shared)]);
        for round in 0..40 {
            let tcp = number16(&answer(&mut bench, &probe(5000 + round, 1, SYN, &FIRST)), 4);
            let (first, second) = (echo(&mut bench), echo(&mut bench));
            let apart = if shared == "below" { first < tcp } else { first > tcp.saturating_add(3) };
            assert!(apart, "{shared} {icmp}: {tcp} {first}");
            let step = second.wrapping_sub(first);
            let fits = match icmp {
                "one" => step == 1,
                "swapped" => step == 256 || step == 0x0001_u16.wrapping_sub(0xff00),
                _ => step > 1000,
            };
            assert!(fits, "{shared} {icmp}: {step}");
        }
    }
}

/// First sequence numbers of six probes, one each 100 ms, as steps.
fn steps(isn: &str) -> Vec<u32> {
    let mut bench = with(&[("isn", isn)]);
    let numbers = (0..6).map(|number| {
        bench.now += 100_000;
        number32(&answer(&mut bench, &probe(5000 + number, 1, SYN, &FIRST)), 24)
    });
    let numbers: Vec<u32> = numbers.collect();
    numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect()
}

#[test]
fn sequence_numbers_run_as_seldom_or_as_often_as_they_should() {
    assert_eq!(steps("zero"), [0; 5]);
    assert_eq!(steps("0 0 0"), [0; 5]);
    assert_eq!(steps("155 2 64000"), [64_000; 5], "one step for each connection");
    let sum = |isn| steps(isn).iter().map(|step| step / 2500).sum::<u32>();
    assert_eq!(sum("99 14 2500"), 1, "a clock that ticks twice a second");
    assert!(steps("99 14 2500").iter().all(|step| step % 2500 == 0));
    let even = steps("162 17 125000");
    assert_eq!((even.iter().min(), even.iter().max()), (Some(&125_000), Some(&250_000)));
    assert!(steps("268 262 1").iter().all(|step| *step < 1 << 31), "what is more is taken for less");
}

#[test]
fn timestamps_that_begin_anew_are_as_far_apart_as_told() {
    for power in [33_u32, 34] {
        let mut bench = with(&[("clock", &format!("random {power}"))]);
        let options: [&[u8]; 2] =
            [&FIRST, &[2, 4, 5, 0x78, 3, 3, 0, 4, 2, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 0]];
        let times = [1, 63].iter().zip(options).zip(5000..).map(|((window, options), port)| {
            let packet = answer(&mut bench, &probe(port, *window, SYN, options));
            let options = &packet[40..];
            number32(options, crate::options::time_at(options).unwrap())
        });
        let times: Vec<u32> = times.collect();
        assert_eq!(u64::from(times[1].wrapping_sub(times[0])), (1_u64 << power) / 10);
    }
}

#[test]
fn an_echo_may_have_the_other_fragment_bit() {
    let mut bench = with(&[("echo", "code=same df=other")]);
    for asked in [true, false] {
        let head = packet::Header { dont_fragment: asked, ..header(PEER, NODE, ICMP) };
        let packet = answer(&mut bench, &packet::ipv4(&head, vec![8, 9, 0, 0, 0, 1, 0, 1]));
        assert_eq!((packet[6] & 0x40 != 0, packet[21]), (!asked, 9));
    }
}

#[test]
fn a_quotation_may_be_spoilt_or_filled_up() {
    let datagram = [&5000_u16.to_be_bytes()[..], &CLOSED.to_be_bytes(), &[0, 28, 0, 0], &[b'C'; 20]].concat();
    let asked = packet::ipv4(&header(PEER, NODE, UDP), datagram);
    for (form, length, fits) in
        [("quote=548", 76, true), ("quote=548 filled", 576, false), ("quote=548 spoilt", 76, false)]
    {
        let packet = answer(&mut with(&[("udp", form)]), &asked);
        assert_eq!(packet.len(), length, "{form}");
        assert_eq!(packet[56..].iter().all(|byte| *byte == b'C'), fits, "{form}");
    }
}

#[test]
fn who_sends_urgent_nonsense_still_answers_other_segments_as_ever() {
    let mut bench = with(&[("open.null", "RA seq=0 ack=same odd=U")]);
    let packet = answer(&mut bench, &segment(PEER, 5000, NODE, OPEN, FIN | PSH | URG));
    assert_eq!(number16(&packet, 38), 1);
    let packet = answer(&mut bench, &segment(PEER, 5000, NODE, CLOSED, FIN | PSH | URG));
    assert_eq!(number16(&packet, 38), 0);
    assert!("ttl = 1".parse::<Face>().is_err());
}
