//! A request on its way to what answers it.

use super::{release::Release, reply::Reply, store::Store};
use netsvc_daemon::http::{
    form::{self, Form},
    request::Request,
};
use netsvc_kit::{Host, Link, Out};
use serde_json::{Map, Value};

/// Longest document: a tree takes many times what its text does.
const LONGEST: usize = 512 << 10;

/// A request with where it is answered.
pub(super) struct Call<'a> {
    pub(super) host: &'a Host,
    pub(super) link: &'a Link,
    pub(super) store: &'a mut Store,
    pub(super) release: &'static Release,
    pub(super) request: &'a Request,
    pub(super) query: Form,
    /// Who is in; `None`: nobody.
    pub(super) who: Option<&'a str>,
    /// Whether everybody is an administrator.
    pub(super) party: bool,
    pub(super) now: i64,
    pub(super) out: &'a mut Out,
}

impl Call<'_> {
    pub(super) fn method(&self) -> &str {
        &self.request.method
    }

    /// A value of the query; empty where there is none.
    pub(super) fn value(&self, key: &str) -> &str {
        self.query.get(&[key]).unwrap_or_default()
    }

    /// A value of the query that is JSON's text.
    pub(super) fn text(&self, key: &str) -> String {
        let value = self.value(key);
        serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned())
    }

    /// Whether who asks is an administrator.
    pub(super) fn is_admin(&self) -> bool {
        self.party || self.who.is_some()
    }

    /// The document in the body.
    ///
    /// # Errors
    /// The answer to what is none.
    pub(super) fn document(&self) -> Result<Map<String, Value>, Reply> {
        if LONGEST < self.request.body.len() {
            return Err(Reply::error(413, "document_too_large", ""));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(Reply::error(400, "bad_request", "Document must be a JSON object")),
            Err(_) => Err(Reply::error(400, "bad_request", "invalid UTF-8 JSON")),
        }
    }
}

/// The query of a request.
pub(super) fn query(request: &Request) -> Form {
    form::encoded(&request.query)
}

/// Who may not.
pub(super) fn unauthorized(reason: &str) -> Reply {
    Reply::error(401, "unauthorized", reason)
}
