//! An answer as the server writes it: fields by their names, documents with a line feed behind them.

use super::release::Release;
use netsvc_daemon::{date, http::request::Request};
use serde_json::{Value, json};
use std::fmt::Write;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Body,
    /// Further fields.
    pub(super) fields: Vec<(&'static str, String)>,
}

/// What is in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Json(Value),
    /// Rows that stand on lines of their own: what comes before them, and what after.
    Rows(String, Vec<Value>, String),
    Html(String),
}

impl Reply {
    pub(super) fn json(status: u16, value: Value) -> Self {
        Reply { status, body: Body::Json(value), fields: Vec::new() }
    }

    pub(super) fn ok(value: Value) -> Self {
        Reply::json(200, value)
    }

    /// What went wrong.
    pub(super) fn error(status: u16, error: &str, reason: &str) -> Self {
        Reply::json(status, json!({ "error": error, "reason": reason }))
    }

    /// Such a document or database is not there.
    pub(super) fn missing(reason: &str) -> Self {
        Reply::error(404, "not_found", reason)
    }

    pub(super) fn no_database() -> Self {
        Reply::missing("Database does not exist.")
    }

    /// Only these methods are for what was asked.
    pub(super) fn only(methods: &str) -> Self {
        let reply = Reply::error(405, "method_not_allowed", &format!("Only {methods} allowed"));
        reply.with("Allow", methods)
    }

    pub(super) fn full() -> Self {
        Reply::error(500, "internal_server_error", "{exit_value,enospc}")
    }

    /// With one more field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The bytes of it.
    pub(super) fn write(&self, release: &Release, request: &Request, clock: i64, id: &str) -> Vec<u8> {
        let (kind, body) = match &self.body {
            Body::Json(value) => ("application/json", format!("{value}\n")),
            Body::Rows(head, rows, tail) => {
                let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
                ("application/json", format!("{head}{}{tail}", rows.join(",\r\n")))
            }
            Body::Html(text) => ("text/html", text.clone()),
        };
        let version = if request.version < (1, 1) { "1.0" } else { "1.1" };
        let mut text = format!("HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        let mut fields = self.fields.clone();
        fields.push(("Cache-Control", "must-revalidate".to_owned()));
        fields.push(("Content-Length", body.len().to_string()));
        fields.push(("Content-Type", kind.to_owned()));
        fields.push(("Date", date::http(clock)));
        fields.push(("Server", release.server()));
        fields.push(("X-Couch-Request-ID", id.to_owned()));
        fields.push(("X-CouchDB-Body-Time", "0".to_owned()));
        if !request.keeps_alive() {
            fields.push(("Connection", "close".to_owned()));
        }
        fields.sort_by_key(|(name, _)| *name);
        for (name, value) in fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        if request.method != "HEAD" {
            text.push_str(&body);
        }
        text.into_bytes()
    }
}

/// What is said of a name that no database can have.
pub(super) fn illegal(name: &str) -> String {
    format!(
        "Name: '{name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, \
            and / \
         are allowed. Must begin with a letter."
    )
}

/// Words of a status, which are those of MochiWeb.
fn reason(status: u16) -> &'static str {
    match status {
        201 => "Created",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Object Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        500 => "Internal Server Error",
        _ => "OK",
    }
}
