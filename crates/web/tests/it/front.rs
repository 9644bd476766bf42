//! The dashboard at an address of its own, in front of an interface.

use crate::client::{Client, PASSWORD};
use decnet_web::{Front, Hosts, Limits, Proxies, serve, serve_front};
use serde_json::json;
use std::{future::Future, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(15);

fn trusting() -> Hosts {
    Hosts::new(["decnet.lan".to_owned()]).handed_on_by(Proxies::read("127.0.0.1").unwrap())
}

/// A front of whatever listens at `api`, until `stop`.
async fn fronted(api: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let front = Front::new(&api.ip().to_string(), api.port(), trusting()).unwrap();
    tokio::spawn(serve_front(listener, front, Limits::default(), stop));
    address
}

async fn interface() -> (Client, SocketAddr) {
    let client = Client::over(trusting()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, client.state.clone(), Limits::default(), std::future::pending()));
    (client, address)
}

async fn ask(address: SocketAddr, head: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let rest = format!("\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    socket.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("an end in time").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads until `wanted` has come.
async fn until(socket: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let read = async {
        let mut piece = [0; 4096];
        while !text.contains(wanted) {
            let count = socket.read(&mut piece).await.unwrap();
            assert_ne!(count, 0, "it ended: {text}");
            text.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
    };
    timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{wanted} did not come"));
    text
}

#[tokio::test]
async fn requests_are_handed_on_and_told_apart_by_who_asks() {
    let (client, api) = interface().await;
    let front = fronted(api, std::future::pending()).await;
    let body = json!({"user": "admin", "password": PASSWORD}).to_string();
    let head = "POST /api/v1/login HTTP/1.1\r\nHost: decnet.lan\r\nContent-Type: application/json\r\n\
                X-Forwarded-For: 203.0.113.9, 198.51.100.7";
    let answer = ask(front, head, &body).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.to_lowercase().contains("x-content-type-options: nosniff"), "{answer}");
    // The front believes the peer on loopback, the interface believes the front.
    let page = client.store.audit_list(decnet_store::record::Page::newest(1)).await.unwrap();
    assert_eq!(page[0].address, Some("198.51.100.7".parse().unwrap()));
    let missing = ask(front, "GET /api/v1/nothing?x=1 HTTP/1.1\r\nHost: decnet.lan", "").await;
    assert!(missing.starts_with("HTTP/1.1 404 "), "{missing}");
    let stranger = ask(front, "GET /api/v1/health HTTP/1.1\r\nHost: evil.example", "").await;
    assert!(stranger.starts_with("HTTP/1.1 421 "), "{stranger}");
    let page = ask(front, "GET /events HTTP/1.1\r\nHost: decnet.lan", "").await;
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("text/html"), "{page}");
}

#[tokio::test]
async fn a_stream_is_live_through_the_front_and_ends_with_it() {
    let (client, api) = interface().await;
    let mut client = client;
    client.token = client.bearer("admin", PASSWORD).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let front = fronted(api, async move {
        let _ = stopped.await;
    })
    .await;
    let mut socket = TcpStream::connect(front).await.unwrap();
    let head = format!(
        "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        client.token
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    until(&mut socket, "text/event-stream").await;
    for round in 1..=3 {
        client.ingest(round, round).await;
        until(&mut socket, &format!("id: {round}\n")).await;
    }
    stop.send(()).unwrap();
    let mut rest = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut rest)).await.expect("it ends with the front").unwrap();
    // A reader that leaves is gone at the interface too: his places are free again.
    for _ in 0..3 {
        let front = fronted(api, std::future::pending()).await;
        let mut readers = Vec::new();
        for _ in 0..20 {
            readers.push(timeout(PATIENCE, reader(front, &head)).await.expect("places are free again"));
        }
    }
}

/// A reader of the stream, once there is a place.
async fn reader(front: SocketAddr, head: &str) -> TcpStream {
    loop {
        let mut socket = TcpStream::connect(front).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        let answer = until(&mut socket, "\r\n\r\n").await;
        if answer.starts_with("HTTP/1.1 200 OK") {
            return socket;
        }
        assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_interface_that_is_away_is_told() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let front = fronted(gone, std::future::pending()).await;
    let answer = ask(front, "GET /api/v1/health HTTP/1.1\r\nHost: localhost", "").await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("urn:decnet:problem:away"), "{answer}");
}
