//! Aggregation: documents through stages.
//!
//! Source: "Aggregation Stages"; texts of errors as the server has them.

use super::{
    bson::{DEEPEST, Doc, Value, bson},
    effort::Effort,
    expression::{average, folded, value},
    fault::Fault,
    path::reach,
    query,
};
use std::{cmp::Ordering, collections::BTreeMap};

/// Most documents between two stages.
const DOCUMENTS: usize = 50_000;
/// Most bytes between two stages.
const BYTES: usize = 16 << 20;
/// Most stages.
const STAGES: usize = 100;

/// A value as the key of a group.
struct Key(Value);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

/// Name and argument of a stage.
pub(super) fn stage(stage: &Value) -> Result<(&str, &Value), Fault> {
    match stage.doc().map(|doc| doc.0.as_slice()) {
        Some([(name, argument)]) => Ok((name, argument)),
        Some(_) => {
            let text = "A pipeline stage specification object must contain exactly one field.";
            Err(Fault::new(40_323, text))
        }
        None => Err(Fault::new(14, "Each element of the 'pipeline' array must be an object")),
    }
}

/// What comes of `docs` through `stages`; `other` gives the documents of another collection of the database.
pub(super) fn run(
    mut docs: Vec<Doc>,
    stages: &[Value],
    other: &dyn Fn(&str) -> Vec<Doc>,
    effort: &mut Effort,
) -> Result<Vec<Doc>, Fault> {
    if STAGES < stages.len() {
        return Err(Fault::new(7_749_501, "Pipeline length must be no longer than 1000 stages"));
    }
    for one in stages {
        let (name, argument) = stage(one)?;
        docs = through(docs, name, argument, other, effort)?;
        let size: usize = docs.iter().map(Doc::size).sum();
        if DOCUMENTS < docs.len() || BYTES < size {
            return Err(Fault::memory());
        }
        // A stage puts what there is into a document of its own; before the next one may do so again.
        if docs.iter().any(|doc| DEEPEST < doc.depth()) {
            return Err(Fault::deep());
        }
    }
    Ok(docs)
}

fn object<'a>(name: &str, argument: &'a Value) -> Result<&'a Doc, Fault> {
    let text = || format!("the {name} stage specification must be an object");
    argument.doc().ok_or_else(|| Fault::new(15_959, text()))
}

fn count(name: &str, argument: &Value) -> Result<usize, Fault> {
    let whole = argument.whole().and_then(|whole| usize::try_from(whole).ok());
    whole.ok_or_else(|| {
        Fault::new(5_107_201, format!("invalid argument to {name} stage: Expected a non-negative number"))
    })
}

fn through(
    mut docs: Vec<Doc>,
    name: &str,
    argument: &Value,
    other: &dyn Fn(&str) -> Vec<Doc>,
    effort: &mut Effort,
) -> Result<Vec<Doc>, Fault> {
    match name {
        "$match" => matched(docs, object(name, argument)?, effort),
        "$sort" => {
            query::sort(&mut docs, object(name, argument)?, effort)?;
            Ok(docs)
        }
        "$limit" => {
            docs.truncate(count(name, argument)?);
            Ok(docs)
        }
        "$skip" => Ok(docs.into_iter().skip(count(name, argument)?).collect()),
        "$sample" => {
            let size = argument.doc().and_then(|doc| doc.get("size")).unwrap_or(&Value::Null);
            docs.truncate(count(name, size)?);
            Ok(docs)
        }
        "$count" => {
            let field = argument.text().unwrap_or("count");
            let number = i32::try_from(docs.len()).unwrap_or(i32::MAX);
            Ok(if docs.is_empty() { docs } else { vec![bson! { field => number }] })
        }
        "$project" => {
            let wanted = object(name, argument)?;
            docs.into_iter().map(|doc| query::project(doc, wanted, effort)).collect()
        }
        "$addFields" | "$set" => {
            let fields = object(name, argument)?;
            docs.into_iter().map(|doc| added(doc, fields, effort)).collect()
        }
        "$unset" => Ok(unset(docs, argument)),
        "$replaceRoot" | "$replaceWith" => {
            let root = argument.doc().and_then(|doc| doc.get("newRoot")).unwrap_or(argument);
            docs.iter().map(|doc| replaced(value(root, doc, effort)?)).collect()
        }
        "$unwind" => unwound(docs, argument, effort),
        "$group" => group(&docs, object(name, argument)?, effort),
        "$sortByCount" => {
            let by = bson! { "_id" => argument.clone(), "count" => bson! { "$sum" => 1 } };
            let mut docs = group(&docs, &by, effort)?;
            query::sort(&mut docs, &bson! { "count" => -1 }, effort)?;
            Ok(docs)
        }
        "$lookup" => lookup(docs, object(name, argument)?, other, effort),
        "$changeStream" => {
            Err(Fault::new(40_573, "The $changeStream stage is only supported on replica sets"))
        }
        _ => Err(Fault::new(40_324, format!("Unrecognized pipeline stage name: '{name}'"))),
    }
}

fn matched(docs: Vec<Doc>, filter: &Doc, effort: &mut Effort) -> Result<Vec<Doc>, Fault> {
    let mut kept = Vec::new();
    for doc in docs {
        if query::matches(filter, &doc, effort)? {
            kept.push(doc);
        }
    }
    Ok(kept)
}

fn unset(mut docs: Vec<Doc>, argument: &Value) -> Vec<Doc> {
    let names: Vec<&str> = argument.array().map_or_else(
        || argument.text().into_iter().collect(),
        |names| names.iter().filter_map(Value::text).collect(),
    );
    docs.iter_mut().for_each(|doc| doc.0.retain(|(name, _)| !names.contains(&name.as_str())));
    docs
}

fn added(mut doc: Doc, fields: &Doc, effort: &mut Effort) -> Result<Doc, Fault> {
    for (name, expression) in &fields.0 {
        let value = value(expression, &doc, effort)?;
        if !matches!(value, Value::Undefined) {
            effort.look(doc.0.len())?;
            doc.set(name, value);
        }
    }
    Ok(doc)
}

fn replaced(root: Value) -> Result<Doc, Fault> {
    match root {
        Value::Document(doc) => Ok(doc),
        other => {
            let text = "'newRoot' expression must evaluate to an object, but resulting value was of type: ";
            Err(Fault::new(40_228, format!("{text}{}", other.type_name())))
        }
    }
}

fn unwound(docs: Vec<Doc>, argument: &Value, effort: &mut Effort) -> Result<Vec<Doc>, Fault> {
    let options = argument.doc();
    let path = options.and_then(|doc| doc.get("path")).unwrap_or(argument).text().unwrap_or_default();
    let keep = options.and_then(|doc| doc.get("preserveNullAndEmptyArrays")).is_some_and(Value::truth);
    let Some(name) = path.strip_prefix('$') else {
        let text = format!("path option to $unwind stage should be prefixed with a '$': {path}");
        return Err(Fault::new(28_818, text));
    };
    let mut out = Vec::new();
    for mut doc in docs {
        // The list itself is in none of the documents that come of it.
        let values = match doc.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, Value::Array(values))) if !values.is_empty() => std::mem::take(values),
            Some((_, Value::Array(_) | Value::Null)) | None if !keep => continue,
            _ => {
                out.push(doc);
                continue;
            }
        };
        for value in values {
            effort.step()?;
            if DOCUMENTS < out.len() {
                return Err(Fault::time());
            }
            effort.make(doc.size() + value.size())?;
            let mut one = doc.clone();
            one.set(name, value);
            out.push(one);
        }
    }
    Ok(out)
}

fn group(docs: &[Doc], by: &Doc, effort: &mut Effort) -> Result<Vec<Doc>, Fault> {
    let id = by.get("_id").ok_or_else(|| Fault::new(15_955, "a group specification must include an _id"))?;
    let mut groups: BTreeMap<Key, Vec<&Doc>> = BTreeMap::new();
    for doc in docs {
        let key = match value(id, doc, effort)? {
            Value::Undefined => Value::Null,
            other => other,
        };
        groups.entry(Key(key)).or_default().push(doc);
    }
    let mut out = Vec::new();
    for (key, members) in groups {
        let mut one = bson! { "_id" => key.0 };
        for (name, accumulator) in by.0.iter().filter(|(name, _)| name != "_id") {
            let Some([(operator, argument)]) = accumulator.doc().map(|doc| doc.0.as_slice()) else {
                let text = format!("The field '{name}' must be an accumulator object");
                return Err(Fault::new(40_234, text));
            };
            one.set(name, accumulated(operator, argument, &members, effort)?);
        }
        out.push(one);
    }
    Ok(out)
}

fn accumulated(
    operator: &str,
    argument: &Value,
    members: &[&Doc],
    effort: &mut Effort,
) -> Result<Value, Fault> {
    if operator == "$accumulator" {
        return value(&bson! { "$function" => 1 }.into(), &bson! {}, effort);
    }
    if operator == "$count" {
        return Ok(i32::try_from(members.len()).unwrap_or(i32::MAX).into());
    }
    let mut values = Vec::new();
    for member in members {
        let value = value(argument, member, effort)?;
        if !matches!(value, Value::Undefined) {
            values.push(value);
        }
    }
    let present = || values.iter().filter(|value| !matches!(value, Value::Null));
    Ok(match operator {
        "$sum" => folded(values.iter().collect(), 0.0, |one, two| one + two),
        "$avg" => average(&values.iter().collect::<Vec<_>>()),
        "$min" => present().min_by(|one, two| one.order(two)).cloned().unwrap_or(Value::Null),
        "$max" => present().max_by(|one, two| one.order(two)).cloned().unwrap_or(Value::Null),
        "$first" => values.first().cloned().unwrap_or(Value::Null),
        "$last" => values.last().cloned().unwrap_or(Value::Null),
        "$push" => Value::Array(values),
        "$addToSet" => {
            values.sort_by(Value::order);
            values.dedup_by(|one, two| one.same(two));
            Value::Array(values)
        }
        other => return Err(Fault::new(15_952, format!("unknown group operator '{other}'"))),
    })
}

fn lookup(
    docs: Vec<Doc>,
    how: &Doc,
    other: &dyn Fn(&str) -> Vec<Doc>,
    effort: &mut Effort,
) -> Result<Vec<Doc>, Fault> {
    let part = |name: &str| how.get(name).and_then(Value::text);
    let (Some(from), Some(local), Some(foreign), Some(name)) =
        (part("from"), part("localField"), part("foreignField"), part("as"))
    else {
        return Err(Fault::parse(
            "$lookup requires either 'pipeline' or both 'localField' and 'foreignField'",
        ));
    };
    let others = other(from);
    let mut out = Vec::new();
    for mut doc in docs {
        let own: Vec<Value> = reach(&doc, local).into_iter().cloned().collect();
        let mut found = Vec::new();
        for candidate in &others {
            effort.step()?;
            let theirs = reach(candidate, foreign);
            if theirs.iter().any(|value| own.iter().any(|own| own.same(value))) {
                effort.make(candidate.size())?;
                found.push(Value::Document(candidate.clone()));
            }
        }
        doc.set(name, Value::Array(found));
        out.push(doc);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(stages: &[Doc]) -> Result<Vec<Doc>, Fault> {
        let order = |id: i32, city: &str, sum: i32| bson! { "_id" => id, "city" => city, "sum" => sum };
        let docs = vec![order(1, "Wien", 5), order(2, "Graz", 7), order(3, "Wien", 9)];
        let stages: Vec<Value> = stages.iter().cloned().map(Value::from).collect();
        run(docs, &stages, &|_| vec![bson! { "_id" => "Wien", "zip" => 1010 }], &mut Effort::new(0))
    }

    #[test]
    fn documents_are_grouped_sorted_and_counted() {
        let by =
            bson! { "_id" => "$city", "all" => bson! { "$sum" => "$sum" }, "n" => bson! { "$sum" => 1 } };
        let found = passed(&[bson! { "$group" => by }, bson! { "$sort" => bson! { "all" => -1 } }]);
        let wanted = [
            bson! { "_id" => "Wien", "all" => 14, "n" => 2 },
            bson! { "_id" => "Graz", "all" => 7, "n" => 1 },
        ];
        assert_eq!(found.unwrap(), wanted);
        let counted = passed(&[bson! { "$match" => bson! { "city" => "Wien" } }, bson! { "$count" => "n" }]);
        assert_eq!(counted.unwrap(), [bson! { "n" => 2 }]);
        let lists = passed(&[
            bson! { "$group" => bson! { "_id" => Value::Null, "l" => bson! { "$push" => "$sum" } } },
            bson! { "$unwind" => "$l" },
            bson! { "$limit" => 2 },
            bson! { "$project" => bson! { "_id" => 0, "l" => 1 } },
        ]);
        assert_eq!(lists.unwrap(), [bson! { "l" => 5 }, bson! { "l" => 7 }]);
    }

    #[test]
    fn what_is_no_stage_is_refused_as_the_server_does() {
        let fault = passed(&[bson! { "$foo" => 1 }]).unwrap_err();
        assert_eq!((fault.code, fault.text.as_str()), (40_324, "Unrecognized pipeline stage name: '$foo'"));
        assert_eq!(passed(&[bson! {}]).unwrap_err().code, 40_323);
    }

    #[test]
    fn no_stages_make_more_of_a_document_than_there_is_memory_for() {
        let text = bson! { "$addFields" => bson! { "l" => "x".repeat(1000) } };
        let twice = bson! { "$addFields" => bson! { "l" => vec![Value::from("$l"), Value::from("$l")] } };
        let whole = bson! { "$addFields" => bson! { "a" => "$$ROOT", "b" => "$$ROOT" } };
        for grows in [twice, whole] {
            let stages = [vec![text.clone()], vec![grows; 60]].concat();
            assert_eq!(passed(&stages).unwrap_err().code, 292);
        }
        let deeper = bson! { "$addFields" => bson! { "d" => bson! { "x" => bson! { "y" => "$d" } } } };
        let deeper: Vec<Doc> = std::iter::repeat_n(deeper, 100).collect();
        assert_eq!(passed(&deeper).unwrap_err().code, 15);
        let list = Value::Array(vec![Value::from(1); 10_000]);
        let stages = [
            bson! { "$addFields" => bson! { "l" => list, "t" => "x".repeat(100_000) } },
            bson! { "$unwind" => "$l" },
        ];
        assert_eq!(passed(&stages).unwrap_err().code, 292);
    }

    #[test]
    fn other_collections_are_looked_up() {
        let how =
            bson! { "from" => "cities", "localField" => "city", "foreignField" => "_id", "as" => "place" };
        let found = passed(&[bson! { "$lookup" => how }, bson! { "$limit" => 1 }]).unwrap();
        let place = found.first().and_then(|doc| doc.get("place")).and_then(Value::array).unwrap();
        assert_eq!(place.len(), 1);
    }
}
