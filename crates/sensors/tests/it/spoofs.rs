//! Hosts that say that they are where they are not, as they were recorded.
//!
//! `spoofs/*.pcap` were made with tcpdump on a bridge between network namespaces: Linux hosts that ping each other, a
//! router, arping (`-U -S`) in the name of the router and of a host, two servers of dnsmasq for DHCP, and two for
//! advertisements of routers. `quiet.pcap` is the same segment without any of it.

use super::findings;
use decnet_sensors::{Finding, sniffer::Nodes};
use netsvc_wire::{Kind, field};
use std::{
    collections::BTreeMap,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name)
}

fn spoofers(path: &Path) -> Vec<Finding> {
    findings(path).into_iter().filter(|finding| finding.kind == Kind::SpooferDetected).collect()
}

/// Who, technique, card, who it was before, what it is about.
fn told(finding: &Finding) -> [String; 5] {
    let text = |name: &str| finding.text(name).unwrap_or_default().to_owned();
    let [technique, mac, before, targets] =
        [field::TECHNIQUE, field::SRC_MAC, field::BEFORE, field::TARGETS].map(text);
    [finding.about.0.to_string(), technique, mac, before, targets]
}

#[test]
fn each_spoofer_is_told_of_once_and_nobody_else() {
    const EVIL: &str = "08:00:27:00:00:66";
    const GATEWAY: &str = "00:1b:21:00:00:01";
    let expected: BTreeMap<&str, [&str; 5]> = BTreeMap::from([
        ("gateway", ["10.9.0.66", "gateway_spoofing", EVIL, GATEWAY, "10.9.0.1"]),
        ("address", ["10.9.0.66", "arp_spoofing", EVIL, "52:54:00:00:00:21", "10.9.0.21"]),
        ("dhcp", ["10.9.0.66", "dhcp_spoofing", EVIL, "10.9.0.1 00:1b:21:00:00:01", "10.9.0.201"]),
        (
            "routers",
            [
                "fe80::a00:27ff:fe00:66",
                "rogue_router",
                EVIL,
                "fe80::21b:21ff:fe00:1 00:1b:21:00:00:01",
                "2001:db8:bad::/64",
            ],
        ),
    ]);
    for entry in fs::read_dir(folder("spoofs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let found: Vec<_> = spoofers(&path).iter().map(told).collect();
        let wanted: Vec<_> =
            expected.get(name.as_str()).into_iter().map(|one| one.map(str::to_owned)).collect();
        assert_eq!(found, wanted, "{name}");
    }
    for entry in fs::read_dir(folder("captures")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "pcap") {
            assert_eq!(spoofers(&path), [], "{}", path.display());
        }
    }
}

#[test]
fn what_a_second_server_gives_away_is_evidence() {
    let found = spoofers(&folder("spoofs").join("dhcp.pcap"));
    assert_eq!(found[0].text(field::VALUE), Some("router 10.9.0.66, dns 10.9.0.66"));
}

#[test]
fn what_is_said_to_everybody_is_told_by_one_decky_and_of_our_own_addresses_by_the_gate() {
    let address = |last: u8| IpAddr::from([10, 9, 0, last]);
    let node = |deckies: &[(&str, u8)], capture: &str| {
        let nodes = Nodes::of(deckies.iter().map(|(name, last)| ((*name).to_owned(), address(*last))));
        let found = spoofers(&folder("spoofs").join(capture));
        nodes.event(&found[0]).map(|event| event.node.as_str().to_owned())
    };
    let two = [("web-02", 31), ("web-01", 30)];
    for capture in ["gateway.pcap", "address.pcap", "dhcp.pcap", "routers.pcap"] {
        assert_eq!(node(&two, capture).as_deref(), Some("web-01"), "{capture}");
        assert_eq!(node(&[], capture), None);
    }
    assert_eq!(node(&[("web-01", 21)], "address.pcap"), None, "the gate looks into that");
    assert_eq!(node(&[("web-01", 66)], "dhcp.pcap"), None);
}
