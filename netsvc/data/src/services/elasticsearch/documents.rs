//! Single documents: written, read, changed and taken away by their identifier.

use super::{
    call::{Call, Outcome},
    deeds,
    fault::Fault,
    indices::placed,
    reply::{ANSWER, Reply},
    search::shards_of,
    store::{Written, approximate},
};
use serde_json::{Map, Value, json};

/// `_doc` and `_create`, with or without an identifier.
pub(super) fn document(call: &mut Call<'_>, index: &str, id: Option<&str>, creates: bool) -> Outcome {
    match (call.method(), id) {
        ("PUT" | "POST", _) => write(call, index, id, creates),
        ("GET" | "HEAD", Some(id)) => read(call, index, id),
        ("DELETE", Some(id)) => remove(call, index, id),
        _ => {
            let target = &call.request.target;
            let text = format!(
                "Incorrect HTTP method for uri [{target}] and method [{}], allowed: [POST]",
                call.method()
            );
            let reply = Reply::json(405, json!({ "error": text, "status": 405 }));
            Ok(reply.with("Allow", "POST"))
        }
    }
}

fn write(call: &mut Call<'_>, index: &str, id: Option<&str>, creates: bool) -> Outcome {
    let source = Value::Object(call.needed()?);
    let creates = creates || call.value("op_type") == "create";
    deeds::command(call, &format!("INDEX {index} {source}"));
    deeds::note(call, index, &source);
    let outcome = put(call, index, id, source, creates)?;
    let status = if outcome.get("result").and_then(Value::as_str) == Some("created") { 201 } else { 200 };
    let place = outcome.get("_id").and_then(Value::as_str).unwrap_or_default();
    let location =
        format!("/{index}/_doc/{}", place.replace(|letter: char| !letter.is_ascii_graphic(), "%20"));
    let reply = Reply::json(status, Value::Object(outcome));
    Ok(if status == 201 { reply.with("Location", location) } else { reply })
}

/// Writes a document; what is answered.
///
/// # Errors
/// When it cannot be written.
pub(super) fn put(
    call: &mut Call<'_>,
    index: &str,
    id: Option<&str>,
    source: Value,
    creates: bool,
) -> Result<Map<String, Value>, Fault> {
    let index = aimed(call, index);
    let known = id.and_then(|id| call.store.indices.get(&index)?.get(id));
    if let (Some(known), true) = (known, creates) {
        let reason = format!(
            "[{}]: version conflict, document already exists (current version [{}])",
            known.id, known.version
        );
        let uuid = call.store.indices.get(&index).map(|index| index.uuid.clone()).unwrap_or_default();
        return Err(Fault::new(409, "version_conflict_engine_exception", reason)
            .with("index_uuid", uuid)
            .with("shard", "0")
            .with("index", index));
    }
    let now = call.now;
    let (id, written) = call.store.write(&index, id, source, now)?;
    Ok(told(call, &index, &id, written, if written.created { "created" } else { "updated" }))
}

/// The index behind an alias.
fn aimed(call: &Call<'_>, name: &str) -> String {
    let aliased = call.store.indices.values().find(|index| index.aliases.contains_key(name));
    aliased.map_or_else(|| name.to_owned(), |index| index.name.clone())
}

fn told(call: &Call<'_>, index: &str, id: &str, written: Written, result: &str) -> Map<String, Value> {
    let mut fields = placed(call, index, id);
    fields.insert("_version".to_owned(), written.version.into());
    fields.insert("result".to_owned(), result.into());
    fields.insert("_shards".to_owned(), json!({ "total": 2, "successful": 1, "failed": 0 }));
    fields.insert("_seq_no".to_owned(), written.sequence.into());
    fields.insert("_primary_term".to_owned(), 1.into());
    fields
}

fn read(call: &mut Call<'_>, index: &str, id: &str) -> Outcome {
    deeds::query(call, index, &Map::from_iter([("_id".to_owned(), id.into())]));
    let names = call.store.resolve(index)?;
    let found = names.iter().find_map(|name| Some((name, call.store.indices.get(name)?.get(id)?)));
    let Some((name, document)) = found else {
        let mut fields = placed(call, index, id);
        fields.insert("found".to_owned(), false.into());
        return Ok(Reply::json(404, Value::Object(fields)));
    };
    let mut fields = placed(call, name, id);
    fields.insert("_version".to_owned(), document.version.into());
    fields.insert("_seq_no".to_owned(), document.sequence.into());
    fields.insert("_primary_term".to_owned(), 1.into());
    fields.insert("found".to_owned(), true.into());
    fields.insert("_source".to_owned(), (*document.source).clone());
    Ok(Reply::ok(Value::Object(fields)))
}

/// `_source`: the document alone.
pub(super) fn source(call: &mut Call<'_>, index: &str, id: &str) -> Outcome {
    let names = call.store.resolve(index)?;
    let found = names.iter().find_map(|name| call.store.indices.get(name)?.get(id));
    match found {
        Some(document) => Ok(Reply::ok((*document.source).clone())),
        None => Err(Fault::new(
            404,
            "resource_not_found_exception",
            format!("Document not found [{index}]/[_doc]/[{id}]"),
        )),
    }
}

fn remove(call: &mut Call<'_>, index: &str, id: &str) -> Outcome {
    deeds::command(call, &format!("DELETE {index} {id}"));
    let outcome = take(call, index, id)?;
    let found = outcome.get("result").and_then(Value::as_str) == Some("deleted");
    Ok(Reply::json(if found { 200 } else { 404 }, Value::Object(outcome)))
}

/// Takes a document away; what is answered.
///
/// # Errors
/// When there is no such index.
pub(super) fn take(call: &mut Call<'_>, index: &str, id: &str) -> Result<Map<String, Value>, Fault> {
    let index = aimed(call, index);
    let Some(known) = call.store.indices.get(&index) else { return Err(Fault::no_index(&index)) };
    if known.get(id).is_some_and(|document| deeds::is_last(known, document)) {
        deeds::destruction(call);
    }
    Ok(match call.store.remove(&index, id) {
        Some(written) => told(call, &index, id, written, "deleted"),
        None => told(call, &index, id, Written { version: 1, sequence: 0, created: false }, "not_found"),
    })
}

/// `_update`: parts of a document in place of those that were there.
pub(super) fn update(call: &mut Call<'_>, index: &str, id: &str) -> Outcome {
    let body = call.needed()?;
    if body.contains_key("script") {
        return Err(deeds::script(call, &body));
    }
    deeds::command(call, &format!("UPDATE {index} {id} {}", Value::Object(body.clone())));
    deeds::note(call, index, &Value::Object(body.clone()));
    Ok(Reply::ok(Value::Object(change(call, index, id, &body)?)))
}

/// Changes a document; what is answered.
///
/// # Errors
/// When there is none.
pub(super) fn change(
    call: &mut Call<'_>,
    index: &str,
    id: &str,
    body: &Map<String, Value>,
) -> Result<Map<String, Value>, Fault> {
    let name = aimed(call, index);
    let known =
        call.store.indices.get(&name).and_then(|index| index.get(id)).map(|known| known.source.clone());
    let source = match (known, body.get("upsert"), body.get("doc")) {
        (Some(known), _, Some(Value::Object(parts))) => {
            let mut whole = (*known).clone();
            if let Value::Object(fields) = &mut whole {
                fields.extend(parts.clone());
            }
            whole
        }
        (None, Some(whole), _) => whole.clone(),
        (None, None, Some(whole)) if body.get("doc_as_upsert") == Some(&Value::Bool(true)) => whole.clone(),
        (Some(_), _, _) => {
            return Err(Fault::new(
                400,
                "action_request_validation_exception",
                "Validation Failed: 1: script or doc is missing;",
            ));
        }
        _ => {
            return Err(Fault::new(404, "document_missing_exception", format!("[{id}]: document missing"))
                .with("shard", "0")
                .with("index", name));
        }
    };
    put(call, &name, Some(id), source, false)
}

/// `_mget`.
pub(super) fn many(call: &mut Call<'_>, expression: &str) -> Outcome {
    let body = call.needed()?;
    let mut wanted: Vec<(String, String)> = Vec::new();
    if let Some(Value::Array(list)) = body.get("docs") {
        wanted.extend(list.iter().take(1000).filter_map(|one| {
            let index = one.get("_index").and_then(Value::as_str).unwrap_or(expression);
            Some((index.to_owned(), one.get("_id")?.as_str()?.to_owned()))
        }));
    }
    if let Some(Value::Array(list)) = body.get("ids") {
        let ids = list.iter().take(1000).filter_map(Value::as_str);
        wanted.extend(ids.map(|id| (expression.to_owned(), id.to_owned())));
    }
    deeds::query(call, expression, &body);
    let found = wanted.iter().filter_map(|(index, id)| call.store.indices.get(index)?.get(id));
    if ANSWER < found.map(|document| approximate(&document.source)).sum::<usize>() {
        return Err(Fault::too_large());
    }
    let docs: Vec<Value> = wanted
        .iter()
        .map(|(index, id)| {
            let mut fields = placed(call, index, id);
            let found = call.store.indices.get(index).and_then(|index| index.get(id));
            fields.insert("found".to_owned(), found.is_some().into());
            fields.extend(found.map(|document| ("_source".to_owned(), (*document.source).clone())));
            Value::Object(fields)
        })
        .collect();
    Ok(Reply::ok(json!({ "docs": docs })))
}

/// `_validate/query`: whatever can be read is one.
pub(super) fn validate(call: &mut Call<'_>, expression: &str) -> Outcome {
    let body = call.document()?;
    let valid = body.get("query").is_none_or(|query| super::query::read(query).is_ok());
    let number = call.indices(expression)?.len();
    Ok(Reply::ok(json!({ "_shards": shards_of(number), "valid": valid })))
}
