//! An answer as the engine writes it: with its own fields in the order of Go's `net/http`.

use super::release::Release;
use crate::date;
use serde_json::{Value, json};
use std::fmt::Write;

/// Longest body that is sent with its length (the buffer of `net/http`).
const BUFFER: usize = 2048;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    kind: Option<&'static str>,
    body: Vec<u8>,
    /// Whether the engine's router made it, which adds no fields.
    bare: bool,
    /// Whether it was made before the request was looked at.
    early: bool,
    extra: Vec<(&'static str, String)>,
}

impl Reply {
    /// A document.
    pub(super) fn json(status: u16, value: &Value) -> Self {
        let body = line(value, "\n");
        Reply { status, kind: Some("application/json"), body, bare: false, early: false, extra: Vec::new() }
    }

    /// What went wrong.
    pub(super) fn error(status: u16, message: impl Into<String>) -> Self {
        Reply::json(status, &json!({ "message": message.into() }))
    }

    /// Nothing but a status.
    pub(super) fn empty(status: u16) -> Self {
        Reply { status, kind: None, body: Vec::new(), bare: false, early: false, extra: Vec::new() }
    }

    /// A text.
    pub(super) fn text(status: u16, text: &str) -> Self {
        let kind = Some("text/plain; charset=utf-8");
        Reply { status, kind, body: text.as_bytes().to_vec(), bare: false, early: false, extra: Vec::new() }
    }

    /// Bytes of a kind.
    pub(super) fn bytes(kind: &'static str, body: Vec<u8>) -> Self {
        Reply { status: 200, kind: Some(kind), body, bare: false, early: false, extra: Vec::new() }
    }

    /// No such page.
    pub(super) fn unrouted() -> Self {
        Reply { bare: true, ..Reply::error(404, "page not found") }
    }

    /// The API's version does not suit.
    pub(super) fn early(self) -> Self {
        Reply { early: true, ..self }
    }

    /// With one more field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// The bytes of it; without a body when `head` alone was asked for.
    pub(super) fn write(&self, release: &Release, clock: i64, form: Form) -> Vec<u8> {
        let mut fields = if self.bare { Vec::new() } else { own(release, !self.early) };
        fields.extend(self.extra.iter().cloned());
        // What is no document has its kind guessed, and told behind the others.
        let guessed = self.kind.filter(|kind| kind.starts_with("text/"));
        fields.extend(self.kind.filter(|_| guessed.is_none()).map(|kind| ("Content-Type", kind.to_owned())));
        fields.sort_by_key(|(name, _)| *name);
        let mut text = status_line(form.version, self.status);
        for (name, value) in &fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Date: {}\r\n", date::http(clock));
        let long = BUFFER < self.body.len() && (1, 1) <= form.version;
        let none = matches!(self.status, 204 | 304);
        if !none && !long {
            let length =
                if form.head && self.kind == Some("text/plain; charset=utf-8") { 0 } else { self.body.len() };
            let _ = write!(text, "Content-Length: {length}\r\n");
        }
        if let Some(kind) = guessed {
            let _ = write!(text, "Content-Type: {kind}\r\n");
        }
        if !form.keep {
            text.push_str("Connection: close\r\n");
        }
        if long {
            text.push_str("Transfer-Encoding: chunked\r\n");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if form.head || none {
            return bytes;
        }
        if long {
            bytes.extend(chunk(&self.body));
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// How an answer is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) version: (u8, u8),
    /// Whether only its head was asked for.
    pub(super) head: bool,
    /// Whether the connection is kept.
    pub(super) keep: bool,
}

/// The head of an answer that comes in pieces.
pub(super) fn streaming(release: &Release, clock: i64, kind: Option<&str>) -> Vec<u8> {
    let mut text = status_line((1, 1), 200);
    let mut fields = own(release, true);
    fields.extend(kind.map(|kind| ("Content-Type", kind.to_owned())));
    fields.sort_by_key(|(name, _)| *name);
    for (name, value) in fields {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let _ = write!(text, "Date: {}\r\nTransfer-Encoding: chunked\r\n\r\n", date::http(clock));
    text.into_bytes()
}

/// The head that turns the connection into a stream of what a process reads and writes.
pub(super) fn hijacked(release: &Release, upgraded: bool, kind: &str) -> Vec<u8> {
    let mut text = if upgraded {
        format!("HTTP/1.1 101 UPGRADED\r\nContent-Type: {kind}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n")
    } else {
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n")
    };
    for (name, value) in own(release, true) {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A request that is none.
pub(super) fn refusal(reason: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 400 Bad Request{reason}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
         400 Bad Request{reason}"
    )
    .into_bytes()
}

/// A piece of an answer.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A document on a line, as `encoding/json` writes it.
pub(super) fn line(value: &Value, end: &str) -> Vec<u8> {
    let text = value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    [text.as_bytes(), end.as_bytes()].concat()
}

fn own(release: &Release, routed: bool) -> Vec<(&'static str, String)> {
    let mut fields = vec![("Api-Version", release.api_text())];
    if routed {
        fields.push(("Docker-Experimental", "false".to_owned()));
    }
    fields.push(("Ostype", "linux".to_owned()));
    fields.push(("Server", format!("Docker/{} (linux)", release.version)));
    fields
}

fn status_line((major, minor): (u8, u8), status: u16) -> String {
    let text = match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Unknown",
    };
    let version = if (major, minor) < (1, 1) { "1.0" } else { "1.1" };
    format!("HTTP/{version} {status} {text}\r\n")
}
