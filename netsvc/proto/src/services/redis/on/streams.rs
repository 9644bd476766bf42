//! Commands on streams.

use super::super::{
    Reply,
    context::Context,
    memory::ELEMENT,
    reply::Outcome,
    request::integer,
    stream::{Fields, Id, Stream},
    words::{Words, text},
};

/// Runs `name` if it is a command on streams.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let key = words.at(1);
    Some(match name {
        "xadd" => add(context, words),
        "xlen" => context.stream(key).map(|stream| Reply::count(stream.map_or(0, |s| s.entries.len()))),
        "xrange" | "xrevrange" => range(context, name, words),
        "xread" | "xreadgroup" => read(context, name, words),
        "xdel" => remove(context, words),
        "xtrim" => trim(context, words),
        "xsetid" => set_id(context, words),
        _ => return None,
    })
}

pub(super) fn invalid() -> Reply {
    Reply::error("ERR Invalid stream ID specified as stream command argument")
}

pub(super) fn entry(id: Id, fields: &Fields) -> Reply {
    Reply::Array(vec![Reply::bulk(id.to_string()), Reply::list(fields)])
}

pub(super) fn no_group(key: &[u8], group: &[u8], rest: &str) -> Reply {
    Reply::error(format!("NOGROUP No such key '{}' or consumer group '{}'{rest}", text(key), text(group)))
}

/// MAXLEN or MINID at `index`, applied to a stream later, and the index behind it.
fn bound(words: Words<'_>, index: usize) -> Result<(Trim, usize), Reply> {
    let by_id = words.is(index, "minid");
    let mut at = index + 1;
    if matches!(words.at(at), b"~" | b"=") {
        at += 1;
    }
    let word = words.at(at);
    let trim = if by_id {
        Trim::Below(Id::parse(word, 0).ok_or_else(invalid)?)
    } else {
        let number = integer(word).ok_or_else(Reply::not_integer)?;
        let most = usize::try_from(number);
        Trim::Length(most.map_err(|_| Reply::error("ERR The MAXLEN argument must be >= 0."))?)
    };
    at += 1;
    if words.is(at, "limit") {
        at += 2;
    }
    Ok((trim, at))
}

#[derive(Clone, Copy)]
enum Trim {
    Length(usize),
    Below(Id),
}

fn cut(stream: &mut Stream, trim: Trim) -> usize {
    let before = stream.entries.len();
    match trim {
        Trim::Length(most) => {
            while stream.entries.len() > most {
                stream.entries.pop_first();
            }
        }
        Trim::Below(id) => stream.entries = stream.entries.split_off(&id),
    }
    before - stream.entries.len()
}

fn new_id(word: &[u8], last: Id, now: i64) -> Result<Id, Reply> {
    let time = u64::try_from(now / 1000).unwrap_or(0);
    let id = if word == b"*" {
        Id(time, 0).max(last.next())
    } else if let Some(part) = word.strip_suffix(b"-*") {
        let time = Id::parse(part, 0).ok_or_else(invalid)?.0;
        if time == last.0 { last.next() } else { Id(time, 0) }
    } else {
        Id::parse(word, 0).ok_or_else(invalid)?
    };
    if id == Id(0, 0) {
        return Err(Reply::error("ERR The ID specified in XADD must be greater than 0-0"));
    }
    if id <= last {
        return Err(Reply::error(
            "ERR The ID specified in XADD is equal or smaller than the target stream top item",
        ));
    }
    Ok(id)
}

fn add(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (mut make, mut trim, mut index) = (true, None, 2);
    loop {
        match words.lower(index).as_str() {
            "nomkstream" => {
                make = false;
                index += 1;
            }
            "maxlen" | "minid" => {
                let (bound, next) = bound(words, index)?;
                trim = Some(bound);
                index = next;
            }
            _ => break,
        }
    }
    let fields = words.from(index + 1);
    let word = words.at(index);
    let time = word.strip_suffix(b"-*").unwrap_or(word);
    if word != b"*" && Id::parse(time, 0).is_none() {
        return Err(invalid());
    }
    if fields.is_empty() || fields.len() % 2 == 1 {
        return Err(Reply::arity("xadd"));
    }
    let stream = context.stream(words.at(1))?;
    if stream.is_none() && !make {
        return Ok(Reply::Null);
    }
    let last = stream.map_or(Id::default(), |stream| stream.last);
    let id = new_id(word, last, context.now)?;
    let stream = context.edit_stream(words.at(1), words.cost(index + 1) + ELEMENT)?;
    stream.entries.insert(id, fields.to_vec());
    stream.last = id;
    stream.added += 1;
    if let Some(trim) = trim {
        cut(stream, trim);
    }
    Ok(Reply::bulk(id.to_string()))
}

/// An end of a range; `low` is the first.
pub(super) fn end(word: &[u8], low: bool) -> Result<Id, Reply> {
    let (open, word) = word.strip_prefix(b"(").map_or((false, word), |word| (true, word));
    let id = match word {
        b"-" => Id(0, 0),
        b"+" => Id(u64::MAX, u64::MAX),
        _ => Id::parse(word, if low { 0 } else { u64::MAX }).ok_or_else(invalid)?,
    };
    Ok(match (open, low) {
        (false, _) => id,
        (true, true) => id.next(),
        (true, false) if id.1 > 0 => Id(id.0, id.1 - 1),
        (true, false) => Id(id.0.saturating_sub(1), u64::MAX),
    })
}

fn range(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let reversed = name == "xrevrange";
    let (low, high) = if reversed { (3, 2) } else { (2, 3) };
    let (low, high) = (end(words.at(low), true)?, end(words.at(high), false)?);
    let mut most = usize::MAX;
    if words.len() > 4 {
        if !words.is(4, "count") || words.len() != 6 {
            return Err(Reply::syntax());
        }
        most = usize::try_from(words.integer(5)?).unwrap_or(0);
    }
    let Some(stream) = context.stream(words.at(1))?.filter(|_| low <= high) else {
        return Ok(Reply::Array(Vec::new()));
    };
    let found = stream.entries.range(low..=high);
    let rows = if reversed {
        found.rev().take(most).map(|(id, fields)| entry(*id, fields)).collect()
    } else {
        found.take(most).map(|(id, fields)| entry(*id, fields)).collect()
    };
    Ok(Reply::Array(rows))
}

fn read(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let grouped = name == "xreadgroup";
    let (mut most, mut group, mut quiet, mut index) = (usize::MAX, None, false, 1);
    while index < words.len() && !words.is(index, "streams") {
        match words.lower(index).as_str() {
            "count" => {
                let count = usize::try_from(words.integer(index + 1)?).unwrap_or(0);
                most = if count == 0 { usize::MAX } else { count };
                index += 2;
            }
            "block" => {
                let time = integer(words.at(index + 1));
                if time.ok_or_else(|| Reply::error("ERR timeout is not an integer or out of range"))? < 0 {
                    return Err(Reply::error("ERR timeout is negative"));
                }
                index += 2;
            }
            "group" if grouped => {
                group = Some((words.at(index + 1), words.at(index + 2)));
                index += 3;
            }
            "noack" if grouped => {
                quiet = true;
                index += 1;
            }
            _ => return Err(Reply::syntax()),
        }
    }
    let rest = words.from(index + 1);
    if rest.is_empty() {
        return Err(Reply::syntax());
    }
    if rest.len() % 2 == 1 {
        let sign = if grouped { ">" } else { "$" };
        return Err(Reply::error(format!(
            "ERR Unbalanced '{name}' list of streams: for each stream key an ID or '{sign}' must be specified."
        )));
    }
    if grouped && group.is_none() {
        return Err(Reply::error("ERR Missing GROUP option for XREADGROUP"));
    }
    let (keys, ids) = rest.split_at(rest.len() / 2);
    let mut found = Vec::new();
    for (key, id) in keys.iter().zip(ids) {
        let rows = match group {
            Some((group, consumer)) => for_group(context, key, id, (group, consumer), most, quiet)?,
            None => after(context, key, id, most)?,
        };
        context.spend(rows.iter().map(Reply::size).sum())?;
        // Only new entries may be missing from the answer: a consumer's own history is shown when it is empty.
        if !rows.is_empty() || (grouped && id != b">") {
            found.push((Reply::bulk(key), Reply::Array(rows)));
        }
    }
    Ok(listed(context.client.third, found))
}

/// Streams with their entries: a map in RESP3, pairs in RESP2.
fn listed(third: bool, found: Vec<(Reply, Reply)>) -> Reply {
    if found.is_empty() {
        return Reply::NullArray;
    }
    if third {
        return Reply::Map(found);
    }
    Reply::Array(found.into_iter().map(|(key, rows)| Reply::Array(vec![key, rows])).collect())
}

fn after(context: &mut Context<'_>, key: &[u8], id: &[u8], most: usize) -> Result<Vec<Reply>, Reply> {
    let stream = context.stream(key)?;
    let from = if id == b"$" {
        stream.map_or(Id::default(), |stream| stream.last)
    } else {
        Id::parse(id, 0).ok_or_else(invalid)?
    };
    let entries = stream.into_iter().flat_map(|stream| stream.entries.range(from.next()..));
    Ok(entries.take(most).map(|(id, fields)| entry(*id, fields)).collect())
}

fn for_group(
    context: &mut Context<'_>,
    key: &[u8],
    id: &[u8],
    (group, consumer): (&[u8], &[u8]),
    most: usize,
    quiet: bool,
) -> Result<Vec<Reply>, Reply> {
    let missing = || no_group(key, group, " in XREADGROUP with GROUP option");
    if !context.stream(key)?.is_some_and(|stream| stream.groups.contains_key(group)) {
        return Err(missing());
    }
    let now = context.now / 1000;
    let stream = context.edit_stream(key, ELEMENT)?;
    let Some(known) = stream.groups.get_mut(group) else { return Err(missing()) };
    known.consumers.insert(consumer.to_vec(), now);
    if id != b">" {
        let from = Id::parse(id, 0).ok_or_else(invalid)?;
        let own = known.pending.range(from.next()..).filter(|(_, (owner, ..))| owner == consumer).take(most);
        return Ok(own
            .map(|(id, _)| match stream.entries.get(id) {
                Some(fields) => entry(*id, fields),
                None => Reply::Array(vec![Reply::bulk(id.to_string()), Reply::NullArray]),
            })
            .collect());
    }
    let mut rows = Vec::new();
    for (id, fields) in stream.entries.range(known.last.next()..).take(most) {
        rows.push(entry(*id, fields));
        known.last = *id;
        known.read += 1;
        if !quiet {
            known.pending.insert(*id, (consumer.to_vec(), now, 1));
        }
    }
    Ok(rows)
}

pub(super) fn ids(words: Words<'_>, index: usize) -> Result<Vec<Id>, Reply> {
    words.from(index).iter().map(|word| Id::parse(word, 0).ok_or_else(invalid)).collect()
}

fn remove(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let ids = ids(words, 2)?;
    if context.stream(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let stream = context.edit_stream(words.at(1), 0)?;
    Ok(Reply::count(ids.iter().filter(|id| stream.entries.remove(id).is_some()).count()))
}

fn trim(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if !words.is(2, "maxlen") && !words.is(2, "minid") {
        return Err(Reply::syntax());
    }
    let (trim, end) = bound(words, 2)?;
    if end < words.len() {
        return Err(Reply::syntax());
    }
    if context.stream(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    Ok(Reply::count(cut(context.edit_stream(words.at(1), 0)?, trim)))
}

fn set_id(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let id = Id::parse(words.at(2), 0).ok_or_else(invalid)?;
    let stream = context.stream(words.at(1))?.ok_or_else(Reply::no_key)?;
    if stream.entries.keys().next_back().is_some_and(|top| id < *top) {
        return Err(Reply::error(
            "ERR The ID specified in XSETID is smaller than the target stream top item",
        ));
    }
    context.edit_stream(words.at(1), 0)?.last = id;
    Ok(Reply::ok())
}
