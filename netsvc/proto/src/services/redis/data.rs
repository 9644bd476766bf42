//! Commands on typed values.

use super::{Reply, commands::Context, keyspace::Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A decimal integer of 64 bits.
pub(super) fn integer(word: &[u8]) -> Option<i64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Encoding as OBJECT ENCODING prints it.
pub(super) fn encoding(value: &Value) -> &'static str {
    match value {
        Value::Text(text) if integer(text).is_some() => "int",
        Value::Text(text) if text.len() <= 44 => "embstr",
        Value::Text(_) => "raw",
        Value::List(_) => "quicklist",
        Value::Set(_) => "hashtable",
        Value::Hash(_) | Value::Sorted(_) => "listpack",
    }
}

/// Runs `name` if it is a command on typed values.
pub(super) fn call(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Option<Reply> {
    let reply = match name {
        "get" | "getdel" | "getset" | "strlen" | "getrange" | "mget" => read_text(context, name, rest),
        "set" | "setnx" | "setex" | "psetex" | "append" | "mset" => write_text(context, name, rest),
        "incr" | "decr" | "incrby" | "decrby" => add(context, name, rest),
        "lpush" | "rpush" | "lpop" | "rpop" | "llen" | "lrange" | "lindex" => list(context, name, rest),
        "sadd" | "srem" | "scard" | "smembers" | "sismember" => set(context, name, rest),
        "hset" | "hmset" | "hdel" | "hget" | "hmget" | "hgetall" | "hkeys" | "hvals" | "hlen" | "hexists" => {
            hash(context, name, rest)
        }
        "zadd" | "zrem" | "zcard" | "zscore" | "zrange" => sorted(context, name, rest),
        _ => return None,
    };
    Some(reply.unwrap_or_else(|refusal| refusal))
}

type Outcome = Result<Reply, Reply>;

fn key_of(rest: &[Vec<u8>]) -> &[u8] {
    rest.first().map(Vec::as_slice).unwrap_or_default()
}

fn text_at(context: &mut Context<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, Reply> {
    match context.keys.get(context.client.database, key, context.now) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Reply::wrong_type()),
    }
}

fn store(
    context: &mut Context<'_>,
    key: &[u8],
    value: Value,
    expires: Option<Option<i64>>,
) -> Result<(), Reply> {
    context
        .keys
        .set(context.client.database, key, value, expires)
        .map_err(|_| Reply::error("OOM command not allowed when used memory > 'maxmemory'."))
}

fn count(number: usize) -> Reply {
    Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn not_integer() -> Reply {
    Reply::error("ERR value is not an integer or out of range")
}

fn read_text(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    match name {
        "mget" => Ok(Reply::Array(
            rest.iter().map(|key| Reply::maybe(text_at(context, key).ok().flatten())).collect(),
        )),
        "strlen" => Ok(count(text_at(context, key)?.map_or(0, |text| text.len()))),
        "getrange" => {
            let text = text_at(context, key)?.unwrap_or_default();
            let (from, to) = bounds(rest, text.len())?;
            Ok(Reply::bulk(text.get(from..to).unwrap_or_default()))
        }
        "getset" => {
            let old = text_at(context, key)?;
            store(context, key, Value::Text(rest.get(1).cloned().unwrap_or_default()), Some(None))?;
            Ok(Reply::maybe(old))
        }
        _ => {
            let text = text_at(context, key)?;
            if name == "getdel" {
                context.keys.remove(context.client.database, key);
            }
            Ok(Reply::maybe(text))
        }
    }
}

/// Start and end of a range as LRANGE and GETRANGE take it, end excluded.
fn bounds(rest: &[Vec<u8>], length: usize) -> Result<(usize, usize), Reply> {
    let bound = |index: usize| rest.get(index).and_then(|word| integer(word)).ok_or_else(not_integer);
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let absolute =
        |value: i64| if value < 0 { value.saturating_add(length).max(0) } else { value.min(length) };
    let from = absolute(bound(1)?);
    let last = bound(2)?;
    let to = if last < 0 { last.saturating_add(length) } else { last }
        .saturating_add(1)
        .clamp(from, length.max(from));
    Ok((usize::try_from(from).unwrap_or(0), usize::try_from(to).unwrap_or(0)))
}

fn write_text(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    let value = rest.get(1).cloned().unwrap_or_default();
    match name {
        "set" => set_text(context, key, value, rest.get(2..).unwrap_or_default()),
        "append" => {
            let mut text = text_at(context, key)?.unwrap_or_default();
            text.extend(value);
            let length = text.len();
            store(context, key, Value::Text(text), None)?;
            Ok(count(length))
        }
        "setnx" => {
            let fresh = context.keys.get(context.client.database, key, context.now).is_none();
            if fresh {
                store(context, key, Value::Text(value), Some(None))?;
            }
            Ok(Reply::Integer(i64::from(fresh)))
        }
        "setex" | "psetex" => {
            let unit = if name == "setex" { 1_000_000 } else { 1000 };
            let amount = integer(&value).ok_or_else(not_integer)?;
            if amount <= 0 {
                return Err(Reply::error(format!("ERR invalid expire time in '{name}' command")));
            }
            let at = context.now.saturating_add(amount.saturating_mul(unit));
            store(context, key, Value::Text(rest.get(2).cloned().unwrap_or_default()), Some(Some(at)))?;
            Ok(Reply::ok())
        }
        _ => {
            if rest.len() % 2 == 1 {
                return Err(Reply::error("ERR wrong number of arguments for 'mset' command"));
            }
            for pair in rest.chunks(2) {
                if let [key, value] = pair {
                    store(context, key, Value::Text(value.clone()), Some(None))?;
                }
            }
            Ok(Reply::ok())
        }
    }
}

fn set_text(context: &mut Context<'_>, key: &[u8], value: Vec<u8>, options: &[Vec<u8>]) -> Outcome {
    let (mut expires, mut only_new, mut only_old, mut want_old) = (Some(None), false, false, false);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.to_ascii_lowercase().as_slice() {
            b"nx" => only_new = true,
            b"xx" => only_old = true,
            b"get" => want_old = true,
            b"keepttl" => expires = None,
            unit @ (b"ex" | b"px" | b"exat" | b"pxat") => {
                let amount = options.next().and_then(|word| integer(word)).ok_or_else(not_integer)?;
                if amount <= 0 {
                    return Err(Reply::error("ERR invalid expire time in 'set' command"));
                }
                let scale = if unit.starts_with(b"p") { 1000 } else { 1_000_000 };
                let base = if unit.ends_with(b"at") { 0 } else { context.now };
                expires = Some(Some(amount.saturating_mul(scale).saturating_add(base)));
            }
            _ => return Err(Reply::error("ERR syntax error")),
        }
    }
    let old = context.keys.get(context.client.database, key, context.now).cloned();
    let old_text = match (&old, want_old) {
        (Some(Value::Text(text)), _) => Some(text.clone()),
        (Some(_), true) => return Err(Reply::wrong_type()),
        _ => None,
    };
    if (only_new && old.is_some()) || (only_old && old.is_none()) {
        return Ok(if want_old { Reply::maybe(old_text) } else { Reply::Null });
    }
    store(context, key, Value::Text(value), expires)?;
    Ok(if want_old { Reply::maybe(old_text) } else { Reply::ok() })
}

fn add(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    let amount = match rest.get(1) {
        Some(word) => integer(word).ok_or_else(not_integer)?,
        None => 1,
    };
    let amount = if name.starts_with("decr") { amount.checked_neg() } else { Some(amount) };
    let old = match text_at(context, key)? {
        Some(text) => integer(&text).ok_or_else(not_integer)?,
        None => 0,
    };
    let sum = amount.and_then(|amount| old.checked_add(amount));
    let sum = sum.ok_or_else(|| Reply::error("ERR increment or decrement would overflow"))?;
    store(context, key, Value::Text(sum.to_string().into_bytes()), None)?;
    Ok(Reply::Integer(sum))
}

fn list(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    let mut items = match context.keys.get(context.client.database, key, context.now) {
        None => VecDeque::new(),
        Some(Value::List(items)) => items.clone(),
        Some(_) => return Err(Reply::wrong_type()),
    };
    match name {
        "llen" => Ok(count(items.len())),
        "lrange" => {
            let (from, to) = bounds(rest, items.len())?;
            Ok(Reply::list(items.iter().skip(from).take(to - from)))
        }
        "lindex" => {
            let index = rest.get(1).and_then(|word| integer(word)).ok_or_else(not_integer)?;
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let index = if index < 0 { index.saturating_add(length) } else { index };
            Ok(Reply::maybe(usize::try_from(index).ok().and_then(|index| items.get(index).cloned())))
        }
        "lpop" | "rpop" => {
            let taken = if name == "lpop" { items.pop_front() } else { items.pop_back() };
            replace(context, key, Value::List(items))?;
            Ok(Reply::maybe(taken))
        }
        _ => {
            for item in rest.iter().skip(1) {
                if name == "lpush" { items.push_front(item.clone()) } else { items.push_back(item.clone()) }
            }
            let length = items.len();
            replace(context, key, Value::List(items))?;
            Ok(count(length))
        }
    }
}

/// Stores a collection, or removes the key when it became empty.
fn replace(context: &mut Context<'_>, key: &[u8], value: Value) -> Result<(), Reply> {
    let empty = match &value {
        Value::Text(_) => false,
        Value::List(items) => items.is_empty(),
        Value::Set(items) => items.is_empty(),
        Value::Hash(pairs) => pairs.is_empty(),
        Value::Sorted(pairs) => pairs.is_empty(),
    };
    if empty {
        context.keys.remove(context.client.database, key);
        return Ok(());
    }
    store(context, key, value, None)
}

fn set(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    let mut members = match context.keys.get(context.client.database, key, context.now) {
        None => BTreeSet::new(),
        Some(Value::Set(members)) => members.clone(),
        Some(_) => return Err(Reply::wrong_type()),
    };
    let given = rest.get(1..).unwrap_or_default();
    match name {
        "scard" => Ok(count(members.len())),
        "smembers" => Ok(Reply::list(members)),
        "sismember" => Ok(Reply::Integer(i64::from(members.contains(key_of(given))))),
        _ => {
            let changed = given
                .iter()
                .filter(|member| {
                    if name == "sadd" { members.insert((*member).clone()) } else { members.remove(*member) }
                })
                .count();
            replace(context, key, Value::Set(members))?;
            Ok(count(changed))
        }
    }
}

fn hash(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    let mut pairs = match context.keys.get(context.client.database, key, context.now) {
        None => BTreeMap::new(),
        Some(Value::Hash(pairs)) => pairs.clone(),
        Some(_) => return Err(Reply::wrong_type()),
    };
    let given = rest.get(1..).unwrap_or_default();
    match name {
        "hlen" => Ok(count(pairs.len())),
        "hkeys" => Ok(Reply::list(pairs.keys())),
        "hvals" => Ok(Reply::list(pairs.values())),
        "hgetall" => Ok(Reply::Map(pairs.iter().map(|(k, v)| (Reply::bulk(k), Reply::bulk(v))).collect())),
        "hget" => Ok(Reply::maybe(pairs.get(key_of(given)).cloned())),
        "hmget" => {
            Ok(Reply::Array(given.iter().map(|field| Reply::maybe(pairs.get(field).cloned())).collect()))
        }
        "hexists" => Ok(Reply::Integer(i64::from(pairs.contains_key(key_of(given))))),
        "hdel" => {
            let removed = given.iter().filter(|field| pairs.remove(*field).is_some()).count();
            replace(context, key, Value::Hash(pairs))?;
            Ok(count(removed))
        }
        _ => {
            if given.len() % 2 == 1 {
                return Err(Reply::error(format!("ERR wrong number of arguments for '{name}' command")));
            }
            let mut fresh = 0;
            for pair in given.chunks(2) {
                if let [field, value] = pair {
                    fresh += usize::from(pairs.insert(field.clone(), value.clone()).is_none());
                }
            }
            replace(context, key, Value::Hash(pairs))?;
            Ok(if name == "hmset" { Reply::ok() } else { count(fresh) })
        }
    }
}

fn sorted(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Outcome {
    let key = key_of(rest);
    let mut scores = match context.keys.get(context.client.database, key, context.now) {
        None => BTreeMap::new(),
        Some(Value::Sorted(scores)) => scores.clone(),
        Some(_) => return Err(Reply::wrong_type()),
    };
    let given = rest.get(1..).unwrap_or_default();
    match name {
        "zcard" => Ok(count(scores.len())),
        "zscore" => Ok(Reply::maybe(scores.get(key_of(given)).map(|score| score.to_string().into_bytes()))),
        "zrem" => {
            let removed = given.iter().filter(|member| scores.remove(*member).is_some()).count();
            replace(context, key, Value::Sorted(scores))?;
            Ok(count(removed))
        }
        "zrange" => {
            let mut members: Vec<_> = scores.iter().collect();
            members.sort_by(|left, right| left.1.total_cmp(right.1));
            let (from, to) = bounds(rest, members.len())?;
            Ok(Reply::list(members.into_iter().skip(from).take(to - from).map(|(member, _)| member)))
        }
        _ => {
            let mut fresh = 0;
            for pair in given.chunks(2) {
                let [score, member] = pair else { return Err(Reply::error("ERR syntax error")) };
                let score = std::str::from_utf8(score).ok().and_then(|text| text.parse::<f64>().ok());
                let score = score.ok_or_else(|| Reply::error("ERR value is not a valid float"))?;
                fresh += usize::from(scores.insert(member.clone(), score).is_none());
            }
            replace(context, key, Value::Sorted(scores))?;
            Ok(count(fresh))
        }
    }
}
