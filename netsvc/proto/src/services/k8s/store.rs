//! Objects of an attacker's cluster: what there was, and what he made of it.

use super::resources::Resource;
use netsvc_persona::subkey;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Attackers whose objects a node keeps.
pub(super) const STORES: usize = 32;
/// Bytes that an attacker may add, and objects.
const ADDED: usize = 512 * 1024;
const OBJECTS: usize = 400;
/// Bytes of the changes that are remembered for who watches, and how many.
const CHANGED: usize = 128 * 1024;
const CHANGES: usize = 128;
/// Logs that are kept, and bytes of all of them.
const LOGS: usize = 32;
const LOGGED: usize = 256 * 1024;
/// What an object costs beside its text.
const NODE: usize = 512;

/// Name of an object in its namespace; empty: it is in none.
type Place = (String, String);

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<(&'static str, &'static str), BTreeMap<Place, Object>>,
    /// Number of the last change.
    pub(super) revision: u64,
    key: Vec<u8>,
    /// Objects and bytes that were added.
    added: (usize, usize),
    drawn: u64,
    /// The last changes, the oldest first, and what they cost.
    pub(super) changes: VecDeque<Change>,
    remembered: usize,
    /// Number of the last change that is not among them.
    pub(super) forgotten: u64,
    /// What programs of pods wrote, by the pod.
    logs: BTreeMap<String, String>,
}

/// Something that happened to an object.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) revision: u64,
    /// Group and name of the resource.
    pub(super) of: (&'static str, &'static str),
    pub(super) space: String,
    /// What happened, as watches have it.
    pub(super) kind: &'static str,
    pub(super) object: Value,
    size: usize,
}

/// An object, and what it costs who made it; what was there before costs nothing.
#[derive(Debug)]
struct Object {
    value: Value,
    size: usize,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Store {
    pub(super) fn new(key: Vec<u8>) -> Self {
        Store { key, revision: 1_204_417, ..Store::default() }
    }

    /// What is there now costs nothing.
    pub(super) fn filled(mut self) -> Self {
        self.added = (0, 0);
        let all = self.objects.values_mut().flat_map(BTreeMap::values_mut);
        all.for_each(|object| object.size = 0);
        self.changes.clear();
        (self.remembered, self.forgotten) = (0, self.revision);
        self
    }

    /// Remembers what happened to an object with the last change.
    fn changed(&mut self, of: (&'static str, &'static str), space: &str, kind: &'static str, object: Value) {
        let size = NODE + 4 * object.to_string().len();
        self.remembered += size;
        let (revision, space) = (self.revision, space.to_owned());
        self.changes.push_back(Change { revision, of, space, kind, object, size });
        while CHANGED < self.remembered || CHANGES < self.changes.len() {
            let Some(gone) = self.changes.pop_front() else { return };
            self.remembered = self.remembered.saturating_sub(gone.size);
            self.forgotten = gone.revision;
        }
    }

    /// Hex digits that nothing else has.
    pub(super) fn digits(&mut self) -> String {
        self.drawn += 1;
        let drawn = subkey::bytes(&self.key, &["k8s", "object", &self.drawn.to_string()]);
        hex::encode(drawn)
    }

    /// The tail of a name that is made: five letters without vowels.
    pub(super) fn tail(&mut self) -> String {
        self.letters(5)
    }

    /// What the pods of a deployment are told apart by (`pod-template-hash`): ten of the same letters.
    pub(super) fn template(&mut self) -> String {
        self.letters(10)
    }

    fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let digits = self.digits();
        let letter = |pair: &[u8]| {
            let number: usize =
                pair.iter().map(|byte| usize::from(*byte)).fold(0, |sum, byte| sum * 31 + byte);
            LETTERS.get(number % LETTERS.len()).copied().map_or('x', char::from)
        };
        digits.as_bytes().chunks(4).take(count).map(letter).collect()
    }

    /// A UUID.
    pub(super) fn uid(&mut self) -> String {
        uuid(&self.digits())
    }

    /// Objects of a resource in a namespace, or in all of them where it is empty.
    pub(super) fn list(&self, resource: &Resource, namespace: &str) -> Vec<&Value> {
        let Some(known) = self.objects.get(&(resource.group, resource.name)) else { return Vec::new() };
        let there = known.iter().filter(|((space, _), _)| namespace.is_empty() || space == namespace);
        there.map(|(_, object)| &object.value).collect()
    }

    pub(super) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Value> {
        let known = self.objects.get(&(resource.group, resource.name))?;
        known.get(&(namespace.to_owned(), name.to_owned())).map(|object| &object.value)
    }

    /// Whether there is a namespace called so.
    pub(super) fn has_space(&self, name: &str) -> bool {
        self.objects
            .get(&("", "namespaces"))
            .is_some_and(|known| known.contains_key(&(String::new(), name.to_owned())))
    }

    /// Puts an object in, in place of the one of its name; what the server adds is added.
    ///
    /// # Errors
    /// When there is no room.
    pub(super) fn put(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        mut object: Value,
        moment: &str,
    ) -> Result<Value, Full> {
        let size = NODE + 4 * object.to_string().len();
        let place = (namespace.to_owned(), name.to_owned());
        let known = self.objects.get(&(resource.group, resource.name));
        let known = known.and_then(|known| known.get(&place));
        let kind = if known.is_some() { "MODIFIED" } else { "ADDED" };
        let old = known.map_or(0, |object| object.size);
        let added = (self.added.0 + usize::from(old == 0), self.added.1 - old + size);
        if ADDED < added.1 || OBJECTS < added.0 {
            return Err(Full);
        }
        self.added = added;
        self.revision += 1;
        let revision = self.revision.to_string();
        let uid = self.uid();
        if let Value::Object(fields) = &mut object {
            fields.insert("kind".to_owned(), resource.kind.into());
            fields.insert("apiVersion".to_owned(), resource.version().into());
            let meta = fields.entry("metadata").or_insert_with(|| json!({}));
            if let Value::Object(meta) = meta {
                meta.insert("name".to_owned(), name.into());
                if resource.namespaced {
                    meta.insert("namespace".to_owned(), namespace.into());
                }
                meta.entry("uid").or_insert_with(|| uid.into());
                meta.insert("resourceVersion".to_owned(), revision.into());
                meta.entry("creationTimestamp").or_insert_with(|| moment.into());
                if meta.get("creationTimestamp").is_some_and(Value::is_null) {
                    meta.insert("creationTimestamp".to_owned(), moment.into());
                }
                meta.shift_remove("generateName");
            }
        }
        let of = (resource.group, resource.name);
        self.objects.entry(of).or_default().insert(place, Object { value: object.clone(), size });
        self.changed(of, namespace, kind, object.clone());
        Ok(object)
    }

    /// What the program of a pod wrote when it was run.
    pub(super) fn log(&self, uid: &str) -> Option<&str> {
        self.logs.get(uid).map(String::as_str)
    }

    /// Keeps what the program of a pod wrote, as long as there is room.
    pub(super) fn keep_log(&mut self, uid: &str, text: &str) {
        let held: usize = self.logs.values().map(String::len).sum();
        if self.logs.len() < LOGS && held + text.len() <= LOGGED {
            self.logs.insert(uid.to_owned(), text.to_owned());
        }
    }

    /// Takes an object away.
    pub(super) fn remove(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Value> {
        let known = self.objects.get_mut(&(resource.group, resource.name))?;
        let object = known.remove(&(namespace.to_owned(), name.to_owned()))?;
        self.revision += 1;
        self.freed([object.size]);
        self.changed((resource.group, resource.name), namespace, "DELETED", object.value.clone());
        Some(object.value)
    }

    /// Objects of these sizes are gone.
    fn freed(&mut self, sizes: impl IntoIterator<Item = usize>) {
        for size in sizes.into_iter().filter(|size| *size > 0) {
            self.added = (self.added.0.saturating_sub(1), self.added.1.saturating_sub(size));
        }
    }

    /// Takes away what is in a namespace.
    pub(super) fn clear(&mut self, namespace: &str) {
        let mut all = Vec::new();
        for (of, known) in &mut self.objects {
            let gone = known.extract_if(.., |(space, _), _| space == namespace);
            all.extend(gone.map(|(_, object)| (*of, object)));
        }
        self.freed(all.iter().map(|(_, object)| object.size).collect::<Vec<_>>());
        for (of, object) in all {
            self.revision += 1;
            self.changed(of, namespace, "DELETED", object.value);
        }
    }

    /// What an object is labelled with, if that is what the selector asks for.
    pub(super) fn fits(object: &Value, selector: &str) -> bool {
        let none = Map::new();
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object).unwrap_or(&none);
        selector.split(',').map(str::trim).filter(|part| !part.is_empty()).take(16).all(|part| {
            let is = |name: &str, value: &str| {
                labels.get(name.trim()).and_then(Value::as_str) == Some(value.trim())
            };
            match part.split_once("!=").or_else(|| part.split_once('=')) {
                Some((name, value)) if part.contains("!=") => !is(name, value),
                Some((name, value)) => is(name, value.trim_start_matches('=')),
                None => labels.contains_key(part),
            }
        })
    }
}

/// Hex digits as a UUID of those that are drawn (RFC 4122 §4.4).
pub(super) fn uuid(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deleted_or_replaced_makes_room_again() {
        let mut store = Store::new(vec![1]);
        let resource = Resource::find("", "configmaps").unwrap();
        let object = json!({"data": {"k": "x".repeat(20_000)}});
        for round in 0..1000 {
            let name = format!("a{}", round % 2);
            let put = store.put(resource, "default", &name, object.clone(), "now");
            assert!(put.is_ok(), "in round {round}");
            if round % 3 == 0 {
                store.remove(resource, "default", &name);
            }
        }
        let most = (0..1000)
            .take_while(|number| {
                store.put(resource, "other", &format!("b{number}"), object.clone(), "now").is_ok()
            })
            .count();
        assert!((3..50).contains(&most), "{most}");
        store.clear("other");
        store.clear("default");
        assert_eq!(store.added, (0, 0));
        store.put(resource, "default", "seeded", json!({}), "now").unwrap();
        let mut store = store.filled();
        store.remove(resource, "default", "seeded");
        assert_eq!(store.added, (0, 0));
    }
}
