//! Users, their logins and tokens, and what is noted about changes.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode};
use decnet_web::create_link;
use serde_json::{Value, json};

impl Client {
    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let answer = self.send(method, &format!("/api/v1{path}"), body.to_string()).await;
        (answer.status, answer.body)
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

#[tokio::test]
async fn a_first_password_is_changed_before_anything_else() {
    let mut client = Client::logged_in().await;
    let wanted = json!({"name": "eve", "role": "analyst"});
    let (status, made) = client.call(Method::POST, "/users", wanted.clone()).await;
    assert_eq!((status, made["role"].as_str()), (StatusCode::CREATED, Some("analyst")));
    assert_eq!(client.call(Method::POST, "/users", wanted).await.0, StatusCode::CONFLICT);
    let first = made["password"].as_str().unwrap();
    client.token = client.bearer("eve", first).await;
    let (status, refused) = client.call(Method::GET, "/events", Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(refused["type"], "urn:decnet:problem:password_change_required");
    assert_eq!(client.get("/me").await.body["password_change_required"], true);
    for (old, new) in [("wrong", "a new password"), (first, "short"), (first, first)] {
        let (status, _) = client.call(Method::POST, "/me/password", json!({"old": old, "new": new})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{old} {new}");
    }
    let change = json!({"old": first, "new": "a new password"});
    let (status, fresh) = client.call(Method::POST, "/me/password", change).await;
    assert_eq!((status, fresh["password_change_required"].as_bool()), (StatusCode::OK, Some(false)));
    assert_eq!(client.get("/me").await.status, StatusCode::UNAUTHORIZED, "the old login has ended");
    client.token = fresh["token"].as_str().unwrap().to_owned();
    assert_eq!(client.get("/events").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_logs_in_once() {
    let mut client = Client::new().await;
    let link = create_link(&client.store, "admin", now()).await.unwrap();
    let (status, answer) = client.call(Method::POST, "/login/link", json!({"link": link})).await;
    assert_eq!(status, StatusCode::OK);
    client.token = answer["token"].as_str().unwrap().to_owned();
    assert_eq!(client.get("/me/sessions").await.body[0]["kind"], "link");
    let (status, _) = client.call(Method::POST, "/login/link", json!({"link": link})).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let old = create_link(&client.store, "admin", 1).await.unwrap();
    let (status, _) = client.call(Method::POST, "/login/link", json!({"link": old})).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "expired");
}

#[tokio::test]
async fn logins_are_listed_and_revoked() {
    let mut client = Client::logged_in().await;
    let other = client.bearer("admin", PASSWORD).await;
    let listed = client.get("/me/sessions").await.body;
    let logins = listed.as_array().unwrap();
    assert_eq!((logins.len(), logins.iter().filter(|login| login["current"] == true).count()), (2, 1));
    let foreign = logins.iter().find(|login| login["current"] == false).unwrap()["id"].as_str().unwrap();
    let (status, _) = client.call(Method::DELETE, &format!("/me/sessions/{foreign}"), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(client.get("/me").await.status, StatusCode::OK);
    client.token = other;
    assert_eq!(client.get("/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_role_counts_at_once_and_the_last_administrator_stays() {
    let client = Client::logged_in().await;
    let wanted = json!({"name": "eve", "role": "viewer", "password": PASSWORD});
    client.call(Method::POST, "/users", wanted).await;
    for (method, body) in [(Method::PATCH, json!({"role": "viewer"})), (Method::DELETE, Value::Null)] {
        assert_eq!(client.call(method, "/users/admin", body).await.0, StatusCode::CONFLICT);
    }
    let (status, eve) = client.call(Method::PATCH, "/users/eve", json!({"role": "admin"})).await;
    assert_eq!((status, eve["role"].as_str()), (StatusCode::OK, Some("admin")));
    let (status, _) = client.call(Method::PATCH, "/users/eve", json!({"role": "root"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(client.call(Method::DELETE, "/users/eve", Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(client.call(Method::DELETE, "/users/eve", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_for_programs_does_what_it_is_for_until_it_is_revoked() {
    let mut client = Client::logged_in().await;
    for (name, scopes, days) in
        [("", json!(["read"]), 1), ("x", json!([]), 1), ("x", json!(["all"]), 1), ("x", json!(["read"]), 0)]
    {
        let wanted = json!({"name": name, "scopes": scopes, "days": days});
        assert_eq!(client.call(Method::POST, "/tokens", wanted).await.0, StatusCode::BAD_REQUEST);
    }
    let wanted = json!({"name": "siem", "scopes": ["read"], "days": 30});
    let (status, made) = client.call(Method::POST, "/tokens", wanted.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let token = made["token"].as_str().unwrap().to_owned();
    let session = std::mem::replace(&mut client.token, token.clone());
    assert_eq!(client.get("/events").await.status, StatusCode::OK);
    assert_eq!(client.call(Method::POST, "/tokens", wanted).await.0, StatusCode::FORBIDDEN);
    client.token = session;
    let listed = client.get("/tokens").await.body;
    assert!(listed[0]["used_at"].is_string() && !listed.to_string().contains(&token));
    let id = listed[0]["id"].as_str().unwrap();
    let (status, _) = client.call(Method::DELETE, &format!("/tokens/{id}"), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    client.token = token;
    assert_eq!(client.get("/events").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_gives_nobody_what_would_outlive_it() {
    let mut client = Client::logged_in().await;
    let wanted = json!({"name": "robot", "scopes": ["read", "work", "manage"], "days": 1});
    let made = client.call(Method::POST, "/tokens", wanted).await.1;
    client.token = made["token"].as_str().unwrap().to_owned();
    for (method, path, body) in [
        (Method::POST, "/users", json!({"name": "eve", "role": "admin", "password": PASSWORD})),
        (Method::PATCH, "/users/admin", json!({"role": "admin"})),
        (Method::POST, "/users/admin/password", json!({"password": "another password"})),
    ] {
        assert_eq!(client.call(method, path, body).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(client.login("admin", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(client.call(Method::DELETE, "/users/nobody", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn changes_and_logins_are_noted() {
    let client = Client::logged_in().await;
    client.login("<b>admin", "wrong").await;
    client.call(Method::POST, "/users", json!({"name": "eve", "role": "viewer"})).await;
    client.call(Method::DELETE, "/users/nobody", Value::Null).await;
    let log = client.get("/audit-log").await.body;
    let noted: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap().to_owned();
            (text("actor"), text("action"), text("target"), entry["outcome"].as_i64().unwrap())
        })
        .collect();
    let entry = |actor: &str, action: &str, target: &str, outcome| {
        (actor.to_owned(), action.to_owned(), target.to_owned(), outcome)
    };
    assert_eq!(
        noted,
        [
            entry("admin", "user.delete", "/users/nobody", 404),
            entry("admin", "user.create", "/users", 201),
            entry("<b>admin", "session.begin", "", 401),
            entry("admin", "session.begin", "", 200),
        ]
    );
    assert!(!log.to_string().contains("password"));
    let older = log["items"][1]["id"].as_i64().unwrap();
    assert_eq!(
        client.get(&format!("/audit-log?before={older}&limit=1")).await.body["items"][0]["outcome"],
        401
    );
    assert_eq!(client.get("/audit-log?limit=0").await.status, StatusCode::BAD_REQUEST);
}
