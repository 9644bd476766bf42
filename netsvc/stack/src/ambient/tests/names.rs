//! Names and services of the segment, and who answers for them.

use super::{GATEWAY, GATEWAY_MAC, NODE, SERVER, Segment, Spoken, datagram, mac_of, persona};
use crate::{
    ambient::{
        chance::SECOND,
        dns::{self, Message, Query, Record, Section},
        netbios,
    },
    bytes::{BROADCAST, number16},
};
use netsvc_wire::Kind;
use std::net::Ipv4Addr;

const MDNS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const LLMNR: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 252);

fn up(system: &str, ports: &[u16]) -> Segment {
    let mut segment = Segment::new(&[persona(system, NODE)], ports);
    segment.pass(60 * SECOND);
    segment
}

/// What comes of `message` from the port `from`: time after it, and datagram.
fn asked(segment: &mut Segment, from: u16, message: Message) -> Vec<(i64, Spoken)> {
    let (before, at) = (segment.frames.len(), segment.now);
    segment.receive(datagram([1, 0, 0x5e, 0, 0, 0xfb], (GATEWAY, from), (MDNS, 5353), &message.done()));
    segment.pass(2 * SECOND);
    let said = segment.frames.iter().skip(before).filter_map(|(at, frame)| Spoken::parse(*at, frame));
    said.filter(|one| one.from == 5353).map(|one| (one.at - at, one)).collect()
}

fn question(name: &str, kind: u16) -> Message {
    Message::new(7, 0).question(name, kind, dns::IN)
}

/// Counts of a message: questions, answers, additional records.
fn counts(one: &Spoken) -> (u16, u16, u16) {
    (number16(&one.data, 4), number16(&one.data, 6), number16(&one.data, 10))
}

#[test]
fn who_browses_finds_services_that_are_open_and_that_the_system_announces() {
    for (system, ports, kind, found) in [
        ("hp_printer", &[22, 80, 9100][..], "_http._tcp.local", true),
        ("hp_printer", &[22, 80, 9100], "_pdl-datastream._tcp.local", true),
        ("hp_printer", &[22, 80, 9100], "_ssh._tcp.local", false),
        ("hp_printer", &[22, 80, 9100], "_ipp._tcp.local", false),
        ("synology", &[22, 80], "_http._tcp.local", true),
        ("synology", &[22, 80], "_ssh._tcp.local", false),
        ("macos", &[22, 80], "_ssh._tcp.local", true),
        ("macos", &[22, 80], "_http._tcp.local", false),
        ("debian12", &[22, 80], "_ssh._tcp.local", false),
        ("windows10", &[80], "_http._tcp.local", false),
    ] {
        let mut segment = up(system, ports);
        let said = asked(&mut segment, 5353, question(kind, dns::PTR));
        assert_eq!(said.len(), usize::from(found), "{system}: {kind}");
        for (after, one) in said {
            assert!((20_000..=120_000).contains(&after), "{after}: others may answer too");
            assert_eq!((one.destination, one.to, one.ttl(), counts(&one)), (MDNS, 5353, 255, (0, 1, 3)));
        }
        assert!(segment.events.is_empty());
    }
}

#[test]
fn types_are_listed_and_what_is_known_is_not_said_again() {
    let mut segment = up("hp_printer", &[80, 9100]);
    let types = "_services._dns-sd._udp.local";
    let said = asked(&mut segment, 5353, question(types, dns::PTR));
    assert_eq!(counts(&said[0].1), (0, 2, 0));
    let known =
        |to: &str, ttl| Record { name: types, kind: dns::PTR, class: dns::IN, ttl, data: dns::encoded(to) };
    let one = question(types, dns::PTR).record(Section::Answer, &known("_http._tcp.local", 4000));
    assert_eq!(counts(&asked(&mut segment, 5353, one)[0].1), (0, 1, 0));
    let both = question(types, dns::PTR)
        .record(Section::Answer, &known("_HTTP._tcp.local", 2250))
        .record(Section::Answer, &known("_pdl-datastream._tcp.local", 4500));
    assert!(asked(&mut segment, 5353, both).is_empty());
    let stale = question(types, dns::PTR).record(Section::Answer, &known("_http._tcp.local", 2249));
    assert_eq!(
        counts(&asked(&mut segment, 5353, stale)[0].1),
        (0, 2, 0),
        "less than half of its time is left"
    );
}

#[test]
fn a_resolver_that_knows_no_multicast_is_answered_alone() {
    let mut segment = up("hp_printer", &[80]);
    let said = asked(&mut segment, 40_000, question("_http._tcp.local", dns::PTR));
    let (_, one) = &said[0];
    assert_eq!((one.destination, one.to, one.mac, counts(one)), (GATEWAY, 40_000, GATEWAY_MAC, (1, 1, 3)));
    assert_eq!((number16(&one.data, 0), number16(&one.data, 2)), (7, 0x8400));
    // The instance, its place, its words.
    let own = persona("hp_printer", NODE).hardware;
    let instance = format!("{} {} [01000A]", own.vendor, own.product).replace('.', " ");
    let instance = format!("{instance}._http._tcp.local");
    let place = asked(&mut segment, 40_000, question(&instance, dns::SRV));
    assert_eq!(counts(&place[0].1), (1, 1, 1), "{instance}");
    let data = &place[0].1.data;
    assert_eq!(&data[data.len() - 4..], &NODE.octets());
    let host = asked(&mut segment, 40_000, question("WEB01.local", dns::A));
    assert_eq!((counts(&host[0].1), host[0].0), ((1, 1, 0), 0), "its own name is said at once");
    let back = asked(&mut segment, 40_000, question("10.0.66.10.in-addr.arpa", dns::PTR));
    assert_eq!(counts(&back[0].1), (1, 1, 0));
}

#[test]
fn several_questions_are_one_and_a_flood_gets_an_answer_a_second() {
    let mut segment = up("macos", &[22]);
    let message = question("_ssh._tcp.local", dns::PTR).question("_sftp-ssh._tcp.local", dns::PTR, dns::IN);
    assert_eq!(counts(&asked(&mut segment, 5353, message)[0].1).1, 2);
    let before = segment.to_port(5353).len();
    for _ in 0..500 {
        let frame = question("_ssh._tcp.local", dns::PTR).done();
        segment.receive(datagram([1, 0, 0x5e, 0, 0, 0xfb], (GATEWAY, 5353), (MDNS, 5353), &frame));
    }
    segment.pass(SECOND / 2);
    assert_eq!(segment.to_port(5353).len() - before, 1);
}

#[test]
fn compressed_names_are_read_and_loops_are_not() {
    // "_ssh._tcp.local" and "_sftp-ssh" with a pointer to "._tcp.local".
    let mut message = question("_ssh._tcp.local", dns::PTR).done();
    message[5] = 2;
    message.extend_from_slice(b"\x09_sftp-ssh\xc0\x11\0\x0c\0\x01");
    let query = Query::parse(&message).unwrap();
    assert_eq!(query.questions[1].name, "_sftp-ssh._tcp.local");
    let at = message.len() - 6;
    message[at + 1] = u8::try_from(at).unwrap();
    assert_eq!(Query::parse(&message), None, "a pointer to itself");
}

#[test]
fn a_filter_lets_multicast_dns_in_and_nothing_else() {
    for (on, answers) in [(false, [1, 1, 1]), (true, [0, 0, 1])] {
        let mut desk = persona("windows10", NODE);
        desk.firewall = on;
        let mut segment = Segment::new(&[desk], &[]);
        segment.pass(60 * SECOND);
        let broadcast = Ipv4Addr::new(10, 66, 7, 255);
        let name = "DESKTOP-4F7Q2KL";
        let netbios = netbios::query(9, broadcast, name, 0x20).data;
        let llmnr = question(name, dns::A).done();
        let mdns = question(&format!("{name}.local"), dns::A).done();
        let asked = [
            datagram(BROADCAST, (GATEWAY, 137), (broadcast, 137), &netbios),
            datagram([1, 0, 0x5e, 0, 0, 0xfc], (GATEWAY, 50_000), (LLMNR, 5355), &llmnr),
            datagram([1, 0, 0x5e, 0, 0, 0xfb], (GATEWAY, 50_000), (MDNS, 5353), &mdns),
        ];
        let said = asked.map(|frame| {
            let before = segment.frames.len();
            segment.receive(frame);
            segment.frames.len() - before
        });
        assert_eq!(said, answers, "filter on: {on}");
    }
}

#[test]
fn behind_a_filter_answers_to_its_own_questions_come_back() {
    let mut desk = persona("windows10", NODE);
    desk.firewall = true;
    let mut segment = Segment::new(&[desk], &[]);
    segment.pass(20 * 60 * SECOND);
    // The time server of the bench has answered, and the next question says so.
    segment.pass(10 * 3600 * SECOND);
    let time = segment.to_port(123);
    assert_eq!((time[0].data[0], time.last().unwrap().data[0]), (0xdb, 0x1b));
    let asked = segment.to_port(53).into_iter().last().unwrap();
    let mut reply = asked.data.clone();
    reply[2] |= 0x80;
    let mac = mac_of(&persona("windows10", NODE));
    let repeated = segment.to_port(53).len();
    segment.receive(datagram(mac, (GATEWAY, 53), (NODE, asked.from), &reply));
    segment.pass(60 * SECOND);
    assert!(segment.events.is_empty() && segment.engine == 0);
    assert_eq!(segment.to_port(53).len(), repeated);
    // What nobody asked for is dropped without a word, and told.
    let before = segment.frames.len();
    segment.receive(datagram(mac, (SERVER, 53), (NODE, asked.from), &reply));
    assert_eq!(segment.frames.len(), before);
    segment.pass(60 * SECOND);
    assert_eq!(segment.events.iter().map(|event| event.kind).collect::<Vec<_>>(), [Kind::UdpProbe]);
}

#[test]
fn the_names_of_a_host_are_those_that_it_registered() {
    let mut segment = up("windows10", &[]);
    let mac = mac_of(&persona("windows10", NODE));
    // As nbtstat and nmblookup ask.
    let mut query = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend_from_slice(b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01");
    let before = segment.frames.len();
    segment.receive(datagram(mac, (GATEWAY, 40_000), (NODE, 137), &query));
    let status =
        segment.frames.iter().skip(before).find_map(|(at, frame)| Spoken::parse(*at, frame)).unwrap();
    assert_eq!(
        (status.from, status.to, number16(&status.data, 0), status.data[56]),
        (137, 40_000, 0x1234, 3)
    );
    let text = status.text();
    assert!(
        text.contains("DESKTOP-4F7Q2KL\0")
            && text.contains("CORP           \0")
            && text.contains("DESKTOP-4F7Q2KL ")
    );
    assert_eq!(&status.data[57 + 54..57 + 60], &mac);
    assert_eq!(usize::from(number16(&status.data, 54)), status.data.len() - 56);
    // Others ask for nobody's names but their own.
    segment.receive(datagram(BROADCAST, (GATEWAY, 137), (Ipv4Addr::new(10, 66, 7, 255), 137), &query));
    assert_eq!(segment.frames.len(), before + 1, "one answer, to the one who asked it");
}
