//! One request of HTTP/1.1 and its answer.

use crate::connect::{ConnectError, connect};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Request, body::Bytes, header::HOST};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::timeout};

/// Name that we give.
const AGENT: &str = concat!("decnet/", env!("CARGO_PKG_VERSION"));

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Something is read.
    Get,
    /// Something is sent.
    Post,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whom to believe; `None`: no TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What is done.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers beside those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent.
    pub body: Vec<u8>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Seconds after which to ask again, where it says so (`Retry-After` as a number, RFC 9110 §10.2.3).
    pub retry_after: Option<u64>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why there is no answer. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// What is asked cannot be written as a request.
    #[error("write the request")]
    Request(#[source] hyper::http::Error),
    /// The connection broke, or the answer is no HTTP.
    #[error("read the answer")]
    Talk(#[source] hyper::Error),
    /// The body of the answer broke off.
    #[error("read the answer: {0}")]
    Body(String),
    /// The answer is too long.
    #[error("the answer is longer than {0} bytes")]
    Long(usize),
    /// There was none in time.
    #[error("no answer within {} s", .0.as_secs())]
    Slow(Duration),
}

/// Ends what drives a connection once it is of no more use.
struct Driven(JoinHandle<Result<(), hyper::Error>>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks, and reads an answer of at most `most` bytes within `patience`.
///
/// # Errors
/// [`AskError`]; whoever was asked may have got the question.
pub async fn ask(place: &Place, asked: &Asked, most: usize, patience: Duration) -> Result<Answer, AskError> {
    timeout(patience, exchange(place, asked, most)).await.map_err(|_| AskError::Slow(patience))?
}

async fn exchange(place: &Place, asked: &Asked, most: usize) -> Result<Answer, AskError> {
    let request = request(place, asked)?;
    let stream = connect(&place.host, place.port, place.tls.clone()).await?;
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(AskError::Talk)?;
    let _driven = Driven(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(AskError::Talk)?;
    let status = response.status().as_u16();
    let header = response.headers().get(hyper::header::RETRY_AFTER);
    let retry_after = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let read = Limited::new(response.into_body(), most).collect().await;
    let body = read.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => AskError::Long(most),
        None => AskError::Body(error.to_string()),
    })?;
    Ok(Answer { status, retry_after, body: body.to_bytes().to_vec() })
}

fn request(place: &Place, asked: &Asked) -> Result<Request<Full<Bytes>>, AskError> {
    let host = if place.host.contains(':') { format!("[{}]", place.host) } else { place.host.clone() };
    let usual = if place.tls.is_some() { 443 } else { 80 };
    let host = if place.port == usual { host } else { format!("{host}:{}", place.port) };
    let method = match asked.method {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
    };
    let mut request = Request::builder()
        .method(method)
        .uri(&asked.path)
        .header(HOST, host)
        .header(hyper::header::USER_AGENT, AGENT)
        .header(hyper::header::ACCEPT, "application/json");
    for (name, value) in &asked.headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(Bytes::from(asked.body.clone()))).map_err(AskError::Request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    /// A server that answers the first connection with these bytes, and gives back what it was asked.
    async fn answered(bytes: &'static [u8], most: usize) -> (Result<Answer, AskError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            let (mut seen, mut piece) = (Vec::new(), [0; 1024]);
            while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
                let count = peer.read(&mut piece).unwrap();
                seen.extend_from_slice(&piece[..count]);
            }
            // Whoever has heard enough does not wait for the rest.
            let _ = peer.write_all(bytes);
            String::from_utf8(seen).unwrap()
        });
        let place = Place { tls: None, host: "127.0.0.1".to_owned(), port };
        let headers = vec![("key", "secret".to_owned())];
        let asked = Asked { method: Method::Get, path: "/a?b=c".to_owned(), headers, body: Vec::new() };
        let answer = ask(&place, &asked, most, Duration::from_secs(20)).await;
        (answer, server.join().unwrap())
    }

    #[tokio::test]
    async fn answers_are_read_as_far_as_they_may_be_long() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        let (answer, seen) = answered(chunked, 3).await;
        assert_eq!(answer.unwrap(), Answer { status: 200, retry_after: None, body: b"abc".to_vec() });
        assert!(seen.starts_with("GET /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:"), "{seen}");
        assert!(seen.contains("user-agent: decnet/") && seen.contains("key: secret\r\n"), "{seen}");
        let limited = b"HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 2\r\n\r\nno";
        let answer = answered(limited, 10).await.0.unwrap();
        assert_eq!((answer.status, answer.retry_after), (429, Some(17)));
        assert!(matches!(answered(chunked, 2).await.0, Err(AskError::Long(2))));
        let short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno";
        assert!(matches!(answered(short, 10).await.0, Err(AskError::Body(_))));
        for bytes in [&b"SSH-2.0-x\r\n"[..], b""] {
            assert!(matches!(answered(bytes, 10).await.0, Err(AskError::Talk(_))));
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_nobody_follows_it() {
        let moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answered(moved, 10).await.0.unwrap().status, 302);
    }

    #[tokio::test]
    async fn who_says_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let place = Place { tls: None, host: "127.0.0.1".to_owned(), port };
        let asked =
            Asked { method: Method::Get, path: "/".to_owned(), headers: Vec::new(), body: Vec::new() };
        let answer = ask(&place, &asked, 10, Duration::from_millis(50)).await;
        assert!(matches!(answer, Err(AskError::Slow(_))), "{answer:?}");
    }
}
