//! Commands that read documents.

use super::{
    bson::{Doc, Value, bson},
    effort::Effort,
    fault::Fault,
    path::reach,
    pipeline, query,
    server::Ask,
    world::{Collection, Cursor, World},
};

/// Documents of a first batch, unless another number is asked for.
const FIRST: usize = 101;
/// Bytes of a batch after which no document is added.
const BATCH: usize = 4 << 20;

/// The documents that the command `body`, a `find` or an `aggregate`, asks for.
fn asked(
    world: &World,
    database: &str,
    collection: &str,
    body: &Doc,
    effort: &mut Effort,
) -> Result<Vec<Doc>, Fault> {
    effort.read(world.collection(database, collection).map_or(0, Collection::size))?;
    let docs = world.documents(database, collection);
    if let Some(stages) = body.get("pipeline").and_then(Value::array) {
        let other = |name: &str| world.documents(database, name);
        return pipeline::run(docs, stages, &other, effort);
    }
    let part = |name: &str| body.get(name).and_then(Value::doc).cloned().unwrap_or_default();
    let number = |name: &str| {
        let whole = body.get(name).and_then(Value::whole).unwrap_or(0).unsigned_abs();
        usize::try_from(whole).unwrap_or(usize::MAX)
    };
    let (filter, sort, projection) = (part("filter"), part("sort"), part("projection"));
    let mut found = Vec::new();
    for doc in docs {
        if query::matches(&filter, &doc, effort)? {
            found.push(doc);
        }
    }
    query::sort(&mut found, &sort, effort)?;
    let limit = if number("limit") == 0 { usize::MAX } else { number("limit") };
    let chosen = found.into_iter().skip(number("skip")).take(limit);
    chosen.map(|doc| query::project(doc, &projection, effort)).collect()
}

/// The first of `docs` that fit a batch of `most`, and whether that is all of them.
fn batch(docs: Vec<Doc>, most: usize) -> (Vec<Value>, bool) {
    let count = docs.len();
    let mut size = 0;
    let mut taken = Vec::new();
    for doc in docs.into_iter().take(most) {
        size += doc.bytes().len();
        if BATCH < size && !taken.is_empty() {
            break;
        }
        taken.push(Value::Document(doc));
    }
    let all = taken.len() == count;
    (taken, all)
}

fn cursor(name: &str, batch: Vec<Value>, id: i64, namespace: String) -> Doc {
    bson! { "cursor" => bson! { name => batch, "id" => id, "ns" => namespace }, "ok" => 1.0 }
}

/// `find`.
pub(super) fn find(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    first_batch(ask, &collection, ask.whole("batchSize"), ask.flag("singleBatch"))
}

/// `aggregate`.
pub(super) fn aggregate(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let Some(stages) = ask.body.get("pipeline").and_then(Value::array) else {
        return Err(Fault::new(40_414, "BSON field 'aggregate.pipeline' is missing but a required field"));
    };
    if !ask.flag("explain") && ask.body.get("cursor").is_none() {
        return Err(Fault::parse(
            "The 'cursor' option is required, except for aggregate with the explain argument",
        ));
    }
    let size = ask.doc("cursor").get("batchSize").and_then(Value::whole);
    let of_database = ask.body.0.first().is_some_and(|(_, value)| value.text().is_none());
    if of_database {
        let first = stages.first().map(pipeline::stage).transpose()?.map(|(name, _)| name);
        return match first {
            Some("$currentOp" | "$listLocalSessions" | "$listSessions") => {
                Ok(cursor("firstBatch", Vec::new(), 0, format!("{}.$cmd.aggregate", ask.database)))
            }
            Some("$changeStream") => {
                Err(Fault::new(40_573, "The $changeStream stage is only supported on replica sets"))
            }
            _ => Err(Fault::new(
                73,
                "{aggregate: 1} is not valid for a pipeline that does not start with a $collStats, $currentOp, \
                 $documents or $listLocalSessions stage.",
            )),
        };
    }
    let collection = ask.collection()?;
    if let Some((name @ ("$collStats" | "$indexStats"), _)) =
        stages.first().map(pipeline::stage).transpose()?
    {
        let stats = super::naming::stage(ask, name, &collection);
        let rest = stages.get(1..).unwrap_or_default();
        let docs = pipeline::run(stats, rest, &|_| Vec::new(), &mut ask.effort)?;
        let namespace = format!("{}.{collection}", ask.database);
        return Ok(cursor("firstBatch", docs.into_iter().map(Value::from).collect(), 0, namespace));
    }
    if let Some(("$out" | "$merge", target)) = stages.last().map(pipeline::stage).transpose()? {
        return stored(ask, &collection, stages, target);
    }
    first_batch(ask, &collection, size, false)
}

/// An aggregation whose documents go into a collection.
fn stored(ask: &mut Ask<'_>, collection: &str, stages: &[Value], target: &Value) -> Result<Doc, Fault> {
    let into = target.doc().and_then(|doc| doc.get("into").or_else(|| doc.get("coll"))).unwrap_or(target);
    let into =
        into.text().ok_or_else(|| Fault::parse("the $out stage requires a string or object argument"))?;
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let docs = {
        let other = |name: &str| world.documents(ask.database, name);
        let stages = stages.get(..stages.len() - 1).unwrap_or_default();
        pipeline::run(world.documents(ask.database, collection), stages, &other, &mut ask.effort)?
    };
    world.drop_collection(ask.database, into);
    for doc in docs {
        world.insert(ask.database, into, doc, ask.now)?;
    }
    Ok(cursor("firstBatch", Vec::new(), 0, format!("{}.{collection}", ask.database)))
}

fn first_batch(ask: &mut Ask<'_>, collection: &str, size: Option<i64>, single: bool) -> Result<Doc, Fault> {
    let size = match size {
        Some(size) if size < 0 => {
            let text = format!("BSON field 'batchSize' value must be >= 0, actual value '{size}'");
            return Err(Fault::new(51_024, text));
        }
        Some(size) => usize::try_from(size).unwrap_or(usize::MAX),
        None => FIRST,
    };
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let docs = asked(&world, ask.database, collection, ask.body, &mut ask.effort)?;
    let (batch, all) = batch(docs, size);
    let limit = ask.whole("limit").unwrap_or(0);
    let id = if all || single || limit < 0 {
        None
    } else {
        world.open(ask.database, collection, ask.body, batch.len())
    };
    Ok(cursor("firstBatch", batch, id.unwrap_or(0), format!("{}.{collection}", ask.database)))
}

/// `getMore`.
pub(super) fn more(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let id = ask.whole("getMore").unwrap_or(0);
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let found = world.cursors.iter().find(|cursor| cursor.id == id).cloned();
    let found = found.filter(|cursor| cursor.database == ask.database);
    let Some(Cursor { database, collection, command, given, .. }) = found else {
        return Err(Fault::new(43, format!("cursor id {id} not found")));
    };
    let size = ask.whole("batchSize").and_then(|size| usize::try_from(size).ok()).filter(|size| *size != 0);
    let docs = asked(&world, &database, &collection, &command, &mut ask.effort)?;
    let rest: Vec<Doc> = docs.into_iter().skip(given).collect();
    let (batch, all) = batch(rest, size.unwrap_or(usize::MAX));
    if all {
        world.cursors.retain(|cursor| cursor.id != id);
    } else if let Some(cursor) = world.cursors.iter_mut().find(|cursor| cursor.id == id) {
        cursor.given += batch.len();
    }
    Ok(cursor("nextBatch", batch, if all { 0 } else { id }, format!("{database}.{collection}")))
}

/// `killCursors`.
pub(super) fn kill(ask: &Ask<'_>) -> Doc {
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let asked = ask.body.get("cursors").and_then(Value::array).unwrap_or_default();
    let open = |id: &&Value| world.cursors.iter().any(|cursor| Some(cursor.id) == id.whole());
    let (killed, missing): (Vec<&Value>, Vec<&Value>) = asked.iter().partition(open);
    let killed: Vec<Value> = killed.into_iter().cloned().collect();
    world.cursors.retain(|cursor| !killed.iter().any(|id| id.whole() == Some(cursor.id)));
    let missing: Vec<Value> = missing.into_iter().cloned().collect();
    bson! {
        "cursorsKilled" => killed, "cursorsNotFound" => missing, "cursorsAlive" => Vec::new(),
        "cursorsUnknown" => Vec::new(), "ok" => 1.0,
    }
}

/// The documents of the collection that the field `query` of the command finds.
fn queried(ask: &mut Ask<'_>) -> Result<Vec<Doc>, Fault> {
    let collection = ask.collection()?;
    let filter = ask.doc("query");
    let world = ask.server.world(ask.host, ask.link);
    let docs = world.lock().documents(ask.database, &collection);
    let mut found = Vec::new();
    for doc in docs {
        if query::matches(&filter, &doc, &mut ask.effort)? {
            found.push(doc);
        }
    }
    Ok(found)
}

/// `count`.
pub(super) fn count(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let found = i64::try_from(queried(ask)?.len()).unwrap_or(i64::MAX);
    let left = (found - ask.whole("skip").unwrap_or(0).max(0)).max(0);
    let limit = ask.whole("limit").unwrap_or(0).saturating_abs();
    let counted = if limit == 0 { left } else { left.min(limit) };
    Ok(bson! { "n" => i32::try_from(counted).unwrap_or(i32::MAX), "ok" => 1.0 })
}

/// `distinct`.
pub(super) fn distinct(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let Some(key) = ask.text("key").map(str::to_owned) else {
        return Err(Fault::new(40_414, "BSON field 'distinct.key' is missing but a required field"));
    };
    let docs = queried(ask)?;
    let reached = docs.iter().flat_map(|doc| reach(doc, &key));
    let parts = reached.flat_map(|value| value.array().unwrap_or(std::slice::from_ref(value)));
    let mut values: Vec<Value> = parts.cloned().collect();
    values.sort_by(Value::order);
    values.dedup_by(|one, two| one.same(two));
    Ok(bson! { "values" => values, "ok" => 1.0 })
}

/// `explain`: every plan is a scan of the collection.
pub(super) fn explain(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let inner = ask.doc("explain");
    let collection = inner.0.first().and_then(|(_, value)| value.text()).unwrap_or_default();
    if collection.is_empty() {
        return Err(Fault::new(
            14,
            "BSON field 'explain.explain' is the wrong type 'int', expected type 'object'",
        ));
    }
    let filter =
        inner.get("filter").or_else(|| inner.get("query")).cloned().unwrap_or_else(|| bson! {}.into());
    let plan = bson! { "stage" => "COLLSCAN", "direction" => "forward" };
    let planner = bson! {
        "namespace" => format!("{}.{collection}", ask.database), "indexFilterSet" => false, "parsedQuery" => filter,
        "maxIndexedOrSolutionsReached" => false, "maxIndexedAndSolutionsReached" => false,
        "maxScansToExplodeReached" => false, "winningPlan" => plan, "rejectedPlans" => Vec::new(),
    };
    let release = &ask.server.release;
    let server = bson! {
        "host" => ask.host.persona().hostname.as_str(), "port" => i32::from(ask.link.port),
        "version" => release.version.as_str(), "gitVersion" => release.git,
    };
    Ok(bson! {
        "explainVersion" => "1", "queryPlanner" => planner, "command" => inner, "serverInfo" => server, "ok" => 1.0,
    })
}
