//! Commands on keys of any type, and pages of SCAN and its kin.

use super::super::{
    Reply,
    context::Context,
    keyspace::DATABASES,
    pattern::glob,
    reply::Outcome,
    request::integer,
    value::Value,
    words::{Words, text},
};

/// Runs `name` if it is a command on keys.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let key = words.at(1);
    Some(match name {
        "select" => database(words, 1, "ERR value is not an integer or out of range").map(|number| {
            context.client.database = number;
            Reply::ok()
        }),
        "swapdb" => swap(context, words),
        "move" => carry(context, words),
        "copy" => copy(context, words),
        "flushdb" | "flushall" => flush(context, name, words),
        "dbsize" => Ok(Reply::count(context.keys.keys(context.database(), context.now).count())),
        "del" | "unlink" => Ok(Reply::count(words.from(1).iter().filter(|key| context.remove(key)).count())),
        "exists" | "touch" => {
            Ok(Reply::count(words.from(1).iter().filter(|key| context.exists(key)).count()))
        }
        "type" => {
            let value = context.keys.get(context.client.database, key, context.now);
            Ok(Reply::simple(value.map_or("none", Value::kind)))
        }
        "keys" => {
            let all = context.keys.keys(context.database(), context.now);
            Ok(Reply::list(all.filter(|found| glob(key, found))))
        }
        "scan" => scan(context, words),
        "randomkey" => {
            let count = context.keys.keys(context.database(), context.now).count();
            let at = context.below(count);
            let found = context.keys.keys(context.database(), context.now).nth(at).map(<[u8]>::to_vec);
            Ok(Reply::maybe(found))
        }
        "rename" | "renamenx" => rename(context, name, words),
        "expire" | "pexpire" | "expireat" | "pexpireat" => expire(context, name, words),
        "ttl" | "pttl" | "expiretime" | "pexpiretime" => Ok(time(context, name, key)),
        "persist" => {
            let had = matches!(context.keys.expiry(context.database(), key, context.now), Some(Some(_)));
            Ok(Reply::flag(had && context.keys.set_expiry(context.database(), key, None)))
        }
        "object" => object(context, words),
        "dump" => Ok(Reply::maybe(context.value(key).map(|value| super::super::rdb::payload(&value)))),
        "restore" | "restore-asking" => restore(context, words),
        _ => return None,
    })
}

/// The number of a database at `index`.
fn database(words: Words<'_>, index: usize, refusal: &str) -> Result<usize, Reply> {
    let number = integer(words.at(index)).ok_or_else(|| Reply::error(refusal))?;
    let number = usize::try_from(number).ok().filter(|number| *number < DATABASES);
    number.ok_or_else(|| Reply::error("ERR DB index is out of range"))
}

fn swap(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (first, second) = (integer(words.at(1)), integer(words.at(2)));
    first.ok_or_else(|| Reply::error("ERR invalid first DB index"))?;
    second.ok_or_else(|| Reply::error("ERR invalid second DB index"))?;
    let (left, right) = (database(words, 1, "")?, database(words, 2, "")?);
    context.keys.swap(left, right);
    Ok(Reply::ok())
}

fn same() -> Reply {
    Reply::error("ERR source and destination objects are the same")
}

/// Stores a copy of `key` in another place, and says whether it did.
fn place(
    context: &mut Context<'_>,
    key: &[u8],
    (database, target): (usize, &[u8]),
    replace: bool,
) -> Result<bool, Reply> {
    let Some(value) = context.value(key) else { return Ok(false) };
    let expires = context.keys.expiry(context.database(), key, context.now).flatten();
    if !replace && context.keys.get(database, target, context.now).is_some() {
        return Ok(false);
    }
    let stored = context.keys.set(database, target, value, context.now, Some(expires));
    stored.map_err(|_| Reply::out_of_memory())?;
    Ok(true)
}

fn carry(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let target = database(words, 2, "ERR value is not an integer or out of range")?;
    if target == context.database() {
        return Err(same());
    }
    let moved = place(context, words.at(1), (target, words.at(1)), false)?;
    if moved {
        context.remove(words.at(1));
    }
    Ok(Reply::flag(moved))
}

fn copy(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (mut target, mut replace, mut index) = (context.database(), false, 3);
    while index < words.len() {
        match words.lower(index).as_str() {
            "replace" => replace = true,
            "db" if index + 1 < words.len() => {
                index += 1;
                target = database(words, index, "ERR value is not an integer or out of range")?;
            }
            _ => return Err(Reply::syntax()),
        }
        index += 1;
    }
    if target == context.database() && words.at(1) == words.at(2) {
        return Err(same());
    }
    Ok(Reply::flag(place(context, words.at(1), (target, words.at(2)), replace)?))
}

fn flush(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    match (words.lower(1).as_str(), words.len()) {
        ("", 1) | ("async" | "sync", 2) => {}
        _ => return Err(Reply::syntax()),
    }
    let one = (name == "flushdb").then(|| context.database());
    context.keys.clear(one);
    Ok(Reply::ok())
}

fn rename(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let (from, to) = (words.at(1), words.at(2));
    if !context.exists(from) {
        return Err(Reply::no_key());
    }
    let fresh = name == "renamenx";
    if fresh && context.exists(to) {
        return Ok(Reply::Integer(0));
    }
    if from != to {
        place(context, from, (context.database(), to), true)?;
        context.remove(from);
    }
    Ok(if fresh { Reply::Integer(1) } else { Reply::ok() })
}

fn expire(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let amount = words.integer(2)?;
    let (mut new, mut old, mut greater, mut less) = (false, false, false, false);
    for index in 3..words.len() {
        match words.lower(index).as_str() {
            "nx" => new = true,
            "xx" => old = true,
            "gt" => greater = true,
            "lt" => less = true,
            _ => {
                let option = text(words.at(index));
                return Err(Reply::error(format!("ERR Unsupported option {option}")));
            }
        }
    }
    if new && (old || greater || less) {
        return Err(Reply::error("ERR NX and XX, GT or LT options at the same time are not compatible"));
    }
    if greater && less {
        return Err(Reply::error("ERR GT and LT options at the same time are not compatible"));
    }
    let unit = if name.starts_with('p') { 1000 } else { 1_000_000 };
    let base = if name.ends_with("at") { 0 } else { context.now };
    let at = amount.checked_mul(unit).and_then(|at| at.checked_add(base));
    let at = at.ok_or_else(|| Reply::error(format!("ERR invalid expire time in '{name}' command")))?;
    let key = words.at(1);
    let Some(current) = context.keys.expiry(context.database(), key, context.now) else {
        return Ok(Reply::Integer(0));
    };
    let allowed = match current {
        None => !old && !greater,
        Some(current) => !(new || (greater && at <= current) || (less && current <= at)),
    };
    if !allowed {
        return Ok(Reply::Integer(0));
    }
    if at <= context.now {
        context.remove(key);
        return Ok(Reply::Integer(1));
    }
    Ok(Reply::flag(context.keys.set_expiry(context.database(), key, Some(at))))
}

fn time(context: &mut Context<'_>, name: &str, key: &[u8]) -> Reply {
    let unit = if name.starts_with('p') { 1000 } else { 1_000_000 };
    let at = match context.keys.expiry(context.database(), key, context.now) {
        None => return Reply::Integer(-2),
        Some(None) => return Reply::Integer(-1),
        Some(Some(at)) => at,
    };
    if name.ends_with("time") {
        return Reply::Integer(at / unit);
    }
    Reply::Integer((at - context.now + unit / 2) / unit)
}

fn object(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let key = words.at(2);
    let used = context.keys.used(context.database(), key);
    let seventh = context.seventh();
    let Some(value) = context.value(key) else { return Ok(Reply::Null) };
    Ok(match words.lower(1).as_str() {
        "encoding" => Reply::bulk(value.encoding(seventh)),
        "refcount" => match &value {
            Value::Text(text) if integer(text).is_some_and(|number| (0..10_000).contains(&number)) => {
                Reply::Integer(i64::from(i32::MAX))
            }
            _ => Reply::Integer(1),
        },
        "idletime" => Reply::Integer((context.now - used.unwrap_or(context.now)) / 1_000_000),
        "freq" => {
            return Err(Reply::error(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                 switching between policies at runtime LRU and LFU data will take some time to adjust.",
            ));
        }
        _ => return context.unknown_subcommand(words),
    })
}

/// RESTORE takes what DUMP gave; what does not come from it is refused with the server's words.
fn restore(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let lifetime = words.integer(2)?;
    if lifetime < 0 {
        return Err(Reply::error("ERR Invalid TTL value, must be >= 0"));
    }
    let replace = (4..words.len()).any(|index| words.is(index, "replace"));
    if !replace && context.exists(words.at(1)) {
        return Err(Reply::error("BUSYKEY Target key name already exists."));
    }
    let value = super::super::rdb::value(words.at(3));
    let value = value.ok_or_else(|| Reply::error("ERR DUMP payload version or checksum are wrong"))?;
    let expires = (lifetime > 0).then(|| context.now.saturating_add(lifetime.saturating_mul(1000)));
    context.store(words.at(1), value, Some(expires))?;
    Ok(Reply::ok())
}

/// What SCAN and its kin were asked for.
pub(super) struct Page {
    cursor: u64,
    pattern: Option<Vec<u8>>,
    count: usize,
    kind: Option<String>,
}

impl Page {
    /// A collection in one page, as the server gives small ones: rows whose first word matches.
    pub(super) fn reply(&self, rows: impl Iterator<Item = Vec<Vec<u8>>>) -> Reply {
        let fits = |row: &Vec<Vec<u8>>| {
            let name = row.first().map(Vec::as_slice).unwrap_or_default();
            self.pattern.as_ref().is_none_or(|pattern| glob(pattern, name))
        };
        Reply::Array(vec![Reply::bulk("0"), Reply::list(rows.filter(fits).flatten())])
    }
}

fn cursor(word: &[u8]) -> Result<u64, Reply> {
    let parsed = std::str::from_utf8(word).ok().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Reply::error("ERR invalid cursor"))
}

fn page(words: Words<'_>, index: usize) -> Result<Page, Reply> {
    let mut page = Page { cursor: cursor(words.at(index))?, pattern: None, count: 10, kind: None };
    let mut at = index + 1;
    while at < words.len() {
        if words.len() <= at + 1 {
            return Err(Reply::syntax());
        }
        match words.lower(at).as_str() {
            "match" => page.pattern = Some(words.at(at + 1).to_vec()),
            "count" => {
                let count = usize::try_from(words.integer(at + 1)?).unwrap_or(0);
                page.count = Some(count).filter(|count| *count > 0).ok_or_else(Reply::syntax)?;
            }
            "type" if index == 1 => page.kind = Some(words.lower(at + 1)),
            _ => return Err(Reply::syntax()),
        }
        at += 2;
    }
    Ok(page)
}

/// The page that SSCAN, HSCAN or ZSCAN asks for.
pub(super) fn pages(words: Words<'_>) -> Result<Page, Reply> {
    page(words, 2)
}

fn scan(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let page = page(words, 1)?;
    let (next, found) = context.keys.scan(context.database(), page.cursor, page.count, context.now);
    let fits = |(key, kind): &(Vec<u8>, &str)| {
        page.pattern.as_ref().is_none_or(|pattern| glob(pattern, key))
            && page.kind.as_ref().is_none_or(|wanted| wanted == kind)
    };
    let keys = found.into_iter().filter(fits).map(|(key, _)| key);
    Ok(Reply::Array(vec![Reply::bulk(next.to_string()), Reply::list(keys)]))
}
