//! A request on its way to what answers it.

use super::{
    fault::Fault,
    release::Release,
    reply::Reply,
    store::{Index, Store},
    work::Work,
};
use netsvc_daemon::http::{
    form::{self, Form},
    request::Request,
};
use netsvc_kit::{Host, Out};
use serde_json::{Map, Value};

/// Longest document, and longest line of several: a tree takes many times what its text does.
pub(super) const DOCUMENT: usize = 512 << 10;

/// What a request comes to.
pub(super) type Outcome = Result<Reply, Fault>;

/// A request with where it is answered.
pub(super) struct Call<'a> {
    pub(super) host: &'a Host,
    pub(super) store: &'a mut Store,
    pub(super) release: &'static Release,
    pub(super) request: &'a Request,
    pub(super) query: Form,
    /// What may still be searched.
    pub(super) work: Work,
    /// The clock, µs since the epoch.
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

    /// Whether the query has a switch on.
    pub(super) fn flag(&self, key: &str) -> bool {
        let has = self.query.values.iter().any(|(name, _)| name == key);
        has && matches!(self.value(key), "" | "true")
    }

    /// The body, empty where there is none: fields of a document.
    ///
    /// # Errors
    /// When it is no document.
    pub(super) fn document(&self) -> Result<Map<String, Value>, Fault> {
        let body = self.request.body.trim_ascii();
        // What stands in the query is as good as a body.
        let source = self.value("source").as_bytes();
        let body = if body.is_empty() { source } else { body };
        if body.is_empty() {
            return Ok(Map::new());
        }
        if DOCUMENT < body.len() {
            return Err(Fault::too_large());
        }
        match serde_json::from_slice(body).map_err(|error| Fault::json(&error))? {
            Value::Object(fields) => Ok(fields),
            _ => Err(Fault::parsing("Expected [START_OBJECT] but found [START_ARRAY]")),
        }
    }

    /// As [`Call::document`], where there has to be one.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn needed(&self) -> Result<Map<String, Value>, Fault> {
        if self.request.body.trim_ascii().is_empty() && self.value("source").is_empty() {
            return Err(Fault::no_body());
        }
        self.document()
    }

    /// The indices that `expression` means.
    ///
    /// # Errors
    /// When one is missing, unless the query does not mind.
    pub(super) fn indices(&self, expression: &str) -> Result<Vec<&Index>, Fault> {
        let names = match self.store.resolve(expression) {
            Err(_) if self.flag("ignore_unavailable") => Vec::new(),
            other => other?,
        };
        Ok(names.iter().filter_map(|name| self.store.indices.get(name)).collect())
    }
}

/// The fields of the document that a line of several is.
///
/// # Errors
/// When it is none, or longer than one may be.
pub(super) fn line(text: &str) -> Result<Map<String, Value>, Fault> {
    if DOCUMENT < text.len() {
        return Err(Fault::too_large());
    }
    serde_json::from_str(text).map_err(|error| Fault::json(&error))
}

/// The query of a request.
pub(super) fn query(request: &Request) -> Form {
    let named = |pair: &str| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") };
    let pairs: Vec<String> = request.query.split('&').filter(|pair| !pair.is_empty()).map(named).collect();
    form::encoded(&pairs.join("&"))
}

/// A text or a list of texts, with commas between them.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split(',').map(str::trim).map(str::to_owned).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
