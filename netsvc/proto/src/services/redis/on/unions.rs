//! Unions, intersections and differences of sorted sets.

use super::{
    super::{
        Reply,
        context::Context,
        reply::Outcome,
        request::integer,
        value::{Scores, Value, ordered},
        words::{Words, float},
    },
    sorted::listed,
};

/// Runs `name` if it combines sorted sets.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "zunion" | "zinter" | "zdiff" => combine(context, name, words, 1).map(|(scores, shown)| {
            let rows = ordered(&scores).into_iter().map(|(member, score)| (member.clone(), score));
            listed(rows.collect(), shown)
        }),
        "zunionstore" | "zinterstore" | "zdiffstore" => {
            combine(context, name, words, 2).and_then(|(scores, _)| {
                let count = scores.len();
                context.store(words.at(1), Value::Sorted(scores), Some(None))?;
                Ok(Reply::count(count))
            })
        }
        "zintercard" => cardinality(context, words),
        _ => return None,
    })
}

fn sources<'a>(name: &str, words: Words<'a>, index: usize) -> Result<(&'a [Vec<u8>], usize), Reply> {
    let count = words.integer(index)?;
    if count < 1 {
        return Err(Reply::error(format!("ERR at least 1 input key is needed for '{name}' command")));
    }
    let end = usize::try_from(count).unwrap_or(usize::MAX).saturating_add(index + 1);
    Ok((words.0.get(index + 1..end).ok_or_else(Reply::syntax)?, end))
}

/// A set counts as a sorted set whose scores are 1.
fn scores_of(context: &mut Context<'_>, key: &[u8]) -> Result<Scores, Reply> {
    let value = context.value(key);
    context.spend(value.as_ref().map_or(0, Value::size))?;
    match value {
        None => Ok(Scores::new()),
        Some(Value::Sorted(scores)) => Ok(scores),
        Some(Value::Set(members)) => Ok(members.into_iter().map(|member| (member, 1.0)).collect()),
        Some(_) => Err(Reply::wrong_type()),
    }
}

fn combine(
    context: &mut Context<'_>,
    name: &str,
    words: Words<'_>,
    index: usize,
) -> Result<(Scores, bool), Reply> {
    let (keys, mut at) = sources(name, words, index)?;
    let (mut weights, mut aggregate, mut shown) = (vec![1.0; keys.len()], "sum".to_owned(), false);
    while at < words.len() {
        match words.lower(at).as_str() {
            "weights" if at + keys.len() < words.len() && !name.starts_with("zdiff") => {
                for (number, weight) in weights.iter_mut().enumerate() {
                    let word = words.at(at + 1 + number);
                    *weight = float(word).ok_or_else(|| Reply::error("ERR weight value is not a float"))?;
                }
                at += keys.len();
            }
            "aggregate" if at + 1 < words.len() && !name.starts_with("zdiff") => {
                at += 1;
                aggregate = words.lower(at);
                if !matches!(aggregate.as_str(), "sum" | "min" | "max") {
                    return Err(Reply::syntax());
                }
            }
            "withscores" if !name.ends_with("store") => shown = true,
            _ => return Err(Reply::syntax()),
        }
        at += 1;
    }
    let join = |left: f64, right: f64| match aggregate.as_str() {
        "min" => left.min(right),
        "max" => left.max(right),
        _ => left + right,
    };
    let mut result = Scores::new();
    for (number, (key, weight)) in keys.iter().zip(weights).enumerate() {
        let next = scores_of(context, key)?;
        let weighted = next.iter().map(|(member, score)| (member.clone(), score * weight));
        if number == 0 {
            result = weighted.collect();
        } else if name.starts_with("zunion") {
            for (member, score) in weighted {
                result.entry(member).and_modify(|old| *old = join(*old, score)).or_insert(score);
            }
        } else if name.starts_with("zinter") {
            result.retain(|member, old| match next.get(member) {
                Some(score) => {
                    *old = join(*old, score * weight);
                    true
                }
                None => false,
            });
        } else {
            result.retain(|member, _| !next.contains_key(member));
        }
    }
    Ok((result, shown))
}

fn cardinality(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let refusal = || Reply::error("ERR numkeys should be greater than 0");
    integer(words.at(1)).filter(|count| *count > 0).ok_or_else(refusal)?;
    let (keys, end) = sources("zintercard", words, 1)?;
    let mut most = usize::MAX;
    if words.len() > end {
        if !words.is(end, "limit") || words.len() != end + 2 {
            return Err(Reply::syntax());
        }
        let limit = usize::try_from(words.integer(end + 1)?);
        let limit = limit.map_err(|_| Reply::error("ERR LIMIT can't be negative"))?;
        most = if limit == 0 { usize::MAX } else { limit };
    }
    let mut result: Option<Scores> = None;
    for key in keys {
        let next = scores_of(context, key)?;
        match &mut result {
            None => result = Some(next),
            Some(result) => result.retain(|member, _| next.contains_key(member)),
        }
    }
    Ok(Reply::count(result.unwrap_or_default().len().min(most)))
}
