//! Deckies that those find who look for devices, and the servers that deckies ask.

use crate::{fleet::have, native::Lab};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const FLEET: &str = "[general]\nseed = found\ndomain = corp.example\ndns = 10.9.0.53\n\
    [disks]\nip = 10.66.0.30\nservices = http\ndistro = synology\nhostname = nas-01\n\
    [eye]\nip = 10.66.0.31\nservices = http\ndistro = ip_camera\n\
    [paper]\nip = 10.66.0.32\nservices = http\ndistro = hp_printer\nhostname = HP3C4D5E\n\
    [desk]\nip = 10.66.0.33\nservices = http\ndistro = windows10\nhostname = DESKTOP-4F7Q2KL\n\
    [shut]\nip = 10.66.0.34\nservices = http\ndistro = windows11\nhostname = DESKTOP-9K1M3ZX\nfirewall = on\n";

/// A program in the router's network, as long as it is not dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn in_router(lab: &Lab, words: &[&str]) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", lab.namespace("router"))).args(words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs `look` until what it returns has all of `wanted`.
fn until(wanted: &[&str], look: impl Fn() -> String) {
    let deadline = Instant::now() + Duration::from_secs(100);
    loop {
        let text = look();
        let missing: Vec<_> = wanted.iter().filter(|part| !text.contains(**part)).collect();
        if missing.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{missing:?} is missing in {text}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn devices_are_found_and_their_descriptions_are_where_they_say() {
    if !have("nmap", "nmap") || !have("curl", "curl") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let file = lab.file("found.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    // Their links come up within 25 seconds.
    until(&["10.66.0.30", "10.66.0.32"], || {
        lab.attacker(&["nmap", "-e", "eth0", "--script", "broadcast-dns-service-discovery"])
    });
    for (address, place, words) in [
        ("10.66.0.30", "http://10.66.0.30:80/ssdp/desc-DSM-eth0.xml", "<friendlyName>nas-01 (DS"),
        ("10.66.0.31", "http://10.66.0.31:80/upnpdevicedesc.xml", "<modelDescription>Network Camera<"),
    ] {
        let ask = ["nmap", "-n", "-sU", "-p", "1900", "--script", "upnp-info", address];
        until(&[place], || lab.attacker(&ask));
        let description = lab.attacker(&["curl", "-s", "--max-time", "20", place]);
        assert!(description.contains(words), "{description}");
    }
    let names = |address| lab.attacker(&["nmap", "-n", "-sU", "-p", "137", "--script", "nbstat", address]);
    until(&["NetBIOS name: DESKTOP-4F7Q2KL"], || names("10.66.0.33"));
    assert!(!names("10.66.0.34").contains("NetBIOS name"), "a packet filter lets the question in");
    let found = lab.attacker(&["nmap", "-e", "eth0", "--script", "broadcast-wsdd-discover"]);
    assert!(found.contains("pub:Computer") || found.contains("NetworkVideoTransmitter"), "{found}");
}

#[test]
fn servers_outside_of_the_segment_are_asked_by_the_router() {
    if !have("dnsmasq", "dnsmasq-base") || !have("nsenter", "util-linux") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let log = lab.file("names.log", "");
    for words in
        [&["ip", "link", "set", "lo", "up"][..], &["ip", "address", "add", "10.9.0.53/32", "dev", "lo"]]
    {
        assert!(in_router(&lab, words).status().unwrap().success(), "{words:?}");
    }
    let facility = format!("--log-facility={log}");
    let words = [
        "dnsmasq",
        "-k",
        "-C",
        "/dev/null",
        "-u",
        "root",
        "-x",
        "",
        "--listen-address=10.9.0.53",
        "--bind-interfaces",
        "--no-resolv",
        "--no-hosts",
        "--address=/#/192.0.2.80",
        "--log-queries",
        &facility,
    ];
    let _server = Server(in_router(&lab, &words).spawn().unwrap());
    let file = lab.file("asked.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    until(&["from 10.66.0.33", "is 192.0.2.80"], read);
    // Windows asks once, because it is answered; and nobody's answer is an attack.
    let first = |text: &str| text.lines().filter(|line| line.contains("from 10.66.0.33")).count();
    assert_eq!(first(&read()), 1);
    assert_eq!(lab.json(&["attackers", "--json"]).as_array().map(Vec::len), Some(0));
}
