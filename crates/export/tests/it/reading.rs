//! What of a store is told.

use crate::sample::{NOON, origin, techniques};
use decnet_export::{Document, Form, LeftOut, Source, blocklist::Shape};
use decnet_model::{
    export::Wanted,
    record::{
        AlertMute, Behaviour, Change, ClusterChange, ClusterMember, Counts, IncidentDelta, Level, Phase,
        ProfileRow, Stage, Stroke, TechniqueHit, View,
    },
    worker::Worker,
};
use decnet_store::{Position, Store};
use netsvc_wire::{Record, WriterId, field, stamp::DAY};
use serde_json::Value;
use std::net::IpAddr;

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn line(number: u64, address: &str, kind: &str, fields: &[(&str, &str)]) -> Record {
    let own = [(field::SRC_IP, address)];
    let fields =
        own.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Record {
        at: NOON + i64::try_from(number).unwrap(),
        priority: 132,
        node: "secret-decky".into(),
        app: "ssh".into(),
        kind: kind.into(),
        writer: WriterId(1),
        number,
        fields: fields.collect(),
    }
}

fn profile(number: i64, address: &str, risk: u64) -> ProfileRow {
    ProfileRow {
        src_ip: address.parse().unwrap(),
        first_event: number,
        last_event: number,
        first_seen: NOON + number,
        last_seen: NOON + number,
        events: 3,
        behaviour: Behaviour::BruteForce,
        phase: Phase::Access,
        risk,
        nodes: 1,
        services: 1,
        traits: "[]".to_owned(),
        state: "{}".to_owned(),
    }
}

const ADDRESSES: [&str; 5] = ["8.8.4.4", "1.1.1.1", "10.1.2.3", "9.9.9.9", "169.254.213.1"];

/// Five addresses: two joined ones, one that is not routed, one that operators know, and a probe of ours.
async fn filled(store: &Store) {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let login =
        [(field::PRINCIPAL, "root"), (field::SECRET_PRINTABLE, "hunter2"), (field::SECRET_KIND, "plaintext")];
    let file = [(field::SHA256, HASH), (field::SIZE, "4"), (field::ORIGIN, "upload")];
    let lines = [
        line(1, "8.8.4.4", "auth_attempt", &login),
        line(2, "1.1.1.1", "auth_attempt", &login),
        line(3, "8.8.4.4", "file_captured", &file),
        line(4, "9.9.9.9", "file_captured", &file),
    ];
    store.ingest(&fence, &lines, &Position::default()).await.unwrap();
    let rows = ADDRESSES
        .iter()
        .zip(1..)
        .map(|(address, number)| profile(number, address, 20 * number.unsigned_abs()));
    let fence = store.lease_take(View::Profiles.worker()).await.unwrap();
    store.project(&fence, &Change::Profiles(rows.collect()), 0, 5).await.unwrap();
    let hit = TechniqueHit {
        rule: "guessing".into(),
        technique: "T1110.001".into(),
        src_ip: "8.8.4.4".parse().unwrap(),
        node: "secret-decky".into(),
        service: "ssh".into(),
        needs: 1,
        events: 2,
        first_event: 1,
        last_event: 1,
        first_seen: NOON,
        last_seen: NOON,
    };
    let fence = store.lease_take(View::Techniques.worker()).await.unwrap();
    store.project(&fence, &Change::Techniques(vec![hit]), 0, 5).await.unwrap();
    let member = |number: i64, address: &str, cluster: i64| ClusterMember {
        member: number,
        src_ip: address.parse::<IpAddr>().unwrap(),
        cluster,
        revision: number,
    };
    let members = vec![member(1, "8.8.4.4", 1), member(2, "1.1.1.1", 1), member(3, "10.1.2.3", 3)];
    let change = ClusterChange { members, ..ClusterChange::default() };
    let fence = store.lease_take(Worker::Clusterer).await.unwrap();
    store.cluster_write(&fence, Level::Identity, &change, (0, 5), false).await.unwrap();
    let mute = AlertMute {
        id: 0,
        network: Some("9.9.9.0/24".into()),
        node: None,
        service: None,
        hours: None,
        reason: "our own scanner".into(),
        until: None,
        created_by: "eve".into(),
        created_at: NOON,
    };
    store.alert_mute_put(&mute).await.unwrap();
}

async fn written(store: &Store, form: Form, wanted: Wanted) -> (String, LeftOut) {
    let source = Source::open(store, wanted, NOON).await.unwrap();
    let mut document = Document::new(form, source, origin(), techniques(), NOON);
    let mut bytes = Vec::new();
    while let Some(piece) = document.next().await.unwrap() {
        bytes.extend(piece);
    }
    (String::from_utf8(bytes).unwrap(), document.left_out())
}

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("test.db").to_str().unwrap()).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_store_without_anything_makes_whole_documents() {
    let (_folder, store) = store().await;
    let bundle: Value =
        serde_json::from_str(&written(&store, Form::Stix, Wanted::default()).await.0).unwrap();
    assert_eq!(bundle["objects"].as_array().unwrap().len(), 2);
    let events: Value =
        serde_json::from_str(&written(&store, Form::Misp, Wanted::default()).await.0).unwrap();
    assert_eq!(events["response"].as_array().unwrap().len(), 0);
    let list = written(&store, Form::Blocklist(Shape::Json), Wanted::default()).await.0;
    assert_eq!(serde_json::from_str::<Value>(&list).unwrap()["entries"].as_array().unwrap().len(), 0);
    assert_eq!(written(&store, Form::Blocklist(Shape::Plain), Wanted::default()).await.0, "");
}

#[tokio::test]
async fn what_is_ours_or_known_is_told_nowhere() {
    let (_folder, store) = store().await;
    filled(&store).await;
    for form in [Form::Stix, Form::Misp, Form::Blocklist(Shape::Json), Form::Blocklist(Shape::Csv)] {
        let wanted = Wanted { private: true, scanners: true, secrets: false, ..Wanted::default() };
        let (text, left_out) = written(&store, form, wanted).await;
        for there in ["8.8.4.4", "1.1.1.1", "10.1.2.3"] {
            assert!(text.contains(there), "{form:?}: {there}");
        }
        for absent in ["9.9.9.9", "169.254.213.1", "secret-decky", "hunter2"] {
            assert!(!text.contains(absent), "{form:?}: {absent}");
        }
        assert_eq!(left_out, LeftOut { own: 1, muted: 1 }, "{form:?}");
    }
}

#[tokio::test]
async fn a_bundle_has_who_is_behind_and_what_was_left() {
    let (_folder, store) = store().await;
    filled(&store).await;
    let wanted = Wanted { secrets: true, ..Wanted::default() };
    let bundle: Value = serde_json::from_str(&written(&store, Form::Stix, wanted).await.0).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    let count = |kind: &str| objects.iter().filter(|object| object["type"] == kind).count();
    for (kind, expected) in [
        ("ipv4-addr", 3),
        ("indicator", 3),
        ("threat-actor", 1),
        ("intrusion-set", 0),
        ("attack-pattern", 1),
        ("file", 1),
        ("user-account", 1),
        ("note", 2),
        ("sighting", 3),
    ] {
        assert_eq!(count(kind), expected, "{kind}");
    }
    let note = objects.iter().find(|object| object["type"] == "note").unwrap();
    assert_eq!(note["content"], "root hunter2 (1 times)");
}

#[tokio::test]
async fn conditions_hold() {
    let (_folder, store) = store().await;
    filled(&store).await;
    for (wanted, expected) in [
        (Wanted::default(), "8.8.4.4\n1.1.1.1\n"),
        (Wanted { risk: 40, ..Wanted::default() }, "1.1.1.1\n"),
        (Wanted { risk: 40, private: true, ..Wanted::default() }, "1.1.1.1\n10.1.2.3\n"),
        (Wanted { since: Some(NOON + 2), ..Wanted::default() }, "1.1.1.1\n"),
        (Wanted { since: Some(NOON + DAY), ..Wanted::default() }, ""),
    ] {
        let list = written(&store, Form::Blocklist(Shape::Plain), wanted.clone()).await.0;
        assert_eq!(list, expected, "{wanted:?}");
    }
}

/// What an address did, in one event.
fn stroke(event: i64, address: &str) -> Stroke {
    Stroke {
        src_ip: address.parse().unwrap(),
        first_event: event,
        last_event: event,
        begun_at: NOON + event,
        first_seen: NOON + event,
        last_seen: NOON + event,
        deed: Stage::Tried,
        deed_event: event,
        node: "secret-decky".into(),
        service: "ssh".into(),
        logins: 0,
        login_event: 0,
        principal: None,
        commands: 0,
        artefacts: 0,
        counts: Counts::default(),
        contacts: Vec::new(),
    }
}

#[tokio::test]
async fn incidents_are_told_of_those_who_are_told_of() {
    let (_folder, store) = store().await;
    filled(&store).await;
    let fence = store.lease_take(View::Incidents.worker()).await.unwrap();
    let strokes = vec![stroke(1, "8.8.4.4"), stroke(4, "9.9.9.9")];
    let delta = IncidentDelta { strokes, marks: Vec::new() };
    store.project(&fence, &Change::Incidents(delta), 0, 5).await.unwrap();
    let bundle: Value =
        serde_json::from_str(&written(&store, Form::Stix, Wanted::default()).await.0).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    let incidents: Vec<_> = objects.iter().filter(|one| one["type"] == "incident").collect();
    assert_eq!(incidents.len(), 1, "{incidents:?}");
    assert_eq!(incidents[0]["name"], "8.8.4.4 tried logins of machines that do not exist");
    let ids: Vec<&str> = objects.iter().map(|one| one["id"].as_str().unwrap()).collect();
    for link in objects.iter().filter(|one| one["source_ref"] == incidents[0]["id"]) {
        assert!(ids.contains(&link["target_ref"].as_str().unwrap()), "{link}");
    }
    assert!(!bundle.to_string().contains("secret-decky"));
}
