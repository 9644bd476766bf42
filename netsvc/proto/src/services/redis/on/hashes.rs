//! Commands on hashes.

use super::{
    super::{
        Reply,
        context::Context,
        reply::Outcome,
        request::integer,
        words::{Words, float},
    },
    keys::pages,
    texts::float_sum,
};
use indexmap::IndexMap;

/// Runs `name` if it is a command on hashes.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let key = words.at(1);
    let field = words.at(2);
    Some(match name {
        "hset" | "hmset" => set(context, name, words),
        "hsetnx" => set_new(context, words),
        "hget" => context.hash(key).map(|hash| Reply::maybe(hash.and_then(|hash| hash.get(field).cloned()))),
        "hmget" => many(context, words),
        "hgetall" => context.hash(key).map(|hash| {
            let pairs = hash.into_iter().flatten();
            Reply::Map(pairs.map(|(key, value)| (Reply::bulk(key), Reply::bulk(value))).collect())
        }),
        "hkeys" => context.hash(key).map(|hash| Reply::list(hash.into_iter().flat_map(IndexMap::keys))),
        "hvals" => context.hash(key).map(|hash| Reply::list(hash.into_iter().flat_map(IndexMap::values))),
        "hlen" => context.hash(key).map(|hash| Reply::count(hash.map_or(0, IndexMap::len))),
        "hexists" => context.hash(key).map(|hash| Reply::flag(hash.is_some_and(|h| h.contains_key(field)))),
        "hstrlen" => context
            .hash(key)
            .map(|hash| Reply::count(hash.and_then(|hash| hash.get(field)).map_or(0, Vec::len))),
        "hincrby" => add(context, words),
        "hincrbyfloat" => add_float(context, words),
        "hdel" => remove(context, words),
        "hrandfield" => random(context, words),
        "hscan" => pages(words).and_then(|page| {
            let hash = context.hash(key)?.cloned().unwrap_or_default();
            Ok(page.reply(hash.into_iter().map(|(field, value)| vec![field, value])))
        }),
        _ => return None,
    })
}

fn set(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let pairs = words.from(2);
    if pairs.len() % 2 == 1 {
        return Err(Reply::arity(name));
    }
    let hash = context.edit_hash(words.at(1), words.cost(2))?;
    let mut fresh = 0;
    for pair in pairs.chunks(2) {
        if let [field, value] = pair {
            fresh += usize::from(hash.insert(field.clone(), value.clone()).is_none());
        }
    }
    Ok(if name == "hmset" { Reply::ok() } else { Reply::count(fresh) })
}

fn many(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let mut room = context.client.room;
    let hash = context.hash(words.at(1))?;
    let mut values = Vec::new();
    for field in words.from(2) {
        let value = hash.and_then(|hash| hash.get(field));
        room = room.checked_sub(value.map_or(0, Vec::len)).ok_or_else(Reply::out_of_memory)?;
        values.push(Reply::maybe(value.cloned()));
    }
    context.client.room = room;
    Ok(Reply::Array(values))
}

fn set_new(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if context.hash(words.at(1))?.is_some_and(|hash| hash.contains_key(words.at(2))) {
        return Ok(Reply::Integer(0));
    }
    context.edit_hash(words.at(1), words.cost(2))?.insert(words.at(2).to_vec(), words.at(3).to_vec());
    Ok(Reply::Integer(1))
}

fn add(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let amount = words.integer(3)?;
    let old = match context.hash(words.at(1))?.and_then(|hash| hash.get(words.at(2))) {
        Some(text) => integer(text).ok_or_else(|| Reply::error("ERR hash value is not an integer"))?,
        None => 0,
    };
    let sum = old.checked_add(amount);
    let sum = sum.ok_or_else(|| Reply::error("ERR increment or decrement would overflow"))?;
    let hash = context.edit_hash(words.at(1), words.cost(2))?;
    hash.insert(words.at(2).to_vec(), sum.to_string().into_bytes());
    Ok(Reply::Integer(sum))
}

fn add_float(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let amount = float(words.at(3)).ok_or_else(|| Reply::error("ERR value is not a valid float"))?;
    let old = match context.hash(words.at(1))?.and_then(|hash| hash.get(words.at(2))) {
        Some(text) => float(text).ok_or_else(|| Reply::error("ERR hash value is not a float"))?,
        None => 0.0,
    };
    let sum = float_sum(old, amount)?;
    let hash = context.edit_hash(words.at(1), words.cost(2))?;
    hash.insert(words.at(2).to_vec(), sum.clone().into_bytes());
    Ok(Reply::bulk(sum))
}

fn remove(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if context.hash(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let hash = context.edit_hash(words.at(1), 0)?;
    let removed = words.from(2).iter().filter(|field| hash.shift_remove(*field).is_some()).count();
    context.settle(words.at(1));
    Ok(Reply::count(removed))
}

fn random(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let mut left: Vec<_> =
        context.hash(words.at(1))?.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    if words.len() < 3 {
        let at = context.below(left.len());
        return Ok(Reply::maybe(left.get(at).map(|(field, _)| field.clone())));
    }
    let count = words.integer(2)?;
    let values = words.is(3, "withvalues");
    if words.len() > 4 || (words.len() == 4 && !values) {
        return Err(Reply::syntax());
    }
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(100_000);
    let mut drawn = Vec::new();
    while drawn.len() < most && !left.is_empty() {
        let at = context.below(left.len());
        if count < 0 {
            let pair = left.get(at).cloned();
            context.spend(pair.as_ref().map_or(0, |(field, value)| field.len() + value.len()))?;
            drawn.extend(pair);
        } else {
            drawn.push(left.swap_remove(at));
        }
    }
    if values {
        let pairs = drawn.into_iter().map(|(field, value)| (Reply::Bulk(field), Reply::Bulk(value)));
        return Ok(Reply::Pairs(pairs.collect()));
    }
    Ok(Reply::list(drawn.into_iter().map(|(field, _)| field)))
}
