//! Broken topologies, each with the code that says how.

use decnet_topology::{
    Edge, Lan, Rule, Topology, Verdict,
    check::{self, Code},
    draw::{self, Wish},
};
use netsvc_persona::stage::ServiceSpec;
use std::collections::BTreeSet;

fn sound() -> Topology {
    let wish = Wish {
        name: "corp".to_owned(),
        depth: 2,
        branching: 2,
        deckies: (2, 2),
        forward: 0.0,
        cross: 0.0,
        services: Vec::new(),
        base: draw::BASE,
        seed: "broken".to_owned(),
    };
    draw::draw(&wish).unwrap()
}

fn lan(name: &str, subnet: &str) -> Lan {
    Lan { name: name.to_owned(), subnet: subnet.to_owned(), dmz: false, x: None, y: None }
}

fn edge(decky: &str, lan: &str, bridge: bool) -> Edge {
    Edge { decky: decky.to_owned(), lan: lan.to_owned(), bridge, forwards: false }
}

fn rule(from: &str, to: &str) -> Rule {
    Rule { from: from.to_owned(), to: to.to_owned(), verdict: Verdict::Deny, ports: Vec::new() }
}

type Injury = (Code, fn(&mut Topology));

/// What is done to a sound topology, and what is found then.
const INJURIES: &[Injury] = &[
    (Code::DmzMissing, |one| one.lans[0].dmz = false),
    (Code::DmzMultiple, |one| one.lans[1].dmz = true),
    (Code::DmzOrphan, |one| one.edges[0].lan = "LAN-01".to_owned()),
    (Code::DeckyOrphan, |one| one.edges.retain(|edge| edge.decky != "decky-003")),
    (Code::DeckyOrphan, |one| one.edges.iter_mut().for_each(|edge| edge.bridge = true)),
    (Code::HomeMultiple, |one| one.edges.push(edge("decky-003", "LAN-02", false))),
    (Code::LanNameDup, |one| one.lans.push(lan("LAN-01", "172.30.0.0/24"))),
    (Code::DeckyNameDup, |one| one.deckies.push(one.deckies[1].clone())),
    (Code::NameMalformed, |one| one.name = "two words".to_owned()),
    (Code::NameMalformed, |one| one.name.clear()),
    (Code::NameMalformed, |one| one.lans.push(lan("a.b", "172.30.0.0/24"))),
    (Code::EdgeUnknown, |one| one.edges.push(edge("decky-999", "LAN-01", true))),
    (Code::EdgeUnknown, |one| one.edges.push(edge("decky-003", "LAN-99", true))),
    (Code::EdgeUnknown, |one| one.edges.push(one.edges[2].clone())),
    (Code::IpUnknownLan, |one| {
        one.deckies[2].ips.insert("LAN-99".to_owned(), "172.16.99.9".to_owned());
    }),
    (Code::IpMissing, |one| one.deckies[2].ips.clear()),
    (Code::IpOutOfSubnet, |one| one.deckies[2].ips.values_mut().for_each(|ip| *ip = "10.9.9.9".to_owned())),
    (Code::IpOutOfSubnet, |one| one.deckies[2].ips.values_mut().for_each(|ip| *ip = "172.16.1.1".to_owned())),
    (Code::IpMalformed, |one| one.deckies[2].ips.values_mut().for_each(|ip| *ip = "172.16.1.300".to_owned())),
    (Code::IpCollision, |one| one.deckies[2].ips = one.deckies[1].ips.clone()),
    (Code::SubnetMalformed, |one| one.lans[1].subnet = "172.16.1.0".to_owned()),
    (Code::SubnetMalformed, |one| one.lans[1].subnet = "203.0.113.0/24".to_owned()),
    (Code::SubnetOverlap, |one| one.lans[1].subnet = "172.16.0.0/16".to_owned()),
    (Code::UnknownService, |one| one.deckies[2].services[0].slug = "teleport".to_owned()),
    (Code::ServiceCfgUndeclared, |one| {
        let services = &mut one.deckies[1].services;
        services[0].settings.insert("colour".to_owned(), "red".to_owned());
    }),
    (Code::ServiceCfgMalformed, |one| {
        let ssh = one.deckies[0].services.iter_mut().find(|spec| spec.slug == "ssh").unwrap();
        ssh.settings.insert("user".to_owned(), "a:0:0\n".to_owned());
    }),
    (Code::UnknownSystem, |one| one.deckies[2].system = "templeos".to_owned()),
    (Code::ServiceUnfit, |one| {
        let smb = ServiceSpec { slug: "winrm".to_owned(), settings: Default::default() };
        one.deckies[1].services.push(smb);
    }),
    (Code::GatewayNotInDmz, |one| one.deckies[2].front = true),
    (Code::RuleUnknownLan, |one| one.rules.push(rule("LAN-00", "LAN-99"))),
    (Code::LanUnreachable, |one| {
        let is_bridge = |edge: &Edge| edge.bridge && edge.lan == "LAN-00";
        let gone: Vec<Edge> = one.edges.iter().filter(|edge| is_bridge(edge)).cloned().collect();
        one.edges.retain(|edge| !is_bridge(edge));
        for edge in gone {
            let decky = one.deckies.iter_mut().find(|decky| decky.name == edge.decky).unwrap();
            decky.ips.remove("LAN-00");
        }
    }),
    (Code::LanUnreachable, |one| one.deckies[0].services.retain(|spec| spec.slug != "ssh")),
    (Code::TooLarge, |one| (0..300).for_each(|_| one.lans.push(lan("x", "172.30.0.0/24")))),
    (Code::TooLarge, |one| one.rules = vec![rule("LAN-00", "LAN-01"); check::MOST_RULES + 1]),
    (Code::TooLarge, |one| {
        one.rules = vec![Rule { ports: vec![22; check::MOST_EDGES + 1], ..rule("LAN-00", "LAN-01") }];
    }),
    (Code::PortCollision, |one| {
        let twice = one.deckies[1].services[0].clone();
        one.deckies[1].services.push(twice);
    }),
    (Code::FrontShut, |one| one.deckies[0].front = false),
];

#[test]
fn each_injury_is_found_under_its_code() {
    assert_eq!(check::check(&sound()), []);
    for (number, (code, injure)) in INJURIES.iter().enumerate() {
        let mut topology = sound();
        injure(&mut topology);
        let found = check::check(&topology);
        assert!(found.iter().any(|finding| finding.code == *code), "{number}: {}: {found:?}", code.name());
        assert_eq!(check::is_sound(&found), code.is_warning(), "{number}: {found:?}");
    }
}

#[test]
fn every_code_is_found_in_some_broken_topology() {
    let seen: BTreeSet<Code> = INJURIES.iter().map(|(code, _)| *code).collect();
    let unseen: Vec<&str> =
        Code::ALL.iter().filter(|code| !seen.contains(code)).map(|code| code.name()).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
    assert!(20 <= INJURIES.len());
}
