//! Incidents: what becomes of strokes and marks, and what analysts note.

use crate::backend::on_every_backend;
use decnet_model::worker::Worker;
use decnet_store::{
    Fence, Store,
    record::{
        Change, Contact, Counts, Filter, IncidentChange, IncidentDelta, IncidentState, Mark, MarkKind,
        MarkSeen, Page, QUIET, Severity, Stage, Stroke, View,
    },
};
use std::net::IpAddr;

on_every_backend!(
    a_pause_begins_another_incident,
    a_mark_ties_addresses_and_the_old_number_leads_on,
    the_same_comes_of_any_batches,
    an_incident_is_worked_on_and_opened_again_by_new_activity,
    of_two_who_work_on_it_neither_takes_back_what_the_other_did,
    notes_outlive_what_is_made_anew,
    incidents_are_filtered,
);

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// One event as a stroke.
fn stroke(event: i64, at: i64, last: u8, deed: Stage, node: &str) -> Stroke {
    let mut counts = Counts::default();
    counts.add("connect", netsvc_wire::Class::Scan);
    let contact = Contact {
        node: node.into(),
        service: "ssh".into(),
        first_event: event,
        first_seen: at,
        last_seen: at,
        counts,
    };
    Stroke {
        src_ip: address(last),
        first_event: event,
        last_event: event,
        begun_at: at,
        first_seen: at,
        last_seen: at,
        deed,
        deed_event: event,
        node: node.into(),
        service: "ssh".into(),
        logins: 0,
        login_event: 0,
        principal: None,
        commands: u64::from(deed == Stage::Executed),
        artefacts: 0,
        counts,
        contacts: vec![contact],
    }
}

fn named(stroke: usize, at: i64, name: &str) -> MarkSeen {
    MarkSeen { stroke, at, mark: Mark { kind: MarkKind::Principal, value: name.into() } }
}

async fn project(store: &Store, fence: &Fence, strokes: Vec<Stroke>, marks: Vec<MarkSeen>) {
    let from = store.cursor(View::Incidents).await.unwrap();
    let to = strokes.iter().map(|stroke| stroke.last_event).max().unwrap();
    let delta = IncidentDelta { strokes, marks };
    store.project(fence, &Change::Incidents(delta), from, to).await.unwrap();
}

/// Number, last event, stage, addresses and nodes of all.
async fn all(store: &Store) -> Vec<(i64, i64, Stage, u64, u64)> {
    let views = store.incident_list(&Filter::default(), Page::newest(99)).await.unwrap();
    let of = |view: decnet_store::record::IncidentView| {
        let one = view.incident;
        (one.id, one.last_event, one.stage, one.sources, one.nodes)
    };
    views.into_iter().map(of).collect()
}

async fn a_pause_begins_another_incident(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    project(&store, &fence, vec![stroke(1, 0, 1, Stage::Touched, "a")], vec![]).await;
    project(&store, &fence, vec![stroke(2, QUIET, 1, Stage::Tried, "b")], vec![]).await;
    project(&store, &fence, vec![stroke(3, 2 * QUIET + 1, 1, Stage::Touched, "a")], vec![]).await;
    project(&store, &fence, vec![stroke(4, 2 * QUIET + 2, 1, Stage::Touched, "a")], vec![]).await;
    assert_eq!(all(&store).await, [(3, 4, Stage::Touched, 1, 1), (1, 2, Stage::Tried, 1, 2)]);
    let detail = store.incident_detail(1).await.unwrap().unwrap();
    assert_eq!((detail.view.incident.severity, detail.view.incident.node.as_str()), (Severity::High, "b"));
    assert_eq!((detail.sources[0].first_event, detail.sources[0].last_event), (1, 2));
    let touched: Vec<_> = detail.contacts.iter().map(|contact| contact.node.as_str()).collect();
    assert_eq!(touched, ["a", "b"]);
}

async fn a_mark_ties_addresses_and_the_old_number_leads_on(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    project(&store, &fence, vec![stroke(1, 0, 1, Stage::Tried, "a")], vec![named(0, 0, "svc")]).await;
    project(&store, &fence, vec![stroke(2, 1, 2, Stage::Touched, "a")], vec![]).await;
    assert_eq!(all(&store).await.len(), 2);
    let note = IncidentChange { note: Some("mine".into()), ..IncidentChange::default() };
    store.incident_change(2, &note, "eve", 5).await.unwrap().unwrap();
    project(&store, &fence, vec![stroke(3, 2, 2, Stage::LoggedIn, "b")], vec![named(0, 2, "svc")]).await;
    assert_eq!(all(&store).await, [(1, 3, Stage::LoggedIn, 2, 2)]);
    let detail = store.incident_detail(2).await.unwrap().unwrap();
    assert_eq!((detail.view.incident.id, detail.sources.len(), detail.contacts.len()), (1, 2, 2));
    assert_eq!((detail.ties[0].id, detail.ties[0].value.as_slice()), (2, b"svc".as_slice()));
    assert_eq!(detail.notes[0].text, "mine", "what was noted of the part is there");
    assert_eq!(detail.view.incident.counts.events, 3);
    // Long after, the name ties nobody.
    let late = 3 + QUIET;
    project(&store, &fence, vec![stroke(4, late, 3, Stage::Tried, "a")], vec![named(0, late, "svc")]).await;
    assert_eq!(all(&store).await.len(), 2);
    // A third one of which both are part, in a chain.
    project(
        &store,
        &fence,
        vec![stroke(5, late, 1, Stage::Touched, "c"), stroke(6, late, 4, Stage::Touched, "c")],
        vec![named(0, late, "svc"), named(1, late, "other"), named(0, late, "other")],
    )
    .await;
    assert_eq!(all(&store).await[0], (4, 6, Stage::Tried, 3, 2));
    assert_eq!(store.incident_number(6).await.unwrap(), 4);
    assert_eq!(store.incident_number(5).await.unwrap(), 4);
}

async fn the_same_comes_of_any_batches(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    let stages = [Stage::Touched, Stage::Tried, Stage::LoggedIn, Stage::Executed, Stage::Scanned];
    let mut seed = 7_i64;
    let events: Vec<(Stroke, Option<MarkSeen>)> = (1..=120)
        .map(|event| {
            seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
            let (last, at) = (u8::try_from(seed / 7 % 5).unwrap(), event * QUIET / 6);
            let stage = stages[usize::try_from(seed / 11 % 5).unwrap()];
            let one =
                stroke(event, at, last, stage, ["a", "b", "c"][usize::try_from(seed / 13 % 3).unwrap()]);
            let mark = (seed / 17 % 4 == 0)
                .then(|| named(0, at, ["x", "y", "z"][usize::try_from(seed / 19 % 3).unwrap()]));
            (one, mark)
        })
        .collect();
    let mut seen = Vec::new();
    for size in [1, 7, 120] {
        store.project_reset(&fence, View::Incidents).await.unwrap();
        for batch in events.chunks(size) {
            let strokes = batch.iter().map(|(stroke, _)| stroke.clone()).collect();
            let marks = batch
                .iter()
                .enumerate()
                .filter_map(|(index, (_, mark))| mark.clone().map(|mark| MarkSeen { stroke: index, ..mark }));
            project(&store, &fence, strokes, marks.collect()).await;
        }
        let mut whole = String::new();
        for view in store.incident_list(&Filter::default(), Page::newest(999)).await.unwrap() {
            let detail = store.incident_detail(view.incident.id).await.unwrap().unwrap();
            whole.push_str(&format!("{detail:?}\n"));
        }
        assert!(whole.contains("IncidentTie"), "{whole}");
        seen.push(whole);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

async fn an_incident_is_worked_on_and_opened_again_by_new_activity(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    project(&store, &fence, vec![stroke(1, 0, 1, Stage::Tried, "a")], vec![]).await;
    let change = |state, assignee: &str, note: &str| IncidentChange {
        state: Some(state),
        assignee: Some(assignee.to_owned()).filter(|name| !name.is_empty()),
        note: Some(note.to_owned()).filter(|note| !note.is_empty()),
    };
    let acknowledged = change(IncidentState::Acknowledged, "eve", "looking");
    let view = store.incident_change(1, &acknowledged, "bob", 5).await.unwrap().unwrap();
    assert_eq!(view.state(), IncidentState::Acknowledged);
    let work = view.work.unwrap();
    assert_eq!(
        (work.assignee.as_deref(), work.changed_by.as_str(), work.changed_at),
        (Some("eve"), "bob", 5)
    );
    project(&store, &fence, vec![stroke(2, 1, 1, Stage::Tried, "a")], vec![]).await;
    let view = store.incident_get(1).await.unwrap().unwrap();
    assert_eq!(view.state(), IncidentState::Acknowledged, "somebody is at it");
    let closed = change(IncidentState::Closed, "", "our scanner");
    let view = store.incident_change(1, &closed, "eve", 6).await.unwrap().unwrap();
    assert_eq!(view.state(), IncidentState::Closed);
    let of = |state| Filter { state: Some(state), ..Filter::default() };
    let count = |state| {
        let store = store.clone();
        async move { store.incident_list(&of(state), Page::newest(9)).await.unwrap().len() }
    };
    assert_eq!((count(IncidentState::Closed).await, count(IncidentState::New).await), (1, 0));
    project(&store, &fence, vec![stroke(3, 2, 1, Stage::Tried, "a")], vec![]).await;
    let view = store.incident_get(1).await.unwrap().unwrap();
    assert!(view.is_reopened());
    assert_eq!((count(IncidentState::Closed).await, count(IncidentState::New).await), (0, 1));
    let (changed, event, note) = store.incident_changes(2, 2, 10).await.unwrap();
    assert_eq!((changed.len(), event, note), (1, 3, 5));
    assert_eq!(store.incident_ends().await.unwrap(), (3, 5));
    let texts: Vec<_> = store.incident_detail(1).await.unwrap().unwrap().notes;
    let texts: Vec<_> = texts.iter().map(|note| (note.deed.name(), note.text.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("state", "acknowledged"),
            ("assignee", "eve"),
            ("note", "looking"),
            ("state", "closed"),
            ("note", "our scanner")
        ]
    );
    assert_eq!(store.incident_change(99, &closed, "eve", 7).await.unwrap(), None);
}

async fn of_two_who_work_on_it_neither_takes_back_what_the_other_did(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    project(&store, &fence, vec![stroke(1, 0, 1, Stage::Tried, "a")], vec![]).await;
    for round in 0..20_i64 {
        let by = format!("analyst-{round}");
        let state = if round % 2 == 0 { IncidentState::Acknowledged } else { IncidentState::Closed };
        let stated = IncidentChange { state: Some(state), ..IncidentChange::default() };
        let assigned = IncidentChange { assignee: Some(by.clone()), ..IncidentChange::default() };
        let both = tokio::join!(
            store.incident_change(1, &stated, "eve", 8 + round),
            store.incident_change(1, &assigned, "bob", 8 + round),
        );
        assert!(both.0.is_ok() && both.1.is_ok());
        let view = store.incident_get(1).await.unwrap().unwrap();
        let assignee = view.work.as_ref().and_then(|work| work.assignee.clone());
        assert_eq!((view.state(), assignee), (state, Some(by)));
    }
}

async fn notes_outlive_what_is_made_anew(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    project(&store, &fence, vec![stroke(1, 0, 1, Stage::Tried, "a")], vec![]).await;
    let closed = IncidentChange { state: Some(IncidentState::Closed), ..IncidentChange::default() };
    store.incident_change(1, &closed, "eve", 6).await.unwrap();
    store.project_reset(&fence, View::Incidents).await.unwrap();
    assert_eq!(all(&store).await, []);
    project(&store, &fence, vec![stroke(1, 0, 1, Stage::Tried, "a")], vec![]).await;
    assert_eq!(store.incident_get(1).await.unwrap().unwrap().state(), IncidentState::Closed);
}

async fn incidents_are_filtered(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    let strokes = vec![
        stroke(1, 0, 1, Stage::Touched, "a"),
        stroke(2, 1, 2, Stage::Executed, "b"),
        stroke(3, 2, 3, Stage::Tried, "a"),
    ];
    project(&store, &fence, strokes, vec![]).await;
    let given = IncidentChange { assignee: Some("eve".into()), ..IncidentChange::default() };
    store.incident_change(3, &given, "eve", 6).await.unwrap();
    for (filter, expected) in [
        (Filter { node: Some("a".into()), ..Filter::default() }, vec![3, 1]),
        (Filter { service: Some("ftp".into()), ..Filter::default() }, vec![]),
        (Filter { src_ip: Some(address(2)), ..Filter::default() }, vec![2]),
        (Filter { stage: Some(Stage::Tried), ..Filter::default() }, vec![3, 2]),
        (Filter { severity: Some(Severity::High), ..Filter::default() }, vec![2]),
        (Filter { assignee: Some("eve".into()), ..Filter::default() }, vec![3]),
        (Filter { since: Some(1), until: Some(2), ..Filter::default() }, vec![2]),
        (Filter { state: Some(IncidentState::New), node: Some("a".into()), ..Filter::default() }, vec![3, 1]),
        (Filter { state: Some(IncidentState::Acknowledged), ..Filter::default() }, vec![]),
    ] {
        let found = store.incident_list(&filter, Page::newest(9)).await.unwrap();
        let ids: Vec<_> = found.iter().map(|view| view.incident.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
    let older = store.incident_list(&Filter::default(), Page::before(3, 1)).await.unwrap();
    assert_eq!(older[0].incident.id, 2);
    let newer = store.incident_list(&Filter::default(), Page::after(1, 9)).await.unwrap();
    assert_eq!(newer.iter().map(|view| view.incident.id).collect::<Vec<_>>(), [2, 3]);
}
