//! Captures of real programs, read as reference tools read them.
//!
//! `captures/*.pcap` were made with tcpdump between two network namespaces: curl, OpenSSL, Python and nmap against
//! OpenSSL's server; OpenSSH and Dropbear on both sides. `captures/expected.tsv` holds what others say of them: `ja3`,
//! `ja3s`, `hassh`, `hassh_server`, names asked for and names of certificates are fields of tshark 4.0.17; `tcp` is
//! `raw_sig` of p0f 3.09b with the distance added to the time to live; `ja4` was computed of tshark's fields by FoxIO's
//! description, because this tshark has none.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod spoofs;

use decnet_sensors::{Finding, Sensor, capture::Capture};
use netsvc_wire::{Kind, field};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

type Table = BTreeMap<(String, String), BTreeSet<String>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/captures")
}

fn expected() -> Table {
    let mut table = Table::new();
    for line in fs::read_to_string(folder().join("expected.tsv")).unwrap().lines() {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        let (name, kind, value) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        table.entry((name, kind)).or_default().insert(value);
    }
    table
}

fn findings(path: &Path) -> Vec<Finding> {
    let mut capture = Capture::open(fs::File::open(path).unwrap()).unwrap();
    let (mut sensor, mut found) = (Sensor::new(1), Vec::new());
    while let Some(frame) = capture.next_frame().unwrap() {
        sensor.take(frame.at, frame.link, frame.bytes, &mut found);
    }
    sensor.finish(&mut found);
    found
}

/// A signature as the table has it: the time to live that it began with.
fn begun(signature: &str) -> String {
    let mut parts = signature.splitn(3, ':');
    let (version, ttl, rest) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let (ttl, distance) = ttl.split_once('+').unwrap();
    let first = ttl.parse::<u16>().unwrap() + distance.parse::<u16>().unwrap_or_default();
    format!("{version}:{first}:{rest}")
}

#[test]
fn what_is_found_is_what_reference_tools_say() {
    let mut table = Table::new();
    let mut captures = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "pcap") {
            continue;
        }
        captures += 1;
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut add = |kind: &str, value: Option<String>| {
            if let Some(value) = value {
                table.entry((name.clone(), kind.to_owned())).or_default().insert(value);
            }
        };
        for finding in findings(&path) {
            let event = finding.event("web-01", "sniffer").unwrap();
            let misfits = event.fields.iter().filter_map(|(name, value)| event.kind.misfit(name, value));
            assert_eq!(misfits.collect::<Vec<_>>(), Vec::<String>::new());
            let text = |name: &str| finding.text(name).map(str::to_owned);
            add("ja3", text(field::JA3));
            add("ja3s", text(field::JA3S));
            add("ja4", text(field::JA4));
            add("hassh", text(field::HASSH));
            add("hassh_server", text(field::HASSH_SERVER));
            add("tcp", text(field::SIGNATURE).map(|signature| begun(&signature)));
            add("dns", text(field::QUERY_NAME));
            if finding.kind == Kind::CertificateSeen {
                let names = text(field::NAMES).unwrap_or_default();
                add("certificate_name", names.split(',').next().map(str::to_owned));
            }
        }
    }
    assert_eq!(captures, 9);
    assert_eq!(table, expected());
}

#[test]
fn what_else_is_known_of_captures() {
    let nmap = findings(&folder().join("nmap.pcap"));
    assert!(nmap.iter().any(|finding| finding.text(field::TOOL) == Some("nmap")), "{nmap:?}");
    let ssh = findings(&folder().join("ssh.pcap"));
    let one = |kind: Kind, name: &str| {
        ssh.iter()
            .filter(|finding| finding.kind == kind)
            .find_map(|finding| finding.text(name))
            .map(str::to_owned)
    };
    assert_eq!(one(Kind::TcpFingerprint, field::OS_GUESS).as_deref(), Some("Linux 4.19 or newer"));
    assert!(one(Kind::SshFingerprint, field::CLIENT_VERSION).unwrap().starts_with("SSH-2.0-OpenSSH_"));
    assert_eq!(one(Kind::TcpFingerprint, field::MTU).as_deref(), Some("1500"));
    assert_eq!(one(Kind::Flow, field::RETRANSMITS).as_deref(), Some("0"));
    let tls = findings(&folder().join("openssl12.pcap"));
    let certificate = tls.iter().find(|finding| finding.kind == Kind::CertificateSeen).unwrap();
    assert_eq!(certificate.text(field::SUBJECT_NAME), Some("O=Example, CN=www.example"));
    assert_eq!(certificate.text(field::SELF_SIGNED), Some("yes"));
}
