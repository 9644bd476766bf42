//! Deleting what is too old or too much.

use crate::{
    backend::on_every_backend,
    ingest::ingest,
    lines::{START, With, line},
};
use decnet_model::{words, worker::Worker};
use decnet_store::{
    Fence, Most, Store,
    record::{
        Change, Filter, Fingerprint, FingerprintKind, IncidentDelta, NewAuditEntry, Page, Retention, View,
    },
};
use netsvc_wire::field;
use std::collections::BTreeMap;

on_every_backend!(
    who_shows_another_fingerprint_each_time_makes_no_more_rows,
    old_events_go_and_evidence_stays,
    too_many_events_go_oldest_first,
    what_a_view_has_not_seen_stays,
    too_many_bytes_go_in_all_and_of_a_kind,
    writers_and_refusals_that_anybody_can_invent_are_bounded,
);

/// A hundred lines, every tenth a secret, all of which the correlator has seen but the last ten.
async fn fill(store: &Store) {
    let batch: Vec<_> = (1..=100)
        .map(|number| match number % 10 {
            0 => line(number, "auth_attempt").with(field::SECRET_B64, "YQ=="),
            _ => line(number, "command"),
        })
        .collect();
    ingest(store, &batch).await;
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    project(store, &fence, 90).await;
}

/// Brings every view from the first event to `to`.
async fn project(store: &Store, fence: &Fence, to: i64) {
    let rows =
        store.event_list(&Filter::default(), Page::after(0, u32::try_from(to).unwrap())).await.unwrap();
    let words = rows.iter().map(|row| (row.id, words::index([row.kind.as_bytes()]))).collect();
    let changes = [
        Change::Attackers(BTreeMap::new()),
        Change::Timeline(BTreeMap::new()),
        Change::Rankings(BTreeMap::new()),
        Change::Words(words),
        Change::Incidents(IncidentDelta::default()),
        Change::Techniques(Vec::new()),
        Change::Profiles(Vec::new()),
        Change::Reuse(Vec::new()),
        Change::Canaries(Vec::new()),
        Change::Fingerprints(Vec::new()),
    ];
    for change in changes {
        store.project(fence, &change, 0, to).await.unwrap();
    }
}

async fn kept(store: &Store) -> Vec<i64> {
    let rows = store.event_list(&Filter::default(), Page::after(0, 200)).await.unwrap();
    rows.iter().map(|row| row.id).collect()
}

async fn old_events_go_and_evidence_stays(store: Store) {
    fill(&store).await;
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let all = Retention { rows: 1000, ..Retention::default() };
    assert_eq!(store.retire(&fence, &all).await.unwrap(), 0);
    let some = Retention { before: START + 15_000, ..all.clone() };
    assert_eq!(
        (store.retire(&fence, &some).await.unwrap(), store.retire(&fence, &some).await.unwrap()),
        (13, 0)
    );
    assert_eq!(kept(&store).await[..3], [10, 15, 16]);
    let old = Retention { before: i64::MAX, ..all };
    assert_eq!(store.retire(&fence, &old).await.unwrap(), 68);
    let kept = kept(&store).await;
    assert_eq!((kept.len(), kept[9]), (19, 91), "what the correlator has not seen stays");
    let found = |search: &str| Filter { search: Some(search.into()), ..Filter::default() };
    assert!(store.event_list(&found("command"), Page::newest(10)).await.unwrap().is_empty(), "words go too");
    assert_eq!(store.event_list(&found("auth_attempt"), Page::newest(10)).await.unwrap().len(), 9);
    let retired = store.retired_list().await.unwrap();
    assert_eq!((retired.len(), retired[0].kind.as_str(), retired[0].events), (1, "command", 81));
    let totals = store.totals().await.unwrap();
    assert_eq!((totals.events, totals.retired, totals.credentials, totals.sessions), (100, 81, 1, 1));
}

async fn too_many_events_go_oldest_first(store: Store) {
    fill(&store).await;
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let few = Retention { rows: 60, ..Retention::default() };
    assert_eq!(
        (store.retire(&fence, &few).await.unwrap(), store.retire(&fence, &few).await.unwrap()),
        (40, 0)
    );
    let kept = kept(&store).await;
    assert_eq!((kept.len(), kept[..6].to_vec()), (60, vec![10, 20, 30, 40, 45, 46]));
    let other = store.lease_take(Worker::Ingester).await.unwrap();
    assert!(store.retire(&fence, &few).await.is_err(), "who lost the lease deletes nothing");
    assert_eq!(store.retire(&other, &few).await.unwrap(), 0);
}

async fn what_a_view_has_not_seen_stays(store: Store) {
    let batch: Vec<_> = (1..=10).map(|number| line(number, "command")).collect();
    ingest(&store, &batch).await;
    let correlator = store.lease_take(Worker::Correlator).await.unwrap();
    store.project(&correlator, &Change::Attackers(BTreeMap::new()), 0, 10).await.unwrap();
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let none = Retention { before: i64::MAX, rows: 0, ..Retention::default() };
    assert_eq!(store.retire(&fence, &none).await.unwrap(), 0);
    assert_eq!(kept(&store).await.len(), 10);
}

/// Deletes until all is kept.
async fn retire(store: &Store, retention: &Retention) -> u64 {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let mut all = 0;
    loop {
        match store.retire(&fence, retention).await.unwrap() {
            0 => return all,
            some => all += some,
        }
    }
}

async fn too_many_bytes_go_in_all_and_of_a_kind(store: Store) {
    let batch: Vec<_> = (1..=90)
        .map(|number| match number % 3 {
            0 => line(number, "auth_attempt").with(field::SECRET_B64, "YQ=="),
            1 => line(number, "connect"),
            _ => line(number, "command").with(field::COMMAND, "x".repeat(1000)),
        })
        .collect();
    ingest(&store, &batch).await;
    let correlator = store.lease_take(Worker::Correlator).await.unwrap();
    project(&store, &correlator, 90).await;
    let held = store.holding_list().await.unwrap();
    let of = |kind: &str| held.iter().find(|one| one.kind == kind).unwrap().clone();
    assert_eq!((held.len(), of("command").events, of("connect").events), (3, 30, 30));
    assert!(of("command").bytes > 30 * 1200 && of("connect").bytes < 30 * 400);
    let half = u64::try_from(of("command").bytes / 2).unwrap();
    let of_kind = |before, bytes| Retention {
        kinds: BTreeMap::from([("command".to_owned(), (before, bytes))]),
        ..Retention::default()
    };
    assert_eq!(retire(&store, &of_kind(i64::MIN, half)).await, 15);
    assert_eq!(retire(&store, &of_kind(START + 60_000, u64::MAX)).await, 5, "too old of a kind");
    let kept = store.holding_list().await.unwrap();
    let seen: Vec<_> = kept.iter().map(|one| (one.kind.as_str(), one.events)).collect();
    assert_eq!(seen, [("auth_attempt", 30), ("command", 10), ("connect", 30)]);
    let none = Retention { bytes: 0, ..Retention::default() };
    assert_eq!(retire(&store, &none).await, 40, "secrets stay");
    let kept = store.holding_list().await.unwrap();
    assert_eq!((kept.len(), kept[0].events), (1, 30));
    let retired = store.retired_list().await.unwrap();
    assert_eq!(i64::try_from(retired[0].bytes).unwrap(), of("command").bytes);
    assert_eq!(store.totals().await.unwrap().retired, 60);
}

async fn writers_and_refusals_that_anybody_can_invent_are_bounded(store: Store) {
    // Each leaves its first number out, and none comes again.
    let batch: Vec<_> = (1..=50).map(|writer| line(writer, "connect").of(writer)).collect();
    ingest(&store, &batch).await;
    for number in 0..30_u16 {
        let outcome = if number % 3 == 0 { 200 } else { 401 };
        let (actor, target) = ("somebody".to_owned(), String::new());
        let entry = NewAuditEntry {
            at: i64::from(number),
            actor,
            via: "login",
            address: None,
            action: "session.begin",
            target,
            outcome,
        };
        store.audit_put(&entry).await.unwrap();
    }
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    assert_eq!(store.trim(&fence, Most::default()).await.unwrap(), 0);
    let most = Most { writers: 10, refused: 4 };
    // Of 49 gaps (writer 1 has none) 39 go, and 16 of 20 refusals.
    assert_eq!(store.trim(&fence, most).await.unwrap(), 40 + 39 + 16);
    assert_eq!(store.trim(&fence, most).await.unwrap(), 0);
    assert_eq!(store.gap_list(100).await.unwrap().len(), 10);
    let left = store.audit_list(Page::newest(100)).await.unwrap();
    let refused: Vec<_> = left.iter().filter(|entry| entry.outcome == 401).map(|entry| entry.at).collect();
    assert_eq!((left.len(), refused), (14, vec![29, 28, 26, 25]), "what was done stays");
}

async fn who_shows_another_fingerprint_each_time_makes_no_more_rows(store: Store) {
    let fence = store.lease_take(View::Fingerprints.worker()).await.unwrap();
    let shown = |last: u8, number: i64| Fingerprint {
        src_ip: [192, 0, 2, last].into(),
        kind: FingerprintKind::Ja3,
        value: format!("{number:032x}"),
        detail: String::new(),
        node: "web-01".to_owned(),
        service: "https".to_owned(),
        events: 1,
        first_event: number,
        last_event: number,
        first_seen: number,
        last_seen: number,
    };
    for turn in 0..4 {
        let mut found: Vec<Fingerprint> = (0..400).map(|number| shown(1, turn * 400 + number)).collect();
        // One that is known goes on to count, and others are not kept from being known.
        found.push(shown(1, 0));
        found.push(shown(2, turn));
        store.project(&fence, &Change::Fingerprints(found), turn, turn + 1).await.unwrap();
    }
    let many = store.fingerprint_list([192, 0, 2, 1].into(), 1000).await.unwrap();
    let few = store.fingerprint_list([192, 0, 2, 2].into(), 1000).await.unwrap();
    assert!((400..=512).contains(&many.len()), "{}", many.len());
    assert!(many.iter().any(|one| one.first_event == 0 && 4 <= one.events));
    assert_eq!(few.len(), 4);
}
