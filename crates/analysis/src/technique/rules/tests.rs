//! Rules of this release, and what is wrong with others.

use super::*;
use crate::technique::techniques;
use netsvc_wire::{Kind, WriterId};

const MINE: &str = "- id: mine\n  technique: T1105\n  title: t\n  confidence: low\n  count: 2\n  when:\n  - kind: \
                    command\n    service: ssh\n    fields: {command: wget}\n    not: {command: help}\n  fires: [{kind: \
                    command, service: ssh, command: wget a}]\n  \
                    silent: [{kind: command, service: ssh, command: wget --help}]\n";

fn with(text: &str) -> Result<Rules, String> {
    let lines = |bad: Vec<BadRule>| bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Rules::new(&[("mine.yaml".to_owned(), text.to_owned())]).map_err(lines)
}

#[test]
fn the_rules_of_this_release_see_their_examples_and_every_technique_has_one() {
    let rules = match Rules::new(&[]) {
        Ok(rules) => rules,
        Err(bad) => panic!("{}", bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    assert!(120 <= rules.all().len(), "{}", rules.all().len());
    let unused = techniques().iter().filter(|one| !rules.all().iter().any(|rule| rule.technique == one.id));
    assert_eq!(unused.map(|one| one.id).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn examples_are_events_as_the_vocabulary_has_them() {
    let rules = Rules::new(&[]).unwrap();
    for rule in rules.all() {
        for example in rule.fires.iter().chain(&rule.silent) {
            let kind = Kind::from_name(&example["kind"]).unwrap();
            let fields = example.iter().filter(|(name, _)| !["kind", "service"].contains(&name.as_str()));
            let misfits = fields.filter_map(|(name, value)| kind.misfit(name, value.as_bytes()));
            assert_eq!(misfits.collect::<Vec<_>>(), Vec::<String>::new(), "{}", rule.id);
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert!(with(MINE).is_ok());
    for (from, to, part) in [
        ("T1105", "T1104", "mine.yaml: mine: \"T1104\" is no technique that is known here (did you mean"),
        ("kind: command\n", "kind: comand\n", "\"comand\" is no kind of event (did you mean \"command\"?)"),
        ("service: ssh\n", "service: sshd\n", "no service is called \"sshd\" (did you mean \"ssh\"?)"),
        ("{command: wget}", "{comand: wget}", "no event has a field \"comand\""),
        ("{command: wget}", "{command: \"wget(\"}", "unclosed group"),
        ("{command: wget}", "{command: curl}", "mine: does not see its example"),
        ("not: {command: help}", "not: {command: xyz}", "mine: sees its example"),
        ("id: mine", "id: port-scan", "another rule has this name"),
        ("id: mine", "id: Mine", "small letters"),
        ("count: 2", "count: 0", "count begins at 1"),
        ("confidence: low", "confidence: so-so", "mine.yaml: "),
        ("title: t", "titel: t", "unknown field"),
    ] {
        let told = with(&MINE.replace(from, to)).unwrap_err();
        assert!(told.contains(part), "{to}: {told}");
    }
}

fn row(id: i64, address: &str, kind: &str, fields: &[(&str, &str)]) -> EventRow {
    EventRow {
        id,
        writer: WriterId(1),
        number: 1,
        at: id * 10,
        node: "web".into(),
        service: "ssh".into(),
        kind: kind.into(),
        src_ip: address.parse().ok(),
        src_port: None,
        dst_port: None,
        session: None,
        probe: false,
        host: None,
        class: decnet_model::record::class_of(kind),
        fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
    }
}

#[test]
fn hits_are_counted_for_each_address_and_decky() {
    let rules = with(MINE).unwrap();
    let rows = [
        row(1, "192.0.2.1", "command", &[("command", "WGET http://a/b")]),
        row(2, "192.0.2.2", "command", &[("command", "wget a")]),
        row(3, "192.0.2.1", "command", &[("command", "wget c")]),
        row(4, "192.0.2.1", "command", &[("command", "wget --help")]),
        EventRow { probe: true, ..row(5, "192.0.2.9", "command", &[("command", "wget d")]) },
    ];
    let hits = rules.hits(&rows);
    let own: Vec<_> = hits.iter().filter(|hit| hit.rule == "mine").collect();
    let told = |hit: &&TechniqueHit| {
        (hit.src_ip.to_string(), hit.events, hit.needs, hit.first_event, hit.last_event)
    };
    assert_eq!(
        own.iter().map(told).collect::<Vec<_>>(),
        [("192.0.2.1".to_owned(), 2, 2, 1, 3), ("192.0.2.2".to_owned(), 1, 2, 2, 2)]
    );
}
