//! Packet filters, asked with packets.

use crate::{
    gate_tests::{Bench, NODE, PEER, datagram, header, segment},
    packet::{self, ACK, FIN, ICMP, Ipv4, PACKET, PSH, RST, SYN, Segment, TCP, URG},
};

/// What comes back: `reset`, `icmp CODE`, `echo`, `passed`, or nothing.
fn answer(bench: &mut Bench, packet: &[u8]) -> String {
    // Apart from what any limit remembers.
    bench.now += 10_000_000;
    let sent = bench.peer(packet);
    let Some((port, frame)) = sent.first() else { return "silence".into() };
    if *port == crate::Port::Engine {
        return "passed".into();
    }
    let view = Ipv4::parse(&frame[PACKET..]).unwrap();
    assert!(view.transport_checksum_fits());
    match (view.protocol(), view.payload()) {
        (TCP, payload) if Segment::parse(payload).unwrap().has(RST) => "reset".into(),
        (ICMP, [3, code, ..]) => {
            assert_eq!(&view.payload()[8 + 12..8 + 20], &packet[12..20], "the quoted addresses");
            format!("icmp {code}")
        }
        (ICMP, [0, ..]) => "echo".into(),
        _ => panic!("{frame:x?}"),
    }
}

/// Answers to SYN, ACK, FIN, NULL, XMAS and RST at a closed port, to ACK, FIN and XMAS at an open one, to a
/// datagram at a closed port, to another protocol and to an echo request.
fn answers(bench: &mut Bench) -> [String; 12] {
    let tcp = |port, flags| segment(PEER, 5000, NODE, port, flags);
    let xmas = FIN | PSH | URG;
    let probes = [
        tcp(81, SYN),
        tcp(81, ACK),
        tcp(81, FIN),
        tcp(81, 0),
        tcp(81, xmas),
        tcp(81, RST),
        tcp(22, ACK),
        tcp(22, FIN),
        tcp(22, xmas),
        datagram(NODE, 53, b"who"),
        packet::ipv4(&header(PEER, NODE, 132), vec![0; 12]),
        packet::ipv4(&header(PEER, NODE, ICMP), vec![8, 0, 0, 0, 0, 1, 0, 1]),
    ];
    probes.map(|packet| answer(bench, &packet))
}

#[test]
fn each_systems_firewall_refuses_in_its_own_way() {
    let cases = [
        ("linux", "rocky9", "5.14.0", "13,13,-,-,-,-,pass,-,-,13,13,echo"),
        ("linux", "centos7", "3.10.0", "10,10,-,-,-,-,pass,-,-,10,10,echo"),
        ("linux", "debian12", "6.1.0", "-,-,-,-,-,-,pass,-,-,-,-,echo"),
        ("windows", "windows10", "", "-,-,-,-,-,-,-,-,-,-,-,-"),
        ("bsd", "freebsd13", "", "-,-,-,-,-,-,-,-,-,-,-,echo"),
        ("cisco", "cisco_ios", "", "13,13,13,13,13,-,pass,-,-,13,13,echo"),
    ];
    for (family, id, kernel, expected) in cases {
        let mut bench = Bench::of(family, id, kernel, |persona| persona.firewall = true);
        let short = |answer: &String| match answer.as_str() {
            "silence" => "-".to_owned(),
            "passed" => "pass".to_owned(),
            other => other.trim_start_matches("icmp ").to_owned(),
        };
        let found = answers(&mut bench).iter().map(short).collect::<Vec<_>>().join(",");
        assert_eq!(found, expected, "{id}");
        assert_eq!(answer(&mut bench, &segment(PEER, 5001, NODE, 22, SYN)), "passed", "{id}");
        assert_eq!(answer(&mut bench, &segment(PEER, 5001, NODE, 22, ACK)), "passed", "{id}");
        assert_eq!(answer(&mut bench, &segment(PEER, 5001, NODE, 22, FIN | ACK)), "passed", "{id}");
        assert_eq!(answer(&mut bench, &datagram(NODE, 161, b"x")), "passed", "{id}");
    }
}

#[test]
fn without_a_firewall_closed_ports_answer() {
    for (family, id, kernel) in [("linux", "rocky9", "5.14.0"), ("windows", "windows10", "")] {
        let found = answers(&mut Bench::of(family, id, kernel, |_| ()));
        let [syn, ack, fin, null, xmas, rst, .., udp, protocol, echo] = found;
        assert_eq!([syn, ack, fin, null, xmas].map(|answer| answer == "reset"), [true; 5], "{id}");
        assert_eq!([rst, udp, protocol, echo], ["silence", "icmp 3", "icmp 2", "echo"], "{id}");
    }
}

#[test]
fn windows_answers_pings_where_it_shares_files() {
    let mut bench = Bench::of("windows", "windows10", "", |persona| persona.firewall = true);
    let ping = packet::ipv4(&header(PEER, NODE, ICMP), vec![8, 0, 0, 0, 0, 1, 0, 1]);
    assert_eq!(answer(&mut bench, &ping), "silence");
    let mut gate_node = bench.gate.nodes.remove(&NODE).unwrap();
    gate_node.open(
        &[],
        &[netsvc_persona::stage::PortSpec {
            slug: "smb".into(),
            transport: netsvc_persona::stage::Transport::Tcp,
            port: 445,
            tls: false,
        }],
    );
    bench.gate.nodes.insert(NODE, gate_node);
    assert_eq!(answer(&mut bench, &ping), "echo");
}

#[test]
fn refusals_come_no_faster_than_the_systems_icmp_errors() {
    let mut bench = Bench::of("linux", "rocky9", "5.14.0", |persona| persona.firewall = true);
    let refused: usize = (100..200).map(|port| bench.peer(&segment(PEER, 5000, NODE, port, SYN)).len()).sum();
    assert_eq!(refused, 6, "a burst, then one a second");
    bench.now += 1_000_000;
    assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 99, SYN)).len(), 1);
}

#[test]
fn freebsd_gives_two_hundred_resets_a_second_and_linux_as_many_as_are_asked_for() {
    for (family, id, kernel, expected) in [
        ("bsd", "freebsd13", "", 200),
        ("linux", "debian12", "6.1.0", 1000),
        ("windows", "windows10", "", 1000),
    ] {
        let mut bench = Bench::of(family, id, kernel, |_| ());
        let resets: usize =
            (1000..2000).map(|port| bench.peer(&segment(PEER, 5000, NODE, port, SYN)).len()).sum();
        assert_eq!(resets, expected, "{id}");
        bench.now += 1_000_000;
        assert_eq!(bench.peer(&segment(PEER, 5000, NODE, 99, SYN)).len(), 1);
    }
}

#[test]
fn what_a_firewall_drops_is_told_all_the_same() {
    let mut bench = Bench::of("windows", "windows10", "", |persona| persona.firewall = true);
    bench.peer(&segment(PEER, 5000, NODE, 81, SYN));
    bench.peer(&segment(PEER, 5000, NODE, 22, FIN));
    bench.peer(&datagram(NODE, 53, b"who"));
    assert_eq!(bench.told_briefly(), ["port_scan syn 81 x1", "port_scan fin 22 x1", "udp_probe udp 53 x1"]);
}
