//! Frames by hand, of a host that is there and of some that are not.

use super::*;
use crate::capture::Capture;

const NODE: [u8; 4] = [192, 0, 2, 9];
const PEER: [u8; 4] = [192, 0, 2, 1];
const LIMITS: RecordLimits = RecordLimits { bytes: 4096, packets: 100, hourly: 100 };
const SECOND: Micros = 1_000_000;

fn packet(protocol: u8, (from, to): ([u8; 4], [u8; 4]), body: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + body.len()).unwrap().to_be_bytes();
    let head = [0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 63, protocol, 0, 0];
    [&[2; 6][..], &[4; 6], &[8, 0], &head, &from, &to, body].concat()
}

fn segment(flags: u16, (sequence, acknowledged): (u32, u32), payload: &[u8], inward: bool) -> Vec<u8> {
    let (ports, ends) = if inward { ([40_000_u16, 22], (PEER, NODE)) } else { ([22, 40_000], (NODE, PEER)) };
    let ports = [ports[0].to_be_bytes(), ports[1].to_be_bytes()].concat();
    let [high, low] = (0x5000 | flags).to_be_bytes();
    let numbers = [sequence.to_be_bytes(), acknowledged.to_be_bytes()].concat();
    packet(6, ends, &[&ports[..], &numbers, &[high, low, 0xff, 0, 0, 0, 0, 0], payload].concat())
}

/// A handshake whose last segment acknowledges `acknowledged`, and a word after it.
fn connection(acknowledged: u32) -> Vec<Vec<u8>> {
    vec![
        segment(flag::SYN, (1, 0), b"", true),
        segment(flag::SYN | flag::ACK, (1000, 2), b"", false),
        segment(flag::ACK, (2, acknowledged), b"", true),
        segment(flag::ACK | flag::PUSH, (2, acknowledged), b"SSH-2.0-x\r\n", true),
    ]
}

fn watched(recorder: &mut Recorder, at: Micros, frames: &[Vec<u8>]) -> Vec<Recorded> {
    let mut over = Vec::new();
    let nodes = |address: IpAddr| address == IpAddr::from(NODE);
    let own = |address: IpAddr| address == IpAddr::from([192, 0, 2, 77]);
    for frame in frames {
        recorder.take(at, frame, (nodes, own), &mut over);
    }
    over
}

#[test]
fn what_a_host_and_a_port_say_is_one_capture_once_it_is_over() {
    let mut recorder = Recorder::new(LIMITS, 1);
    let frames = connection(1001);
    assert!(watched(&mut recorder, SECOND, &frames).is_empty());
    let closed = [segment(flag::FIN | flag::ACK, (1001, 13), b"", false)];
    assert!(watched(&mut recorder, 2 * SECOND, &closed).is_empty());
    let mut over = Vec::new();
    recorder.idle(10 * SECOND, &mut over);
    assert!(over.is_empty(), "something may still come");
    recorder.idle(20 * SECOND, &mut over);
    let [one] = &over[..] else { panic!("{over:?}") };
    assert_eq!((one.peer, one.node), (IpAddr::from(PEER), IpAddr::from(NODE)));
    assert_eq!((one.port, one.transport, one.packets, one.cut), (22, "tcp", 5, false));
    assert_eq!((one.begun, one.ended), (SECOND, 2 * SECOND));
    let mut capture = Capture::open(&one.pcap[..]).unwrap();
    for frame in frames.iter().chain(&closed) {
        assert_eq!(capture.next_frame().unwrap().unwrap().bytes, &frame[..]);
    }
    assert!(capture.next_frame().unwrap().is_none());
    assert_eq!(recorder.held, 0);
}

#[test]
fn what_is_held_is_known_however_many_have_come_and_gone() {
    let mut recorder = Recorder::new(LIMITS, 1);
    let held = |recorder: &mut Recorder| {
        let mut sum = 0;
        recorder.groups.sweep(
            |group| {
                sum += group.held();
                false
            },
            |_, _| {},
        );
        sum
    };
    let mut over = Vec::new();
    for round in 1..20 {
        watched(&mut recorder, round * 60 * SECOND, &connection(7777));
        let counted = held(&mut recorder);
        assert_eq!(recorder.held, counted, "round {round}");
        recorder.idle((round * 60 + 30) * SECOND, &mut over);
        assert_eq!(recorder.held, 0, "round {round}");
    }
}

#[test]
fn who_acknowledges_what_was_never_said_leaves_nothing_behind() {
    let mut recorder = Recorder::new(LIMITS, 1);
    assert!(watched(&mut recorder, SECOND, &connection(7777)).is_empty());
    let mut over = Vec::new();
    recorder.finish(60 * SECOND, &mut over);
    assert!(over.is_empty());
    assert_eq!(recorder.held, 0);
}

#[test]
fn a_full_capture_is_told_at_once_and_no_other_begins_until_it_is_quiet() {
    let mut recorder = Recorder::new(LIMITS, 1);
    watched(&mut recorder, SECOND, &connection(1001));
    let more: Vec<_> =
        (0..20).map(|turn| segment(flag::ACK, (20 + turn * 500, 1001), &[b'x'; 500], true)).collect();
    let over = watched(&mut recorder, 2 * SECOND, &more);
    let [one] = &over[..] else { panic!("{}", over.len()) };
    assert!(one.cut && one.pcap.len() <= LIMITS.bytes, "{}", one.pcap.len());
    assert!(watched(&mut recorder, 3 * SECOND, &connection(1001)).is_empty());
    let mut over = Vec::new();
    recorder.finish(4 * SECOND, &mut over);
    assert_eq!((over.len(), recorder.held), (0, 0));
}

#[test]
fn datagrams_count_once_both_have_spoken_and_nodes_attack_nobody() {
    let datagram = |inward: bool, ends| {
        let ports: [u8; 4] = if inward { [0x9c, 0x40, 0, 161] } else { [0, 161, 0x9c, 0x40] };
        packet(17, ends, &[&ports[..], &[0, 9, 0, 0, b'x']].concat())
    };
    let (ask, answer) = (datagram(true, (PEER, NODE)), datagram(false, (NODE, PEER)));
    for (frames, expected) in [
        (vec![ask.clone()], 0),
        (vec![ask.clone(), answer.clone()], 0),
        (vec![ask.clone(), answer.clone(), ask.clone()], 1),
        (vec![answer.clone(), answer.clone()], 0),
        (vec![datagram(true, ([192, 0, 2, 77], NODE)); 3], 0),
    ] {
        let mut recorder = Recorder::new(LIMITS, 1);
        let mut over = watched(&mut recorder, SECOND, &frames);
        recorder.finish(2 * SECOND, &mut over);
        assert_eq!(over.len(), expected);
    }
}

#[test]
fn memory_and_captures_are_bounded() {
    let mut recorder = Recorder::new(RecordLimits { hourly: 3, ..LIMITS }, 1);
    let (mut told, mut most) = (0, 0);
    for turn in 0..20_000_i64 {
        let over = watched(&mut recorder, SECOND + turn, &connection(1001));
        told += over.len();
        most = most.max(recorder.held);
        // As if it were somebody else each time.
        let mut over = Vec::new();
        recorder.finish(SECOND + turn, &mut over);
        told += over.len();
    }
    assert_eq!(told, 3);
    assert!(most <= LIMITS.bytes, "{most}");
}
