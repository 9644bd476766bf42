//! Connections by hand, frame by frame.

use super::*;
use netsvc_wire::{Kind, field};

fn options() -> Vec<u8> {
    vec![2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7]
}

/// A segment from 192.0.2.1:40000 to 192.0.2.9:443, or the other way.
fn segment(client: bool, flags: u16, sequence: u32, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let (one, other) = ((1_u8, 40_000_u16), (9_u8, 443_u16));
    let (from, to) = if client { (one, other) } else { (other, one) };
    let mut tcp = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
    tcp.extend(sequence.to_be_bytes());
    tcp.extend([0, 0, 0, if flags & flag::ACK == 0 { 0 } else { 1 }]);
    let length = u16::try_from(5 + options.len() / 4).unwrap() << 12;
    tcp.extend((length | flags).to_be_bytes());
    tcp.extend(64240_u16.to_be_bytes());
    tcp.extend([0; 4]);
    tcp.extend(options);
    tcp.extend(payload);
    let total = u16::try_from(20 + tcp.len()).unwrap().to_be_bytes();
    let head = [0x45, 0, total[0], total[1], 0, 7, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, from.0, 192, 0, 2, to.0];
    [&head[..], &tcp].concat()
}

fn hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let message = [&[1, 0, 0, length(&body)][..], &body].concat();
    [&[22, 3, 1, 0, length(&message)][..], &message].concat()
}

fn all(frames: &[(i64, Vec<u8>)]) -> Vec<Finding> {
    let (mut sensor, mut found) = (Sensor::new(1), Vec::new());
    for (at, frame) in frames {
        sensor.take(*at, Link::Raw, frame, &mut found);
    }
    sensor.finish(&mut found);
    assert_eq!(sensor.seen().findings, found.len() as u64);
    assert_eq!(sensor.held, 0);
    found
}

#[test]
fn a_hello_in_pieces_and_out_of_order_is_read() {
    let hello = hello();
    let (one, two) = hello.split_at(20);
    let frames = [
        (0, segment(true, flag::SYN, 100, &options(), b"")),
        (1, segment(false, flag::SYN | flag::ACK, 500, &options(), b"")),
        (2, segment(true, flag::ACK, 121, &[], two)),
        (3, segment(true, flag::ACK, 101, &[], one)),
        (4, segment(true, flag::ACK, 101, &[], one)),
        (5, segment(false, flag::ACK, 501, &[], b"\x15\x03\x03\0\x02\x02\x28")),
        (6, segment(false, flag::ACK | flag::FIN, 508, &[], b"")),
        (7, segment(true, flag::ACK | flag::FIN, 154, &[], b"")),
    ];
    let found = all(&frames);
    let kinds: Vec<Kind> = found.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [Kind::TcpFingerprint, Kind::TcpFingerprint, Kind::TlsFingerprint, Kind::Flow]);
    assert_eq!(found[0].text(field::OS_GUESS), Some("Linux 4.19 or newer"));
    assert_eq!(found[1].about.0.to_string(), "192.0.2.9");
    assert_eq!(found[2].text(field::JA4), Some("t12i010000_0f2cb44170f4_000000000000"));
    let flow = &found[3];
    assert_eq!((flow.text(field::RETRANSMITS), flow.text(field::BYTES_IN)), (Some("1"), Some("50")));
}

#[test]
fn the_same_is_told_once_and_a_connection_that_says_nothing_is_not_told() {
    let frames: Vec<(i64, Vec<u8>)> = (0..50)
        .flat_map(|number: u32| {
            let at = i64::from(number) * 1000;
            [
                (at, segment(true, flag::SYN, number * 7, &options(), b"")),
                (at + 1, segment(false, flag::RST | flag::ACK, 0, &[], b"")),
            ]
        })
        .collect();
    assert_eq!(all(&frames).len(), 1);
}

#[test]
fn a_connection_whose_begin_was_missed_is_understood_all_the_same() {
    let found = all(&[(0, segment(true, flag::ACK, 7, &[], &hello()))]);
    assert_eq!(found.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [Kind::TlsFingerprint]);
}

/// How many hellos of a thousand clients are told, who have seen the answer to their SYN or not.
fn told(answered: bool) -> usize {
    let (mut sensor, mut found) = (Sensor::new(1), Vec::new());
    for number in 1..=1000_u32 {
        let mut frames = vec![segment(true, flag::SYN, 8, &options(), b"")];
        if answered {
            frames.push(segment(false, flag::SYN | flag::ACK, 0, &options(), b""));
        }
        frames.push(segment(true, flag::ACK, 9, &[], &hello()));
        for mut frame in frames {
            let client = if frame[15] == 1 { 12..16 } else { 16..20 };
            frame[client].copy_from_slice(&number.to_be_bytes());
            sensor.take(i64::from(number), Link::Raw, &frame, &mut found);
        }
    }
    found.iter().filter(|finding| finding.kind == Kind::TlsFingerprint).count()
}

#[test]
fn hellos_of_addresses_that_anybody_may_have_written_are_told_in_part() {
    assert_eq!(told(true), 1000);
    assert!(told(false) <= 500, "{}", told(false));
}

#[test]
fn systems_of_addresses_that_anybody_may_have_written_are_told_in_part() {
    let (mut sensor, mut found) = (Sensor::new(1), Vec::new());
    for number in 1..=1000_u32 {
        let linux = segment(true, flag::SYN, 8, &options(), b"");
        let mut windows = segment(true, flag::SYN, 9, &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2], b"");
        windows[8] = 128;
        for mut frame in [linux, windows] {
            frame[12..16].copy_from_slice(&number.to_be_bytes());
            sensor.take(i64::from(number), Link::Raw, &frame, &mut found);
        }
    }
    assert!(found.iter().any(|finding| finding.kind == Kind::SharedAddress));
    assert!(found.len() <= 500, "{}", found.len());
}

/// What is told of how addresses are asked for: by `sender` in the name of 02:00:00:00:00:07, which then connects.
fn asked(sender: u8) -> Vec<String> {
    let mac = |last: u8| [2, 0, 0, 0, 0, last];
    let ethernet = |from: u8, packet: &[u8]| [&[2, 0, 0, 0, 0, 9][..], &mac(from), &[8, 0], packet].concat();
    let mut ask = vec![0; 240];
    ask[0] = 1;
    ask[28..34].copy_from_slice(&mac(7));
    ask[236..240].copy_from_slice(&[99, 130, 83, 99]);
    ask.extend(b"\x35\x01\x03\x37\x03\x01\x03\x06\xff");
    let length = |more: usize| u16::try_from(ask.len() + more).unwrap().to_be_bytes();
    let (whole, datagram) = (length(28), length(8));
    let head = [0x45, 0, whole[0], whole[1], 0, 7, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255];
    let packet = [&head[..], &[0, 68, 0, 67], &datagram, &[0, 0], &ask].concat();
    let (mut sensor, mut found) = (Sensor::new(1), Vec::new());
    sensor.take(0, Link::Ethernet, &ethernet(sender, &packet), &mut found);
    sensor.take(1, Link::Ethernet, &ethernet(7, &segment(true, flag::SYN, 8, &options(), b"")), &mut found);
    let told = found.iter().filter(|finding| finding.kind == Kind::DhcpFingerprint);
    told.map(|finding| finding.about.0.to_string()).collect()
}

#[test]
fn who_asks_for_an_address_in_anothers_name_says_nothing_of_him() {
    assert_eq!(asked(7), ["0.0.0.0", "192.0.2.1"]);
    assert_eq!(asked(8), ["0.0.0.0"]);
}

#[test]
fn an_event_has_both_ends() {
    let found = all(&[(5, segment(true, flag::SYN, 1, &options(), b""))]);
    let event = found[0].event("web-01", "sniffer").unwrap();
    let text = |name: &str| {
        let value = event.fields.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    assert_eq!((event.at, event.node.as_str(), event.app.as_str()), (5, "web-01", "sniffer"));
    assert_eq!(text(field::SRC_IP).as_deref(), Some("192.0.2.1"));
    assert_eq!(text(field::DST_PORT).as_deref(), Some("443"));
}

#[test]
fn a_flood_holds_no_more_memory_than_is_allowed() {
    let (mut sensor, mut found) = (Sensor::new(1), Vec::new());
    for number in 0..120_000_u32 {
        let mut frame = segment(true, flag::ACK, 9, &[], b"\x16\x03\x01\x40\0abcdef");
        frame[12..16].copy_from_slice(&number.to_be_bytes());
        sensor.take(i64::from(number), Link::Raw, &frame, &mut found);
    }
    assert!(sensor.flows.len() <= 2 * FLOWS && sensor.held <= HELD + stream::MOST);
}
