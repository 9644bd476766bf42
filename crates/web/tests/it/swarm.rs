//! Hosts of a swarm: shown to all, invited and changed by administrators.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode};
use decnet_model::{
    access::Role,
    record::{SwarmHost, SwarmReport, SwarmToken, SwarmUpdate, UpdateState},
    swarm::{AUTHORITY, Invited},
};
use decnet_web::create_user;
use serde_json::{Value, json};
use std::time::Duration;

async fn send(client: &Client, method: Method, path: &str, body: Value) -> crate::client::Answer {
    client.send(method, &format!("/api/v1/swarm/{path}"), body.to_string()).await
}

/// A host that has joined and reported.
async fn host(client: &Client, id: &str, name: &str) {
    let invited = Invited {
        name: name.to_owned(),
        labels: [("site".to_owned(), "berlin".to_owned())].into(),
        weight: 1,
        capacity: Some(9),
        valid: Duration::from_secs(60),
        by: "eve".to_owned(),
        notes: None,
    };
    let token: SwarmToken = invited.row(id.to_owned(), 1);
    client.store.swarm_token_put(&token).await.unwrap();
    let row = SwarmHost { labels: token.labels, capacity: Some(9), ..SwarmHost::new(id, name, 5) };
    client.store.swarm_join(id, "k", &row, 5).await.unwrap();
    let report = SwarmReport {
        host: id.to_owned(),
        at: 6,
        lag: json!({"bytes": 7, "lines": 8, "rate": 9}).to_string(),
        ground: "null".to_owned(),
        deckies: json!([{"name": "web-01", "state": "running"}]).to_string(),
        trouble: "\u{1b}[31m".to_owned(),
        ..SwarmReport::default()
    };
    client.store.swarm_report_put(&report).await.unwrap();
}

#[tokio::test]
async fn hosts_and_deckies_are_shown_as_they_are_known() {
    let client = Client::logged_in().await;
    assert_eq!(client.get("/swarm/hosts").await.body, json!([]));
    host(&client, "berlin-1", "berlin").await;
    let shown = client.get("/swarm/hosts").await.body;
    let one = &shown[0];
    assert_eq!((&one["state"], &one["lag_bytes"]), (&"unreachable".into(), &7.into()), "{one}");
    assert_eq!((&one["labels"]["site"], &one["capacity"]), (&"berlin".into(), &9.into()));
    assert!(!one["trouble"].as_str().unwrap().contains('\u{1b}'), "what an agent says is escaped");
    let deckies = client.get("/swarm/deckies").await.body;
    assert_eq!((&deckies[0]["decky"], &deckies[0]["state"]), (&"web-01".into(), &"unknown".into()));
}

#[tokio::test]
async fn a_host_is_changed_and_what_is_wrong_is_named() {
    let client = Client::logged_in().await;
    host(&client, "berlin-1", "berlin").await;
    host(&client, "paris-1", "paris").await;
    let change = json!({"name": "bonn", "labels": {"a": "b"}, "weight": 3, "capacity": 0, "notes": "x"});
    let answer = send(&client, Method::PATCH, "hosts/berlin-1", change).await;
    assert_eq!((answer.status, &answer.body["name"]), (StatusCode::OK, &"bonn".into()));
    assert_eq!((&answer.body["labels"], &answer.body["capacity"]), (&json!({"a": "b"}), &Value::Null));
    for (wrong, field) in [
        (json!({"name": "A b"}), "name"),
        (json!({"labels": {"a b": "c"}}), "labels"),
        (json!({"weight": 0}), "weight"),
    ] {
        let answer = send(&client, Method::PATCH, "hosts/berlin-1", wrong).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (StatusCode::BAD_REQUEST, &field.into())
        );
    }
    let taken = send(&client, Method::PATCH, "hosts/berlin-1", json!({"name": "paris"})).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert_eq!(send(&client, Method::PATCH, "hosts/none", json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_administrators_invite_and_only_where_there_is_a_swarm() {
    let mut client = Client::logged_in().await;
    let asked = json!({"name": "rome", "labels": {"site": "rome"}});
    let none = send(&client, Method::POST, "enroll", asked.clone()).await;
    assert_eq!(none.status, StatusCode::CONFLICT, "{}", none.body);
    client.store.setting_put(AUTHORITY, "a certificate").await.unwrap();
    let made = send(&client, Method::POST, "enroll", asked.clone()).await;
    let command = made.body["command"].as_str().unwrap();
    assert_eq!((made.status, command), (StatusCode::OK, "decnet join localhost:8770 of-a-certificate --run"));
    let kept = client.store.swarm_token("hash-of-it").await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.created_by.as_str(), kept.used_at), ("rome", "admin", None));
    for wrong in
        [json!({"name": "-"}), json!({"name": "a", "minutes": 0}), json!({"name": "a", "address": "x; y"})]
    {
        assert_eq!(send(&client, Method::POST, "enroll", wrong).await.status, StatusCode::BAD_REQUEST);
    }
    create_user(&client.store, "eve", Role::Analyst, Some(PASSWORD), 1).await.ok();
    client.token = client.bearer("eve", PASSWORD).await;
    assert_eq!(send(&client, Method::POST, "enroll", asked).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn work_on_hosts_is_queued_as_it_was_asked_for() {
    let client = Client::logged_in().await;
    let answer = send(&client, Method::POST, "work", json!({"deed": "drain", "host": "berlin-1"})).await;
    assert_eq!(
        (answer.status, &answer.body["kind"]),
        (StatusCode::ACCEPTED, &"swarm".into()),
        "{}",
        answer.body
    );
    let fleet = json!({"fleet": {"deckies": 3, "services": ["ssh"]}, "on": {"site": "berlin"}});
    let answer = send(&client, Method::POST, "deploy", fleet).await;
    assert_eq!((answer.status, &answer.body["kind"]), (StatusCode::ACCEPTED, &"deploy".into()));
    for wrong in
        [json!({"deed": "drain"}), json!({"deed": "check", "decky": "web-01"}), json!({"deed": "wipe"})]
    {
        assert_eq!(send(&client, Method::POST, "work", wrong).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_release_is_rolled_out_by_its_hash_and_what_became_of_it_is_listed() {
    let client = Client::logged_in().await;
    let sha256 = "ab".repeat(32);
    let answer = send(&client, Method::POST, "updates", json!({"sha256": sha256, "canaries": 1})).await;
    assert_eq!(
        (answer.status, &answer.body["kind"]),
        (StatusCode::ACCEPTED, &"swarm".into()),
        "{}",
        answer.body
    );
    for wrong in [json!({"sha256": "../x"}), json!({"sha256": "zz".repeat(32)}), json!({})] {
        assert_eq!(send(&client, Method::POST, "updates", wrong).await.status, StatusCode::BAD_REQUEST);
    }
    let update = SwarmUpdate {
        id: "r.berlin-1".to_owned(),
        rollout: "r".to_owned(),
        host: "berlin-1".to_owned(),
        name: "berlin".to_owned(),
        stage: 0,
        from_version: "1.0.0".to_owned(),
        to_version: "1.1.0".to_owned(),
        sha256,
        size: 7,
        signature: "signed".to_owned(),
        state: UpdateState::RolledBack,
        reason: "it does not run".to_owned(),
        asked_by: "eve".to_owned(),
        asked_at: 5,
        changed_at: 6,
        ended_at: Some(6),
    };
    client.store.swarm_updates_ask(&[update], 5).await.unwrap();
    let listed = client.get("/swarm/updates").await;
    let row = &listed.body[0];
    assert_eq!((&row["name"], &row["state"]), (&"berlin".into(), &"rolled-back".into()), "{}", listed.body);
    assert_eq!(
        (&row["from"], &row["to"], &row["reason"]),
        (&"1.0.0".into(), &"1.1.0".into(), &"it does not run".into())
    );
}
