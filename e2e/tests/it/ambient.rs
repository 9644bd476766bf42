//! What deckies say of their own accord, as a capture on the segment shows it, and a DHCP server that is asked.

use crate::{fleet::have, native::Lab};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const FLEET: &str = "[general]\nseed = life\ndomain = corp.example\n\
    [desk]\nip = 10.66.0.20\nservices = http\ndistro = windows10\nhostname = DESKTOP-4F7Q2KL\n\
    [old]\nip = 10.66.0.21\nservices = http\ndistro = windows_server_2012r2\nhostname = SRV-OLD01\n\
    [paper]\nip = 10.66.0.22\nservices = http\ndistro = hp_printer\n\
    [leased]\nip = 10.66.0.23\nservices = ssh\ndistro = debian12\nhostname = web-01\ndhcp = yes\n\
    [mute]\nip = 10.66.0.24\nservices = ssh\ndistro = ubuntu2204\nambient = no\n";

/// A program on the attackers' host that runs until it is dropped.
struct Running(Child);

impl Running {
    fn start(lab: &Lab, words: &[&str]) -> Self {
        let mut arguments = vec!["lab", "exec", "--"];
        arguments.extend(words);
        let child = lab.background(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Running(child.unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // timeout(1) hands the signal on.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// The capture as tcpdump reads it, once it holds each of `wanted`.
fn heard(lab: &Lab, capture: &str, wanted: &[(&str, &str)]) -> String {
    let deadline = Instant::now() + Duration::from_secs(100);
    loop {
        let output = lab.attacker(&["tcpdump", "-Z", "root", "-n", "-e", "-vv", "-r", capture]);
        // tcpdump begins further lines of a packet with white space.
        let text = output.replace("\n\t", " ").replace("\n    ", " ");
        let has = |(from, words): &&(&str, &str)| {
            text.lines().any(|line| line.contains(from) && line.contains(words))
        };
        let missing: Vec<_> = wanted.iter().filter(|pair| !has(pair)).collect();
        if missing.is_empty() {
            return text;
        }
        assert!(Instant::now() < deadline, "not heard: {missing:?} in {text}");
        std::thread::sleep(Duration::from_secs(2));
    }
}

#[test]
fn deckies_speak_as_their_systems_do_and_ask_for_their_addresses() {
    if !have("tcpdump", "tcpdump") || !have("dnsmasq", "dnsmasq-base") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let capture = lab.file("segment.pcap", "");
    let leases = lab.file("leases", "");
    let _capture = Running::start(&lab, &["tcpdump", "-Z", "root", "-U", "-n", "-i", "eth0", "-w", &capture]);
    let range = "--dhcp-range=10.66.0.23,10.66.0.23,255.255.248.0,2m";
    let leases = format!("--dhcp-leasefile={leases}");
    let words =
        ["dnsmasq", "-k", "-C", "/dev/null", "-p", "0", "-i", "eth0", "-u", "root", range, &leases, "-x", ""];
    let _server = Running::start(&lab, &words);
    let file = lab.file("life.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    let text = heard(
        &lab,
        &capture,
        &[
            // ARP for the gateway, the time, names: each in the form of its system.
            ("Request who-has 10.66.0.1 ", "tell 10.66.0.20"),
            ("10.66.0.20.137 > 10.66.7.255.137", "ttl 128"),
            ("10.66.0.20.5353 > 224.0.0.251.5353", "ttl 1,"),
            ("10.66.0.20.", "> 224.0.0.252.5355"),
            ("10.66.0.20 > 224.0.0.22", "igmp v3 report"),
            ("10.66.0.21.137 > 10.66.7.255.137", "length 68"),
            ("10.66.0.22.5353 > 224.0.0.251.5353", "_http._tcp.local."),
            // What goes to the router alone is not heard here; that it is looked for is.
            ("Request who-has 10.66.0.1 ", "tell 10.66.0.23"),
            ("0.0.0.0.68 > 255.255.255.255.67", "Hostname (12), length 6: \"web-01\""),
            ("10.66.0.21.138 > 10.66.7.255.138", "ttl 128"),
        ],
    );
    assert!(!text.contains("10.66.0.24."), "who is told to be silent speaks");
    assert!(!text.contains("ethertype IPv6"), "there is IPv6");
    // The server leaves its checksums to a device that there is not.
    let ours = |line: &&str| line.contains("ethertype IPv4") && !line.contains("10.66.7.254.67 >");
    for line in text.lines().filter(ours) {
        assert!(!line.contains("bad udp cksum") && !line.contains("bad cksum"), "{line}");
    }
    // The server looks whether the address is free, and finds that it is; a minute later half the lease is over.
    heard(&lab, &capture, &[("10.66.0.23.68 > 10.66.7.254.67", "Client-IP 10.66.0.23")]);
    let events = lab.json(&["events", "--json", "--kind", "lease"]).to_string();
    assert!(events.contains("granted for 120 s"), "{events}");
    assert_eq!(lab.json(&["attackers", "--json"]).as_array().map(Vec::len), Some(0));
}
