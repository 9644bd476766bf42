//! Watches: what there is, and then what changes, as lines of JSON.

use super::{
    call::Call,
    resources::Resource,
    store::{Change, Store},
    table,
    way::{Way, fits},
};
use netsvc_kit::Charge;
use rand_core::RngCore;
use serde_json::{Value, json};

/// Time of a watch that nobody bounds, in seconds: as much and up to twice of it (`--min-request-timeout`).
const LEAST: i64 = 1800;
/// Time between two bookmarks, µs.
const BOOKMARK: i64 = 60_000_000;
const SECOND: i64 = 1_000_000;
/// What a watch takes beside its texts.
const SIZE: usize = 512;

/// What somebody watches.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    resource: &'static Resource,
    space: String,
    name: String,
    labels: String,
    fields: String,
    /// Whether objects are told as rows of a table.
    table: bool,
    /// Number of the last change that was told.
    since: u64,
    /// When the next bookmark is due; `None`: none is wanted.
    bookmark: Option<i64>,
    /// When it ends, µs of the host's clock.
    end: i64,
    /// Whether it has ended before its time.
    over: bool,
    /// What it takes: a connection has many of them.
    _held: Charge,
}

impl Watch {
    /// The watch that a request asks for, and its first lines.
    pub(super) fn begin(call: &Call<'_>, way: &Way<'_>, resource: &'static Resource) -> (Self, Vec<Value>) {
        let asked = call.value("timeoutSeconds").parse::<i64>().ok().filter(|time| 0 < *time);
        let drawn = i64::from(call.host.generator(&call.store.revision.to_string()).next_u32());
        let seconds = asked.unwrap_or(LEAST + drawn % LEAST).min(2 * LEAST);
        let since = call.value("resourceVersion").parse::<u64>().ok().filter(|since| 0 < *since);
        let (labels, fields) = (call.value("labelSelector"), call.value("fieldSelector"));
        let size = SIZE + way.space.len() + way.name.len() + labels.len() + fields.len();
        let mut watch = Watch {
            resource,
            space: way.space.to_owned(),
            name: way.name.to_owned(),
            labels: labels.to_owned(),
            fields: fields.to_owned(),
            table: table::wanted(call),
            since: since.unwrap_or(call.store.revision),
            bookmark: call.flag("allowWatchBookmarks").then_some(call.now + BOOKMARK),
            end: call.now + seconds * SECOND,
            over: false,
            _held: Charge::current(size),
        };
        if since.is_some() {
            let lines = watch.next(call.store, call.now);
            return (watch, lines);
        }
        // Who does not say from where on is told of what there is first.
        let there = call.store.list(resource, way.space);
        let lines = there
            .into_iter()
            .filter(|object| watch.wants(object))
            .map(|object| watch.line("ADDED", object, call.store.revision, call.now))
            .collect();
        (watch, lines)
    }

    fn wants(&self, object: &Value) -> bool {
        let named = self.name.is_empty()
            || object.pointer("/metadata/name").and_then(Value::as_str) == Some(self.name.as_str());
        named && fits(object, &self.labels, &self.fields)
    }

    fn line(&self, kind: &str, object: &Value, revision: u64, now: i64) -> Value {
        if self.table {
            let table = table::table(self.resource, &[object], &revision.to_string(), now);
            return json!({ "type": kind, "object": table });
        }
        json!({ "type": kind, "object": object })
    }

    /// Lines of what has changed since it was last asked.
    pub(super) fn next(&mut self, store: &Store, now: i64) -> Vec<Value> {
        if self.since < store.forgotten {
            self.over = true;
            let message = format!("too old resource version: {} ({})", self.since, store.forgotten);
            return vec![json!({ "type": "ERROR", "object": {
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                "reason": "Expired", "code": 410,
            } })];
        }
        let concerns = |change: &&Change| {
            self.since < change.revision
                && change.of == (self.resource.group, self.resource.name)
                && (self.space.is_empty() || change.space == self.space)
                && self.wants(&change.object)
        };
        let mut lines: Vec<Value> = store
            .changes
            .iter()
            .filter(concerns)
            .map(|change| self.line(change.kind, &change.object, change.revision, now))
            .collect();
        self.since = self.since.max(store.revision);
        if let Some(due) = self.bookmark.filter(|due| *due <= now || self.end <= now) {
            self.bookmark = (due <= now && now < self.end).then_some(now + BOOKMARK);
            lines.push(json!({ "type": "BOOKMARK", "object": {
                "kind": self.resource.kind, "apiVersion": self.resource.version(),
                "metadata": { "resourceVersion": self.since.to_string(), "creationTimestamp": null },
            } }));
        }
        lines
    }

    /// Whether nothing more comes.
    pub(super) fn is_over(&self, now: i64) -> bool {
        self.over || self.end <= now
    }
}
