//! Which documents a query finds, and in which order they come.
//!
//! Source: "Query and Projection Operators", "Query for Null or Missing Fields".

use super::{
    bson::{Doc, Value},
    effort::{Effort, NAMES},
    expression,
    fault::Fault,
    path::{reach, reach_within},
};
use std::cmp::Ordering;

/// Most fields by which documents are ordered.
const KEYS: usize = 32;

/// Whether `doc` is what `filter` asks for.
pub(super) fn matches(filter: &Doc, doc: &Doc, effort: &mut Effort) -> Result<bool, Fault> {
    for (name, wanted) in &filter.0 {
        effort.step()?;
        let fits = match (name.as_str(), wanted) {
            ("$and" | "$or" | "$nor", Value::Array(parts)) => several(name, parts, doc, effort)?,
            ("$and" | "$or" | "$nor", _) => {
                return Err(Fault::bad(format!("{name} argument must be an array")));
            }
            ("$expr", expression) => expression::value(expression, doc, effort)?.truth(),
            ("$comment", _) => true,
            ("$where", _) => {
                effort.script = true;
                return Err(Fault::bad("no globalScriptEngine in $where parsing"));
            }
            ("$text", _) => return Err(Fault::new(27, "text index required for $text query")),
            (other, _) if other.starts_with('$') => {
                return Err(Fault::bad(format!("unknown top level operator: {other}")));
            }
            (path, Value::Document(operators)) if is_operators(operators) => {
                field(&reach_within(doc, path, effort)?, operators, effort)?
            }
            (path, Value::Regex(pattern, options)) => {
                let found = reach_within(doc, path, effort)?;
                found.iter().any(|value| value.same(wanted)) || searched(&found, pattern, options, effort)?
            }
            (path, wanted) => equal(&reach_within(doc, path, effort)?, wanted, effort)?,
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn several(name: &str, parts: &[Value], doc: &Doc, effort: &mut Effort) -> Result<bool, Fault> {
    if parts.is_empty() {
        return Err(Fault::bad("$and/$or/$nor must be a nonempty array"));
    }
    let mut any = false;
    for part in parts {
        let part = part.doc().ok_or_else(|| Fault::bad("$or/$and/$nor entries need to be full objects"))?;
        let fits = matches(part, doc, effort)?;
        if name == "$and" && !fits {
            return Ok(false);
        }
        any |= fits;
    }
    Ok(match name {
        "$and" => true,
        "$or" => any,
        _ => !any,
    })
}

fn is_operators(doc: &Doc) -> bool {
    doc.0.first().is_some_and(|(name, _)| name.starts_with('$') && name != "$ref" && name != "$id")
}

/// `found` and, of arrays among them, what is inside.
fn inside<'a>(found: &[&'a Value]) -> impl Iterator<Item = &'a Value> {
    let parts = found.iter().flat_map(|value| {
        let inner = value.array().unwrap_or_default();
        std::iter::once(*value).chain(inner)
    });
    parts.collect::<Vec<_>>().into_iter()
}

fn equal(found: &[&Value], wanted: &Value, effort: &mut Effort) -> Result<bool, Fault> {
    if found.is_empty() {
        return Ok(matches!(wanted, Value::Null));
    }
    for value in inside(found) {
        effort.step()?;
        if value.same(wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn searched(found: &[&Value], pattern: &str, options: &str, effort: &mut Effort) -> Result<bool, Fault> {
    let values: Vec<&str> = inside(found).filter_map(Value::text).collect();
    let regex = effort.pattern(pattern, options)?;
    Ok(values.iter().any(|text| regex.is_match(text)))
}

fn field(found: &[&Value], operators: &Doc, effort: &mut Effort) -> Result<bool, Fault> {
    for (name, wanted) in &operators.0 {
        if !operator(found, name, wanted, operators, effort)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn operator(
    found: &[&Value],
    name: &str,
    wanted: &Value,
    beside: &Doc,
    effort: &mut Effort,
) -> Result<bool, Fault> {
    effort.step()?;
    let compared = |fits: fn(Ordering) -> bool| {
        Ok(inside(found).any(|value| value.alike(wanted) && fits(value.order(wanted))))
    };
    match name {
        "$eq" => equal(found, wanted, effort),
        "$ne" => Ok(!equal(found, wanted, effort)?),
        "$gt" => compared(Ordering::is_gt),
        "$gte" => compared(Ordering::is_ge),
        "$lt" => compared(Ordering::is_lt),
        "$lte" => compared(Ordering::is_le),
        "$in" | "$nin" | "$all" => of_several(found, name, wanted, effort),
        "$exists" => Ok(found.is_empty() != wanted.truth()),
        "$type" => {
            let named: Vec<&Value> = wanted.array().map_or_else(|| vec![wanted], |all| all.iter().collect());
            Ok(inside(found).any(|value| named.iter().any(|name| is_type(value, name))))
        }
        "$regex" => {
            let (pattern, own) = match wanted {
                Value::Regex(pattern, options) => (pattern.as_str(), options.as_str()),
                other => (other.text().ok_or_else(|| Fault::bad("$regex has to be a string"))?, ""),
            };
            let options = beside.get("$options").and_then(Value::text).unwrap_or(own);
            searched(found, pattern, options, effort)
        }
        "$options" => Ok(true),
        "$not" => match wanted {
            Value::Regex(pattern, options) => Ok(!searched(found, pattern, options, effort)?),
            Value::Document(operators) => Ok(!field(found, operators, effort)?),
            _ => Err(Fault::bad("$not needs a regex or a document")),
        },
        "$size" => Ok(found.iter().any(|value| {
            let size = value.array().and_then(|values| i64::try_from(values.len()).ok());
            size.is_some() && size == wanted.whole()
        })),
        "$elemMatch" => elements(found, wanted, effort),
        "$mod" => divided(found, wanted),
        other => Err(Fault::bad(format!("unknown operator: {other}"))),
    }
}

/// Operators whose argument is a list.
fn of_several(found: &[&Value], name: &str, wanted: &Value, effort: &mut Effort) -> Result<bool, Fault> {
    let wanted = wanted.array().ok_or_else(|| Fault::bad(format!("{name} needs an array")))?;
    let (mut any, mut every) = (false, !wanted.is_empty());
    for one in wanted {
        let fits = match one {
            Value::Regex(pattern, options) => searched(found, pattern, options, effort)?,
            other => equal(found, other, effort)?,
        };
        any |= fits;
        every &= fits;
    }
    Ok(match name {
        "$in" => any,
        "$nin" => !any,
        _ => every,
    })
}

fn divided(found: &[&Value], wanted: &Value) -> Result<bool, Fault> {
    let by = wanted.array().unwrap_or_default();
    let part = |at: usize| by.get(at).and_then(Value::whole);
    let (Some(divisor), Some(rest)) = (part(0), part(1)) else {
        return Err(Fault::bad("malformed mod, not enough elements"));
    };
    if divisor == 0 {
        return Err(Fault::bad("divisor cannot be 0"));
    }
    Ok(inside(found).any(|value| value.whole().and_then(|whole| whole.checked_rem(divisor)) == Some(rest)))
}

fn elements(found: &[&Value], wanted: &Value, effort: &mut Effort) -> Result<bool, Fault> {
    let wanted = wanted.doc().ok_or_else(|| Fault::bad("$elemMatch needs an Object"))?;
    for element in found.iter().filter_map(|value| value.array()).flatten() {
        let fits = match element {
            _ if is_operators(wanted) => field(&[element], wanted, effort)?,
            Value::Document(doc) => matches(wanted, doc, effort)?,
            _ => false,
        };
        if fits {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_type(value: &Value, name: &Value) -> bool {
    match name {
        Value::Text(name) if name == "number" => value.number().is_some(),
        Value::Text(name) => name == value.type_name(),
        other => match other.whole() {
            Some(-1) => matches!(value, Value::Least),
            number => number == Some(i64::from(value.kind())),
        },
    }
}

/// Puts `docs` in the order that `keys` ask for.
pub(super) fn sort(docs: &mut [Doc], keys: &Doc, effort: &mut Effort) -> Result<(), Fault> {
    if KEYS < keys.0.len() {
        return Err(Fault::new(13_103, "too many compound keys"));
    }
    let compared = docs.len() * usize::try_from(docs.len().max(1).ilog2()).unwrap_or(0) * keys.0.len();
    let names = docs.iter().map(|doc| doc.0.len()).max().unwrap_or(0);
    effort.steps(compared.saturating_mul(1 + names / NAMES) / 4)?;
    docs.sort_by(|one, two| {
        let by_key = keys.0.iter().map(|(path, way)| {
            let down = way.number().is_some_and(|way| way < 0.0);
            let order = key(one, path, down).order(key(two, path, down));
            if down { order.reverse() } else { order }
        });
        by_key.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    Ok(())
}

/// What a document is sorted by: of several values the least, or the greatest when sorting downwards.
fn key<'a>(doc: &'a Doc, path: &str, down: bool) -> &'a Value {
    let found = reach(doc, path);
    let parts = found.iter().flat_map(|value| value.array().unwrap_or(std::slice::from_ref(*value)));
    let best = parts.reduce(|one, two| if one.order(two).is_gt() == down { one } else { two });
    best.unwrap_or(&Value::Null)
}

/// `doc` with the fields that `wanted` includes, or without those that it excludes.
pub(super) fn project(doc: Doc, wanted: &Doc, effort: &mut Effort) -> Result<Doc, Fault> {
    if wanted.0.is_empty() {
        return Ok(doc);
    }
    effort.look(doc.0.len().saturating_mul(wanted.0.len()))?;
    let own = |(name, value): &&(String, Value)| name != "_id" && !is_expression(value);
    let includes = match wanted.0.iter().find(own) {
        Some((_, value)) => value.truth(),
        None => wanted.0.iter().any(|(name, value)| is_expression(value) || name == "_id" && value.truth()),
    };
    let mut out = Doc::default();
    for (name, value) in &doc.0 {
        let whole = wanted.get(name);
        let prefix = format!("{name}.");
        let parts: Vec<(&str, &Value)> =
            wanted.0.iter().filter_map(|(path, value)| Some((path.strip_prefix(&prefix)?, value))).collect();
        let kept = match whole {
            Some(asked) if is_expression(asked) => false,
            Some(asked) => asked.truth(),
            None if name == "_id" => true,
            None => !includes || !parts.is_empty(),
        };
        if kept && !parts.is_empty() {
            let parts =
                Doc(parts.into_iter().map(|(path, value)| (path.to_owned(), value.clone())).collect());
            out.0.push((name.clone(), projected(value, &parts, includes)));
        } else if kept {
            out.0.push((name.clone(), value.clone()));
        }
    }
    for (name, asked) in wanted.0.iter().filter(|(_, asked)| is_expression(asked)) {
        if let Some(operators) = asked.doc().filter(|doc| doc.get("$slice").is_some()) {
            let all = doc.get(name).and_then(Value::array).unwrap_or_default();
            let count = operators.get("$slice").and_then(Value::whole).unwrap_or(0);
            let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let skip = if count < 0 { all.len().saturating_sub(size) } else { 0 };
            out.set(name, Value::Array(all.iter().skip(skip).take(size).cloned().collect()));
        } else {
            let value = expression::value(asked, &doc, effort)?;
            out.set(name, value);
        }
    }
    Ok(out)
}

fn is_expression(value: &Value) -> bool {
    matches!(value, Value::Document(_) | Value::Text(_) | Value::Array(_))
}

/// A value with the parts of its documents that are included, or without those that are excluded. One level of
/// documents is looked into, and what is deeper goes with it.
fn projected(value: &Value, parts: &Doc, includes: bool) -> Value {
    let of_doc = |doc: &Doc| {
        let named = |name: &str| parts.0.iter().any(|(path, _)| path.split('.').next() == Some(name));
        Doc(doc.0.iter().filter(|(name, _)| named(name) == includes).cloned().collect())
    };
    match value {
        Value::Document(doc) => Value::Document(of_doc(doc)),
        Value::Array(values) => {
            let each = values.iter().map(|value| value.doc().map_or(value.clone(), |doc| of_doc(doc).into()));
            Value::Array(each.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;

    fn found(filter: Doc) -> Result<bool, Fault> {
        let doc = bson! {
            "_id" => 1, "name" => "Anna", "n" => 5, "nothing" => Value::Null,
            "tags" => vec![Value::from("a"), Value::from("b")],
            "orders" => vec![Value::from(bson! { "sum" => 10 }), Value::from(bson! { "sum" => 30 })],
            "address" => bson! { "city" => "Wien" },
        };
        matches(&filter, &doc, &mut Effort::new(0))
    }

    #[test]
    fn queries_find_what_they_ask_for() {
        let list = |values: &[&str]| values.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
        for (filter, wanted) in [
            (bson! {}, true),
            (bson! { "name" => "Anna", "n" => 5.0 }, true),
            (bson! { "tags" => "b" }, true),
            (bson! { "tags" => list(&["a", "b"]) }, true),
            (bson! { "missing" => Value::Null }, true),
            (bson! { "n" => bson! { "$gt" => 4, "$lte" => 5_i64 } }, true),
            (bson! { "n" => bson! { "$gt" => "a" } }, false),
            (bson! { "name" => bson! { "$regex" => "^an", "$options" => "i" } }, true),
            (bson! { "name" => Value::Regex("^an".to_owned(), String::new()) }, false),
            (bson! { "orders.sum" => bson! { "$gte" => 30 } }, true),
            (bson! { "orders.1.sum" => 30 }, true),
            (bson! { "address.city" => bson! { "$in" => list(&["Graz", "Wien"]) } }, true),
            (bson! { "address.city" => bson! { "$nin" => list(&["Graz", "Wien"]) } }, false),
            (bson! { "tags" => bson! { "$size" => 2 } }, true),
            (bson! { "missing" => bson! { "$exists" => false } }, true),
            (bson! { "n" => bson! { "$mod" => vec![Value::from(2), Value::from(1)] } }, true),
            (bson! { "$or" => vec![Value::from(bson! { "n" => 1 }), Value::from(bson! { "n" => 5 })] }, true),
            (bson! { "n" => bson! { "$not" => bson! { "$gt" => 4 } } }, false),
            (bson! { "n" => bson! { "$type" => "int" } }, true),
            (bson! { "orders" => bson! { "$elemMatch" => bson! { "sum" => bson! { "$lt" => 20 } } } }, true),
        ] {
            assert_eq!(found(filter.clone()), Ok(wanted), "{filter:?}");
        }
        assert_eq!(found(bson! { "$where" => "1" }).unwrap_err().code, 2);
        assert_eq!(found(bson! { "n" => bson! { "$foo" => 1 } }).unwrap_err().text, "unknown operator: $foo");
    }

    #[test]
    fn names_are_compared_in_the_time_that_a_command_has() {
        let wide = |letter: char, names: usize| {
            Doc((0..names).map(|number| (format!("{letter}{number}"), Value::Null)).collect())
        };
        let (doc, filter) = (wide('a', 18_000), wide('b', 10_000));
        assert_eq!(matches(&filter, &doc, &mut Effort::new(0)), Err(Fault::time()));
        assert_eq!(matches(&wide('b', 100), &doc, &mut Effort::new(0)), Ok(true));
        assert_eq!(project(doc.clone(), &filter, &mut Effort::new(0)), Err(Fault::time()));
        assert_eq!(sort(&mut [doc], &wide('a', 33), &mut Effort::new(0)).unwrap_err().code, 13_103);
    }

    #[test]
    fn projections_include_or_exclude() {
        let doc = bson! { "_id" => 1, "a" => 2, "b" => bson! { "c" => 3, "d" => 4 } };
        for (wanted, names) in [
            (bson! { "a" => 1 }, "_id a"),
            (bson! { "a" => 1, "_id" => 0 }, "a"),
            (bson! { "a" => 0 }, "_id b"),
            (bson! { "_id" => 0 }, "a b"),
            (bson! { "_id" => 1 }, "_id"),
        ] {
            let found = project(doc.clone(), &wanted, &mut Effort::new(0)).unwrap();
            let found: Vec<&str> = found.0.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(found.join(" "), names, "{wanted:?}");
        }
        let part = project(doc, &bson! { "b.c" => 1, "_id" => 0 }, &mut Effort::new(0)).unwrap();
        assert_eq!(part, bson! { "b" => bson! { "c" => 3 } });
    }

    #[test]
    fn documents_are_sorted_by_several_keys() {
        let of = |n: i32, s: &str| bson! { "n" => n, "s" => s };
        let mut docs = [of(1, "b"), of(2, "a"), of(1, "a")];
        sort(&mut docs, &bson! { "n" => -1, "s" => 1 }, &mut Effort::new(0)).unwrap();
        assert_eq!(docs, [of(2, "a"), of(1, "a"), of(1, "b")]);
    }
}
