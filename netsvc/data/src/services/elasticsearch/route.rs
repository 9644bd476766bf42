//! Which request is answered by what.

use super::{
    bulk,
    call::{Call, Outcome},
    cat, cluster, deeds, documents,
    fault::Fault,
    indices,
    reply::Reply,
    search,
};
use serde_json::json;

/// Answers a request.
pub(super) fn answer(call: &mut Call<'_>) -> Outcome {
    let path = call.request.path.clone();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if call.method() == "OPTIONS" {
        return Ok(Reply::empty(200).with("Allow", "DELETE,POST,GET,PUT,HEAD"));
    }
    match parts.as_slice() {
        [] => match call.method() {
            "GET" | "HEAD" => cluster::root(call),
            _ => Ok(not_allowed(call, "GET, DELETE, HEAD")),
        },
        [first, ..] if first.starts_with('_') && *first != "_all" => of_server(call, &parts),
        [index] => indices::index(call, index),
        [index, rest @ ..] => of_index(call, index, rest),
    }
}

fn of_server(call: &mut Call<'_>, parts: &[&str]) -> Outcome {
    match parts {
        ["_cat"] => cat::cat(call, "", ""),
        ["_cat", name] => cat::cat(call, name, ""),
        ["_cat", name, rest] => cat::cat(call, name, rest),
        ["_cluster", rest @ ..] => cluster::cluster(call, rest),
        ["_nodes", rest @ ..] => cluster::nodes(call, rest),
        ["_search", "scroll"] => search::scroll(call, None),
        ["_search", "scroll", id] => search::scroll(call, Some(id)),
        ["_search"] => search::search(call, "_all"),
        ["_msearch"] => search::many(call, "_all"),
        ["_count"] => search::count(call, "_all"),
        ["_bulk"] => bulk::bulk(call, ""),
        ["_mget"] => documents::many(call, ""),
        ["_mapping" | "_mappings", ..] => indices::mapping(call, "_all"),
        ["_settings"] => indices::setting(call, "_all"),
        ["_aliases"] => indices::aliases(call),
        ["_alias"] => indices::alias(call, "_all", ""),
        ["_alias", name] => indices::alias(call, "_all", name),
        ["_stats", ..] => indices::stats(call, "_all"),
        ["_refresh" | "_flush" | "_forcemerge"] | ["_cache", "clear"] => indices::kept_up(call, "_all"),
        ["_resolve", "index", name] => {
            let names = call.store.resolve(name)?;
            let list: Vec<_> =
                names.iter().map(|name| json!({ "name": name, "attributes": ["open"] })).collect();
            Ok(Reply::ok(json!({ "indices": list, "aliases": [], "data_streams": [] })))
        }
        ["_security", "_authenticate"] | ["_xpack", "security", "_authenticate"] => {
            Err(Fault::new(500, "exception", "security is not enabled"))
        }
        ["_license", ..] | ["_xpack", "license", ..] => Ok(license(call)),
        ["_xpack"] => Ok(Reply::ok(json!({
            "build": { "hash": call.release.hash, "date": "2023-07-20T05:33:33.690180787Z" },
            "license": { "type": "basic", "mode": "basic", "status": "active" }, "features": {},
            "tagline": "You know, for X",
        }))),
        ["_snapshot", ..] => snapshot(call, parts),
        ["_tasks", ..] => {
            let node = cluster::Node::of(call.host);
            Ok(Reply::ok(json!({ "nodes": { node.id: { "name": node.name, "tasks": {} } } })))
        }
        ["_template" | "_index_template" | "_component_template", ..] => Ok(templates(call, parts)),
        ["_ingest", "pipeline"] => Ok(Reply::ok(json!({}))),
        ["_scripts", ..] | ["_sql", ..] | ["_render", ..] | ["_eql", ..] => scripted(call),
        ["_plugin", ..] => {
            // Site plugins went away with 2.0; what asks for them means a hole of theirs.
            deeds::technique(call, "elasticsearch path traversal", call.request.target.clone().into_bytes());
            Ok(deeds::unrouted(call))
        }
        _ => Ok(deeds::unrouted(call)),
    }
}

fn of_index(call: &mut Call<'_>, index: &str, parts: &[&str]) -> Outcome {
    match parts {
        ["_search"] => search::search(call, index),
        ["_search", "template"] => scripted(call),
        ["_msearch"] => search::many(call, index),
        ["_count"] => search::count(call, index),
        ["_bulk"] | [_, "_bulk"] => bulk::bulk(call, index),
        ["_mget"] => documents::many(call, index),
        ["_delete_by_query"] => search::delete(call, index),
        ["_update_by_query"] => search::update(call, index),
        ["_validate", "query"] => documents::validate(call, index),
        ["_mapping" | "_mappings", ..] => indices::mapping(call, index),
        ["_settings", ..] => indices::setting(call, index),
        ["_alias" | "_aliases"] => indices::alias(call, index, ""),
        ["_alias" | "_aliases", name] => indices::alias(call, index, name),
        ["_stats", ..] => indices::stats(call, index),
        ["_refresh" | "_flush" | "_forcemerge"] | ["_cache", "clear"] => indices::kept_up(call, index),
        ["_close"] => indices::door(call, index, true),
        ["_open"] => indices::door(call, index, false),
        ["_doc"] => documents::document(call, index, None, false),
        ["_doc", id] => documents::document(call, index, Some(id), false),
        ["_create", id] => documents::document(call, index, Some(id), true),
        ["_source", id] | ["_doc", id, "_source"] => documents::source(call, index, id),
        ["_update", id] | ["_doc", id, "_update"] => documents::update(call, index, id),
        // Types, as before 8.0.
        [kind, "_search"] if !kind.starts_with('_') => search::search(call, index),
        [kind] if !kind.starts_with('_') && call.release.major() < 8 && call.method() == "POST" => {
            documents::document(call, index, None, false)
        }
        [kind, id] if !kind.starts_with('_') && !id.starts_with('_') && call.release.major() < 8 => {
            documents::document(call, index, Some(id), false)
        }
        _ => Ok(deeds::unrouted(call)),
    }
}

fn not_allowed(call: &Call<'_>, allowed: &str) -> Reply {
    let text = format!(
        "Incorrect HTTP method for uri [{}] and method [{}], allowed: [{allowed}]",
        call.request.target, call.request.method
    );
    Reply::json(405, json!({ "error": text, "status": 405 })).with("Allow", allowed.replace(' ', ""))
}

fn scripted(call: &mut Call<'_>) -> Outcome {
    let body = call.document()?;
    Err(deeds::script(call, &body))
}

fn snapshot(call: &mut Call<'_>, parts: &[&str]) -> Outcome {
    match (call.method(), parts) {
        ("GET", ["_snapshot"] | ["_snapshot", "_all"]) => Ok(Reply::ok(json!({}))),
        ("PUT" | "POST", ["_snapshot", name, ..]) => {
            let body = serde_json::Value::Object(call.document()?);
            deeds::technique(call, "elasticsearch snapshot repository", body.to_string().into_bytes());
            let location =
                body.pointer("/settings/location").and_then(|value| value.as_str()).unwrap_or_default();
            let reason = format!("[{name}] failed to create repository");
            Err(Fault::new(500, "repository_exception", reason).because(Fault::new(
                500,
                "repository_exception",
                format!(
                    "[{name}] location [{location}] doesn't match any of the locations specified by path.repo \
                        because this \
                     setting is empty"
                ),
            )))
        }
        (_, ["_snapshot", name, ..]) => {
            Err(Fault::new(404, "repository_missing_exception", format!("[{name}] missing")))
        }
        _ => Ok(deeds::unrouted(call)),
    }
}

fn templates(call: &mut Call<'_>, parts: &[&str]) -> Reply {
    match (call.method(), parts) {
        ("PUT" | "POST", [_, name]) => {
            let line = format!("PUT TEMPLATE {name}");
            deeds::command(call, &line);
            indices::acknowledged()
        }
        ("GET", ["_template"]) => Reply::ok(json!({})),
        ("GET", ["_index_template" | "_component_template"]) => Reply::ok(json!({ "index_templates": [] })),
        ("HEAD", _) => Reply::empty(404),
        (_, [_, name, ..]) => {
            Fault::new(404, "index_template_missing_exception", format!("index_template [{name}] missing"))
                .reply()
        }
        _ => deeds::unrouted(call),
    }
}

fn license(call: &Call<'_>) -> Reply {
    let millis = call.host.persona().installed_at / 1000;
    Reply::ok(json!({ "license": {
        "status": "active", "type": "basic", "issue_date_in_millis": millis, "max_nodes": 1000,
        "issued_to": cluster::name(call), "issuer": "elasticsearch", "start_date_in_millis": -1,
    } }))
}
