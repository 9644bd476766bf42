//! Captures that are handed in, what is learned of them, and images.

use crate::client::Client;
use axum::http::{Method, StatusCode};
use decnet_model::{
    operation::{FleetRequest, LearnFrom, LearnWork, Request},
    record::OperationState,
};
use serde_json::json;

/// A capture without frames.
fn capture() -> Vec<u8> {
    [&[0xd4, 0xc3, 0xb2, 0xa1][..], &[0; 16], &[1, 0, 0, 0]].concat()
}

async fn request(client: &Client, id: i64) -> Request {
    let row = client.store.operation_get(id).await.unwrap().unwrap();
    serde_json::from_str(&row.request).unwrap()
}

#[tokio::test]
async fn a_capture_is_kept_for_the_worker_and_what_it_learns_is_planned() {
    let client = Client::logged_in().await;
    let asked = client.hand_in("/api/v1/learn?deckies=7&seed=x", capture()).await;
    assert_eq!(
        (asked.status, &asked.body["kind"]),
        (StatusCode::ACCEPTED, &json!("learn")),
        "{}",
        asked.body
    );
    let Request::Learn(LearnWork { from: LearnFrom::Upload(name), deckies, seed }) =
        request(&client, 1).await
    else {
        panic!("no learning")
    };
    assert_eq!((deckies, seed.as_deref()), (Some(7), Some("x")));
    assert_eq!(std::fs::read(client.handed_in().join(&name)).unwrap(), capture());
    assert_eq!(client.get("/learned").await.body[0]["state"], "queued");
    let early = client.send(Method::POST, "/api/v1/learned/1/plan", String::new()).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    let mut work = client.store.operation_take(1).await.unwrap().unwrap();
    (work.state, work.ended_at) = (OperationState::Done, Some(2));
    work.result =
        json!({"network": ["10.9.8.0", 24], "seen": {"linux": 2}, "free": 3, "ini": "[a]\n"}).to_string();
    client.store.operation_put(&work).await.unwrap();
    let seen = client.get("/learned/1").await.body;
    assert_eq!((&seen["network"], &seen["hosts"]), (&json!("10.9.8.0/24"), &json!(2)), "{seen}");
    let planned = client.send(Method::POST, "/api/v1/learned/1/plan", String::new()).await;
    assert_eq!(planned.status, StatusCode::ACCEPTED);
    assert_eq!(request(&client, 2).await, Request::Plan(FleetRequest::Ini("[a]\n".to_owned())));
    assert_eq!(client.get("/learned/2").await.status, StatusCode::NOT_FOUND, "a plan was not learned");
}

#[tokio::test]
async fn what_is_no_capture_or_too_much_is_refused() {
    let client = Client::logged_in().await;
    for bytes in [b"".to_vec(), b"[general]\n".to_vec(), vec![0xa1, 0xb2]] {
        assert_eq!(client.hand_in("/api/v1/learn", bytes).await.status, StatusCode::BAD_REQUEST);
    }
    for query in ["deckies=0", "deckies=1001", "colour=red"] {
        let answer = client.hand_in(&format!("/api/v1/learn?{query}"), capture()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let long = [capture(), vec![0; 16 << 20]].concat();
    assert_eq!(client.hand_in("/api/v1/learn", long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!client.handed_in().exists(), "nothing was kept");
    for _ in 0..8 {
        assert_eq!(client.hand_in("/api/v1/learn", capture()).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(client.hand_in("/api/v1/learn", capture()).await.status, StatusCode::TOO_MANY_REQUESTS);
    for body in [
        json!({"interface": "", "seconds": 9}),
        json!({"interface": "eth0/..", "seconds": 9}),
        json!({"interface": "eth0", "seconds": 0}),
        json!({"interface": "eth0", "seconds": 301}),
    ] {
        let answer = client.send(Method::POST, "/api/v1/learn/listen", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let body = json!({"interface": "eth0", "seconds": 60}).to_string();
    assert_eq!(client.send(Method::POST, "/api/v1/learn/listen", body).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn images_are_made_by_the_worker() {
    let client = Client::logged_in().await;
    assert_eq!(client.get("/images").await.body, json!([]));
    let asked =
        client.send(Method::POST, "/api/v1/images/build", json!({"no_cache": true}).to_string()).await;
    assert_eq!((asked.status, &asked.body["kind"]), (StatusCode::ACCEPTED, &json!("image")));
    assert_eq!(request(&client, 1).await, Request::Image { no_cache: true });
    let another = client.send(Method::POST, "/api/v1/deckies/web-01/persona", String::new()).await;
    assert_eq!((another.status, &another.body["kind"]), (StatusCode::ACCEPTED, &json!("persona")));
    assert_eq!(request(&client, 2).await, Request::Persona("web-01".parse().unwrap()));
    let again = client.send(Method::POST, "/api/v1/redeploy", String::new()).await;
    assert_eq!((again.status, &again.body["kind"]), (StatusCode::ACCEPTED, &json!("redeploy")));
    assert_eq!(client.get("/deckies/web-01/persona").await.status, StatusCode::NOT_FOUND);
}
