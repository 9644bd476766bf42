//! Databases and documents of an attacker: what the node began with, and what he made of it.

use md5::{Digest, Md5};
use netsvc_persona::subkey;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// Attackers whose databases a node keeps.
pub(super) const STORES: usize = 32;
/// Bytes that an attacker may add, and databases that there may be.
const ADDED: usize = 512 * 1024;
const DATABASES: usize = 100;
/// What a document, an object and an item of a list cost beside their text.
const DOCUMENT: usize = 256;
const OBJECT: usize = 640;
const ITEM: usize = 80;

/// A document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) revision: String,
    pub(super) source: Arc<Value>,
    pub(super) sequence: u64,
    weight: usize,
}

/// A database.
#[derive(Clone, Debug, Default)]
pub(super) struct Database {
    pub(super) documents: BTreeMap<String, Document>,
    pub(super) sequence: u64,
    pub(super) deleted: u64,
    pub(super) security: Option<Value>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) databases: BTreeMap<String, Database>,
    /// Settings that were changed: section and name, value.
    pub(super) settings: BTreeMap<(String, String), String>,
    key: Vec<u8>,
    drawn: u64,
    added: usize,
}

/// Why something is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NoDatabase,
    Conflict,
    Full,
}

/// About how many bytes a value takes beside its own place; depth is bounded by who reads JSON.
fn weigh(value: &Value) -> usize {
    match value {
        Value::String(text) => 16 + text.len(),
        Value::Array(list) => 64 + list.iter().map(|value| ITEM + weigh(value)).sum::<usize>(),
        Value::Object(fields) => {
            OBJECT + fields.iter().map(|(name, value)| 48 + name.len() + weigh(value)).sum::<usize>()
        }
        _ => 0,
    }
}

impl Store {
    pub(super) fn new(key: Vec<u8>) -> Self {
        Store { key, ..Store::default() }
    }

    /// What is there now costs nothing.
    pub(super) fn filled(mut self) -> Self {
        self.added = 0;
        for document in self.databases.values_mut().flat_map(|database| database.documents.values_mut()) {
            document.weight = 0;
        }
        self
    }

    /// 32 hex digits that nothing else has.
    pub(super) fn identifier(&mut self) -> String {
        self.drawn += 1;
        let drawn = subkey::bytes(&self.key, &["couchdb", "identifier", &self.drawn.to_string()]);
        hex::encode(drawn.get(..16).unwrap_or_default())
    }

    /// Makes a database; false when there is one, or no room.
    pub(super) fn create(&mut self, name: &str) -> bool {
        if self.databases.contains_key(name) || DATABASES <= self.databases.len() {
            return false;
        }
        self.databases.insert(name.to_owned(), Database::default());
        true
    }

    /// Writes a document, whose fields of the server are not its own.
    ///
    /// # Errors
    /// When it cannot be written: where there is one, its revision has to be named.
    pub(super) fn put(
        &mut self,
        name: &str,
        id: &str,
        mut source: Map<String, Value>,
        known: Option<&str>,
    ) -> Result<String, Refused> {
        let added = self.added;
        let database = self.databases.get_mut(name).ok_or(Refused::NoDatabase)?;
        let old = database.documents.get(id);
        let told = source.shift_remove("_rev");
        source.shift_remove("_id");
        let told = told.as_ref().and_then(Value::as_str).or(known);
        if old.map(|old| old.revision.as_str()) != told {
            return Err(Refused::Conflict);
        }
        let source = Value::Object(source);
        let weight = DOCUMENT + id.len() + weigh(&source);
        if ADDED < added + weight {
            return Err(Refused::Full);
        }
        let number = old.and_then(|old| old.revision.split('-').next()?.parse::<u64>().ok()).unwrap_or(0) + 1;
        let hash = hex::encode(
            Md5::new().chain_update(number.to_string()).chain_update(source.to_string()).finalize(),
        );
        let revision = format!("{number}-{hash}");
        let before = old.map_or(0, |old| old.weight);
        database.sequence += 1;
        let document = Document {
            revision: revision.clone(),
            source: Arc::new(source),
            sequence: database.sequence,
            weight,
        };
        database.documents.insert(id.to_owned(), document);
        self.added = (added + weight).saturating_sub(before);
        Ok(revision)
    }

    /// Takes a document away; its last revision.
    ///
    /// # Errors
    /// When the revision is another.
    pub(super) fn remove(&mut self, name: &str, id: &str, known: &str) -> Result<Option<String>, Refused> {
        let database = self.databases.get_mut(name).ok_or(Refused::NoDatabase)?;
        let Some(document) = database.documents.get(id) else { return Ok(None) };
        if document.revision != known {
            return Err(Refused::Conflict);
        }
        let number = known.split('-').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) + 1;
        let hash = hex::encode(Md5::new().chain_update(known).chain_update("deleted").finalize());
        self.added = self.added.saturating_sub(document.weight);
        database.documents.remove(id);
        database.sequence += 1;
        database.deleted += 1;
        Ok(Some(format!("{number}-{hash}")))
    }

    /// Takes a database away; whether there was one.
    pub(super) fn drop_database(&mut self, name: &str) -> bool {
        let Some(database) = self.databases.remove(name) else { return false };
        let weight: usize = database.documents.values().map(|document| document.weight).sum();
        self.added = self.added.saturating_sub(weight);
        true
    }
}

impl Document {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        weigh(&self.source)
    }
}

impl Database {
    /// A document as it is shown.
    pub(super) fn shown(&self, id: &str) -> Option<Value> {
        let document = self.documents.get(id)?;
        let mut fields = Map::new();
        fields.insert("_id".to_owned(), id.into());
        fields.insert("_rev".to_owned(), document.revision.clone().into());
        if let Value::Object(source) = &*document.source {
            fields.extend(source.clone());
        }
        Some(Value::Object(fields))
    }

    /// Bytes of the documents.
    pub(super) fn size(&self) -> usize {
        self.documents.values().map(|document| weigh(&document.source)).sum()
    }
}

/// Whether a database may be called so.
pub(super) fn named(name: &str) -> bool {
    let rest = name.strip_prefix('_').filter(|rest| ["users", "replicator", "global_changes"].contains(rest));
    rest.is_some()
        || name.len() <= 238
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_$()+-/".contains(&byte))
}
