//! Devices that announce themselves, and those who look for them.

use super::{GATEWAY, GATEWAY_MAC, HOUR, NODE, Segment, Spoken, datagram, mac_of, persona};
use crate::ambient::{chance::SECOND, ssdp::Search, wsd};
use netsvc_persona::tables::{discovery, upnp};
use netsvc_wire::Kind;
use proptest::prelude::*;
use std::net::Ipv4Addr;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const GROUP_MAC: [u8; 6] = [1, 0, 0x5e, 0x7f, 0xff, 0xfa];

fn search(target: &str) -> String {
    format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: {target}\r\n\r\n"
    )
}

fn probe(types: &str) -> String {
    let types = if types.is_empty() { String::new() } else { format!("<d:Types>{types}</d:Types>") };
    soap("Probe", &format!("<d:Probe>{types}</d:Probe>"))
}

fn soap(action: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Header><w:MessageID>\
         urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a</w:MessageID><w:To>urn:x</w:To><w:Action>\
         http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</w:Action></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )
}

/// What a segment says to a question to everybody: time after it, and datagram.
fn answers(segment: &mut Segment, port: u16, question: &str) -> Vec<(i64, Spoken)> {
    let (before, asked) = (segment.frames.len(), segment.now);
    segment.receive(datagram(GROUP_MAC, (GATEWAY, 50_001), (GROUP, port), question.as_bytes()));
    segment.pass(3 * SECOND);
    let said = segment.frames.iter().skip(before).filter_map(|(at, frame)| Spoken::parse(*at, frame));
    said.filter(|one| one.to == 50_001).map(|one| (one.at - asked, one)).collect()
}

/// The value of a header field.
fn field(text: &str, name: &str) -> String {
    let line =
        text.split("\r\n").find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{text}"));
    line.to_owned()
}

fn up(system: &str, ports: &[u16]) -> Segment {
    let mut segment = Segment::new(&[persona(system, NODE)], ports);
    segment.pass(60 * SECOND);
    segment
}

#[test]
fn announcements_and_answers_name_one_device_and_one_place() {
    for (system, ports, location) in [
        ("synology", &[80][..], "http://10.66.0.10:80/ssdp/desc-DSM-eth0.xml"),
        ("synology", &[80, 5000], "http://10.66.0.10:5000/ssdp/desc-DSM-eth0.xml"),
        ("ip_camera", &[80], "http://10.66.0.10:80/upnpdevicedesc.xml"),
    ] {
        let mut segment = up(system, ports);
        let own = persona(system, NODE);
        let said: Vec<String> = segment.to_port(1900).iter().map(Spoken::text).collect();
        let said: Vec<_> = said.iter().filter(|text| text.starts_with("NOTIFY")).collect();
        let found = answers(&mut segment, 1900, &search("ssdp:all"));
        assert_eq!((said.len(), found.len()), (3, 3), "{system}");
        for (notified, (after, answer)) in said.iter().zip(&found) {
            let answer_text = answer.text();
            assert!(answer_text.starts_with("HTTP/1.1 200 OK\r\n") && answer.from == 1900);
            assert_eq!((answer.destination, answer.mac), (GATEWAY, GATEWAY_MAC));
            assert!((10_000..2 * SECOND + 10_000).contains(after), "{after}");
            assert_eq!(field(notified, "NT: "), field(&answer_text, "ST: "));
            for name in ["LOCATION: ", "SERVER: ", "USN: "] {
                assert_eq!(field(notified, name), field(&answer_text, name));
            }
            assert_eq!(field(notified, "LOCATION: "), location);
            assert!(field(notified, "USN: ").starts_with(&format!("uuid:{}", upnp::uuid(&own))));
        }
        assert!(segment.events.is_empty());
    }
}

#[test]
fn a_description_that_nobody_can_fetch_is_not_announced() {
    for system in ["synology", "ip_camera"] {
        let mut segment = up(system, &[22]);
        assert!(answers(&mut segment, 1900, &search("ssdp:all")).is_empty());
        segment.pass(HOUR);
        let said: Vec<_> = segment.to_port(1900).iter().map(Spoken::text).collect();
        assert!(said.iter().all(|text| !text.starts_with("NOTIFY")), "{system}");
    }
}

#[test]
fn only_what_was_looked_for_answers() {
    let mut segment = up("synology", &[80]);
    let kind = "urn:schemas-upnp-org:device:Basic:1";
    let root = answers(&mut segment, 1900, &search("upnp:rootdevice"));
    assert_eq!(root.len(), 1);
    assert_eq!(answers(&mut segment, 1900, &search(kind)).len(), 1);
    let gateway = search("urn:schemas-upnp-org:device:InternetGatewayDevice:1");
    assert!(answers(&mut segment, 1900, &gateway).is_empty());
    for broken in [
        "M-SEARCH * HTTP/1.1\r\nMX: 2\r\nST: ssdp:all\r\n\r\n",
        "M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nST: ssdp:all\r\n\r\n",
        "M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n",
        "NOTIFY * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n",
    ] {
        assert!(answers(&mut segment, 1900, broken).is_empty(), "{broken}");
    }
    assert!(answers(&mut up("debian12", &[80]), 1900, &search("ssdp:all")).is_empty());
}

#[test]
fn who_asks_one_device_is_answered_and_told_of() {
    let mut segment = up("synology", &[80]);
    let before = segment.frames.len();
    let mac = mac_of(&persona("synology", NODE));
    segment.receive(datagram(mac, (GATEWAY, 40_000), (NODE, 1900), search("ssdp:all").as_bytes()));
    let said: Vec<_> =
        segment.frames.iter().skip(before).filter_map(|(at, frame)| Spoken::parse(*at, frame)).collect();
    assert_eq!(said.iter().filter(|one| (one.destination, one.to) == (GATEWAY, 40_000)).count(), 3);
    segment.pass(60 * SECOND);
    assert_eq!(segment.events.iter().map(|event| event.kind).collect::<Vec<_>>(), [Kind::UdpProbe]);
}

#[test]
fn the_answer_of_a_gateway_to_a_search_is_no_probe() {
    let mut segment = up("windows10", &[]);
    let asked = segment.to_port(1900).first().unwrap().clone();
    let mac = mac_of(&persona("windows10", NODE));
    let before = segment.frames.len();
    let answer = b"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";
    segment.receive(datagram(mac, (GATEWAY, 1900), (NODE, asked.from), answer));
    assert_eq!(segment.frames.len(), before);
    segment.pass(60 * SECOND);
    assert!(segment.events.is_empty());
}

#[test]
fn those_who_probe_find_desktops_printers_and_cameras() {
    for (system, types, open, place) in [
        ("windows10", "wsdp:Device", &[5357][..], None),
        (
            "hp_printer",
            "wsdp:Device wprt:PrintDeviceType",
            &[80],
            Some("http://10.66.0.10/WebServices/Device"),
        ),
        ("hp_printer", "wprt:PrintDeviceType", &[9100], None),
        ("ip_camera", "dn:NetworkVideoTransmitter", &[80], Some("http://10.66.0.10/onvif/device_service")),
    ] {
        let mut segment = up(system, open);
        let urn = format!("urn:uuid:{}", discovery::uuid(&persona(system, NODE)));
        let hello: Vec<_> = segment.to_port(3702).iter().map(Spoken::text).collect();
        assert_eq!(hello.len(), 4, "{system}");
        assert!(
            hello.iter().all(|text| *text == hello[0]) && hello[0].contains("discovery/Hello"),
            "{system}"
        );
        for types in [types, ""] {
            let found = answers(&mut segment, 3702, &probe(types));
            assert_eq!(found.len(), 1, "{system}");
            let text = found[0].1.text();
            assert!(text.contains("<wsa:RelatesTo>urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a<"), "{text}");
            for text in [&text, &hello[0]] {
                assert!(text.contains(&format!("<wsa:Address>{urn}<")), "{text}");
                let named = text.split("<wsd:XAddrs>").nth(1).and_then(|rest| rest.split('<').next());
                assert_eq!(named, place, "{system}");
            }
        }
        assert!(answers(&mut segment, 3702, &probe("x:Toaster")).is_empty());
        let resolve = |urn: &str| {
            let address = format!("<w:EndpointReference><w:Address>{urn}</w:Address></w:EndpointReference>");
            soap("Resolve", &format!("<d:Resolve>{address}</d:Resolve>"))
        };
        // A place is named only where something is.
        let there = place.is_some() || open == [5357];
        assert_eq!(answers(&mut segment, 3702, &resolve(&urn)).len(), usize::from(there), "{system}");
        assert!(answers(&mut segment, 3702, &resolve("urn:uuid:1")).is_empty());
        assert!(segment.events.is_empty());
    }
}

#[test]
fn servers_and_those_behind_a_filter_are_not_found() {
    assert!(answers(&mut up("windows_server_2019", &[80]), 3702, &probe("")).is_empty());
    let mut closed = persona("windows10", NODE);
    closed.firewall = true;
    let mut segment = Segment::new(&[closed], &[80]);
    segment.pass(60 * SECOND);
    assert!(answers(&mut segment, 3702, &probe("")).is_empty());
}

#[test]
fn a_message_is_read_within_bounds() {
    let parse = |text: &str| wsd::Asked::parse(text.as_bytes());
    assert!(parse(&probe("a:B")).is_some());
    assert_eq!(parse(&probe(&"<x>".repeat(25))), None, "too deep");
    assert_eq!(parse(&probe("a:B").replace("<e:Envelope", "<!DOCTYPE x><e:Envelope")), None);
    assert_eq!(parse(&probe(&"x ".repeat(3000))), None, "too long");
    assert_eq!(parse(&probe("a:B").replace("urn:uuid:0a", "&amp;<b>")), None);
    // What nobody has opened is closed without harm.
    assert!(parse(&format!("</a></b>{}", probe(""))).is_some());
}

proptest! {
    #[test]
    fn any_text_is_looked_at_without_harm(text in "[ -~\r\n]{0,300}", fits in 0..3) {
        let text = match fits {
            0 => text,
            1 => probe(&text),
            _ => search(&text),
        };
        let _ = (Search::parse(text.as_bytes()), wsd::Asked::parse(text.as_bytes()));
    }
}
