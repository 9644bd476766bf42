//! What is known, as other systems fetch it.

use crate::client::Client;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::{access::Scope, worker::Worker};
use decnet_store::record::{
    Behaviour, Change, Counts, IncidentDelta, Phase, ProfileRow, Stage, Stroke, View,
};
use decnet_web::{Limits, serve};
use netsvc_wire::stamp;
use serde_json::Value;
use std::{collections::BTreeSet, process::Command};
use tokio::net::TcpListener;
use tower::ServiceExt;

const TYPE: &str = "application/taxii+json;version=2.1";
const OBJECTS: &str = "/taxii2/knowledge/collections/addresses/objects/";

/// Addresses that were seen last a second after each other, the last of them an hour ago.
fn profile(number: i64, now: i64) -> ProfileRow {
    let at = (now / 1_000_000 - 7200 + number) * 1_000_000;
    ProfileRow {
        src_ip: format!("8.8.{}.{}", number / 256, number % 256).parse().unwrap(),
        first_event: number,
        last_event: number,
        first_seen: at,
        last_seen: at,
        events: 3,
        behaviour: Behaviour::BruteForce,
        phase: Phase::Access,
        risk: 20,
        nodes: 1,
        services: 1,
        traits: "[]".to_owned(),
        state: "{}".to_owned(),
    }
}

/// An interface that knows so many addresses.
async fn knowing(addresses: i64) -> Client {
    let client = Client::logged_in().await;
    let fence = client.store.lease_take(Worker::Profiler).await.unwrap();
    let from = client.store.cursor(View::Profiles).await.unwrap();
    let now = stamp::now();
    let rows = (1..=addresses).map(|number| profile(number, now)).collect();
    client.store.project(&fence, &Change::Profiles(rows), from, addresses).await.unwrap();
    client
}

impl Client {
    async fn taken(&self, path: &str) -> (StatusCode, HeaderMap, String) {
        let request = self.request(Method::GET, path, String::new());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn taxii(&self, path: &str) -> Value {
        let (status, headers, text) = self.taken(path).await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (StatusCode::OK, TYPE),
            "{path}: {text}"
        );
        serde_json::from_str(&text).unwrap()
    }
}

fn ids(envelope: &Value) -> Vec<String> {
    let objects = envelope["objects"].as_array().cloned().unwrap_or_default();
    objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn exports_are_documents_to_take_away() {
    let client = knowing(700).await;
    for (path, kind, file) in [
        ("/api/v1/export/stix?tlp=green", "application/stix+json;version=2.1", "decnet.stix.json"),
        ("/api/v1/export/misp", "application/json", "decnet.misp.json"),
        ("/api/v1/export/blocklist/json", "application/json", "decnet-blocklist.json"),
    ] {
        let (status, headers, text) = client.taken(path).await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, kind));
        assert!(headers["content-disposition"].to_str().unwrap().contains(file));
        serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(text.contains("\"8.8.2.188\""), "{path}: the last address");
    }
    let (_, _, csv) = client.taken("/api/v1/export/blocklist/csv?min_risk=20").await;
    assert_eq!(csv.lines().count(), 701);
    assert_eq!(client.taken("/api/v1/export/blocklist/csv?expires=1m").await.2.lines().count(), 1);
    assert_eq!(client.taken("/api/v1/export/blocklist/plain?min_risk=21").await.2, "");
    assert_eq!(client.taken("/api/v1/export/blocklist/xml").await.0, StatusCode::NOT_FOUND);
    let (status, _, text) =
        client.taken("/api/v1/export/stix?tlp=white&min_risk=101&expires=1s&since=x").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for field in ["tlp", "min_risk", "expires", "since"] {
        assert!(text.contains(&format!("\"field\":\"{field}\"")), "{text}");
    }
}

#[tokio::test]
async fn a_collection_is_found_from_the_discovery_on() {
    let client = knowing(1).await;
    let root = client.taxii("/taxii2/").await["default"].as_str().unwrap().to_owned();
    assert_eq!(client.taxii(&root).await["versions"][0], TYPE);
    let all = client.taxii(&format!("{root}collections/")).await;
    for one in all["collections"].as_array().unwrap() {
        assert_eq!((&one["can_read"], &one["can_write"]), (&true.into(), &false.into()));
        for name in ["id", "alias"] {
            let path = format!("{root}collections/{}/", one[name].as_str().unwrap());
            assert_eq!(client.taxii(&path).await, *one);
        }
    }
    for path in [
        "/taxii2/other/",
        "/taxii2/knowledge/collections/other/",
        "/taxii2/knowledge/collections/other/objects/",
    ] {
        let status = client.taken(path).await.0;
        assert!(status == StatusCode::NOT_FOUND || status == StatusCode::FORBIDDEN, "{path}: {status}");
    }
}

#[tokio::test]
async fn incidents_lead_to_objects_of_the_addresses() {
    let client = knowing(3).await;
    let at = stamp::now() - 7_200_000_000;
    let stroke = Stroke {
        src_ip: "8.8.0.2".parse().unwrap(),
        first_event: 2,
        last_event: 2,
        begun_at: at,
        first_seen: at,
        last_seen: at,
        deed: Stage::Tried,
        deed_event: 2,
        node: "web-01".into(),
        service: "ssh".into(),
        logins: 0,
        login_event: 0,
        principal: None,
        commands: 0,
        artefacts: 0,
        counts: Counts::default(),
        contacts: Vec::new(),
    };
    let fence = client.store.lease_take(View::Incidents.worker()).await.unwrap();
    let from = client.store.cursor(View::Incidents).await.unwrap();
    let delta = IncidentDelta { strokes: vec![stroke], marks: Vec::new() };
    client.store.project(&fence, &Change::Incidents(delta), from, 3).await.unwrap();
    let told = client.taxii("/taxii2/knowledge/collections/incidents/objects/").await;
    let objects = told["objects"].as_array().unwrap();
    let of = |kind: &str| objects.iter().filter(|one| one["type"] == kind).collect::<Vec<_>>();
    assert_eq!((of("incident").len(), of("ipv4-addr").len()), (1, 0));
    let addresses = ids(&client.taxii(OBJECTS).await);
    let links = of("relationship");
    assert_eq!(links.len(), 2, "what was observed, and the indicator");
    for link in links {
        let target = link["target_ref"].as_str().unwrap();
        assert!(addresses.iter().any(|id| id == target), "{link}");
    }
}

#[tokio::test]
async fn pages_are_the_whole_without_doubles_and_without_a_gap() {
    let client = knowing(120).await;
    let whole = ids(&client.taxii(OBJECTS).await);
    for limit in [1, 7, 100] {
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let envelope = client.taxii(&format!("{OBJECTS}?limit={limit}{next}")).await;
            let page = ids(&envelope);
            assert!(page.len() <= limit && !page.is_empty());
            found.extend(page);
            let Some(place) = envelope["next"].as_str() else { break };
            assert_eq!(envelope["more"], true);
            next = format!("&next={place}");
            if limit == 1 && found.len() > 50 {
                break;
            }
        }
        assert_eq!(found[..], whole[..found.len()], "{limit}");
    }
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len());
    assert_eq!(whole.iter().filter(|id| id.starts_with("indicator--")).count(), 120);
    let manifest = client.taxii("/taxii2/knowledge/collections/addresses/manifest/").await;
    assert_eq!(ids(&manifest), whole);
}

#[tokio::test]
async fn conditions_narrow_a_collection() {
    let client = knowing(60).await;
    let path = format!("{OBJECTS}?match[type]=indicator,sighting");
    let found = client.taxii(&path).await;
    assert_eq!(ids(&found).len(), 120);
    let one = ids(&found)[0].clone();
    assert_eq!(ids(&client.taxii(&format!("{OBJECTS}{one}/")).await), std::slice::from_ref(&one));
    let versions = client.taxii(&format!("{OBJECTS}{one}/versions/")).await;
    assert_eq!(versions["versions"].as_array().unwrap().len(), 1);
    assert_eq!(client.taken(&format!("{OBJECTS}indicator--none/")).await.0, StatusCode::NOT_FOUND);
    let (_, headers, _) = client.taken(&format!("{OBJECTS}?limit=100")).await;
    let last = headers["x-taxii-date-added-last"].to_str().unwrap().to_owned();
    assert!(headers["x-taxii-date-added-first"].to_str().unwrap() <= last.as_str());
    // Whoever comes back asks for what came since.
    let rest = client.taxii(&format!("{OBJECTS}?added_after={last}")).await;
    assert!(!ids(&rest).is_empty());
    let (_, headers, _) = client.taken(OBJECTS).await;
    let last = headers["x-taxii-date-added-last"].to_str().unwrap();
    assert_eq!(client.taxii(&format!("{OBJECTS}?added_after={last}")).await, serde_json::json!({}));
    for query in ["limit=0", "next=x", "added_after=now"] {
        assert_eq!(client.taken(&format!("{OBJECTS}?{query}")).await.0, StatusCode::BAD_REQUEST, "{query}");
    }
}

async fn answered(client: &Client, path: &str, authorization: &str, accept: &str) -> (StatusCode, String) {
    let request = Request::builder()
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::AUTHORIZATION, authorization)
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .unwrap();
    let response = client.router.clone().oneshot(request).await.unwrap();
    let ways = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
    (response.status(), ways.map(|way| way.to_str().unwrap()).collect::<Vec<_>>().join(", "))
}

#[tokio::test]
async fn a_token_is_a_password_for_taxii_and_nothing_else() {
    let mut client = knowing(1).await;
    let login = std::mem::take(&mut client.token);
    let token = client.program("admin", Scope::Read).await;
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("anybody:{password}")));
    for (path, authorization, status) in [
        ("/taxii2/", basic(&token), StatusCode::OK),
        ("/taxii2/", format!("Bearer {token}"), StatusCode::OK),
        ("/taxii2/", basic(&login), StatusCode::UNAUTHORIZED),
        ("/taxii2/", basic("dnt_wrong"), StatusCode::UNAUTHORIZED),
        ("/taxii2/", "Basic !".to_owned(), StatusCode::UNAUTHORIZED),
        ("/api/v1/attackers", basic(&token), StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(answered(&client, path, &authorization, TYPE).await.0, status, "{path} {authorization}");
    }
    let bearer = format!("Bearer {token}");
    let (status, _) = answered(&client, "/taxii2/", &bearer, "application/taxii+json;version=2.0").await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    assert!(answered(&client, "/taxii2/", "", TYPE).await.1.contains("Basic realm"));
    assert!(!answered(&client, "/api/v1/attackers", "", TYPE).await.1.contains("Basic"));
}

/// The interpreter that has `taxii2client` and `stix2`, where `DECNET_TEST_PYTHON` names no other.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = "
import sys
import stix2
from taxii2client.v21 import Server, as_pages

server = Server(sys.argv[1], user='anybody', password=sys.argv[2])
root = server.api_roots[0]
count = 0
for collection in root.collections:
    assert collection.can_read and not collection.can_write
    for envelope in as_pages(collection.get_objects, per_request=50):
        for one in envelope.get('objects', []):
            stix2.parse(one, allow_custom=False, version='2.1')
            count += 1
    for page in as_pages(collection.get_manifest, per_request=50):
        assert all(one['media_type'] == 'application/stix+json;version=2.1' for one in page.get('objects', []))
source = stix2.TAXIICollectionSource(root.collections[0])
found = source.query([stix2.Filter('type', '=', 'indicator')])
assert len(found) == 60, len(found)
assert source.get(found[0].id).pattern == found[0].pattern
print(count, 'objects', 'done')
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_oasis_reads_it() {
    let python = std::env::var("DECNET_TEST_PYTHON").unwrap_or_else(|_| PYTHON.to_owned());
    let look = Command::new(&python).args(["-c", "import stix2, taxii2client"]).output();
    if !look.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{python} has no stix2, taxii2-client");
        return println!(
            "skipped: {python} has no stix2, taxii2-client (name another by DECNET_TEST_PYTHON)"
        );
    }
    let client = knowing(60).await;
    let token = client.program("admin", Scope::Read).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/taxii2/", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, client.state.clone(), Limits::default(), std::future::pending()));
    let run = move || Command::new(python).args(["-B", "-c", SCRIPT, &url, &token]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.ends_with("done\n"), "{said}\n{wrong}");
    println!("{said}");
}
