//! Topologies: their documents with versions, their states, their changes.

use crate::backend::on_every_backend;
use decnet_model::record::{TopologyChangeState, TopologyMutation, TopologyRow, TopologyState};
use decnet_store::Store;

on_every_backend!(a_topology_changes_by_versions_and_becomes_what_may_follow, changes_are_numbered_and_kept);

fn row(name: &str) -> TopologyRow {
    TopologyRow {
        name: name.to_owned(),
        state: TopologyState::Pending,
        state_at: 1,
        reason: String::new(),
        version: 1,
        document: "{}".to_owned(),
        created_at: 1,
        updated_at: 1,
    }
}

async fn a_topology_changes_by_versions_and_becomes_what_may_follow(store: Store) {
    assert!(store.topology_create(&row("corp")).await.unwrap());
    assert!(!store.topology_create(&row("corp")).await.unwrap());
    assert!(store.topology_change("corp", 1, "{\"a\":1}", 5).await.unwrap());
    // Who has seen an older version changes nothing.
    assert!(!store.topology_change("corp", 1, "{}", 6).await.unwrap());
    assert!(!store.topology_change("other", 1, "{}", 6).await.unwrap());
    let stored = store.topology_get("corp").await.unwrap().unwrap();
    assert_eq!((stored.version, stored.document.as_str(), stored.updated_at), (2, "{\"a\":1}", 5));

    assert!(!store.topology_become("corp", TopologyState::Active, "", 7).await.unwrap());
    assert!(store.topology_become("corp", TopologyState::Deploying, "", 8).await.unwrap());
    assert!(store.topology_become("corp", TopologyState::Degraded, "why \u{1F980}", 9).await.unwrap());
    let active = [TopologyState::Active];
    assert!(!store.topology_turn("corp", &active, TopologyState::TearingDown, "", 10).await.unwrap());
    let stored = store.topology_get("corp").await.unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.reason.as_str(), stored.state_at),
        (TopologyState::Degraded, "why \u{1F980}", 9)
    );
    let events = store.topology_events("corp").await.unwrap();
    let ways: Vec<_> = events.iter().map(|event| (event.before, event.after, event.at)).collect();
    assert_eq!(
        ways,
        [
            (TopologyState::Deploying, TopologyState::Degraded, 9),
            (TopologyState::Pending, TopologyState::Deploying, 8)
        ]
    );

    store.topology_create(&row("also")).await.unwrap();
    let names = |rows: Vec<TopologyRow>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names(store.topology_list().await.unwrap()), ["also", "corp"]);
    let whole = store.topology_list().await.unwrap();
    let without = whole.into_iter().map(|row| TopologyRow { document: String::new(), ..row });
    assert_eq!(store.topology_heads().await.unwrap(), without.collect::<Vec<_>>());
    store.topology_delete("corp").await.unwrap();
    assert_eq!(names(store.topology_list().await.unwrap()), ["also"]);
    assert!(store.topology_events("corp").await.unwrap().is_empty());
}

async fn changes_are_numbered_and_kept(store: Store) {
    let asked = TopologyMutation {
        id: 0,
        topology: "corp".to_owned(),
        op: "add_lan".to_owned(),
        payload: "{}".to_owned(),
        version: 1,
        state: TopologyChangeState::Pending,
        asked_by: "eve".to_owned(),
        asked_at: 3,
        applied_at: None,
        reason: String::new(),
    };
    assert_eq!(store.topology_mutation_put(&asked).await.unwrap(), 1);
    assert_eq!(store.topology_mutation_put(&asked).await.unwrap(), 2);
    let done = TopologyMutation { id: 1, state: TopologyChangeState::Applied, applied_at: Some(4), ..asked };
    assert_eq!(store.topology_mutation_put(&done).await.unwrap(), 1);
    let all = store.topology_mutations("corp", None).await.unwrap();
    assert_eq!(all.iter().map(|row| row.id).collect::<Vec<_>>(), [2, 1]);
    let applied = store.topology_mutations("corp", Some(TopologyChangeState::Applied)).await.unwrap();
    assert_eq!(applied, std::slice::from_ref(&done));
    let fresh = TopologyMutation { id: 0, ..done.clone() };
    let several = store.topology_mutations_put(&[fresh.clone(), done, fresh]).await.unwrap();
    assert_eq!(several.iter().map(|row| row.id).collect::<Vec<_>>(), [3, 1, 4]);
    assert_eq!(store.topology_mutations("corp", None).await.unwrap().len(), 4);
}
