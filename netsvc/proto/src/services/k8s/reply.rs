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
    /// JSON of a kind of its own.
    Typed(&'static str, Value),
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

    /// A document of a kind of its own.
    pub(super) fn typed(kind: &'static str, value: Value) -> Self {
        Reply { status: 200, body: Body::Typed(kind, value) }
    }

    pub(super) fn text(status: u16, text: impl Into<String>) -> Self {
        Reply { status, body: Body::Text(text.into()) }
    }

    /// What went wrong.
    pub(super) fn failure(status: u16, reason: &str, message: impl Into<String>, details: Value) -> Self {
        let none = details.is_null() || details_none(status, reason);
        let mut value = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message.into(),
            "reason": reason, "details": details, "code": status,
        });
        if let (Value::Object(fields), true) = (&mut value, none) {
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

    /// A connection that only answers is asked to be taken over.
    pub(super) fn not_upgraded() -> Self {
        Reply::bad("Upgrade request required")
    }

    /// What it is written of.
    pub(super) fn written(&self, form: &Form) -> Written {
        let (kind, body) = match &self.body {
            Body::Json(value) => ("application/json", document(value, form.pretty)),
            Body::Typed(kind, value) => (*kind, document(value, form.pretty)),
            Body::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
            Body::Packed(text) => (PACKED, text.clone().into_bytes()),
        };
        let date = date::http(form.clock);
        let Some([audit, schema, level]) = &form.drawn else {
            // The kubelet has no audit, and says a text's kind behind the rest.
            let json = kind == "application/json";
            let set = json.then(|| ("Content-Type", kind.to_owned()));
            return Written { set: set.into_iter().collect(), guessed: (!json).then_some(kind), date, body };
        };
        let mut set = vec![
            ("Audit-Id", audit.clone()),
            ("Cache-Control", "no-cache, private".to_owned()),
            ("Content-Type", kind.to_owned()),
        ];
        if matches!(self.body, Body::Typed(..)) {
            set.push(("Vary", "Accept".to_owned()));
        }
        if self.status != 401 {
            set.extend([
                ("X-Content-Type-Options", "nosniff".to_owned()),
                ("X-Kubernetes-Pf-Flowschema-Uid", schema.clone()),
                ("X-Kubernetes-Pf-Prioritylevel-Uid", level.clone()),
            ]);
        }
        Written { set, guessed: None, date, body }
    }

    /// The bytes of it in HTTP/1.1.
    pub(super) fn write(&self, request: &Request, form: &Form) -> Vec<u8> {
        let written = self.written(form);
        let version = if request.version < (1, 1) { "1.0" } else { "1.1" };
        let mut text = format!("HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &written.set {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Date: {}\r\nContent-Length: {}\r\n", written.date, written.body.len());
        if let Some(kind) = written.guessed {
            let _ = write!(text, "Content-Type: {kind}\r\n");
        }
        if !request.keeps_alive() {
            text.push_str("Connection: close\r\n");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if request.method != "HEAD" {
            bytes.extend(written.body);
        }
        bytes
    }
}

/// An answer before it is put into frames.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// Fields that handlers set, in the order of the alphabet.
    pub(super) set: Vec<(&'static str, String)>,
    /// The kind that the server sees in the body, where no handler told it.
    pub(super) guessed: Option<&'static str>,
    pub(super) date: String,
    pub(super) body: Vec<u8>,
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
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        _ => "OK",
    }
}
