//! Commands on strings.

use super::super::{
    Reply,
    context::{Context, range},
    reply::{Outcome, trimmed},
    request::integer,
    value::Value,
    words::{Words, float},
};

/// Longest string, bytes (`proto-max-bulk-len` of the server is 512 MiB; memory ends earlier here).
pub(super) const LONGEST: usize = 8 << 20;

/// Runs `name` if it is a command on strings.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "get" => context.text(words.at(1)).map(|text| Reply::maybe(text.cloned())),
        "getdel" => get_and_remove(context, words),
        "getex" => get_and_expire(context, words),
        "getset" => get_and_set(context, words),
        "strlen" => context.text(words.at(1)).map(|text| Reply::count(text.map_or(0, Vec::len))),
        "getrange" | "substr" => part(context, words),
        "mget" => {
            let texts: Result<Vec<Reply>, Reply> =
                words.from(1).iter().map(|key| one_of_many(context, key)).collect();
            texts.map(Reply::Array)
        }
        "set" => set(context, words),
        "setnx" => set_new(context, words),
        "setex" | "psetex" => set_for(context, name, words),
        "setrange" => overwrite(context, words),
        "append" => append(context, words),
        "mset" | "msetnx" => set_many(context, name, words),
        "incr" | "decr" | "incrby" | "decrby" => add(context, name, words),
        "incrbyfloat" => add_float(context, words),
        "lcs" => common(context, words),
        _ => return None,
    })
}

fn one_of_many(context: &mut Context<'_>, key: &[u8]) -> Outcome {
    let text = context.text(key).ok().flatten().cloned();
    context.spend(text.as_ref().map_or(0, Vec::len))?;
    Ok(Reply::maybe(text))
}

fn get_and_remove(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let text = context.text(words.at(1))?.cloned();
    context.remove(words.at(1));
    Ok(Reply::maybe(text))
}

fn get_and_set(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let old = context.text(words.at(1))?.cloned();
    context.store(words.at(1), Value::Text(words.at(2).to_vec()), Some(None))?;
    Ok(Reply::maybe(old))
}

fn part(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (from, to) = (words.integer(2)?, words.integer(3)?);
    let text = context.text(words.at(1))?.map(Vec::as_slice).unwrap_or_default();
    Ok(Reply::bulk(text.get(range(from, to, text.len())).unwrap_or_default()))
}

/// When a key expires, by an option's unit and amount, µs.
fn expiry(context: &Context<'_>, unit: &str, amount: &[u8], name: &str) -> Result<i64, Reply> {
    let amount = integer(amount).ok_or_else(Reply::not_integer)?;
    let scale = if unit.starts_with('p') { 1000 } else { 1_000_000 };
    let base = if unit.ends_with("at") { 0 } else { context.now };
    let at = Some(amount).filter(|amount| *amount > 0).and_then(|amount| amount.checked_mul(scale));
    at.and_then(|at| at.checked_add(base))
        .ok_or_else(|| Reply::error(format!("ERR invalid expire time in '{name}' command")))
}

fn get_and_expire(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let expires = match (words.lower(2).as_str(), words.len()) {
        ("", 2) => None,
        ("persist", 3) => Some(None),
        (unit @ ("ex" | "px" | "exat" | "pxat"), 4) => {
            Some(Some(expiry(context, unit, words.at(3), "getex")?))
        }
        _ => return Err(Reply::syntax()),
    };
    let text = context.text(words.at(1))?.cloned();
    if let (Some(expires), true) = (expires, text.is_some()) {
        context.keys.set_expiry(context.client.database, words.at(1), expires);
    }
    Ok(Reply::maybe(text))
}

#[derive(Default)]
struct Options {
    new: bool,
    old: bool,
    get: bool,
    keep: bool,
    expires: Option<i64>,
}

fn options(context: &Context<'_>, words: Words<'_>) -> Result<Options, Reply> {
    let mut options = Options::default();
    let mut unit = None;
    let mut index = 3;
    while index < words.len() {
        let timed = unit.is_some() || options.keep;
        match words.lower(index).as_str() {
            "nx" if !options.old => options.new = true,
            "xx" if !options.new => options.old = true,
            "get" => options.get = true,
            "keepttl" if !timed => options.keep = true,
            "ex" | "px" | "exat" | "pxat" if !timed && index + 1 < words.len() => {
                unit = Some(index);
                index += 1;
            }
            _ => return Err(Reply::syntax()),
        }
        index += 1;
    }
    if let Some(index) = unit {
        options.expires = Some(expiry(context, &words.lower(index), words.at(index + 1), "set")?);
    }
    Ok(options)
}

fn set(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let options = options(context, words)?;
    let key = words.at(1);
    let old = if options.get { context.text(key)?.cloned() } else { None };
    let there = context.exists(key);
    if (options.new && there) || (options.old && !there) {
        return Ok(Reply::maybe(old));
    }
    let expires = if options.keep { None } else { Some(options.expires) };
    context.store(key, Value::Text(words.at(2).to_vec()), expires)?;
    Ok(if options.get { Reply::maybe(old) } else { Reply::ok() })
}

fn set_new(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if context.exists(words.at(1)) {
        return Ok(Reply::Integer(0));
    }
    context.store(words.at(1), Value::Text(words.at(2).to_vec()), Some(None))?;
    Ok(Reply::Integer(1))
}

fn set_for(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let unit = if name == "setex" { "ex" } else { "px" };
    let at = expiry(context, unit, words.at(2), name)?;
    context.store(words.at(1), Value::Text(words.at(3).to_vec()), Some(Some(at)))?;
    Ok(Reply::ok())
}

fn too_long() -> Reply {
    Reply::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
}

fn overwrite(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let offset = words.integer(2)?;
    let offset = usize::try_from(offset).map_err(|_| Reply::error("ERR offset is out of range"))?;
    let piece = words.at(3);
    let old = context.text(words.at(1))?.map_or(0, Vec::len);
    if piece.is_empty() {
        return Ok(Reply::count(old));
    }
    let end = offset.checked_add(piece.len()).filter(|end| *end <= LONGEST).ok_or_else(too_long)?;
    let text = context.edit_text(words.at(1), end.saturating_sub(old))?;
    if text.len() < end {
        text.resize(end, 0);
    }
    if let Some(place) = text.get_mut(offset..end) {
        place.copy_from_slice(piece);
    }
    Ok(Reply::count(text.len()))
}

fn append(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let old = context.text(words.at(1))?.map_or(0, Vec::len);
    if LONGEST < old + words.at(2).len() {
        return Err(too_long());
    }
    let text = context.edit_text(words.at(1), words.at(2).len())?;
    text.extend_from_slice(words.at(2));
    Ok(Reply::count(text.len()))
}

fn set_many(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let pairs = words.from(1);
    if pairs.len() % 2 == 1 {
        return Err(Reply::arity(name));
    }
    let fresh = name == "msetnx";
    if fresh && pairs.iter().step_by(2).any(|key| context.exists(key)) {
        return Ok(Reply::Integer(0));
    }
    for pair in pairs.chunks(2) {
        if let [key, value] = pair {
            context.store(key, Value::Text(value.clone()), Some(None))?;
        }
    }
    Ok(if fresh { Reply::Integer(1) } else { Reply::ok() })
}

fn add(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let amount = if words.len() > 2 { words.integer(2)? } else { 1 };
    let amount = if name.starts_with("decr") {
        amount.checked_neg().ok_or_else(|| Reply::error("ERR decrement would overflow"))?
    } else {
        amount
    };
    let old = match context.text(words.at(1))? {
        Some(text) => integer(text).ok_or_else(Reply::not_integer)?,
        None => 0,
    };
    let sum = old.checked_add(amount);
    let sum = sum.ok_or_else(|| Reply::error("ERR increment or decrement would overflow"))?;
    context.store(words.at(1), Value::Text(sum.to_string().into_bytes()), None)?;
    Ok(Reply::Integer(sum))
}

/// The sum of `old` and `amount` as the server writes it.
pub(super) fn float_sum(old: f64, amount: f64) -> Result<String, Reply> {
    let sum = old + amount;
    if !sum.is_finite() {
        return Err(Reply::error("ERR increment would produce NaN or Infinity"));
    }
    Ok(trimmed(&format!("{sum}")).to_owned())
}

fn add_float(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let refusal = || Reply::error("ERR value is not a valid float");
    let old = match context.text(words.at(1))? {
        Some(text) => float(text).ok_or_else(refusal)?,
        None => 0.0,
    };
    let sum = float_sum(old, float(words.at(2)).ok_or_else(refusal)?)?;
    context.store(words.at(1), Value::Text(sum.clone().into_bytes()), None)?;
    Ok(Reply::bulk(sum))
}

/// LCS with its table bounded: the server's own bound is memory.
fn common(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    const CELLS: usize = 4 << 20;
    let mut sides = Vec::new();
    for index in [1, 2] {
        let refusal = |_| Reply::error("ERR The specified keys must contain string values");
        sides.push(context.text(words.at(index)).map_err(refusal)?.cloned().unwrap_or_default());
    }
    let (right, left) = (sides.pop().unwrap_or_default(), sides.pop().unwrap_or_default());
    let (width, mut only_length) = (right.len() + 1, false);
    for index in 3..words.len() {
        match words.lower(index).as_str() {
            "len" => only_length = true,
            _ => return Err(Reply::syntax()),
        }
    }
    if CELLS < width.saturating_mul(left.len() + 1) {
        return Err(Reply::error(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let table = lengths(&left, &right);
    let cell = |row: usize, column: usize| table.get(row * width + column).copied().unwrap_or(0);
    if only_length {
        return Ok(Reply::Integer(i64::from(cell(left.len(), right.len()))));
    }
    let (mut row, mut column, mut found) = (left.len(), right.len(), Vec::new());
    while row > 0 && column > 0 {
        if left.get(row - 1) == right.get(column - 1) {
            found.extend(left.get(row - 1));
            (row, column) = (row - 1, column - 1);
        } else if cell(row - 1, column) > cell(row, column - 1) {
            row -= 1;
        } else {
            column -= 1;
        }
    }
    found.reverse();
    Ok(Reply::Bulk(found))
}

fn lengths(left: &[u8], right: &[u8]) -> Vec<u32> {
    let width = right.len() + 1;
    let mut table = vec![0_u32; width * (left.len() + 1)];
    for (row, byte) in left.iter().enumerate() {
        for (column, other) in right.iter().enumerate() {
            let at = |row: usize, column: usize| table.get(row * width + column).copied().unwrap_or(0);
            let value = if byte == other {
                at(row, column) + 1
            } else {
                at(row, column + 1).max(at(row + 1, column))
            };
            if let Some(cell) = table.get_mut((row + 1) * width + column + 1) {
                *cell = value;
            }
        }
    }
    table
}
