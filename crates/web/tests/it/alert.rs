//! Rules, mutes and messages of alerts.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode};
use decnet_model::access::Role;
use decnet_web::create_user;
use serde_json::{Value, json};

async fn send(client: &Client, method: Method, path: &str, body: Value) -> crate::client::Answer {
    client.send(method, &format!("/api/v1/alerts/{path}"), body.to_string()).await
}

#[tokio::test]
async fn a_rule_is_set_and_its_secrets_are_never_shown() {
    let client = Client::logged_in().await;
    let body =
        json!({"target": "https://hooks.example.com/T0/geheim", "secret": "geheim", "severity": "high"});
    let answer = send(&client, Method::PUT, "rules/chat", body).await;
    assert_eq!(
        (answer.status, &answer.body["target"]),
        (StatusCode::OK, &"https://hooks.example.com".into())
    );
    let answer = send(&client, Method::PUT, "rules/chat", json!({"format": "slack", "enabled": false})).await;
    assert_eq!((&answer.body["signed"], &answer.body["severity"]), (&true.into(), &"high".into()));
    let answer = send(&client, Method::POST, "rules/chat/test", json!({})).await;
    assert_eq!((answer.status, &answer.body["state"]), (StatusCode::ACCEPTED, &"waiting".into()));
    for path in ["/alerts/rules", "/alerts/deliveries", "/audit-log"] {
        let shown = client.get(path).await.body.to_string();
        assert!(shown.contains("chat") && !shown.contains("geheim"), "{shown}");
    }
    let wrong = json!({"target": "file:///etc/passwd", "severity": "x", "quiet": "night"});
    let answer = send(&client, Method::PUT, "rules/other", wrong).await;
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(
        errors.iter().map(|wrong| wrong["field"].as_str().unwrap()).collect::<Vec<_>>(),
        ["target", "severity", "quiet"]
    );
    assert_eq!(send(&client, Method::DELETE, "rules/chat", json!({})).await.status, StatusCode::NO_CONTENT);
    let gone = client.get("/alerts/deliveries").await.body;
    assert_eq!(gone["items"][0]["state"], "failed");
}

#[tokio::test]
async fn analysts_mute_and_only_administrators_say_where_messages_go() {
    let mut client = Client::logged_in().await;
    create_user(&client.store, "eve", Role::Analyst, Some(PASSWORD), 1).await.ok();
    client.token = client.bearer("eve", PASSWORD).await;
    let target = json!({"target": "http://169.254.169.254/"});
    assert_eq!(send(&client, Method::PUT, "rules/x", target).await.status, StatusCode::FORBIDDEN);
    let mute = json!({"network": "192.0.2.0/28", "reason": "ours", "minutes": 60});
    let answer = send(&client, Method::POST, "mutes", mute).await;
    assert_eq!((answer.status, &answer.body["created_by"]), (StatusCode::CREATED, &"eve".into()));
    for wrong in [json!({"reason": "x"}), json!({"network": "x"}), json!({"decky": "a", "minutes": 0})] {
        assert_eq!(send(&client, Method::POST, "mutes", wrong).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(client.get("/alerts/mutes").await.body[0]["network"], "192.0.2.0/28");
    assert_eq!(send(&client, Method::DELETE, "mutes/1", json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(&client, Method::DELETE, "mutes/1", json!({})).await.status, StatusCode::NOT_FOUND);
}
