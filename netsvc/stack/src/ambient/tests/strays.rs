//! Questions for names that nobody has, who answers them, and the service whose they are.

use super::{GATEWAY, NODE, PEER, SERVER, Segment, Sent, Spoken, datagram, mac_of, persona};
use crate::{
    ambient::{
        chance::SECOND,
        dns::{self, Message, Record, Section},
    },
    bytes::{number16, put},
};
use netsvc_persona::stage::{PortSpec, ServiceSpec, Transport};
use netsvc_wire::{Event, Kind};
use std::{collections::BTreeSet, net::Ipv4Addr};

const MINUTE: i64 = 60 * SECOND;

/// A segment with one node that has the service with these settings.
fn served(system: &str, ambient: bool, settings: &[(&str, &str)]) -> Segment {
    let mut segment = Segment::new(&[], &[]);
    let mut persona = persona(system, NODE);
    persona.life.ambient = ambient;
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let slug = "llmnr".to_owned();
    let port = |port| PortSpec { slug: slug.clone(), transport: Transport::Udp, port, tls: false };
    let services = [ServiceSpec { slug: slug.clone(), settings }];
    let ports = [port(5355), port(5353), port(137)];
    segment.gate.add(&persona, &services, &ports, &mut Sent::default()).unwrap();
    segment
}

/// Names of LLMNR's questions so far that are not the node's own.
fn strays(segment: &Segment) -> Vec<(Spoken, String)> {
    let asked = segment.to_port(5355).into_iter().filter_map(|one| {
        let name = dns::Query::parse(&one.data)?.questions.first()?.name.clone();
        Some((one, name))
    });
    asked.filter(|(_, name)| !name.eq_ignore_ascii_case("DESKTOP-4F7Q2KL")).collect()
}

/// Lets time go by until another such question is asked.
fn next(segment: &mut Segment) -> (Spoken, String) {
    let before = strays(segment).len();
    for _ in 0..10_000 {
        segment.pass(SECOND);
        if let Some(found) = strays(segment).get(before) {
            return found.clone();
        }
    }
    panic!("it asks no more");
}

fn answer(name: &str, id: u16, address: Ipv4Addr) -> Vec<u8> {
    let record = Record::address(name, dns::IN, 30, address);
    Message::new(id, 0x8000).question(name, dns::A, dns::IN).record(Section::Answer, &record).done()
}

fn poisoners(segment: &Segment) -> Vec<&Event> {
    segment.events.iter().filter(|event| event.kind == Kind::PoisonerDetected).collect()
}

fn field(event: &Event, name: &str) -> String {
    let found = event.fields.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

#[test]
fn names_that_nobody_has_are_asked_for_at_the_pace_that_is_set() {
    for (settings, least, most) in [(&[("every", "1")][..], 40, 75), (&[], 1, 8), (&[("asks", "no")], 0, 0)] {
        let mut segment = served("windows7", true, settings);
        segment.pass(60 * MINUTE);
        let names: Vec<String> = strays(&segment).into_iter().map(|(_, name)| name).collect();
        let rounds = names.iter().filter(|name| *name != "wpad").count() / 2;
        assert!((least..=most).contains(&rounds), "{settings:?}: {names:?}");
        let different: BTreeSet<&String> = names.iter().collect();
        assert!(different.len() * 4 >= rounds, "{different:?}");
        assert!(names.iter().all(|name| !name.contains("fileserver")), "{names:?}");
    }
}

#[test]
fn whoever_answers_by_any_protocol_is_told_of_once() {
    let mut segment = served("windows10", true, &[("every", "1")]);
    let (asked, name) = next(&mut segment);
    let to = mac_of(&persona("windows10", NODE));
    let claims = Ipv4Addr::new(10, 66, 0, 99);
    let llmnr = answer(&name, number16(&asked.data, 0), claims);
    // Another number, and another port: nobody has asked that.
    segment.receive(datagram(to, (SERVER, 5355), (NODE, asked.from), &answer(&name, 1, claims)));
    for _ in 0..3 {
        segment.receive(datagram(to, (SERVER, 5355), (NODE, asked.from), &llmnr));
    }
    let mdns = answer(&format!("{}.local", name.to_uppercase()), 0, claims);
    let group = Ipv4Addr::new(224, 0, 0, 251);
    segment.receive(datagram([1, 0, 0x5e, 0, 0, 0xfb], (SERVER, 5353), (group, 5353), &mdns));
    let netbios = segment.to_port(137).into_iter().rfind(|one| number16(&one.data, 2) == 0x0110).unwrap();
    let mut reply = netbios.data[..50].to_vec();
    put(&mut reply, 2, &[0x85, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    reply.extend([0, 0, 0, 165, 0, 6, 0, 0]);
    reply.extend(claims.octets());
    segment.receive(datagram(to, (SERVER, 137), (NODE, 137), &reply));
    segment.pass(SECOND);
    let told = poisoners(&segment);
    let techniques: Vec<_> = told.iter().map(|event| field(event, "technique")).collect();
    assert_eq!(techniques, ["llmnr_poisoning", "mdns_poisoning", "netbios_poisoning"]);
    for event in told {
        assert_eq!(event.app.to_string(), "llmnr");
        assert_eq!(
            (field(event, "src_ip"), field(event, "targets")),
            (SERVER.to_string(), claims.to_string())
        );
        assert_eq!(
            (field(event, "query"), field(event, "src_mac")),
            (name.clone(), "02:aa:00:00:00:02".to_owned())
        );
    }
}

#[test]
fn what_comes_late_or_names_nothing_is_nobodys_doing() {
    let mut segment = served("windows10", true, &[("every", "5")]);
    let (asked, name) = next(&mut segment);
    let (to, id) = (mac_of(&persona("windows10", NODE)), number16(&asked.data, 0));
    let none = Message::new(id, 0x8003).question(&name, dns::A, dns::IN).done();
    segment.receive(datagram(to, (SERVER, 5355), (NODE, asked.from), &none));
    segment.pass(30 * SECOND);
    segment.receive(datagram(to, (SERVER, 5355), (NODE, asked.from), &answer(&name, id, SERVER)));
    segment.pass(SECOND);
    assert!(poisoners(&segment).is_empty());
}

#[test]
fn whoever_answers_for_a_proxy_is_told_of_without_the_service_too() {
    let mut segment = Segment::new(&[persona("windows10", NODE)], &[]);
    let (asked, name) = next(&mut segment);
    assert_eq!(name, "wpad");
    let to = mac_of(&persona("windows10", NODE));
    let data = answer("wpad", number16(&asked.data, 0), SERVER);
    segment.receive(datagram(to, (SERVER, 5355), (NODE, asked.from), &data));
    segment.pass(5 * SECOND);
    let told = poisoners(&segment);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].app.to_string().as_str(), field(told[0], "query").as_str()), ("gate", "wpad"));
    assert_eq!(segment.events.len(), 1, "it is no probe besides");
}

#[test]
fn questions_to_everybody_are_answered_and_told_of_and_those_to_one_go_to_the_service() {
    for ambient in [true, false] {
        let mut segment = served("windows10", ambient, &[("asks", "no")]);
        segment.pass(MINUTE);
        let (before, engine) = (segment.to_port(40_000).len(), segment.engine);
        let own = Message::new(9, 0).question("desktop-4f7q2kl", dns::A, dns::IN).done();
        let other = Message::new(9, 0).question("somebody", dns::A, dns::IN).done();
        for data in [&own, &other] {
            let group = Ipv4Addr::new(224, 0, 0, 252);
            segment.receive(datagram([1, 0, 0x5e, 0, 0, 0xfc], (PEER, 40_000), (group, 5355), data));
        }
        segment.pass(SECOND);
        let answers = segment.to_port(40_000).split_off(before);
        assert_eq!(answers.len(), 1, "{ambient}");
        assert_eq!(answers[0].destination, PEER);
        let told: Vec<_> = segment.events.iter().filter(|event| event.kind == Kind::Query).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (field(told[0], "query"), field(told[0], "dst_port")),
            ("desktop-4f7q2kl A".to_owned(), "5355".to_owned())
        );
        assert_eq!(segment.engine, engine, "the service gets no copy of it");
        let to = mac_of(&persona("windows10", NODE));
        segment.receive(datagram(to, (GATEWAY, 40_000), (NODE, 5355), &own));
        assert_eq!(segment.engine, engine + 1, "it answers who asks it alone");
    }
}
