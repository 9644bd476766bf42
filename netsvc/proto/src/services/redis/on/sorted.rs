//! Commands on one sorted set.

use super::{
    super::{
        Reply,
        context::{Context, range},
        reply::{Outcome, double},
        value::{Scores, Value, ordered},
        words::{Words, float},
    },
    keys::pages,
    lists::{counted, numbered, timeout},
};

/// Runs `name` if it is a command on one sorted set.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let key = words.at(1);
    Some(match name {
        "zadd" => add(context, words),
        "zincrby" => increment(context, words),
        "zrem" => remove(context, words),
        "zcard" => context.sorted(key).map(|scores| Reply::count(scores.map_or(0, Scores::len))),
        "zscore" => context.sorted(key).map(|scores| score(scores, words.at(2))),
        "zmscore" => context
            .sorted(key)
            .map(|scores| Reply::Array(words.from(2).iter().map(|member| score(scores, member)).collect())),
        "zrank" | "zrevrank" => rank(context, name, words),
        "zcount" | "zlexcount" => count(context, name, words),
        "zrange" | "zrevrange" | "zrangebyscore" | "zrevrangebyscore" | "zrangebylex" | "zrevrangebylex" => {
            part(context, name, words)
        }
        "zrangestore" => store(context, words),
        "zremrangebyrank" | "zremrangebyscore" | "zremrangebylex" => remove_range(context, name, words),
        "zpopmin" | "zpopmax" => pop(context, name, words),
        "bzpopmin" | "bzpopmax" => pop_any(context, name, words),
        "zmpop" => pop_first(context, words, 1),
        "bzmpop" => timeout(words.at(1)).and_then(|_| pop_first(context, words, 2)),
        "zrandmember" => random(context, words),
        "zscan" => pages(words).and_then(|page| {
            let scores = context.sorted(key)?.cloned().unwrap_or_default();
            let rows = ordered(&scores).into_iter();
            Ok(page.reply(rows.map(|(member, score)| vec![member.clone(), double(score).into_bytes()])))
        }),
        _ => return None,
    })
}

fn score(scores: Option<&Scores>, member: &[u8]) -> Reply {
    scores.and_then(|scores| scores.get(member)).map_or(Reply::Null, |score| Reply::Double(*score))
}

fn not_float() -> Reply {
    Reply::error("ERR value is not a valid float")
}

fn add(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (mut new, mut old, mut changed, mut increment, mut greater, mut less) =
        (false, false, false, false, false, false);
    let mut index = 2;
    loop {
        match words.lower(index).as_str() {
            "nx" => new = true,
            "xx" => old = true,
            "ch" => changed = true,
            "incr" => increment = true,
            "gt" => greater = true,
            "lt" => less = true,
            _ => break,
        }
        index += 1;
    }
    let pairs = words.from(index);
    if pairs.is_empty() || pairs.len() % 2 == 1 {
        return Err(Reply::syntax());
    }
    if new && old {
        return Err(Reply::error("ERR XX and NX options at the same time are not compatible"));
    }
    if ((greater || less) && new) || (greater && less) {
        return Err(Reply::error("ERR GT, LT, and/or NX options at the same time are not compatible"));
    }
    if increment && pairs.len() > 2 {
        return Err(Reply::error("ERR INCR option supports a single increment-element pair"));
    }
    let numbers: Option<Vec<f64>> = pairs.iter().step_by(2).map(|word| float(word)).collect();
    let numbers = numbers.ok_or_else(not_float)?;
    let members = pairs.iter().skip(1).step_by(2);
    let scores = context.edit_sorted(words.at(1), words.cost(index))?;
    let (mut fresh, mut updated, mut last) = (0, 0, None);
    for (member, number) in members.zip(numbers) {
        let current = scores.get(member).copied();
        let value = if increment { current.unwrap_or(0.0) + number } else { number };
        let skipped = match current {
            None => old,
            Some(current) => new || (greater && value <= current) || (less && value >= current),
        };
        if skipped || value.is_nan() {
            continue;
        }
        fresh += usize::from(current.is_none());
        updated += usize::from(current.is_some_and(|current| current != value));
        scores.insert(member.clone(), value);
        last = Some(value);
    }
    context.settle(words.at(1));
    if increment {
        return Ok(last.map_or(Reply::Null, Reply::Double));
    }
    Ok(Reply::count(if changed { fresh + updated } else { fresh }))
}

fn increment(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let amount = float(words.at(2)).ok_or_else(not_float)?;
    let scores = context.edit_sorted(words.at(1), words.cost(3))?;
    let sum = scores.get(words.at(3)).copied().unwrap_or(0.0) + amount;
    if sum.is_nan() {
        return Err(Reply::error("ERR resulting score is not a number (NaN)"));
    }
    scores.insert(words.at(3).to_vec(), sum);
    Ok(Reply::Double(sum))
}

fn remove(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if context.sorted(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let scores = context.edit_sorted(words.at(1), 0)?;
    let removed = words.from(2).iter().filter(|member| scores.remove(*member).is_some()).count();
    context.settle(words.at(1));
    Ok(Reply::count(removed))
}

fn rank(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let Some(scores) = context.sorted(words.at(1))? else { return Ok(Reply::Null) };
    let found = ordered(scores).iter().position(|(member, _)| member.as_slice() == words.at(2));
    let last = scores.len().saturating_sub(1);
    Ok(found.map_or(Reply::Null, |at| Reply::count(if name == "zrank" { at } else { last - at })))
}

/// An end of a range of scores: the score, and whether it is left out.
fn score_end(word: &[u8]) -> Result<(f64, bool), Reply> {
    let (word, open) = word.strip_prefix(b"(").map_or((word, false), |word| (word, true));
    let number = float(word).ok_or_else(|| Reply::error("ERR min or max is not a float"))?;
    Ok((number, open))
}

/// Whether `member` is right of (`above`) or left of an end of a range of names.
fn name_end(word: &[u8], above: bool) -> Result<impl Fn(&[u8]) -> bool, Reply> {
    let refusal = || Reply::error("ERR min or max not valid string range item");
    let (mark, bound) = word.split_first().ok_or_else(refusal)?;
    match (mark, bound) {
        (b'+' | b'-', []) | (b'[' | b'(', _) => {}
        _ => return Err(refusal()),
    }
    let (mark, bound) = (*mark, bound.to_vec());
    Ok(move |member: &[u8]| match mark {
        b'-' => above,
        b'+' => !above,
        b'[' => {
            if above {
                bound.as_slice() <= member
            } else {
                member <= bound.as_slice()
            }
        }
        _ => {
            if above {
                bound.as_slice() < member
            } else {
                member < bound.as_slice()
            }
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Name,
}

/// Members between two ends, lowest first.
fn between(scores: &Scores, by: By, low: &[u8], high: &[u8]) -> Result<Vec<(Vec<u8>, f64)>, Reply> {
    let all = ordered(scores).into_iter();
    if by == By::Name {
        let (above, below) = (name_end(low, true)?, name_end(high, false)?);
        return Ok(all
            .filter(|(member, _)| above(member) && below(member))
            .map(|(m, s)| (m.clone(), s))
            .collect());
    }
    let ((low, low_open), (high, high_open)) = (score_end(low)?, score_end(high)?);
    let fits = |score: f64| {
        (if low_open { low < score } else { low <= score })
            && (if high_open { score < high } else { score <= high })
    };
    Ok(all.filter(|(_, score)| fits(*score)).map(|(member, score)| (member.clone(), score)).collect())
}

fn count(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let by = if name == "zcount" { By::Score } else { By::Name };
    let empty = Scores::new();
    let scores = context.sorted(words.at(1))?.unwrap_or(&empty);
    Ok(Reply::count(between(scores, by, words.at(2), words.at(3))?.len()))
}

struct Selection {
    by: By,
    reversed: bool,
    scores: bool,
    limit: Option<(i64, i64)>,
}

fn selection(name: &str, words: Words<'_>, first: usize) -> Result<Selection, Reply> {
    let by = if name.ends_with("score") {
        By::Score
    } else if name.ends_with("lex") {
        By::Name
    } else {
        By::Rank
    };
    let mut chosen = Selection { by, reversed: name.starts_with("zrev"), scores: false, limit: None };
    let plain = name == "zrange" || name == "zrangestore";
    let mut index = first;
    while index < words.len() {
        match words.lower(index).as_str() {
            "withscores" if name != "zrangestore" => chosen.scores = true,
            "limit" if index + 2 < words.len() => {
                chosen.limit = Some((words.integer(index + 1)?, words.integer(index + 2)?));
                index += 2;
            }
            "rev" if plain => chosen.reversed = true,
            "byscore" if plain => chosen.by = By::Score,
            "bylex" if plain => chosen.by = By::Name,
            _ => return Err(Reply::syntax()),
        }
        index += 1;
    }
    if chosen.limit.is_some() && chosen.by == By::Rank {
        return Err(Reply::error(
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ));
    }
    if chosen.scores && chosen.by == By::Name {
        return Err(Reply::error("ERR syntax error, WITHSCORES not supported in combination with BYLEX"));
    }
    Ok(chosen)
}

fn select(
    context: &mut Context<'_>,
    key: &[u8],
    chosen: &Selection,
    ends: (&[u8], &[u8]),
) -> Result<Vec<(Vec<u8>, f64)>, Reply> {
    let empty = Scores::new();
    let number = |word: &[u8]| super::super::request::integer(word).ok_or_else(Reply::not_integer);
    if chosen.by == By::Rank {
        let (from, to) = (number(ends.0)?, number(ends.1)?);
        let scores = context.sorted(key)?.unwrap_or(&empty);
        let mut all = ordered(scores);
        if chosen.reversed {
            all.reverse();
        }
        let range = range(from, to, all.len());
        let part = all.get(range).unwrap_or_default();
        return Ok(part.iter().map(|(member, score)| ((*member).clone(), *score)).collect());
    }
    let (low, high) = if chosen.reversed { (ends.1, ends.0) } else { ends };
    let scores = context.sorted(key)?.unwrap_or(&empty);
    let mut found = between(scores, chosen.by, low, high)?;
    if chosen.reversed {
        found.reverse();
    }
    if let Some((offset, most)) = chosen.limit {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        found = found.into_iter().skip(offset).take(most).collect();
    }
    Ok(found)
}

fn part(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let chosen = selection(name, words, 4)?;
    let found = select(context, words.at(1), &chosen, (words.at(2), words.at(3)))?;
    Ok(listed(found, chosen.scores))
}

/// Members, with their scores if wanted.
pub(super) fn listed(found: Vec<(Vec<u8>, f64)>, scores: bool) -> Reply {
    if scores {
        let pairs = found.into_iter().map(|(member, score)| (Reply::Bulk(member), Reply::Double(score)));
        return Reply::Pairs(pairs.collect());
    }
    Reply::list(found.into_iter().map(|(member, _)| member))
}

fn store(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let chosen = selection("zrangestore", words, 5)?;
    let found: Scores =
        select(context, words.at(2), &chosen, (words.at(3), words.at(4)))?.into_iter().collect();
    let count = found.len();
    context.store(words.at(1), Value::Sorted(found), Some(None))?;
    Ok(Reply::count(count))
}

fn remove_range(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let by = match name {
        "zremrangebyrank" => By::Rank,
        "zremrangebyscore" => By::Score,
        _ => By::Name,
    };
    let chosen = Selection { by, reversed: false, scores: false, limit: None };
    let found = select(context, words.at(1), &chosen, (words.at(2), words.at(3)))?;
    take(context, words.at(1), &found)?;
    Ok(Reply::count(found.len()))
}

fn take(context: &mut Context<'_>, key: &[u8], members: &[(Vec<u8>, f64)]) -> Result<(), Reply> {
    if !members.is_empty() {
        let scores = context.edit_sorted(key, 0)?;
        members.iter().for_each(|(member, _)| {
            scores.remove(member);
        });
        context.settle(key);
    }
    Ok(())
}

/// Takes up to `count` members from an end.
fn take_some(
    context: &mut Context<'_>,
    key: &[u8],
    count: usize,
    highest: bool,
) -> Result<Vec<(Vec<u8>, f64)>, Reply> {
    let Some(scores) = context.sorted(key)? else { return Ok(Vec::new()) };
    let mut all = ordered(scores);
    if highest {
        all.reverse();
    }
    let taken: Vec<_> = all.into_iter().take(count).map(|(member, score)| (member.clone(), score)).collect();
    take(context, key, &taken)?;
    Ok(taken)
}

fn pop(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    if words.len() > 3 {
        return Err(Reply::syntax());
    }
    let highest = name == "zpopmax";
    if words.len() == 3 {
        let refusal = |_| Reply::error("ERR value is out of range, must be positive");
        let count = usize::try_from(words.integer(2)?).map_err(refusal)?;
        return Ok(listed(take_some(context, words.at(1), count, highest)?, true));
    }
    let taken = take_some(context, words.at(1), 1, highest)?;
    let one = taken.into_iter().flat_map(|(member, score)| [Reply::Bulk(member), Reply::Double(score)]);
    Ok(Reply::Array(one.collect()))
}

fn pop_any(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let last = words.len() - 1;
    timeout(words.at(last))?;
    for key in words.0.get(1..last).unwrap_or_default() {
        let taken = take_some(context, key, 1, name == "bzpopmax")?;
        if let Some((member, score)) = taken.into_iter().next() {
            return Ok(Reply::Array(vec![Reply::bulk(key), Reply::Bulk(member), Reply::Double(score)]));
        }
    }
    Ok(Reply::NullArray)
}

fn pop_first(context: &mut Context<'_>, words: Words<'_>, index: usize) -> Outcome {
    let (keys, end) = numbered(words, index)?;
    let highest = match words.lower(end).as_str() {
        "min" => false,
        "max" => true,
        _ => return Err(Reply::syntax()),
    };
    let count = counted(words, end + 1)?;
    for key in keys {
        let taken = take_some(context, key, count, highest)?;
        if !taken.is_empty() {
            let rows = taken
                .into_iter()
                .map(|(member, score)| Reply::Array(vec![Reply::Bulk(member), Reply::Double(score)]));
            return Ok(Reply::Array(vec![Reply::bulk(key), Reply::Array(rows.collect())]));
        }
    }
    Ok(Reply::NullArray)
}

fn random(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let mut left: Vec<_> =
        context.sorted(words.at(1))?.into_iter().flatten().map(|(m, s)| (m.clone(), *s)).collect();
    if words.len() < 3 {
        let at = context.below(left.len());
        return Ok(Reply::maybe(left.get(at).map(|(member, _)| member.clone())));
    }
    let count = words.integer(2)?;
    let scores = words.is(3, "withscores");
    if words.len() > 4 || (words.len() == 4 && !scores) {
        return Err(Reply::syntax());
    }
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(100_000);
    let mut drawn = Vec::new();
    while drawn.len() < most && !left.is_empty() {
        let at = context.below(left.len());
        if count < 0 {
            let pair = left.get(at).cloned();
            context.spend(pair.as_ref().map_or(0, |(member, _)| member.len()))?;
            drawn.extend(pair);
        } else {
            drawn.push(left.swap_remove(at));
        }
    }
    Ok(listed(drawn, scores))
}
