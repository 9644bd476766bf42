//! Incidents, and work on them.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode};
use decnet_model::access::Role;
use decnet_web::create_user;
use serde_json::json;

async fn patch(client: &Client, id: i64, body: serde_json::Value) -> crate::client::Answer {
    client.send(Method::PATCH, &format!("/api/v1/incidents/{id}"), body.to_string()).await
}

#[tokio::test]
async fn an_incident_is_listed_shown_and_worked_on() {
    let client = Client::logged_in().await;
    client.ingest(1, 10).await;
    client.project_incidents().await;
    let list = client.get("/incidents").await.body;
    let one = &list["items"][0];
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!((&one["id"], &one["state"], &one["severity"]), (&1.into(), &"new".into(), &"high".into()));
    assert_eq!(one["title"], "192.0.2.7 ran 5 commands in ssh on web-01");
    assert_eq!((&one["events"], &one["credentials"], &list["older"]), (&10.into(), &5.into(), &10.into()));
    let detail = client.get("/incidents/1").await.body;
    assert_eq!(detail["timeline"].as_array().unwrap().len(), 10);
    assert_eq!(
        (&detail["timeline"][0]["id"], &detail["secrets"][0]["principal"]),
        (&1.into(), &"root".into())
    );
    assert_eq!(
        (&detail["attackers"][0]["events"], &detail["contacts"][0]["decky"]),
        (&10.into(), &"web-01".into())
    );
    let events = client.get("/incidents/1/events?before=4&limit=2").await.body;
    assert_eq!((&events["items"][0]["id"], &events["items"][1]["id"]), (&3.into(), &2.into()));
    let answer =
        patch(&client, 1, json!({"state": "closed", "assignee": "admin", "note": "a\u{202e}b"})).await;
    assert_eq!((&answer.body["state"], &answer.body["changed_by"]), (&"closed".into(), &"admin".into()));
    let notes = client.get("/incidents/1").await.body["notes"].clone();
    assert_eq!((notes.as_array().unwrap().len(), &notes[2]["text"]), (3, &"a\\xe2\\x80\\xaeb".into()));
    client.ingest(11, 11).await;
    client.project_incidents().await;
    let list = client.get("/incidents?state=new&assignee=admin").await.body;
    assert_eq!((&list["items"][0]["reopened"], &list["items"][0]["state"]), (&true.into(), &"new".into()));
    let log = client.get("/audit-log").await.body;
    assert_eq!(log["items"][0]["action"], "incident.update");
}

#[tokio::test]
async fn what_is_wrong_with_a_change_is_told() {
    let mut client = Client::logged_in().await;
    client.ingest(1, 2).await;
    client.project_incidents().await;
    for (body, fields) in [
        (json!({}), vec![""]),
        (json!({"state": "open", "assignee": "a b", "note": " "}), vec!["state", "assignee", "note"]),
        (json!({"assignee": "nobody"}), vec!["assignee"]),
        (json!({"note": "x".repeat(4001)}), vec!["note"]),
        (json!({"stat": "new"}), vec![""]),
    ] {
        let answer = patch(&client, 1, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let errors = answer.body["errors"].as_array().unwrap();
        assert_eq!(
            errors.iter().map(|wrong| wrong["field"].as_str().unwrap()).collect::<Vec<_>>(),
            fields,
            "{body}"
        );
    }
    assert_eq!(patch(&client, 77, json!({"state": "new"})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.get("/incidents/77").await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.get("/incidents?severity=urgent").await.status, StatusCode::BAD_REQUEST);
    create_user(&client.store, "watch", Role::Viewer, Some(PASSWORD), 1).await.ok();
    client.token = client.bearer("watch", PASSWORD).await;
    assert_eq!(patch(&client, 1, json!({"state": "closed"})).await.status, StatusCode::FORBIDDEN);
}
