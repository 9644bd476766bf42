//! Associative arrays, in the order in which bash's hash tables list them.

use std::{cmp::Reverse, collections::BTreeMap};

/// Buckets of a new table (`ASSOC_HASH_BUCKETS` of bash 5).
const BUCKETS: u32 = 1024;

/// Keys and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// With the number that says when a key came.
    entries: BTreeMap<String, (u64, String)>,
    next: u64,
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.next += 1;
        let entry = self.entries.entry(key.to_owned()).or_insert((self.next, String::new()));
        value.clone_into(&mut entry.1);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// Bytes of keys and values, with `each` more for each pair.
    pub(crate) fn bytes(&self, each: usize) -> usize {
        self.entries.iter().map(|(key, (_, value))| each + key.len() + value.len()).sum()
    }

    /// Keys and values: bucket by bucket, what came last first.
    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<_> = self.entries.iter().collect();
        pairs.sort_by_key(|(key, (order, _))| (hash(key) % BUCKETS, Reverse(*order)));
        pairs.into_iter().map(|(key, (_, value))| (key.as_str(), value.as_str())).collect()
    }
}

/// FNV-1 of 32 bits, as bash's `hash_string` has it.
fn hash(key: &str) -> u32 {
    key.bytes().fold(2_166_136_261, |sum: u32, byte| sum.wrapping_mul(16_777_619) ^ u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_listed_as_bash_lists_them() {
        let mut table = Table::default();
        for key in ["one", "two", "three", "four", "a", "b"] {
            table.set(key, "x");
        }
        table.set("one", "1");
        let keys: Vec<_> = table.pairs().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["four", "b", "a", "two", "three", "one"]);
        assert_eq!((table.get("one"), table.get("six")), (Some("1"), None));
        table.remove("one");
        assert_eq!(table.pairs().len(), 5);
    }
}
