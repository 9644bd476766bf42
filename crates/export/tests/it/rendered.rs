//! Each form as it is agreed on: `expected/`. `DECNET_TEST_WRITE=1` agrees to another one.

use crate::sample::{NOON, incident, known, origin, payload, techniques};
use decnet_export::{
    blocklist::{Blocklist, Shape},
    misp::{Feed, Misp},
    stix::{Stix, is_shared},
};
use decnet_model::export::{Tlp, Wanted};
use netsvc_wire::stamp::DAY;
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

/// A bundle of the sample.
pub(crate) fn bundle(wanted: &Wanted) -> Value {
    let (origin, techniques) = (origin(), techniques());
    let stix = Stix { origin: &origin, wanted, techniques: &techniques };
    let mut objects = stix.preamble();
    objects.extend(known(wanted.secrets).iter().flat_map(|one| stix.address(one)));
    objects.extend(stix.payload(&payload()));
    objects.extend(stix.incident(&incident()));
    let mut told = BTreeSet::new();
    objects.retain(|object| !is_shared(object) || told.insert(object["id"].to_string()));
    json!({ "type": "bundle", "id": format!("bundle--{}", origin.id("bundle")), "objects": objects })
}

/// Events of the sample.
pub(crate) fn events(wanted: &Wanted, published: bool) -> Vec<Value> {
    let mut misp = Misp::new(origin(), wanted.clone(), techniques(), published);
    let mut events: Vec<Value> = known(wanted.secrets).iter().filter_map(|one| misp.address(one)).collect();
    events.extend(misp.payload(&payload()));
    events.extend(misp.end());
    events
}

fn list(shape: Shape, wanted: &Wanted, now: i64) -> String {
    let mut list = Blocklist::new(shape, wanted.clone(), now);
    let entries: String = known(false).iter().filter_map(|one| list.entry(one)).collect();
    format!("{}{entries}{}", list.begin(), list.end())
}

fn agreed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/expected").join(name);
    if std::env::var_os("DECNET_TEST_WRITE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "{name} is another one: look at it, then run this with DECNET_TEST_WRITE=1\n{text}"
    );
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

#[test]
fn each_form_is_as_agreed() {
    let wanted = Wanted { tlp: Tlp::Green, ..Wanted::default() };
    agreed("bundle.json", &pretty(&bundle(&wanted)));
    agreed("events.json", &pretty(&json!({ "response": events(&wanted, false) })));
    let secrets = Wanted { secrets: true, ..wanted.clone() };
    agreed("events-with-secrets.json", &pretty(&json!({ "response": events(&secrets, false) })));
    let mut feed = Feed::default();
    let files: Vec<String> = events(&wanted, true).iter().map(|event| feed.add(event)).collect();
    assert!(files.iter().all(|file| file.len() == 41), "{files:?}");
    agreed("manifest.json", &pretty(&feed.manifest()));
    agreed("hashes.csv", std::str::from_utf8(feed.hashes()).unwrap());
    agreed("list.csv", &list(Shape::Csv, &wanted, NOON));
    agreed("list.json", &list(Shape::Json, &wanted, NOON));
    agreed("list.txt", &list(Shape::Plain, &wanted, NOON));
}

#[test]
fn the_same_knowledge_is_the_same_document() {
    let wanted = Wanted::default();
    assert_eq!(bundle(&wanted), bundle(&wanted));
    let ids = |bundle: &Value| -> Vec<String> {
        bundle["objects"].as_array().unwrap().iter().map(|object| object["id"].to_string()).collect()
    };
    // Another marking is another marking of the same objects.
    let other = Wanted { tlp: Tlp::Red, ..wanted.clone() };
    assert_eq!(ids(&bundle(&wanted))[2..], ids(&bundle(&other))[2..]);
    let all = ids(&bundle(&wanted));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn whoever_only_looked_and_what_is_not_routed_is_for_blocking_only_when_asked_for() {
    let lines = |wanted: &Wanted, now: i64| list(Shape::Plain, wanted, now);
    let usual = Wanted::default();
    assert_eq!(lines(&usual, NOON), "8.8.4.4\n2606:4700:4700::1111\n1.1.1.1\n");
    let scanners = Wanted { scanners: true, ..usual.clone() };
    assert_eq!(lines(&scanners, NOON), "8.8.4.4\n2606:4700:4700::1111\n9.9.9.9\n1.1.1.1\n");
    let private = Wanted { private: true, ..usual.clone() };
    assert_eq!(lines(&private, NOON), "8.8.4.4\n2606:4700:4700::1111\n10.1.2.3\n1.1.1.1\n");
    // All but the last are too old by then.
    assert_eq!(lines(&usual, NOON + 31 * DAY), "1.1.1.1\n");
    assert_eq!(lines(&usual, NOON + 33 * DAY), "");
    for (wanted, count) in [(&usual, 3), (&scanners, 4), (&private, 4)] {
        let bundle = bundle(wanted);
        let indicators = bundle["objects"].as_array().unwrap().iter().filter(|one| {
            one["type"] == "indicator" && one["pattern"].as_str().unwrap().contains("-addr:value")
        });
        assert_eq!(indicators.count(), count);
        let marked = |event: &Value| {
            let attributes = event["Event"]["Attribute"].as_array().unwrap().clone();
            attributes.iter().filter(|one| one["type"] == "ip-src" && one["to_ids"] == true).count()
        };
        assert_eq!(events(wanted, false).iter().map(marked).sum::<usize>(), count);
    }
}

#[test]
fn secrets_are_told_nowhere_unless_asked_for() {
    let usual = Wanted::default();
    let asked = Wanted { secrets: true, ..Wanted::default() };
    for (wanted, told) in [(&usual, false), (&asked, true)] {
        let stix = bundle(wanted).to_string();
        let misp = Value::from(events(wanted, false)).to_string();
        assert_eq!((stix.contains("hunter"), misp.contains("hunter")), (told, told));
    }
}

#[test]
fn a_day_of_many_has_several_events() {
    let mut misp = Misp::new(origin(), Wanted::default(), techniques(), false);
    let one = known(false).remove(4);
    let whole: Vec<Value> = (0..5001).filter_map(|_| misp.address(&one)).collect();
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0]["Event"]["Attribute"].as_array().unwrap().len(), 5000);
    let last = misp.end().unwrap();
    assert_eq!(last["Event"]["info"], "DECNET: addresses first seen on 2025-11-25, part 2");
    assert_ne!(last["Event"]["uuid"], whole[0]["Event"]["uuid"]);
    assert!(misp.end().is_none());
}

#[test]
fn an_incident_says_how_it_stands_and_leads_to_those_who_took_part_and_not_where_it_was() {
    let wanted = Wanted::default();
    let bundle = bundle(&wanted);
    let objects = bundle["objects"].as_array().unwrap();
    let incident = objects.iter().find(|one| one["type"] == "incident").unwrap();
    let core = incident["extensions"].as_object().unwrap().values().next().unwrap();
    assert_eq!(core["determination"], "successful-attempt");
    assert_eq!((&core["investigation_status"], &core["criticality"]), (&json!("open"), &json!(75)));
    assert_eq!(incident["name"], "8.8.4.4 and 1 other acted on machines that do not exist");
    assert_eq!(incident["modified"], "2025-11-24T18:00:00.000Z", "when somebody took it on");
    let leads: Vec<&str> = objects
        .iter()
        .filter(|one| one["type"] == "relationship" && one["source_ref"] == incident["id"])
        .map(|one| one["target_ref"].as_str().unwrap())
        .collect();
    let mut kinds: Vec<&str> = leads.iter().filter_map(|id| id.split("--").next()).collect();
    kinds.sort_unstable();
    let expected =
        ["indicator", "indicator", "intrusion-set", "observed-data", "observed-data", "threat-actor"];
    assert_eq!(kinds, expected);
    let there = |id: &&str| objects.iter().any(|one| one["id"] == **id);
    assert!(leads.iter().all(there), "{leads:?}");
    assert!(!bundle.to_string().contains("secret-decky"));
}
