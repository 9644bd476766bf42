//! Which request of the API server is answered by what: discovery, and what is done to objects.

use super::{
    call::{Call, Rights},
    change, deeds,
    reply::Reply,
    resources::{self, Resource},
    table,
    way::{Way, asked},
};
use netsvc_wire::{Kind, field};
use serde_json::{Value, json};

/// What a request comes to.
pub(super) enum Deed {
    Reply(Reply),
    /// A command in a pod.
    Exec(Target),
    /// What there is, line by line, and then nothing.
    Watch(Vec<Value>),
}

/// A pod in which something is run.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) name: String,
    /// The pod.
    pub(super) pod: Value,
    pub(super) words: Vec<String>,
    pub(super) terminal: bool,
    pub(super) input: bool,
}

/// Answers a request.
pub(super) fn answer(call: &mut Call<'_>) -> Deed {
    let path = call.request.path.clone();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if let Some(reply) = open(call, &parts) {
        return Deed::Reply(reply);
    }
    match parts.as_slice() {
        ["api", "v1", rest @ ..] if !rest.is_empty() => objects(call, &Way::of("", rest)),
        ["apis", group, "v1", rest @ ..] if !rest.is_empty() => objects(call, &Way::of(group, rest)),
        _ => Deed::Reply(if call.who.rights == Rights::Nothing {
            forbidden_path(call)
        } else if parts.as_slice() == ["openapi", "v2"] {
            resources::swagger(call.release, call.request.field("accept").unwrap_or_default())
        } else {
            discovery(call, &parts)
        }),
    }
}

/// What everybody may ask (`system:public-info-viewer`).
fn open(call: &Call<'_>, parts: &[&str]) -> Option<Reply> {
    match parts {
        ["version"] => Some(Reply::ok(call.release.told())),
        ["healthz" | "livez" | "readyz", ..] => Some(Reply::text(200, "ok")),
        _ => None,
    }
}

fn discovery(call: &mut Call<'_>, parts: &[&str]) -> Reply {
    let found = match parts {
        [] => Some(json!({ "paths": [
            "/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1",
            "/apis/batch", "/apis/batch/v1", "/apis/rbac.authorization.k8s.io", "/healthz", "/livez", "/logs",
            "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version",
        ] })),
        ["api"] => Some(resources::core(&call.host.persona().ip.to_string())),
        ["api", "v1"] => resources::list(""),
        ["apis"] => Some(resources::groups()),
        ["apis", group] => resources::one_group(group),
        ["apis", group, "v1"] => resources::list(group),
        ["openapi", "v3"] => Some(resources::descriptions(call.release)),
        ["openapi", "v3", "api", "v1"] => Some(resources::description(call.release, "")),
        ["openapi", "v3", "apis", group, "v1"] => Some(resources::description(call.release, group)),
        _ => None,
    };
    found.map_or_else(
        || {
            let line = format!("{} {}", call.request.method, call.request.target);
            let fields = vec![
                (field::NAME, call.request.path.clone().into_bytes()),
                (field::COMMAND, line.into_bytes()),
            ];
            call.out.record(Kind::UnknownCommand, fields);
            Reply::unrouted()
        },
        Reply::ok,
    )
}

fn forbidden_path(call: &Call<'_>) -> Reply {
    let verb = call.request.method.to_ascii_lowercase();
    let message =
        format!("forbidden: User \"{}\" cannot {verb} path \"{}\"", call.who.name, call.request.path);
    Reply::failure(403, "Forbidden", message, json!({}))
}

/// What a request does, as rules of access call it.
fn verb(call: &Call<'_>, way: &Way<'_>) -> &'static str {
    match (call.request.method.as_str(), way.name.is_empty()) {
        ("GET" | "HEAD", _) if call.flag("watch") => "watch",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => "get",
    }
}

fn forbidden(call: &Call<'_>, way: &Way<'_>, verb: &str) -> Reply {
    let full = match (way.group, way.sub) {
        ("", "") => way.resource.to_owned(),
        ("", sub) => format!("{}/{sub}", way.resource),
        (group, _) => format!("{}.{group}", way.resource),
    };
    let named = if way.name.is_empty() { String::new() } else { format!(" \"{}\"", way.name) };
    let scope = if way.space.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", way.space)
    };
    let message = format!(
        "{full}{named} is forbidden: User \"{}\" cannot {verb} resource \"{}\" in API group \"{}\" {scope}",
        call.who.name,
        if way.sub.is_empty() { way.resource.to_owned() } else { format!("{}/{}", way.resource, way.sub) },
        way.group
    );
    let mut details = json!({});
    if let Value::Object(fields) = &mut details {
        if !way.name.is_empty() {
            fields.insert("name".to_owned(), way.name.into());
        }
        if !way.group.is_empty() {
            fields.insert("group".to_owned(), way.group.into());
        }
        fields.insert("kind".to_owned(), way.resource.into());
    }
    Reply::failure(403, "Forbidden", message, details)
}

fn objects(call: &mut Call<'_>, way: &Way<'_>) -> Deed {
    if ["authorization.k8s.io", "authentication.k8s.io"].contains(&way.group) {
        return Deed::Reply(review(call, way));
    }
    let verb = verb(call, way);
    let looks =
        matches!(verb, "get" | "list" | "watch") && !["exec", "attach", "portforward"].contains(&way.sub);
    let allowed =
        if looks { Rights::Looking <= call.who.rights } else { call.who.rights == Rights::Everything };
    // What only looks sees no secrets, as the role `view`.
    let hidden = way.resource == "secrets" && call.who.rights != Rights::Everything;
    if !allowed || hidden {
        if ["exec", "attach"].contains(&way.sub) {
            deeds::exec(call, way.space, way.name, &call.values("command"));
        }
        return Deed::Reply(forbidden(call, way, verb));
    }
    let Some(resource) = Resource::find(way.group, way.resource) else {
        let message = "the server could not find the requested resource";
        return Deed::Reply(Reply::failure(404, "NotFound", message, json!({})));
    };
    match (resource.name, way.sub) {
        ("pods", "exec" | "attach") => return program(call, way, resource),
        ("pods", "log") => {
            let known = call.store.get(resource, way.space, way.name).is_some();
            deeds::command(call, &format!("logs {}/{}", way.space, way.name));
            return Deed::Reply(match known {
                true => Reply::text(200, ""),
                false => Reply::missing(resource.name, resource.group, way.name),
            });
        }
        ("pods", "portforward") => return Deed::Reply(Reply::bad("Upgrade request required")),
        (_, "" | "status" | "scale" | "finalize") => {}
        _ => {
            return Deed::Reply(Reply::failure(
                404,
                "NotFound",
                "the server could not find the requested resource",
                json!({}),
            ));
        }
    }
    if resource.name == "secrets" && looks {
        deeds::secrets(call, &way.path());
    }
    match verb {
        "watch" => watch(call, way, resource),
        "list" => Deed::Reply(list(call, way, resource)),
        "get" => Deed::Reply(get(call, way, resource)),
        "create" => Deed::Reply(change::create(call, way, resource)),
        "update" | "patch" => Deed::Reply(change::change(call, way, resource)),
        "delete" => Deed::Reply(change::delete(call, way, resource)),
        _ => Deed::Reply(change::clear(call, way, resource)),
    }
}

fn wants_table(call: &Call<'_>) -> bool {
    call.request.field("accept").is_some_and(|kinds| kinds.contains("as=Table"))
}

fn list(call: &Call<'_>, way: &Way<'_>, resource: &Resource) -> Reply {
    let objects = asked(call, call.store, way, resource);
    let revision = call.store.revision.to_string();
    if wants_table(call) {
        return Reply::ok(table::table(resource, &objects, &revision, call.now));
    }
    // Those of a list do not say again what they are.
    let items: Vec<Value> = objects
        .into_iter()
        .map(|object| {
            let mut object = object.clone();
            if let Value::Object(fields) = &mut object {
                fields.shift_remove("kind");
                fields.shift_remove("apiVersion");
            }
            object
        })
        .collect();
    Reply::ok(json!({
        "kind": format!("{}List", resource.kind), "apiVersion": resource.version(),
        "metadata": { "resourceVersion": revision }, "items": items,
    }))
}

fn get(call: &Call<'_>, way: &Way<'_>, resource: &Resource) -> Reply {
    match call.store.get(resource, way.space, way.name) {
        Some(object) if wants_table(call) => {
            let revision = call.store.revision.to_string();
            Reply::ok(table::table(resource, &[object], &revision, call.now))
        }
        Some(object) => Reply::ok(object.clone()),
        None => Reply::missing(resource.name, resource.group, way.name),
    }
}

fn watch(call: &Call<'_>, way: &Way<'_>, resource: &Resource) -> Deed {
    let objects = asked(call, call.store, way, resource);
    let named = objects.into_iter().filter(|object| {
        way.name.is_empty() || object.pointer("/metadata/name").and_then(Value::as_str) == Some(way.name)
    });
    let revision = call.store.revision.to_string();
    // Who tells from where on knows what there is.
    let knows = !matches!(call.value("resourceVersion"), "" | "0");
    let lines = named
        .map(|object| match wants_table(call) {
            true => {
                json!({ "type": "ADDED", "object": table::table(resource, &[object], &revision, call.now) })
            }
            false => json!({ "type": "ADDED", "object": object }),
        })
        .collect();
    Deed::Watch(if knows { Vec::new() } else { lines })
}

fn program(call: &mut Call<'_>, way: &Way<'_>, resource: &Resource) -> Deed {
    let words = call.values("command");
    deeds::exec(call, way.space, way.name, &words);
    let Some(pod) = call.store.get(resource, way.space, way.name).cloned() else {
        return Deed::Reply(Reply::missing(resource.name, resource.group, way.name));
    };
    if call.request.field("upgrade").is_none() {
        return Deed::Reply(Reply::bad("Upgrade request required"));
    }
    if way.sub == "exec" && words.is_empty() {
        return Deed::Reply(Reply::bad("you must specify at least 1 command for the container"));
    }
    Deed::Exec(Target {
        name: way.name.to_owned(),
        pod,
        words: if words.is_empty() { vec!["sh".to_owned()] } else { words },
        terminal: call.flag("tty"),
        input: call.flag("stdin"),
    })
}

/// Questions about what somebody may do, and who he is.
fn review(call: &mut Call<'_>, way: &Way<'_>) -> Reply {
    let mut object = match change::body(call) {
        Ok(object) => object,
        Err(reply) => return reply,
    };
    deeds::command(call, &format!("review {} {}", way.resource, object.get("spec").unwrap_or(&Value::Null)));
    let may = match call.who.rights {
        Rights::Everything => json!(["*"]),
        Rights::Looking => json!(["get", "list", "watch"]),
        Rights::Nothing => json!([]),
    };
    let status = match way.resource {
        "selfsubjectaccessreviews" | "localsubjectaccessreviews" | "subjectaccessreviews" => {
            let verb =
                object.pointer("/spec/resourceAttributes/verb").and_then(Value::as_str).unwrap_or_default();
            let allowed = match call.who.rights {
                Rights::Everything => true,
                Rights::Looking => ["get", "list", "watch"].contains(&verb),
                Rights::Nothing => false,
            };
            json!({ "allowed": allowed })
        }
        "selfsubjectrulesreviews" => json!({
            "resourceRules": [{ "verbs": may, "apiGroups": ["*"], "resources": ["*"] }],
            "nonResourceRules": [{ "verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/versio\
                n", "/version/"] }],
            "incomplete": false,
        }),
        "selfsubjectreviews" => {
            json!({ "userInfo": { "username": call.who.name, "groups": ["system:unauthenticated"] } })
        }
        "tokenreviews" => json!({ "user": {}, "error": "[invalid bearer token]" }),
        _ => {
            return Reply::failure(
                404,
                "NotFound",
                "the server could not find the requested resource",
                json!({}),
            );
        }
    };
    if let Value::Object(fields) = &mut object {
        fields.insert("status".to_owned(), status);
    }
    Reply::json(201, object)
}
