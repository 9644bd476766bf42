//! Indices: making, showing and throwing them away, their mappings, settings and aliases.

use super::{
    call::{Call, Outcome, texts},
    deeds,
    fault::Fault,
    reply::Reply,
    search::{shards_of, typed},
    store::{Index, matches},
};
use serde_json::{Map, Value, json};

/// What is done to an index itself: `PUT`, `GET`, `HEAD`, `DELETE`.
pub(super) fn index(call: &mut Call<'_>, name: &str) -> Outcome {
    match call.method() {
        "PUT" => create(call, name),
        "DELETE" => remove(call, name),
        "HEAD" => Ok(Reply::empty(if call.store.resolve(name).is_ok() { 200 } else { 404 })),
        "GET" => shown(call, name, &["aliases", "mappings", "settings"]),
        _ => Err(Fault::argument(format!(
            "Incorrect HTTP method for uri [{}] and method [{}], allowed: [GET, PUT, HEAD, DELETE]",
            call.request.target,
            call.method()
        ))),
    }
}

fn create(call: &mut Call<'_>, name: &str) -> Outcome {
    let body = call.document()?;
    if call.store.indices.contains_key(name) {
        let uuid = call.store.indices.get(name).map(|index| index.uuid.clone()).unwrap_or_default();
        let reason = format!("index [{name}/{uuid}] already exists");
        return Err(Fault::new(400, "resource_already_exists_exception", reason)
            .with("index_uuid", uuid)
            .with("index", name));
    }
    const KNOWN: [&str; 3] = ["settings", "mappings", "aliases"];
    if let Some(key) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Fault::new(400, "parse_exception", format!("unknown key [{key}] for create index")));
    }
    deeds::command(call, &format!("CREATE INDEX {name}"));
    deeds::note(call, name, &Value::Object(body.clone()));
    let now = call.now;
    let index = call.store.open(name, now)?;
    let number = |key: &str, usual: u64| {
        let settings = body.get("settings")?;
        let settings = settings.get("index").unwrap_or(settings);
        let value = settings.get(key).or_else(|| settings.get(format!("index.{key}").as_str()))?;
        let read = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        Some(read.unwrap_or(usual).min(1024))
    };
    index.shards = number("number_of_shards", 1).unwrap_or(1);
    index.replicas = number("number_of_replicas", 1).unwrap_or(1);
    if let Some(Value::Object(aliases)) = body.get("aliases") {
        let names = aliases.keys().filter(|alias| alias.len() < 256).take(32);
        index.aliases.extend(names.map(|alias| (alias.clone(), json!({}))));
    }
    if let Some(mappings) = body.get("mappings") {
        learn(call, name, mappings);
    }
    Ok(Reply::ok(json!({ "acknowledged": true, "shards_acknowledged": true, "index": name })))
}

/// Takes the properties of a mapping over; releases with types name one before.
fn learn(call: &mut Call<'_>, index: &str, mappings: &Value) {
    let inner = mappings.get("properties").or_else(|| {
        mappings.as_object().and_then(|types| types.values().find_map(|kind| kind.get("properties")))
    });
    if let Some(Value::Object(properties)) = inner {
        call.store.map(index, properties);
    }
}

fn remove(call: &mut Call<'_>, expression: &str) -> Outcome {
    let pattern = expression == "_all" || expression.contains('*');
    deeds::command(call, &format!("DELETE INDEX {expression}"));
    if pattern && 8 <= call.release.major() {
        deeds::destruction(call);
        return Err(Fault::argument("Wildcard expressions or all indices are not allowed"));
    }
    let names = call.store.resolve(expression);
    if names.as_ref().is_ok_and(|names| !names.is_empty()) {
        deeds::destruction(call);
    }
    for name in names? {
        if !call.store.indices.contains_key(&name) {
            continue;
        }
        call.store.drop_index(&name);
    }
    Ok(Reply::ok(json!({ "acknowledged": true })))
}

/// The parts of indices that are asked for.
pub(super) fn shown(call: &mut Call<'_>, expression: &str, parts: &[&str]) -> Outcome {
    let mut told = Map::new();
    for index in call.indices(expression)? {
        let mut value = Map::new();
        for part in parts {
            let content = match *part {
                "aliases" => Value::Object(index.aliases.clone()),
                "mappings" => mappings(call, index),
                _ => settings(call, index),
            };
            value.insert((*part).to_owned(), content);
        }
        told.insert(index.name.clone(), Value::Object(value));
    }
    Ok(Reply::ok(Value::Object(told)))
}

fn mappings(call: &Call<'_>, index: &Index) -> Value {
    let mapping = if index.fields.is_empty() { json!({}) } else { json!({ "properties": index.fields }) };
    if call.release.major() < 7 && !index.fields.is_empty() {
        return json!({ "_doc": mapping });
    }
    mapping
}

fn settings(call: &Call<'_>, index: &Index) -> Value {
    let number = call.release.version.split('.').filter_map(|part| part.parse::<u32>().ok());
    let created = number.fold(0, |sum, part| sum * 100 + part) * 100 + 99;
    json!({ "index": {
        "routing": { "allocation": { "include": { "_tier_preference": "data_content" } } },
        "number_of_shards": index.shards.to_string(), "provided_name": index.name,
        "creation_date": index.created.to_string(), "number_of_replicas": index.replicas.to_string(),
        "uuid": index.uuid, "version": { "created": created.to_string() },
    } })
}

/// `_mapping` of an index.
pub(super) fn mapping(call: &mut Call<'_>, expression: &str) -> Outcome {
    if matches!(call.method(), "GET" | "HEAD") {
        return shown(call, expression, &["mappings"]);
    }
    let body = call.needed()?;
    deeds::command(call, &format!("PUT MAPPING {expression}"));
    let names = call.store.resolve(expression)?;
    for name in names {
        learn(call, &name, &Value::Object(body.clone()));
    }
    Ok(acknowledged())
}

/// `_settings` of an index.
pub(super) fn setting(call: &mut Call<'_>, expression: &str) -> Outcome {
    if matches!(call.method(), "GET" | "HEAD") {
        return shown(call, expression, &["settings"]);
    }
    let body = call.needed()?;
    deeds::command(call, &format!("PUT SETTINGS {expression} {}", Value::Object(body.clone())));
    let replicas = body.get("index").and_then(|index| index.get("number_of_replicas"));
    let replicas = replicas.or_else(|| body.get("number_of_replicas")).and_then(Value::as_u64);
    for name in call.store.resolve(expression)? {
        if let (Some(index), Some(replicas)) = (call.store.indices.get_mut(&name), replicas) {
            index.replicas = replicas.min(10);
        }
    }
    Ok(acknowledged())
}

/// `_alias` and `_aliases`.
pub(super) fn alias(call: &mut Call<'_>, expression: &str, name: &str) -> Outcome {
    match call.method() {
        "GET" | "HEAD" => {
            let reply = shown(call, expression, &["aliases"])?;
            let super::reply::Body::Json(Value::Object(mut told)) = reply.body else { return Ok(reply) };
            if !name.is_empty() {
                let has = |value: &Value| {
                    let aliases = value.get("aliases").and_then(Value::as_object);
                    aliases.is_some_and(|aliases| aliases.keys().any(|alias| matches(name, alias)))
                };
                told.retain(|_, value| has(value));
                if told.is_empty() {
                    let value = json!({ "error": format!("alias [{name}] missing"), "status": 404 });
                    return Ok(Reply::json(404, value));
                }
            }
            Ok(Reply::ok(Value::Object(told)))
        }
        "PUT" | "POST" | "DELETE" => {
            let removes = call.method() == "DELETE";
            deeds::command(call, &format!("{} ALIAS {expression} {name}", call.request.method));
            for index in call.store.resolve(expression)? {
                let Some(index) = call.store.indices.get_mut(&index) else { continue };
                if removes {
                    index.aliases.retain(|alias, _| !matches(name, alias));
                } else if index.aliases.len() < 32 {
                    index.aliases.insert(name.chars().take(255).collect(), json!({}));
                }
            }
            Ok(acknowledged())
        }
        _ => Ok(Reply::empty(405)),
    }
}

/// `POST _aliases`: a list of what is done.
pub(super) fn aliases(call: &mut Call<'_>) -> Outcome {
    if call.method() == "GET" {
        return alias(call, "_all", "");
    }
    let body = call.needed()?;
    deeds::command(call, &format!("ALIASES {}", Value::Object(body.clone())));
    let Some(Value::Array(actions)) = body.get("actions") else {
        return Err(Fault::argument("No action specified"));
    };
    for action in actions.iter().take(64) {
        let Some((deed, what)) = action.as_object().and_then(|action| action.iter().next()) else { continue };
        let list = |key: &str| what.get(key).map(texts).unwrap_or_default();
        let indices = [list("index"), list("indices")].concat().join(",");
        let named = [list("alias"), list("aliases")].concat();
        for name in call.store.resolve(&indices)? {
            if deed == "remove_index" {
                deeds::destruction(call);
                call.store.drop_index(&name);
                continue;
            }
            let Some(index) = call.store.indices.get_mut(&name) else { continue };
            for alias in named.iter().take(16) {
                if deed == "remove" {
                    index.aliases.retain(|known, _| known != alias);
                } else if index.aliases.len() < 32 {
                    index.aliases.insert(alias.chars().take(255).collect(), json!({}));
                }
            }
        }
    }
    Ok(acknowledged())
}

/// `_close` and `_open`.
pub(super) fn door(call: &mut Call<'_>, expression: &str, closes: bool) -> Outcome {
    deeds::command(call, &format!("{} INDEX {expression}", if closes { "CLOSE" } else { "OPEN" }));
    let mut told = Map::new();
    for name in call.store.resolve(expression)? {
        if let Some(index) = call.store.indices.get_mut(&name) {
            index.closed = closes;
            told.insert(name, json!({ "closed": closes }));
        }
    }
    let mut value = json!({ "acknowledged": true, "shards_acknowledged": true });
    if let (Value::Object(fields), true) = (&mut value, closes) {
        fields.insert("indices".to_owned(), Value::Object(told));
    }
    Ok(Reply::ok(value))
}

/// `_refresh`, `_flush`, `_forcemerge`, `_cache/clear`.
pub(super) fn kept_up(call: &mut Call<'_>, expression: &str) -> Outcome {
    let shards = call.indices(expression)?.len();
    let mut value = shards_of(shards * 2);
    if let Value::Object(fields) = &mut value {
        fields.insert("successful".to_owned(), shards.into());
        fields.shift_remove("skipped");
    }
    Ok(Reply::ok(json!({ "_shards": value })))
}

/// `_stats`.
pub(super) fn stats(call: &mut Call<'_>, expression: &str) -> Outcome {
    let mut told = Map::new();
    let (mut count, mut size) = (0, 0);
    let indices = call.indices(expression)?;
    let number = indices.len();
    for index in indices {
        count += index.len();
        size += index.size();
        let part = json!({
            "docs": { "count": index.len(), "deleted": index.deleted },
            "store": { "size_in_bytes": index.size(), "reserved_in_bytes": 0 },
        });
        told.insert(index.name.clone(), json!({ "uuid": index.uuid, "primaries": part, "total": part }));
    }
    let all = json!({
        "docs": { "count": count, "deleted": 0 }, "store": { "size_in_bytes": size, "reserved_in_bytes": 0 },
    });
    Ok(Reply::ok(json!({
        "_shards": { "total": number * 2, "successful": number, "failed": 0 },
        "_all": { "primaries": all, "total": all }, "indices": told,
    })))
}

pub(super) fn acknowledged() -> Reply {
    Reply::ok(json!({ "acknowledged": true }))
}

/// What an answer on one document begins with.
pub(super) fn placed(call: &Call<'_>, index: &str, id: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("_index".to_owned(), index.into());
    fields.extend(typed(call).map(|kind| ("_type".to_owned(), kind.into())));
    fields.insert("_id".to_owned(), id.into());
    fields
}
