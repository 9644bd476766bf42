//! Hostile frames in a lab: a flood of handshakes from everywhere, and frames that nobody honest sends. The
//! others answer as before, the gate stays small, and only frames of the deckies leave their segment.

use crate::{fleet::printed, native::Lab};
use nix::{
    ifaddrs::getifaddrs,
    libc,
    sys::socket::{
        AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvfrom, sendto, socket,
    },
};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    os::fd::AsRawFd,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What this program is to do when it is started once more, inside the lab.
const ROLE: &str = "HOSTILE_ROLE";
/// How long the flood lasts.
const FLOOD: Duration = Duration::from_secs(4);
/// Most memory that the gate may have, KiB.
const GATE: u64 = 48 * 1024;

/// Lives in the lab only: floods one decky, or counts who sends into the segment.
#[test]
fn inside_the_lab() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let words: Vec<&str> = role.split(' ').collect();
    match words.as_slice() {
        ["flood", mac, address] => flood(mac, address.parse().unwrap()),
        ["watch"] => watch(),
        _ => unreachable!("{role}"),
    }
}

fn link() -> LinkAddr {
    let mut links = getifaddrs().unwrap().filter(|entry| entry.interface_name == "eth0");
    links.find_map(|entry| entry.address?.as_link_addr().copied()).unwrap()
}

fn sum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!u16::try_from(sum).unwrap()).to_be_bytes()
}

/// A SYN to port 6379.
fn syn(from: [u8; 4], port: u16, to: [u8; 4]) -> Vec<u8> {
    let [high, low] = port.to_be_bytes();
    let mut tcp = vec![high, low, 0x18, 0xeb, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0];
    let checked = sum(&[from.as_slice(), &to, &[0, 6, 0, 20], &tcp].concat());
    tcp[16..18].copy_from_slice(&checked);
    let mut packet = [&[0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0][..], &from, &to, &tcp].concat();
    let checked = sum(&packet[..20]);
    packet[10..12].copy_from_slice(&checked);
    packet
}

fn flood(mac: &str, target: Ipv4Addr) {
    let mac: Vec<u8> = mac.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let link = link();
    let own = link.addr().unwrap();
    let raw = socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), None).unwrap();
    let to = target.octets();
    let mut frames: Vec<Vec<u8>> = Vec::new();
    for number in 0..20_000_u32 {
        let [_, a, b, c] = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let from =
            if number % 2 == 0 { [172, 16 | (a & 15), b, c] } else { [10, 66, b & 7, c.clamp(1, 254)] };
        let mut packet = syn(from, 1024 | u16::from_be_bytes([a, b]), to);
        match number % 40 {
            // A bad checksum, a piece that stays alone, a source route, bytes without sense.
            0 => packet[30] ^= 0x55,
            1 => packet[6] = 0x20,
            2 => packet[0] = 0x46,
            3 => packet[1..].fill(a),
            _ => {}
        }
        if number % 40 == 1 {
            packet[10..12].fill(0);
            let checked = sum(&packet[..20]);
            packet[10..12].copy_from_slice(&checked);
        }
        let kind: &[u8] = if number % 50 == 7 { &[8, 6] } else { &[8, 0] };
        frames.push([mac.as_slice(), &own, kind, &packet, &[0; 6]].concat());
    }
    let begun = Instant::now();
    let mut sent = 0_u64;
    while begun.elapsed() < FLOOD {
        for frame in &frames {
            sent += u64::from(sendto(raw.as_raw_fd(), frame, &link, MsgFlags::empty()).is_ok());
        }
    }
    println!("SENT {sent}");
}

/// Counts frames that leave the segment's host, by sender, until the parent is tired of it.
fn watch() {
    let every = SockProtocol::EthAll;
    let raw = socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), every).unwrap();
    let mut buffer = vec![0; 70_000];
    let mut senders: BTreeMap<String, u64> = BTreeMap::new();
    let begun = Instant::now();
    while begun.elapsed() < FLOOD + Duration::from_secs(4) {
        let Ok((length, from)) = recvfrom::<LinkAddr>(raw.as_raw_fd(), &mut buffer) else { continue };
        if length >= 42 && from.is_some_and(|from| from.pkttype() == libc::PACKET_OUTGOING) {
            let hex = |range: std::ops::Range<usize>| {
                buffer[range].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
            };
            // The address that it says it has: in IPv4 at 26, in ARP at 28.
            let at = if buffer[12..14] == [8, 0] { 26 } else { 28 };
            let address = buffer[at..at + 4].iter().map(u8::to_string).collect::<Vec<_>>().join(".");
            *senders.entry(format!("{} {} {address}", hex(6..12), hex(12..14))).or_default() += 1;
        }
    }
    for (sender, count) in senders {
        println!("SENDER {sender} {count}");
    }
}

/// Lines of a role's output that begin with `word`, without it.
fn lines(output: &str, word: &str) -> Vec<String> {
    let start = format!("{word} ");
    output.lines().filter_map(|line| line.split_once(&start).map(|(_, rest)| rest.to_owned())).collect()
}

fn pss(pid: u64) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_flood_at_one_decky_leaves_the_others_and_the_segment_alone() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: the segment can be watched by root only");
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let words = ["deploy", "--lab", "--seed", "e2e", "--login", "deny", "-n", "3", "--services", "redis"];
    lab.run(&words);
    let personas = lab.json(&["persona", "list", "--json"]);
    let place = |index: usize| {
        let text = |key: &str| personas[index][key].as_str().unwrap().to_owned();
        (text("mac"), text("ip"))
    };
    let places: Vec<_> = (0..3).map(place).collect();
    let status = lab.json(&["status", "--json"]);
    let gate = status["runtime"]["gate"].as_u64().unwrap();
    let own = std::env::current_exe().unwrap().display().to_string();
    let role = |role: &str| [own.clone(), "--exact".into(), format!("hostile::{role}"), "--nocapture".into()];
    let segment = lab.namespace("segment");
    let watcher = Command::new("nsenter")
        .arg(format!("--net={segment}"))
        .args(role("inside_the_lab"))
        .env(ROLE, "watch")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let attacker = lab.namespace("attacker");
    let flooder = Command::new("nsenter")
        .arg(format!("--net={attacker}"))
        .args(role("inside_the_lab"))
        .env(ROLE, format!("flood {} {}", places[0].0, places[0].1))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(1));
    for (_, ip) in &places[1..] {
        let ping = format!("exec 3<>/dev/tcp/{ip}/6379; echo PING >&3; head -c 5 <&3");
        let answer = lab.attacker(&["timeout", "10", "bash", "-c", &ping]);
        assert!(answer.starts_with(['+', '-']), "{answer}");
    }
    let small = pss(gate);
    let flooded = flooder.wait_with_output().unwrap();
    let sent: u64 = lines(&printed(&flooded), "SENT").concat().trim().parse().unwrap();
    assert!(sent > 50_000, "{sent}");
    assert!(small < GATE && pss(gate) < GATE, "{small} and {} KiB", pss(gate));
    let watched = watcher.wait_with_output().unwrap();
    let senders = lines(&printed(&watched), "SENDER");
    assert!(!senders.is_empty());
    for sender in senders {
        let words: Vec<&str> = sender.split(' ').collect();
        let known = places.iter().any(|(mac, ip)| *mac == words[0] && *ip == words[2]);
        assert!(known && matches!(words[1], "08:00" | "08:06"), "{sender}");
    }
    let after = lab.json(&["status", "--json"]);
    assert_eq!(after["runtime"]["gate"].as_u64(), Some(gate), "the gate was restarted");
}
