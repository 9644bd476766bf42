//! SYN-ACKs that nobody acknowledges at first: each one shows the node's clock as it stands, and the kernel
//! gets an echo that it takes.

use crate::{
    Face, Port,
    bytes::{BROADCAST, number32, put},
    gate_tests::{Bench, NODE, PEER, Sent, arp_request, header, only},
    options,
    packet::{self, ACK, Ipv4, PACKET, PSH, SYN, Segment, TCP},
};

const START: i64 = 1_764_000_000_000_000;
/// What the kernel's clock shows at `START`.
const KERNEL: u32 = 700_000_123;

fn bench(face: &str) -> Bench {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |_| ());
    bench.now = START;
    bench.gate.nodes.get_mut(&NODE).unwrap().face = Face::named(face).unwrap();
    bench.feed(Port::Segment, arp_request(BROADCAST, NODE));
    bench
}

fn offered(time: (u32, u32)) -> Vec<u8> {
    let mut bytes = vec![2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
    put(&mut bytes, 8, &time.0.to_be_bytes());
    put(&mut bytes, 12, &time.1.to_be_bytes());
    bytes
}

fn from_peer(flags: u8, options: &[u8]) -> Vec<u8> {
    let segment = Segment {
        source_port: 5000,
        destination_port: 22,
        sequence: if flags & SYN != 0 { 76 } else { 77 },
        acknowledgement: if flags & ACK != 0 { 9001 } else { 0 },
        flags,
        window: 1024,
        options,
        data: &[],
    };
    packet::ipv4(&header(PEER, NODE, TCP), packet::tcp(&segment))
}

/// The kernel answers at `now`.
fn from_kernel(now: i64) -> Vec<u8> {
    let value = KERNEL.wrapping_add(u32::try_from((now - START) / 1000).unwrap());
    let segment = Segment {
        source_port: 22,
        destination_port: 5000,
        sequence: 9000,
        acknowledgement: 77,
        flags: SYN | ACK,
        window: 65_160,
        options: &offered((value, 1)),
        data: &[],
    };
    packet::ipv4(&header(NODE, PEER, TCP), packet::tcp(&segment))
}

/// Value and echo of a frame's timestamp.
fn stamp_of(frame: &[u8]) -> (u32, u32) {
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    assert!(view.transport_checksum_fits());
    let options = Segment::parse(view.payload()).unwrap().options.to_vec();
    let at = options::time_at(&options).unwrap();
    (number32(&options, at), number32(&options, at + 4))
}

/// The SYN-ACKs of a handshake that lies for so many seconds, with the kernel's own repetitions: when each
/// left, µs after the first, and the timestamp that it shows.
fn shown(bench: &mut Bench, seconds: i64) -> Vec<(i64, u32)> {
    let mut shown = Vec::new();
    let note = |now: i64, sent: Vec<(Port, Vec<u8>)>, shown: &mut Vec<(i64, u32)>| {
        for (port, frame) in
            sent.iter().filter(|(_, frame)| packet::ethertype(frame) == packet::ETHERTYPE_IPV4)
        {
            assert_eq!(*port, Port::Segment);
            shown.push((now - START, stamp_of(frame).0));
        }
    };
    bench.peer(&from_peer(SYN, &offered((1, 0))));
    let sent = bench.kernel(&from_kernel(bench.now));
    note(bench.now, sent, &mut shown);
    for step in 1..=seconds * 4 {
        bench.now = START + step * 250_000;
        if step % 4 == 0 {
            bench.feed(Port::Segment, arp_request(BROADCAST, NODE));
        }
        if [1, 3, 7, 15, 31].contains(&(step / 4)) && step % 4 == 0 {
            let sent = bench.kernel(&from_kernel(bench.now));
            note(bench.now, sent, &mut shown);
        }
        let mut out = Sent::default();
        bench.gate.tick(bench.now, &mut Vec::new(), &mut out);
        note(bench.now, out.0, &mut shown);
    }
    shown
}

#[test]
fn repeated_answers_show_a_clock_that_goes_on() {
    for (face, ticks, count) in [
        ("linux-5", 1000, 5),
        ("linux-4", 250, 5),
        ("windows-2016", 1000, 3),
        ("windows-7", 100, 3),
        ("freebsd-11", 1000, 4),
    ] {
        let shown = shown(&mut bench(face), 25);
        assert_eq!(shown.len(), count, "{face}: {shown:?}");
        for (at, time) in &shown {
            let passed = i64::from(time.wrapping_sub(shown[0].1));
            assert!((passed - at * ticks / 1_000_000).abs() <= 2, "{face}: {shown:?}");
        }
    }
}

#[test]
fn an_echo_of_any_answer_is_one_that_the_kernel_takes() {
    for face in ["linux-5", "linux-4", "windows-2016", "windows-7", "freebsd-11", "cisco-ios-15"] {
        for seconds in [2, 4, 10, 25] {
            let answers = shown(&mut bench(face), seconds);
            for (_, time) in answers {
                let mut bench = bench(face);
                shown(&mut bench, seconds);
                let mut echo = vec![1, 1, 8, 10, 0, 0, 0, 2, 0, 0, 0, 0];
                put(&mut echo, 8, &time.to_be_bytes());
                let (port, frame) = only(bench.peer(&from_peer(ACK, &echo)));
                assert_eq!(port, Port::Engine);
                let (_, echoed) = stamp_of(&frame);
                // What the kernel has sent first and last, as far as the gate let it.
                let last = [0, 1, 3, 7, 15].into_iter().filter(|second| *second <= seconds).max().unwrap();
                let range = KERNEL..=KERNEL + u32::try_from(last * 1000).unwrap();
                assert!(range.contains(&echoed), "{face}, {seconds} s: {echoed} is not in {range:?}");
                // The connection is one, and no probe.
                bench.peer(&from_peer(ACK | PSH, &echo));
                let told = bench.told_briefly();
                assert!(told.iter().all(|line| line.contains(" syn ")), "{face}: {told:?}");
            }
        }
    }
}

#[test]
fn a_handshake_that_is_finished_late_is_let_in_by_a_packet_filter() {
    let mut bench = bench("windows-2016");
    bench.gate.nodes.get_mut(&NODE).unwrap().wall =
        netsvc_persona::tables::firewalls::find("windows", "windows10");
    let answers = shown(&mut bench, 10);
    let mut echo = vec![1, 1, 8, 10, 0, 0, 0, 2, 0, 0, 0, 0];
    put(&mut echo, 8, &answers.last().unwrap().1.to_be_bytes());
    assert_eq!(only(bench.peer(&from_peer(ACK, &echo))).0, Port::Engine);
}

#[test]
fn a_flood_of_handshakes_that_lie_is_forgotten() {
    let mut flows = crate::flow::Flows::default();
    for number in 0..200_000_u32 {
        let peer = std::net::Ipv4Addr::from_bits(number);
        let key = crate::flow::Key { peer, peer_port: 1, node: NODE, port: 22 };
        flows.begin(i64::from(number), key, None);
        while flows.abandoned(i64::from(number) + 6_000_000).is_some() {}
    }
    let kept = (0..200_000_u32).filter(|number| {
        let peer = std::net::Ipv4Addr::from_bits(*number);
        flows.complete_late(&crate::flow::Key { peer, peer_port: 1, node: NODE, port: 22 }).is_some()
    });
    assert!((4096..=8192).contains(&kept.count()));
}
