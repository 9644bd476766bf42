//! Hosts join once, say how they stand, and what they recorded carries their id.

use crate::{
    backend::on_every_backend,
    lines::{With, line},
};
use decnet_model::{
    record::{SwarmCertificate, SwarmHost, SwarmReport, SwarmToken, SwarmUpdate, UpdateState},
    worker::Worker,
};
use decnet_store::{
    Position, Store, SwarmJoined,
    record::{Filter, Page},
};
use netsvc_wire::WriterId;
use std::collections::BTreeMap;

on_every_backend!(
    a_token_takes_one_host_in,
    what_is_wanted_has_another_number_when_it_is_another,
    who_is_decommissioned_has_no_valid_certificate,
    events_carry_their_host,
    an_update_moves_on_from_the_state_that_was_seen,
);

fn token(hash: &str, name: &str) -> SwarmToken {
    SwarmToken {
        hash: hash.to_owned(),
        name: name.to_owned(),
        labels: "{}".to_owned(),
        weight: 1,
        capacity: None,
        created_by: "eve".to_owned(),
        created_at: 1,
        expires_at: 100,
        used_at: None,
        used_key: String::new(),
        host: String::new(),
        notes: None,
    }
}

async fn a_token_takes_one_host_in(store: Store) {
    let noted = SwarmToken { notes: Some("behind the lift".to_owned()), ..token("h", "berlin") };
    store.swarm_token_put(&noted).await.unwrap();
    assert_eq!(store.swarm_token("h").await.unwrap(), Some(noted));
    store.swarm_token_put(&token("i", "berlin")).await.unwrap();
    let host = SwarmHost { capacity: Some(7), ..SwarmHost::new("berlin-1", "berlin", 5) };
    let join = async |hash: &str, key: &str, now| store.swarm_join(hash, key, &host, now).await.unwrap();
    assert_eq!(join("none", "k", 5).await, SwarmJoined::NoToken);
    assert_eq!(join("h", "k", 100).await, SwarmJoined::NoToken, "it has expired");
    assert_eq!(join("h", "k", 5).await, SwarmJoined::New);
    assert_eq!(join("h", "k", 6).await, SwarmJoined::Again("berlin-1".to_owned()));
    assert_eq!(join("h", "another", 6).await, SwarmJoined::Used);
    assert_eq!(join("i", "another", 6).await, SwarmJoined::NameTaken);
    assert_eq!(
        store.swarm_token("i").await.unwrap().unwrap().used_at,
        None,
        "a name that is taken costs no token"
    );
    assert_eq!(store.swarm_hosts().await.unwrap(), std::slice::from_ref(&host));
    store.swarm_decommission("berlin-1", "test", 7).await.unwrap();
    assert_eq!(join("h", "k", 8).await, SwarmJoined::Used, "who has left does not come back by it");
}

async fn what_is_wanted_has_another_number_when_it_is_another(store: Store) {
    store.swarm_token_put(&token("h", "berlin")).await.unwrap();
    let host = SwarmHost::new("berlin-1", "berlin", 5);
    store.swarm_join("h", "k", &host, 5).await.unwrap();
    let put = async |text: &str| {
        store.swarm_fleet_put("whole", &[("berlin-1".to_owned(), text.to_owned())]).await.unwrap();
        store.swarm_host("berlin-1").await.unwrap().unwrap()
    };
    assert_eq!(
        (put("one").await.generation, put("one").await.generation, put("two").await.generation),
        (1, 1, 2)
    );
    let named = SwarmHost { name: "paris".to_owned(), weight: 3, ..host.clone() };
    store.swarm_host_drain("berlin-1", true).await.unwrap();
    assert!(store.swarm_host_change(&named).await.unwrap(), "and drained it stays");
    let now = store.swarm_host("berlin-1").await.unwrap().unwrap();
    assert_eq!((now.name.as_str(), now.weight, now.drained, now.generation), ("paris", 3, true, 2));
    store.swarm_pulse(&["berlin-1".to_owned()]).await.unwrap();
    let wishes = store.swarm_wishes().await.unwrap();
    assert_eq!((wishes[0].generation, wishes[0].pulse), (2, 1));
    let report = SwarmReport { host: "berlin-1".to_owned(), at: 9, generation: 2, ..SwarmReport::default() };
    store.swarm_report_put(&report).await.unwrap();
    store.swarm_report_put(&SwarmReport { at: 10, ..report.clone() }).await.unwrap();
    assert_eq!(store.swarm_reports().await.unwrap(), [SwarmReport { at: 10, ..report }]);
}

async fn who_is_decommissioned_has_no_valid_certificate(store: Store) {
    store.swarm_token_put(&token("h", "berlin")).await.unwrap();
    store.swarm_join("h", "k", &SwarmHost::new("berlin-1", "berlin", 5), 5).await.unwrap();
    let certificate = |print: &str, host: &str| SwarmCertificate {
        fingerprint: print.to_owned(),
        host: host.to_owned(),
        role: "agent".to_owned(),
        issued_at: 1,
        expires_at: 9,
        revoked_at: None,
        reason: String::new(),
    };
    for (print, host) in [("a", "berlin-1"), ("b", "berlin-1"), ("c", "paris-1")] {
        store.swarm_certificate_put(&certificate(print, host)).await.unwrap();
    }
    assert!(store.swarm_certificate_renew(&certificate("d", "berlin-1")).await.unwrap());
    store.swarm_told("berlin-1", 6).await.unwrap();
    assert_eq!(store.swarm_host("berlin-1").await.unwrap().unwrap().told_at, None, "it has not left");
    store.swarm_decommission("berlin-1", "why", 7).await.unwrap();
    let mut revoked: Vec<_> = store.swarm_certificates().await.unwrap();
    revoked.retain(|row| row.revoked_at == Some(7) && row.reason == "why");
    assert_eq!(revoked.len(), 3);
    assert!(
        !store.swarm_certificate_renew(&certificate("e", "berlin-1")).await.unwrap(),
        "who left gets none"
    );
    assert!(store.swarm_certificate("e").await.unwrap().is_none());
    store.swarm_told("berlin-1", 8).await.unwrap();
    store.swarm_told("berlin-1", 9).await.unwrap();
    let left = store.swarm_host("berlin-1").await.unwrap().unwrap();
    assert_eq!((left.left_at, left.told_at), (Some(7), Some(8)));
    assert!(store.swarm_wishes().await.unwrap().is_empty());
    store.swarm_token_put(&token("i", "berlin")).await.unwrap();
    let again = store.swarm_join("i", "k", &SwarmHost::new("berlin-2", "berlin", 9), 9).await.unwrap();
    assert_eq!(again, SwarmJoined::New, "the name is free again");
}

async fn events_carry_their_host(store: Store) {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let batch = [line(1, "connect"), line(1, "connect").of(7)];
    let hosts = BTreeMap::from([(WriterId(7), "berlin-1".to_owned())]);
    store.ingest_from(&fence, &batch, &hosts, &Position { segment: 1, offset: 2 }).await.unwrap();
    let rows = store.event_list(&Filter::default(), Page::after(0, 10)).await.unwrap();
    let found: Vec<_> = rows.iter().map(|row| row.host.as_deref()).collect();
    assert_eq!(found, [None, Some("berlin-1")]);
    let only = Filter { host: Some("berlin-1".to_owned()), ..Filter::default() };
    assert_eq!(store.event_list(&only, Page::newest(10)).await.unwrap().len(), 1);
}

async fn an_update_moves_on_from_the_state_that_was_seen(store: Store) {
    let update = |host: &str, rollout: &str, state| SwarmUpdate {
        id: format!("{rollout}.{host}"),
        rollout: rollout.to_owned(),
        host: host.to_owned(),
        name: host.to_owned(),
        stage: 0,
        from_version: "1.0.0".to_owned(),
        to_version: "1.1.0".to_owned(),
        sha256: "00".repeat(32),
        size: 7,
        signature: "signed".to_owned(),
        state,
        reason: String::new(),
        asked_by: "eve".to_owned(),
        asked_at: 5,
        changed_at: 5,
        ended_at: None,
    };
    let (a, b) = (update("a", "r", UpdateState::Offered), update("b", "r", UpdateState::Waiting));
    assert_eq!(store.swarm_updates_ask(&[a.clone(), b.clone()], 5).await.unwrap(), None);
    assert_eq!(store.swarm_updates_open().await.unwrap(), [a.clone(), b.clone()]);
    let trying = SwarmUpdate { state: UpdateState::Trying, changed_at: 6, ..a.clone() };
    assert!(store.swarm_update_move(&trying, UpdateState::Offered).await.unwrap());
    assert!(!store.swarm_update_move(&trying, UpdateState::Offered).await.unwrap(), "somebody was faster");
    let again = [update("b", "s", UpdateState::Offered), update("a", "s", UpdateState::Offered)];
    assert_eq!(store.swarm_updates_ask(&again, 7).await.unwrap().as_deref(), Some("a"), "it is busy");
    assert_eq!(store.swarm_rollout("r").await.unwrap()[1], b, "and nothing was changed");
    let done = SwarmUpdate { state: UpdateState::Done, ended_at: Some(8), ..trying };
    assert!(store.swarm_update_move(&done, UpdateState::Trying).await.unwrap());
    let open = store.swarm_updates_open().await.unwrap();
    assert_eq!(store.swarm_updates_of("a").await.unwrap(), []);
    assert_eq!(store.swarm_updates_of("b").await.unwrap(), std::slice::from_ref(&b));
    assert_eq!(open, [done, b], "those that have ended too, as long as their roll-out has not");
    assert_eq!(store.swarm_updates_ask(&again, 9).await.unwrap(), None);
    let states: Vec<_> = store.swarm_rollout("r").await.unwrap().into_iter().map(|row| row.state).collect();
    assert_eq!(states, [UpdateState::Done, UpdateState::Cancelled]);
    assert_eq!(store.swarm_updates(3).await.unwrap().len(), 3);
}
