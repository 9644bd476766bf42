//! Peers that are kept waiting, with real clients: they are, others are served at once, and the switch works while the
//! decky runs.

use crate::{fleet::have, native::Lab, until};
use serde_json::Value;
use std::time::Duration;

const FLEET: &str = "[general]\nseed = tarpit\ndomain = corp.example\n\
    [held]\nip = 10.66.0.40\nservices = http\ndistro = debian12\ntarpit_sources = 10.66.7.200\n\
    [slow]\nip = 10.66.0.41\nservices = ssh\ndistro = debian12\ntarpit = yes\ntarpit_services = ssh\n\
    [plain]\nip = 10.66.0.42\nservices = http\ndistro = debian12\n";

/// What a service says within some seconds.
const LISTEN: &str = r#"
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
end, heard = time.time() + int(sys.argv[3]), b""
while time.time() < end:
    s.settimeout(max(end - time.time(), 0.01))
    try:
        heard += s.recv(4096)
    except socket.timeout:
        break
print(heard.decode())
"#;

/// Seconds until connected, seconds in all, status.
fn fetched(lab: &Lab, from: &str, url: &str) -> (f64, f64, String) {
    let form = "%{time_connect} %{time_total} %{http_code}";
    let script = format!("curl -s -o /dev/null -m 8 {from} -w '{form}' {url}; true");
    let text = lab.attacker(&["sh", "-c", &script]);
    let mut parts = text.split_whitespace();
    let mut number = || parts.next().unwrap().parse::<f64>().unwrap();
    let (connected, total) = (number(), number());
    (connected, total, parts.next().unwrap().to_owned())
}

fn tarpit_of(lab: &Lab, decky: &str) -> Value {
    let status: Value = serde_json::from_str(&lab.run(&["status", "--json"])).unwrap();
    let row = status["deckies"].as_array().unwrap().iter().find(|row| row["name"] == decky).cloned();
    row.unwrap()["tarpit"].clone()
}

#[test]
fn who_is_meant_is_kept_waiting_and_nobody_else() {
    if !have("curl", "curl") || !have("python3", "python3") {
        return;
    }
    let Some(lab) = Lab::up() else { return };
    let file = lab.file("tarpit.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    lab.attacker(&["ip", "addr", "add", "10.66.7.200/21", "dev", "eth0"]);
    let wanted = ["held", "slow", "plain"].map(|decky| tarpit_of(&lab, decky));
    assert_eq!(wanted, ["10.66.7.200", "all; slow: ssh", "off"]);

    let served = |url: &str| {
        until("an answer", Duration::from_secs(30), || {
            let (_, total, status) = fetched(&lab, "", url);
            (status != "000" && total < 3.0).then_some(())
        });
    };
    served("http://10.66.0.40/");
    let (connected, total, status) = fetched(&lab, "--interface 10.66.7.200", "http://10.66.0.40/");
    assert!(connected > 0.0 && connected < 4.0, "accepted: {connected}");
    assert!(total >= 7.9 && status == "000", "held: {total} {status}");
    served("http://10.66.0.40/");
    let held = lab.wait_for("held", Duration::from_secs(30), |event| {
        event["kind"] == "held" && event["fields"]["src_ip"] == "10.66.7.200"
    });
    assert_eq!((&held["decky"], &held["fields"]["ports"]), (&Value::from("held"), &Value::from("80")));
    let number = |name: &str| held["fields"][name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(number("bytes_out") <= number("bytes_in"), "{held}");
    let heard = lab.run(&["events", "--json", "--kind", "connect"]);
    assert!(!heard.contains("10.66.7.200"), "no service hears of it: {heard}");

    let listen = lab.file("listen.py", LISTEN);
    let banner = lab.attacker(&["python3", &listen, "10.66.0.41", "22", "9"]);
    let banner = banner.trim();
    assert!("SSH-2.0-".starts_with(banner) && (2..6).contains(&banner.len()), "{banner:?}");

    served("http://10.66.0.42/");
    lab.run(&["decky", "tarpit", "plain", "on"]);
    assert_eq!(tarpit_of(&lab, "plain"), "all");
    until("a decky that holds", Duration::from_secs(60), || {
        let (connected, total, status) = fetched(&lab, "", "http://10.66.0.42/");
        (connected > 0.0 && total >= 7.9 && status == "000").then_some(())
    });
    lab.run(&["decky", "tarpit", "plain", "default"]);
    served("http://10.66.0.42/");
}
