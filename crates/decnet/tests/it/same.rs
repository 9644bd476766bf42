//! The command line and the interface say the same of the same store.

use crate::site::Site;
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use decnet_analysis::{
    attribution,
    cluster::explain,
    keystroke,
    profile::facts,
    technique::{Rules, shown},
};
use decnet_pipeline::why;
use decnet_store::{
    Store,
    record::{ClusterLink, Fingerprint, Level, ProfileRow, ReuseRow},
};
use decnet_web::{ApiState, Hosts, House, ensure_admin, router, signing_secret};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::Arc,
};
use tower::ServiceExt;

/// An installation without workers.
#[derive(Debug)]
struct Nobody;

impl House for Nobody {
    fn workers(&self) -> Vec<decnet_shape::Worker> {
        Vec::new()
    }

    fn settings(&self) -> Vec<decnet_shape::Setting> {
        Vec::new()
    }

    fn canary_origin(&self) -> Result<decnet_model::canary::Origin, Vec<decnet_model::flaw::Flaw>> {
        Ok(decnet_model::canary::Origin::default())
    }

    fn rules(&self) -> Vec<decnet_shape::TechniqueRule> {
        shown::rules(&Rules::new(&[]).unwrap())
    }

    fn coverage(
        &self,
        _: &BTreeSet<String>,
        _: &BTreeMap<String, u64>,
    ) -> Vec<decnet_shape::TechniqueCoverage> {
        Vec::new()
    }

    fn layer(&self, matrix: &str, _: &BTreeSet<String>, _: &BTreeMap<String, u64>) -> Option<Value> {
        (matrix == "enterprise-attack").then(|| json!({}))
    }

    fn facts(&self, row: &ProfileRow) -> Option<decnet_shape::ProfileFacts> {
        facts::facts(row).ok()
    }

    fn keystrokes(&self, recording: &[u8]) -> Option<decnet_shape::Keystrokes> {
        keystroke::keystrokes(recording)
    }

    fn reuse(&self, row: &ReuseRow) -> Option<decnet_shape::ReuseDetail> {
        facts::reuse(row).ok()
    }

    fn attribution(&self, rows: &[Fingerprint]) -> Option<decnet_shape::Attribution> {
        attribution::attribution(rows)
    }

    fn because(&self, link: &ClusterLink, level: Level) -> String {
        explain::sentence(link, level)
    }

    fn why(
        &self,
        store: Store,
        level: Level,
        one: i64,
        two: i64,
    ) -> Pin<Box<dyn Future<Output = Option<ClusterLink>> + Send>> {
        Box::pin(async move { why::why(&store, level, one, two).await.ok().flatten() })
    }
}

/// A request that says by which name it speaks to the interface.
fn local(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("host", "localhost".parse().unwrap());
    request
}

struct Interface {
    router: axum::Router,
    token: String,
}

impl Interface {
    async fn over(site: &Site) -> Interface {
        ensure_admin(&site.store, Some("correct horse"), 1).await.unwrap();
        let secret = signing_secret(&site.store, None).await.unwrap();
        let state = ApiState::new(
            site.store.clone(),
            site.paths(),
            &secret,
            Arc::default(),
            Hosts::default(),
            Arc::new(Nobody),
        )
        .unwrap();
        let mut interface = Interface { router: router(state), token: String::new() };
        let login = json!({"user": "admin", "password": "correct horse"}).to_string();
        let request = Request::post("/api/v1/login").header("content-type", "application/json");
        let answer = interface.ask(request.body(Body::from(login)).unwrap()).await;
        interface.token = answer["token"].as_str().unwrap().to_owned();
        interface
    }

    async fn ask(&self, request: Request<Body>) -> Value {
        let response = self.router.clone().oneshot(local(request)).await.unwrap();
        serde_json::from_slice(&to_bytes(response.into_body(), 1 << 22).await.unwrap()).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let request = Request::get(format!("/api/v1{path}"));
        let bearer = format!("Bearer {}", self.token);
        self.ask(request.header("authorization", bearer).body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn lists_are_the_same_on_the_command_line_and_over_the_interface() {
    let site = Site::new().await;
    let interface = Interface::over(&site).await;
    for (arguments, path, count) in [
        (&["attackers", "--json"][..], "/attackers", 2),
        (&["attackers", "--json", "--probes"], "/attackers?probes=true", 3),
        (&["incidents", "--json"], "/incidents", 2),
        (&["incidents", "--json", "--stage", "left-artefact"], "/incidents?stage=left-artefact", 1),
        (&["creds", "list", "--json"], "/credentials", 5),
        (&["creds", "list", "--json", "--secret-kind", "plaintext"], "/credentials?secret_kind=plaintext", 2),
        (&["sessions", "list", "--json", "--decky", "db-01"], "/sessions?decky=db-01", 6),
        (&["artifacts", "list", "--json"], "/sightings", 1),
    ] {
        let printed: Value = serde_json::from_str(&site.printed(arguments)).unwrap();
        assert_eq!(printed.as_array().map(Vec::len), Some(count), "{arguments:?}: {printed}");
        assert_eq!(printed, interface.get(path).await["items"], "{arguments:?}");
    }
    let events = site.printed(&["events", "--json", "--text", "SRC_PORT"]);
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(events.clone()), interface.get("/events?q=SRC_PORT").await["items"]);
    assert_eq!((events.len(), &events[0]["kind"]), (1, &"command".into()));
    let shown: Value =
        serde_json::from_str(&site.printed(&["sessions", "show", "0000000000000004", "--json"])).unwrap();
    assert_eq!(shown, interface.get("/sessions/0000000000000004").await);
    let shown: Value = serde_json::from_str(&site.printed(&["incident", "show", "1", "--json"])).unwrap();
    assert_eq!(shown, interface.get("/incidents/1").await);
    for subject in ["attacker", "username", "password", "service", "decky"] {
        let printed: Value = serde_json::from_str(&site.printed(&["top", subject, "--json"])).unwrap();
        assert!(!printed.as_array().unwrap().is_empty(), "{subject}");
        assert_eq!(printed, interface.get(&format!("/top?of={subject}")).await, "{subject}");
    }
    let printed: Value = serde_json::from_str(&site.printed(&["techniques", "--json"])).unwrap();
    let guessed = |one: &Value| one["id"] == "T1059.004" && one["name"] != "" && one["attackers"] != 0;
    assert!(printed.as_array().unwrap().iter().any(guessed), "{printed}");
    assert_eq!(printed, interface.get("/techniques").await);
    let covered: Value = serde_json::from_str(&site.printed(&["techniques", "coverage", "--json"])).unwrap();
    assert!(covered.as_array().unwrap().iter().any(|one| one["attackers"] != 0), "{covered}");
    let (since, until) = ("2025-11-24T15:00:00Z", "2025-11-24T18:00:00Z");
    let told = ["timeline", "--by", "class", "--since", since, "--until", until, "--json"];
    let printed: Value = serde_json::from_str(&site.printed(&told)).unwrap();
    assert!(printed["items"].as_array().unwrap().iter().any(|row| row["name"] == "evidence"), "{printed}");
    let path = format!("/timeline?by=class&since={since}&until={until}");
    assert_eq!(printed, interface.get(&path).await);
    let exported = site.printed(&["creds", "export", "--json"]);
    let exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed = interface.get("/credentials?after=0").await;
    assert_eq!(Value::from(exported), listed["items"]);
}

#[tokio::test]
async fn whose_addresses_are_is_the_same_on_the_command_line_and_over_the_interface() {
    let site = Site::new().await;
    let interface = Interface::over(&site).await;
    let json = |arguments: &[&str]| serde_json::from_str::<Value>(&site.printed(arguments)).unwrap();
    let nobody = json(&["enrich", "status", "--json"]);
    assert_eq!(nobody, serde_json::json!({"files": [], "providers": []}));
    assert!(site.printed(&["enrich", "status"]).contains("nobody is asked"));
    site.enrich().await;
    for (arguments, path) in [
        (&["enrich", "status", "--json"][..], "/enrichment"),
        (&["enrich", "countries", "--json"], "/enrichment/countries"),
    ] {
        let printed = json(arguments);
        assert_eq!(printed, interface.get(path).await, "{arguments:?}");
        assert!(printed.to_string().contains(if path.ends_with('s') { "NL" } else { "ip2asn" }), "{printed}");
    }
    for (condition, value, count) in
        [("country", "NL", 1), ("country", "de", 0), ("asn", "AS64496", 1), ("asn", "1", 0)]
    {
        let printed = json(&["attackers", "--json", &format!("--{condition}"), value]);
        assert_eq!(printed.as_array().map(Vec::len), Some(count), "{condition} {value}");
        let path = format!("/attackers?{condition}={value}");
        assert_eq!(printed, interface.get(&path).await["items"], "{path}");
    }
    let one = &json(&["attackers", "--json", "--country", "NL"])[0];
    assert_eq!((&one["asn"], &one["rpki"]), (&64496.into(), &"invalid".into()));
    assert_eq!(one["reputation"][0]["verdict"], "suspicious");
    assert_eq!(one["reputation"][0]["reason"], "scans \\x1b[2J", "{one}");
    let detail = interface.get("/attackers/192.0.2.7").await;
    assert_eq!((&detail["network"], &detail["as_name"]), (&one["network"], &one["as_name"]));
    for condition in [["--country", "Holland"], ["--asn", "ASN"]] {
        assert!(!site.run(&[&["attackers"][..], &condition].concat()).status.success(), "{condition:?}");
    }
    let looked_up = json(&["enrich", "lookup", "192.0.2.7", "--json"]);
    assert_eq!((&looked_up["scope"], &looked_up["country"]), (&"documentation".into(), &Value::Null));
    assert_eq!(looked_up["reputation"], one["reputation"]);
    assert!(!site.run(&["enrich", "lookup", "nobody"]).status.success());
}

#[tokio::test]
async fn an_incident_is_worked_on_on_the_command_line() {
    let site = Site::new().await;
    assert!(site.printed(&["incidents", "--wide"]).contains("192.0.2.7 left 1 file over ssh on db-01"));
    let shown = site.printed(&["incident", "show", "1"]);
    assert!(shown.contains("critical · left-artefact · new") && shown.contains("echo \\x1b[2J"), "{shown}");
    for (arguments, state) in [
        (&["incident", "ack", "1", "--note", "mine \u{1b}[2J"][..], "acknowledged"),
        (&["incident", "close", "1"], "closed"),
        (&["incident", "reopen", "1"], "new"),
    ] {
        let output = site.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains(&format!("incident 1 is {state}")), "{said}");
        let listed = site.printed(&["incidents", "--json", "--state", state]);
        assert!(listed.contains("\"id\":1,"), "{listed}");
    }
    assert!(site.printed(&["incident", "show", "1"]).contains("note: mine \\x1b[2J"));
    for arguments in [
        &["incident", "ack", "99"][..],
        &["incident", "assign", "1", "nobody"],
        &["incident", "note", "1", " "],
        &["incidents", "--severity", "urgent"],
    ] {
        assert!(!site.run(arguments).status.success(), "{arguments:?}");
    }
    let audit = site.store.audit_list(decnet_store::record::Page::newest(9)).await.unwrap();
    assert!(
        audit.iter().all(|entry| entry.action == "incident.update" && entry.via == "cli") && audit.len() == 3
    );
}
