//! Topologies that somebody edits.

use crate::client::Client;
use axum::http::{Method, StatusCode};
use decnet_model::{
    operation::{Request, TopologyWork},
    record::{TopologyRow, TopologyState},
};
use serde_json::{Value, json};

async fn stored(client: &Client) {
    let row = TopologyRow {
        name: "corp".to_owned(),
        state: TopologyState::Pending,
        state_at: 1,
        reason: String::new(),
        version: 3,
        document: json!({"name": "corp"}).to_string(),
        created_at: 1,
        updated_at: 1,
    };
    assert!(client.store.topology_create(&row).await.unwrap());
}

fn edit(version: i64) -> String {
    json!({"changes": [{"op": "add_lan", "name": "lab"}], "expected_version": version}).to_string()
}

#[tokio::test]
async fn changes_of_the_version_that_is_there_are_queued_and_others_contradict() {
    let client = Client::logged_in().await;
    let path = "/api/v1/topologies/corp/edit";
    assert_eq!(client.send(Method::POST, path, edit(3)).await.status, StatusCode::NOT_FOUND);
    stored(&client).await;
    let late = client.send(Method::POST, path, edit(2)).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(late.body["errors"][0]["message"], "it has version 3 by now, not 2");
    assert_eq!(client.send(Method::POST, path, edit(3)).await.status, StatusCode::ACCEPTED);
    let row = client.store.operation_get(1).await.unwrap().unwrap();
    let work = serde_json::from_str(&row.request).unwrap();
    let Request::Topology(TopologyWork::Edit { changes, expected_version, .. }) = work else {
        panic!("no edit")
    };
    assert_eq!(expected_version, 3);
    assert_eq!(serde_json::from_str::<Value>(&changes).unwrap(), json!([{"op": "add_lan", "name": "lab"}]));
    let none = json!({"changes": [], "expected_version": 3}).to_string();
    assert_eq!(client.send(Method::POST, path, none).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_draft_is_checked_and_not_stored() {
    let client = Client::logged_in().await;
    let draft = |document: Value| json!({ "document": document }).to_string();
    let check = async |body: String| client.send(Method::POST, "/api/v1/topologies/new/check", body).await;
    let empty = check(draft(json!({"name": "x", "lans": []}))).await;
    assert_eq!((empty.status, &empty.body["findings"][0]["code"]), (StatusCode::OK, &json!("DMZ_MISSING")));
    for body in [draft(json!({"lans": 7})), draft(json!([])), "{}".to_owned()] {
        assert_eq!(check(body).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(client.get("/topologies").await.body, json!([]));
}
