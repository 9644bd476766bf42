//! Work that is asked for here and done elsewhere.

use crate::client::Client;
use axum::http::{Method, StatusCode};
use decnet_model::operation::{FleetRequest, Request};
use serde_json::json;

#[tokio::test]
async fn work_is_queued_and_looked_at() {
    let client = Client::logged_in().await;
    let body = json!({"ini": "[a]\nservices = ssh\n", "take_away": true}).to_string();
    let asked = client.send(Method::POST, "/api/v1/deploy", body).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    assert_eq!(asked.headers["location"], "/api/v1/operations/1");
    assert_eq!((&asked.body["kind"], &asked.body["state"]), (&json!("deploy"), &json!("queued")));
    let mut work = client.store.operation_take(1).await.unwrap().unwrap();
    let fleet = FleetRequest::Ini("[a]\nservices = ssh\n".to_owned());
    let wanted = Request::Deploy { fleet, take_away: true };
    assert_eq!(serde_json::from_str::<Request>(&work.request).unwrap(), wanted);
    work.notes = "a warning\nan error \u{1b}[31m".to_owned();
    work.result = json!({"deckies": 1}).to_string();
    client.store.operation_put(&work).await.unwrap();
    let seen = client.get("/operations/1").await.body;
    assert_eq!(seen["result"]["deckies"], 1);
    assert_eq!(seen["notes"], json!(["a warning", "an error \\x1b[31m"]));
    assert_eq!(client.get("/operations").await.body["items"][0]["id"], 1);
    assert_eq!(client.get("/operations/2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_meant_is_told_by_field() {
    let client = Client::logged_in().await;
    for (path, body, field) in [
        ("plan", json!({}), "deckies"),
        ("plan", json!({"ini": "", "deckies": 3}), "ini"),
        ("teardown", json!({}), "decky"),
        ("teardown", json!({"decky": "a", "all": true}), "decky"),
        ("teardown", json!({"decky": "../a"}), "decky"),
        ("audit", json!({"deckies": ["--all"]}), "deckies"),
    ] {
        let answer = client.send(Method::POST, &format!("/api/v1/{path}"), body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{path} {body}");
    }
}

#[tokio::test]
async fn a_long_file_is_taken_from_who_may_send_one() {
    let mut client = Client::logged_in().await;
    let long = json!({"ini": format!("[a]\n{}", "# a comment\n".repeat(30_000))}).to_string();
    assert_eq!(client.send(Method::POST, "/api/v1/plan", long.clone()).await.status, StatusCode::ACCEPTED);
    let elsewhere = client.send(Method::POST, "/api/v1/tokens", long.clone()).await;
    assert_eq!(elsewhere.status, StatusCode::PAYLOAD_TOO_LARGE);
    let longer = "x".repeat(2 << 20);
    assert_eq!(client.send(Method::POST, "/api/v1/plan", longer).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    client.token = String::new();
    assert_eq!(client.send(Method::POST, "/api/v1/plan", long).await.status, StatusCode::UNAUTHORIZED);
}
