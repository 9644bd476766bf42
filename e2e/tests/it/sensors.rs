//! What packets tell of attackers, packets on demand, and the prober, which touches nobody who was not named.

use crate::{fleet::have, native::Lab};
use serde_json::Value;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

const FLEET: &str = "[general]\nseed = sensors\n\
    [web]\nip = 10.66.0.30\nservices = ssh, https\ndistro = debian12\n";

/// Listens on a port and says who came.
const LISTENER: &str = r#"
import socket, sys
s = socket.create_server(("0.0.0.0", 2525))
s.settimeout(float(sys.argv[1]))
try:
    while True:
        peer, _ = s.accept()
        print("came", flush=True)
        peer.sendall(b"220 mail.example ESMTP\r\n")
        peer.close()
except socket.timeout:
    print("over")
"#;

fn events(lab: &Lab, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    lab.wait_for(kind, Duration::from_secs(60), |event| event["kind"] == kind && wanted(event))
}

#[test]
fn who_attacks_is_told_by_packets_and_nobody_is_asked_who_was_not_named() {
    if !have("curl", "curl") || !have("tcpdump", "tcpdump") || !have("python3", "python3") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let file = lab.file("sensors.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    let own = lab.attacker(&["hostname", "-I"]);
    let own = own.split_whitespace().find(|ip| ip.starts_with("10.66.")).unwrap().to_owned();

    // Packets on demand, while somebody comes.
    let written = lab.file("web.pcap", "");
    let mut capture = lab.background(&["capture", "web", "-w", &written, "--seconds", "20", "--count", "8"]);
    let mut capturing = capture.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(25);
    while capturing.try_wait().unwrap().is_none() {
        lab.attacker(&["bash", "-c", "curl -sk --max-time 5 https://10.66.0.30/ -o /dev/null; true"]);
        assert!(Instant::now() < deadline, "packets come and are not captured");
    }
    let told = lab.attacker(&["tcpdump", "-nr", &written]);
    // What goes to everybody is among them.
    assert_eq!(told.lines().count(), 8, "{told}");
    assert!(told.contains("10.66.0.30.443"), "{told}");
    let read: Value = serde_json::from_str(&lab.run(&["sniffer", "--pcap", &written, "--json"])).unwrap();
    assert!(read.as_array().unwrap().iter().any(|one| one["kind"] == "tcp_fingerprint"), "{read}");

    // What the sniffer has seen meanwhile, under the attacker's address.
    let ours = |event: &Value| event["src_ip"] == own.as_str() && event["decky"] == "web";
    let tcp = events(&lab, "tcp_fingerprint", ours);
    assert_eq!(tcp["service"], "sniffer", "{tcp}");
    assert!(tcp["fields"]["os_guess"].as_str().unwrap().contains("Linux"), "{tcp}");
    let tls = events(&lab, "tls_fingerprint", ours);
    assert!(tls["fields"]["ja4"].as_str().unwrap().starts_with("t13"), "{tls}");
    assert!(lab.run(&["events", "--json", "--src", "10.66.0.30"]).is_empty(), "deckies are no attackers");

    // Nobody is asked unless the settings name him.
    let listener = lab.file("listener.py", LISTENER);
    let mut listening = lab.background(&["lab", "exec", "--", "python3", &listener, "6"]);
    let listening = listening.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let refused = lab.command(&["probe", &own]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("the prober is off"), "{why}");
    let said = listening.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&said.stdout).trim(),
        "over",
        "a host that is not named hears nothing"
    );
    recognised(&lab, &own);
    packets_of_a_session(&lab, &own);
}

/// Waits until the packets of a session are kept, and looks whether tcpdump finds the session in them.
fn packets_of_a_session(lab: &Lab, own: &str) {
    let deadline = Instant::now() + Duration::from_secs(90);
    let (id, written) = loop {
        let listed = lab.run(&["sessions", "list", "--src", own, "--json"]);
        let sessions: Value = serde_json::from_str(&listed).unwrap();
        let ids = sessions.as_array().unwrap().iter().filter_map(|one| one["id"].as_str());
        let kept = ids.map(str::to_owned).find(|id| {
            let shown: Value = serde_json::from_str(&lab.run(&["sessions", "show", id, "--json"])).unwrap();
            shown["packets"].as_array().is_some_and(|list| !list.is_empty())
        });
        if let Some(id) = kept {
            break (id, lab.file("session.pcap", ""));
        }
        assert!(Instant::now() < deadline, "{listed}");
        std::thread::sleep(Duration::from_secs(1));
    };
    lab.run(&["sessions", "pcap", &id, "-w", &written]);
    let told = lab.attacker(&["tcpdump", "-nr", &written]);
    assert!(told.contains(own) && told.contains("10.66.0.30.443"), "{told}");
}

/// Waits until what the attacker can be recognised by is shown with him.
fn recognised(lab: &Lab, own: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let shown = lab.command(&["attackers", "show", own, "--json"]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap_or_default();
        let list = shown["fingerprints"].as_array().cloned().unwrap_or_default();
        let kinds: Vec<&str> = list.iter().filter_map(|one| one["kind"].as_str()).collect();
        if ["tcp", "ja3", "ja4"].iter().all(|kind| kinds.contains(kind)) {
            break;
        }
        assert!(Instant::now() < deadline, "{shown}");
        std::thread::sleep(Duration::from_millis(300));
    }
}
