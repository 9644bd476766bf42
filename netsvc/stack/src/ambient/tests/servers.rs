//! Whom lives ask.

use super::{GATEWAY, GATEWAY_MAC, HOUR, NODE, SERVER, SERVER_MAC, Segment, datagram, mac_of, persona};
use crate::{
    ambient::chance::SECOND,
    arp,
    bytes::{Mac, number16, put},
};
use netsvc_persona::{Persona, Servers};
use netsvc_wire::Kind;
use std::net::Ipv4Addr;

const OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 53);
const SECOND_OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 54);
const TIME: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 5);

fn with(dns: &[Ipv4Addr], ntp: &[Ipv4Addr]) -> Persona {
    let mut persona = persona("rocky9", NODE);
    persona.life.servers = Servers { dns: dns.to_vec(), ntp: ntp.to_vec() };
    persona
}

/// Where the questions to `port` went, one after the other, and by whom.
fn asked(segment: &Segment, port: u16) -> Vec<(Ipv4Addr, Mac)> {
    let mut places: Vec<_> = segment.to_port(port).iter().map(|one| (one.destination, one.mac)).collect();
    places.dedup();
    places
}

#[test]
fn servers_that_are_named_are_asked_by_the_gateway_and_nobody_else_is() {
    let mut segment = Segment::new(&[with(&[OUTSIDE], &[TIME])], &[]);
    segment.pass(5 * HOUR);
    assert_eq!(asked(&segment, 53), [(OUTSIDE, GATEWAY_MAC)]);
    assert_eq!(asked(&segment, 123), [(TIME, GATEWAY_MAC)]);
    assert!(segment.events.is_empty());
}

#[test]
fn a_server_of_the_segment_is_asked_itself() {
    let mut segment = Segment::new(&[with(&[SERVER], &[])], &[]);
    segment.pass(5 * HOUR);
    assert_eq!(asked(&segment, 53), [(SERVER, SERVER_MAC)]);
    assert_eq!(asked(&segment, 123), [(GATEWAY, GATEWAY_MAC)]);
}

#[test]
fn the_second_server_is_asked_when_the_first_is_silent() {
    let mut segment = Segment::new(&[with(&[OUTSIDE, SECOND_OUTSIDE], &[OUTSIDE, TIME])], &[]);
    segment.pass(70 * 60 * SECOND);
    let questions = segment.to_port(53);
    let first: Vec<_> = questions.iter().take(3).map(|one| one.destination).collect();
    assert_eq!(first, [OUTSIDE, SECOND_OUTSIDE, OUTSIDE]);
    assert_eq!(questions[0].data, questions[1].data);
    // The bench's time server answers, whoever it is, so nobody else is asked.
    assert_eq!(asked(&segment, 123).len(), 1);
}

#[test]
fn without_a_gateway_nothing_leaves_the_segment() {
    let mut alone = with(&[OUTSIDE], &[TIME]);
    alone.gateway = None;
    let mut segment = Segment::new(&[alone], &[]);
    segment.pass(24 * HOUR);
    assert_eq!(segment.frames.len(), 0);
}

#[test]
fn an_answer_from_outside_is_nobodys_doing_even_when_it_comes_twice() {
    let mut segment = Segment::new(&[with(&[OUTSIDE], &[])], &[]);
    segment.pass(75 * 60 * SECOND);
    let last = segment.to_port(53).into_iter().last().unwrap();
    let mac = mac_of(&persona("rocky9", NODE));
    let mut reply = last.data.clone();
    put(&mut reply, 2, &[0x81, 0x80]);
    let before = segment.frames.len();
    segment.receive(datagram(mac, (OUTSIDE, 53), (NODE, last.from), &reply));
    assert_eq!(segment.frames.len(), before, "nobody is told of a closed port");
    segment.receive(datagram(mac, (OUTSIDE, 53), (NODE, last.from), &reply));
    segment.receive(datagram(mac, (OUTSIDE, 123), (NODE, 123), &[0x24; 48]));
    segment.pass(120 * SECOND);
    let kinds: Vec<_> = segment.events.iter().map(|event| event.kind).collect();
    // The time was never asked of this host.
    assert_eq!(kinds, [Kind::UdpProbe]);
    segment.receive(datagram(mac, (TIME, 53), (NODE, last.from), &reply));
    segment.pass(120 * SECOND);
    assert_eq!(segment.events.len(), 2, "who was not asked does not answer");
}

#[test]
fn a_server_that_asks_where_its_client_is_sweeps_nothing() {
    let personas: Vec<_> = (0..100_u8)
        .map(|index| {
            let mut persona = persona("rocky9", Ipv4Addr::new(10, 66, 1, index + 1));
            persona.life.servers.dns = vec![SERVER];
            persona
        })
        .collect();
    let mut segment = Segment::new(&personas, &[]);
    segment.alive = false;
    let sweep = |segment: &mut Segment, sender: Ipv4Addr| {
        for persona in &personas {
            let std::net::IpAddr::V4(target) = persona.ip else { continue };
            segment.receive(arp::request(SERVER_MAC, sender, target));
        }
        segment.pass(HOUR);
        segment.events.len()
    };
    assert_eq!(sweep(&mut segment, SERVER), 0);
    assert_eq!(sweep(&mut segment, Ipv4Addr::new(10, 66, 0, 9)), 1);
}

/// Leases with the options 6 and 42 of `names` and `time`.
fn leased(system: &str, servers: &Servers, names: Ipv4Addr, time: Ipv4Addr) -> Segment {
    let mut asking = persona(system, NODE);
    asking.life.dhcp = true;
    asking.life.servers = servers.clone();
    let mac = mac_of(&asking);
    let mut segment = Segment::new(&[asking], &[]);
    let kinds = [2, 5];
    for (count, kind) in (1..).zip(kinds) {
        while segment.to_port(67).len() < count {
            segment.pass(SECOND / 10);
        }
        let message = segment.to_port(67).last().unwrap().data.clone();
        let mut reply = super::lease::lease(&message, kind, NODE, 86_400 * 2);
        assert_eq!(reply.pop(), Some(255));
        reply.extend([&[6, 4][..], &names.octets(), &[42, 4], &time.octets(), &[255]].concat());
        segment.receive(datagram(mac, (SERVER, 67), (NODE, 68), &reply));
    }
    segment.pass(6 * HOUR);
    segment
}

#[test]
fn a_lease_names_servers_of_the_segment_and_allowed_ones() {
    let none = Servers::default();
    // The lease names the DHCP server itself for names, and somebody outside for the time.
    let segment = leased("rocky9", &none, SERVER, TIME);
    assert_eq!(asked(&segment, 53), [(SERVER, SERVER_MAC)]);
    assert_eq!(asked(&segment, 123), [(GATEWAY, GATEWAY_MAC)], "nobody allows what is outside");
    let allowed = Servers { dns: vec![TIME], ntp: Vec::new() };
    let segment = leased("rocky9", &allowed, SERVER, TIME);
    assert_eq!(asked(&segment, 53), [(TIME, GATEWAY_MAC)], "the settings go before the lease");
    assert_eq!(asked(&segment, 123), [(TIME, GATEWAY_MAC)]);
    // Windows does not ask for time servers, and takes none.
    let segment = leased("windows10", &none, SERVER, SERVER);
    assert_eq!(asked(&segment, 123), [(GATEWAY, GATEWAY_MAC)]);
    let groups = leased("rocky9", &none, Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::new(10, 66, 7, 255));
    assert_eq!(asked(&groups, 53), [(GATEWAY, GATEWAY_MAC)], "a group is no server");
    assert_eq!(asked(&groups, 123), [(GATEWAY, GATEWAY_MAC)]);
    assert_eq!(number16(&groups.to_port(53)[0].data, 2), 0x0100);
}
