//! Who gets in, for how long, and how often they may try.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode, header};
use decnet_web::{AccountError, ensure_admin, signing_secret};

#[tokio::test]
async fn a_token_opens_until_logout() {
    let mut client = Client::new().await;
    assert_eq!(client.get("/events").await.status, StatusCode::UNAUTHORIZED);
    let answer = client.login("admin", PASSWORD).await;
    assert_eq!((answer.status, &answer.body["role"]), (StatusCode::OK, &"admin".into()));
    client.token = answer.body["token"].as_str().unwrap().to_owned();
    assert_eq!(client.get("/events").await.status, StatusCode::OK);
    let out = client.send(Method::POST, "/api/v1/logout", String::new()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get("/events").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let client = Client::new().await;
    let (name, password) = (client.login("nobody", PASSWORD).await, client.login("admin", "wrong").await);
    assert_eq!((name.status, password.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(name.body, password.body);
    assert_eq!(name.headers[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn many_wrong_tries_have_to_wait() {
    let client = Client::new().await;
    for _ in 0..5 {
        assert_eq!(client.login("admin", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let answer = client.login("admin", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn a_body_that_is_no_login_is_a_problem() {
    let client = Client::new().await;
    for (body, status) in [
        ("{}".to_owned(), StatusCode::BAD_REQUEST),
        ("[[[[".to_owned(), StatusCode::BAD_REQUEST),
        (format!("{{\"user\":\"{}\"}}", "x".repeat(100_000)), StatusCode::PAYLOAD_TOO_LARGE),
        (format!("{{\"user\":\"{}\",\"password\":\"\"}}", "x".repeat(2000)), StatusCode::UNAUTHORIZED),
    ] {
        let answer = client.send(Method::POST, "/api/v1/login", body).await;
        assert_eq!((answer.status, answer.body["status"].as_u64()), (status, Some(status.as_u16().into())));
    }
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    let client = Client::new().await;
    assert_eq!(ensure_admin(&client.store, Some(PASSWORD), 2).await.unwrap(), None);
    assert_eq!(ensure_admin(&client.store, None, 2).await.unwrap(), None);
    assert!(matches!(
        ensure_admin(&client.store, Some("admin"), 2).await,
        Err(AccountError::WeakPassword(_))
    ));
    ensure_admin(&client.store, Some("another password"), 3).await.unwrap();
    assert_eq!(client.login("admin", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(client.login("admin", "another password").await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_password_one_is_generated_and_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = decnet_store::Store::open(folder.path().join("x.db").to_str().unwrap()).await.unwrap();
    let password = ensure_admin(&store, None, 1).await.unwrap().unwrap();
    assert_eq!(password.len(), 24);
    assert_eq!(ensure_admin(&store, None, 1).await.unwrap(), None);
    let hash = store.user_get("admin").await.unwrap().unwrap().password_hash;
    assert!(hash.starts_with("$argon2id$"), "{hash}");
}

#[tokio::test]
async fn a_signing_secret_is_kept_and_a_weak_one_refused() {
    let client = Client::new().await;
    let first = signing_secret(&client.store, None).await.unwrap();
    assert_eq!(signing_secret(&client.store, None).await.unwrap(), first);
    for weak in ["short", &"a".repeat(40), "changeme-changeme-changeme-changeme"] {
        assert!(matches!(signing_secret(&client.store, Some(weak)).await, Err(AccountError::WeakSecret(_))));
    }
    let strong = "0123456789abcdef0123456789abcdef";
    assert_eq!(signing_secret(&client.store, Some(strong)).await.unwrap(), strong.as_bytes());
}

#[tokio::test]
async fn clients_of_the_python_original_log_in_and_out() {
    let mut client = Client::new().await;
    let body = serde_json::json!({"username": "admin", "password": PASSWORD}).to_string();
    let answer = client.send(Method::POST, "/api/v1/auth/login", body).await;
    assert_eq!((answer.status, &answer.body["token_type"]), (StatusCode::OK, &"bearer".into()));
    assert_eq!(answer.body["must_change_password"], false);
    client.token = answer.body["access_token"].as_str().unwrap().to_owned();
    let change = serde_json::json!({"old_password": PASSWORD, "new_password": "another horse"}).to_string();
    let answer = client.send(Method::POST, "/api/v1/auth/change-password", change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(client.get("/events").await.status, StatusCode::UNAUTHORIZED, "the old token is gone");
    client.token = client.bearer("admin", "another horse").await;
    let out = client.send(Method::POST, "/api/v1/auth/logout", String::new()).await;
    assert_eq!((out.status, out.body["message"].as_str()), (StatusCode::OK, Some("Logged out")));
    assert_eq!(client.get("/events").await.status, StatusCode::UNAUTHORIZED);
}
