//! Commands about databases, collections and indexes.

use super::{
    bson::{Doc, Value, bson},
    fault::Fault,
    query,
    server::{Ask, Given},
    world::{Collection, Index, World, checked},
};

/// Least bytes of a file of a collection or an index.
const FILE: i64 = 20_480;

fn size(collection: &Collection) -> i64 {
    i64::try_from(collection.size()).unwrap_or(i64::MAX)
}

/// Bytes on disk: of its file and of those of its indexes.
fn on_disk(collection: &Collection) -> (i64, i64) {
    let pages = |bytes: i64| (bytes / 4096 * 4096).max(FILE);
    let indexes = i64::try_from(collection.indexes.len()).unwrap_or(0) * FILE;
    (pages(size(collection)), indexes)
}

fn cursor(batch: Vec<Value>, namespace: String) -> Doc {
    bson! { "cursor" => bson! { "id" => 0_i64, "ns" => namespace, "firstBatch" => batch }, "ok" => 1.0 }
}

/// `listDatabases`.
pub(super) fn databases(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    if ask.database != "admin" {
        return Err(Fault::new(13, "listDatabases may only be run against the admin database."));
    }
    let (filter, names) = (ask.doc("filter"), ask.flag("nameOnly"));
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let (mut all, mut total) = (Vec::new(), 0);
    for (name, collections) in &world.databases {
        let bytes: i64 = collections.values().map(on_disk).map(|(data, indexes)| data + indexes).sum();
        let one = bson! { "name" => name.as_str(), "sizeOnDisk" => bytes, "empty" => false };
        if query::matches(&filter, &one, &mut ask.effort)? {
            total += bytes;
            all.push(if names { bson! { "name" => name.as_str() }.into() } else { one.into() });
        }
    }
    let list = bson! { "databases" => Value::Array(all) };
    if names {
        return Ok(list.with("ok", Some(1.0)));
    }
    Ok(list.with("totalSize", Some(total)).with("totalSizeMb", Some(total >> 20)).with("ok", Some(1.0)))
}

/// `listCollections`.
pub(super) fn collections(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let (filter, names) = (ask.doc("filter"), ask.flag("nameOnly"));
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let mut all = Vec::new();
    for (name, collection) in world.databases.get(ask.database).into_iter().flatten() {
        let key = bson! { "v" => 2, "key" => bson! { "_id" => 1 }, "name" => "_id_" };
        let info = bson! { "readOnly" => false, "uuid" => Value::Binary(4, collection.uuid.to_vec()) };
        let short = bson! { "name" => name.as_str(), "type" => "collection" };
        let whole =
            short.clone().with("options", Some(bson! {})).with("info", Some(info)).with("idIndex", Some(key));
        if query::matches(&filter, &whole, &mut ask.effort)? {
            all.push(Value::from(if names { short } else { whole }));
        }
    }
    Ok(cursor(all, format!("{}.$cmd.listCollections", ask.database)))
}

/// `listIndexes`.
pub(super) fn indexes(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let namespace = format!("{}.{collection}", ask.database);
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let Some(found) = world.collection(ask.database, &collection) else {
        return Err(Fault::new(26, format!("ns does not exist: {namespace}")));
    };
    let one =
        |index: &Index| bson! { "v" => 2, "key" => index.key.clone(), "name" => index.name.as_str() }.into();
    Ok(cursor(found.indexes.iter().map(one).collect(), namespace))
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// `createIndexes`.
pub(super) fn create_indexes(ask: &mut Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let asked = ask.documents("indexes");
    if asked.is_empty() {
        return Err(Fault::bad("Must specify at least one index to create"));
    }
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let made = world.create(ask.database, &collection)?;
    let count =
        |world: &World| number(world.collection(ask.database, &collection).map_or(0, |c| c.indexes.len()));
    let before = count(&world);
    for spec in asked.into_iter().filter_map(Given::doc) {
        let part = |name: &str| spec.get(name);
        let (Some(key), Some(name)) = (part("key").and_then(Value::doc), part("name").and_then(Value::text))
        else {
            let text = format!(
                "Error in specification {{}} :: caused by :: The 'name' field is a required property of an index \
                 specification on {}.{collection}",
                ask.database
            );
            return Err(Fault::parse(text));
        };
        world.index(ask.database, &collection, Index { name: name.to_owned(), key: key.clone() })?;
    }
    let after = count(&world);
    let answer = bson! { "numIndexesBefore" => before, "numIndexesAfter" => after }
        .with("createdCollectionAutomatically", Some(made));
    let note = (before == after).then_some("all indexes already exist");
    Ok(answer.with("note", note).with("ok", Some(1.0)))
}

/// `dropIndexes`.
pub(super) fn drop_indexes(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    let database = world.databases.get_mut(ask.database).and_then(|database| database.get_mut(&collection));
    let Some(found) = database else {
        return Err(Fault::new(26, format!("ns not found {}.{collection}", ask.database)));
    };
    let before = number(found.indexes.len());
    let asked = ask.body.get("index").cloned().unwrap_or(Value::Null);
    let goes = |index: &Index| {
        index.name != "_id_"
            && (asked.text().is_some_and(|name| name == "*" || name == index.name)
                || asked.doc() == Some(&index.key))
    };
    if asked.text().is_some_and(|name| name != "*") && !found.indexes.iter().any(goes) {
        let name = asked.text().unwrap_or_default();
        return Err(Fault::new(27, format!("index not found with name [{name}]")));
    }
    found.indexes.retain(|index| !goes(index));
    Ok(bson! { "nIndexesWas" => before, "ok" => 1.0 })
}

/// `create`.
pub(super) fn create(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let world = ask.server.world(ask.host, ask.link);
    if world.lock().create(ask.database, &collection)? {
        return Ok(bson! { "ok" => 1.0 });
    }
    let namespace = format!("{}.{collection}", ask.database);
    Err(Fault::new(48, format!("Collection already exists. NS: {namespace}")))
}

/// `drop`.
pub(super) fn drop_collection(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    checked(ask.database, &collection)?;
    let world = ask.server.world(ask.host, ask.link);
    let gone = world.lock().drop_collection(ask.database, &collection);
    match gone {
        Some(gone) => Ok(bson! {
            "nIndexesWas" => number(gone.indexes.len()), "ns" => format!("{}.{collection}", ask.database), "ok" => 1.0,
        }),
        // Since 7.0 that is no error.
        None if (7, 0) <= ask.server.release.line => Ok(bson! { "ok" => 1.0 }),
        None => Err(Fault::new(26, "ns not found")),
    }
}

/// `dropDatabase`.
pub(super) fn drop_database(ask: &Ask<'_>) -> Result<Doc, Fault> {
    if matches!(ask.database, "admin" | "config" | "local") {
        let text = format!("Dropping the '{}' database is prohibited.", ask.database);
        return Err(Fault::new(20, text));
    }
    let world = ask.server.world(ask.host, ask.link);
    let dropped = world.lock().drop_database(ask.database).then_some(ask.database);
    Ok(bson! {}.with("dropped", dropped).with("ok", Some(1.0)))
}

/// `renameCollection`.
pub(super) fn rename(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let split = |text: Option<&str>| {
        let (database, collection) = text?.split_once('.')?;
        Some((database.to_owned(), collection.to_owned()))
    };
    let (Some(from), Some(to)) = (split(ask.text("renameCollection")), split(ask.text("to"))) else {
        return Err(Fault::new(73, "Invalid namespace specified"));
    };
    let world = ask.server.world(ask.host, ask.link);
    let mut world = world.lock();
    if world.collection(&to.0, &to.1).is_some() {
        if !ask.flag("dropTarget") {
            return Err(Fault::new(48, "target namespace exists"));
        }
        world.drop_collection(&to.0, &to.1);
    }
    world.rename((&from.0, &from.1), (&to.0, &to.1))?;
    Ok(bson! { "ok" => 1.0 })
}

/// `dbStats`.
pub(super) fn database_stats(ask: &Ask<'_>) -> Doc {
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let collections: Vec<&Collection> =
        world.databases.get(ask.database).into_iter().flat_map(|all| all.values()).collect();
    let sum = |of: fn(&Collection) -> i64| collections.iter().map(|one| of(one)).sum::<i64>();
    let objects = sum(|one| i64::try_from(one.documents.len()).unwrap_or(0));
    let (data, storage, indexes) = (sum(size), sum(|one| on_disk(one).0), sum(|one| on_disk(one).1));
    let double = |number: i64| Value::Long(number).number().unwrap_or(0.0);
    let average = if objects == 0 { 0.0 } else { double(data) / double(objects) };
    let disk = double(i64::try_from(ask.host.persona().hardware.disk_kib).unwrap_or(0)) * 1024.0;
    bson! {
        "db" => ask.database, "collections" => number(collections.len()), "views" => 0, "objects" => objects,
        "avgObjSize" => average, "dataSize" => double(data), "storageSize" => double(storage),
        "indexes" => number(collections.iter().map(|one| one.indexes.len()).sum()), "indexSize" => double(indexes),
        "totalSize" => double(storage + indexes), "scaleFactor" => 1.0, "fsUsedSize" => (disk * 0.31).round(),
        "fsTotalSize" => disk, "ok" => 1.0,
    }
}

fn stats(ask: &Ask<'_>, collection: &str) -> Option<Doc> {
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let found = world.collection(ask.database, collection)?;
    let (storage, indexes) = on_disk(found);
    let (size, count) = (size(found), number(found.documents.len()));
    let average = (count != 0).then(|| i32::try_from(size / i64::from(count)).unwrap_or(i32::MAX));
    let sizes = found.indexes.iter().map(|index| (index.name.clone(), Value::from(20_480))).collect();
    let stats = bson! { "size" => i32::try_from(size).unwrap_or(i32::MAX), "count" => count };
    let small = |bytes: i64| Some(i32::try_from(bytes).unwrap_or(i32::MAX));
    Some(
        stats
            .with("avgObjSize", average)
            .with("numOrphanDocs", Some(0))
            .with("storageSize", small(storage))
            .with("freeStorageSize", Some(0))
            .with("capped", Some(false))
            .with("nindexes", Some(number(found.indexes.len())))
            .with("indexBuilds", Some(Vec::new()))
            .with("totalIndexSize", small(indexes))
            .with("totalSize", small(storage + indexes))
            .with("indexSizes", Some(Doc(sizes))),
    )
}

/// `collStats`.
pub(super) fn collection_stats(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let namespace = format!("{}.{collection}", ask.database);
    let found = stats(ask, &collection);
    let found =
        found.unwrap_or_else(|| bson! { "size" => 0, "count" => 0, "storageSize" => 0, "nindexes" => 0 });
    let mut answer = bson! { "ns" => namespace };
    answer.0.extend(found.0);
    Ok(answer.with("scaleFactor", Some(1)).with("ok", Some(1.0)))
}

/// What the stage `name`, which begins a pipeline, makes of a collection.
pub(super) fn stage(ask: &Ask<'_>, name: &str, collection: &str) -> Vec<Doc> {
    let host = format!("{}:{}", ask.host.persona().hostname, ask.link.port);
    if name == "$collStats" {
        let found = stats(ask, collection).unwrap_or_default();
        let count = found.get("count").cloned().unwrap_or(Value::Int(0));
        return vec![bson! {
            "ns" => format!("{}.{collection}", ask.database), "host" => host, "localTime" => Value::Date(ask.now),
            "storageStats" => found, "count" => count,
        }];
    }
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let since = Value::Date(ask.host.persona().booted_at / 1000 + 15_000);
    let one = |index: &Index| {
        bson! {
            "name" => index.name.as_str(), "key" => index.key.clone(), "host" => host.as_str(),
            "accesses" => bson! { "ops" => 0_i64, "since" => since.clone() },
        }
    };
    let found = world.collection(ask.database, collection);
    found.map_or_else(Vec::new, |found| found.indexes.iter().map(one).collect())
}

/// `validate`.
pub(super) fn validate(ask: &Ask<'_>) -> Result<Doc, Fault> {
    let collection = ask.collection()?;
    let namespace = format!("{}.{collection}", ask.database);
    let world = ask.server.world(ask.host, ask.link);
    let world = world.lock();
    let Some(found) = world.collection(ask.database, &collection) else {
        let text = format!("Collection '{namespace}' does not exist to validate.");
        return Err(Fault::new(26, text));
    };
    Ok(bson! {
        "ns" => namespace, "nInvalidDocuments" => 0, "nNonCompliantDocuments" => 0,
        "nrecords" => number(found.documents.len()), "nIndexes" => number(found.indexes.len()), "valid" => true,
        "repaired" => false, "warnings" => Vec::new(), "errors" => Vec::new(), "ok" => 1.0,
    })
}
