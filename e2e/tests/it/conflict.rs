//! Another host of the segment has a decky's address, or only says so.

use crate::{fleet::have, native::Lab, until};
use serde_json::Value;
use std::time::Duration;

const FLEET: &str = "[general]\nseed = conflict\ndomain = corp.example\n\
    [one]\nip = 10.66.0.50\nservices = http\ndistro = debian12\n\
    [two]\nip = 10.66.0.51\nservices = http\ndistro = debian12\n";

/// Announces an address by ARP, once a second.
const ANNOUNCE: &str = r#"
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0x0806))
mac, ip = s.getsockname()[4], socket.inet_aton(sys.argv[1])
frame = b"\xff" * 6 + mac + bytes.fromhex("0806" "0001080006040001") + mac + ip + bytes(6) + ip
for _ in range(int(sys.argv[2])):
    s.send(frame.ljust(60, b"\0"))
    time.sleep(1)
"#;

fn row(lab: &Lab, decky: &str) -> Value {
    let status: Value = serde_json::from_str(&lab.run(&["status", "--json"])).unwrap();
    let rows = status["deckies"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["name"] == decky).unwrap()
}

fn is_served(lab: &Lab, ip: &str) -> bool {
    let script = format!("curl -s -o /dev/null -m 4 -w '%{{http_code}}' http://{ip}/; true");
    lab.attacker(&["sh", "-c", &script]).trim() != "000"
}

#[test]
fn a_decky_goes_when_a_host_has_its_address_and_not_when_one_says_so() {
    if !have("curl", "curl") || !have("python3", "python3") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let file = lab.file("conflict.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    for ip in ["10.66.0.50", "10.66.0.51"] {
        until("an answer", Duration::from_secs(30), || is_served(&lab, ip).then_some(()));
    }
    let announce = lab.file("announce.py", ANNOUNCE);
    // Not by sysfs, which shows the cards of the namespace that mounted it.
    let link: Value = serde_json::from_str(&lab.attacker(&["ip", "-json", "link", "show", "eth0"])).unwrap();
    let card = link[0]["address"].as_str().unwrap();
    let event = |decky: &str, outcome: &str| {
        lab.wait_for(outcome, Duration::from_secs(60), |event| {
            event["kind"] == "address_conflict"
                && event["decky"] == decky
                && event["fields"]["outcome"] == outcome
        })
    };

    // He says so and does not answer for it.
    lab.attacker(&["python3", &announce, "10.66.0.50", "13"]);
    for outcome in ["defended", "kept"] {
        assert_eq!(event("one", outcome)["fields"]["src_mac"], card);
    }
    let spoofer =
        lab.wait_for("spoofer", Duration::from_secs(30), |event| event["kind"] == "spoofer_detected");
    let fields = &spoofer["fields"];
    assert_eq!(
        (&fields["technique"], &fields["targets"]),
        (&Value::from("arp_spoofing"), &Value::from("10.66.0.50"))
    );
    assert!(fields["src_ip"].as_str().is_some_and(|ip| ip.starts_with("10.66.")), "{spoofer}");
    assert!(is_served(&lab, "10.66.0.50"));

    // He has it.
    lab.attacker(&["ip", "addr", "add", "10.66.0.51/21", "dev", "eth0"]);
    lab.attacker(&["python3", &announce, "10.66.0.51", "13"]);
    assert_eq!(event("two", "withdrawn")["fields"]["src_mac"], card);
    let degraded = until("a degraded decky", Duration::from_secs(20), || {
        Some(row(&lab, "two")).filter(|row| row["state"] == "degraded")
    });
    assert!(degraded["reason"].as_str().unwrap().contains(card), "{degraded}");
    assert_eq!(row(&lab, "one")["state"], "running");
}
