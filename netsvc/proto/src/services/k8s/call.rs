//! A request on its way to what answers it, and who sent it.

use super::{release::Release, store::Store};
use netsvc_daemon::http::{
    form::{self, Form},
    request::Request,
};
use netsvc_kit::{Host, Out};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rights {
    Nothing,
    Looking,
    Everything,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) rights: Rights,
}

/// A request with where it is answered.
pub(super) struct Call<'a> {
    pub(super) host: &'a Host,
    pub(super) store: &'a mut Store,
    pub(super) release: &'static Release,
    pub(super) request: &'a Request,
    pub(super) who: &'a Who,
    pub(super) query: Form,
    /// The clock, µs since the epoch.
    pub(super) now: i64,
    pub(super) out: &'a mut Out,
}

impl Call<'_> {
    /// A value of the query; empty where there is none.
    pub(super) fn value(&self, key: &str) -> &str {
        self.query.get(&[key]).unwrap_or_default()
    }

    /// All values of that name.
    pub(super) fn values(&self, key: &str) -> Vec<String> {
        let named = self.query.values.iter().filter(|(name, _)| name == key);
        named.map(|(_, value)| value.clone()).collect()
    }

    /// A value of the query that is a yes or no.
    pub(super) fn flag(&self, key: &str) -> bool {
        // What Go's `strconv.ParseBool` takes for true.
        matches!(self.value(key), "1" | "t" | "T" | "true" | "TRUE" | "True")
    }
}

/// The query of a request.
pub(super) fn query(request: &Request) -> Form {
    form::encoded(&request.query)
}
