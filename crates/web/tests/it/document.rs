//! The document and the routes agree, and every answer has the headers.

use crate::client::Client;
use axum::http::{Method, StatusCode};
use decnet_web::document;
use serde_json::Value;

/// Routes that need no token.
const OPEN: [&str; 2] = ["/api/v1/health", "/api/v1/login"];

fn operations() -> Vec<(String, Method, Value)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            operations.push((path.clone(), method, operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn every_documented_route_is_served_and_guarded_as_it_says() {
    let client = Client::new().await;
    let operations = operations();
    assert_eq!(operations.len(), 18);
    for (path, method, operation) in operations {
        let open = OPEN.contains(&path.as_str());
        assert_eq!(operation["security"].is_array(), !open, "{path}");
        assert!(operation["summary"].is_string() || operation["description"].is_string(), "{path}");
        let answer = client.send(method, &path.replace(['{', '}'], ""), String::new()).await;
        assert_eq!(answer.status == StatusCode::UNAUTHORIZED, !open, "{path}");
        assert_ne!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn the_document_is_served_and_whole() {
    let client = Client::new().await;
    let answer = client.get("/openapi.json").await;
    assert_eq!(answer.body, serde_json::to_value(document()).unwrap());
    let text = answer.body.to_string();
    for name in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(answer.body["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let client = Client::logged_in().await;
    let answer = client.get("/nothing").await;
    assert_eq!((answer.status, &answer.body["status"]), (StatusCode::NOT_FOUND, &404.into()));
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let answer = client.send(Method::DELETE, "/api/v1/events", String::new()).await;
    assert_eq!((answer.status, &answer.body["status"]), (StatusCode::METHOD_NOT_ALLOWED, &405.into()));
    assert_eq!(client.get("/health").await.body["status"], "ok");
}

#[test]
fn the_committed_document_is_this_one() {
    let committed: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    assert_eq!(committed, serde_json::to_value(document()).unwrap(), "run `cargo run -p xtask -- gen`");
}
