//! One HTTP/1.1 request (RFC 9112) whose body is a message, signed so that whoever gets it knows that it is ours and
//! when it was sent. Redirects are not followed: a target is where it is.

use crate::answer::{Answer, SendError};
use decnet_model::record::AlertDelivery;
use decnet_outward::connect;
use hmac::{Hmac, Mac};
use rustls::ClientConfig;
use sha2::Sha256;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of an answer that are read.
const ANSWER: usize = 8 * 1024;

/// Where a request goes.
pub(crate) struct Place<'a> {
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
    /// What the body is.
    pub(crate) media: &'a str,
}

/// Sends a body and reads the answer's beginning.
pub(crate) async fn post(
    place: Place<'_>,
    secret: &str,
    message: &AlertDelivery,
    body: &str,
    seconds: i64,
) -> Result<Answer, SendError> {
    let head = head(&place, secret, message, body, seconds);
    let socket = connect(place.host, place.port, place.tls).await?;
    talk(socket, &head, body).await
}

fn head(place: &Place<'_>, secret: &str, message: &AlertDelivery, body: &str, seconds: i64) -> String {
    let bracketed =
        if place.host.contains(':') { format!("[{}]", place.host) } else { place.host.to_owned() };
    let usual = if place.tls.is_some() { 443 } else { 80 };
    let host = if place.port == usual { bracketed } else { format!("{bracketed}:{}", place.port) };
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: decnet-alert/1\r\nContent-Type: {}\r\n\
         Content-Length: {}\r\nConnection: close\r\nX-DECNET-Event-Id: {}\r\nX-DECNET-Event-Topic: incident.{}\r\n\
         X-DECNET-Timestamp: {seconds}\r\n",
        place.path,
        place.media,
        body.len(),
        message.token,
        message.kind,
    );
    if !secret.is_empty() {
        head.push_str(&format!("X-DECNET-Signature: sha256={}\r\n", signature(secret, seconds, body)));
    }
    head.push_str("\r\n");
    head
}

/// HMAC-SHA256 over the time, a dot and the body, hex: an old message cannot be passed off as a new one.
pub(crate) fn signature(secret: &str, seconds: i64, body: &str) -> String {
    // A key of any length is taken.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    let mac = mac.chain_update(seconds.to_string()).chain_update(".").chain_update(body);
    hex::encode(mac.finalize().into_bytes())
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    head: &str,
    body: &str,
) -> Result<Answer, SendError> {
    socket.write_all(head.as_bytes()).await.map_err(SendError::Talk)?;
    socket.write_all(body.as_bytes()).await.map_err(SendError::Talk)?;
    socket.flush().await.map_err(SendError::Talk)?;
    let mut read = Vec::new();
    let mut piece = [0; 1024];
    while read.len() < ANSWER {
        match socket.read(&mut piece).await {
            Ok(0) => break,
            Ok(count) => read.extend_from_slice(piece.get(..count).unwrap_or_default()),
            // Some servers cut the line when they have said everything.
            Err(_) if is_whole(&read) => break,
            Err(error) => return Err(SendError::Talk(error)),
        }
        if is_whole(&read) {
            break;
        }
    }
    answer(&read)
}

/// Where the body of an answer begins.
fn body_at(read: &[u8]) -> Option<usize> {
    read.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether all of an answer is there, as far as its length is told.
fn is_whole(read: &[u8]) -> bool {
    let Some(at) = body_at(read) else { return false };
    let head = String::from_utf8_lossy(read.get(..at).unwrap_or_default()).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|length| length.trim().parse::<usize>().ok()) {
        Some(length) => read.len().saturating_sub(at) >= length,
        None => head.starts_with("http/1.1 204"),
    }
}

fn answer(read: &[u8]) -> Result<Answer, SendError> {
    let line = read.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default().trim_end();
    let mut words = line.splitn(3, ' ');
    let (version, status) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let status: u16 = match (version.starts_with("HTTP/1."), status.parse()) {
        (true, Ok(status)) if (100..600).contains(&status) => status,
        _ => return Err(SendError::NoHttp),
    };
    let text = body_at(read).and_then(|at| read.get(at..)).unwrap_or_default();
    Ok(Answer::of_http(status, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whatever_it_looks_like() {
        for (text, status) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some(200)),
            ("HTTP/1.0 500\r\n\r\n", Some(500)),
            ("HTTP/1.1 204 No Content\r\n\r\n", Some(204)),
            ("HTTP/2 200\r\n\r\n", None),
            ("HTTP/1.1 9999 x\r\n\r\n", None),
            ("SSH-2.0-x\r\n", None),
            ("", None),
        ] {
            assert_eq!(answer(text.as_bytes()).ok().and_then(|answer| answer.status), status, "{text:?}");
        }
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok"));
    }

    #[test]
    fn a_signature_is_over_time_and_body() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature("key", 1_700_000_000, "{\"a\":1}"),
            "a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
        );
        assert_ne!(signature("key", 1, "x"), signature("key", 2, "x"));
    }
}
