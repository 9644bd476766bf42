//! What lives say.

use super::{GATEWAY, GATEWAY_MAC, HOUR, NODE, SERVER, Segment, Spoken, datagram, day, mac_of, persona};
use crate::{
    ambient::{chance::SECOND, dns, netbios},
    bytes::{BROADCAST, Mac, number16, put},
    checksum,
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, Header, Ipv4, PACKET},
};
use netsvc_persona::tables::systems::SYSTEMS;
use netsvc_wire::Kind;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

#[test]
fn every_system_speaks_to_its_segment_and_nobody_else() {
    for system in SYSTEMS {
        let segment = day(system.id, &[80, 445, 631, 9100]);
        // A controller says nothing but what it is asked.
        let quiet =
            ["siemens_plc", "vxworks", "modicon_plc", "rtu", "building_controller"].contains(&system.id);
        assert_eq!(segment.frames.is_empty(), quiet, "{}", system.id);
        assert!(segment.events.is_empty() && segment.engine == 0, "{}: {:?}", system.id, segment.events);
        for (_, frame) in &segment.frames {
            let ethertype = packet::ethertype(frame);
            assert!([ETHERTYPE_ARP, ETHERTYPE_IPV4].contains(&ethertype), "{ethertype:x}");
            assert_eq!(packet::source_mac(frame), Some([0, 0x50, 0x56, 1, 0, 10]));
            if ethertype == ETHERTYPE_IPV4 {
                let view = Ipv4::parse(&frame[PACKET..]).unwrap();
                let to = view.destination();
                let mac = packet::destination_mac(frame).unwrap();
                assert_eq!(view.source(), NODE);
                if to == GATEWAY {
                    assert_eq!(mac, GATEWAY_MAC);
                } else if to == Ipv4Addr::new(10, 66, 7, 255) {
                    assert_eq!(mac, BROADCAST);
                } else {
                    assert!(to.is_multicast(), "{}: to {to}", system.id);
                    let [_, b, c, d] = to.octets();
                    assert_eq!(mac, [1, 0, 0x5e, b & 0x7f, c, d]);
                }
            }
        }
        // A human rate: well below a frame per second, day in, day out.
        assert!(segment.frames.len() < 20_000, "{}: {}", system.id, segment.frames.len());
    }
}

#[test]
fn a_thousand_nodes_keep_no_step() {
    let node = |index: u32| {
        let mut persona = persona("windows10", Ipv4Addr::from_bits(0x0a42_0100 + index));
        // Hosts of one name would all answer when one of them asks whether it is free.
        persona.hostname = format!("HOST-{index}");
        persona
    };
    let personas: Vec<_> = (0..1000).map(node).collect();
    let mut segment = Segment::new(&personas, &[]);
    segment.pass(60 * SECOND);
    let mut instants: BTreeMap<i64, BTreeSet<Mac>> = BTreeMap::new();
    for (at, frame) in &segment.frames {
        instants.entry(at / 1000).or_default().insert(packet::source_mac(frame).unwrap());
    }
    let most = instants.values().map(BTreeSet::len).max().unwrap();
    assert!(most <= 12, "{most} of 1000 speak in one millisecond");
    let first: BTreeSet<i64> = personas
        .iter()
        .filter_map(|persona| {
            let own = |(_, frame): &&(i64, Vec<u8>)| packet::source_mac(frame) == persona.mac_bytes();
            segment.frames.iter().find(own).map(|(at, _)| *at)
        })
        .collect();
    assert!(first.len() > 995, "{}", first.len());
}

#[test]
fn a_node_that_is_told_to_be_silent_is() {
    let mut silent = persona("windows10", NODE);
    silent.life.ambient = false;
    let mut segment = Segment::new(&[silent], &[]);
    segment.pass(24 * HOUR);
    assert_eq!((segment.frames.len(), segment.gate.due()), (0, None));
}

#[test]
fn a_node_that_went_says_nothing_more() {
    let mut segment = Segment::new(&[persona("debian12", NODE)], &[]);
    segment.pass(10 * 60 * SECOND);
    segment.gate.remove("n-0-10");
    let before = segment.frames.len();
    segment.pass(24 * HOUR);
    assert_eq!(segment.frames.len(), before);
}

#[test]
fn the_gateway_is_asked_for_first_and_then_asked_itself() {
    let segment = day("debian12", &[]);
    let asked: Vec<_> = segment
        .frames
        .iter()
        .filter(|(_, frame)| packet::ethertype(frame) == ETHERTYPE_ARP)
        .map(|(at, frame)| (*at, packet::destination_mac(frame).unwrap()))
        .collect();
    assert_eq!(asked[0].1, BROADCAST);
    assert!(asked[1..].iter().all(|(_, mac)| *mac == GATEWAY_MAC), "a stale entry is not forgotten");
    // Five seconds after the datagram that used a stale entry (delay_first_probe_time).
    let time = segment.to_port(123);
    let delays = asked[1..]
        .iter()
        .map(|(at, _)| time.iter().map(|one| at - one.at).find(|delay| *delay == 5 * SECOND));
    assert!(delays.filter(Option::is_some).count() > 10);
}

#[test]
fn a_dead_gateway_is_asked_for_three_times() {
    let mut segment = Segment::new(&[persona("debian12", NODE)], &[]);
    segment.alive = false;
    while segment.frames.is_empty() {
        segment.pass(SECOND);
    }
    segment.pass(10 * SECOND);
    let arp = segment.frames.iter().filter(|(_, frame)| packet::ethertype(frame) == ETHERTYPE_ARP);
    let times: Vec<i64> = arp.map(|(at, _)| *at).collect();
    assert_eq!(times.len(), 3, "{times:?}");
    assert_eq!((times[1] - times[0], times[2] - times[1]), (SECOND, SECOND));
    assert!(segment.to_port(123).is_empty());
}

#[test]
fn each_clock_asks_in_its_own_form() {
    let first = |system: &str| {
        let time = day(system, &[]).to_port(123);
        (time[0].clone(), time.len())
    };
    let (timesyncd, many) = first("debian12");
    assert_eq!((timesyncd.data.len(), timesyncd.data[0], &timesyncd.data[1..40]), (48, 0x23, &[0; 39][..]));
    assert!(timesyncd.from >= 32_768 && timesyncd.packet[6] & 0x40 != 0 && timesyncd.ttl() == 64);
    // 32 s at first, 2048 s in the end.
    assert!((40..60).contains(&many), "{many}");
    let (chrony, many) = first("rocky9");
    assert_eq!((chrony.data[0], chrony.data[2], chrony.data[3]), (0x23, 6, 0x20));
    assert!((80..100).contains(&many), "{many}");
    let (windows, many) = first("windows10");
    assert_eq!((windows.from, windows.data[0], windows.ttl()), (123, 0xdb, 128));
    assert_eq!(windows.packet[6] & 0x40, 0, "Windows does not forbid fragments of UDP");
    assert!((2..4).contains(&many), "{many}");
}

#[test]
fn linux_servers_look_up_their_mirrors_and_ask_twice() {
    let mut segment = Segment::new(&[persona("rocky9", NODE)], &[]);
    segment.pass(5 * HOUR);
    let asked = segment.to_port(53);
    let name = dns::Query::parse(&asked[0].data).unwrap().questions.remove(0);
    assert_eq!((name.name.as_str(), name.kind, name.class), ("mirrors.rockylinux.org", dns::A, dns::IN));
    assert_eq!(number16(&asked[0].data, 2), 0x0100);
    // Nobody answers: the same question again after five seconds, and no more.
    assert_eq!(asked[1].data, asked[0].data);
    assert_eq!((asked[1].at - asked[0].at, asked[0].from), (5 * SECOND, asked[1].from));
    assert!(asked[2].data != asked[0].data);
}

#[test]
fn an_answer_is_swallowed_and_a_stray_datagram_is_still_a_probe() {
    let mut segment = Segment::new(&[persona("rocky9", NODE)], &[]);
    segment.pass(100 * 60 * SECOND);
    let mut count = 0;
    for question in segment.to_port(53).iter().take(1) {
        let mut reply = question.data.clone();
        put(&mut reply, 2, &[0x81, 0x80]);
        let mac = mac_of(&persona("rocky9", NODE));
        let before = segment.frames.len();
        let last = segment.to_port(53).into_iter().last().unwrap();
        put(&mut reply, 0, &last.data[..2]);
        segment.receive(datagram(mac, (GATEWAY, 53), (NODE, last.from), &reply));
        assert_eq!(segment.frames.len(), before, "no unreachable");
        segment.receive(datagram(mac, (GATEWAY, 53), (NODE, last.from), &reply));
        assert_eq!(segment.frames.len(), before + 1, "a second answer meets a closed port");
        segment.receive(datagram(mac, (GATEWAY, 53), (NODE, last.from ^ 1), &reply));
        assert_eq!(segment.frames.len(), before + 2);
        count += 1;
    }
    assert_eq!(count, 1);
    segment.pass(60 * SECOND);
    let kinds: Vec<_> = segment.events.iter().map(|event| event.kind).collect();
    assert_eq!((kinds, segment.engine), (vec![Kind::UdpProbe], 0));
}

#[test]
fn an_icmp_error_about_a_question_stays_in_the_gate() {
    let mut segment = Segment::new(&[persona("rocky9", NODE)], &[]);
    segment.pass(75 * 60 * SECOND);
    let last = segment.to_port(53).into_iter().last().unwrap();
    let mac = mac_of(&persona("rocky9", NODE));
    let mut message = vec![3, 3, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(&last.packet);
    let header = Header {
        source: GATEWAY,
        destination: NODE,
        protocol: 1,
        ttl: 64,
        tos: 0,
        id: 1,
        dont_fragment: false,
    };
    let packet = packet::ipv4(&header, message);
    segment.receive(packet::frame(mac, GATEWAY_MAC, ETHERTYPE_IPV4, &packet));
    assert_eq!(segment.engine, 0);
}

#[test]
fn windows_registers_its_names() {
    let segment = day("windows10", &[]);
    let names = segment.to_port(137);
    let registrations: Vec<_> = names.iter().filter(|name| name.data[2] == 0x29).collect();
    assert_eq!(registrations.len(), 12, "three names, four times");
    let first = registrations[0];
    assert_eq!((first.from, first.mac, first.ttl(), first.data.len()), (137, BROADCAST, 128, 68));
    assert_eq!(&first.data[12..46], b"\x20EEEFFDELFEEPFACNDEEGDHFBDCELEMAA\0");
    assert_eq!(&first.data[50..62], &[0xc0, 0x0c, 0, 32, 0, 1, 0, 4, 0x93, 0xe0, 0, 6]);
    assert_eq!(&first.data[62..], &[0, 0, 10, 66, 0, 10]);
    // The group's name is that of the domain.
    assert_eq!((&registrations[1].data[12..20], registrations[1].data[62]), (&b"\x20EDEPFCF"[..], 0x80));
    // No browser since 1709.
    assert!(segment.to_port(138).is_empty());
    let llmnr = segment.to_port(5355);
    let question = dns::Query::parse(&llmnr[0].data).unwrap().questions.remove(0);
    assert_eq!((question.name.as_str(), question.kind, llmnr[0].ttl()), ("DESKTOP-4F7Q2KL", dns::ANY, 1));
    assert_eq!(llmnr[0].data, llmnr[1].data);
    let search = segment.to_port(1900);
    assert!(search[0].text().starts_with("M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\n"));
    assert_eq!(search[1].at - search[0].at, 3 * SECOND + (search[1].at - search[0].at) % SECOND);
}

#[test]
fn an_old_server_announces_itself_every_twelve_minutes() {
    let segment = day("windows_server_2012r2", &[]);
    let said = segment.to_port(138);
    assert!((118..=124).contains(&said.len()), "{}", said.len());
    let last = said.last().unwrap();
    assert_eq!((last.from, last.data[0], last.data[1]), (138, 0x11, 2));
    assert_eq!(number16(&last.data, 10) as usize, last.data.len() - 14);
    let smb = &last.data[82..];
    assert_eq!((&smb[..5], smb[32]), (&b"\xffSMB%"[..], 17));
    let offset = usize::from(u16::from_le_bytes([smb[57], smb[58]]));
    let announcement = &smb[offset..];
    assert_eq!(&smb[offset - 17..offset], b"\\MAILSLOT\\BROWSE\0");
    assert_eq!(u32::from_le_bytes(announcement[2..6].try_into().unwrap()), 720_000);
    assert_eq!((&announcement[6..22], announcement[22], announcement[23]), (&b"DESKTOP-4F7Q2KL\0"[..], 6, 3));
    assert_eq!(&announcement[30..], &[0x55, 0xaa, 0]);
}

#[test]
fn a_printer_announces_the_services_that_it_has() {
    let mut segment = Segment::new(&[persona("hp_printer", NODE)], &[80, 9100]);
    segment.pass(60 * SECOND);
    let said = segment.to_port(5353);
    assert_eq!(said.len(), 5);
    assert!(said.iter().all(|one| (one.ttl(), one.from, one.mac) == (255, 5353, [1, 0, 0x5e, 0, 0, 0xfb])));
    assert_eq!(said[1].at - said[0].at, 250_000);
    let (probe, announcement) = (&said[0].data, &said[3].data);
    assert_eq!((number16(probe, 2), number16(probe, 4), number16(probe, 8)), (0, 1, 1));
    // Host and address, and four records for each of two services.
    assert_eq!((number16(announcement, 2), number16(announcement, 6)), (0x8400, 10));
    let text = said[3].text();
    assert!(text.contains("_pdl-datastream") && !text.contains("_ipp"), "{text}");
}

#[test]
fn a_question_for_its_name_is_answered_by_those_who_answer_such() {
    let mut segment = Segment::new(&[persona("windows10", NODE), persona("debian12", SERVER)], &[]);
    segment.pass(60 * SECOND);
    let group = Ipv4Addr::new(224, 0, 0, 252);
    let ask = |name: &str| dns::Message::new(77, 0).question(name, dns::A, dns::IN).done();
    let before = segment.frames.len();
    for (name, answers) in [("Desktop-4f7q2kl", 1), ("web01", 0), ("nobody", 0)] {
        let at = segment.frames.len();
        let frame = datagram([1, 0, 0x5e, 0, 0, 0xfc], (GATEWAY, 50_000), (group, 5355), &ask(name));
        segment.receive(frame);
        assert_eq!(segment.frames.len() - at, answers, "{name}");
    }
    let (_, frame) = &segment.frames[before];
    let answer = Spoken::parse(0, frame).unwrap();
    assert_eq!(
        (answer.from, answer.to, answer.destination, answer.mac),
        (5355, 50_000, GATEWAY, GATEWAY_MAC)
    );
    assert_eq!((number16(&answer.data, 0), number16(&answer.data, 2)), (77, 0x8000));
    assert_eq!(&answer.data[answer.data.len() - 4..], &NODE.octets());
    assert!(segment.events.is_empty());
}

#[test]
fn a_question_by_netbios_is_answered() {
    let mut segment = Segment::new(&[persona("windows10", NODE)], &[]);
    let broadcast = Ipv4Addr::new(10, 66, 7, 255);
    let query = netbios::query(9, broadcast, "DESKTOP-4F7Q2KL", 0x20);
    segment.receive(datagram(BROADCAST, (GATEWAY, 137), (broadcast, 137), &query.data));
    let answer = Spoken::parse(0, &segment.frames[0].1).unwrap();
    assert_eq!((answer.to, number16(&answer.data, 0), number16(&answer.data, 2)), (137, 9, 0x8500));
    assert_eq!(&answer.data[answer.data.len() - 4..], &NODE.octets());
}

#[test]
fn groups_are_reported_with_a_router_alert() {
    let segment = day("windows10", &[]);
    let report = segment.frames.iter().find_map(|(_, frame)| {
        let view = Ipv4::parse(&frame[PACKET..]).filter(|view| view.protocol() == 2)?;
        Some(view.bytes.to_vec())
    });
    let report = report.unwrap();
    assert_eq!((report[0], report[8], &report[20..24]), (0x46, 1, &[0x94, 4, 0, 0][..]));
    assert_eq!((report[24], number16(&report, 30), report.len()), (0x22, 3, 24 + 8 + 3 * 8));
    assert!(checksum::fits(&[&report[24..]]));
}

#[test]
fn a_life_is_small() {
    let size = size_of::<crate::ambient::Life>();
    assert!(size <= 1024, "{size} bytes");
}
