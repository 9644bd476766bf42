//! What the lists show.

use crate::client::Client;
use axum::{
    body::to_bytes,
    http::{Method, StatusCode},
};
use decnet_model::worker::Worker;
use decnet_store::record::{Change, DeckyIntent};
use serde_json::Value;
use std::{collections::BTreeMap, sync::atomic::Ordering};
use tower::ServiceExt;

#[tokio::test]
async fn events_are_paged_and_filtered() {
    let client = Client::logged_in().await;
    client.ingest(1, 120).await;
    let first = client.get("/events?limit=50").await.body;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["older"]), (50, &71.into()));
    let next = client.get("/events?limit=50&before=71").await.body;
    assert_eq!(next["items"][0]["id"], 70);
    let newer = client.get("/events?after=118").await.body;
    assert_eq!((newer["items"][0]["id"].as_i64(), newer["newer"].as_i64()), (Some(119), Some(120)));
    let commands = client.get("/events?kind=command&decky=web-01&q=ECHO&since=2025-01-01T00:00:00Z").await;
    assert!(commands.body["items"].as_array().unwrap().iter().all(|row| row["kind"] == "command"));
    assert_eq!(client.get("/events?class=evidence&limit=1").await.body["items"][0]["id"], 119);
}

#[tokio::test]
async fn everything_wrong_with_a_query_is_told_at_once() {
    let client = Client::logged_in().await;
    let answer = client.get("/events?src_ip=x&since=yesterday&class=big&limit=0&before=1&after=2").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let fields: Vec<_> =
        answer.body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["src_ip", "since", "class", "limit", "after"]);
    assert_eq!(client.get("/events?nonsense=1").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn captured_bytes_are_escaped_and_exact() {
    let client = Client::logged_in().await;
    client.ingest(1, 2).await;
    let event = &client.get("/events?kind=command").await.body["items"][0];
    assert_eq!(event["fields"]["command"], "echo \\xff\\x1b[2J");
    assert_eq!(event["exact"], serde_json::json!({"command": "ZWNobyD/G1sySg=="}));
    let credential = &client.get("/credentials").await.body["items"][0];
    assert_eq!(
        (&credential["secret"], &credential["exact"]),
        (&"\\x00\\xff".into(), &serde_json::json!({"secret": "AP8="}))
    );
    assert_eq!(credential["principal"], "root");
}

#[tokio::test]
async fn each_list_takes_what_it_applies_and_tells_what_does_not_exist() {
    let client = Client::logged_in().await;
    client.ingest(1, 4).await;
    for (path, field, told) in [
        ("/credentials?kind=command", "kind", "not a parameter of this list"),
        ("/credentials?session=aa", "session", "not a parameter of this list"),
        ("/credentials?q=x", "q", "not a parameter of this list"),
        ("/sessions?class=scan", "class", "not a parameter of this list"),
        ("/artifacts?decky=web-01", "decky", "not a parameter of this list"),
        ("/traversals?decky=web-01", "decky", "not a parameter of this list"),
        ("/events?deckys=web-01", "deckys", "(did you mean \"decky\"?)"),
        ("/events?decky=wbe-01", "decky", "(did you mean \"web-01\"?)"),
        ("/events?kind=nonsense", "kind", "no kind of event is called \"nonsense\""),
        ("/events?session=00", "session", "no session is called"),
        ("/events?service=shs", "service", "(did you mean \"ssh\"?)"),
        ("/events?kind=command&kind=query", "kind", "given twice"),
        ("/stream?class=scan", "class", "not a parameter of this list"),
        ("/events/export?limit=3", "limit", "not a parameter of this list"),
        ("/events/export?format=xml", "format", "no form is called"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let error = &answer.body["errors"][0];
        assert_eq!(error["field"], field, "{path}");
        assert!(error["message"].as_str().unwrap().contains(told), "{path}: {error}");
    }
}

#[tokio::test]
async fn evidence_can_be_taken_away() {
    let client = Client::logged_in().await;
    client.ingest(1, 1203).await;
    let request = client.request(Method::GET, "/api/v1/events/export?kind=command&after=2", String::new());
    let response = client.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    let lines: Vec<Value> =
        std::str::from_utf8(&body).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["id"], &lines[599]["id"]), (600, &4.into(), &1202.into()));
    assert_eq!(lines[599], client.get("/events?kind=command&limit=1").await.body["items"][0]);
    for (format, media, first) in [
        ("csv", "text/csv; charset=utf-8", "\"id\",\"at\",\"decky\""),
        ("ecs", "application/x-ndjson", "{\"@timestamp\":"),
    ] {
        let path = format!("/api/v1/events/export?kind=command&format={format}");
        let response =
            client.router.clone().oneshot(client.request(Method::GET, &path, String::new())).await.unwrap();
        assert_eq!(response.headers()["content-type"], media);
        let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.starts_with(first) && text.lines().count() > 600, "{}", text.lines().next().unwrap());
    }
    for form in ["content", "zip"] {
        let path = format!("/artifacts/..%2f..%2fetc%2fpasswd/{form}");
        assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_session_has_its_timeline() {
    let client = Client::logged_in().await;
    client.ingest(1, 4).await;
    let session = client.get("/sessions/00000000000000aa").await.body;
    assert_eq!((&session["commands"], session["timeline"].as_array().unwrap().len()), (&2.into(), 4));
    assert_eq!(client.get("/sessions").await.body["items"][0]["id"], "00000000000000aa");
    assert_eq!(client.get("/sessions/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_attacker_has_its_contacts() {
    let client = Client::logged_in().await;
    let fence = client.store.lease_take(Worker::Correlator).await.unwrap();
    let counts = decnet_store::record::Counts { events: 3, ..Default::default() };
    let contact = |node: &str, first: i64| {
        (
            (node.to_owned(), "ssh".to_owned()),
            decnet_store::record::Contact {
                node: node.into(),
                service: "ssh".into(),
                first_event: first,
                first_seen: first,
                last_seen: first,
                counts,
            },
        )
    };
    let delta = decnet_store::record::AttackerDelta {
        first_event: 1,
        last_event: 3,
        first_seen: 1,
        last_seen: 3,
        counts,
        first_node: "b".into(),
        last_node: "a".into(),
        hops: 1,
        contacts: BTreeMap::from([contact("b", 1), contact("a", 2)]),
    };
    let deltas = BTreeMap::from([("2001:db8::7".parse().unwrap(), delta)]);
    client.store.project(&fence, &Change::Attackers(deltas), 0, 3).await.unwrap();
    let attacker = client.get("/attackers/2001:db8::7").await.body;
    assert_eq!((&attacker["deckies"], &attacker["contacts"][0]["decky"]), (&2.into(), &"b".into()));
    assert_eq!(client.get("/attackers").await.body["items"][0]["src_ip"], "2001:db8::7");
    assert_eq!(client.get("/traversals").await.body[0]["path"], serde_json::json!(["b", "a"]));
    assert_eq!(client.get("/attackers/192.0.2.1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.get("/attackers/nobody").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn deckies_are_shown_without_their_keys() {
    let client = Client::logged_in().await;
    let intent = DeckyIntent {
        name: "web-01".into(),
        ip: "192.0.2.1".parse().ok(),
        services: vec!["ssh".into()],
        plan: "{}".into(),
    };
    client.store.fleet_put("{}", &[intent], 1).await.unwrap();
    client.store.persona_put("web-01", "{\"key\":\"private\"}", 1).await.unwrap();
    let answer = client.get("/deckies").await.body;
    assert_eq!((&answer[0]["name"], &answer[0]["desired"]), (&"web-01".into(), &"running".into()));
    assert!(!answer.to_string().contains("private"));
}

#[tokio::test]
async fn what_a_decky_can_be_made_of_is_shown() {
    let client = Client::logged_in().await;
    let archetypes = client.get("/archetypes").await.body;
    assert!(archetypes.as_array().unwrap().iter().all(|one| !one["services"].as_array().unwrap().is_empty()));
    let services = client.get("/services").await.body;
    let ssh = services.as_array().unwrap().iter().find(|service| service["slug"] == "ssh").unwrap();
    assert_eq!(ssh["ports"][0], serde_json::json!({"port": 22, "transport": "tcp", "tls": false}));
    assert!(client.get("/distros").await.body[0]["system"].is_string());
}

#[tokio::test]
async fn a_view_that_lags_says_how_far() {
    let client = Client::logged_in().await;
    client.ingest(1, 10).await;
    let views = client.get("/workers").await.body["views"].clone();
    assert!(views.as_array().unwrap().iter().all(|view| view["behind"] == 10), "{views}");
}

#[tokio::test]
async fn totals_add_up() {
    let client = Client::logged_in().await;
    client.ingest(1, 10).await;
    let stats = client.get("/stats").await.body;
    assert_eq!(
        (&stats["events"], &stats["credentials"], &stats["sessions"]),
        (&10.into(), &1.into(), &1.into())
    );
    assert_eq!(stats["tallies"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_ranking_and_a_timeline_tell_all_that_is_wrong_with_the_question() {
    let client = Client::logged_in().await;
    for (path, fields) in [
        ("/top", &["of"][..]),
        ("/top?of=passwords&since=soon&limit=0", &["of", "since", "limit"]),
        ("/timeline?span=year&by=x", &["span", "by"]),
        ("/timeline?span=minute&since=7d", &["span"]),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let errors = answer.body["errors"].as_array().unwrap();
        assert_eq!(
            errors.iter().map(|error| error["field"].as_str().unwrap()).collect::<Vec<_>>(),
            fields,
            "{path}"
        );
    }
    assert_eq!(client.get("/top?of=decky").await.body, serde_json::json!([]));
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let client = Client::logged_in().await;
    client.ingest(1, 2).await;
    let first = client.get("/events").await;
    let tag = first.headers["etag"].clone();
    let ask = |tag: &axum::http::HeaderValue| {
        let mut request = client.request(Method::GET, "/api/v1/events", String::new());
        request.headers_mut().insert("if-none-match", tag.clone());
        client.router.clone().oneshot(request)
    };
    let again = ask(&tag).await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(to_bytes(again.into_body(), 1 << 20).await.unwrap().is_empty());
    client.ingest(3, 3).await;
    assert_eq!(ask(&tag).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn numbers_are_there_for_prometheus() {
    let client = Client::logged_in().await;
    client.ingest(1, 3).await;
    let request = client.request(Method::GET, "/api/v1/metrics", String::new());
    let answer = client.router.clone().oneshot(request).await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    for line in ["decnet_events 3\n", "decnet_last_event 3\n", "decnet_view_behind{view=\"incidents\"} 3\n"] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test]
async fn what_is_known_of_an_address_or_a_file_is_looked_up() {
    let client = Client::logged_in().await;
    let hash = "Ab".repeat(32);
    for (asked, subject) in [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        (hash.as_str(), hash.to_lowercase().as_str()),
    ] {
        let answer = client.get(&format!("/enrichment/lookup/{asked}")).await;
        assert_eq!((answer.status, &answer.body["subject"]), (StatusCode::OK, &subject.into()), "{asked}");
    }
    for wrong in ["example.org", "abab", "..%2f..%2fetc"] {
        let answer = client.get(&format!("/enrichment/lookup/{wrong}")).await;
        assert_eq!(answer.body["errors"][0]["field"], "subject", "{wrong}");
    }
}

#[tokio::test]
async fn what_deckies_do_by_themselves_is_switched_at_once() {
    let client = Client::logged_in().await;
    let table = decnet_model::routine::usual();
    for (path, body) in [
        ("/api/v1/orchestrator", serde_json::json!({ "on": false })),
        ("/api/v1/orchestrator/roles", serde_json::json!({ "table": table })),
    ] {
        let before = client.house.woken.load(Ordering::Relaxed);
        let answer = client.send(Method::PUT, path, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(client.house.woken.load(Ordering::Relaxed), before + 1, "{path}");
    }
    let refused =
        client.send(Method::PUT, "/api/v1/orchestrator", "{\"on\":true,\"rate\":9}".to_owned()).await;
    assert_eq!((refused.status, client.house.woken.load(Ordering::Relaxed)), (StatusCode::BAD_REQUEST, 2));
}

#[tokio::test]
async fn how_much_is_said_is_shown_and_changed() {
    let client = Client::logged_in().await;
    assert_eq!(client.get("/log/level").await.body["levels"], "debug");
    for (body, status) in [
        ("{\"levels\":\"info,api=trace\"}", StatusCode::OK),
        ("{\"levels\":null}", StatusCode::OK),
        ("{\"levels\":\"loud\"}", StatusCode::BAD_REQUEST),
    ] {
        let answer = client.send(Method::PUT, "/api/v1/log/level", body.to_owned()).await;
        assert_eq!(answer.status, status, "{body}");
    }
}
