//! Indices and documents of an attacker: what the node began with, and what he made of it.

use super::fault::Fault;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Attackers whose indices a node keeps.
pub(super) const STORES: usize = 32;
/// Bytes that an attacker may add.
const ADDED: usize = 512 * 1024;
/// Indices that there may be.
const INDICES: usize = 150;
/// Fields that the mapping of an index may have (`index.mapping.total_fields.limit`).
const FIELDS: usize = 1000;
/// Searches that go on.
const SCROLLS: usize = 4;
/// What a document, an object and an item of a list cost beside their text.
const DOCUMENT: usize = 256;
const OBJECT: usize = 640;
const ITEM: usize = 80;
/// Bytes that mappings may have learned.
const LEARNED: usize = 128 * 1024;

/// A document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) id: String,
    pub(super) version: u64,
    pub(super) sequence: u64,
    pub(super) source: Arc<Value>,
    /// What going through it once counts for.
    pub(super) cost: usize,
    /// What keeping it costs; nothing where the node began with it.
    weight: usize,
}

/// An index.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) uuid: String,
    /// When it was made, ms since the epoch.
    pub(super) created: i64,
    pub(super) shards: u64,
    pub(super) replicas: u64,
    /// Fields by their names, as the mapping has them.
    pub(super) fields: Map<String, Value>,
    pub(super) aliases: Map<String, Value>,
    pub(super) closed: bool,
    /// Documents that were there.
    pub(super) deleted: u64,
    documents: BTreeMap<String, Document>,
    next: u64,
}

/// A search that goes on.
#[derive(Clone, Debug)]
pub(super) struct Scroll {
    pub(super) id: String,
    /// Index and document of each hit that is still to come.
    pub(super) rest: Vec<(String, String)>,
    pub(super) total: usize,
    pub(super) size: usize,
}

/// All of it.
pub(super) struct Store {
    pub(super) indices: BTreeMap<String, Index>,
    pub(super) scrolls: Vec<Scroll>,
    /// Settings of the cluster that were changed, by kind.
    pub(super) settings: BTreeMap<&'static str, Map<String, Value>>,
    added: usize,
    learned: usize,
    random: ChaCha20Rng,
}

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) version: u64,
    pub(super) sequence: u64,
    /// Whether there was none before.
    pub(super) created: bool,
}

impl Index {
    /// Documents in the order in which they came.
    pub(super) fn documents(&self) -> Vec<&Document> {
        let mut all: Vec<&Document> = self.documents.values().collect();
        all.sort_by_key(|document| document.sequence);
        all
    }

    pub(super) fn get(&self, id: &str) -> Option<&Document> {
        self.documents.get(id)
    }

    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    /// Bytes that it would take on a disk.
    pub(super) fn size(&self) -> u64 {
        let text: usize = self.documents.values().map(|document| approximate(&document.source)).sum();
        208 + u64::try_from(text).unwrap_or(0) * 2
    }
}

/// Deepest fields of a mapping that are kept.
const DEPTH: usize = 8;

/// Adds what `fields` has and a mapping does not; whether there was any.
fn learn(known: &mut Map<String, Value>, fields: &Map<String, Value>, depth: usize) -> bool {
    let mut grew = false;
    for (name, value) in fields.iter().take(FIELDS) {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        if let Value::Object(inner) = value {
            grew |= !known.contains_key(name);
            let entry = known.entry(name.clone()).or_insert_with(|| json!({ "properties": {} }));
            if let (Some(Value::Object(properties)), true) = (entry.get_mut("properties"), depth < DEPTH) {
                grew |= learn(properties, inner, depth + 1);
            }
        } else if !known.contains_key(name)
            && let Some(kind) = kind(value)
        {
            known.insert(name.clone(), kind);
            grew = true;
        }
    }
    grew
}

/// What a mapping calls a value that it sees first.
fn kind(value: &Value) -> Option<Value> {
    let date = |text: &str| {
        let bytes = text.as_bytes();
        10 <= bytes.len()
            && bytes.iter().take(10).enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            })
            && bytes.get(10).is_none_or(|byte| *byte == b'T')
    };
    Some(match value {
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.is_f64() => json!({ "type": "float" }),
        Value::Number(_) => json!({ "type": "long" }),
        Value::String(text) if date(text) => json!({ "type": "date" }),
        Value::String(_) => {
            json!({ "type": "text", "fields": { "keyword": { "type": "keyword", "ignore_above": 256 } } })
        }
        _ => return None,
    })
}

/// About how many bytes a value takes beside its own place; depth is bounded by who reads JSON.
pub(super) fn approximate(value: &Value) -> usize {
    match value {
        Value::String(text) => 16 + text.len(),
        Value::Array(list) => 64 + list.iter().map(|value| ITEM + approximate(value)).sum::<usize>(),
        Value::Object(fields) => {
            OBJECT + fields.iter().map(|(name, value)| 48 + name.len() + approximate(value)).sum::<usize>()
        }
        _ => 0,
    }
}

impl Store {
    /// An empty one, whose identifiers are drawn from `random`.
    pub(super) fn new(random: ChaCha20Rng) -> Self {
        Store {
            indices: BTreeMap::new(),
            scrolls: Vec::new(),
            settings: BTreeMap::new(),
            added: 0,
            learned: 0,
            random,
        }
    }

    /// What is there now costs nothing.
    pub(super) fn filled(mut self) -> Self {
        (self.added, self.learned) = (0, 0);
        for document in self.indices.values_mut().flat_map(|index| index.documents.values_mut()) {
            document.weight = 0;
        }
        self
    }

    /// An identifier of so many bytes.
    pub(super) fn identifier(&mut self, bytes: usize) -> String {
        let mut drawn = [0; 24];
        self.random.fill_bytes(&mut drawn);
        URL_SAFE_NO_PAD.encode(drawn.get(..bytes).unwrap_or(&drawn))
    }

    /// The index called `name`, made now if there is none.
    ///
    /// # Errors
    /// When there is no room, or the name is none.
    pub(super) fn open(&mut self, name: &str, now: i64) -> Result<&mut Index, Fault> {
        if !self.indices.contains_key(name) {
            named(name)?;
            if INDICES <= self.indices.len() {
                let shards = 999;
                return Err(Fault::new(
                    400,
                    "validation_exception",
                    format!(
                        "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has \
                         [{shards}]/[1000] maximum shards open;"
                    ),
                ));
            }
            let index = Index {
                name: name.to_owned(),
                uuid: self.identifier(16),
                created: now / 1000,
                shards: 1,
                replicas: 1,
                fields: Map::new(),
                aliases: Map::new(),
                closed: false,
                deleted: 0,
                documents: BTreeMap::new(),
                next: 0,
            };
            self.indices.insert(name.to_owned(), index);
        }
        self.indices.get_mut(name).ok_or_else(|| Fault::no_index(name))
    }

    /// Writes a document; without an identifier it gets one.
    ///
    /// # Errors
    /// When there is no room.
    pub(super) fn write(
        &mut self,
        name: &str,
        id: Option<&str>,
        source: Value,
        now: i64,
    ) -> Result<(String, Written), Fault> {
        let id = id.map_or_else(|| self.identifier(15), str::to_owned);
        if 512 < id.len() {
            let reason = format!(
                "id [{}...] is too long, must be no longer than 512 bytes but was: {}",
                id.chars().take(32).collect::<String>(),
                id.len()
            );
            return Err(Fault::argument(reason));
        }
        let cost = DOCUMENT + approximate(&source);
        let weight = cost + id.len();
        let added = self.added;
        let room = self.learned + weight <= LEARNED;
        let index = self.open(name, now)?;
        let old = index.documents.get(&id).map_or(0, |document| document.weight);
        if ADDED < added + weight {
            return Err(Fault::full(name));
        }
        let mut learned = 0;
        if let Value::Object(fields) = &source
            && index.fields.len() < FIELDS
            && room
            && learn(&mut index.fields, fields, 0)
        {
            learned = weight;
        }
        let sequence = index.next;
        index.next += 1;
        let version = index.documents.get(&id).map_or(1, |document| document.version + 1);
        let document = Document { id: id.clone(), version, sequence, source: Arc::new(source), cost, weight };
        let created = index.documents.insert(id.clone(), document).is_none();
        self.added = (added + weight).saturating_sub(old);
        self.learned += learned;
        Ok((id, Written { version, sequence, created }))
    }

    /// Puts fields into the mapping of an index, as far as there is room.
    pub(super) fn map(&mut self, name: &str, fields: &Map<String, Value>) {
        for (field, kind) in fields {
            let weight = OBJECT + field.len() + approximate(kind);
            let Some(index) = self.indices.get_mut(name).filter(|index| index.fields.len() < FIELDS) else {
                return;
            };
            if LEARNED < self.learned + weight {
                return;
            }
            self.learned += weight;
            index.fields.insert(field.clone(), kind.clone());
        }
    }

    /// Takes a document away.
    pub(super) fn remove(&mut self, name: &str, id: &str) -> Option<Written> {
        let index = self.indices.get_mut(name)?;
        let document = index.documents.remove(id)?;
        let sequence = index.next;
        index.next += 1;
        index.deleted += 1;
        self.added = self.added.saturating_sub(document.weight);
        Some(Written { version: document.version + 1, sequence, created: false })
    }

    /// Takes an index away.
    pub(super) fn drop_index(&mut self, name: &str) {
        if let Some(index) = self.indices.remove(name) {
            let weight: usize = index.documents.values().map(|document| document.weight).sum();
            self.added = self.added.saturating_sub(weight);
        }
    }

    /// Keeps where a search stands.
    pub(super) fn keep_scroll(&mut self, scroll: Scroll) {
        if SCROLLS <= self.scrolls.len() {
            self.scrolls.remove(0);
        }
        self.scrolls.push(scroll);
    }

    /// Names of the indices that `expression` means; what it names without a pattern must be there.
    ///
    /// # Errors
    /// When one is not.
    pub(super) fn resolve(&self, expression: &str) -> Result<Vec<String>, Fault> {
        let mut found: Vec<String> = Vec::new();
        for part in expression.split(',').filter(|part| !part.is_empty()).take(256) {
            let (part, takes) = match part.strip_prefix('-') {
                Some(rest) if !found.is_empty() => (rest, false),
                _ => (part, true),
            };
            if !takes {
                found.retain(|name| !matches(part, name));
            } else if part == "_all" || part.contains('*') {
                let pattern = if part == "_all" { "*" } else { part };
                // A dot hides an index from patterns that do not begin with one.
                let shown = |name: &str| pattern.starts_with('.') || !name.starts_with('.');
                let all = self.indices.values().filter(|index| {
                    shown(&index.name) && matches(pattern, &index.name)
                        || index.aliases.keys().any(|alias| matches(pattern, alias) && pattern != "*")
                });
                for index in all {
                    if !found.contains(&index.name) {
                        found.push(index.name.clone());
                    }
                }
            } else if self.indices.contains_key(part) {
                if !found.iter().any(|known| known == part) {
                    found.push(part.to_owned());
                }
            } else {
                let before = found.len();
                let named = self.indices.values().filter(|index| index.aliases.contains_key(part));
                found.extend(named.map(|index| index.name.clone()));
                if before == found.len() {
                    return Err(Fault::no_index(part));
                }
            }
        }
        Ok(found)
    }
}

/// Whether an index may be called so.
///
/// # Errors
/// When it may not.
pub(super) fn named(name: &str) -> Result<(), Fault> {
    let wrong = |reason: &str| {
        Err(Fault::new(400, "invalid_index_name_exception", format!("Invalid index name [{name}], {reason}"))
            .with("index_uuid", "_na_")
            .with("index", name))
    };
    if name.chars().any(char::is_uppercase) {
        return wrong("must be lowercase");
    }
    if name.contains(['\\', '/', '*', '?', '"', '<', '>', '|', ' ', ',', '#']) {
        return wrong("must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]");
    }
    if name.starts_with(['_', '-', '+']) {
        return wrong("must not start with '_', '-', or '+'");
    }
    if name.is_empty() || 255 < name.len() {
        return wrong("index name is too long, (256 > 255)");
    }
    Ok(())
}

/// Whether `name` fits a pattern with `*` and `?`, without going back further than to the last `*`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == name.get(place) => (at, place) = (at + 1, place + 1),
            _ => {
                let Some((before, seen)) = star else { return false };
                (at, place) = (before + 1, seen + 1);
                star = Some((before, seen + 1));
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, fits) in [
            ("*", "a", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?b", "ab", true),
            ("", "a", false),
            ("*a*a*a*b", "aaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
