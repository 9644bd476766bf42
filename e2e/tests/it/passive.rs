//! What p0f makes of ordinary connections of ordinary clients.

use crate::{
    faces::{FAMILIES, MANY},
    native::Lab,
};
use std::{
    collections::BTreeMap,
    process::Stdio,
    time::{Duration, Instant},
};

/// A service, its port, and a client for it.
const CLIENTS: [(&str, u16, &str); 4] = [
    ("http", 80, "curl -s -o /dev/null http://ADDRESS/"),
    (
        "ssh",
        22,
        "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@ADDRESS true",
    ),
    ("ftp", 21, "ftp -n ADDRESS"),
    ("telnet", 23, "curl -s telnet://ADDRESS:23"),
];

/// What p0f may call a system: what it is, if p0f knows it; never something else.
fn may_be(distro: &str, system: &str) -> bool {
    let says = |words: &[&str]| words.iter().any(|word| system.contains(word));
    match distro {
        name if name.starts_with("windows") || name.starts_with("server") => says(&["Windows"]),
        "macos" => says(&["Mac OS X"]),
        name if name.starts_with("freebsd") => says(&["FreeBSD"]),
        // It tells kernels apart, not who builds on them.
        "ip-camera" | "qnap" | "synology" => says(&["Linux"]),
        name if ["centos", "ubuntu", "debian"].iter().any(|own| name.starts_with(own)) => says(&["Linux"]),
        _ => !says(&["Linux", "Windows", "Mac OS X", "FreeBSD"]),
    }
}

/// Systems by address and port, as p0f's log names them.
fn read(log: &str) -> BTreeMap<(String, u16), String> {
    let mut seen = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("mod=syn+ack|")) {
        let field = |name: &str| line.split('|').find_map(|field| field.strip_prefix(name));
        let (Some(server), Some(system)) = (field("srv="), field("os=")) else { continue };
        let (address, port) = server.split_once('/').unwrap();
        seen.insert((address.to_owned(), port.parse().unwrap()), system.to_owned());
    }
    seen
}

/// Lets p0f watch while clients talk to the deckies with many services: each SYN-ACK is that of the claimed
/// system wherever p0f knows it, whatever the client.
pub(crate) fn named(lab: &Lab) {
    let log = lab.file("p0f.log", "");
    let mut watch = lab.background(&["lab", "exec", "--", "timeout", "90", "p0f", "-i", "eth0", "-o", &log]);
    let mut watcher = watch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut wanted, mut script) = (BTreeMap::new(), String::new());
    for (number, (distro, _, services)) in FAMILIES.iter().enumerate() {
        let address = format!("10.66.0.{}", number + MANY);
        let runs = |slug: &str| services.split(", ").any(|other| other == slug);
        for (_, port, client) in CLIENTS.iter().filter(|(slug, ..)| runs(slug)) {
            let client = client.replace("ADDRESS", &address);
            script.push_str(&format!("timeout 5 {client} </dev/null >/dev/null 2>&1 &\n"));
            wanted.insert((address.clone(), *port), *distro);
        }
    }
    script.push_str("wait\n");
    let deadline = Instant::now() + Duration::from_secs(60);
    let seen = loop {
        // What was said before p0f listened is said again.
        lab.attacker(&["bash", "-c", &script]);
        let seen = read(&std::fs::read_to_string(&log).unwrap());
        if wanted.keys().all(|place| seen.contains_key(place)) || Instant::now() > deadline {
            break seen;
        }
    };
    let _ = watcher.kill();
    let _ = watcher.wait();
    let mut known = 0;
    for (place, distro) in &wanted {
        let system =
            seen.get(place).unwrap_or_else(|| unreachable!("p0f saw nothing of {distro} at {place:?}"));
        known += usize::from(system != "???");
        assert!(system == "???" || may_be(distro, system), "p0f takes {distro} at {place:?} for {system}");
    }
    assert!(known >= wanted.len() / 3, "p0f knows {known} of {}: {seen:?}", wanted.len());
}
