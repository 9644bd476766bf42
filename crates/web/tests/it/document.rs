//! The document and the routes agree, and every answer has the headers.

use crate::client::{Client, PASSWORD};
use axum::http::{Method, StatusCode};
use decnet_model::access::{Role, Scope};
use decnet_web::{Access, RULES, create_user, document};
use serde_json::Value;

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
async fn every_documented_route_has_a_row_and_every_row_a_route() {
    let mut documented: Vec<_> =
        operations().iter().map(|(path, method, _)| (method.to_string(), path.clone())).collect();
    // The document does not speak of itself.
    documented.push(("GET".to_owned(), "/api/v1/openapi.json".to_owned()));
    let mut rows: Vec<_> = RULES.iter().map(|rule| (rule.method.to_owned(), rule.path.to_owned())).collect();
    documented.sort();
    rows.sort();
    assert_eq!(documented, rows);
    for rule in RULES {
        let noted = rule.action.is_some();
        assert_eq!(rule.method != "GET" && rule.access != Access::Open, noted, "{} is noted", rule.path);
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let mut names = std::collections::BTreeSet::new();
    for (path, method, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{method} {path}: {name} is another one's");
    }
}

#[tokio::test]
async fn every_route_answers_each_role_as_its_row_says() {
    let mut client = Client::new().await;
    for role in Role::ALL {
        create_user(&client.store, role.name(), *role, Some(PASSWORD), 1).await.ok();
    }
    let made = create_user(&client.store, "fresh", Role::Admin, None, 1).await.unwrap().unwrap();
    for (path, method, operation) in operations() {
        let rule = RULES.iter().find(|rule| rule.path == path && rule.method == method.as_str()).unwrap();
        assert_eq!(operation["security"].is_array(), rule.access != Access::Open, "{path}");
        assert!(operation["summary"].is_string() || operation["description"].is_string(), "{path}");
        // A name that nothing has, so that nothing is changed.
        let address = path.replace("{ip}", "192.0.2.99").replace(['{', '}'], "");
        client.token = String::new();
        let answer = client.send(method.clone(), &address, String::new()).await;
        assert_eq!(answer.status == StatusCode::UNAUTHORIZED, rule.access != Access::Open, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["cache-control"], "no-store");
        if rule.access == Access::Open {
            continue;
        }
        for role in Role::ALL {
            client.token = client.bearer(role.name(), PASSWORD).await;
            let answer = client.status(method.clone(), &address).await;
            let may = match rule.access {
                Access::Role(least) => least <= *role,
                Access::Own | Access::Open => true,
            };
            assert_eq!(answer == StatusCode::FORBIDDEN, !may, "{method} {path} for {role}: {answer}");
            assert_ne!(answer, StatusCode::UNAUTHORIZED, "{method} {path} for {role}");
            assert_ne!(answer, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
        client.token = client.bearer("fresh", &made).await;
        let answer = client.status(method.clone(), &address).await;
        assert_eq!(
            answer == StatusCode::FORBIDDEN,
            rule.access != Access::Own,
            "{method} {path} before the change"
        );
        for &scope in Scope::ALL {
            client.token = client.program("admin", scope).await;
            let answer = client.status(method.clone(), &address).await;
            let may = rule.scope == Some(scope);
            assert_eq!(
                answer == StatusCode::FORBIDDEN,
                !may,
                "{method} {path} with {}: {answer}",
                scope.name()
            );
        }
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
