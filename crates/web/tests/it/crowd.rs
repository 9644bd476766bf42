//! Peers that hold connections without asking, ask slowly, or do not read.

use crate::client::Client;
use decnet_web::Limits;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

const PATIENCE: Duration = Duration::from_secs(15);
const HEALTH: &[u8] = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// An interface that is served on a socket until the test ends.
async fn served(limits: Limits) -> (Client, SocketAddr) {
    let client = Client::logged_in().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(decnet_web::serve(listener, client.state.clone(), limits, std::future::pending()));
    (client, address)
}

/// Sends `text` and reads all that comes.
async fn talk(address: SocketAddr, text: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(text).await.unwrap();
    read(&mut socket).await
}

async fn read(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("an end in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_thousand_half_requests_keep_nobody_out() {
    let limits = Limits { connections: 32, ..Limits::default() };
    let (_client, address) = served(limits).await;
    let mut half = Vec::new();
    for _ in 0..500 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let _ = socket.write_all(b"GET /api/v1/health HTTP/1.1\r\nHo").await;
        half.push(socket);
    }
    let begun = Instant::now();
    assert!(talk(address, HEALTH).await.starts_with("HTTP/1.1 200 OK"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let mut open = 0;
    for socket in &mut half {
        let ended = timeout(Duration::from_millis(1), socket.read(&mut [0; 1])).await;
        open += usize::from(ended.is_err());
    }
    assert!(open <= limits.connections, "{open} of 500 are still open");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let limits = Limits { head: Duration::from_millis(300), ..Limits::default() };
    let (_client, address) = served(limits).await;
    for beginning in [&b""[..], b"GET /", b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n"] {
        let begun = Instant::now();
        talk(address, beginning).await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
    let endless = [&b"GET / HTTP/1.1\r\nX: "[..], &[b'a'; 200_000]].concat();
    assert!(talk(address, &endless).await.contains("431"), "a head beyond all bounds");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_so() {
    let (_client, address) = served(Limits::default()).await;
    let head = b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: 60\r\n\r\n{\"user\":";
    let answer = talk(address, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("urn:decnet:problem:slow"), "{answer}");
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_dropped() {
    let limits = Limits { reading: Duration::from_millis(500), ..Limits::default() };
    let (client, address) = served(limits).await;
    // The document of all routes many times over is more than any socket holds.
    let mut socket = TcpStream::connect(address).await.unwrap();
    let ask = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2000);
    let sent = timeout(PATIENCE, socket.write_all(&ask)).await;
    // A write to a connection that was dropped fails, at the second try at the latest.
    let mut failed = !matches!(sent, Ok(Ok(())));
    let begun = Instant::now();
    while !failed && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        failed = socket.write_all(b"x").await.is_err();
    }
    assert!(failed, "the peer is still waited for");
    drop(client);
}

#[tokio::test]
async fn when_everybody_is_at_work_a_newcomer_is_told() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let (client, address) = served(limits).await;
    let ask = format!(
        "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        client.token
    );
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(ask.as_bytes()).await.unwrap();
        let mut head = [0; 15];
        socket.read_exact(&mut head).await.unwrap();
        streams.push(socket);
    }
    assert!(talk(address, b"").await.starts_with("HTTP/1.1 503 "));
    drop(streams.pop());
    let deadline = Instant::now() + PATIENCE;
    while !talk(address, HEALTH).await.starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
