//! The dashboard beside the interface, and by which name both are spoken to.

use crate::client::Client;
use axum::http::{Method, StatusCode, header};
use tower::ServiceExt;

#[tokio::test]
async fn a_page_is_no_route_of_the_interface() {
    let client = Client::new().await;
    for path in ["/", "/attackers/192.0.2.1", "/apis"] {
        let answer = client.send(Method::GET, path, String::new()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
    }
    for path in ["/api", "/api/", "/api/v1", "/api/v2/events"] {
        let answer = client.send(Method::GET, path, String::new()).await;
        assert_eq!((answer.status, &answer.body["status"]), (StatusCode::NOT_FOUND, &404.into()), "{path}");
    }
    assert_eq!(client.send(Method::POST, "/", String::new()).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_name_that_is_not_ours_gets_nothing() {
    let client = Client::logged_in().await;
    for path in ["/", "/api/v1/events", "/api/v1/health", "/api/v1/openapi.json"] {
        let mut request = client.request(Method::GET, path, String::new());
        request.headers_mut().insert(header::HOST, "rebound.example".parse().unwrap());
        let answer = client.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn no_other_origin_is_let_in() {
    let client = Client::logged_in().await;
    let mut request = client.request(Method::OPTIONS, "/api/v1/events", String::new());
    request.headers_mut().insert(header::ORIGIN, "https://elsewhere.example".parse().unwrap());
    let answer = client.router.clone().oneshot(request).await.unwrap();
    assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    assert_eq!(answer.headers()["cross-origin-resource-policy"], "same-origin");
}
