//! The worker on a store, over days that a test makes.

use super::*;
use decnet_model::{
    record::{Filter, LifeFilter, LifeKind, Page},
    routine::{Member, Switch, known, preview, routines},
};
use netsvc_persona::{Persona, Secret, User};
use std::collections::{BTreeMap, BTreeSet};

/// 2026-11-30, a Monday, at noon.
const NOW: Micros = 20_787 * DAY + 12 * 60 * MINUTE;

fn personas(count: u8) -> Vec<Persona> {
    let text = include_str!("../../../engine/tests/persona.json");
    let base: Persona = serde_json::from_str(text).unwrap();
    let user = |name: &str, uid: u32| User {
        name: name.to_owned(),
        full_name: String::new(),
        uid,
        home: if uid == 0 { "/root".to_owned() } else { format!("/home/{name}") },
        shell: "/bin/bash".to_owned(),
        password: Some(Secret("x".to_owned())),
    };
    (0..count)
        .map(|number| Persona {
            node: format!("d-{number}"),
            hostname: format!("srv{number}"),
            ip: [10, 0, 0, 10 + number].into(),
            prefix: 24,
            users: vec![user("root", 0), user("anna", 1000)],
            ..base.clone()
        })
        .collect()
}

async fn store(folder: &std::path::Path, count: u8) -> Store {
    let store = Store::open(folder.join("s.db").to_str().unwrap()).await.unwrap();
    let personas = personas(count);
    let members: Vec<Member<'_>> =
        personas.iter().map(|persona| Member { persona, services: vec!["ssh", "http"] }).collect();
    let rows: Vec<RoutineRow> =
        routines(b"secret", Switch::default(), &known(None), &members, &BTreeMap::new())
            .into_iter()
            .map(|(node, routine)| RoutineRow {
                node,
                document: serde_json::to_string(&routine).unwrap(),
                changed_at: NOW,
            })
            .collect();
    assert_eq!(rows.len(), usize::from(count));
    store.routines_put(&rows).await.unwrap();
    store
}

async fn all(store: &Store) -> Vec<LifeDeed> {
    store.life_list(&LifeFilter::default(), 100_000).await.unwrap()
}

#[tokio::test]
async fn what_is_done_is_written_down_once_and_nobody_is_an_attacker_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), 10).await;
    let mut writer =
        Writer { store: store.clone(), counters: Counters::default(), cleared: None, unreadable: Vec::new() };
    writer.pass(NOW).await.unwrap();
    let first = all(&store).await;
    assert!(first.len() > 100, "{}", first.len());
    assert!(first.iter().all(|deed| (NOW - BACK..NOW).contains(&deed.at)));
    let kinds: BTreeSet<&str> = first.iter().map(|deed| deed.kind.name()).collect();
    assert!(kinds.contains("job") && kinds.contains("pages"), "{kinds:?}");
    // In small steps and with a kill between them it is the same as at once.
    for minute in 1..120 {
        writer.pass(NOW + minute * MINUTE).await.unwrap();
    }
    let small = all(&store).await;
    store.setting_put(WRITTEN, &NOW.to_string()).await.unwrap();
    let mut again =
        Writer { store: store.clone(), counters: Counters::default(), cleared: None, unreadable: Vec::new() };
    again.pass(NOW + 119 * MINUTE).await.unwrap();
    assert_eq!(all(&store).await, small);
    let logins = LifeFilter { kind: Some(LifeKind::Login), ..LifeFilter::default() };
    assert!(!store.life_list(&logins, 1000).await.unwrap().is_empty());
    assert!(store.attacker_list(&Filter::default(), Page::newest(10)).await.unwrap().is_empty());
    assert!(store.event_list(&Filter::default(), Page::newest(10)).await.unwrap().is_empty());
    writer.pass(NOW + 30 * DAY).await.unwrap();
    assert!(all(&store).await.iter().all(|deed| NOW + 15 * DAY < deed.at), "what is old is forgotten");
}

#[tokio::test]
async fn a_day_can_be_looked_at_before_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), 3).await;
    let rows = store.routine_list().await.unwrap();
    let day = NOW.div_euclid(DAY) + 3;
    let plans: Vec<Vec<LifeDeed>> = rows.iter().map(|row| preview(row, day).unwrap()).collect();
    assert!(plans.iter().all(|plan| plan.len() > 5 && plan.is_sorted_by_key(|deed| deed.at)));
    let times = |plan: &[LifeDeed]| plan.iter().map(|deed| deed.at).collect::<BTreeSet<_>>();
    assert_ne!(times(&plans[0]), times(&plans[1]));
    store.routines_put(&rows[..1]).await.unwrap();
    assert_eq!(store.routine_list().await.unwrap(), rows[..1], "those that are gone are gone");
}

#[tokio::test]
async fn a_routine_that_cannot_be_read_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), 3).await;
    let mut rows = store.routine_list().await.unwrap();
    rows[0].document = "{".to_owned();
    store.routines_put(&rows).await.unwrap();
    let counters = Counters::default();
    let mut writer = Writer { store: store.clone(), counters, cleared: None, unreadable: Vec::new() };
    writer.pass(NOW).await.unwrap();
    let nodes: BTreeSet<String> = all(&store).await.into_iter().map(|deed| deed.node).collect();
    assert_eq!(nodes, rows[1..].iter().map(|row| row.node.clone()).collect());
    assert_eq!((writer.counters.deckies, writer.counters.unreadable), (2, 1));
    assert!(writer.trouble().is_some_and(|text| text.contains(&rows[0].node)));
}
