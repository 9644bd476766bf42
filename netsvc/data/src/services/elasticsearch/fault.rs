//! What is answered where something is wrong: an exception with its causes, or the plain sentence of the router.

use super::reply::Reply;
use serde_json::{Map, Value, json};

/// An exception.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    /// Status of the answer.
    pub(super) status: u16,
    /// Type and reason, then what else it tells.
    pub(super) error: Map<String, Value>,
    /// What caused it, where that is told.
    cause: Option<Box<Fault>>,
}

impl Fault {
    pub(super) fn new(status: u16, kind: &str, reason: impl Into<String>) -> Self {
        let mut error = Map::new();
        error.insert("type".to_owned(), kind.into());
        error.insert("reason".to_owned(), reason.into().into());
        Fault { status, error, cause: None }
    }

    /// With something else that it tells.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.error.insert(key.to_owned(), value.into());
        self
    }

    /// With what caused it.
    pub(super) fn because(mut self, cause: Fault) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// There is no such index.
    pub(super) fn no_index(name: &str) -> Self {
        Fault::new(404, "index_not_found_exception", format!("no such index [{name}]"))
            .with("resource.type", "index_or_alias")
            .with("resource.id", name)
            .with("index_uuid", "_na_")
            .with("index", name)
    }

    /// An argument that is not taken.
    pub(super) fn argument(reason: impl Into<String>) -> Self {
        Fault::new(400, "illegal_argument_exception", reason)
    }

    /// A body that is not taken.
    pub(super) fn parsing(reason: impl Into<String>) -> Self {
        Fault::new(400, "parsing_exception", reason).with("line", 1).with("col", 2)
    }

    /// A body that is no JSON.
    pub(super) fn json(error: &serde_json::Error) -> Self {
        let reason = if error.is_eof() {
            "Unexpected end-of-input in JSON content".to_owned()
        } else {
            format!(
                "Unexpected character in JSON content\n at [Source: (byte[])\"\"; line: {}, column: {}]",
                error.line(),
                error.column()
            )
        };
        Fault::new(400, "json_parse_exception", reason)
    }

    /// The index takes no more: the disk is full.
    pub(super) fn full(index: &str) -> Self {
        Fault::new(
            429,
            "cluster_block_exception",
            format!(
                "index [{index}] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index \
                 has read-only-allow-delete block];"
            ),
        )
    }

    /// An answer would take more memory than there is.
    pub(super) fn too_large() -> Self {
        Fault::new(
            429,
            "circuit_breaking_exception",
            "[parent] Data too large, data for [<transport_request>] would be larger than the limit",
        )
    }

    /// A body is needed.
    pub(super) fn no_body() -> Self {
        Fault::new(400, "parse_exception", "request body is required")
    }

    /// As it stands in a list of several answers.
    pub(super) fn value(&self) -> Value {
        let mut error = self.error.clone();
        if let Some(cause) = &self.cause {
            error.insert("caused_by".to_owned(), cause.value());
        }
        Value::Object(error)
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        let mut error = Map::new();
        error.insert("root_cause".to_owned(), json!([Value::Object(self.error.clone())]));
        error.extend(self.error.clone());
        if let Some(cause) = &self.cause {
            error.insert("caused_by".to_owned(), cause.value());
        }
        Reply::json(self.status, json!({ "error": error, "status": self.status }))
    }
}
