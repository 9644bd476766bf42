//! The event stream: live, resumed, and ended.

use crate::client::{Client, PASSWORD};
use axum::{
    body::{Body, BodyDataStream},
    http::{Method, StatusCode},
};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(20);

struct Listener {
    body: BodyDataStream,
    text: String,
}

impl Listener {
    async fn begin(client: &Client, query: &str, last: Option<&str>) -> Self {
        let mut request = client.request(Method::GET, &format!("/api/v1/stream{query}"), String::new());
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.parse().unwrap());
        }
        let response = client.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Listener { body: Body::into_data_stream(response.into_body()), text: String::new() }
    }

    /// Ids of the next `count` events. Signs of life in between do not prolong the wait.
    async fn ids(&mut self, count: usize) -> Vec<i64> {
        timeout(PATIENCE, self.read(count)).await.expect("events in time")
    }

    /// All that comes until a text does.
    async fn until(&mut self, wanted: &str) -> String {
        while !self.text.contains(wanted) || !self.text.ends_with("\n\n") {
            let chunk = self.body.next().await;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        }
        std::mem::take(&mut self.text)
    }

    async fn read(&mut self, count: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        while ids.len() < count {
            let Some((event, rest)) = self.text.split_once("\n\n") else {
                let chunk = self.body.next().await;
                self.text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
                continue;
            };
            if let Some(id) = event.lines().find_map(|line| line.strip_prefix("id: ")) {
                assert!(event.lines().any(|line| line.starts_with("data: {\"id\":")), "{event}");
                ids.push(id.parse().unwrap());
            }
            self.text = rest.to_owned();
        }
        ids
    }
}

async fn tailing() -> Client {
    let client = Client::logged_in().await;
    tail(&client);
    client
}

fn tail(client: &Client) {
    let state = client.state.clone();
    tokio::spawn(async move { state.tail().await });
}

#[tokio::test]
async fn a_reader_that_begins_late_misses_nothing() {
    let client = Client::logged_in().await;
    client.ingest(1, 3).await;
    let mut listener = Listener::begin(&client, "", None).await;
    client.ingest(4, 6).await;
    assert_eq!(listener.ids(3).await, [4, 5, 6]);
    client.ingest(7, 7).await;
    tail(&client);
    assert_eq!(listener.ids(1).await, [7]);
}

#[tokio::test]
async fn new_events_come_in_order() {
    let client = tailing().await;
    client.ingest(1, 3).await;
    let mut one = Listener::begin(&client, "", None).await;
    let mut two = Listener::begin(&client, "?kind=command", None).await;
    client.ingest(4, 6).await;
    assert_eq!(one.ids(3).await, [4, 5, 6]);
    assert_eq!(two.ids(2).await, [4, 6]);
    client.ingest(7, 7).await;
    assert_eq!(one.ids(1).await, [7]);
}

#[tokio::test]
async fn incidents_are_told_to_who_asks_for_them() {
    let client = tailing().await;
    client.ingest(1, 4).await;
    let mut listener = Listener::begin(&client, "?topics=events,incidents", None).await;
    let mut silent = Listener::begin(&client, "?topics=incidents", None).await;
    client.project_incidents().await;
    let told = timeout(PATIENCE, listener.until("event: incident")).await.expect("an incident in time");
    assert!(told.contains("\"title\":\"192.0.2.7 "), "{told}");
    client.ingest(5, 5).await;
    assert_eq!(listener.ids(1).await, [5]);
    let note = r#"{"note":"looking","state":"acknowledged"}"#.to_owned();
    let answer = client.send(Method::PATCH, "/api/v1/incidents/1", note).await;
    assert_eq!((answer.status, &answer.body["state"]), (StatusCode::OK, &"acknowledged".into()));
    let told =
        timeout(PATIENCE, silent.until("\"state\":\"acknowledged\"")).await.expect("the change in time");
    assert!(!told.contains("event: event"), "{told}");
    assert_eq!(client.status(Method::GET, "/api/v1/stream?topics=nonsense").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_stream_resumes_where_it_was() {
    let client = tailing().await;
    client.ingest(1, 500).await;
    let mut listener = Listener::begin(&client, "?after=1", Some("3")).await;
    assert_eq!(listener.ids(497).await, (4..=500).collect::<Vec<_>>());
    client.ingest(501, 502).await;
    assert_eq!(listener.ids(2).await, [501, 502]);
    let mut ahead = Listener::begin(&client, "", Some("99999999")).await;
    client.ingest(503, 503).await;
    assert_eq!(ahead.ids(1).await, [503]);
}

#[tokio::test]
async fn a_slow_client_loses_nothing_and_holds_nobody() {
    let client = tailing().await;
    let mut slow = Listener::begin(&client, "", None).await;
    let mut quick = Listener::begin(&client, "", None).await;
    for batch in 0..10 {
        client.ingest(batch * 100 + 1, batch * 100 + 100).await;
        assert_eq!(quick.ids(100).await.last(), Some(&i64::try_from(batch * 100 + 100).unwrap()));
    }
    assert_eq!(slow.ids(1000).await, (1..=1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_ends_when_the_interface_stops() {
    let client = tailing().await;
    let mut listener = Listener::begin(&client, "", None).await;
    client.state.stop();
    assert!(timeout(PATIENCE, listener.body.next()).await.unwrap().is_none());
}

/// Reads until the stream ends.
async fn ends(listener: &mut Listener) -> bool {
    let rest = async { while listener.body.next().await.is_some() {} };
    timeout(Duration::from_secs(3), rest).await.is_ok()
}

#[tokio::test]
async fn a_stream_ends_with_the_session_that_opened_it() {
    let mut client = tailing().await;
    let mut stays = Listener::begin(&client, "", None).await;
    let first = client.token.clone();
    client.token = client.login("admin", PASSWORD).await.body["token"].as_str().unwrap().to_owned();
    let mut leaves = Listener::begin(&client, "", None).await;
    client.send(Method::POST, "/api/v1/logout", String::new()).await;
    assert!(ends(&mut leaves).await, "after logging out");
    client.token = first;
    client.ingest(1, 1).await;
    assert_eq!(stays.ids(1).await, [1], "another session of the same user goes on");
    // As another process does, when the password is changed.
    client.store.token_revoke_all("admin", 1).await.unwrap();
    assert!(ends(&mut stays).await, "after the tokens were revoked");
}

#[tokio::test]
async fn a_stream_that_never_rests_ends_too() {
    let client = tailing().await;
    let mut listener = Listener::begin(&client, "", None).await;
    let feeding = async {
        for batch in 0..10_000 {
            client.ingest(batch * 50 + 1, batch * 50 + 50).await;
        }
    };
    let watching = async {
        listener.ids(100).await;
        client.store.token_revoke_all("admin", 1).await.unwrap();
        ends(&mut listener).await
    };
    tokio::select! {
        () = feeding => panic!("the stream outlived its token"),
        ended = watching => assert!(ended),
    }
}

#[tokio::test]
async fn a_bad_place_to_resume_is_a_problem() {
    let client = tailing().await;
    let mut request = client.request(Method::GET, "/api/v1/stream", String::new());
    request.headers_mut().insert("last-event-id", "soon".parse().unwrap());
    let response = client.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_served_interface_stops_with_streams_open() {
    let client = Client::logged_in().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(decnet_web::serve(
        listener,
        client.state.clone(),
        decnet_web::Limits::default(),
        async move {
            let _ = stopped.await;
        },
    ));
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        client.token
    );
    tokio::io::AsyncWriteExt::write_all(&mut socket, request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    tokio::io::AsyncReadExt::read_exact(&mut socket, &mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    timeout(PATIENCE, served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn one_user_has_so_many_streams_and_keeps_nobody_out() {
    let mut client = tailing().await;
    decnet_web::create_user(&client.store, "eve", decnet_model::access::Role::Viewer, Some(PASSWORD), 1)
        .await
        .unwrap();
    let mut own = Vec::new();
    for _ in 0..32 {
        own.push(Listener::begin(&client, "", None).await);
    }
    let refused = client.send(Method::GET, "/api/v1/stream", String::new()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    let eves = client.bearer("eve", PASSWORD).await;
    let token = std::mem::replace(&mut client.token, eves);
    let mut other = Listener::begin(&client, "", None).await;
    client.token = token;
    own.pop();
    let _again = Listener::begin(&client, "", None).await;
    client.ingest(1, 2).await;
    assert_eq!(other.ids(2).await, [1, 2]);
}

#[tokio::test]
async fn a_stream_tells_of_one_decky_where_that_is_asked() {
    let client = tailing().await;
    client.ingest(1, 2).await;
    let events = client.get("/events").await.body;
    let decky = events["items"][0]["decky"].as_str().unwrap().to_owned();
    let mut of_it = Listener::begin(&client, &format!("?decky={decky}"), None).await;
    client.ingest(3, 3).await;
    assert_eq!(of_it.ids(1).await, [3]);
    assert_eq!(client.status(Method::GET, "/api/v1/stream?decky=nobody").await, StatusCode::BAD_REQUEST);
}
