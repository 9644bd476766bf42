//! Typed values.

use super::{memory::ELEMENT, request::integer, stream::Stream};
use indexmap::{IndexMap, IndexSet};
use std::collections::{BTreeMap, VecDeque};

/// Members of a sorted set with their scores.
pub(super) type Scores = BTreeMap<Vec<u8>, f64>;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// String.
    Text(Vec<u8>),
    /// List.
    List(VecDeque<Vec<u8>>),
    /// Set.
    Set(IndexSet<Vec<u8>>),
    /// Hash, in the order in which fields came.
    Hash(IndexMap<Vec<u8>, Vec<u8>>),
    /// Sorted set.
    Sorted(Scores),
    /// Stream.
    Stream(Box<Stream>),
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
            Value::Stream(_) => "stream",
        }
    }

    /// Size in memory, bytes; rough.
    pub(super) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(|item| item.len() + ELEMENT).sum(),
            Value::Set(items) => items.iter().map(|item| item.len() + ELEMENT).sum(),
            Value::Hash(pairs) => pairs.iter().map(|(key, value)| key.len() + value.len() + ELEMENT).sum(),
            Value::Sorted(pairs) => pairs.keys().map(|key| key.len() + ELEMENT).sum(),
            Value::Stream(stream) => stream.size(),
        }
    }

    /// Whether it is a collection with nothing in it. A stream stays when it is empty.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Value::Text(_) | Value::Stream(_) => false,
            Value::List(items) => items.is_empty(),
            Value::Set(items) => items.is_empty(),
            Value::Hash(pairs) => pairs.is_empty(),
            Value::Sorted(pairs) => pairs.is_empty(),
        }
    }

    /// Encoding as OBJECT ENCODING prints it, with the limits of the default configuration.
    pub(super) fn encoding(&self, seventh: bool) -> &'static str {
        let small = if seventh { "listpack" } else { "ziplist" };
        match self {
            Value::Text(text) if integer(text).is_some() => "int",
            Value::Text(text) if text.len() <= 44 => "embstr",
            Value::Text(_) => "raw",
            Value::List(_) => "quicklist",
            Value::Set(items) if items.len() <= 512 && items.iter().all(|item| integer(item).is_some()) => {
                "intset"
            }
            Value::Set(_) => "hashtable",
            Value::Hash(pairs)
                if pairs.len() <= 512 && pairs.iter().all(|(k, v)| k.len() <= 64 && v.len() <= 64) =>
            {
                small
            }
            Value::Hash(_) => "hashtable",
            Value::Sorted(pairs) if pairs.len() <= 128 && pairs.keys().all(|key| key.len() <= 64) => small,
            Value::Sorted(_) => "skiplist",
            Value::Stream(_) => "stream",
        }
    }
}

/// Members of a set as the server lists them: numbers in their order.
pub(super) fn members(set: &IndexSet<Vec<u8>>) -> Vec<Vec<u8>> {
    let numbers: Option<Vec<i64>> = set.iter().map(|member| integer(member)).collect();
    match numbers {
        Some(mut numbers) => {
            numbers.sort_unstable();
            numbers.into_iter().map(|number| number.to_string().into_bytes()).collect()
        }
        None => set.iter().cloned().collect(),
    }
}

/// Members of a sorted set by score, then by name.
pub(super) fn ordered(scores: &Scores) -> Vec<(&Vec<u8>, f64)> {
    let mut list: Vec<_> = scores.iter().map(|(member, score)| (member, *score)).collect();
    list.sort_by(|left, right| left.1.total_cmp(&right.1).then_with(|| left.0.cmp(right.0)));
    list
}
