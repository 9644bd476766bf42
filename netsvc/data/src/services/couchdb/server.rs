//! What is asked of the server as a whole: who it is, what it has, how it is set, who somebody is.

use super::{
    call::{Call, unauthorized},
    deeds, info,
    reply::{self, Body, Reply},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use netsvc_daemon::{date, http::form};
use netsvc_kit::{Accounts, Credential};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use serde_json::{Map, Value, json};

/// Most identifiers of one request.
const UUIDS: usize = 1000;
/// Seconds that a login holds.
const TIMEOUT: i64 = 600;

/// `GET /`.
pub(super) fn welcome(call: &Call<'_>) -> Reply {
    let key = call.host.persona().subkey.hex_bytes().unwrap_or_default();
    let uuid = hex::encode(subkey::bytes(&key, &["couchdb", "uuid"]).get(..16).unwrap_or_default());
    Reply::ok(json!({
        "couchdb": "Welcome", "version": call.release.version, "git_sha": call.release.revision, "uuid": uuid,
        "features": call.release.features, "vendor": { "name": "The Apache Software Foundation" },
    }))
}

/// Answers what begins with an underscore.
pub(super) fn answer(call: &mut Call<'_>, parts: &[&str]) -> Reply {
    match parts {
        ["_up"] => Reply::ok(json!({ "status": "ok", "seeds": {} })),
        ["_session"] => session(call),
        ["_utils", ..] => fauxton(call),
        ["_uuids"] => {
            let count = call.value("count").parse::<usize>().unwrap_or(1).min(UUIDS);
            let all: Vec<String> = (0..count).map(|_| call.store.identifier()).collect();
            Reply::ok(json!({ "uuids": all }))
        }
        ["_all_dbs"] if call.release.major < 3 => databases(call),
        _ if !call.is_admin() => {
            deeds::command(call, &format!("{} {}", call.request.method, call.request.target));
            config_attempt(call, parts);
            unauthorized("You are not a server admin.")
        }
        ["_all_dbs"] => databases(call),
        ["_dbs_info"] => {
            let names: Vec<String> = call.store.databases.keys().cloned().collect();
            let rows = names.iter().map(|name| json!({ "key": name, "info": info::info(call, name) }));
            Reply::ok(rows.collect::<Vec<_>>().into())
        }
        ["_active_tasks"] => Reply::ok(json!([])),
        ["_membership"] => {
            Reply::ok(json!({ "all_nodes": ["couchdb@127.0.0.1"], "cluster_nodes": ["couchdb@127.0.0.1"] }))
        }
        ["_scheduler", "jobs" | "docs", ..] => Reply::ok(json!({ "total_rows": 0, "offset": 0, "jobs": [] })),
        ["_replicate"] => replicate(call),
        ["_stats", ..] => Reply::ok(stats()),
        ["_config", rest @ ..] => config(call, rest),
        ["_node", _, "_config", rest @ ..] => config(call, rest),
        ["_node", _, "_stats", ..] => Reply::ok(stats()),
        ["_node", _, "_system"] => {
            Reply::ok(json!({ "uptime": uptime(call), "memory": { "processes": 21_437_112 } }))
        }
        ["_node", _, "_restart"] | ["_restart"] => {
            deeds::command(call, "RESTART");
            Reply::ok(json!({ "ok": true }))
        }
        ["_cluster_setup"] => Reply::ok(json!({ "state": "single_node_enabled" })),
        _ => {
            let line = format!("{} {}", call.request.method, call.request.target);
            let fields = vec![
                (field::NAME, call.request.path.clone().into_bytes()),
                (field::COMMAND, line.into_bytes()),
            ];
            call.out.record(Kind::UnknownCommand, fields);
            Reply::error(
                400,
                "illegal_database_name",
                &reply::illegal(parts.first().copied().unwrap_or_default()),
            )
        }
    }
}

/// A setting that somebody tried to change who may not.
fn config_attempt(call: &mut Call<'_>, parts: &[&str]) {
    let rest = match parts {
        ["_config", rest @ ..] | ["_node", _, "_config", rest @ ..] => rest,
        _ => return,
    };
    if let (["PUT"], [section, name]) = ([call.method()].as_slice(), rest) {
        let value = String::from_utf8_lossy(&call.request.body).into_owned();
        deeds::setting(call, section, name, &value);
    }
}

fn uptime(call: &Call<'_>) -> i64 {
    (call.now - call.host.persona().booted_at) / 1_000_000
}

fn databases(call: &mut Call<'_>) -> Reply {
    deeds::query(call, "", "_all_dbs");
    let names: Vec<&String> = call.store.databases.keys().collect();
    Reply::ok(json!(names))
}

fn stats() -> Value {
    let of = |value: u64, text: &str| json!({ "value": value, "type": "counter", "desc": text });
    json!({ "couchdb": {
        "httpd": { "requests": of(4_211, "number of HTTP requests") },
        "database_reads": of(20_113, "number of times a document was read from a database"),
        "database_writes": of(1_208, "number of times a database was changed"),
        "open_databases": of(7, "number of open databases"),
    } })
}

fn fauxton(call: &Call<'_>) -> Reply {
    if call.request.path == "/_utils" && !call.request.target.ends_with('/') {
        let mut reply = Reply::ok(Value::Null).with("Location", "/_utils/");
        reply.status = 302;
        reply.body = Body::Html(String::new());
        return reply;
    }
    let page = "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta charset=\"utf-8\">\n  <meta \
        http-equiv=\"X-UA-Compatible\" \
                content=\"IE=edge,chrome=1\">\n  <title>Project Fauxton</title>\n  <link rel=\"shortcut icon\" \
                type=\"image/png\" href=\"dashboard.assets/img/couchdb-logo.png\">\n</head>\n<body id=\"home\">\n  \
                    <div \
                id=\"app\"></div>\n  <noscript>\n    <h1>Fauxton Requires Javascript to be enabled.</h1>\n  \
                    </noscript>\n\
                </body>\n</html>\n";
    Reply { status: 200, body: Body::Html(page.to_owned()), fields: Vec::new() }
}

/// The key that a login's cookie is made with.
fn cookie(call: &Call<'_>, name: &str, second: i64) -> String {
    let key = call.host.persona().subkey.hex_bytes().unwrap_or_default();
    let text = format!("{name}:{second:X}");
    let proof = subkey::bytes(&key, &["couchdb", "cookie", &text]);
    URL_SAFE_NO_PAD.encode([text.as_bytes(), b":", proof.get(..20).unwrap_or_default()].concat())
}

/// Whom a cookie shows, if it is one of ours and still holds.
pub(super) fn shown_by(call: &Call<'_>, value: &str) -> Option<String> {
    let decoded = URL_SAFE_NO_PAD.decode(value).ok()?;
    let text = String::from_utf8_lossy(decoded.get(..decoded.len().checked_sub(21)?)?).into_owned();
    let (name, second) = text.rsplit_once(':')?;
    let second = i64::from_str_radix(second, 16).ok()?;
    let fits = cookie(call, name, second);
    let same = fits.len() == value.len()
        && fits.bytes().zip(value.bytes()).fold(0, |sum, (left, right)| sum | (left ^ right)) == 0;
    (same && call.now / 1_000_000 < second.saturating_add(TIMEOUT)).then(|| name.to_owned())
}

fn session(call: &mut Call<'_>) -> Reply {
    match call.method() {
        "GET" | "HEAD" => {
            let roles = if call.is_admin() { json!(["_admin"]) } else { json!([]) };
            Reply::ok(json!({
                "ok": true, "userCtx": { "name": call.who, "roles": roles },
                "info": { "authentication_db": "_users", "authentication_handlers": ["cookie", "default"] },
            }))
        }
        "DELETE" => {
            Reply::ok(json!({ "ok": true })).with("Set-Cookie", "AuthSession=; Version=1; Path=/; HttpOnly")
        }
        "POST" => log_in(call),
        _ => Reply::only("GET,HEAD,POST,DELETE"),
    }
}

fn log_in(call: &mut Call<'_>) -> Reply {
    let kind = call.request.field("content-type").unwrap_or_default();
    let sent = form::Form::read(kind, &call.request.body);
    let name = sent.get(&["name", "username"]).unwrap_or_default().to_owned();
    let password = sent.get(&["password"]).unwrap_or_default().to_owned();
    let accepted = call.host.login(call.link, Accounts::Application, name.as_bytes(), password.as_bytes());
    call.out.credential(Credential::plaintext(name.as_bytes(), password.as_bytes(), "_session", accepted));
    if !accepted {
        return unauthorized("Name or password is incorrect.")
            .with("Set-Cookie", "AuthSession=; Version=1; Path=/; HttpOnly");
    }
    let second = call.now / 1_000_000;
    let until = date::http(call.now + TIMEOUT * 1_000_000);
    let value = cookie(call, &name, second);
    let field =
        format!("AuthSession={value}; Version=1; Expires={until}; Max-Age={TIMEOUT}; Path=/; HttpOnly");
    Reply::ok(json!({ "ok": true, "name": name, "roles": ["_admin"] })).with("Set-Cookie", field)
}

fn replicate(call: &mut Call<'_>) -> Reply {
    let document = match call.document() {
        Ok(document) => document,
        Err(reply) => return reply,
    };
    let line = format!("REPLICATE {}", Value::Object(document.clone()));
    deeds::command(call, &line);
    for key in ["source", "target"] {
        let place = document.get(key).map(|place| place.get("url").unwrap_or(place));
        if let Some(url) = place.and_then(Value::as_str).filter(|url| url.contains("://")) {
            let fields =
                vec![(field::URL, url.as_bytes().to_vec()), (field::COMMAND, line.clone().into_bytes())];
            call.out.record(Kind::DownloadAttempt, fields);
        }
    }
    Reply::error(500, "replication_auth_error", "{session_request_failed,\"econnrefused\"}")
}

/// How a server is set, as far as it tells.
fn settings(call: &Call<'_>) -> Map<String, Value> {
    let mut all = json!({
        "chttpd": { "bind_address": "0.0.0.0", "port": "5984", "backlog": "512" },
        "couchdb": { "database_dir": "/var/lib/couchdb", "view_index_dir": "/var/lib/couchdb", "max_document_siz\
            e": "8000000" },
        "log": { "level": "info", "writer": "file", "file": "/var/log/couchdb/couchdb.log" },
        "query_server_config": { "os_process_limit": "100", "reduce_limit": "true" },
        "couch_httpd_auth": { "authentication_db": "_users", "timeout": "600" },
    });
    for ((section, name), value) in &call.store.settings {
        if let Value::Object(sections) = &mut all
            && let Value::Object(known) = sections.entry(section.clone()).or_insert_with(|| json!({}))
        {
            known.insert(name.clone(), value.clone().into());
        }
    }
    match all {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn config(call: &mut Call<'_>, parts: &[&str]) -> Reply {
    let all = settings(call);
    match (call.method(), parts) {
        ("GET", []) => Reply::ok(Value::Object(all)),
        ("GET", [section]) => Reply::ok(all.get(*section).cloned().unwrap_or_else(|| json!({}))),
        ("GET", [section, name]) => match all.get(*section).and_then(|section| section.get(*name)) {
            Some(value) => Reply::ok(value.clone()),
            None => Reply::missing("unknown_config_value"),
        },
        ("PUT", [section, name]) => {
            let text = String::from_utf8_lossy(&call.request.body).into_owned();
            let Ok(value) = serde_json::from_str::<String>(text.trim()) else {
                return Reply::error(400, "bad_request", "invalid UTF-8 JSON");
            };
            deeds::setting(call, section, name, &value);
            let old = all
                .get(*section)
                .and_then(|section| section.get(*name))
                .cloned()
                .unwrap_or_else(|| json!(""));
            let place = ((*section).to_owned(), (*name).to_owned());
            let size = section.len() + name.len() + value.len();
            if call.store.settings.len() < 64 && size < 8192 {
                call.store.settings.insert(place, value);
            }
            Reply::ok(old)
        }
        ("DELETE", [section, name]) => {
            let place = ((*section).to_owned(), (*name).to_owned());
            deeds::command(call, &format!("CONFIG {section}/{name} deleted"));
            match call.store.settings.remove(&place) {
                Some(old) => Reply::ok(json!(old)),
                None => Reply::missing("unknown_config_value"),
            }
        }
        _ => Reply::only("GET,PUT,DELETE"),
    }
}
