//! A question to the controller: one connection, one request, one answer of bounded size in bounded time.

use crate::{Error, error::network, message::Denied, refusal::Refusal, tls};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Method, Request, StatusCode, body::Bytes};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use serde::{Serialize, de::DeserializeOwned};
use std::{io, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Longest wait for a connection and its handshake.
const CONNECT: Duration = Duration::from_secs(10);

/// Opens a connection to the master at `address`, `HOST:PORT`.
///
/// # Errors
/// When it cannot be reached, or is not the master.
pub(crate) async fn connect(address: &str, config: ClientConfig) -> Result<TlsStream<TcpStream>, Error> {
    let attempt = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = tls::master_name().map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    let connected = timeout(CONNECT, attempt).await.map_err(late).and_then(|done| done);
    connected.map_err(|error| {
        let what = format!("connect to the master at {address}");
        match Refusal::of(&error) {
            // Before the handshake is over nobody has shown who he is: an alert may come from whoever is on the way
            // (RFC 8446 §6), and a revoked certificate is the other side's. What the master says of ours comes after.
            Some(Refusal::Revoked) => Error::Network(what, error),
            _ => network(what)(error),
        }
    })
}

/// Posts `question` to `path`, and reads an answer of at most `most` bytes within `patience`.
///
/// # Errors
/// When the master cannot be reached, or says no.
pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
    address: &str,
    config: ClientConfig,
    path: &str,
    question: &Q,
    most: usize,
    patience: Duration,
) -> Result<A, Error> {
    let stream = connect(address, config).await?;
    let body = serde_json::to_vec(question).map_err(|error| Error::Garbled(error.to_string()))?;
    let late = |_| Error::Network(format!("wait for {address}"), io::ErrorKind::TimedOut.into());
    let (status, body) = timeout(patience, exchange(stream, path, body, most)).await.map_err(late)??;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).map_err(|error| Error::Garbled(error.to_string()));
    }
    Err(denied(status, &body))
}

/// What an answer that is none means.
fn denied(status: StatusCode, body: &[u8]) -> Error {
    let denied: Option<Denied> = serde_json::from_slice(body).ok();
    let reason = denied.map_or_else(|| status.to_string(), |denied| denied.reason);
    if status.is_server_error() {
        // What the master could not do now it may do later: that is no word of his.
        return Error::Network(format!("the master says: {reason}"), io::ErrorKind::ResourceBusy.into());
    }
    let known = Refusal::ALL.iter().copied().find(|refusal| refusal.text() == reason);
    known.map_or(Error::Answer(reason), Error::Refused)
}

/// Why an answer was not read to its end.
fn unread(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    if error.is::<LengthLimitError>() {
        return Error::Garbled(error.to_string());
    }
    Error::Network("read what the master says".to_owned(), io::Error::other(error))
}

async fn exchange(
    stream: TlsStream<TcpStream>,
    path: &str,
    body: Vec<u8>,
    most: usize,
) -> Result<(StatusCode, Bytes), Error> {
    let failed = |error: hyper::Error| cause(error);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let driven = tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "master")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Error::Garbled(error.to_string()))?;
    let answered = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), most).collect().await;
        Ok((status, body.map_err(unread)?.to_bytes()))
    }
    .await;
    match answered {
        Ok(answer) => {
            driven.abort();
            Ok(answer)
        }
        // Why it broke off is known to the side that reads.
        Err(error) => match driven.await {
            Ok(Err(told)) => Err(cause(told)),
            _ => Err(error),
        },
    }
}

/// Why the other side broke off, where it said so by an alert.
fn cause(error: hyper::Error) -> Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(found) = source {
        if let Some(refusal) = found.downcast_ref::<io::Error>().and_then(Refusal::of) {
            return Error::Refused(refusal);
        }
        source = found.source();
    }
    Error::Network("speak with the master".to_owned(), io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_master_cannot_do_now_is_tried_again_and_what_he_says_is_not() {
        let busy = br#"{"reason":"the store is locked"}"#;
        assert!(matches!(denied(StatusCode::INTERNAL_SERVER_ERROR, busy), Error::Network(..)));
        assert!(matches!(denied(StatusCode::BAD_GATEWAY, b"<html>"), Error::Network(..)));
        assert!(
            matches!(denied(StatusCode::CONFLICT, busy), Error::Answer(reason) if reason == "the store is locked")
        );
        assert!(
            matches!(denied(StatusCode::NOT_FOUND, b""), Error::Answer(_)),
            "a master that has no such route"
        );
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_comes_again_and_one_that_is_too_long_does_not() {
        let long = Limited::new(Full::new(Bytes::from_static(b"too long")), 3).collect().await;
        assert!(matches!(unread(long.unwrap_err()), Error::Garbled(_)));
        let broken = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert!(matches!(unread(broken.into()), Error::Network(..)));
    }
}
