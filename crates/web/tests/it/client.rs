//! An interface over a fresh store, and requests to it without a socket.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use decnet_model::{access::Scope, paths::Paths, worker::Worker};
use decnet_store::{
    Position, Store,
    record::{
        Change, ClusterLink, Contact, Counts, IncidentDelta, Level, ProfileRow, ReuseRow, Stage, Stroke, View,
    },
};
use decnet_web::{
    ApiState, Hosts, House, Looked, NewApiToken, create_token, ensure_admin, router, signing_secret,
};
use netsvc_wire::{Record, WriterId, field};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "correct horse";

/// An installation without workers.
#[derive(Debug, Default)]
pub(crate) struct Nobody {
    /// How often the fleet was woken.
    pub(crate) woken: AtomicU64,
}

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
        Vec::new()
    }

    fn coverage(
        &self,
        _: &BTreeSet<String>,
        _: &BTreeMap<String, u64>,
    ) -> Vec<decnet_shape::TechniqueCoverage> {
        Vec::new()
    }

    fn swarm_token(&self, authority: &str) -> Option<(String, String)> {
        Some((format!("of-{}", authority.replace(' ', "-")), "hash-of-it".to_owned()))
    }

    fn layer(&self, matrix: &str, _: &BTreeSet<String>, _: &BTreeMap<String, u64>) -> Option<Value> {
        (matrix == "enterprise-attack").then(|| json!({}))
    }

    fn facts(&self, _: &ProfileRow) -> Option<decnet_shape::ProfileFacts> {
        None
    }

    fn reuse(&self, _: &ReuseRow) -> Option<decnet_shape::ReuseDetail> {
        None
    }

    fn because(&self, _: &ClusterLink, level: Level) -> String {
        format!("of one {level}")
    }

    fn log_levels(&self) -> Option<decnet_shape::LogLevels> {
        let (levels, configured) = ("debug".to_owned(), "info".to_owned());
        Some(decnet_shape::LogLevels { levels, configured, changed: true })
    }

    fn log_levels_change(&self, levels: Option<&str>) -> Result<(), String> {
        if levels == Some("loud") { Err("\"loud\" is no level".to_owned()) } else { Ok(()) }
    }

    fn wake_fleet(&self) {
        self.woken.fetch_add(1, Ordering::Relaxed);
    }

    fn lookup(
        &self,
        _: Store,
        subject: Looked,
    ) -> Pin<Box<dyn Future<Output = Option<decnet_shape::Lookup>> + Send>> {
        let subject = match subject {
            Looked::Address(address) => address.to_string(),
            Looked::File(sha256) => sha256,
        };
        let origin = (&decnet_store::record::Origin::default()).into();
        let found = decnet_shape::Lookup { subject, scope: None, origin, reputation: Vec::new() };
        Box::pin(async { Some(found) })
    }

    fn why(
        &self,
        _: Store,
        _: Level,
        _: i64,
        _: i64,
    ) -> Pin<Box<dyn Future<Output = Option<ClusterLink>> + Send>> {
        Box::pin(async { None })
    }
}

pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) state: ApiState,
    pub(crate) house: Arc<Nobody>,
    pub(crate) doorbell: Arc<Notify>,
    pub(crate) token: String,
    folder: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    /// With an administrator, not logged in.
    pub(crate) async fn new() -> Self {
        Client::over(Hosts::default()).await
    }

    /// The same, spoken to by those names.
    pub(crate) async fn over(hosts: Hosts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("test.db").to_str().unwrap()).await.unwrap();
        ensure_admin(&store, Some(PASSWORD), 1).await.unwrap();
        let secret = signing_secret(&store, None).await.unwrap();
        let doorbell = Arc::new(Notify::new());
        let house = Arc::new(Nobody::default());
        let state = ApiState::new(
            store.clone(),
            Paths::new(folder.path()),
            &secret,
            Arc::clone(&doorbell),
            hosts,
            house.clone(),
        )
        .unwrap();
        let router = router(state.clone());
        Client { router, store, state, house, doorbell, token: String::new(), folder }
    }

    /// Logged in.
    pub(crate) async fn logged_in() -> Self {
        let mut client = Client::new().await;
        let answer = client.login("admin", PASSWORD).await;
        client.token = answer.body["token"].as_str().unwrap().to_owned();
        client
    }

    pub(crate) async fn login(&self, user: &str, password: &str) -> Answer {
        let body = serde_json::json!({"user": user, "password": password}).to_string();
        self.send(Method::POST, "/api/v1/login", body).await
    }

    /// A bearer token of a new login of `user` by his password.
    pub(crate) async fn bearer(&self, user: &str, password: &str) -> String {
        let answer = self.login(user, password).await;
        assert_eq!(answer.status, StatusCode::OK, "{user}");
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// A new token for programs of `user`.
    pub(crate) async fn program(&self, user: &str, scope: Scope) -> String {
        let scopes = [scope].into();
        let wanted = NewApiToken { user, name: "test", scopes, days: 1 };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        create_token(&self.store, &wanted, i64::try_from(now.as_micros()).unwrap()).await.unwrap().1
    }

    /// How a request without a body is answered; a stream is not read.
    pub(crate) async fn status(&self, method: Method, path: &str) -> StatusCode {
        let request = self.request(method, path, String::new());
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, &format!("/api/v1{path}"), String::new()).await
    }

    pub(crate) fn request(&self, method: Method, path: &str, body: String) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json");
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        request.body(Body::from(body)).unwrap()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: String) -> Answer {
        let request = self.request(method, path, body);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 22).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Hands bytes in.
    pub(crate) async fn hand_in(&self, path: &str, bytes: Vec<u8>) -> Answer {
        let (mut parts, _) = self.request(Method::POST, path, String::new()).into_parts();
        let kind = header::HeaderValue::from_static("application/vnd.tcpdump.pcap");
        parts.headers.insert(header::CONTENT_TYPE, kind);
        let request = Request::from_parts(parts, Body::from(bytes));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 22).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The folder of what was handed in.
    pub(crate) fn handed_in(&self) -> std::path::PathBuf {
        Paths::new(self.folder.path()).handed_in()
    }

    /// Stores lines `first..=last` of one writer.
    pub(crate) async fn ingest(&self, first: u64, last: u64) {
        let batch: Vec<_> = (first..=last).map(line).collect();
        let fence = self.store.lease_take(Worker::Ingester).await.unwrap();
        self.store.ingest(&fence, &batch, &Position::default()).await.unwrap();
        self.doorbell.notify_one();
    }
}

impl Client {
    /// Makes incidents of what is stored.
    pub(crate) async fn project_incidents(&self) {
        let fence = self.store.lease_take(Worker::Correlator).await.unwrap();
        let from = self.store.cursor(View::Incidents).await.unwrap();
        let events = self.store.event_after(from, 1000).await.unwrap();
        let to = events.last().unwrap().id;
        let mut strokes: Vec<Stroke> = Vec::new();
        for row in &events {
            let mut counts = Counts::default();
            counts.add(&row.kind, row.class);
            let secret = row.kind == "auth_attempt";
            strokes.push(Stroke {
                src_ip: row.src_ip.unwrap(),
                first_event: row.id,
                last_event: row.id,
                begun_at: row.at,
                first_seen: row.at,
                last_seen: row.at,
                deed: if secret { Stage::Tried } else { Stage::Executed },
                deed_event: row.id,
                node: row.node.clone(),
                service: row.service.clone(),
                logins: 0,
                login_event: 0,
                principal: None,
                commands: u64::from(!secret),
                artefacts: 0,
                counts,
                contacts: vec![Contact {
                    node: row.node.clone(),
                    service: row.service.clone(),
                    first_event: row.id,
                    first_seen: row.at,
                    last_seen: row.at,
                    counts,
                }],
            });
        }
        let delta = IncidentDelta { strokes, marks: Vec::new() };
        self.store.project(&fence, &Change::Incidents(delta), from, to).await.unwrap();
        self.doorbell.notify_one();
    }
}

/// An odd line is a login with a secret that is not text, an even one a command.
fn line(number: u64) -> Record {
    let kind = if number % 2 == 1 { "auth_attempt" } else { "command" };
    let mut fields: Vec<(String, Vec<u8>)> = vec![
        (field::SRC_IP.into(), b"192.0.2.7".to_vec()),
        (field::SESSION.into(), b"00000000000000aa".to_vec()),
    ];
    if number % 2 == 1 {
        fields.push((field::PRINCIPAL.into(), b"root".to_vec()));
        fields.push((field::SECRET_B64.into(), b"AP8=".to_vec()));
    } else {
        fields.push((field::COMMAND.into(), b"echo \xff\x1b[2J".to_vec()));
    }
    Record {
        at: 1_764_000_000_000_000,
        priority: 132,
        node: "web-01".into(),
        app: "ssh".into(),
        kind: kind.into(),
        writer: WriterId(1),
        number,
        fields,
    }
}
