//! A feed: a folder that MISP fetches, with a file for each event, a manifest of them, and hashes of their values.

use md5::{Digest, Md5};
use serde_json::{Map, Value};

/// The manifest and the hashes of a feed, while its events are written.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    manifest: Map<String, Value>,
    hashes: Vec<u8>,
}

impl Feed {
    /// The name of the manifest in the folder of a feed.
    pub const MANIFEST: &'static str = "manifest.json";
    /// The name of the hashes.
    pub const HASHES: &'static str = "hashes.csv";

    /// Takes an event as [`super::Misp`] makes it; gives the name of its file.
    pub fn add(&mut self, event: &Value) -> String {
        let event = event.get("Event").unwrap_or(&Value::Null);
        let uuid = event.get("uuid").and_then(Value::as_str).unwrap_or_default();
        let mut entry = Map::new();
        for name in ["Orgc", "Tag", "info", "date", "analysis", "threat_level_id", "timestamp"] {
            entry.insert(name.to_owned(), event.get(name).cloned().unwrap_or_default());
        }
        self.manifest.insert(uuid.to_owned(), entry.into());
        let list =
            |of: &Value, name: &str| of.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let in_objects = list(event, "Object").into_iter().flat_map(|object| list(&object, "Attribute"));
        for attribute in list(event, "Attribute").into_iter().chain(in_objects) {
            let value = attribute.get("value").and_then(Value::as_str).unwrap_or_default();
            // MISP looks values up by their MD5; it protects nothing.
            let line = format!("{},{uuid}\n", hex::encode(Md5::digest(value.as_bytes())));
            self.hashes.extend(line.into_bytes());
        }
        format!("{uuid}.json")
    }

    /// The manifest: events by id.
    pub fn manifest(&self) -> Value {
        Value::Object(self.manifest.clone())
    }

    /// The hashes of all values, each with the id of its event.
    pub fn hashes(&self) -> &[u8] {
        &self.hashes
    }
}
