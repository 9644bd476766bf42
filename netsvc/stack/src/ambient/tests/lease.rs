//! Asking for an address, and what any bytes do to those who listen.

use super::{GATEWAY, HOUR, NODE, SERVER, SERVER_MAC, Segment, datagram, mac_of, persona};
use crate::{
    ambient::{chance::SECOND, dhcp, dns, habit, netbios},
    arp,
    bytes::{BROADCAST, number32, put},
    packet::{self, ETHERTYPE_ARP},
};
use netsvc_persona::{Life, tables::systems::SYSTEMS};
use netsvc_wire::{Event, Kind, field};
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// A server's message.
pub(super) fn lease(asked: &[u8], kind: u8, address: Ipv4Addr, seconds: u32) -> Vec<u8> {
    let mut reply = vec![2, 1, 6, 0];
    reply.resize(240, 0);
    put(&mut reply, 4, &asked[4..8]);
    put(&mut reply, 16, &address.octets());
    put(&mut reply, 28, &asked[28..34]);
    put(&mut reply, 236, &[0x63, 0x82, 0x53, 0x63]);
    reply.extend_from_slice(&[53, 1, kind, 54, 4, 10, 66, 0, 2, 51, 4]);
    reply.extend_from_slice(&seconds.to_be_bytes());
    reply.push(255);
    reply
}

fn with_lease(system: &str) -> Segment {
    let mut persona = persona(system, NODE);
    persona.life = Life { ambient: false, dhcp: true, ..Life::default() };
    let mut segment = Segment::new(&[persona], &[]);
    while segment.frames.is_empty() {
        segment.pass(SECOND / 10);
    }
    segment
}

/// Codes of a message's options in their order, and the value of one.
fn options(message: &[u8], wanted: u8) -> (Vec<u8>, Vec<u8>) {
    let (mut rest, mut codes, mut value) = (&message[240..], Vec::new(), Vec::new());
    while rest[0] != 255 {
        let length = usize::from(rest[1]);
        codes.push(rest[0]);
        if rest[0] == wanted {
            value = rest[2..2 + length].to_vec();
        }
        rest = &rest[2 + length..];
    }
    (codes, value)
}

fn outcomes(segment: &Segment) -> Vec<String> {
    let leases = segment.events.iter().filter(|event| event.kind == Kind::Lease);
    let outcome = |event: &Event| {
        let (_, value) = event.fields.iter().find(|(name, _)| *name == field::OUTCOME).unwrap();
        String::from_utf8(value.clone()).unwrap()
    };
    leases.map(outcome).collect()
}

#[test]
fn an_address_is_asked_for_in_the_words_of_the_system() {
    for (system, ttl, order, wanted) in [
        ("debian12", 128, &[53, 50, 12, 55][..], &[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42][..]),
        (
            "windows10",
            128,
            &[53, 61, 50, 12, 60, 55],
            &[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
        ),
        ("ubuntu2204", 64, &[53, 61, 55, 57, 50, 12], &[1, 3, 6, 12, 15, 26, 33, 42, 120, 121]),
        ("alpine319", 64, &[53, 61, 50, 57, 55, 60, 12], &[1, 3, 6, 12, 15, 28, 42]),
    ] {
        let asked = with_lease(system).to_port(67)[0].clone();
        assert_eq!((asked.ttl(), asked.from, asked.mac), (ttl, 68, BROADCAST), "{system}");
        assert_eq!((&asked.packet[12..20], asked.data[0]), (&[0, 0, 0, 0, 255, 255, 255, 255][..], 1));
        assert_eq!(
            (options(&asked.data, 55), options(&asked.data, 53).1),
            ((order.to_vec(), wanted.to_vec()), vec![1])
        );
        assert_eq!((options(&asked.data, 50).1, 300 <= asked.data.len()), (NODE.octets().to_vec(), true));
    }
}

#[test]
fn a_lease_is_taken_renewed_and_rebound() {
    let mut segment = with_lease("debian12");
    let mac = mac_of(&persona("debian12", NODE));
    let asked = segment.to_port(67)[0].clone();
    // A server looks first whether the address is free.
    let before = segment.frames.len();
    segment.receive(arp::request(SERVER_MAC, SERVER, NODE));
    assert_eq!(segment.frames.len(), before, "who has no address answers for none");
    segment.receive(datagram(mac, (SERVER, 67), (NODE, 68), &lease(&asked.data, 2, NODE, 3600)));
    segment.pass(SECOND);
    let request = segment.to_port(67)[1].clone();
    assert_eq!(options(&request.data, 54), (vec![53, 54, 50, 12, 55], SERVER.octets().to_vec()));
    assert_eq!(request.data[4..8], asked.data[4..8]);
    segment.receive(datagram(mac, (SERVER, 67), (NODE, 68), &lease(&request.data, 5, NODE, 3600)));
    segment.receive(arp::request(SERVER_MAC, SERVER, NODE));
    assert_eq!(packet::ethertype(&segment.frames.last().unwrap().1), ETHERTYPE_ARP);
    segment.pass(1799 * SECOND);
    assert_eq!((segment.to_port(67).len(), outcomes(&segment)), (2, vec!["granted for 3600 s".to_owned()]));
    segment.pass(2 * SECOND);
    let renewal = segment.to_port(67)[2].clone();
    assert_eq!((renewal.destination, renewal.mac, renewal.ttl()), (SERVER, SERVER_MAC, 64));
    assert_eq!((&renewal.data[12..16], options(&renewal.data, 12).0), (&NODE.octets()[..], vec![53, 12, 55]));
    segment.pass(1351 * SECOND);
    let rebinding = segment.to_port(67).last().unwrap().clone();
    assert_eq!((rebinding.destination, rebinding.mac), (Ipv4Addr::BROADCAST, BROADCAST));
    assert_eq!(rebinding.packet[12..16], NODE.octets());
    assert_ne!(number32(&rebinding.data, 4), number32(&renewal.data, 4));
    assert_eq!(segment.engine, 0);
}

#[test]
fn another_address_and_a_refusal_are_told_and_change_nothing() {
    let mut segment = with_lease("windows10");
    let mac = mac_of(&persona("windows10", NODE));
    let asked = segment.to_port(67)[0].clone();
    let other = Ipv4Addr::new(10, 66, 0, 99);
    segment.receive(datagram(mac, (SERVER, 67), (other, 68), &lease(&asked.data, 2, other, 3600)));
    assert_eq!(segment.to_port(67).len(), 1, "it was taken");
    segment.receive(datagram(
        BROADCAST,
        (SERVER, 67),
        (Ipv4Addr::BROADCAST, 68),
        &lease(&asked.data, 2, NODE, 60),
    ));
    segment.pass(SECOND);
    let request = segment.to_port(67)[1].clone();
    assert_eq!(options(&request.data, 0).0, [53, 61, 50, 54, 12, 81, 60, 55]);
    segment.receive(datagram(
        BROADCAST,
        (SERVER, 67),
        (Ipv4Addr::BROADCAST, 68),
        &lease(&request.data, 6, NODE, 60),
    ));
    segment.pass(200 * SECOND);
    assert_eq!(segment.to_port(67).len(), 2, "it rests after a refusal");
    segment.pass(100 * SECOND);
    assert!(segment.to_port(67).len() > 2);
    let told = ["offered 10.66.0.99 instead; 10.66.0.10 is kept", "refused; 10.66.0.10 is kept"];
    assert_eq!(outcomes(&segment), told);
}

#[test]
fn a_server_that_does_not_answer_is_told_once() {
    let mut segment = with_lease("alpine319");
    segment.pass(2 * HOUR);
    assert_eq!(outcomes(&segment), ["no answer; 10.66.0.10 is kept"]);
    let asked = segment.to_port(67).len();
    assert!((40..120).contains(&asked), "{asked}");
}

#[test]
fn every_dialect_fits_a_message() {
    for system in SYSTEMS {
        let habits = habit::of(&persona(system.id, NODE).os);
        assert!(!habits.dhcp.wanted.is_empty() && !habits.dhcp.options.is_empty(), "{}", system.id);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_heard_without_harm(
        data in prop::collection::vec(any::<u8>(), 0..400),
        ports in prop::sample::select(vec![(67, 68), (53, 40_000), (123, 123), (5353, 5353), (9, 5355), (137, 137)]),
        many in any::<bool>(),
        fits in any::<bool>(),
    ) {
        let mut data = data;
        if fits && ports.0 == 67 {
            data.resize(data.len().max(241), 0);
            put(&mut data, 0, &[2, 1, 6]);
            put(&mut data, 236, &[0x63, 0x82, 0x53, 0x63]);
        }
        let mut persona = persona("windows10", NODE);
        persona.life.dhcp = true;
        let mac = mac_of(&persona);
        let mut segment = Segment::new(&[persona], &[]);
        segment.pass(60 * SECOND);
        let to = match ports.1 {
            5353 => Ipv4Addr::new(224, 0, 0, 251),
            5355 => Ipv4Addr::new(224, 0, 0, 252),
            _ => Ipv4Addr::BROADCAST,
        };
        let (mac, to) = if many { (BROADCAST, to) } else { (mac, NODE) };
        segment.receive(datagram(mac, (GATEWAY, ports.0), (to, ports.1), &data));
        segment.pass(60 * SECOND);
        let _ = (dns::Query::parse(&data), netbios::question(&data), dhcp::Reply::parse(&data));
    }
}
