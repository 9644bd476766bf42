//! Ten broken personas, each found by its tell; whole ones pass.

use super::*;
use decnet_model::persona::derive::{Request, derive};
use netsvc_persona::LoginPolicy;

const NOW: i64 = 1_764_000_000_000_000;

pub(super) fn fleet() -> Vec<Persona> {
    let services = ["ssh", "http"].map(str::to_owned);
    let systems = ["debian12", "ubuntu2204", "windows_server_2019", "rocky9"];
    let make = |(index, system): (u8, &&str)| {
        let node = format!("node-{index}");
        let services = if system.starts_with("windows") { &services[1..] } else { &services };
        let request = Request {
            gateway: Some([10, 66, 0, 1].into()),
            login: LoginPolicy::AcceptListed,
            ..Request::plain(&[7; 32], &node, system, services, ([10, 66, 0, 10 + index].into(), 24), NOW)
        };
        derive(&request).unwrap()
    };
    (0..).zip(&systems).map(make).collect()
}

/// Tells of `node-0` after `harm` was done to the fleet.
fn tells(harm: impl Fn(&mut [Persona])) -> Vec<&'static str> {
    let mut fleet = fleet();
    harm(&mut fleet);
    let found = personas(&fleet, &BTreeMap::new());
    found.iter().filter(|finding| finding.decky == "node-0").map(|finding| finding.tell).collect()
}

#[test]
fn whole_personas_pass() {
    let fleet = fleet();
    let found = personas(&fleet, &BTreeMap::new());
    assert!(found.is_empty(), "{found:#?}");
    let names: Vec<String> = fleet.iter().map(|persona| persona.node.clone()).collect();
    assert!(standings(&names, &found).iter().all(|standing| standing.score == 100));
}

#[test]
fn ten_broken_personas_are_found() {
    type Harm = fn(&mut [Persona]);
    let broken: [(&str, &str, Harm); 10] = [
        ("a wrong time to live", "OS-03", |fleet| fleet[0].os.ttl = 128),
        ("a shared host key", "FL-01", |fleet| fleet[0].ssh_keys = fleet[1].ssh_keys.clone()),
        ("an address of Docker's", "FL-05", |fleet| fleet[0].mac = "02:42:ac:11:00:02".into()),
        ("a contradicting banner", "SSH-10", |fleet| {
            let product = fleet[0].products.get_mut("ssh").unwrap();
            product.packaging = "Ubuntu-3ubuntu0.6".into();
        }),
        ("a shared certificate", "FL-01", |fleet| fleet[0].certificate = fleet[1].certificate.clone()),
        ("a shared address", "FL-05", |fleet| fleet[0].mac = fleet[1].mac.clone()),
        ("a kernel of another system", "SSH-10", |fleet| fleet[0].os.kernel = "5.14.0-362".into()),
        ("a shared host name", "FL-14", |fleet| fleet[0].hostname = fleet[1].hostname.clone()),
        ("a clock far off", "FL-11", |fleet| fleet[0].clock_offset_ms = 3_600_000),
        ("a birth in common", "FL-12", |fleet| fleet[0].booted_at = fleet[1].booted_at),
    ];
    for (what, tell, harm) in broken {
        let found = tells(harm);
        assert!(found.contains(&tell), "{what}: {found:?}");
    }
}

#[test]
fn a_decisive_tell_fails_a_decky_and_leaves_the_others_alone() {
    let mut fleet = fleet();
    fleet[0].os.ttl = 255;
    let found = personas(&fleet, &BTreeMap::from([("node-1".to_owned(), 30)]));
    let names: Vec<String> = fleet.iter().map(|persona| persona.node.clone()).collect();
    let scores: Vec<(String, u32)> =
        standings(&names, &found).into_iter().map(|standing| (standing.decky, standing.score)).collect();
    let expected = [("node-0", 60), ("node-1", 88), ("node-2", 100), ("node-3", 100)];
    assert_eq!(scores, expected.map(|(name, score)| (name.to_owned(), score)));
}

#[test]
fn a_scanner_that_names_another_system_is_decisive() {
    let persona = &fleet()[2];
    let seen = |names: &[&str]| Scanned { exact: names.iter().map(ToString::to_string).collect() };
    assert_eq!(recognised(persona, &seen(&["Microsoft Windows Server 2016"])), None);
    assert_eq!(recognised(persona, &seen(&["Linux 4.15"])).unwrap().strength, Strength::Decisive);
    assert_eq!(recognised(persona, &seen(&[])).unwrap().strength, Strength::AddsUp);
}
