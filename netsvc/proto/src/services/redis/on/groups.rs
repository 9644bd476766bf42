//! Groups of consumers of streams, and XINFO.

use super::{
    super::{
        Reply,
        context::Context,
        memory::ELEMENT,
        reply::Outcome,
        stream::{Fields, Group, Id},
        words::{Words, text},
    },
    streams::{end, entry, ids, invalid, no_group},
};

/// Runs `name` if it is a command on groups.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "xgroup" => group(context, words),
        "xack" => acknowledge(context, words),
        "xpending" => pending(context, words),
        "xclaim" | "xautoclaim" => claim(context, name, words),
        "xinfo" => info(context, words),
        _ => return None,
    })
}

fn group(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let (verb, key, name) = (words.lower(1), words.at(2), words.at(3));
    let make = (5..words.len()).any(|index| words.is(index, "mkstream"));
    if context.stream(key)?.is_none() && !(verb == "create" && make) {
        return Err(Reply::error(
            "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the \
             MKSTREAM option to create an empty stream automatically.",
        ));
    }
    let id = |last: Id| match words.at(4) {
        b"$" => Ok(last),
        word => Id::parse(word, 0).ok_or_else(invalid),
    };
    let now = context.now / 1000;
    let stream = context.edit_stream(key, name.len() + words.at(4).len() + 2 * ELEMENT)?;
    let last = stream.last;
    if verb == "create" {
        if stream.groups.contains_key(name) {
            return Err(Reply::error("BUSYGROUP Consumer Group name already exists"));
        }
        stream.groups.insert(name.to_vec(), Group { last: id(last)?, ..Group::default() });
        return Ok(Reply::ok());
    }
    if verb == "destroy" {
        return Ok(Reply::flag(stream.groups.remove(name).is_some()));
    }
    let Some(known) = stream.groups.get_mut(name) else {
        return Err(Reply::error(format!(
            "NOGROUP No such consumer group '{}' for key name '{}'",
            text(name),
            text(key)
        )));
    };
    match verb.as_str() {
        "setid" => {
            known.last = id(last)?;
            Ok(Reply::ok())
        }
        "createconsumer" => Ok(Reply::flag(known.consumers.insert(words.at(4).to_vec(), now).is_none())),
        "delconsumer" => {
            let before = known.pending.len();
            known.pending.retain(|_, (owner, ..)| owner != words.at(4));
            known.consumers.remove(words.at(4));
            Ok(Reply::count(before - known.pending.len()))
        }
        _ => context.unknown_subcommand(words),
    }
}

fn acknowledge(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let ids = ids(words, 3)?;
    if context.stream(words.at(1))?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let stream = context.edit_stream(words.at(1), 0)?;
    let Some(group) = stream.groups.get_mut(words.at(2)) else { return Ok(Reply::Integer(0)) };
    Ok(Reply::count(ids.iter().filter(|id| group.pending.remove(id).is_some()).count()))
}

fn pending(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let now = context.now / 1000;
    let missing = || no_group(words.at(1), words.at(2), "");
    let stream = context.stream(words.at(1))?.ok_or_else(missing)?;
    let group = stream.groups.get(words.at(2)).ok_or_else(missing)?;
    if words.len() > 3 {
        let first = if words.is(3, "idle") { 5 } else { 3 };
        if words.len() < first + 3 {
            return Err(Reply::syntax());
        }
        let (low, high) = (end(words.at(first), true)?, end(words.at(first + 1), false)?);
        let most = usize::try_from(words.integer(first + 2)?).unwrap_or(0);
        let owner = words.0.get(first + 3);
        let rows = group
            .pending
            .iter()
            .filter(|(id, row)| (low..=high).contains(*id) && owner.is_none_or(|owner| *owner == row.0));
        let shown = rows.take(most).map(|(id, (owner, at, count))| {
            let count = i64::try_from(*count).unwrap_or(0);
            let words = [Reply::bulk(id.to_string()), Reply::bulk(owner)];
            Reply::Array(words.into_iter().chain([Reply::Integer(now - at), Reply::Integer(count)]).collect())
        });
        return Ok(Reply::Array(shown.collect()));
    }
    let (Some((first, _)), Some((last, _))) =
        (group.pending.first_key_value(), group.pending.last_key_value())
    else {
        return Ok(Reply::Array(vec![Reply::Integer(0), Reply::Null, Reply::Null, Reply::NullArray]));
    };
    let owners = group.consumers.keys().filter_map(|name| {
        let count = group.pending.values().filter(|(owner, ..)| owner == name).count();
        (count > 0).then(|| Reply::list([name.clone(), count.to_string().into_bytes()]))
    });
    Ok(Reply::Array(vec![
        Reply::count(group.pending.len()),
        Reply::bulk(first.to_string()),
        Reply::bulk(last.to_string()),
        Reply::Array(owners.collect()),
    ]))
}

fn claim(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let (key, group, owner) = (words.at(1), words.at(2), words.at(3));
    let idle = words.integer(4).map_err(|_| {
        Reply::error(format!("ERR Invalid min-idle-time argument for {}", name.to_uppercase()))
    })?;
    if !context.stream(key)?.is_some_and(|stream| stream.groups.contains_key(group)) {
        return Err(no_group(key, group, ""));
    }
    let wanted = if name == "xclaim" { Some(ids(words, 5)?) } else { None };
    let from = if wanted.is_none() { end(words.at(5), true)? } else { Id::default() };
    let now = context.now / 1000;
    let stream = context.edit_stream(key, ELEMENT)?;
    let Some(known) = stream.groups.get_mut(group) else { return Err(no_group(key, group, "")) };
    let mut rows = Vec::new();
    for (id, row) in known.pending.range_mut(from..).take(if wanted.is_none() { 100 } else { usize::MAX }) {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(id)) || now - row.1 < idle {
            continue;
        }
        *row = (owner.to_vec(), now, row.2 + 1);
        rows.extend(stream.entries.get(id).map(|fields| entry(*id, fields)));
    }
    known.consumers.insert(owner.to_vec(), now);
    if wanted.is_some() {
        return Ok(Reply::Array(rows));
    }
    Ok(Reply::Array(vec![Reply::bulk("0-0"), Reply::Array(rows), Reply::Array(Vec::new())]))
}

fn named(pairs: Vec<(&str, Reply)>) -> Reply {
    Reply::Map(pairs.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
}

fn number(value: u64) -> Reply {
    Reply::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn info(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let now = context.now / 1000;
    let stream = context.stream(words.at(2))?.ok_or_else(Reply::no_key)?;
    let edge = |found: Option<(&Id, &Fields)>| found.map_or(Reply::Null, |(id, fields)| entry(*id, fields));
    match words.lower(1).as_str() {
        "groups" => Ok(Reply::Array(
            stream
                .groups
                .iter()
                .map(|(name, group)| {
                    named(vec![
                        ("name", Reply::bulk(name)),
                        ("consumers", Reply::count(group.consumers.len())),
                        ("pending", Reply::count(group.pending.len())),
                        ("last-delivered-id", Reply::bulk(group.last.to_string())),
                        (
                            "entries-read",
                            number(stream.added - stream.entries.range(group.last.next()..).count() as u64),
                        ),
                        ("lag", Reply::count(stream.entries.range(group.last.next()..).count())),
                    ])
                })
                .collect(),
        )),
        "consumers" => {
            let group = stream.groups.get(words.at(3)).ok_or_else(|| {
                let (group, key) = (text(words.at(3)), text(words.at(2)));
                Reply::error(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
            })?;
            let shown = group.consumers.iter().map(|(name, seen)| {
                let count = group.pending.values().filter(|(owner, ..)| owner == name).count();
                named(vec![
                    ("name", Reply::bulk(name)),
                    ("pending", Reply::count(count)),
                    ("idle", Reply::Integer(now - seen)),
                ])
            });
            Ok(Reply::Array(shown.collect()))
        }
        _ => Ok(named(vec![
            ("length", Reply::count(stream.entries.len())),
            ("radix-tree-keys", Reply::Integer(1)),
            ("radix-tree-nodes", Reply::Integer(2)),
            ("last-generated-id", Reply::bulk(stream.last.to_string())),
            ("max-deleted-entry-id", Reply::bulk("0-0")),
            ("entries-added", number(stream.added)),
            (
                "recorded-first-entry-id",
                stream
                    .entries
                    .keys()
                    .next()
                    .map_or_else(|| Reply::bulk("0-0"), |id| Reply::bulk(id.to_string())),
            ),
            ("groups", Reply::count(stream.groups.len())),
            ("first-entry", edge(stream.entries.first_key_value())),
            ("last-entry", edge(stream.entries.last_key_value())),
        ])),
    }
}
