//! Commands on sets.

use super::{
    super::{
        Reply,
        context::Context,
        memory::ELEMENT,
        reply::Outcome,
        request::integer,
        value::{Value, members},
        words::Words,
    },
    keys::pages,
    lists::numbered,
};
use indexmap::IndexSet;

/// Runs `name` if it is a command on sets.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let key = words.at(1);
    Some(match name {
        "sadd" => add(context, words),
        "srem" => remove(context, words),
        "scard" => context.set(key).map(|set| Reply::count(set.map_or(0, IndexSet::len))),
        "smembers" => context.set(key).map(|set| Reply::set(set.map(members).unwrap_or_default())),
        "sismember" => context.set(key).map(|set| Reply::flag(set.is_some_and(|s| s.contains(words.at(2))))),
        "smismember" => context.set(key).map(|set| {
            let has = |member| Reply::flag(set.is_some_and(|set| set.contains(member)));
            Reply::Array(words.from(2).iter().map(has).collect())
        }),
        "smove" => carry(context, words),
        "spop" | "srandmember" => random(context, name, words),
        "sinter" | "sunion" | "sdiff" => {
            combined(context, name, words.from(1)).map(|set| Reply::set(members(&set)))
        }
        "sinterstore" | "sunionstore" | "sdiffstore" => store(context, name, words),
        "sintercard" => count(context, words),
        "sscan" => pages(words).and_then(|page| {
            let all = context.set(key)?.map(members).unwrap_or_default();
            Ok(page.reply(all.into_iter().map(|member| vec![member])))
        }),
        _ => return None,
    })
}

fn add(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let set = context.edit_set(words.at(1), words.cost(2))?;
    Ok(Reply::count(words.from(2).iter().filter(|member| set.insert((*member).clone())).count()))
}

fn remove(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if context.set(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let set = context.edit_set(words.at(1), 0)?;
    let removed = words.from(2).iter().filter(|member| set.swap_remove(*member)).count();
    context.settle(words.at(1));
    Ok(Reply::count(removed))
}

fn carry(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    context.set(words.at(2))?;
    if !context.set(words.at(1))?.is_some_and(|set| set.contains(words.at(3))) {
        return Ok(Reply::Integer(0));
    }
    context.edit_set(words.at(1), 0)?.swap_remove(words.at(3));
    context.edit_set(words.at(2), words.cost(3))?.insert(words.at(3).to_vec());
    context.settle(words.at(1));
    Ok(Reply::Integer(1))
}

fn random(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let pops = name == "spop";
    if words.len() > 3 {
        return Err(Reply::syntax());
    }
    let one = words.len() < 3;
    let count = if one { 1 } else { integer(words.at(2)).ok_or_else(|| bad_count(pops))? };
    if pops && count < 0 {
        return Err(bad_count(true));
    }
    let mut left = context.set(words.at(1))?.map(members).unwrap_or_default();
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(100_000);
    let mut drawn = Vec::new();
    while drawn.len() < most && !left.is_empty() {
        let at = context.below(left.len());
        if count < 0 {
            let member = left.get(at).cloned();
            context.spend(member.as_ref().map_or(0, Vec::len))?;
            drawn.extend(member);
        } else {
            drawn.push(left.swap_remove(at));
        }
    }
    if pops && !drawn.is_empty() {
        let set = context.edit_set(words.at(1), 0)?;
        drawn.iter().for_each(|member| {
            set.swap_remove(member);
        });
        context.settle(words.at(1));
    }
    Ok(match (one, pops) {
        (true, _) => Reply::maybe(drawn.into_iter().next()),
        (false, true) => Reply::set(drawn),
        (false, false) => Reply::list(drawn),
    })
}

fn bad_count(pops: bool) -> Reply {
    if pops { Reply::error("ERR value is out of range, must be positive") } else { Reply::not_integer() }
}

fn combined(context: &mut Context<'_>, name: &str, keys: &[Vec<u8>]) -> Result<IndexSet<Vec<u8>>, Reply> {
    let mut sets = Vec::new();
    for key in keys {
        let set = context.set(key)?.cloned().unwrap_or_default();
        context.spend(set.iter().map(|member| member.len() + ELEMENT).sum())?;
        sets.push(set);
    }
    let mut sets = sets.into_iter();
    let mut result = sets.next().unwrap_or_default();
    for set in sets {
        match name.get(..5) {
            Some("sunio") => result.extend(set),
            Some("sinte") => result.retain(|member| set.contains(member)),
            _ => result.retain(|member| !set.contains(member)),
        }
    }
    Ok(result)
}

fn store(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let set = combined(context, name, words.from(2))?;
    let count = set.len();
    context.store(words.at(1), Value::Set(set), Some(None))?;
    Ok(Reply::count(count))
}

fn count(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (keys, end) = numbered(words, 1)?;
    let mut most = usize::MAX;
    if words.len() > end {
        if !words.is(end, "limit") || words.len() != end + 2 {
            return Err(Reply::syntax());
        }
        let limit = usize::try_from(words.integer(end + 1)?);
        most = match limit.map_err(|_| Reply::error("ERR LIMIT can't be negative"))? {
            0 => usize::MAX,
            limit => limit,
        };
    }
    Ok(Reply::count(combined(context, "sinter", keys)?.len().min(most)))
}
