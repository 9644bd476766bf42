//! Expressions of aggregations: the common operators.
//!
//! Source: "Aggregation Operators".

use super::{
    bson::{Doc, Value},
    effort::Effort,
    fault::Fault,
    path::reach_within,
};

/// Longest text that an expression makes.
const TEXT: usize = 1 << 20;

/// The value of `expression` for `doc`.
pub(super) fn value(expression: &Value, doc: &Doc, effort: &mut Effort) -> Result<Value, Fault> {
    effort.step()?;
    match expression {
        Value::Text(text) => match text.strip_prefix('$') {
            Some(variable) if variable.starts_with('$') => self::variable(variable, doc, effort),
            Some(path) => field(doc, path, effort),
            None => effort.copy(expression),
        },
        Value::Array(values) => {
            let each: Result<Vec<_>, _> = values.iter().map(|one| value(one, doc, effort)).collect();
            Ok(Value::Array(each?))
        }
        Value::Document(parts) => match parts.0.as_slice() {
            [(name, argument)] if name.starts_with('$') => operator(name, argument, doc, effort),
            fields => {
                let each = fields.iter().map(|(name, part)| Ok((name.clone(), value(part, doc, effort)?)));
                Ok(Value::Document(Doc(each.collect::<Result<Vec<_>, Fault>>()?)))
            }
        },
        other => effort.copy(other),
    }
}

fn variable(name: &str, doc: &Doc, effort: &mut Effort) -> Result<Value, Fault> {
    let (name, path) =
        name.trim_start_matches('$').split_once('.').map_or((name, None), |(_, path)| (name, Some(path)));
    let name = name.trim_start_matches('$').split('.').next().unwrap_or_default();
    match (name, path) {
        ("ROOT" | "CURRENT", None) => {
            effort.make(doc.size())?;
            Ok(Value::Document(doc.clone()))
        }
        ("ROOT" | "CURRENT", Some(path)) => field(doc, path, effort),
        ("NOW", _) => Ok(Value::Date(effort.now)),
        ("REMOVE", _) => Ok(Value::Undefined),
        _ => Err(Fault::new(17_276, format!("Use of undefined variable: {name}"))),
    }
}

/// What a path leads to: of an array of documents, the array of it.
fn field(doc: &Doc, path: &str, effort: &mut Effort) -> Result<Value, Fault> {
    let found = reach_within(doc, path, effort)?;
    let through = match path.rsplit_once('.') {
        Some((before, _)) => reach_within(doc, before, effort)?.iter().any(|value| value.array().is_some()),
        None => false,
    };
    match found.as_slice() {
        _ if through => {
            let all: Result<Vec<_>, _> = found.into_iter().map(|value| effort.copy(value)).collect();
            Ok(Value::Array(all?))
        }
        [] => Ok(Value::Undefined),
        [one, ..] => effort.copy(one),
    }
}

fn arguments(argument: &Value, doc: &Doc, effort: &mut Effort) -> Result<Vec<Value>, Fault> {
    match argument {
        Value::Array(all) => all.iter().map(|one| value(one, doc, effort)).collect(),
        one => Ok(vec![value(one, doc, effort)?]),
    }
}

fn operator(name: &str, argument: &Value, doc: &Doc, effort: &mut Effort) -> Result<Value, Fault> {
    match name {
        "$literal" => return effort.copy(argument),
        "$cond" => return condition(argument, doc, effort),
        "$function" | "$accumulator" => {
            effort.script = true;
            let text = "Cannot run server-side javascript without the javascript engine enabled";
            return Err(Fault::new(31_264, text));
        }
        _ => {}
    }
    let all = arguments(argument, doc, effort)?;
    // What comes of them is about as long as they are.
    effort.make(all.iter().map(Value::size).sum())?;
    let found = match logic(name, &all).or_else(|| of_text(name, &all)) {
        Some(found) => Some(found),
        None => match arithmetic(name, &all)? {
            Some(found) => Some(found),
            None => of_list(name, &all, effort)?,
        },
    };
    found.ok_or_else(|| Fault::new(168, format!("Unrecognized expression '{name}'")))
}

/// The first two arguments.
fn pair(all: &[Value]) -> (&Value, &Value) {
    (all.first().unwrap_or(&Value::Null), all.get(1).unwrap_or(&Value::Null))
}

/// Operators that compare and decide.
fn logic(name: &str, all: &[Value]) -> Option<Value> {
    let (first, second) = pair(all);
    let order = first.order(second);
    Some(match name {
        "$eq" => order.is_eq().into(),
        "$ne" => order.is_ne().into(),
        "$gt" => order.is_gt().into(),
        "$gte" => order.is_ge().into(),
        "$lt" => order.is_lt().into(),
        "$lte" => order.is_le().into(),
        "$cmp" => (order as i32).into(),
        "$and" => all.iter().all(Value::truth).into(),
        "$or" => all.iter().any(Value::truth).into(),
        "$not" => (!first.truth()).into(),
        "$in" => second.array().unwrap_or_default().iter().any(|value| value.same(first)).into(),
        "$isArray" => first.array().is_some().into(),
        "$ifNull" => {
            let there = all.iter().find(|value| !matches!(value, Value::Null | Value::Undefined));
            there.or(all.last()).cloned().unwrap_or(Value::Null)
        }
        _ => return None,
    })
}

/// Operators that make texts.
fn of_text(name: &str, all: &[Value]) -> Option<Value> {
    let (first, _) = pair(all);
    Some(match name {
        "$concat" => match all.iter().map(Value::text).collect::<Option<Vec<_>>>() {
            Some(parts) if parts.iter().map(|part| part.len()).sum::<usize>() <= TEXT => {
                parts.concat().into()
            }
            _ => Value::Null,
        },
        "$toUpper" => first.text().unwrap_or_default().to_uppercase().into(),
        "$toLower" => first.text().unwrap_or_default().to_lowercase().into(),
        "$toString" => text(first),
        "$type" => match first {
            Value::Undefined => "missing".into(),
            other => other.type_name().into(),
        },
        _ => return None,
    })
}

/// Operators that count.
fn arithmetic(name: &str, all: &[Value]) -> Result<Option<Value>, Fault> {
    let (first, second) = pair(all);
    Ok(Some(match name {
        "$add" | "$sum" => folded(flat(all), 0.0, |one, two| one + two),
        "$multiply" => folded(flat(all), 1.0, |one, two| one * two),
        "$subtract" => match (first, second) {
            (Value::Date(one), Value::Date(two)) => one.saturating_sub(*two).into(),
            _ => folded(vec![first, second], f64::NAN, |one, two| if one.is_nan() { two } else { one - two }),
        },
        "$divide" => match (first.number(), second.number()) {
            (_, Some(0.0)) => return Err(Fault::bad("can't $divide by zero")),
            (Some(one), Some(two)) => (one / two).into(),
            _ => Value::Null,
        },
        "$avg" => average(&flat(all)),
        "$min" => flat(all).into_iter().min_by(|one, two| one.order(two)).cloned().unwrap_or(Value::Null),
        "$max" => flat(all).into_iter().max_by(|one, two| one.order(two)).cloned().unwrap_or(Value::Null),
        _ => return Ok(None),
    }))
}

/// Operators on lists and documents.
fn of_list(name: &str, all: &[Value], effort: &mut Effort) -> Result<Option<Value>, Fault> {
    let (first, second) = pair(all);
    Ok(Some(match name {
        "$first" => first.array().and_then(<[Value]>::first).unwrap_or(&Value::Null).clone(),
        "$last" => first.array().and_then(<[Value]>::last).unwrap_or(&Value::Null).clone(),
        "$size" => {
            let kind = if matches!(first, Value::Undefined) { "missing" } else { first.type_name() };
            let text = || format!("The argument to $size must be an array, but was of type: {kind}");
            let values = first.array().ok_or_else(|| Fault::new(17_124, text()))?;
            i32::try_from(values.len()).unwrap_or(i32::MAX).into()
        }
        "$arrayElemAt" => {
            let values = first.array().unwrap_or_default();
            let at = second.whole().unwrap_or(0);
            let count = i64::try_from(values.len()).unwrap_or(0);
            let at = usize::try_from(if at < 0 { at.saturating_add(count) } else { at }).ok();
            at.and_then(|at| values.get(at)).cloned().unwrap_or(Value::Undefined)
        }
        "$objectToArray" => match first.doc() {
            Some(doc) => {
                let pair = |(name, value): &(String, Value)| {
                    let pair = vec![("k".to_owned(), name.as_str().into()), ("v".to_owned(), value.clone())];
                    Value::Document(Doc(pair))
                };
                Value::Array(doc.0.iter().map(pair).collect())
            }
            None => Value::Null,
        },
        "$mergeObjects" => {
            let mut merged = Doc::default();
            for (name, value) in all.iter().filter_map(Value::doc).flat_map(|doc| &doc.0) {
                effort.look(merged.0.len())?;
                merged.set(name, value.clone());
            }
            merged.into()
        }
        _ => return Ok(None),
    }))
}

fn condition(argument: &Value, doc: &Doc, effort: &mut Effort) -> Result<Value, Fault> {
    let part = |name: &str, at: usize| match argument {
        Value::Document(parts) => parts.get(name),
        Value::Array(parts) => parts.get(at),
        _ => None,
    };
    let (Some(test), Some(then), Some(otherwise)) = (part("if", 0), part("then", 1), part("else", 2)) else {
        return Err(Fault::new(17_080, "Missing 'if' parameter to $cond"));
    };
    let fits = value(test, doc, effort)?.truth();
    value(if fits { then } else { otherwise }, doc, effort)
}

fn text(value: &Value) -> Value {
    match value {
        Value::Null | Value::Undefined => Value::Null,
        Value::Id(id) => hex::encode(id).into(),
        Value::Bool(truth) => truth.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        Value::Long(number) => number.to_string().into(),
        Value::Double(number) => number.to_string().into(),
        other => other.text().unwrap_or_default().into(),
    }
}

/// Values, and those of an array where it stands alone.
fn flat(all: &[Value]) -> Vec<&Value> {
    match all {
        [Value::Array(values)] => values.iter().collect(),
        values => values.iter().collect(),
    }
}

/// A number of the narrowest type that `values` agree on.
pub(super) fn folded(values: Vec<&Value>, from: f64, fold: impl Fn(f64, f64) -> f64) -> Value {
    let sum = values.iter().filter_map(|value| value.number()).fold(from, fold);
    let whole = !values.iter().any(|value| matches!(value, Value::Double(_))) && sum.fract() == 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and saturates")]
    let rounded = sum as i64;
    match i32::try_from(rounded) {
        Ok(small) if whole && !values.iter().any(|value| matches!(value, Value::Long(_))) => small.into(),
        _ if whole => rounded.into(),
        _ => sum.into(),
    }
}

/// The mean of the numbers among `values`.
pub(super) fn average(values: &[&Value]) -> Value {
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.number()).collect();
    let count = f64::from(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
    if numbers.is_empty() { Value::Null } else { (numbers.iter().sum::<f64>() / count).into() }
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;

    #[test]
    fn expressions_have_the_values_of_the_server() {
        let of = |expression: Value| {
            let doc =
                bson! { "a" => 2, "b" => bson! { "c" => "x" }, "l" => vec![Value::from(1), Value::from(3)] };
            value(&expression, &doc, &mut Effort::new(9))
        };
        let list = |values: &[&str]| values.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
        for (expression, wanted) in [
            (Value::from("$a"), Value::from(2)),
            (Value::from("$b.c"), Value::from("x")),
            (Value::from("$$NOW"), Value::Date(9)),
            (bson! { "$add" => list(&["$a", "$a"]) }.into(), Value::from(4)),
            (bson! { "$sum" => "$l" }.into(), Value::from(4)),
            (bson! { "$avg" => "$l" }.into(), Value::from(2.0)),
            (bson! { "$concat" => list(&["$b.c", "y"]) }.into(), Value::from("xy")),
            (
                bson! { "$cond" => vec![Value::Bool(false), Value::from(1), Value::from("$a")] }.into(),
                Value::from(2),
            ),
            (bson! { "$size" => "$l" }.into(), Value::from(2)),
            (bson! { "$ifNull" => list(&["$none", "z"]) }.into(), Value::from("z")),
        ] {
            assert_eq!(of(expression.clone()), Ok(wanted), "{expression:?}");
        }
        assert_eq!(of(bson! { "$foo" => 1 }.into()).unwrap_err().text, "Unrecognized expression '$foo'");
        assert_eq!(of(bson! { "$size" => "$a" }.into()).unwrap_err().code, 17_124);
    }
}
