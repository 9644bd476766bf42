//! Commands on lists.

use super::super::{
    Reply,
    context::{Context, range},
    memory::ELEMENT,
    reply::Outcome,
    request::integer,
    words::{Words, float},
};
use std::collections::VecDeque;

/// Runs `name` if it is a command on lists.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let key = words.at(1);
    Some(match name {
        "lpush" | "rpush" | "lpushx" | "rpushx" => push(context, name, words),
        "lpop" | "rpop" => pop(context, name, words),
        "llen" => context.list(key).map(|list| Reply::count(list.map_or(0, VecDeque::len))),
        "lrange" => slice(context, words),
        "lindex" => index(context, words),
        "lset" => replace(context, words),
        "linsert" => insert(context, words),
        "lrem" => remove(context, words),
        "ltrim" => trim(context, words),
        "lpos" => position(context, words),
        "lmove" | "blmove" => side(words, 3).and_then(|from| {
            let to = side(words, 4)?;
            carry(context, name, words, from, to)
        }),
        "rpoplpush" | "brpoplpush" => carry(context, name, words, false, true),
        "lmpop" => pop_first(context, words, 1),
        "blmpop" => timeout(words.at(1)).and_then(|_| pop_first(context, words, 2)),
        "blpop" | "brpop" => pop_any(context, name, words),
        _ => return None,
    })
}

/// The words of the last argument of a blocking command, s; zero: for ever.
///
/// # Errors
/// What the server says of a bad one.
pub(in super::super) fn timeout(word: &[u8]) -> Result<f64, Reply> {
    let seconds = float(word).ok_or_else(|| Reply::error("ERR timeout is not a float or out of range"))?;
    if seconds < 0.0 {
        return Err(Reply::error("ERR timeout is negative"));
    }
    if seconds > 9e9 {
        return Err(Reply::error("ERR timeout is out of range"));
    }
    Ok(seconds)
}

fn push(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let there = context.list(words.at(1))?.is_some();
    if name.ends_with('x') && !there {
        return Ok(Reply::Integer(0));
    }
    let list = context.edit_list(words.at(1), words.cost(2))?;
    for item in words.from(2) {
        if name.starts_with('l') { list.push_front(item.clone()) } else { list.push_back(item.clone()) }
    }
    Ok(Reply::count(list.len()))
}

fn take(list: &mut VecDeque<Vec<u8>>, front: bool) -> Option<Vec<u8>> {
    if front { list.pop_front() } else { list.pop_back() }
}

/// Takes up to `count` items off `key`.
fn take_some(
    context: &mut Context<'_>,
    key: &[u8],
    count: usize,
    front: bool,
) -> Result<Option<Vec<Vec<u8>>>, Reply> {
    if context.list(key)?.is_none() {
        return Ok(None);
    }
    let list = context.edit_list(key, 0)?;
    let mut taken = Vec::new();
    while taken.len() < count
        && let Some(item) = take(list, front)
    {
        taken.push(item);
    }
    context.settle(key);
    Ok(Some(taken))
}

fn pop(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let front = name == "lpop";
    let refusal = || Reply::error("ERR value is out of range, must be positive");
    if words.len() > 3 {
        return Err(Reply::arity(name));
    }
    if words.len() < 3 {
        let taken = take_some(context, words.at(1), 1, front)?;
        return Ok(Reply::maybe(taken.and_then(|taken| taken.into_iter().next())));
    }
    let count = integer(words.at(2)).and_then(|count| usize::try_from(count).ok()).ok_or_else(refusal)?;
    if count == 0 && context.list(words.at(1))?.is_some() {
        return Ok(Reply::Array(Vec::new()));
    }
    Ok(take_some(context, words.at(1), count, front)?.map_or(Reply::NullArray, Reply::list))
}

fn slice(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (from, to) = (words.integer(2)?, words.integer(3)?);
    let Some(list) = context.list(words.at(1))? else { return Ok(Reply::Array(Vec::new())) };
    let range = range(from, to, list.len());
    Ok(Reply::list(list.iter().skip(range.start).take(range.len())))
}

/// The place of an index that may count from the end.
fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index.checked_add(length)? } else { index };
    usize::try_from(index).ok().filter(|_| index < length)
}

fn index(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let Some(list) = context.list(words.at(1))? else { return Ok(Reply::Null) };
    let index = words.integer(2)?;
    Ok(Reply::maybe(place(index, list.len()).and_then(|place| list.get(place).cloned())))
}

fn replace(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let Some(length) = context.list(words.at(1))?.map(VecDeque::len) else { return Err(Reply::no_key()) };
    let index = words.integer(2)?;
    let place = place(index, length).ok_or_else(|| Reply::error("ERR index out of range"))?;
    let list = context.edit_list(words.at(1), words.at(3).len())?;
    if let Some(item) = list.get_mut(place) {
        *item = words.at(3).to_vec();
    }
    Ok(Reply::ok())
}

fn insert(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let behind = match words.lower(2).as_str() {
        "before" => 0,
        "after" => 1,
        _ => return Err(Reply::syntax()),
    };
    let Some(list) = context.list(words.at(1))? else { return Ok(Reply::Integer(0)) };
    let found = list.iter().position(|item| item == words.at(3));
    let Some(at) = found else { return Ok(Reply::Integer(-1)) };
    let list = context.edit_list(words.at(1), words.at(4).len() + ELEMENT)?;
    list.insert(at + behind, words.at(4).to_vec());
    Ok(Reply::count(list.len()))
}

fn remove(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let count = words.integer(2)?;
    if context.list(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let most = if most == 0 { usize::MAX } else { most };
    let list = context.edit_list(words.at(1), 0)?;
    let mut removed = 0;
    let mut keep = |item: &Vec<u8>| {
        let hit = removed < most && item == words.at(3);
        removed += usize::from(hit);
        !hit
    };
    if count < 0 {
        let mut kept: Vec<_> = std::mem::take(list).into_iter().rev().filter(&mut keep).collect();
        kept.reverse();
        *list = kept.into();
    } else {
        list.retain(keep);
    }
    context.settle(words.at(1));
    Ok(Reply::count(removed))
}

fn trim(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (from, to) = (words.integer(2)?, words.integer(3)?);
    if context.list(words.at(1))?.is_some() {
        let list = context.edit_list(words.at(1), 0)?;
        let range = range(from, to, list.len());
        list.truncate(range.end);
        list.drain(..range.start.min(list.len()));
        context.settle(words.at(1));
    }
    Ok(Reply::ok())
}

fn position(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (mut rank, mut count, mut most) = (1, None, 0);
    for index in (3..words.len()).step_by(2) {
        if index + 1 >= words.len() {
            return Err(Reply::syntax());
        }
        let number = words.integer(index + 1)?;
        let natural = |what: &str| {
            usize::try_from(number).map_err(|_| Reply::error(format!("ERR {what} can't be negative")))
        };
        match words.lower(index).as_str() {
            "rank" if number == 0 => {
                return Err(Reply::error(
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
                     negative to start from the end of the list",
                ));
            }
            "rank" => rank = number,
            "count" => count = Some(natural("COUNT")?),
            "maxlen" => most = natural("MAXLEN")?,
            _ => return Err(Reply::syntax()),
        }
    }
    let Some(list) = context.list(words.at(1))? else {
        return Ok(if count.is_some() { Reply::Array(Vec::new()) } else { Reply::Null });
    };
    let wanted = match count {
        None => 1,
        Some(0) => usize::MAX,
        Some(count) => count,
    };
    let skipped = usize::try_from(rank.unsigned_abs()).unwrap_or(usize::MAX) - 1;
    let most = if most == 0 { usize::MAX } else { most };
    let hit = |(_, item): &(usize, &Vec<u8>)| item.as_slice() == words.at(2);
    let found: Vec<Reply> = if rank > 0 {
        let hits = list.iter().enumerate().take(most).filter(hit);
        hits.skip(skipped).take(wanted).map(|(at, _)| Reply::count(at)).collect()
    } else {
        let hits = list.iter().enumerate().rev().take(most).filter(hit);
        hits.skip(skipped).take(wanted).map(|(at, _)| Reply::count(at)).collect()
    };
    if count.is_some() {
        Ok(Reply::Array(found))
    } else {
        Ok(found.into_iter().next().unwrap_or(Reply::Null))
    }
}

/// Whether the word at `index` is LEFT.
fn side(words: Words<'_>, index: usize) -> Result<bool, Reply> {
    match words.lower(index).as_str() {
        "left" => Ok(true),
        "right" => Ok(false),
        _ => Err(Reply::syntax()),
    }
}

fn carry(context: &mut Context<'_>, name: &str, words: Words<'_>, from: bool, to: bool) -> Outcome {
    if name.starts_with('b') {
        timeout(words.at(words.len() - 1))?;
    }
    context.list(words.at(2))?;
    let taken = take_some(context, words.at(1), 1, from)?.unwrap_or_default();
    let Some(item) = taken.into_iter().next() else { return Ok(Reply::Null) };
    let list = context.edit_list(words.at(2), item.len() + ELEMENT)?;
    if to {
        list.push_front(item.clone())
    } else {
        list.push_back(item.clone())
    }
    Ok(Reply::Bulk(item))
}

/// Keys behind their number at `index`, and the index behind them.
///
/// # Errors
/// What the server says of a bad number.
pub(super) fn numbered(words: Words<'_>, index: usize) -> Result<(&[Vec<u8>], usize), Reply> {
    let refusal = || Reply::error("ERR numkeys should be greater than 0");
    let count = integer(words.at(index)).filter(|count| *count > 0).ok_or_else(refusal)?;
    let end = usize::try_from(count).unwrap_or(usize::MAX).saturating_add(index + 1);
    let keys = words.0.get(index + 1..end).ok_or_else(Reply::syntax)?;
    Ok((keys, end))
}

/// COUNT behind the keys of LMPOP and ZMPOP.
pub(super) fn counted(words: Words<'_>, index: usize) -> Result<usize, Reply> {
    if words.len() <= index {
        return Ok(1);
    }
    if !words.is(index, "count") || words.len() != index + 2 {
        return Err(Reply::syntax());
    }
    let count = integer(words.at(index + 1)).filter(|count| *count > 0);
    let count = count.ok_or_else(|| Reply::error("ERR count should be greater than 0"))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn pop_first(context: &mut Context<'_>, words: Words<'_>, index: usize) -> Outcome {
    let (keys, end) = numbered(words, index)?;
    let front = side(words, end)?;
    let count = counted(words, end + 1)?;
    for key in keys {
        if let Some(taken) = take_some(context, key, count, front)? {
            return Ok(Reply::Array(vec![Reply::bulk(key), Reply::list(taken)]));
        }
    }
    Ok(Reply::NullArray)
}

fn pop_any(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let last = words.len() - 1;
    timeout(words.at(last))?;
    for key in words.0.get(1..last).unwrap_or_default() {
        let taken = take_some(context, key, 1, name == "blpop")?.unwrap_or_default();
        if let Some(item) = taken.into_iter().next() {
            return Ok(Reply::list([key, &item]));
        }
    }
    Ok(Reply::NullArray)
}
