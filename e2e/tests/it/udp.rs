//! Services over datagrams with their own clients, through the gate: what the client sees and what is
//! stored agree.

use crate::{fleet::have, native::Lab};
use serde_json::Value;
use std::time::Duration;

const FLEET: &str = "[general]\nseed = datagrams\ndomain = corp.example\n\
    [watch]\nip = 10.66.0.40\nservices = snmp,tftp,ntp\ndistro = debian\n\
    [paper]\nip = 10.66.0.41\nservices = snmp\ndistro = hp_printer\n\
    [edge]\nip = 10.66.0.42\nservices = snmp,ntp\ndistro = cisco_ios\nfirewall = on\n";

/// The fleet in a lab, with every tool that is used.
fn lab() -> Option<Lab> {
    let tools =
        [("snmpwalk", "snmp"), ("tftp", "tftp-hpa"), ("ntpdate", "ntpsec-ntpdate"), ("ntpq", "ntpsec")];
    if !tools.iter().all(|(tool, package)| have(tool, package)) {
        return None;
    }
    let lab = Lab::up()?;
    let file = lab.file("datagrams.ini", FLEET);
    lab.run(&["deploy", "--lab", "--config", &file]);
    Some(lab)
}

/// Waits for an event of `kind` in which `field` contains `text`.
fn stored(lab: &Lab, kind: &str, field: &str, text: &str) -> Value {
    lab.wait_for(&format!("{kind} with {field} of {text}"), Duration::from_secs(20), |event| {
        event["kind"] == kind && event["fields"][field].as_str().is_some_and(|value| value.contains(text))
    })
}

#[test]
fn datagram_services_answer_their_clients_through_the_gate() {
    let Some(lab) = lab() else { return };
    let told = lab.run(&["firedrill"]);
    assert!(told.contains("6 of 6 ports answered"), "{told}");

    // Objects agree with what else the node shows.
    let walk = |address: &str, from: &str| {
        lab.attacker(&["snmpbulkwalk", "-On", "-v2c", "-c", "public", address, from])
    };
    let system = walk("10.66.0.40", ".1.3.6.1.2.1.1");
    assert!(system.contains("Linux ") && system.contains(".1.3.6.1.2.1.1.3.0 = Timeticks:"), "{system}");
    let whole = walk("10.66.0.40", ".1.3.6.1");
    assert!(whole.lines().count() > 200 && whole.contains("10.66.0.40"), "{whole}");
    let printer = walk("10.66.0.41", ".1.3.6.1.2.1");
    assert!(printer.contains("JETDIRECT") && printer.contains("Black Cartridge"), "{printer}");
    assert!(walk("10.66.0.42", ".1.3.6.1.2.1.1.1").contains("Cisco IOS Software"));
    let accepted = stored(&lab, "auth_attempt", "secret_printable", "public");
    assert_eq!(accepted["fields"]["secret_kind"], "snmp_community");

    // A digest is kept for a cracker.
    let v3 = ["snmpget", "-v3", "-l", "authNoPriv", "-u", "root", "-a", "SHA", "-A", "summer2024", "-r", "0"];
    lab.command(&[&["lab", "exec", "--"][..], &v3, &["10.66.0.40", ".1.3.6.1.2.1.1.1.0"]].concat());
    stored(&lab, "auth_attempt", "crack_line", "$SNMPv3$0$");
    assert!(lab.run(&["creds", "export", "--format", "hashcat"]).contains("# hashcat -m 25000"));

    // A transfer goes on from a port of its own, both ways.
    let file = lab.file("payload.bin", &"0123456789abcdef".repeat(200));
    let tftp =
        |words: &[&str]| lab.attacker(&[&["tftp", "10.66.0.40", "-m", "binary", "-c"][..], words].concat());
    tftp(&["put", &file, "payload.bin"]);
    let captured = stored(&lab, "file_captured", "path", "payload.bin");
    assert_eq!(captured["fields"]["size"], "3200");
    let back = lab.file("back.bin", "");
    tftp(&["get", "payload.bin", &back]);
    assert_eq!(std::fs::read(&back).unwrap(), std::fs::read(&file).unwrap());
    let config = lab.file("network-confg", "");
    tftp(&["get", "network-confg", &config]);
    assert!(std::fs::read_to_string(&config).unwrap().contains("enable secret 5"));

    let time = lab.attacker(&["ntpdate", "-q", "10.66.0.40"]);
    assert!(time.contains("10.66.0.40"), "{time}");
    let variables = lab.attacker(&["ntpq", "-c", "rv", "10.66.0.42"]);
    assert!(variables.contains("cisco"), "{variables}");
    stored(&lab, "command", "command", "readvar 0");
}
