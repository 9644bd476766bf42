//! What changes objects: made, changed and thrown away, with what follows from it.

use super::{
    call::Call,
    deeds, patch,
    reply::Reply,
    resources::Resource,
    seeded,
    way::{Way, asked},
    yaml,
};
use serde_json::{Value, json};

/// Longest object: a tree takes many times what its text does.
const LONGEST: usize = 512 << 10;

/// The object in the body.
pub(super) fn body(call: &Call<'_>) -> Result<Value, Reply> {
    match document(call)? {
        value @ Value::Object(_) => Ok(value),
        _ => Err(unread()),
    }
}

fn unread() -> Reply {
    Reply::bad(
        "couldn't get version/kind; json parse error: invalid character looking for beginning of value",
    )
}

/// What the body is.
fn document(call: &Call<'_>) -> Result<Value, Reply> {
    let kind = call.request.field("content-type").unwrap_or_default();
    let plain = kind.split(';').next().unwrap_or_default().trim();
    let known = ["", "application/json", "application/yaml"].contains(&plain);
    // Kinds of changes were looked at before.
    if !known && call.request.method != "PATCH" {
        let message = "the body of the request was in an unknown format - accepted media types include: \
                       application/json, application/yaml, application/vnd.kubernetes.protobuf";
        return Err(Reply::failure(415, "UnsupportedMediaType", message, json!({})));
    }
    let text = call.request.body.trim_ascii();
    if text.is_empty() {
        return Err(Reply::bad("EOF"));
    }
    if LONGEST < text.len() {
        let message = "Request entity too large: limit is 3145728";
        return Err(Reply::failure(413, "RequestEntityTooLarge", message, Value::Null));
    }
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    if !kind.contains("yaml") {
        return Err(unread());
    }
    let read = std::str::from_utf8(text).ok().and_then(yaml::read);
    read.ok_or_else(|| {
        Reply::bad("error converting YAML to JSON: yaml: line 1: did not find expected node content")
    })
}

fn full(resource: &Resource, name: &str) -> Reply {
    let message = format!("{} \"{name}\" is forbidden: exceeded quota: compute-resources", resource.name);
    Reply::failure(403, "Forbidden", message, json!({ "name": name, "kind": resource.name }))
}

/// Whether an object may be called so (RFC 1123, with dots).
fn fits(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte);
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    name.len() <= 253
        && name.bytes().all(inner)
        && edge(name.as_bytes().first())
        && edge(name.as_bytes().last())
}

pub(super) fn create(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource) -> Reply {
    let object = match body(call) {
        Ok(object) => object,
        Err(reply) => return reply,
    };
    if resource.namespaced && !call.store.has_space(way.space) {
        return Reply::missing("namespaces", "", way.space);
    }
    let meta = |key: &str| {
        object.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut name = meta("name");
    if name.is_empty() && !meta("generateName").is_empty() {
        let begin: String = meta("generateName").chars().take(200).collect();
        name = format!("{begin}{}", call.store.tail());
    }
    if !fits(&name) {
        let message = format!(
            "{} \"{name}\" is invalid: metadata.name: {}",
            resource.kind,
            if name.is_empty() {
                "Required value: name or generateName is required"
            } else {
                "Invalid value"
            }
        );
        return Reply::failure(422, "Invalid", message, json!({ "name": name, "kind": resource.kind }));
    }
    if call.store.get(resource, way.space, &name).is_some() {
        let message = format!("{} \"{name}\" already exists", resource.name);
        return Reply::failure(409, "AlreadyExists", message, json!({ "name": name, "kind": resource.name }));
    }
    let named = Way { name: &name, ..way.clone() };
    deeds::creation(call, "create", &named.path(), &object);
    made(call, &named, resource, object)
}

/// Lets an object be, with what follows from it.
fn made(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource, mut object: Value) -> Reply {
    if call.value("dryRun") == "All" {
        return Reply::json(201, object);
    }
    let at = seeded::moment(call.now);
    if resource.name == "pods" {
        object = seeded::running(call.host, call.store, object, &at);
    }
    if let (Value::Object(fields), "namespaces") = (&mut object, resource.name) {
        fields.insert("status".to_owned(), json!({ "phase": "Active" }));
    }
    match call.store.put(resource, way.space, way.name, object, &at) {
        Ok(object) => {
            follow(call, way.space, way.name, &object, &at);
            Reply::json(201, object)
        }
        Err(_) => full(resource, way.name),
    }
}

/// The pod that a controller makes.
fn follow(call: &mut Call<'_>, space: &str, name: &str, object: &Value, at: &str) {
    let template =
        ["/spec/template", "/spec/jobTemplate/spec/template"].iter().find_map(|place| object.pointer(place));
    let (Some(template), Some(pods)) = (template, Resource::find("", "pods")) else { return };
    let pod = json!({ "metadata": template.get("metadata"), "spec": template.get("spec") });
    let pod = match pod.pointer("/metadata") {
        Some(Value::Object(_)) => pod,
        _ => json!({ "metadata": {}, "spec": template.get("spec") }),
    };
    let name = format!("{name}-{}", call.store.tail());
    let pod = seeded::running(call.host, call.store, pod, at);
    // Without room there is a controller without a pod, as with a real quota.
    let _ = call.store.put(pods, space, &name, pod, at);
}

/// The pods that a controller made go with it.
fn unfollow(call: &mut Call<'_>, space: &str, name: &str, object: &Value) {
    let controls =
        ["/spec/template", "/spec/jobTemplate"].iter().any(|place| object.pointer(place).is_some());
    let Some(pods) = Resource::find("", "pods").filter(|_| controls) else { return };
    // Names of pods end with five letters, and before them those of a deployment have the hash of their set.
    let is_own = |pod: &str| {
        let parts: Vec<&str> = pod
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('-'))
            .unwrap_or_default()
            .split('-')
            .collect();
        matches!(parts.as_slice(), [tail] if tail.len() == 5)
            || matches!(parts.as_slice(), [set, tail] if set.len() == 10 && tail.len() == 5)
    };
    let named = |object: &Value| object.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
    let names: Vec<String> = call.store.list(pods, space).into_iter().filter_map(named).collect();
    for pod in names.iter().filter(|pod| is_own(pod)) {
        call.store.remove(pods, space, pod);
    }
    let Some(sets) = Resource::find("apps", "replicasets") else { return };
    let names: Vec<String> = call.store.list(sets, space).into_iter().filter_map(named).collect();
    let is_set = |set: &str| {
        let rest = set.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|rest| rest.len() == 10 && !rest.contains('-'))
    };
    for set in names.iter().filter(|set| is_set(set)) {
        call.store.remove(sets, space, set);
    }
}

/// Kinds of changes.
const PATCHES: &[(&str, Patch)] = &[
    ("application/json-patch+json", Patch::Steps),
    ("application/merge-patch+json", Patch::Plain),
    ("application/strategic-merge-patch+json", Patch::Strategic),
    ("application/apply-patch+yaml", Patch::Applied),
];

/// How a body changes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patch {
    /// It takes its place.
    Whole,
    /// RFC 6902.
    Steps,
    /// RFC 7386.
    Plain,
    /// As the first, with lists merged by names.
    Strategic,
    /// What is applied is made where it is not there.
    Applied,
}

fn patch_of(call: &Call<'_>) -> Result<Patch, Reply> {
    if call.request.method == "PUT" {
        return Ok(Patch::Whole);
    }
    let kind = call.request.field("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let known = PATCHES.iter().find(|(name, _)| *name == kind).map(|(_, patch)| *patch);
    known.ok_or_else(|| {
        let names: Vec<&str> = PATCHES.iter().map(|(name, _)| *name).collect();
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            names.join(", ")
        );
        Reply::failure(415, "UnsupportedMediaType", message, json!({}))
    })
}

pub(super) fn change(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource) -> Reply {
    let read = patch_of(call).and_then(|patch| Ok((patch, document(call)?)));
    let (patch, change) = match read {
        Ok(read) => read,
        Err(reply) => return reply,
    };
    if patch != Patch::Steps && !change.is_object() {
        return unread();
    }
    let verb = if patch == Patch::Whole { "replace" } else { "patch" };
    let Some(known) = call.store.get(resource, way.space, way.name).cloned() else {
        if patch == Patch::Applied && way.sub.is_empty() {
            if resource.namespaced && !call.store.has_space(way.space) {
                return Reply::missing("namespaces", "", way.space);
            }
            deeds::creation(call, "apply", &way.path(), &change);
            return made(call, way, resource, change);
        }
        return Reply::missing(resource.name, resource.group, way.name);
    };
    let mut object = known.clone();
    if way.sub == "scale" {
        deeds::command(call, &format!("scale {} {change}", way.path()));
        let mut scale = scale(&known);
        patch::merge(&mut scale, &change, false, 0);
        let replicas = scale.pointer("/spec/replicas").cloned().unwrap_or(json!(1));
        patch::merge(&mut object, &json!({ "spec": { "replicas": replicas } }), false, 0);
    } else {
        let by = if patch == Patch::Steps { patch::as_object(&change) } else { change.clone() };
        deeds::creation(call, verb, &way.path(), &by);
        match patch {
            Patch::Whole => object = change,
            Patch::Steps => {
                if let Err(message) = patch::steps(&mut object, &change) {
                    return Reply::failure(422, "Invalid", message, Value::Null);
                }
            }
            Patch::Plain => patch::merge(&mut object, &change, false, 0),
            Patch::Strategic | Patch::Applied => patch::merge(&mut object, &change, true, 0),
        }
    }
    if call.value("dryRun") == "All" {
        return Reply::ok(object);
    }
    let at = seeded::moment(call.now);
    if way.sub == "ephemeralcontainers" {
        seeded::joined(&mut object, &at);
    }
    match call.store.put(resource, way.space, way.name, object, &at) {
        Ok(object) if way.sub == "scale" => Reply::ok(scale(&object)),
        Ok(object) => Reply::ok(object),
        Err(_) => full(resource, way.name),
    }
}

/// How many pods a controller has, and is to have.
pub(super) fn scale(object: &Value) -> Value {
    let wanted = object.pointer("/spec/replicas").cloned().unwrap_or(json!(1));
    let there = object.pointer("/status/replicas").cloned().unwrap_or(json!(0));
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": object.get("metadata"),
        "spec": { "replicas": wanted }, "status": { "replicas": there },
    })
}

pub(super) fn delete(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource) -> Reply {
    deeds::command(call, &format!("delete {}", way.path()));
    let Some(object) = call.store.remove(resource, way.space, way.name) else {
        return Reply::missing(resource.name, resource.group, way.name);
    };
    unfollow(call, way.space, way.name, &object);
    if resource.name == "namespaces" {
        deeds::technique(call, "kubernetes data destruction", &way.path());
        call.store.clear(way.name);
    }
    if resource.name == "events" {
        deeds::technique(call, "kubernetes events deletion", &way.path());
    }
    // Pods are given back as they were; of others the status is told.
    if resource.name == "pods" {
        return Reply::ok(object);
    }
    let uid = object.pointer("/metadata/uid").cloned().unwrap_or_default();
    Reply::ok(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": { "name": way.name, "kind": resource.name, "uid": uid },
    }))
}

pub(super) fn clear(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource) -> Reply {
    deeds::command(call, &format!("delete {} --all", way.path()));
    deeds::technique(call, "kubernetes data destruction", &way.path());
    let found = asked(call, call.store, way, resource);
    let names: Vec<(String, String)> = found
        .iter()
        .map(|object| {
            let of = |key: &str| {
                object
                    .pointer(&format!("/metadata/{key}"))
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            (of("namespace"), of("name"))
        })
        .collect();
    for (space, name) in names {
        call.store.remove(resource, &space, &name);
    }
    Reply::ok(json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" }))
}
