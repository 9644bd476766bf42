//! Which request of the API server is answered by what: discovery, and what is done to objects.

use super::{
    call::{Call, Rights},
    change,
    deed::Deed,
    deeds, discovery, kubelet, pods,
    reply::Reply,
    resources::Resource,
    review, table,
    watch::Watch,
    way::{Way, asked},
};
use serde_json::{Value, json};

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
        } else {
            discovery::answer(call, &parts)
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
    let full = match way.group {
        "" => way.resource.to_owned(),
        group => format!("{}.{group}", way.resource),
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

fn not_found() -> Deed {
    let message = "the server could not find the requested resource";
    Deed::Reply(Reply::failure(404, "NotFound", message, json!({})))
}

/// Whether a client takes what the server could give.
fn is_acceptable(call: &Call<'_>) -> bool {
    const KNOWN: &[&str] = &[
        "*/*",
        "application/*",
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
    ];
    let accepts = call.request.field("accept").unwrap_or_default();
    let name = |kind: &str| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    accepts.is_empty() || accepts.split(',').any(|kind| KNOWN.contains(&name(kind).as_str()))
}

fn objects(call: &mut Call<'_>, way: &Way<'_>) -> Deed {
    let verb = verb(call, way);
    let streams = ["exec", "attach", "portforward", "proxy"].contains(&way.sub);
    let looks = matches!(verb, "get" | "list" | "watch") && !streams;
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
    if review::GROUPS.contains(&way.group) {
        return Deed::Reply(review::answer(call, way));
    }
    let Some(resource) = Resource::find(way.group, way.resource) else { return not_found() };
    if let Some(deed) = pods::answer(call, way, resource) {
        return deed;
    }
    if (resource.name, way.sub) == ("nodes", "proxy") {
        // The server passes on to the kubelet what follows.
        let path = call.request.path.clone();
        let rest = path.split_once("/proxy").map_or("", |(_, rest)| rest);
        deeds::technique(call, "kubernetes kubelet through the API", rest);
        return kubelet::answer(call, rest);
    }
    if (resource.name, way.sub, verb) == ("serviceaccounts", "token", "create") {
        return Deed::Reply(review::token(call, way, resource));
    }
    if !matches!(way.sub, "" | "status" | "scale" | "finalize" | "ephemeralcontainers") {
        return not_found();
    }
    if !is_acceptable(call) {
        let message = "only the following media types are accepted: application/json, application/yaml, \
                       application/vnd.kubernetes.protobuf";
        return Deed::Reply(Reply::failure(406, "NotAcceptable", message, Value::Null));
    }
    if resource.name == "secrets" && looks {
        deeds::secrets(call, &way.path());
    }
    match verb {
        "watch" => {
            let (watch, first) = Watch::begin(call, way, resource);
            Deed::Watch(Box::new(watch), first)
        }
        "list" => Deed::Reply(list(call, way, resource)),
        "get" => Deed::Reply(get(call, way, resource)),
        "create" => Deed::Reply(change::create(call, way, resource)),
        "update" | "patch" => Deed::Reply(change::change(call, way, resource)),
        "delete" => Deed::Reply(change::delete(call, way, resource)),
        _ => Deed::Reply(change::clear(call, way, resource)),
    }
}

/// Whether only what objects are called and labelled with is wanted.
fn wants_names(call: &Call<'_>) -> bool {
    call.request.field("accept").is_some_and(|kinds| kinds.contains("as=PartialObjectMetadata"))
}

/// What an object is called and labelled with.
fn names(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.get("metadata") })
}

fn list(call: &Call<'_>, way: &Way<'_>, resource: &Resource) -> Reply {
    let objects = asked(call, call.store, way, resource);
    let revision = call.store.revision.to_string();
    if table::wanted(call) {
        return Reply::ok(table::table(resource, &objects, &revision, call.now));
    }
    if wants_names(call) {
        let items: Vec<Value> = objects.into_iter().map(names).collect();
        return Reply::ok(json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": { "resourceVersion": revision }, "items": items,
        }));
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
        Some(object) if table::wanted(call) => {
            let revision = call.store.revision.to_string();
            Reply::ok(table::table(resource, &[object], &revision, call.now))
        }
        Some(object) if wants_names(call) => Reply::ok(names(object)),
        Some(object) if way.sub == "scale" => Reply::ok(change::scale(object)),
        Some(object) => Reply::ok(object.clone()),
        None => Reply::missing(resource.name, resource.group, way.name),
    }
}
