//! Faces under scans: open and closed ports agree, the same probe gets the same answer, half-open
//! connections are answered again as the system does, and no two nodes count alike.

use crate::{
    Face, Port,
    bytes::{number16, number32},
    face::Answer,
    gate_tests::{Bench, NODE, PEER, Sent, header, segment},
    packet::{self, ACK, FIN, Ipv4, PACKET, PSH, RST, SYN, Segment, TCP, URG},
};

/// A bench whose node has the face `name`.
fn with_face(name: &str) -> Bench {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |_| ());
    let node = bench.gate.nodes.get_mut(&NODE).unwrap();
    node.face = Face::named(name).unwrap();
    bench
}

/// What a frame shows of a reset: flags, window, DF, TTL, whether its numbers are 0.
fn shown(frame: &[u8]) -> (u8, u16, bool, u8, u32, bool) {
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    let segment = Segment::parse(view.payload()).unwrap();
    assert!(view.transport_checksum_fits());
    let ttl = view.bytes[8];
    (segment.flags, segment.window, view.dont_fragment(), ttl, segment.sequence, segment.acknowledgement == 0)
}

#[test]
fn an_ack_or_window_scan_cannot_tell_open_from_closed_ports() {
    for name in Face::names() {
        let mut bench = with_face(name);
        let face = Face::named(name).unwrap();
        let same = face.ack_at_open == face.ack_at_closed;
        let closed = bench.peer(&segment(PEER, 5000, NODE, 81, ACK));
        let passed = bench.peer(&segment(PEER, 5000, NODE, 22, ACK));
        assert_eq!(passed[0].0, Port::Engine, "{name}: the kernel knows whether it is a probe");
        // As Linux answers: its sequence number is what was acknowledged.
        let reset = Segment {
            source_port: 22,
            destination_port: 5000,
            sequence: 2000,
            acknowledgement: 0,
            flags: RST,
            window: 0,
            options: &[],
            data: &[],
        };
        let kernel = bench.kernel(&packet::ipv4(&header(NODE, PEER, TCP), packet::tcp(&reset)));
        match (closed.first(), kernel.first()) {
            // Some old stacks do tell them apart, and window scans are made for that.
            (Some((_, closed)), Some((_, open))) if same => assert_eq!(shown(closed), shown(open), "{name}"),
            (Some(_), Some((_, open))) => {
                let Answer::Segment(form) = &face.ack_at_open else { panic!("{name}") };
                assert_eq!((shown(open).0, shown(open).1), (RST, form.window), "{name}");
            }
            // A system that is silent to one of them is known for it.
            _ => assert!(closed.is_empty() || kernel.is_empty(), "{name}"),
        }
    }
}

#[test]
fn scans_without_an_ack_agree_with_what_the_system_is_known_for() {
    for name in Face::names() {
        for flags in [FIN, 0, FIN | PSH | URG] {
            let mut bench = with_face(name);
            let open = bench.peer(&segment(PEER, 5000, NODE, 22, flags));
            let closed = bench.peer(&segment(PEER, 5000, NODE, 81, flags));
            let is_reset = |sent: &[(Port, Vec<u8>)]| {
                sent.first().is_some_and(|(port, frame)| *port == Port::Segment && shown(frame).0 & RST != 0)
            };
            let face = Face::named(name).unwrap();
            assert_eq!(is_reset(&closed), face.odd_at_closed != Answer::Silence, "{name} {flags:#x}");
            assert_eq!(is_reset(&open), face.null_at_open != Answer::Silence, "{name} {flags:#x}");
            // Windows does not tell them apart, the others are silent where a port is open.
            let alike = name.starts_with("windows");
            assert!(!alike || is_reset(&closed), "{name} {flags:#x}: without its filter");
            assert_eq!(is_reset(&open), alike, "{name} {flags:#x}");
        }
    }
}

#[test]
fn the_same_probe_gets_the_same_answer() {
    let nmap = [3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2];
    for name in Face::names() {
        let mut bench = with_face(name);
        let first = Segment {
            source_port: 5000,
            destination_port: 22,
            sequence: 77,
            acknowledgement: 1,
            flags: SYN,
            window: 1,
            options: &nmap,
            data: &[],
        };
        let probe = packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&first));
        let once = bench.peer(&probe);
        bench.now += 1_000_000;
        assert_eq!(bench.peer(&probe), once, "{name}: a SYN probe");
        // Apart from the identification and its checksum, which count on.
        for (port, flags) in [(81, SYN), (81, ACK), (81, FIN | PSH | URG), (22, FIN | PSH | URG)] {
            let answers = [(); 3].map(|()| {
                bench.now += 1_000_000;
                let sent = bench.peer(&segment(PEER, 5001, NODE, port, flags));
                sent.first().map(|(_, frame)| {
                    let (flags, window, fragment, ttl, sequence, _) = shown(frame);
                    (flags, window, fragment, ttl, sequence)
                })
            });
            assert!(
                answers.windows(2).all(|pair| pair[0] == pair[1]),
                "{name} {port} {flags:#x}: {answers:?}"
            );
        }
    }
}

/// Seconds after the first SYN-ACK at which the node sends it again, with a kernel that has its own times.
fn repetitions(name: &str, ended_at: Option<i64>) -> Vec<i64> {
    let mut bench = with_face(name);
    bench.peer(&segment(PEER, 5000, NODE, 22, SYN));
    let answer = segment(NODE, 22, PEER, 5000, SYN | ACK);
    let begun = bench.now;
    assert_eq!(bench.kernel(&answer).len(), 1, "{name}");
    let kernel = [1, 3, 7, 15, 31].map(|seconds| begun + seconds * 1_000_000);
    let mut seen = Vec::new();
    for _ in 0..480 {
        bench.now += 250_000;
        if ended_at.is_some_and(|seconds| begun + seconds * 1_000_000 == bench.now) {
            bench.peer(&segment(PEER, 5000, NODE, 22, RST));
        }
        let mut sent = Sent::default();
        bench.gate.tick(bench.now, &mut Vec::new(), &mut sent);
        let mut sent = sent.0;
        if kernel.contains(&bench.now) && ended_at.is_none() {
            sent.extend(bench.kernel(&answer));
        }
        let answers = sent.iter().filter(|(_, frame)| {
            packet::ethertype(frame) == packet::ETHERTYPE_IPV4 && frame[PACKET + 33] == SYN | ACK
        });
        seen.extend(answers.map(|_| (bench.now - begun) / 1_000_000));
    }
    seen
}

#[test]
fn a_handshake_that_nobody_completes_is_answered_again_as_the_system_does() {
    let cases: [(&str, &[i64]); 6] = [
        ("linux-5", &[1, 3, 7, 15, 31]),
        ("windows-7", &[3, 9]),
        ("windows-10", &[1, 3]),
        ("freebsd-11", &[3, 9, 21]),
        ("macos-10.13", &[1, 2, 3, 4, 5, 7, 11, 19, 35]),
        ("cisco-ios-15", &[2, 6, 14]),
    ];
    for (name, expected) in cases {
        assert_eq!(repetitions(name, None), expected, "{name}");
    }
    assert_eq!(repetitions("freebsd-11", Some(5)), [3], "until the peer resets");
}

#[test]
fn a_peer_that_asks_again_is_answered_at_once() {
    let mut bench = with_face("windows-10");
    let answer = segment(NODE, 22, PEER, 5000, SYN | ACK);
    for _ in 0..3 {
        bench.now += 100_000;
        bench.peer(&segment(PEER, 5000, NODE, 22, SYN));
        assert_eq!(bench.kernel(&answer).len(), 1);
    }
    assert!(bench.kernel(&answer).is_empty(), "but nobody has asked a fourth time");
}

/// Identifications, sequence numbers and timestamps of a node's answers to ten probes.
fn numbers(face: &str, subkey: &str, booted: i64) -> (Vec<u16>, Vec<u32>, Vec<u32>) {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |persona| {
        persona.subkey.0 = subkey.repeat(64);
        persona.booted_at = booted;
    });
    bench.now = 1_764_000_000_000_000;
    bench.gate.nodes.get_mut(&NODE).unwrap().face = Face::named(face).unwrap();
    bench.feed(Port::Segment, crate::gate_tests::arp_request(crate::bytes::BROADCAST, NODE));
    let nmap = [3, 3, 10, 1, 2, 4, 5, 0xb4, 8, 10, 255, 255, 255, 255, 0, 0, 0, 0, 4, 2];
    let (mut ids, mut isns, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for port in 0..10 {
        bench.now += 100_000;
        let probe = Segment {
            source_port: 5000 + port,
            destination_port: 22,
            sequence: 77,
            acknowledgement: 1,
            flags: SYN,
            window: 1,
            options: &nmap,
            data: &[],
        };
        let sent = bench.peer(&packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&probe)));
        let frame = &sent[0].1;
        ids.push(number16(frame, PACKET + 4));
        isns.push(number32(frame, PACKET + 24));
        let options = &frame[PACKET + 40..];
        times.extend(crate::options::time_at(options).map(|at| number32(options, at)));
    }
    (ids, isns, times)
}

#[test]
fn no_two_nodes_count_alike() {
    const DAY: i64 = 86_400_000_000;
    let booted = 1_764_000_000_000_000;
    for face in Face::names() {
        let nodes: Vec<_> = ["1", "2", "3", "4", "a", "b"]
            .iter()
            .zip(1..)
            .map(|(key, days)| numbers(face, key, booted - days * 11 * DAY))
            .collect();
        let counts = nodes.first().unwrap().0.windows(2).any(|pair| pair[0] != pair[1]);
        for (index, one) in nodes.iter().enumerate() {
            for other in nodes.iter().skip(index + 1) {
                assert!(!counts || one.0 != other.0, "{face}: identifications {:?}", one.0);
                assert_ne!(one.1, other.1, "{face}: sequence numbers");
                let apart = |(one, other): (&u32, &u32)| one.abs_diff(*other) > 1000;
                assert!(one.2.iter().zip(&other.2).all(apart), "{face}: timestamps {:?}", one.2);
            }
        }
    }
}

#[test]
fn the_same_node_counts_on_after_a_restart_of_its_clock() {
    // Timestamps follow the boot time that is stored, not that of the process.
    let booted = 1_763_000_000_000_000;
    let (_, _, times) = numbers("linux-5", "7", booted);
    let uptime = (1_764_000_000_100_000 - booted) / 1000;
    let off = i64::from(times[0]) - uptime;
    // Its crystal is off by some tens of parts of a million.
    assert!(off.abs() < uptime / 20_000, "{off} ms in {uptime}");
}
