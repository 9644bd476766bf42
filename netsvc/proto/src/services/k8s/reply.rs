//! An answer as the API server writes it, and the `Status` that says what went wrong.

use crate::date;
use netsvc_daemon::http::request::Request;
use serde_json::{Value, json};
use std::fmt::Write;

/// Kind of a description of the interface that is packed.
const PACKED: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Body,
}

/// What is in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Json(Value),
    Text(String),
    /// A description of the interface, packed as clients before 1.30 want it.
    Packed(String),
}

impl Reply {
    pub(super) fn ok(value: Value) -> Self {
        Reply { status: 200, body: Body::Json(value) }
    }

    pub(super) fn json(status: u16, value: Value) -> Self {
        Reply { status, body: Body::Json(value) }
    }

    pub(super) fn text(status: u16, text: impl Into<String>) -> Self {
        Reply { status, body: Body::Text(text.into()) }
    }

    /// What went wrong.
    pub(super) fn failure(status: u16, reason: &str, message: impl Into<String>, details: Value) -> Self {
        let mut value = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message.into(),
            "reason": reason, "details": details, "code": status,
        });
        if let (Value::Object(fields), true) = (&mut value, details_none(status, reason)) {
            fields.shift_remove("details");
        }
        Reply::json(status, value)
    }

    /// There is no such object.
    pub(super) fn missing(resource: &str, group: &str, name: &str) -> Self {
        let full = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let mut details = json!({ "name": name, "kind": resource });
        if let (Value::Object(fields), false) = (&mut details, group.is_empty()) {
            fields.insert("group".to_owned(), group.into());
        }
        Reply::failure(404, "NotFound", format!("{full} \"{name}\" not found"), details)
    }

    /// A body that is not taken.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Reply::failure(400, "BadRequest", message, json!({}))
    }

    /// Nothing answers there.
    pub(super) fn unrouted() -> Self {
        Reply::text(404, "404 page not found\n")
    }

    /// Nobody is who he says.
    pub(super) fn unauthorized() -> Self {
        Reply::failure(401, "Unauthorized", "Unauthorized", json!({}))
    }

    /// The bytes of it.
    pub(super) fn write(&self, request: &Request, form: &Form) -> Vec<u8> {
        let (kind, body) = match &self.body {
            Body::Json(value) => ("application/json", document(value, form.pretty)),
            Body::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
            Body::Packed(text) => (PACKED, text.clone().into_bytes()),
        };
        let version = if request.version < (1, 1) { "1.0" } else { "1.1" };
        let mut text = format!("HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        if let Some([audit, schema, level]) = &form.drawn {
            let _ = write!(text, "Audit-Id: {audit}\r\nCache-Control: no-cache, private\r\n");
            let _ = write!(text, "Content-Type: {kind}\r\n");
            if self.status != 401 {
                let _ = write!(
                    text,
                    "X-Content-Type-Options: nosniff\r\nX-Kubernetes-Pf-Flowschema-Uid: {schema}\r\n\
                     X-Kubernetes-Pf-Prioritylevel-Uid: {level}\r\n"
                );
            }
            let _ = write!(text, "Date: {}\r\nContent-Length: {}\r\n", date::http(form.clock), body.len());
        } else {
            // The kubelet has no audit, and says a text's kind behind the rest.
            if kind == "application/json" {
                let _ = write!(text, "Content-Type: {kind}\r\n");
            }
            let _ = write!(text, "Date: {}\r\nContent-Length: {}\r\n", date::http(form.clock), body.len());
            if kind != "application/json" {
                let _ = write!(text, "Content-Type: {kind}\r\n");
            }
        }
        if !request.keeps_alive() {
            text.push_str("Connection: close\r\n");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if request.method != "HEAD" {
            bytes.extend(body);
        }
        bytes
    }
}

fn details_none(status: u16, reason: &str) -> bool {
    status == 401 || reason == "BadRequest"
}

/// How an answer is written.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// The clock, µs since the epoch.
    pub(super) clock: i64,
    /// Whether it is spread over lines, as for people.
    pub(super) pretty: bool,
    /// What the API server draws: of this request, and of the cluster.
    pub(super) drawn: Option<[String; 3]>,
}

/// A document as it is sent.
pub(super) fn document(value: &Value, pretty: bool) -> Vec<u8> {
    let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let mut bytes = text.unwrap_or_default().into_bytes();
    bytes.push(b'\n');
    bytes
}

pub(super) fn reason(status: u16) -> &'static str {
    match status {
        201 => "Created",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        _ => "OK",
    }
}
