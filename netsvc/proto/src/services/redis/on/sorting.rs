//! SORT.

use super::super::{
    Reply,
    context::Context,
    memory::ELEMENT,
    reply::Outcome,
    value::{Value, members, ordered},
    words::{Words, float},
};

#[derive(Default)]
struct Order {
    descending: bool,
    alphabetic: bool,
    by: Option<Vec<u8>>,
    gets: Vec<Vec<u8>>,
    limit: Option<(i64, i64)>,
    store: Option<Vec<u8>>,
}

/// Runs `name` if it sorts.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    matches!(name, "sort" | "sort_ro").then(|| sort(context, name, words))
}

fn order(name: &str, words: Words<'_>) -> Result<Order, Reply> {
    let mut order = Order::default();
    let mut index = 2;
    while index < words.len() {
        let more = words.len() - index - 1;
        match words.lower(index).as_str() {
            "asc" => order.descending = false,
            "desc" => order.descending = true,
            "alpha" => order.alphabetic = true,
            "limit" if more >= 2 => {
                order.limit = Some((words.integer(index + 1)?, words.integer(index + 2)?));
                index += 2;
            }
            "by" if more >= 1 => {
                order.by = Some(words.at(index + 1).to_vec());
                index += 1;
            }
            "get" if more >= 1 => {
                order.gets.push(words.at(index + 1).to_vec());
                index += 1;
            }
            "store" if more >= 1 && name == "sort" => {
                order.store = Some(words.at(index + 1).to_vec());
                index += 1;
            }
            _ => return Err(Reply::syntax()),
        }
        index += 1;
    }
    Ok(order)
}

/// What a pattern with `*` (and perhaps `->field`) finds for `item`, and what that costs.
fn looked_up(context: &mut Context<'_>, pattern: &[u8], item: &[u8]) -> Result<Option<Vec<u8>>, Reply> {
    let found = found(context, pattern, item);
    context.spend(ELEMENT + pattern.len() + item.len() + found.as_ref().map_or(0, Vec::len))?;
    Ok(found)
}

fn found(context: &mut Context<'_>, pattern: &[u8], item: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(item.to_vec());
    }
    let star = pattern.iter().position(|byte| *byte == b'*')?;
    let arrow = pattern.windows(2).position(|pair| pair == b"->").filter(|at| *at > star);
    let end = arrow.unwrap_or(pattern.len());
    let key = [pattern.get(..star)?, item, pattern.get(star + 1..end)?].concat();
    match arrow.and_then(|at| pattern.get(at + 2..)).filter(|field| !field.is_empty()) {
        Some(field) => context.hash(&key).ok()??.get(field).cloned(),
        None => context.text(&key).ok()?.cloned(),
    }
}

fn sort(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Outcome {
    let order = order(name, words)?;
    let mut items: Vec<Vec<u8>> = match context.value(words.at(1)) {
        None => Vec::new(),
        Some(Value::List(list)) => list.into(),
        Some(Value::Set(set)) => members(&set),
        Some(Value::Sorted(scores)) => {
            ordered(&scores).into_iter().map(|(member, _)| member.clone()).collect()
        }
        Some(_) => return Err(Reply::wrong_type()),
    };
    let unsorted = order.by.as_ref().is_some_and(|pattern| !pattern.contains(&b'*'));
    if !unsorted {
        sort_items(context, &order, &mut items)?;
        if order.descending {
            items.reverse();
        }
    }
    if let Some((offset, count)) = order.limit {
        let offset = usize::try_from(offset).unwrap_or(0);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        items = items.into_iter().skip(offset).take(count).collect();
    }
    let mut rows: Vec<Option<Vec<u8>>> = Vec::new();
    for item in items {
        if order.gets.is_empty() {
            rows.push(Some(item));
        } else {
            for pattern in &order.gets {
                rows.push(looked_up(context, pattern, &item)?);
            }
        }
    }
    let Some(target) = order.store else {
        return Ok(Reply::Array(rows.into_iter().map(Reply::maybe).collect()));
    };
    let count = rows.len();
    let list = rows.into_iter().map(Option::unwrap_or_default).collect();
    context.store(&target, Value::List(list), Some(None))?;
    Ok(Reply::count(count))
}

fn sort_items(context: &mut Context<'_>, order: &Order, items: &mut [Vec<u8>]) -> Result<(), Reply> {
    let mut weights = Vec::with_capacity(items.len());
    for item in items.iter() {
        weights.push(match &order.by {
            Some(pattern) => looked_up(context, pattern, item)?.unwrap_or_default(),
            None => item.clone(),
        });
    }
    let mut rows: Vec<(Vec<u8>, f64, Vec<u8>)> = Vec::with_capacity(items.len());
    for (item, weight) in items.iter().zip(weights) {
        let number = match (order.alphabetic, weight.is_empty()) {
            (true, _) | (false, true) => 0.0,
            _ => float(&weight)
                .ok_or_else(|| Reply::error("ERR One or more scores can't be converted into double"))?,
        };
        rows.push((weight, number, item.clone()));
    }
    if order.alphabetic {
        rows.sort_by(|left, right| left.0.cmp(&right.0).then_with(|| left.2.cmp(&right.2)));
    } else {
        rows.sort_by(|left, right| left.1.total_cmp(&right.1).then_with(|| left.2.cmp(&right.2)));
    }
    for (place, (_, _, item)) in items.iter_mut().zip(rows) {
        *place = item;
    }
    Ok(())
}
