use super::*;
use proptest::prelude::*;

fn segment() -> Vec<u8> {
    let mut bytes = vec![0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x80, 0x02, 0xfa, 0xf0, 0, 0, 0, 0];
    bytes.extend([2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0]);
    bytes
}

fn packet(body: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + body.len()).unwrap().to_be_bytes();
    let head = [0x45, 0, total[0], total[1], 0x12, 0x34, 0x40, 0, 63, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9];
    [&head[..], body].concat()
}

fn frame(tags: &[u8], kind: [u8; 2], packet: &[u8]) -> Vec<u8> {
    [&[2; 6][..], &[4; 6], tags, &kind, packet].concat()
}

fn syn(link: Link, bytes: &[u8]) {
    let packet = Packet::read(link, bytes).unwrap();
    assert_eq!(
        (packet.source.to_string(), packet.destination.to_string()),
        ("192.0.2.1".into(), "192.0.2.9".into())
    );
    assert_eq!((packet.header.ttl, packet.header.whole, packet.header.id), (63, true, 0x1234));
    let Body::Tcp(tcp) = packet.body else { panic!("{packet:?}") };
    assert_eq!((tcp.source, tcp.destination, tcp.flags, tcp.window), (12345, 80, flag::SYN, 64240));
    let options = Options::read(tcp.options);
    assert_eq!(options.list.kinds(), [2, 1, 3, 4, 0]);
    assert_eq!((options.segment, options.scale, options.selective), (Some(1460), Some(7), true));
    assert_eq!((options.padding, options.bad), (1, false));
}

#[test]
fn a_packet_is_found_whatever_is_before_it() {
    let packet = packet(&segment());
    syn(Link::Ethernet, &frame(&[], [8, 0], &packet));
    syn(Link::Ethernet, &frame(&[0x81, 0, 0, 5], [8, 0], &packet));
    syn(Link::Ethernet, &frame(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6], [8, 0], &packet));
    syn(Link::Ethernet, &frame(&[], [8, 0], &[&packet[..], &[0; 20]].concat()));
    syn(Link::Raw, &packet);
    syn(Link::Loopback, &[&[2, 0, 0, 0], &packet[..]].concat());
    syn(Link::Cooked, &[&[0; 14][..], &[8, 0], &packet].concat());
    syn(Link::Cooked2, &[&[8, 0][..], &[0; 18], &packet].concat());
}

#[test]
fn headers_of_ipv6_are_passed_over() {
    let address = |last: u8| [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[last]].concat();
    let datagram = [&[0x14, 0xe9, 0, 53, 0, 11, 0, 0][..], b"abc"].concat();
    let all = [&[43, 0, 0, 0, 0, 0, 0, 0][..], &[17, 0, 0, 0, 0, 0, 0, 0], &datagram].concat();
    let length = u16::try_from(all.len()).unwrap().to_be_bytes();
    let head = [&[0x60, 1, 2, 3][..], &length, &[0, 64], &address(1), &address(2)].concat();
    let bytes = frame(&[], [0x86, 0xdd], &[head, all].concat());
    let packet = Packet::read(Link::Ethernet, &bytes).unwrap();
    assert_eq!((packet.source.to_string(), packet.header.flow), ("2001:db8::1".into(), 0x10203));
    assert!(matches!(packet.body, Body::Udp { destination: 53, payload: b"abc", .. }), "{packet:?}");
}

#[test]
fn options_that_cannot_be_are_told() {
    for (bytes, bad) in [
        (&[2, 4, 5, 0xb4][..], false),
        (&[2, 5, 5, 0xb4], true),
        (&[2, 4, 5], true),
        (&[8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1], false),
        (&[99, 0, 0, 0], true),
        (&[99, 1], true),
        (&[99, 4, 0, 0], false),
        (&[99], true),
        (&[], false),
    ] {
        assert_eq!(Options::read(bytes).bad, bad, "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for link in [Link::Ethernet, Link::Raw, Link::Loopback, Link::Cooked, Link::Cooked2] {
            let _ = Packet::read(link, &bytes);
        }
        let _ = Packet::read(Link::Ethernet, &frame(&[], [0x86, 0xdd], &[&[0x60][..], &bytes].concat()));
        let _ = Options::read(&bytes);
    }
}
