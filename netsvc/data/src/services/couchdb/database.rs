//! Databases and their documents.

use super::{
    call::{Call, unauthorized},
    deeds, find,
    info::{info, sequence},
    reply::{self, Body, Reply},
    store::{Document, Refused, named},
};
use serde_json::{Map, Value, json};

/// Most rows of an answer.
const ROWS: usize = 2000;
/// Most documents of one request.
const MANY: usize = 2000;
/// Most bytes of the documents of one answer: who asks for one a thousand times would get it as often.
const ANSWER: usize = 4 << 20;

/// Answers what is asked of the database `name`.
pub(super) fn answer(call: &mut Call<'_>, name: &str, rest: &[&str]) -> Reply {
    if !named(name) {
        return Reply::error(400, "illegal_database_name", &reply::illegal(name));
    }
    // Whoever writes an account tells of it, whether he may or not.
    if name == "_users" && matches!(call.method(), "PUT" | "POST") {
        let text = String::from_utf8_lossy(&call.request.body).into_owned();
        if let Ok(document) = call.document() {
            deeds::account(call, &text, &Value::Object(document));
        }
    }
    if !call.is_admin() {
        deeds::command(call, &format!("{} {}", call.request.method, call.request.target));
        return match (call.store.databases.contains_key(name), call.method(), rest.is_empty()) {
            (_, "PUT" | "DELETE", true) => unauthorized("You are not a server admin."),
            (false, ..) => Reply::no_database(),
            _ => unauthorized("You are not authorized to access this db."),
        };
    }
    if rest.is_empty() {
        return whole(call, name);
    }
    if !call.store.databases.contains_key(name) {
        return Reply::no_database();
    }
    match rest {
        ["_all_docs" | "_design_docs" | "_local_docs"] => all(call, name),
        ["_bulk_docs"] => bulk(call, name),
        ["_bulk_get"] => bulk_get(call, name),
        ["_find"] => search(call, name),
        ["_explain" | "_index"] => Reply::ok(json!({ "total_rows": 1, "indexes": [
            { "ddoc": null, "name": "_all_docs", "type": "special", "def": { "fields": [{ "_id": "asc" }] } },
        ] })),
        ["_changes"] => changes(call, name),
        ["_security"] => security(call, name),
        ["_ensure_full_commit"] => Reply::json(201, json!({ "ok": true, "instance_start_time": "0" })),
        ["_compact" | "_view_cleanup", ..] => Reply::json(202, json!({ "ok": true })),
        ["_purge"] => {
            deeds::destruction(call, name);
            Reply::json(201, json!({ "purge_seq": null, "purged": {} }))
        }
        ["_revs_limit"] => Reply::ok(json!(1000)),
        ["_shards"] => Reply::ok(json!({ "shards": { "00000000-ffffffff": ["couchdb@127.0.0.1"] } })),
        ["_design", view] => document(call, name, &format!("_design/{view}")),
        ["_design", view, "_info"] => {
            Reply::ok(json!({ "name": view, "view_index": { "language": "javascript" } }))
        }
        ["_design", _, ..] => Reply::error(404, "not_found", "missing_named_view"),
        ["_local", id] => document(call, name, &format!("_local/{id}")),
        [id] => document(call, name, id),
        [id, file] => attachment(call, name, id, file),
        _ => Reply::missing("missing"),
    }
}

fn whole(call: &mut Call<'_>, name: &str) -> Reply {
    match call.method() {
        "GET" | "HEAD" => match call.store.databases.contains_key(name) {
            true => Reply::ok(info(call, name)),
            false => Reply::no_database(),
        },
        "PUT" => {
            deeds::command(call, &format!("CREATE DATABASE {name}"));
            deeds::note(call, name, &Value::Null);
            match call.store.create(name) {
                true => Reply::json(201, json!({ "ok": true })).with("Location", format!("/{name}")),
                false if call.store.databases.contains_key(name) => {
                    let reason = "The database could not be created, the file already exists.";
                    Reply::error(412, "file_exists", reason)
                }
                false => Reply::full(),
            }
        }
        "DELETE" => {
            deeds::command(call, &format!("DROP DATABASE {name}"));
            if !call.store.drop_database(name) {
                return Reply::no_database();
            }
            deeds::destruction(call, name);
            Reply::ok(json!({ "ok": true }))
        }
        "POST" => {
            let source = match call.document() {
                Ok(source) => source,
                Err(reply) => return reply,
            };
            let id = source.get("_id").and_then(Value::as_str).map(str::to_owned);
            let id = id.unwrap_or_else(|| call.store.identifier());
            write(call, name, &id, source, None)
        }
        _ => Reply::only("DELETE,GET,HEAD,POST,PUT"),
    }
}

fn refused(why: Refused) -> Reply {
    match why {
        Refused::NoDatabase => Reply::no_database(),
        Refused::Conflict => Reply::error(409, "conflict", "Document update conflict."),
        Refused::Full => Reply::full(),
    }
}

fn write(
    call: &mut Call<'_>,
    name: &str,
    id: &str,
    source: Map<String, Value>,
    known: Option<&str>,
) -> Reply {
    if id.is_empty() || 512 < id.len() {
        return Reply::error(400, "illegal_docid", "Document id is too long");
    }
    if !call.store.databases.contains_key(name) {
        return Reply::no_database();
    }
    let shown = Value::Object(source.clone());
    deeds::command(call, &format!("PUT {name}/{id} {shown}"));
    deeds::note(call, name, &shown);
    match call.store.put(name, id, source, known) {
        Ok(revision) => {
            let value = json!({ "ok": true, "id": id, "rev": revision });
            Reply::json(201, value)
                .with("ETag", format!("\"{revision}\""))
                .with("Location", format!("/{name}/{id}"))
        }
        Err(why) => refused(why),
    }
}

fn document(call: &mut Call<'_>, name: &str, id: &str) -> Reply {
    let known = match call.value("rev") {
        "" => call.request.field("if-match").map(|revision| revision.trim_matches('"').to_owned()),
        revision => Some(revision.to_owned()),
    };
    match call.method() {
        "GET" | "HEAD" => {
            deeds::query(call, name, id);
            let found = call.store.databases.get(name).and_then(|database| database.shown(id));
            match found {
                Some(document) => {
                    let revision =
                        document.get("_rev").and_then(Value::as_str).unwrap_or_default().to_owned();
                    Reply::ok(document).with("ETag", format!("\"{revision}\""))
                }
                None => Reply::missing("missing"),
            }
        }
        "PUT" => match call.document() {
            Ok(source) => write(call, name, id, source, known.as_deref()),
            Err(reply) => reply,
        },
        "DELETE" => {
            deeds::command(call, &format!("DELETE {name}/{id}"));
            match call.store.remove(name, id, known.as_deref().unwrap_or_default()) {
                Ok(Some(revision)) => {
                    if call.store.databases.get(name).is_some_and(|database| database.documents.is_empty()) {
                        deeds::destruction(call, name);
                    }
                    Reply::ok(json!({ "ok": true, "id": id, "rev": revision }))
                }
                Ok(None) => Reply::missing("missing"),
                Err(why) => refused(why),
            }
        }
        _ => Reply::only("DELETE,GET,HEAD,POST,PUT,COPY"),
    }
}

fn attachment(call: &mut Call<'_>, name: &str, id: &str, file: &str) -> Reply {
    if call.method() != "PUT" {
        return Reply::missing("Document is missing attachment");
    }
    let fields = vec![
        (netsvc_wire::field::PATH, format!("{name}/{id}/{file}").into_bytes()),
        (netsvc_wire::field::ORIGIN, b"upload".to_vec()),
    ];
    call.out.capture(netsvc_wire::Kind::FileCaptured, fields, call.request.body.clone());
    let revision = call.value("rev").to_owned();
    let source = call.store.databases.get(name).and_then(|database| database.documents.get(id));
    let source = source.and_then(|known| known.source.as_object().cloned()).unwrap_or_default();
    write(call, name, id, source, Some(revision.as_str()).filter(|revision| !revision.is_empty()))
}

/// Rows from where the query says, with documents where it asks for them.
fn all(call: &mut Call<'_>, name: &str) -> Reply {
    let body = if call.method() == "POST" { call.document().unwrap_or_default() } else { Map::new() };
    deeds::query(call, name, &format!("_all_docs {}", call.request.query));
    let number = |key: &str| {
        let asked = body.get(key).and_then(Value::as_u64).or_else(|| call.value(key).parse().ok());
        asked.and_then(|asked| usize::try_from(asked).ok())
    };
    let with = call.value("include_docs") == "true" || body.get("include_docs") == Some(&Value::Bool(true));
    let (skip, limit) = (number("skip").unwrap_or(0), number("limit").unwrap_or(ROWS).min(ROWS));
    let (from, to, one) = (call.text("startkey"), call.text("endkey"), call.text("key"));
    let designs = call.request.path.ends_with("_design_docs");
    let named: Option<Vec<&str>> = body
        .get("keys")
        .and_then(Value::as_array)
        .map(|keys| keys.iter().filter_map(Value::as_str).take(ROWS).collect());
    let Some(database) = call.store.databases.get(name) else { return Reply::no_database() };
    let fits = |id: &str| {
        (from.is_empty() || from.as_str() <= id)
            && (to.is_empty() || id <= to.as_str())
            && (one.is_empty() || one == id)
            && (!designs || id.starts_with("_design/"))
    };
    // Whoever names documents gets a row for each name, in their order.
    let found: Vec<&str> = match &named {
        Some(named) => named.clone(),
        None => database.documents.keys().map(String::as_str).filter(|id| fits(id)).collect(),
    };
    let falls = call.value("descending") == "true";
    let ordered: Vec<&str> = if falls { found.into_iter().rev().collect() } else { found };
    let rows = ordered.into_iter().skip(skip).take(limit).map(|id| {
        let Some(document) = database.documents.get(id) else {
            return json!({ "key": id, "error": "not_found" });
        };
        let revision = document.revision.clone();
        let mut row = json!({ "id": id, "key": id, "value": { "rev": revision } });
        if let (Value::Object(row), true) = (&mut row, with) {
            row.insert("doc".to_owned(), database.shown(id).unwrap_or_default());
        }
        row
    });
    let offset = if named.is_some() { "null".to_owned() } else { skip.to_string() };
    let head = format!("{{\"total_rows\":{},\"offset\":{offset},\"rows\":[\r\n", database.documents.len());
    Reply { status: 200, body: Body::Rows(head, rows.collect(), "\r\n]}\n".to_owned()), fields: Vec::new() }
}

fn search(call: &mut Call<'_>, name: &str) -> Reply {
    if call.method() != "POST" {
        return Reply::only("POST");
    }
    let body = match call.document() {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    deeds::query(call, name, &Value::Object(body.clone()).to_string());
    let Some(selector) = body.get("selector").filter(|selector| selector.is_object()) else {
        return Reply::error(400, "missing_required_key", "Missing required key: selector");
    };
    let number = |key: &str, usual: usize| {
        body.get(key).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok()).unwrap_or(usual)
    };
    let wanted: Vec<&str> = body
        .get("fields")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let Some(database) = call.store.databases.get(name) else { return Reply::no_database() };
    let work = find::Work::default();
    let ids = database.documents.keys().filter(|id| !id.starts_with("_design/"));
    let shown = ids.take_while(|_| !work.is_over()).filter_map(|id| database.shown(id));
    let found = shown.filter(|document| find::fits(selector, document, 0, &work));
    let cut = |document: Value| match document {
        Value::Object(fields) if !wanted.is_empty() => {
            Value::Object(fields.into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect())
        }
        other => other,
    };
    let docs: Vec<Value> =
        found.skip(number("skip", 0)).take(number("limit", 25).min(ROWS)).map(cut).collect();
    if work.is_over() {
        let reason = "The request could not be processed in a reasonable amount of time.";
        return Reply::error(500, "timeout", reason);
    }
    let tail = "\n],\n\"bookmark\": \"nil\",\n\"warning\": \"No matching index found, create an index to optimize \
        query time.\"}\n";
    Reply {
        status: 200,
        body: Body::Rows("{\"docs\":[\n".to_owned(), docs, tail.to_owned()),
        fields: Vec::new(),
    }
}

fn bulk(call: &mut Call<'_>, name: &str) -> Reply {
    let body = match call.document() {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(Value::Array(docs)) = body.get("docs") else {
        return Reply::error(400, "bad_request", "POST body must include `docs` parameter.");
    };
    let shown: String = Value::Object(body.clone()).to_string().chars().take(4096).collect();
    deeds::command(call, &format!("BULK {name} {shown}"));
    deeds::note(call, name, &Value::String(shown));
    let mut told = Vec::new();
    for document in docs.iter().take(MANY) {
        let Value::Object(source) = document else {
            return Reply::error(400, "bad_request", "Document must be a JSON object");
        };
        let mut source = source.clone();
        let id = source.get("_id").and_then(Value::as_str).map(str::to_owned);
        let id = id.unwrap_or_else(|| call.store.identifier());
        let removes = source.shift_remove("_deleted") == Some(Value::Bool(true));
        let outcome = if removes {
            let known = source.get("_rev").and_then(Value::as_str).unwrap_or_default();
            call.store.remove(name, &id, known).map(Option::unwrap_or_default)
        } else {
            call.store.put(name, &id, source, None)
        };
        told.push(match outcome {
            Ok(revision) => json!({ "ok": true, "id": id, "rev": revision }),
            Err(Refused::Conflict) => {
                json!({ "id": id, "error": "conflict", "reason": "Document update conflict." })
            }
            Err(_) => return Reply::full(),
        });
    }
    if call
        .store
        .databases
        .get(name)
        .is_some_and(|database| database.documents.is_empty() && 0 < database.deleted)
    {
        deeds::destruction(call, name);
    }
    Reply::json(201, told.into())
}

fn bulk_get(call: &mut Call<'_>, name: &str) -> Reply {
    let body = match call.document() {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    deeds::query(call, name, &Value::Object(body.clone()).to_string());
    let asked = body.get("docs").and_then(Value::as_array).cloned().unwrap_or_default();
    let ids = || asked.iter().take(MANY).filter_map(|one| one.get("id")?.as_str());
    let known = |id: &str| call.store.databases.get(name)?.documents.get(id);
    if ANSWER < ids().filter_map(known).map(Document::size).sum::<usize>() {
        return Reply::error(413, "too_large", "the request entity is too large");
    }
    let results: Vec<Value> = ids()
        .map(|id| {
            let found = call.store.databases.get(name).and_then(|database| database.shown(id));
            let doc = match found {
                Some(document) => json!({ "ok": document }),
                None => json!({ "error": { "id": id, "rev": "undefined", "error": "not_found", "reason": "missing" } }),
            };
            json!({ "id": id, "docs": [doc] })
        })
        .collect();
    Reply::ok(json!({ "results": results }))
}

fn changes(call: &mut Call<'_>, name: &str) -> Reply {
    deeds::query(call, name, "_changes");
    let with = call.value("include_docs") == "true";
    let limit = call.value("limit").parse::<usize>().unwrap_or(ROWS).min(ROWS);
    let Some(database) = call.store.databases.get(name) else { return Reply::no_database() };
    let mut all: Vec<_> = database.documents.iter().collect();
    all.sort_by_key(|(_, document)| document.sequence);
    let rows = all.into_iter().take(limit).map(|(id, document)| {
        let seq = format!("{}-g1AAAACbeJzLYWBgYMpgTmEQTM4vTc5ISXIwNDLXMwBCwxyQVCJDUv", document.sequence);
        let mut row = json!({ "seq": seq, "id": id, "changes": [{ "rev": document.revision }] });
        if let (Value::Object(row), true) = (&mut row, with) {
            row.insert("doc".to_owned(), database.shown(id).unwrap_or_default());
        }
        row
    });
    let tail = format!("\n],\n\"last_seq\":\"{}\",\"pending\":0}}\n", sequence(database));
    Reply {
        status: 200,
        body: Body::Rows("{\"results\":[\n".to_owned(), rows.collect(), tail),
        fields: Vec::new(),
    }
}

fn security(call: &mut Call<'_>, name: &str) -> Reply {
    if call.method() == "PUT" {
        let document = match call.document() {
            Ok(document) => Value::Object(document),
            Err(reply) => return reply,
        };
        deeds::command(call, &format!("SECURITY {name} {document}"));
        if document.to_string().len() < 8192
            && let Some(database) = call.store.databases.get_mut(name)
        {
            database.security = Some(document);
        }
        return Reply::ok(json!({ "ok": true }));
    }
    let known = call.store.databases.get(name).and_then(|database| database.security.clone());
    let usual = match call.release.major {
        3.. => json!({ "members": { "roles": ["_admin"] }, "admins": { "roles": ["_admin"] } }),
        _ => json!({}),
    };
    Reply::ok(known.unwrap_or(usual))
}
