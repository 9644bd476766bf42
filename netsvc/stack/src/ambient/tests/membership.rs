//! Queries for groups.

use super::{NODE, PEER, Segment, persona};
use crate::{
    ambient::{chance::SECOND, membership::Heard},
    bytes::{array, number16, put},
    checksum,
    packet::{self, ETHERTYPE_IPV4, Header, Ipv4, PACKET},
};
use proptest::prelude::*;
use std::{collections::BTreeSet, net::Ipv4Addr};

const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
const LLMNR: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 252);
const SSDP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// A query of a version for `group` to `to`.
fn query(version: u8, code: u8, group: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let mut message = vec![0x11, code, 0, 0];
    message.extend(group.octets());
    if version == 3 {
        message.extend([2, 125, 0, 0]);
    }
    framed(Ipv4Addr::UNSPECIFIED, to, message)
}

fn framed(source: Ipv4Addr, to: Ipv4Addr, mut message: Vec<u8>) -> Vec<u8> {
    let sum = checksum::of(&[&message]).to_be_bytes();
    put(&mut message, 2, &sum);
    let header =
        Header { source, destination: to, protocol: 2, ttl: 1, tos: 0xc0, id: 0, dont_fragment: false };
    let [_, b, c, d] = to.octets();
    packet::frame(
        [1, 0, 0x5e, b & 0x7f, c, d],
        [2, 0, 0, 0, 0, 9],
        ETHERTYPE_IPV4,
        &packet::ipv4(&header, message),
    )
}

/// Reports since `from`: time, sender, destination, message.
fn reports(segment: &Segment, from: usize) -> Vec<(i64, Ipv4Addr, Ipv4Addr, Vec<u8>)> {
    let report = |(at, frame): &(i64, Vec<u8>)| {
        let view = Ipv4::parse(frame.get(PACKET..)?).filter(|view| view.protocol() == 2)?;
        assert!(checksum::fits(&[view.payload()]) && view.bytes[8] == 1);
        assert_eq!((view.bytes[0], &view.bytes[20..24]), (0x46, &[0x94, 4, 0, 0][..]));
        let [_, b, c, d] = view.destination().octets();
        assert_eq!(packet::destination_mac(frame), Some([1, 0, 0x5e, b & 0x7f, c, d]));
        Some((*at, view.source(), view.destination(), view.payload().to_vec()))
    };
    segment.frames.iter().skip(from).filter_map(report).collect()
}

/// A segment with a desktop whose link is up, and how many frames it has sent.
fn desktop() -> (Segment, usize) {
    let mut segment = Segment::new(&[persona("windows10", NODE)], &[]);
    segment.pass(60 * SECOND);
    let sent = segment.frames.len();
    (segment, sent)
}

#[test]
fn a_general_query_is_answered_once_for_all_groups_within_its_time() {
    let (mut segment, sent) = desktop();
    let asked = segment.now;
    segment.receive(query(3, 100, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
    assert!(reports(&segment, sent).is_empty(), "nobody answers at once");
    segment.pass(10 * SECOND);
    let answers = reports(&segment, sent);
    let [(at, _, to, message)] = answers.as_slice() else { panic!("{answers:?}") };
    assert!(asked < *at && *at < asked + 10 * SECOND);
    assert_eq!((*to, message[0], number16(message, 6)), (Ipv4Addr::new(224, 0, 0, 22), 0x22, 3));
    let records: Vec<_> = (0..3)
        .map(|index| (message[8 + index * 8], Ipv4Addr::from(array::<4>(message, 12 + index * 8).unwrap())))
        .collect();
    assert_eq!(records, [(2, Ipv4Addr::new(224, 0, 0, 251)), (2, LLMNR), (2, SSDP)]);
    assert!(segment.events.is_empty() && segment.engine == 0);
}

#[test]
fn a_query_for_a_group_is_answered_by_its_members() {
    let (mut segment, sent) = desktop();
    let group = Ipv4Addr::new(239, 1, 2, 3);
    segment.receive(query(3, 10, group, group));
    segment.pass(2 * SECOND);
    assert!(reports(&segment, sent).is_empty(), "it is not in that group");
    segment.receive(query(3, 10, SSDP, SSDP));
    segment.pass(SECOND);
    let answers = reports(&segment, sent);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].3[6..], [0, 1, 2, 0, 0, 0, 239, 255, 255, 250]);
}

#[test]
fn older_queriers_get_reports_that_they_understand() {
    for (version, code, kind) in [(2, 100, 0x16), (1, 0, 0x12)] {
        let (mut segment, sent) = desktop();
        segment.receive(query(version, code, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
        segment.pass(10 * SECOND);
        let answers = reports(&segment, sent);
        let told: BTreeSet<_> = answers.iter().map(|(_, _, to, _)| *to).collect();
        assert_eq!((answers.len(), told.len()), (3, 3), "{version}");
        for (_, _, to, message) in &answers {
            assert_eq!((message.len(), message[0], &message[4..8]), (8, kind, &to.octets()[..]));
        }
        // Later versions are spoken again when the old querier has gone.
        segment.pass(300 * SECOND);
        let sent = segment.frames.len();
        segment.receive(query(3, 100, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
        segment.pass(10 * SECOND);
        assert_eq!(reports(&segment, sent).len(), 1);
    }
}

#[test]
fn members_leave_the_answer_to_who_was_first() {
    let desk = |index: u8| persona("windows10", Ipv4Addr::new(10, 66, 1, index));
    let personas: Vec<_> = (1..40).map(desk).collect();
    let mut segment = Segment::new(&personas, &[]);
    segment.pass(60 * SECOND);
    let sent = segment.frames.len();
    segment.receive(query(2, 100, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
    segment.pass(10 * SECOND);
    assert_eq!(reports(&segment, sent).len(), 3, "one for each group");
    let sent = segment.frames.len();
    segment.receive(query(2, 10, SSDP, SSDP));
    let mut report = vec![0x16, 0, 0, 0];
    report.extend(SSDP.octets());
    segment.receive(framed(PEER, SSDP, report));
    segment.pass(10 * SECOND);
    assert!(reports(&segment, sent).is_empty(), "another host has told of it");
    // In version 3 everybody answers, each at a time of his own.
    segment.pass(300 * SECOND);
    let sent = segment.frames.len();
    segment.receive(query(3, 100, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
    segment.pass(10 * SECOND);
    let answers = reports(&segment, sent);
    let times: BTreeSet<_> = answers.iter().map(|(at, ..)| at / 1000).collect();
    assert!(answers.len() == 39 && times.len() > 30, "{} at {}", answers.len(), times.len());
}

#[test]
fn who_is_in_no_group_answers_no_query() {
    let mut mute = persona("windows10", NODE);
    mute.life.ambient = false;
    let mut segment = Segment::new(&[mute, persona("debian12", Ipv4Addr::new(10, 66, 0, 11))], &[]);
    segment.pass(60 * SECOND);
    segment.receive(query(3, 100, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
    segment.pass(20 * SECOND);
    assert!(reports(&segment, 0).is_empty());
}

#[test]
fn many_queries_get_few_answers() {
    let (mut segment, sent) = desktop();
    for code in (1..=255_u8).rev().cycle().take(2550) {
        segment.receive(query(3, code, Ipv4Addr::UNSPECIFIED, ALL_HOSTS));
        segment.receive(query(3, code, SSDP, SSDP));
    }
    segment.pass(100 * SECOND);
    assert!(reports(&segment, sent).len() <= 3);
}

#[test]
fn the_time_of_a_query_is_read_as_its_version_writes_it() {
    let within = |version, code| {
        let frame = query(version, code, Ipv4Addr::UNSPECIFIED, ALL_HOSTS);
        match Heard::parse(ALL_HOSTS, Ipv4::parse(&frame[PACKET..]).unwrap().payload()) {
            Some(Heard::Query { version, within, .. }) => (version, within / (SECOND / 10)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((within(1, 0), within(2, 100), within(2, 255)), ((1, 100), (2, 100), (2, 255)));
    // RFC 3376, 4.1.1: mantissa and exponent.
    assert_eq!((within(3, 127), within(3, 128), within(3, 255)), ((3, 127), (3, 128), (3, 31_744)));
}

proptest! {
    #[test]
    fn any_message_about_groups_is_heard_without_harm(
        data in prop::collection::vec(any::<u8>(), 0..40),
        fits in any::<bool>(),
        to in prop::sample::select(vec![ALL_HOSTS, SSDP, NODE]),
    ) {
        let (mut segment, _) = desktop();
        let mut data = data;
        if fits {
            data.resize(data.len().max(8), 0);
            data[0] = 0x11;
        }
        let _ = Heard::parse(to, &data);
        segment.receive(framed(PEER, to, data));
        segment.pass(60 * SECOND);
    }
}
