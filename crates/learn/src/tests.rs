//! Made-up segments: what is heard of them, what is proposed, and that the planner takes it.

use crate::{Kind, Survey, Wish, propose};
use decnet_plan::ini::deploy;
use std::{collections::BTreeSet, net::Ipv4Addr};

/// A host that is made up.
struct Made {
    mac: [u8; 6],
    ip: [u8; 4],
    ttl: u8,
    ports: &'static [u16],
    name: String,
    windows: bool,
}

/// Thirty hosts of an office: desktops, servers, Linux, printers.
fn office() -> Vec<Made> {
    let mut hosts = Vec::new();
    for number in 0..16_u8 {
        hosts.push(Made {
            mac: [0x8c, 0xec, 0x4b, 1, 2, number],
            ip: [10, 9, 8, 100 + number * 2],
            ttl: 128,
            ports: &[135, 445],
            name: format!("PC-{:04}", 100 + u16::from(number) * 3),
            windows: true,
        });
    }
    for number in 0..3_u8 {
        hosts.push(Made {
            mac: [0x00, 0x50, 0x56, 7, 7, number],
            ip: [10, 9, 8, 10 + number],
            ttl: 128,
            ports: &[53, 88, 389, 445, 3389],
            name: format!("SRV-DC{:02}", number + 1),
            windows: true,
        });
    }
    for number in 0..8_u8 {
        hosts.push(Made {
            mac: [0x00, 0x50, 0x56, 9, 9, number],
            ip: [10, 9, 8, 20 + number],
            ttl: 64,
            ports: &[22, 80],
            name: format!("web{:02}", number + 1),
            windows: false,
        });
    }
    for number in 0..3_u8 {
        hosts.push(Made {
            mac: [0x3c, 0xd9, 0x2b, 5, 5, number],
            ip: [10, 9, 8, 60 + number],
            ttl: 64,
            ports: &[9100, 80],
            name: format!("NPI05050{number}"),
            windows: false,
        });
    }
    hosts
}

fn ethernet(mac: [u8; 6], kind: u16, body: &[u8]) -> Vec<u8> {
    [&[0xff; 6][..], &mac, &kind.to_be_bytes(), body].concat()
}

fn arp(mac: [u8; 6], ip: [u8; 4], asks: [u8; 4]) -> Vec<u8> {
    let body = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &mac, &ip, &[0; 6], &asks].concat();
    ethernet(mac, 0x0806, &body)
}

fn packet(mac: [u8; 6], ip: [u8; 4], ttl: u8, protocol: u8, rest: &[u8]) -> Vec<u8> {
    let head = [&[0x45, 0, 0, 0, 0, 0, 0, 0, ttl, protocol, 0, 0][..], &ip, &[10, 9, 8, 1]].concat();
    ethernet(mac, 0x0800, &[&head[..], rest].concat())
}

fn tcp(port: u16, flags: u8) -> Vec<u8> {
    let mut segment = vec![0; 20];
    segment[..2].copy_from_slice(&port.to_be_bytes());
    (segment[12], segment[13]) = (0x50, flags);
    segment
}

fn dhcp(server: bool, options: &[(u8, &[u8])]) -> Vec<u8> {
    let (from, to) = if server { (67_u16, 68_u16) } else { (68, 67) };
    let mut data =
        [&from.to_be_bytes()[..], &to.to_be_bytes(), &[0; 4], &[0; 236], &[99, 130, 83, 99]].concat();
    for (code, value) in options {
        data.extend([*code, u8::try_from(value.len()).unwrap()]);
        data.extend_from_slice(value);
    }
    data.push(255);
    data
}

fn heard(hosts: &[Made]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let gateway = [0x00, 0x1b, 0x21, 0, 0, 1];
    all.push(arp(gateway, [10, 9, 8, 1], [10, 9, 8, 100]));
    let options: [(u8, &[u8]); 3] = [(1, &[255, 255, 255, 0]), (3, &[10, 9, 8, 1]), (15, b"office.lan")];
    all.push(packet(gateway, [10, 9, 8, 1], 64, 17, &dhcp(true, &options)));
    for host in hosts {
        all.push(arp(host.mac, host.ip, [10, 9, 8, 1]));
        let vendor: &[u8] = if host.windows { b"MSFT 5.0" } else { b"dhcpcd-9" };
        all.push(packet(
            host.mac,
            host.ip,
            host.ttl,
            17,
            &dhcp(false, &[(12, host.name.as_bytes()), (60, vendor)]),
        ));
        all.extend(host.ports.iter().map(|port| packet(host.mac, host.ip, host.ttl, 6, &tcp(*port, 0x12))));
    }
    all
}

fn survey(hosts: &[Made]) -> Survey {
    let mut survey = Survey::new();
    heard(hosts).iter().for_each(|frame| survey.add(frame));
    survey
}

#[test]
fn a_survey_tells_who_is_there_and_what_they_are() {
    let survey = survey(&office());
    assert_eq!(survey.network(), Some((Ipv4Addr::new(10, 9, 8, 0), 24)));
    assert_eq!((survey.gateway(), survey.domain()), (Some([10, 9, 8, 1].into()), Some("office.lan")));
    let kinds: Vec<Kind> = survey.hosts().into_iter().map(|(.., kind)| kind).collect();
    let count = |kind| kinds.iter().filter(|one| **one == kind).count();
    assert_eq!(
        [Kind::Desktop, Kind::WindowsServer, Kind::Linux, Kind::Printer].map(count),
        [16, 3, 8, 3],
        "{kinds:?}"
    );
    let free = survey.free();
    assert!(!free.contains(&[10, 9, 8, 100].into()) && free.contains(&[10, 9, 8, 101].into()));
}

#[test]
fn a_domain_is_one_that_a_plan_can_have() {
    let told = |domain: &[u8]| {
        let mut survey = Survey::new();
        survey.add(&packet([0, 0x1b, 0x21, 0, 0, 1], [10, 9, 8, 1], 64, 17, &dhcp(true, &[(15, domain)])));
        survey.domain().map(str::to_owned)
    };
    assert_eq!(told(b"office.lan.").as_deref(), Some("office.lan"));
    for domain in [&b"office lan"[..], b"office/lan", b"a..b", b"-a.lan", b"."] {
        assert_eq!(told(domain), None, "{}", String::from_utf8_lossy(domain));
    }
}

#[test]
fn what_is_proposed_has_the_mix_names_and_makers_of_the_segment_and_the_planner_takes_it() {
    let hosts = office();
    let survey = survey(&hosts);
    let wish = Wish { count: Some(10), interface: Some("eth0".to_owned()), seed: b"s".to_vec() };
    let proposal = propose(&survey, &wish).unwrap();
    assert_eq!(proposal, propose(&survey, &wish).unwrap());
    let of = |kind: &str| proposal.deckies.iter().filter(|decky| decky.kind == kind).collect::<Vec<_>>();
    assert_eq!(
        ["windows desktop", "windows server", "linux", "printer"].map(|kind| of(kind).len()),
        [5, 1, 3, 1],
        "{:?}",
        proposal.deckies
    );
    assert_eq!((proposal.hosts.len(), proposal.makers.values().sum::<usize>()), (30, 30));
    assert_eq!(proposal.makers.keys().filter(|maker| maker.starts_with("00:50:56")).count(), 1);
    let first = &proposal.hosts[0];
    assert_eq!(
        (first.ip.octets()[3], first.kind, &first.names[..]),
        (10, "windows server", &["SRV-DC01".to_owned()][..])
    );
    let free = |(first, last): &(Ipv4Addr, Ipv4Addr)| last.to_bits() - first.to_bits() + 1;
    assert_eq!(proposal.stretches.iter().map(free).sum::<u32>() as usize, proposal.free);
    let taken: BTreeSet<Ipv4Addr> = hosts.iter().map(|host| host.ip.into()).collect();
    let names: BTreeSet<String> = hosts.iter().map(|host| host.name.clone()).collect();
    let mut all = BTreeSet::new();
    for decky in &proposal.deckies {
        assert!(!taken.contains(&decky.ip) && all.insert(decky.ip.to_string()));
        // Printers are called by their cards.
        assert_eq!(decky.hostname.is_none(), decky.kind == "printer");
        let fresh = |name: &String| !names.contains(name) && all.insert(name.clone());
        assert!(decky.hostname.as_ref().is_none_or(fresh));
    }
    assert!(of("windows desktop").iter().all(|decky| decky.hostname.as_ref().unwrap().starts_with("PC-0")));
    assert!(of("linux").iter().all(|decky| decky.services.contains(&"ssh".to_owned())));
    assert!(
        of("linux").iter().any(|decky| decky.mac.as_ref().is_some_and(|mac| mac.starts_with("00:50:56:")))
    );
    let options = deploy::Options {
        runtime: None,
        network: None,
        skipped: 0,
        taken: BTreeSet::new(),
        faces: &decnet_model::nmap::ABSENT,
        limit: deploy::FILE_LIMIT,
    };
    let text = proposal.ini();
    let fleet = deploy::fleet("learned.ini", text.as_bytes(), &options)
        .unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    assert_eq!(fleet.deckies.len(), 10);
}

#[test]
fn whatever_is_heard_is_survived_and_nobody_proposes_of_nothing() {
    assert!(propose(&Survey::new(), &Wish::default()).is_none());
    let all = heard(&office());
    let mut survey = Survey::new();
    for frame in &all {
        for length in 0..frame.len() {
            survey.add(&frame[..length]);
        }
        for at in (0..frame.len()).step_by(3) {
            let mut odd = frame.clone();
            odd[at] ^= 0xff;
            survey.add(&odd);
        }
    }
    let _ = propose(&survey, &Wish::default());
    assert!(survey.frames() > 1000);
}
