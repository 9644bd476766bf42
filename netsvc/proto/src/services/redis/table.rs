//! The commands: name, arity, flags, keys, categories and documentation, as the server itself lists them.
//!
//! `data/commands.jsonl` holds one command per line: its entry in `COMMAND` and its entry in `COMMAND DOCS`,
//! recorded from redis-server 7.0.15 and sorted by name.

use super::Reply;
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// A command, or a command of a container (`config|get`).
#[derive(Debug)]
pub(super) struct Command {
    /// Full name, lower case.
    pub name: String,
    /// Words with the name: exact when positive, at least when negative.
    pub arity: i64,
    /// `write`, `noscript`, `loading`, `no_auth`, …
    pub flags: Vec<String>,
    /// `@read`, `@dangerous`, …
    pub categories: Vec<String>,
    /// Places of keys: first, last (negative: from the end), step; zeros: none.
    pub keys: (i64, i64, i64),
    /// Commands of the container, by their short names.
    pub subcommands: BTreeMap<String, Command>,
    /// First version that has it.
    since: (u32, u32),
    entry: Value,
    docs: Value,
}

static COMMANDS: LazyLock<BTreeMap<String, Command>> = LazyLock::new(|| {
    let lines = include_str!("data/commands.jsonl").lines();
    let read = lines.filter_map(|line| {
        let (entry, docs): (Value, Value) = serde_json::from_str(line).ok()?;
        command(&entry, &docs)
    });
    read.map(|command| (command.name.clone(), command)).collect()
});

fn command(entry: &Value, docs: &Value) -> Option<Command> {
    let texts = |index: usize| -> Vec<String> {
        let items = entry.get(index).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let number = |index: usize| entry.get(index).and_then(Value::as_i64);
    let name = entry.get(0)?.as_str()?.to_owned();
    let nested = entry.get(9).and_then(Value::as_array).into_iter().flatten();
    let subcommands = nested.filter_map(|inner| {
        let full = inner.get(0)?.as_str()?;
        let docs = docs.get("subcommands").and_then(|all| all.get(full)).unwrap_or(&Value::Null);
        // Containers hold no containers, so this goes one level deep.
        let inner = command(inner, docs)?;
        Some((full.split_once('|')?.1.to_owned(), inner))
    });
    let since = docs.get("since").and_then(Value::as_str).unwrap_or("1.0.0");
    Some(Command {
        arity: number(1)?,
        flags: texts(2),
        categories: texts(6),
        keys: (number(3)?, number(4)?, number(5)?),
        subcommands: subcommands.collect(),
        since: version(since),
        entry: entry.clone(),
        docs: docs.clone(),
        name,
    })
}

/// The first two numbers of a version.
pub(super) fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The command called `name`, lower case, if `version` has it.
pub(super) fn find(name: &[u8], version: (u32, u32)) -> Option<&'static Command> {
    let name = std::str::from_utf8(name).ok()?;
    COMMANDS.get(name).filter(|command| command.since <= version)
}

/// Commands that `version` has.
pub(super) fn known(version: (u32, u32)) -> impl Iterator<Item = &'static Command> {
    COMMANDS.values().filter(move |command| command.since <= version)
}

impl Command {
    /// Whether the command has `flag`.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }

    /// Whether `count` words, the name included, are right.
    pub(super) fn takes(&self, count: usize) -> bool {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if self.arity >= 0 { count == self.arity } else { -self.arity <= count }
    }

    /// The entry that `COMMAND` shows: ten fields since 7.0, seven in 6, six before.
    pub(super) fn entry(&self, version: (u32, u32)) -> Reply {
        let fields = match version.0 {
            7.. => 10,
            6 => 7,
            _ => 6,
        };
        let items = self.entry.as_array().into_iter().flatten().take(fields).enumerate();
        Reply::Array(items.map(|(index, value)| field(index, value)).collect())
    }

    /// The entry that `COMMAND DOCS` shows.
    pub(super) fn docs(&self) -> Reply {
        plain(&self.docs)
    }

    /// The keys among `words`, whose first is the command's name.
    pub(super) fn keys_of<'a>(&self, words: &'a [Vec<u8>]) -> Vec<&'a Vec<u8>> {
        let length = i64::try_from(words.len()).unwrap_or(0);
        let (first, last, step) = self.keys;
        if first > 0 {
            let last = if last < 0 { length + last } else { last };
            let step = usize::try_from(step.max(1)).unwrap_or(1);
            let first = usize::try_from(first).unwrap_or(0);
            let count = usize::try_from(last + 1).unwrap_or(0).min(words.len());
            return words.get(first..count).unwrap_or_default().iter().step_by(step).collect();
        }
        self.counted_keys(words)
    }

    /// The flags of the first keys, as COMMAND GETKEYSANDFLAGS shows them.
    pub(super) fn key_flags(&self) -> Reply {
        let flags = self.entry.pointer("/8/0/flags").and_then(Value::as_array).into_iter().flatten();
        Reply::Set(flags.map(status).collect())
    }

    /// Keys behind their number, or behind a keyword.
    fn counted_keys<'a>(&self, words: &'a [Vec<u8>]) -> Vec<&'a Vec<u8>> {
        let Some(rule) = self.entry.get(8).and_then(|rules| rules.get(0)) else { return Vec::new() };
        let spec = |part: &str, name: &str| {
            let value = rule.get(part)?.get("spec")?.get(name)?;
            value.as_u64().and_then(|value| usize::try_from(value).ok())
        };
        if let Some(keyword) = rule.pointer("/begin_search/spec/keyword").and_then(Value::as_str) {
            let found = words.iter().position(|word| word.eq_ignore_ascii_case(keyword.as_bytes()));
            let Some(after) = found.and_then(|at| words.get(at + 1..)) else { return Vec::new() };
            return after.iter().take(after.len() / 2).collect();
        }
        let begin = spec("begin_search", "index").unwrap_or(1);
        let number = spec("find_keys", "keynumidx").unwrap_or(0) + begin;
        let first = spec("find_keys", "firstkey").unwrap_or(1) + begin;
        let count = words.get(number).and_then(|word| super::request::integer(word)).unwrap_or(0);
        words.get(first..).unwrap_or_default().iter().take(usize::try_from(count).unwrap_or(0)).collect()
    }
}

/// A field of an entry of `COMMAND`: flags and categories are statuses in sets.
fn field(index: usize, value: &Value) -> Reply {
    match (index, value) {
        (2 | 6, Value::Array(items)) => Reply::Set(items.iter().map(status).collect()),
        (7, Value::Array(items)) => Reply::Set(items.iter().map(plain).collect()),
        (8, Value::Array(items)) => Reply::Set(items.iter().map(plain).collect()),
        (9, Value::Array(items)) if items.is_empty() => Reply::Set(Vec::new()),
        (9, Value::Array(items)) => Reply::Array(
            items
                .iter()
                .filter_map(Value::as_array)
                .map(|fields| Reply::Array(fields.iter().enumerate().map(|(i, v)| inner(i, v)).collect()))
                .collect(),
        ),
        (_, value) => plain(value),
    }
}

/// A field of an entry of a container's command.
fn inner(index: usize, value: &Value) -> Reply {
    if index == 9 { Reply::Set(Vec::new()) } else { field(index, value) }
}

fn status(value: &Value) -> Reply {
    Reply::simple(value.as_str().unwrap_or_default())
}

/// Recorded JSON as a reply. It is three levels deep, and ours.
fn plain(value: &Value) -> Reply {
    match value {
        Value::String(text) => Reply::bulk(text),
        Value::Number(number) => Reply::Integer(number.as_i64().unwrap_or_default()),
        Value::Array(items) => Reply::Array(items.iter().map(plain).collect()),
        Value::Object(pairs) => Reply::Map(
            pairs
                .iter()
                .map(|(key, value)| match (key.as_str(), value) {
                    ("flags" | "doc_flags", Value::Array(items)) => {
                        (Reply::bulk(key), Reply::Set(items.iter().map(status).collect()))
                    }
                    _ => (Reply::bulk(key), plain(value)),
                })
                .collect(),
        ),
        Value::Null | Value::Bool(_) => Reply::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_commands_that_it_had() {
        assert_eq!(known((7, 0)).count(), 240);
        assert!(find(b"getdel", (6, 0)).is_none());
        assert!(find(b"getdel", (6, 2)).is_some());
        assert!(find(b"config", (7, 0)).is_some_and(|config| config.subcommands.len() == 5));
    }

    #[test]
    fn keys_are_where_the_server_says() {
        let keys = |line: &[&str]| -> Vec<String> {
            let words: Vec<Vec<u8>> = line.iter().map(|word| word.as_bytes().to_vec()).collect();
            let command = find(line.first().unwrap().as_bytes(), (7, 0)).unwrap();
            command.keys_of(&words).iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
        };
        assert_eq!(keys(&["mset", "a", "1", "b", "2"]), ["a", "b"]);
        assert_eq!(keys(&["eval", "x", "2", "k1", "k2", "arg"]), ["k1", "k2"]);
        assert_eq!(keys(&["xread", "count", "1", "streams", "s", "0"]), ["s"]);
        assert!(keys(&["ping"]).is_empty());
    }
}
