//! Idle connections, floods and random bytes: bounded memory, no fault, and the other decky answers.

use crate::fleet::Fleet;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// All ports of a decky, as the loopback runtime offsets them.
const PORTS: [u16; 10] = [10021, 10022, 10023, 10025, 10080, 10587, 10990, 13306, 16379, 10465];
/// Longest that the other decky may take to answer in the meantime.
const ANSWER: Duration = Duration::from_secs(2);

fn open(fleet: &Fleet, decky: u8, port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect((fleet.ip(decky), port)).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    stream.set_write_timeout(Some(ANSWER)).ok()?;
    Some(stream)
}

/// The decky that is left alone answers, soon.
fn check_alive(fleet: &Fleet, decky: u8) {
    let begun = Instant::now();
    let mut stream = open(fleet, decky, 16379).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
    assert!(begun.elapsed() < ANSWER, "{:?}", begun.elapsed());
}

/// Resident memory of the service process, MiB.
fn resident(fleet: &Fleet) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", fleet.service_process())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn five_thousand_idle_connections_and_garbage_cost_bounded_memory() {
    raise_limit();
    // A decky takes 1,024 connections, so the idle ones go to five, and the sixth is left alone.
    let fleet = Fleet::deploy_with(78, "deny", 6, &[]);
    let ports: Vec<u16> = PORTS.into_iter().filter(|port| open(&fleet, 0, *port).is_some()).collect();
    assert!(ports.len() >= 7, "{ports:?}");
    check_alive(&fleet, 5);
    let before = resident(&fleet);
    // Each says a little and then nothing, as slow-loris does. From many sources: one has a cap.
    let idle: Vec<TcpStream> = (0..5000).filter_map(|number| idle(&fleet, number, &ports)).collect();
    check_alive(&fleet, 5);
    let during = resident(&fleet);
    for port in &ports {
        flood(&fleet, *port);
    }
    check_alive(&fleet, 5);
    let after = resident(&fleet);
    println!(
        "{} idle connections: {before} MiB before, {during} with them, {after} after floods",
        idle.len()
    );
    assert!(idle.len() > 4000, "{}", idle.len());
    assert!(during - before < 300 && after < before + 400, "{before} {during} {after}");
    assert!(fleet.events("fault").is_empty());
}

/// A connection from one of 250 addresses that begins something.
fn idle(fleet: &Fleet, number: usize, ports: &[u16]) -> Option<TcpStream> {
    let port = ports[number % ports.len()];
    let source = format!("127.0.9.{}", 1 + number % 250);
    let mut stream = connect_from(&source, &fleet.ip(u8::try_from(number % 5).unwrap()), port)?;
    let _ = stream.write_all(b"GET");
    Some(stream)
}

/// A connection to `address` from `source`, both of this host.
fn connect_from(source: &str, address: &str, port: u16) -> Option<TcpStream> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
    use std::os::fd::AsRawFd;
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).ok()?;
    let from: SockaddrIn = format!("{source}:0").parse().unwrap();
    bind(socket.as_raw_fd(), &from).ok()?;
    let to: SockaddrIn = format!("{address}:{port}").parse().unwrap();
    connect(socket.as_raw_fd(), &to).ok()?;
    Some(TcpStream::from(socket))
}

/// Lets this process have as many connections as the host allows it.
fn raise_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
}

/// 100 MB, or as much as is taken before the service hangs up.
fn flood(fleet: &Fleet, port: u16) {
    let piece = [b'A'; 1 << 16];
    let (mut sent, begun) = (0, Instant::now());
    while sent < 100_000_000 && begun.elapsed() < Duration::from_secs(3) {
        let Some(mut stream) = open(fleet, 0, port) else { return };
        while sent < 100_000_000 && stream.write_all(&piece).is_ok() {
            sent += piece.len();
        }
    }
}

#[test]
fn random_bytes_into_every_port_are_no_fault() {
    let fleet = Fleet::deploy(79, "accept-after=1");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..20 {
        for port in PORTS {
            let Some(mut stream) = open(&fleet, 0, port) else { continue };
            let bytes: Vec<u8> = (0..200 + round * 400)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    state.to_be_bytes()[0]
                })
                .collect();
            // Half of the rounds begin as the protocol does.
            let opening: &[u8] = match (round % 2, port) {
                (1, 10022) => b"SSH-2.0-x\r\n",
                (1, 10021) => b"USER root\r\nPASS toor\r\n",
                (1, 10023) => b"root\r\ntoor\r\n",
                (1, 10025 | 10587) => b"EHLO x\r\nMAIL FROM:<a@b>\r\nDATA\r\n",
                (1, 10080) => b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n",
                (1, 16379) => b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$99\r\n",
                (1, 13306) => b"\x55\0\0\x01\x85\xa6\xff\x01\0\0\0\x01\x2d",
                _ => b"",
            };
            let _ = stream.write_all(&[opening, &bytes].concat());
        }
        check_alive(&fleet, 1);
    }
    fleet.wait_for("disconnect", |events| (events.len() > 60).then_some(()));
    assert!(fleet.events("fault").is_empty(), "{:#?}", fleet.events("fault"));
}
