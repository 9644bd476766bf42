//! Where a path leads, and the objects there that a request asks for.

use super::{call::Call, resources::Resource, store::Store};
use serde_json::Value;

/// Where a path leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way<'a> {
    pub(super) group: &'a str,
    pub(super) space: &'a str,
    pub(super) resource: &'a str,
    pub(super) name: &'a str,
    pub(super) sub: &'a str,
}

impl<'a> Way<'a> {
    /// Reads what follows `/api/v1` or `/apis/GROUP/v1`.
    pub(super) fn of(group: &'a str, parts: &[&'a str]) -> Way<'a> {
        let (space, rest) = match parts {
            ["namespaces", space, rest @ ..]
                if rest.first().is_some_and(|next| !["status", "finalize"].contains(next)) =>
            {
                (*space, rest)
            }
            rest => ("", rest),
        };
        let part = |at: usize| rest.get(at).copied().unwrap_or_default();
        Way { group, space, resource: part(0), name: part(1), sub: part(2) }
    }

    /// Where it leads, with slashes.
    pub(super) fn path(&self) -> String {
        let parts = [self.space, self.resource, self.name];
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
    }
}

/// Objects that the query asks for.
pub(super) fn asked<'a>(
    call: &Call<'_>,
    store: &'a Store,
    way: &Way<'_>,
    resource: &Resource,
) -> Vec<&'a Value> {
    let (labels, fields) = (call.value("labelSelector"), call.value("fieldSelector"));
    store.list(resource, way.space).into_iter().filter(|object| fits(object, labels, fields)).collect()
}

/// Whether an object is what selectors of labels and fields ask for.
pub(super) fn fits(object: &Value, labels: &str, fields: &str) -> bool {
    let field = |part: &str| {
        let (path, value) = part.split_once('=').unwrap_or((part, ""));
        let place = format!("/{}", path.trim_end_matches(['!', '=']).replace('.', "/"));
        let known = object.pointer(&place).and_then(Value::as_str).unwrap_or_default();
        (known == value.trim_start_matches('=')) != path.ends_with('!')
    };
    Store::fits(object, labels) && fields.split(',').filter(|part| !part.is_empty()).take(16).all(field)
}
