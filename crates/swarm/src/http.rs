//! A question to the controller: one connection, one request, one answer of bounded size in bounded time.

use crate::{Error, error::network, message::Denied, refusal::Refusal, tls};
use http_body_util::{BodyExt, Full, Limited};
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
    let denied: Option<Denied> = serde_json::from_slice(&body).ok();
    let reason = denied.map_or_else(|| status.to_string(), |denied| denied.reason);
    let known = Refusal::ALL.iter().copied().find(|refusal| refusal.text() == reason);
    Err(known.map_or(Error::Answer(reason), Error::Refused))
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
        let body = body.map_err(|error| Error::Garbled(error.to_string()))?;
        Ok((status, body.to_bytes()))
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
