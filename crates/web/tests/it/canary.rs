//! Canaries over the interface.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode};
use decnet_model::access::Role;
use decnet_web::create_user;
use serde_json::{Value, json};

async fn send(client: &Client, method: Method, path: &str, body: Value) -> crate::client::Answer {
    client.send(method, &format!("/api/v1/canaries{path}"), body.to_string()).await
}

#[tokio::test]
async fn a_canary_is_made_listed_and_revoked() {
    let client = Client::logged_in().await;
    let kinds = client.get("/canaries/kinds").await.body;
    let kind =
        |name: &str| kinds.as_array().unwrap().iter().find(|kind| kind["name"] == name).unwrap().clone();
    assert_eq!((&kind("pdf")["ready"], &kind("ssh-key")["ready"]), (&false.into(), &true.into()));
    let body = json!({"kind": "ssh-key", "memo": "on the jump host", "user": "deploy", "target": "build01"});
    let made = send(&client, Method::POST, "", body).await;
    assert_eq!((made.status, &made.body["memo"]), (StatusCode::CREATED, &"on the jump host".into()));
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert!(made.body["lead"].as_str().unwrap().ends_with("deploy@build01"));
    let path = format!("/api/v1/canaries/{id}/content");
    assert_eq!(client.status(Method::GET, &path).await, StatusCode::OK);
    assert_eq!(client.get("/canaries").await.body[0]["id"], id.as_str());
    assert_eq!(client.get(&format!("/canaries/{id}/hits")).await.body["items"], json!([]));
    let place = json!({"decky": "nobody", "path": "/root/x"});
    let wrong = send(&client, Method::PUT, &format!("/{id}/place"), place).await;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &"decky".into()));
    for expected in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        assert_eq!(send(&client, Method::DELETE, &format!("/{id}"), json!({})).await.status, expected);
    }
    for wrong in [json!({"kind": "x"}), json!({"kind": "pdf"}), json!({"kind": "email"})] {
        let answer = send(&client, Method::POST, "", wrong).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (StatusCode::BAD_REQUEST, &"kind".into())
        );
    }
}

#[tokio::test]
async fn who_only_looks_makes_none_and_reads_none() {
    let mut client = Client::logged_in().await;
    let made = send(&client, Method::POST, "", json!({"kind": "password"})).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    create_user(&client.store, "eve", Role::Viewer, Some(PASSWORD), 1).await.ok();
    client.token = client.bearer("eve", PASSWORD).await;
    assert_eq!(
        send(&client, Method::POST, "", json!({"kind": "password"})).await.status,
        StatusCode::FORBIDDEN
    );
    let path = format!("/api/v1/canaries/{id}/content");
    assert_eq!(client.status(Method::GET, &path).await, StatusCode::FORBIDDEN);
}
