//! What is drawn, how it is deployed, written, changed.

use crate::diff;
use decnet_topology::{
    Rule, Topology, Verdict,
    change::{self, Change, ChangeError},
    check,
    draw::{self, DrawError, Wish},
    place, text, ways,
};
use std::{collections::BTreeMap, net::Ipv4Addr};

fn wish(seed: &str, depth: u32, branching: u32) -> Wish {
    Wish {
        name: "corp".to_owned(),
        depth,
        branching,
        deckies: (1, 3),
        forward: 0.0,
        cross: 0.1,
        services: Vec::new(),
        base: draw::BASE,
        seed: seed.to_owned(),
    }
}

fn small() -> Topology {
    draw::draw(&Wish { cross: 0.0, ..wish("small", 2, 1) }).unwrap()
}

#[test]
fn ten_seeds_at_depth_four_and_branching_three_are_sound_and_each_another() {
    let mut seen = Vec::new();
    for seed in 0..10 {
        let topology = draw::draw(&wish(&seed.to_string(), 4, 3)).unwrap();
        assert_eq!(check::check(&topology), [], "seed {seed}");
        assert_eq!(topology, draw::draw(&wish(&seed.to_string(), 4, 3)).unwrap());
        let depths = ways::Map::new(&topology).depths();
        assert_eq!(depths.values().max(), Some(&4), "seed {seed}");
        assert!(!seen.contains(&topology));
        seen.push(topology);
    }
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let refused = |change: fn(&mut Wish)| {
        let mut wish = wish("x", 2, 2);
        change(&mut wish);
        draw::draw(&wish).unwrap_err()
    };
    assert!(matches!(refused(|wish| wish.depth = 17), DrawError::Bounds(..)));
    assert!(matches!(refused(|wish| wish.deckies = (3, 2)), DrawError::Bounds(..)));
    assert!(matches!(refused(|wish| wish.forward = 1.5), DrawError::Bounds(..)));
    assert!(matches!(refused(|wish| wish.name = "a.b".to_owned()), DrawError::Name(_)));
    assert!(matches!(refused(|wish| wish.services = vec!["x".to_owned()]), DrawError::Service(_)));
    assert!(matches!(refused(|wish| (wish.depth, wish.branching) = (16, 8)), DrawError::Large(..)));
}

#[test]
fn only_what_stands_in_front_is_on_the_segment_and_each_step_leads_one_further() {
    let topology = small();
    let fronts = place::fronts(&topology);
    assert_eq!(fronts, ["decky-001"]);
    let outside = Ipv4Addr::new(10, 66, 0, 20);
    let segment = BTreeMap::from([("decky-001".to_owned(), outside)]);
    let deckies = place::deckies(&topology, &segment, (21, None)).unwrap();
    assert_eq!(deckies.len(), topology.deckies.len());
    for decky in &deckies {
        let placed = decky.placed.as_ref().unwrap();
        assert_eq!(placed.place.inner, decky.ip != outside, "{}", decky.name);
        assert_eq!(placed.topology, "corp");
    }
    let of = |name: &str| deckies.iter().find(|decky| decky.name.as_str() == name).unwrap();
    let front = of("corp.decky-001").placed.as_ref().unwrap();
    assert_eq!(front.leads.len(), 1);
    let (bridge, at) = &front.leads[0];
    // It is reached in the DMZ, from the address there of the machine in front.
    let way = front.place.way(*at).unwrap();
    assert_eq!((way.from, way.hops), (Ipv4Addr::new(172, 16, 0, 2), 0));
    let inner = of(bridge).placed.as_ref().unwrap();
    assert!(inner.leads.iter().any(|(name, _)| name != "corp.decky-001"));
    let innermost = topology.lans.last().unwrap().subnet.clone();
    assert_eq!(
        front.place.reach.iter().filter(|reach| innermost.starts_with(&reach.network.to_string())).count(),
        0
    );
}

#[test]
fn routers_lead_on_as_far_as_rules_let_them() {
    let mut topology = draw::draw(&Wish { forward: 1.0, cross: 0.0, ..wish("small", 2, 1) }).unwrap();
    let ways = |topology: &Topology| -> Vec<(String, u8, Vec<u16>)> {
        ways::Map::new(topology)
            .ways("decky-001")
            .into_iter()
            .map(|way| (way.lan, way.hops, way.ports))
            .collect()
    };
    let lans: Vec<String> = topology.lans.iter().map(|lan| lan.name.clone()).collect();
    let [dmz, middle, inner] = [0, 1, 2].map(|at: usize| lans[at].clone());
    let open = [(dmz.clone(), 0, vec![]), (middle.clone(), 1, vec![]), (inner.clone(), 2, vec![])];
    assert_eq!(ways(&topology), open);
    let rule = |to: &str, verdict, ports: &[u16]| Rule {
        from: dmz.clone(),
        to: to.to_owned(),
        verdict,
        ports: ports.to_vec(),
    };
    topology.rules = vec![rule(&middle, Verdict::Allow, &[22, 80]), rule(&inner, Verdict::Deny, &[])];
    assert_eq!(ways(&topology), [(dmz.clone(), 0, vec![]), (middle.clone(), 1, vec![22, 80])]);
    topology.rules.push(rule(&middle, Verdict::Deny, &[80]));
    assert_eq!(ways(&topology)[1].2, [22]);
    // Who is on the bridge gets on all the same.
    assert_eq!(check::check(&topology), []);
}

#[test]
fn both_texts_are_read_as_what_was_written() {
    let mut topology = draw::draw(&Wish { forward: 0.5, ..wish("text", 3, 2) }).unwrap();
    topology.deckies[0].services[0].settings.insert("user".to_owned(), "eve # x".to_owned());
    topology.rules = vec![Rule {
        from: "*".to_owned(),
        to: "LAN-01".to_owned(),
        verdict: Verdict::Allow,
        ports: vec![22],
    }];
    for form in [text::Form::Json, text::Form::Ini] {
        let written = text::write(&topology, form).unwrap();
        let mut read = text::read("f", written.as_bytes()).unwrap();
        let sort = |topology: &mut Topology| topology.edges.sort_by_key(|edge| format!("{edge:?}"));
        let mut expected = topology.clone();
        sort(&mut read);
        sort(&mut expected);
        assert_eq!(read, expected, "{form:?}");
    }
}

#[test]
fn every_mistake_of_a_text_is_told_with_its_line() {
    let bad = "[topology]\nname = x\ncolour = red\n[lan a]\nsubnet = 172.16.0.0/24\ndmz = maybe\n[thing]\n\
               [decky d]\nlans = a\nlogin = never\n[rule 1]\nverdict = perhaps\nports = x\n[service d ssh]\n";
    let error = text::read("t.ini", bad.as_bytes()).unwrap_err();
    let text::TextError::Ini(found) = &error else { panic!("{error}") };
    let lines: Vec<usize> = found.iter().map(|one| one.line).collect();
    assert_eq!(lines, [3, 6, 7, 9, 10, 12, 13, 14], "{error}");
    assert!(matches!(text::read("t", b"{\"nam\": 1}"), Err(text::TextError::Json { .. })));
    assert!(matches!(text::read("t", &vec![b'x'; text::LIMIT + 1]), Err(text::TextError::Long { .. })));
}

fn changed(topology: &Topology, op: &str, payload: &str, live: bool) -> Result<Topology, ChangeError> {
    change::apply(topology, &Change::read(op, payload).unwrap(), live)
}

#[test]
fn changes_make_another_sound_topology_or_are_refused() {
    let topology = small();
    let lan = changed(&topology, "add_lan", r#"{"name":"lab"}"#, true).unwrap();
    assert_eq!(lan.lan("lab").unwrap().subnet, "172.16.3.0/24");
    let early = changed(&lan, "add_decky", r#"{"name":"pc","lan":"lab","services":[{"slug":"ssh"}]}"#, true);
    assert!(matches!(early, Err(ChangeError::Broken(_))), "{early:?}");
    let joined = changed(&lan, "attach_decky", r#"{"decky":"decky-002","lan":"lab"}"#, true).unwrap();
    let lived =
        changed(&joined, "add_decky", r#"{"name":"pc","lan":"lab","services":[{"slug":"ssh"}]}"#, true);
    let lived = lived.unwrap();
    assert_eq!(lived.decky("pc").unwrap().ips["lab"], "172.16.3.3");
    let told: Vec<_> =
        diff::between(&topology, &lived).into_iter().map(|one| (one.what, one.name, one.how)).collect();
    assert!(told.contains(&("decky", "pc".to_owned(), "added")), "{told:?}");
    assert!(told.contains(&("decky", "decky-002".to_owned(), "changed")), "{told:?}");
    for (op, payload) in [
        ("remove_lan", r#"{"name":"lab"}"#),
        ("add_lan", r#"{"name":"lab"}"#),
        ("detach_decky", r#"{"decky":"pc","lan":"lab"}"#),
        ("detach_decky", r#"{"decky":"decky-002","lan":"lab"}"#),
        ("update_lan", r#"{"name":"lab","subnet":"172.20.0.0/24"}"#),
        ("update_decky", r#"{"decky":"decky-002","forwards":true}"#),
        ("update_decky", r#"{"decky":"pc","services":[{"slug":"teleport"}]}"#),
        ("remove_decky", r#"{"decky":"nobody"}"#),
        ("remove_decky", r#"{"decky":"decky-001"}"#),
        ("set_rules", r#"{"rules":[{"from":"x","to":"*","verdict":"deny"}]}"#),
    ] {
        assert!(changed(&lived, op, payload, true).is_err(), "{op} {payload}");
    }
    assert!(changed(&lived, "update_lan", r#"{"name":"lab","subnet":"172.20.0.0/24"}"#, false).is_err());
    let forced = r#"{"decky":"decky-002","forwards":true,"force":true}"#;
    assert!(changed(&lived, "update_decky", forced, true).is_ok());
    let gone = changed(&lived, "remove_decky", r#"{"decky":"pc"}"#, true).unwrap();
    let gone = changed(&gone, "remove_lan", r#"{"name":"lab"}"#, true).unwrap();
    assert_eq!(diff::between(&topology, &gone), []);
    let renamed = changed(&lived, "update_lan", r#"{"name":"lab","rename":"desk"}"#, true).unwrap();
    assert!(renamed.decky("pc").unwrap().ips.contains_key("desk"));
    for (op, payload) in
        [("add_lan", "[]"), ("fly", "{}"), ("add_lan", r#"{"name":"a","wings":2}"#), ("add_lan", "{")]
    {
        assert!(Change::read(op, payload).is_err(), "{op} {payload}");
    }
}

#[test]
fn changes_that_belong_together_are_checked_together() {
    let topology = small();
    let read = |pairs: &[(&str, &str)]| -> Vec<Change> {
        pairs.iter().map(|(op, payload)| Change::read(op, payload).unwrap()).collect()
    };
    let street = [
        ("add_lan", r#"{"name":"lab","x":40,"y":300}"#),
        ("add_decky", r#"{"name":"pc","lan":"lab","services":[{"slug":"ssh"}]}"#),
        ("attach_decky", r#"{"decky":"decky-002","lan":"lab"}"#),
    ];
    let next = change::apply_all(&topology, &read(&street), true).unwrap();
    assert_eq!((next.lan("lab").unwrap().x, next.decky("pc").unwrap().ips.len()), (Some(40), 1));
    // Without its bridge nobody reaches it.
    assert!(matches!(change::apply_all(&topology, &read(&street[..2]), true), Err(ChangeError::Broken(_))));
    let names = [
        (
            "update_decky",
            r#"{"decky":"pc","rename":"desk","system":"ubuntu2204","ips":{"lab":"172.16.3.77"}}"#,
        ),
        ("update_decky", r#"{"decky":"desk","x":1,"y":2}"#),
    ];
    let renamed = change::apply_all(&next, &read(&names), false).unwrap();
    let desk = renamed.decky("desk").unwrap();
    assert_eq!((desk.system.as_str(), desk.ips["lab"].as_str()), ("ubuntu2204", "172.16.3.77"));
    assert!(renamed.decky("pc").is_none() && renamed.home("desk").is_some());
    assert!(matches!(change::apply_all(&next, &read(&names), true), Err(ChangeError::Refused(_))));
    for (op, payload) in [
        ("update_decky", r#"{"decky":"pc","rename":"decky-001"}"#),
        ("update_decky", r#"{"decky":"pc","ips":{"nowhere":"172.16.3.7"}}"#),
        ("update_decky", r#"{"decky":"pc","system":"plan9"}"#),
        ("update_lan", r#"{"name":"lab","dmz":true}"#),
        ("update_lan", r#"{"name":"lab","rename":"LAN-00"}"#),
    ] {
        assert!(changed(&next, op, payload, false).is_err(), "{op} {payload}");
    }
}

#[test]
fn secrets_that_were_not_shown_stay() {
    let with = |value: &str| {
        format!(
            r#"{{"decky":"decky-001","services":[{{"slug":"ssh","settings":{{"password":"{value}"}}}}]}}"#
        )
    };
    let secret = changed(&small(), "update_decky", &with("s3cr3t"), false).unwrap();
    let again = changed(&secret, "update_decky", &with(change::HIDDEN), false).unwrap();
    assert_eq!(again.decky("decky-001").unwrap().services, secret.decky("decky-001").unwrap().services);
}
