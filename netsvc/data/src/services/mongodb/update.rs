//! What an update makes of a document.
//!
//! Source: "Update Operators"; texts of errors as the server has them.

use super::{
    bson::{Doc, Value},
    effort::Effort,
    expression::folded,
    fault::Fault,
    path::{place, reach_within, remove},
    query::matches,
};

/// Longest array that an update may make.
const LONGEST: usize = 20_000;

/// What `change` makes of `doc`; `new`: it is being inserted by an upsert.
pub(super) fn changed(doc: &Doc, change: &Doc, new: bool, effort: &mut Effort) -> Result<Doc, Fault> {
    let operators = change.0.first().is_some_and(|(name, _)| name.starts_with('$'));
    if !operators {
        let mut replaced = Doc(change.0.iter().filter(|(name, _)| name != "_id").cloned().collect());
        if let Some(id) = doc.get("_id").or_else(|| change.get("_id")) {
            if change.get("_id").is_some_and(|other| !other.same(id)) {
                let text =
                    "After applying the update, the (immutable) field '_id' was found to have been altered";
                return Err(Fault::new(66, text));
            }
            replaced.0.insert(0, ("_id".to_owned(), id.clone()));
        }
        return Ok(replaced);
    }
    let mut out = doc.clone();
    for (operator, fields) in &change.0 {
        if !operator.starts_with('$') {
            return Err(Fault::new(52, format!("Unknown modifier: {operator}")));
        }
        let fields = fields.doc().ok_or_else(|| {
            let text =
                format!("Modifiers operate on fields but we found type {} instead.", fields.type_name());
            Fault::parse(text)
        })?;
        for (path, argument) in &fields.0 {
            effort.step()?;
            if path == "_id" && doc.get("_id").is_some_and(|id| !id.same(argument)) {
                let text = "Performing an update on the path '_id' would modify the immutable field '_id'";
                return Err(Fault::new(66, text));
            }
            apply(&mut out, operator, path, argument, new, effort)?;
        }
    }
    Ok(out)
}

fn apply(
    doc: &mut Doc,
    operator: &str,
    path: &str,
    argument: &Value,
    new: bool,
    effort: &mut Effort,
) -> Result<(), Fault> {
    // Once to look, once to write.
    effort.look(doc.0.len())?;
    let there = reach_within(doc, path, effort)?.first().map(|value| effort.copy(value)).transpose()?;
    let value = match (operator, there) {
        ("$set", _) => argument.clone(),
        ("$setOnInsert", _) if new => argument.clone(),
        ("$setOnInsert", _) => return Ok(()),
        ("$unset", _) => {
            remove(doc, path);
            return Ok(());
        }
        ("$inc", None) => argument.clone(),
        ("$inc", Some(there)) => folded(vec![&there, argument], 0.0, |one, two| one + two),
        ("$mul", None) => 0.into(),
        ("$mul", Some(there)) => folded(vec![&there, argument], 1.0, |one, two| one * two),
        ("$min", Some(there)) if there.order(argument).is_le() => return Ok(()),
        ("$max", Some(there)) if there.order(argument).is_ge() => return Ok(()),
        ("$min" | "$max", _) => argument.clone(),
        ("$currentDate", _) => match argument.doc().and_then(|doc| doc.get("$type")).and_then(Value::text) {
            Some("timestamp") => Value::Timestamp(u64::try_from(effort.now / 1000).unwrap_or(0) << 32),
            _ => Value::Date(effort.now),
        },
        ("$rename", None) => return Ok(()),
        ("$rename", Some(there)) => {
            remove(doc, path);
            let to = argument.text().unwrap_or_default().to_owned();
            return place(doc, &to, there);
        }
        ("$push" | "$addToSet", there) => pushed(operator, path, there, argument)?,
        ("$pull" | "$pullAll" | "$pop", Some(Value::Array(values))) => {
            pulled(operator, values, argument, effort)?
        }
        ("$pull" | "$pullAll" | "$pop", None) => return Ok(()),
        ("$pull" | "$pullAll" | "$pop", Some(_)) => {
            return Err(Fault::bad(format!("Cannot apply {operator} to a non-array value")));
        }
        _ => {
            let text = format!(
                "Unknown modifier: {operator}. Expected a valid update modifier or pipeline-style update specified \
                 as an array"
            );
            return Err(Fault::parse(text));
        }
    };
    place(doc, path, value)
}

fn pushed(operator: &str, path: &str, there: Option<Value>, argument: &Value) -> Result<Value, Fault> {
    let mut values = match there {
        None => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(other) => {
            let kind = other.type_name();
            return Err(Fault::bad(format!("The field '{path}' must be an array but is of type {kind}")));
        }
    };
    let each = argument.doc().and_then(|doc| doc.get("$each")).and_then(Value::array);
    for value in each.unwrap_or(std::slice::from_ref(argument)) {
        if operator == "$push" || !values.iter().any(|known| known.same(value)) {
            values.push(value.clone());
        }
    }
    if LONGEST < values.len() { Err(Fault::full()) } else { Ok(Value::Array(values)) }
}

fn pulled(
    operator: &str,
    mut values: Vec<Value>,
    argument: &Value,
    effort: &mut Effort,
) -> Result<Value, Fault> {
    match (operator, argument) {
        ("$pop", _) if argument.whole() == Some(-1) => {
            values.drain(..values.len().min(1));
        }
        ("$pop", _) => {
            values.pop();
        }
        ("$pullAll", Value::Array(all)) => values.retain(|value| !all.iter().any(|one| one.same(value))),
        (_, Value::Document(filter)) => {
            let mut kept = Vec::new();
            for value in values {
                let fits = match value.doc() {
                    Some(doc) => matches(filter, doc, effort)?,
                    None => false,
                };
                if !fits {
                    kept.push(value);
                }
            }
            values = kept;
        }
        _ => values.retain(|value| !value.same(argument)),
    }
    Ok(Value::Array(values))
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;

    #[test]
    fn updates_change_documents() {
        let of = |change: Doc| {
            let doc = bson! { "_id" => 1, "n" => 5, "l" => vec![Value::from(1)], "d" => bson! { "x" => 1 } };
            changed(&doc, &change, false, &mut Effort::new(7))
        };
        let value = |change: Doc, name: &str| of(change).unwrap().get(name).cloned();
        assert_eq!(
            value(bson! { "$set" => bson! { "d.y" => 2 } }, "d"),
            Some(bson! { "x" => 1, "y" => 2 }.into())
        );
        assert_eq!(value(bson! { "$unset" => bson! { "d.x" => "" } }, "d"), Some(bson! {}.into()));
        assert_eq!(value(bson! { "$inc" => bson! { "n" => 2 } }, "n"), Some(7.into()));
        assert_eq!(
            value(bson! { "$push" => bson! { "l" => 2 } }, "l"),
            Some(vec![1.into(), 2.into()].into())
        );
        assert_eq!(value(bson! { "$addToSet" => bson! { "l" => 1 } }, "l"), Some(vec![1.into()].into()));
        assert_eq!(value(bson! { "$pull" => bson! { "l" => 1 } }, "l"), Some(Vec::new().into()));
        assert_eq!(value(bson! { "$rename" => bson! { "n" => "m" } }, "m"), Some(5.into()));
        assert_eq!(of(bson! { "a" => 1 }), Ok(bson! { "_id" => 1, "a" => 1 }));
        assert_eq!(of(bson! { "$foo" => bson! { "a" => 1 } }).unwrap_err().code, 9);
        assert_eq!(of(bson! { "_id" => 2 }).unwrap_err().code, 66);
    }
}
