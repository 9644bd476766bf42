//! ICMP, asked with packets.

use crate::{
    Port,
    bytes::{BROADCAST, number16, number32},
    gate_tests::{Bench, NODE, PEER, Sent, arp_request, header, only},
    packet::{self, ICMP, Ipv4, PACKET},
};
use netsvc_persona::Persona;

/// 10:17:36.789 on a day, µs.
const MORNING: i64 = 20_400 * 86_400_000_000 + 37_056_789_000;

fn asked(kind: u8, length: usize) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, 0x12, 0x34, 0, 7, 0, 0, 1, 0];
    message.resize(length, 0);
    packet::ipv4(&header(PEER, NODE, ICMP), message)
}

/// The message that a node of a system answers with.
fn answer(family: &str, id: &str, change: impl FnOnce(&mut Persona), question: &[u8]) -> Option<Vec<u8>> {
    let mut bench = Bench::of(family, id, "6.1.0", change);
    bench.now = MORNING;
    bench.feed(Port::Segment, arp_request(BROADCAST, NODE));
    let sent = bench.peer(question);
    if sent.is_empty() {
        return None;
    }
    let (_, frame) = only(sent);
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    assert!(view.transport_checksum_fits() && view.protocol() == ICMP);
    Some(view.payload().to_vec())
}

#[test]
fn the_time_is_told_by_those_systems_that_tell_it() {
    for (family, id, tells) in [
        ("linux", "debian12", true),
        ("windows", "windows10", false),
        ("windows_server", "windows_server_2019", false),
        ("bsd", "freebsd13", true),
        ("macos", "macos", false),
        ("cisco", "cisco_ios", true),
        ("cisco", "junos", true),
        ("esxi", "esxi", true),
        ("embedded", "vxworks", true),
        ("embedded", "simatic", false),
    ] {
        let reply = answer(family, id, |_| (), &asked(13, 20));
        assert_eq!(reply.is_some(), tells, "{id}");
        let Some(reply) = reply else { continue };
        assert_eq!((&reply[..2], reply.len()), (&[14, 0][..], 20), "{id}");
        assert_eq!((number16(&reply, 4), number16(&reply, 6), number32(&reply, 8)), (0x1234, 7, 256), "{id}");
        let (received, sent) = (number32(&reply, 12), number32(&reply, 16));
        assert!(received == sent && received.abs_diff(37_056_789) < 100, "{id}: {received}");
    }
    assert!(answer("linux", "debian12", |_| (), &asked(13, 19)).is_none(), "cut off");
}

#[test]
fn each_node_has_a_clock_of_its_own() {
    let at = |address: u8, now: i64| {
        let subkey =
            format!("{:064x}", u128::from(address).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834));
        let mut bench = Bench::of("linux", "debian12", "6.1.0", |persona| {
            persona.subkey =
                serde_json::from_value(serde_json::json!(subkey.chars().rev().collect::<String>())).unwrap();
        });
        bench.now = now;
        let (_, frame) = only(bench.peer(&asked(13, 20)));
        number32(Ipv4::parse(&frame[PACKET..]).unwrap().payload(), 12)
    };
    let now: Vec<u32> = (0..12).map(|address| at(address, MORNING)).collect();
    assert!(now.iter().any(|time| *time != now[0]), "{now:?}");
    // It runs: a quarter of an hour later it is a quarter of an hour later, but for the drift.
    for (address, time) in (0..12).zip(now) {
        let later = at(address, MORNING + 900_000_000);
        assert!((later - time).abs_diff(900_000) < 100, "{address}: {time} {later}");
    }
}

#[test]
fn a_mask_is_told_by_nobody_who_was_not_told_to() {
    for (family, id) in
        [("linux", "debian12"), ("cisco", "cisco_ios"), ("windows", "windows10"), ("bsd", "freebsd13")]
    {
        assert_eq!(answer(family, id, |_| (), &asked(17, 12)), None, "{id}");
    }
    let text =
        format!("{}\nicmp = time mask", include_str!("../faces/vxworks.face").replace("icmp = time", "#"));
    let reply = answer("embedded", "vxworks", |persona| persona.face = Some(text), &asked(17, 12)).unwrap();
    assert_eq!((reply[0], &reply[8..12]), (18, &[255, 255, 255, 0][..]));
}

#[test]
fn a_packet_filter_lets_such_questions_in_or_not() {
    let filtered = |persona: &mut Persona| persona.firewall = true;
    let kind = |id: &str| answer("linux", id, filtered, &asked(13, 20)).map(|reply| reply[0]);
    assert_eq!(kind("rocky9"), Some(14), "a zone of firewalld takes all of ICMP");
    assert_eq!(kind("debian12"), None, "ufw takes what it names");
    assert_eq!(answer("cisco", "cisco_ios", filtered, &asked(13, 20)).map(|reply| reply[0]), Some(3));
}

#[test]
fn such_a_question_is_a_probe() {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |_| ());
    bench.peer(&asked(13, 20));
    assert_eq!(bench.told_briefly(), ["odd_packet icmp  x1"]);
}

/// A fragment of a datagram from a peer.
fn piece(protocol: u8, id: u16, offset: u16, more: bool) -> Vec<u8> {
    let mut packet = packet::ipv4(&header(PEER, NODE, 253), vec![8; 64]);
    packet[9] = protocol;
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    packet[6..8].copy_from_slice(&((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes());
    crate::checksum::write_header(&mut packet, 20);
    packet
}

/// ICMP messages that leave within so many seconds, and after how many, to the nearest.
fn told_of(bench: &mut Bench, seconds: i64) -> Vec<(i64, Vec<u8>)> {
    let mut told = Vec::new();
    for second in 1..=seconds {
        bench.now += 1_000_000;
        // He is there, whatever else happens.
        bench.feed(Port::Segment, arp_request(BROADCAST, NODE));
        let mut out = Sent::default();
        bench.gate.tick(bench.now, &mut Vec::new(), &mut out);
        let packets =
            out.0.into_iter().filter(|(_, frame)| packet::ethertype(frame) == packet::ETHERTYPE_IPV4);
        told.extend(packets.map(|(_, frame)| (second, frame[PACKET..].to_vec())));
    }
    told
}

#[test]
fn a_packet_that_does_not_become_whole_is_given_up_when_its_system_does() {
    for (family, id, seconds) in [
        ("linux", "debian12", Some(30)),
        ("windows", "windows10", Some(60)),
        ("bsd", "freebsd13", None),
        ("macos", "macos", None),
    ] {
        let mut bench = Bench::of(family, id, "6.1.0", |_| ());
        let first = piece(packet::UDP, 9, 0, true);
        assert!(bench.peer(&first).is_empty());
        assert!(bench.peer(&piece(packet::UDP, 10, 64, true)).is_empty(), "its beginning never came");
        let told = told_of(&mut bench, 90);
        assert_eq!(
            told.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
            seconds.into_iter().collect::<Vec<_>>(),
            "{id}"
        );
        for (_, packet) in told {
            let view = Ipv4::parse(&packet).unwrap();
            assert!(view.transport_checksum_fits());
            assert_eq!((view.source(), view.destination(), &view.payload()[..2]), (NODE, PEER, &[11, 1][..]));
            assert_eq!(view.payload()[8..], first, "all of it fits");
        }
    }
}

#[test]
fn such_messages_are_as_rare_as_other_errors_and_never_about_errors() {
    let mut bench = Bench::of("linux", "debian12", "6.1.0", |_| ());
    for id in 0..20 {
        bench.peer(&piece(packet::UDP, id, 0, true));
    }
    assert_eq!(told_of(&mut bench, 40).len(), 6, "a burst, as of unreachable ports");
    let mut error = piece(ICMP, 9, 0, true);
    error[20] = 3;
    bench.now += 60_000_000;
    bench.peer(&error);
    assert!(told_of(&mut bench, 40).is_empty());
    // A packet filter that says nothing says nothing.
    for (id, messages) in [("debian12", 0), ("rocky9", 1)] {
        let mut bench = Bench::of("linux", id, "6.1.0", |persona| persona.firewall = true);
        bench.peer(&piece(packet::UDP, 9, 0, true));
        assert_eq!(told_of(&mut bench, 40).len(), messages, "{id}");
    }
}

#[test]
fn unknown_protocols_meet_what_they_meet_at_the_system() {
    let answers = |family: &str, id: &str, protocol: u8| {
        let mut bench = Bench::of(family, id, "6.1.0", |_| ());
        let sent = bench.peer(&packet::ipv4(&header(PEER, NODE, protocol), vec![0; 8]));
        assert_eq!(bench.told_briefly(), [format!("odd_packet ip_protocol {protocol} x1")]);
        sent.first().map(|(_, frame)| frame[PACKET + 20..PACKET + 22].to_vec())
    };
    for (family, id, unreachable, quiet) in [
        ("linux", "debian12", Some(99), Some(103)),
        ("windows", "windows10", Some(99), Some(50)),
        ("bsd", "freebsd13", Some(99), Some(132)),
        ("cisco", "cisco_ios", Some(99), Some(88)),
        ("macos", "macos", None, Some(99)),
        ("cisco", "junos", None, Some(99)),
    ] {
        if let Some(protocol) = unreachable {
            assert_eq!(answers(family, id, protocol), Some(vec![3, 2]), "{id}: {protocol}");
        }
        for protocol in quiet.into_iter().chain([2]) {
            assert_eq!(answers(family, id, protocol), None, "{id}: {protocol}");
        }
    }
}
