//! Commands that write documents.

use super::{
    bson::{Doc, Value, bson},
    effort::Effort,
    fault::Fault,
    path::place,
    query,
    server::{Ask, Given},
    update,
    world::{World, checked},
};

/// Most statements of a command.
const MOST: usize = 100_000;

/// What went wrong with the statement number `at`.
fn error(at: usize, fault: &Fault, doc: Option<&Doc>) -> Value {
    let at = i32::try_from(at).unwrap_or(i32::MAX);
    let mut error = bson! { "index" => at, "code" => fault.code };
    if let (11_000, Some(id)) = (fault.code, doc.and_then(|doc| doc.get("_id"))) {
        error = bson! {
            "index" => at, "code" => fault.code, "keyPattern" => bson! { "_id" => 1 },
            "keyValue" => bson! { "_id" => id.clone() },
        };
    }
    error.with("errmsg", Some(fault.text.as_str())).into()
}

/// The statements of the command.
fn statements<'a>(ask: &Ask<'a>, name: &str) -> Result<Vec<Given<'a>>, Fault> {
    let all = ask.documents(name);
    if all.is_empty() || MOST < all.len() {
        let text = format!("Write batch sizes must be between 1 and {MOST}. Got {} operations.", all.len());
        return Err(Fault::new(16, text));
    }
    Ok(all)
}

fn finished(counts: Doc, errors: Vec<Value>) -> Doc {
    let errors = if errors.is_empty() { None } else { Some(errors) };
    counts.with("writeErrors", errors).with("ok", Some(1.0))
}

/// `insert`.
pub(super) fn insert(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    checked(ask.database, &collection)?;
    let documents = statements(ask, "documents")?;
    let ordered = ask.body.get("ordered").is_none_or(Value::truth);
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let (mut count, mut errors) = (0, Vec::new());
    for (at, document) in documents.into_iter().enumerate() {
        let Some(document) = document.doc() else {
            return Err(Fault::new(
                10_334,
                "BSONObj size is invalid. Size must be between 0 and 16793600(16MB)",
            ));
        };
        // What is refused, as what is there already, takes its time too.
        let outcome = match ask.effort.make(document.size()) {
            Ok(()) => world.insert(ask.database, &collection, document.clone(), ask.now),
            Err(_) => Err(Fault::full()),
        };
        match outcome {
            Ok(_) => count += 1,
            Err(fault) => {
                errors.push(error(at, &fault, Some(&document)));
                if ordered || fault.code == Fault::full().code {
                    break;
                }
            }
        }
    }
    Ok(finished(bson! { "n" => count }, errors))
}

/// Numbers of the documents that `filter` finds, one of them or all.
fn found(
    world: &World,
    namespace: (&str, &str),
    filter: &Doc,
    many: bool,
    effort: &mut Effort,
) -> Result<Vec<(usize, Doc)>, Fault> {
    let mut found = Vec::new();
    let there =
        world.collection(namespace.0, namespace.1).map_or(&[][..], |found| found.documents.as_slice());
    for (at, stored) in there.iter().enumerate() {
        effort.read(stored.size())?;
        let doc = stored.doc();
        if query::matches(filter, &doc, effort)? {
            found.push((at, doc));
            if !many {
                break;
            }
        }
    }
    Ok(found)
}

/// The document that an upsert inserts: what the filter says, changed.
fn upserted(filter: &Doc, change: &Doc, effort: &mut Effort) -> Result<Doc, Fault> {
    let mut base = Doc::default();
    for (path, value) in filter.0.iter().filter(|(path, _)| !path.starts_with('$')) {
        let equal = match value {
            Value::Document(operators) if operators.0.iter().any(|(name, _)| name.starts_with('$')) => {
                operators.get("$eq").cloned()
            }
            other => Some(other.clone()),
        };
        if let Some(equal) = equal {
            place(&mut base, path, equal)?;
        }
    }
    update::changed(&base, change, true, effort)
}

/// What a `u` or `update` says; pipelines of stages that set fields are taken as such.
fn change(statement: &Doc, name: &str) -> Result<Doc, Fault> {
    match statement.get(name) {
        Some(Value::Document(doc)) => Ok(doc.clone()),
        Some(Value::Array(stages)) => {
            let mut all = Doc::default();
            for (stage, fields) in stages.iter().filter_map(Value::doc).flat_map(|stage| &stage.0) {
                let operator = if stage == "$addFields" { "$set" } else { stage.as_str() };
                all.set(operator, fields.clone());
            }
            Ok(all)
        }
        _ => {
            let text = "Update argument must be either an object or an array";
            Err(Fault::parse(text))
        }
    }
}

/// `update`.
pub(super) fn update(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    checked(ask.database, &collection)?;
    let statements = statements(ask, "updates")?;
    let ordered = ask.body.get("ordered").is_none_or(Value::truth);
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let (mut count, mut modified, mut new, mut errors) = (0, 0, Vec::new(), Vec::new());
    for (at, statement) in statements.into_iter().enumerate() {
        let statement = statement.doc().unwrap_or_default();
        match updated(&mut world, (ask.database, &collection), &statement, ask.now, &mut ask.effort) {
            Ok((matched, changed, None)) => {
                count += matched;
                modified += changed;
            }
            Ok((.., Some(id))) => {
                count += 1;
                new.push(bson! { "index" => i32::try_from(at).unwrap_or(0), "_id" => id }.into());
            }
            Err(fault) => {
                errors.push(error(at, &fault, None));
                if ordered {
                    break;
                }
            }
        }
    }
    let new = if new.is_empty() { None } else { Some(Value::Array(new)) };
    Ok(finished(bson! { "n" => count }.with("upserted", new).with("nModified", Some(modified)), errors))
}

/// Documents that matched, that were changed, and the id of one that was inserted.
fn updated(
    world: &mut World,
    namespace: (&str, &str),
    statement: &Doc,
    now: i64,
    effort: &mut Effort,
) -> Result<(i32, i32, Option<Value>), Fault> {
    let filter = statement.get("q").and_then(Value::doc).cloned().unwrap_or_default();
    let change = change(statement, "u")?;
    let flag = |name: &str| statement.get(name).is_some_and(Value::truth);
    let many = flag("multi");
    if many && !change.0.first().is_some_and(|(name, _)| name.starts_with('$')) {
        return Err(Fault::parse("multi update is not supported for replacement-style update"));
    }
    let found = found(world, namespace, &filter, many, effort)?;
    if found.is_empty() && flag("upsert") {
        let doc = upserted(&filter, &change, effort)?;
        let made = world.insert(namespace.0, namespace.1, doc, now)?;
        return Ok((0, 0, made.get("_id").cloned()));
    }
    let (matched, mut changed) = (i32::try_from(found.len()).unwrap_or(i32::MAX), 0);
    for (at, doc) in found {
        let new = update::changed(&doc, &change, false, effort)?;
        if new != doc {
            world.replace(namespace.0, namespace.1, at, &new)?;
            changed += 1;
        }
    }
    Ok((matched, changed, None))
}

/// `delete`.
pub(super) fn delete(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let statements = statements(ask, "deletes")?;
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let (mut count, mut errors) = (0, Vec::new());
    for (at, statement) in statements.into_iter().enumerate() {
        let statement = statement.doc().unwrap_or_default();
        let filter = statement.get("q").and_then(Value::doc).cloned().unwrap_or_default();
        let many = statement.get("limit").and_then(Value::whole) != Some(1);
        match found(&world, (ask.database, &collection), &filter, many, &mut ask.effort) {
            Ok(found) => {
                let numbers: Vec<usize> = found.into_iter().map(|(at, _)| at).collect();
                world.remove(ask.database, &collection, &numbers);
                count += i32::try_from(numbers.len()).unwrap_or(i32::MAX);
            }
            Err(fault) => {
                errors.push(error(at, &fault, None));
                break;
            }
        }
    }
    Ok(finished(bson! { "n" => count }, errors))
}

/// `findAndModify`.
pub(super) fn find_and_modify(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    checked(ask.database, &collection)?;
    let (filter, removes) = (ask.doc("query"), ask.flag("remove"));
    if !removes && ask.body.get("update").is_none() {
        return Err(Fault::parse("Either an update or remove=true must be specified"));
    }
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let mut all = found(&world, (ask.database, &collection), &filter, true, &mut ask.effort)?;
    let sort = ask.doc("sort");
    let mut order: Vec<Doc> = all.iter().map(|(_, doc)| doc.clone()).collect();
    query::sort(&mut order, &sort, &mut ask.effort)?;
    let chosen = order.first().and_then(|first| all.iter().position(|(_, doc)| doc == first));
    let chosen = chosen.map(|at| all.swap_remove(at));
    let (value, last) = match chosen {
        Some((at, doc)) if removes => {
            world.remove(ask.database, &collection, &[at]);
            (Some(doc), bson! { "n" => 1 })
        }
        None if removes => (None, bson! { "n" => 0 }),
        Some((at, doc)) => {
            let new = update::changed(&doc, &change(ask.body, "update")?, false, &mut ask.effort)?;
            world.replace(ask.database, &collection, at, &new)?;
            let shown = if ask.flag("new") { new } else { doc };
            (Some(shown), bson! { "n" => 1, "updatedExisting" => true })
        }
        None if ask.flag("upsert") => {
            let doc = upserted(&filter, &change(ask.body, "update")?, &mut ask.effort)?;
            let made = world.insert(ask.database, &collection, doc, ask.now)?;
            let id = made.get("_id").cloned();
            let shown = ask.flag("new").then_some(made);
            (shown, bson! { "n" => 1, "updatedExisting" => false }.with("upserted", id))
        }
        None => (None, bson! { "n" => 0, "updatedExisting" => false }),
    };
    let value = match value {
        Some(doc) => query::project(doc, &ask.doc("fields"), &mut ask.effort)?.into(),
        None => Value::Null,
    };
    Ok(bson! { "lastErrorObject" => last, "value" => value, "ok" => 1.0 })
}
