//! The key space: sixteen databases of typed values with expiry, bounded in keys and bytes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most keys of a node.
const KEYS: usize = 20_000;
/// Most bytes of a node's values.
const BYTES: usize = 16 << 20;
/// Databases, as in the default configuration.
pub(super) const DATABASES: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// String.
    Text(Vec<u8>),
    /// List.
    List(VecDeque<Vec<u8>>),
    /// Set.
    Set(BTreeSet<Vec<u8>>),
    /// Hash.
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    /// Sorted set: member to score.
    Sorted(BTreeMap<Vec<u8>, f64>),
}

impl Value {
    /// Type as TYPE prints it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::Hash(_) => "hash",
            Value::Sorted(_) => "zset",
        }
    }

    /// Rough size in memory.
    pub(super) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(|item| item.len() + 16).sum(),
            Value::Set(items) => items.iter().map(|item| item.len() + 16).sum(),
            Value::Hash(pairs) => pairs.iter().map(|(key, value)| key.len() + value.len() + 32).sum(),
            Value::Sorted(pairs) => pairs.keys().map(|key| key.len() + 24).sum(),
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    value: Value,
    /// µs since the epoch.
    expires: Option<i64>,
}

/// The databases of a node.
#[derive(Debug, Default)]
pub(super) struct Keyspace {
    databases: BTreeMap<usize, BTreeMap<Vec<u8>, Entry>>,
    /// Bytes of all keys and values, kept up to date by [`Keyspace::set`] and [`Keyspace::remove`].
    bytes: usize,
    /// Changes since the last save.
    pub changes: u64,
}

/// There is no room for another value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Keyspace {
    /// The value of `key` unless it has expired.
    pub(super) fn get(&mut self, database: usize, key: &[u8], now: i64) -> Option<&Value> {
        self.expire(database, key, now);
        self.databases.get(&database)?.get(key).map(|entry| &entry.value)
    }

    /// Sets `key`; `expires` is `Some(None)` to keep no expiry, `None` to keep what was.
    pub(super) fn set(
        &mut self,
        database: usize,
        key: &[u8],
        value: Value,
        expires: Option<Option<i64>>,
    ) -> Result<(), Full> {
        let old = self.entry(database, key).map(|entry| entry.value.size() + key.len());
        let fresh = value.size() + key.len();
        let grown = self.bytes.saturating_sub(old.unwrap_or(0)) + fresh;
        if BYTES < grown || (old.is_none() && KEYS <= self.count()) {
            return Err(Full);
        }
        self.bytes = grown;
        self.changes += 1;
        let kept = self.entry(database, key).and_then(|entry| entry.expires);
        let entry = Entry { value, expires: expires.unwrap_or(kept) };
        self.databases.entry(database).or_default().insert(key.to_vec(), entry);
        Ok(())
    }

    /// Removes `key`, and says whether it was there.
    pub(super) fn remove(&mut self, database: usize, key: &[u8]) -> Option<Value> {
        let entry = self.databases.get_mut(&database)?.remove(key)?;
        self.bytes = self.bytes.saturating_sub(entry.value.size() + key.len());
        self.changes += 1;
        Some(entry.value)
    }

    /// When `key` expires: `None` without the key, `Some(None)` without expiry.
    pub(super) fn expiry(&mut self, database: usize, key: &[u8], now: i64) -> Option<Option<i64>> {
        self.expire(database, key, now);
        self.entry(database, key).map(|entry| entry.expires)
    }

    /// Sets or clears the expiry of `key`, and says whether there is one.
    pub(super) fn set_expiry(&mut self, database: usize, key: &[u8], expires: Option<i64>) -> bool {
        let entry = self.databases.get_mut(&database).and_then(|keys| keys.get_mut(key));
        let Some(entry) = entry else { return false };
        entry.expires = expires;
        self.changes += 1;
        true
    }

    /// Keys of a database that have not expired.
    pub(super) fn keys(&mut self, database: usize, now: i64) -> Vec<Vec<u8>> {
        let Some(keys) = self.databases.get(&database) else { return Vec::new() };
        let live = |entry: &&Entry| entry.expires.is_none_or(|at| now < at);
        keys.iter().filter(|(_, entry)| live(entry)).map(|(key, _)| key.clone()).collect()
    }

    /// Databases with keys: number, keys, keys with an expiry.
    pub(super) fn summary(&self) -> Vec<(usize, usize, usize)> {
        let filled = self.databases.iter().filter(|(_, keys)| !keys.is_empty());
        filled
            .map(|(number, keys)| {
                (*number, keys.len(), keys.values().filter(|e| e.expires.is_some()).count())
            })
            .collect()
    }

    /// Everything, for a dump: database, key, value, expiry.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &[u8], &Value, Option<i64>)> {
        self.databases.iter().flat_map(|(number, keys)| {
            keys.iter().map(|(key, entry)| (*number, key.as_slice(), &entry.value, entry.expires))
        })
    }

    /// Empties one database or all.
    pub(super) fn clear(&mut self, database: Option<usize>) {
        match database {
            Some(number) => {
                if let Some(keys) = self.databases.remove(&number) {
                    let freed: usize = keys.iter().map(|(key, entry)| key.len() + entry.value.size()).sum();
                    self.bytes = self.bytes.saturating_sub(freed);
                }
            }
            None => {
                self.databases.clear();
                self.bytes = 0;
            }
        }
        self.changes += 1;
    }

    /// Bytes of all keys and values.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn count(&self) -> usize {
        self.databases.values().map(BTreeMap::len).sum()
    }

    fn entry(&self, database: usize, key: &[u8]) -> Option<&Entry> {
        self.databases.get(&database)?.get(key)
    }

    fn expire(&mut self, database: usize, key: &[u8], now: i64) {
        if self.entry(database, key).and_then(|entry| entry.expires).is_some_and(|at| at <= now) {
            self.remove(database, key);
        }
    }
}

/// Redis's own glob (`*`, `?`, `[a-z]`, `[^a]`, `\x`), iterative, so that no pattern is expensive.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match one(pattern.get(p..).unwrap_or_default(), text.get(t).copied().unwrap_or_default()) {
            Match::Star => {
                star = Some((p + 1, t));
                p += 1;
            }
            Match::Yes(length) => {
                p += length;
                t += 1;
            }
            Match::No => match star {
                Some((after, from)) => {
                    p = after;
                    t = from + 1;
                    star = Some((after, t));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&byte| byte == b'*')
}

enum Match {
    Star,
    Yes(usize),
    No,
}

fn one(pattern: &[u8], byte: u8) -> Match {
    match pattern {
        [] => Match::No,
        [b'*', ..] => Match::Star,
        [b'?', ..] => Match::Yes(1),
        [b'\\', escaped, ..] => {
            if *escaped == byte {
                Match::Yes(2)
            } else {
                Match::No
            }
        }
        [b'[', rest @ ..] => {
            let negated = rest.first() == Some(&b'^');
            let body = rest.get(usize::from(negated)..).unwrap_or_default();
            let end = body.iter().position(|&byte| byte == b']').unwrap_or(body.len());
            let set = body.get(..end).unwrap_or_default();
            let length = 1 + usize::from(negated) + end + 1;
            if in_set(set, byte) == negated { Match::No } else { Match::Yes(length) }
        }
        [literal, ..] => {
            if *literal == byte {
                Match::Yes(1)
            } else {
                Match::No
            }
        }
    }
}

fn in_set(set: &[u8], byte: u8) -> bool {
    let mut rest = set;
    loop {
        rest = match rest {
            [] => return false,
            [low, b'-', high, after @ ..] => {
                if (*low..=*high).contains(&byte) {
                    return true;
                }
                after
            }
            [single, after @ ..] => {
                if *single == byte {
                    return true;
                }
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_server_matches() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("h?llo", "hello", true),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hcllo", false),
            ("a*b*c", "aXXbYYc", true),
            ("a\\*c", "abc", false),
            ("**********************b", &"a".repeat(5000), false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern}");
        }
    }

    #[test]
    fn a_key_dies_at_its_time_and_its_bytes_are_freed() {
        let mut keys = Keyspace::default();
        keys.set(0, b"k", Value::Text(vec![0; 100]), Some(Some(50))).unwrap();
        assert!(keys.get(0, b"k", 49).is_some());
        assert!(keys.get(0, b"k", 50).is_none());
        assert_eq!(keys.bytes(), 0);
        assert_eq!(keys.set(0, b"k", Value::Text(vec![0; BYTES]), None), Err(Full));
    }
}
