//! Containers: made, started, looked at, ended, removed.

use super::{
    call::{Attach, Call, Deed, told},
    engine::Container,
    names,
    process::Phase,
    reply::Reply,
    run::{self, Target},
    spec::{LONGEST, Spec},
    stream::Look,
    view,
};
use netsvc_wire::{Kind, field};
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers a call for containers; `rest` is what follows in its path.
pub(super) fn answer(call: &mut Call<'_>, method: &str, rest: &[&str]) -> Deed {
    match (method, rest) {
        ("GET", ["json"]) => return Deed::Reply(list(call)),
        ("POST", ["create"]) => return Deed::Reply(create(call)),
        ("POST", ["prune"]) => return Deed::Reply(prune(call)),
        _ => {}
    }
    let Some((name, verb)) = rest.split_first() else { return Deed::Reply(Reply::unrouted()) };
    let Some(container) = call.engine.lock().container(name) else {
        return Deed::Reply(Reply::error(404, format!("No such container: {name}")));
    };
    match (method, verb) {
        ("GET", ["json"]) => {
            let value = view::inspected(&container, &call.engine.lock(), call.release);
            Deed::Reply(Reply::json(200, &value))
        }
        ("GET", ["logs"]) => logs(call, container),
        ("POST", ["attach"]) => attach(call, container),
        ("POST", ["start"]) => start(call, container),
        ("POST", ["restart"]) => {
            call.command(&format!("docker restart {name}"));
            Deed::Restart(Target::Main(container))
        }
        ("POST", ["wait"]) => {
            let next = matches!(call.value("condition"), "next-exit" | "removed");
            Deed::Wait(Target::Main(container), next)
        }
        ("POST", ["exec"]) => Deed::Reply(super::programs::create(call, &container)),
        _ => Deed::Reply(simple(call, method, name, verb, &container)),
    }
}

/// What is answered at once.
fn simple(call: &mut Call<'_>, method: &str, name: &str, verb: &[&str], container: &Arc<Container>) -> Reply {
    let running = container.process.is_running();
    let idle = || Reply::error(409, format!("Container {} is not running", container.id));
    match (method, verb) {
        ("GET", ["top"]) if running => Reply::json(200, &view::processes(container)),
        ("GET", ["top"]) => idle(),
        ("GET", ["stats"]) => stats(container),
        ("GET", ["changes"]) => Reply::json(200, &Value::Null),
        ("GET" | "HEAD", ["archive"]) => {
            let path = call.value("path");
            Reply::error(404, format!("Could not find the file {path} in container {name}"))
        }
        ("PUT", ["archive"]) => upload(call, name),
        ("GET", ["export"]) => Reply::bytes("application/octet-stream", vec![0; 1024]),
        ("POST", ["stop"]) if !running => Reply::empty(304),
        ("POST", ["stop"]) => {
            call.command(&format!("docker stop {name}"));
            container.process.stop(137);
            Reply::empty(204)
        }
        ("POST", ["kill"]) if !running => Reply::error(
            409,
            format!("Cannot kill container: {name}: Container {} is not running", container.id),
        ),
        ("POST", ["kill"]) => {
            call.command(&format!("docker kill {name}"));
            container.process.stop(137);
            Reply::empty(204)
        }
        ("POST", ["pause" | "unpause"]) if !running => idle(),
        ("POST", ["pause"]) => {
            container.pause(true);
            Reply::empty(204)
        }
        ("POST", ["unpause"]) => {
            container.pause(false);
            Reply::empty(204)
        }
        ("POST", ["resize"]) => {
            let number = |key: &str| call.value(key).parse().unwrap_or(0);
            container.process.resize(number("w"), number("h"));
            Reply::empty(200)
        }
        ("POST", ["rename"]) => rename(call, container),
        ("POST", ["update"]) => Reply::json(200, &json!({ "Warnings": null })),
        ("DELETE", []) => remove(call, name, container),
        _ => Reply::unrouted(),
    }
}

fn list(call: &Call<'_>) -> Reply {
    let engine = call.engine.lock();
    let filters: Value = serde_json::from_str(call.value("filters")).unwrap_or_default();
    let wanted = |key: &str, value: &str| {
        let given = filters.get(key);
        let list = given.and_then(Value::as_array).is_none_or(|list| list.iter().any(|one| one == value));
        // Newer clients send a map whose keys are what is wanted.
        list && given.and_then(Value::as_object).is_none_or(|map| map.contains_key(value))
    };
    let all = call.flag("all") || filters.get("status").is_some();
    let shown = engine.containers.iter().filter(|one| {
        let running = one.process.is_running();
        let state = match one.standing().phase {
            Phase::Created => "created",
            Phase::Running => "running",
            Phase::Ended => "exited",
        };
        (all || running) && wanted("status", state) && wanted("name", &one.name()) && wanted("id", &one.id)
    });
    let lines: Vec<Value> = shown.map(|one| view::listed(one, &engine, call.now)).collect();
    Reply::json(200, &Value::Array(lines))
}

fn create(call: &mut Call<'_>) -> Reply {
    let body = call.request.body.clone();
    if body.is_empty() {
        let (status, text) = if call.release.is_old() {
            (500, "EOF")
        } else {
            (400, "invalid JSON: got EOF while reading request body")
        };
        return Reply::error(status, text);
    }
    if LONGEST < body.len() {
        call.keep("/containers/create", "body", body);
        return Reply::error(500, "failed to create container: no space left on device");
    }
    let sent: Value = match serde_json::from_slice(&body) {
        Ok(sent) => sent,
        Err(error) => return Reply::error(if call.release.is_old() { 500 } else { 400 }, told(&error)),
    };
    let asked = sent.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
    if sent.as_object().is_none_or(serde_json::Map::is_empty) {
        return Reply::error(400, "Config cannot be empty in order to create a container");
    }
    let name = call.value("name").trim_start_matches('/').to_owned();
    call.keep("/containers/create", "body", body);
    let Some(image) = call.engine.lock().image(&asked).cloned() else {
        let full = super::image::Reference::read(&asked).map_or(asked, |reference| reference.full());
        return Reply::error(404, format!("No such image: {full}"));
    };
    let spec = Spec::read(sent, &image);
    record(call, &spec, &name);
    if !name.is_empty() && !names::fits(&name) {
        let text = format!("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        return Reply::error(400, text);
    }
    if spec.words.is_empty() {
        let word = if call.release.is_old() { "No" } else { "no" };
        return Reply::error(400, format!("{word} command specified"));
    }
    let mut engine = call.engine.lock();
    if let Some(other) = engine.containers.iter().find(|one| !name.is_empty() && one.name() == name) {
        let text = format!(
            "Conflict. The container name \"/{name}\" is already in use by container {:?}. You have to remove (or \
             rename) that container to be able to reuse that name.",
            other.id
        );
        return Reply::error(409, text);
    }
    let sources: Vec<String> = spec.mounts.iter().map(|(source, ..)| source.clone()).collect();
    for volume in sources.iter().filter(|source| names::fits(source)) {
        // A volume that has no place is one less in a list.
        let _ = engine.add_volume(volume, Value::Null, call.now);
    }
    match engine.create(name, spec, call.now, false) {
        Ok(container) => {
            run::clear(call.host, call.link, &container);
            Reply::json(201, &json!({ "Id": container.id, "Warnings": [] }))
        }
        Err(_) => Reply::error(500, "mkdir /var/lib/docker/overlay2: no space left on device"),
    }
}

/// Writes down what a container is asked to be.
fn record(call: &mut Call<'_>, spec: &Spec, name: &str) {
    let mounts: Vec<String> = spec.mounts.iter().map(|(source, to, _)| format!("{source}:{to}")).collect();
    let mut fields = vec![
        (field::COMMAND, spec.told(name).into_bytes()),
        (field::IMAGE, spec.image.clone().into_bytes()),
        (field::PRIVILEGED, spec.privileged.to_string().into_bytes()),
    ];
    for (key, text) in [
        (field::MOUNTS, mounts.join(",")),
        (field::ENVIRONMENT, spec.environment.join("\n")),
        (field::NAME, name.to_owned()),
    ] {
        if !text.is_empty() {
            fields.push((key, text.into_bytes()));
        }
    }
    call.out.record(Kind::Command, fields);
    if let Some(technique) = spec.technique() {
        let fields = vec![
            (field::TECHNIQUE, technique.as_bytes().to_vec()),
            (field::DATA, spec.told(name).into_bytes()),
        ];
        call.out.record(Kind::ExploitAttempt, fields);
    }
}

fn start(call: &mut Call<'_>, container: Arc<Container>) -> Deed {
    call.command(&format!("docker start {}", container.name()));
    if container.process.is_running() {
        return Deed::Reply(Reply::empty(304));
    }
    let then = Box::new(Deed::Reply(Reply::empty(204)));
    Deed::Start(Target::Main(container), then)
}

fn look(call: &Call<'_>, terminal: bool) -> Look {
    Look { out: call.flag("stdout"), errors: call.flag("stderr"), terminal, times: call.flag("timestamps") }
}

fn logs(call: &Call<'_>, container: Arc<Container>) -> Deed {
    let look = look(call, container.spec.terminal);
    if !look.out && !look.errors {
        return Deed::Reply(Reply::error(400, "Bad parameters: you must choose at least one stream"));
    }
    let last = call.value("tail").parse().ok();
    Deed::Logs(Target::Main(container), look, call.flag("follow"), last)
}

fn attach(call: &mut Call<'_>, container: Arc<Container>) -> Deed {
    call.command(&format!("docker attach {}", container.name()));
    let attach = Attach {
        look: look(call, container.spec.terminal),
        past: call.flag("logs"),
        stream: call.flag("stream"),
        input: call.flag("stdin"),
    };
    Deed::Attach(Target::Main(container), attach)
}

fn stats(container: &Container) -> Reply {
    let running = container.process.is_running();
    let usage = if running { 7_340_032 + container.slot * 81_920 } else { 0 };
    Reply::json(
        200,
        &json!({
            "read": view::stamp(container.standing().started), "preread": view::stamp(0),
            "pids_stats": if running { json!({ "current": 2 }) } else { json!({}) },
            "num_procs": 0, "storage_stats": {},
            "cpu_stats": { "cpu_usage": { "total_usage": usage * 11, "usage_in_kernelmode": 0, "usage_in_usermode": 0 },
                "throttling_data": { "periods": 0, "throttled_periods": 0, "throttled_time": 0 } },
            "precpu_stats": { "cpu_usage": { "total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0 },
                "throttling_data": { "periods": 0, "throttled_periods": 0, "throttled_time": 0 } },
            "memory_stats": if running { json!({ "usage": usage }) } else { json!({}) },
            "name": format!("/{}", container.name()), "id": container.id,
        }),
    )
}

fn upload(call: &mut Call<'_>, name: &str) -> Reply {
    let path = call.value("path").to_owned();
    call.command(&format!("docker cp - {name}:{path}"));
    let content = call.request.body.clone();
    if !content.is_empty() {
        call.keep(&path, "upload", content);
    }
    Reply::empty(200)
}

fn rename(call: &mut Call<'_>, container: &Container) -> Reply {
    let name = call.value("name").trim_start_matches('/').to_owned();
    if !names::fits(&name) {
        let text = format!("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        return Reply::error(400, text);
    }
    call.command(&format!("docker rename {} {name}", container.name()));
    container.rename(&name);
    Reply::empty(204)
}

fn remove(call: &mut Call<'_>, name: &str, container: &Container) -> Reply {
    let force = call.flag("force");
    call.command(&format!("docker rm {}{name}", if force { "-f " } else { "" }));
    if container.process.is_running() && !force {
        let text = format!(
            "You cannot remove a running container {}. Stop the container before attempting removal or force remove",
            container.id
        );
        return Reply::error(409, text);
    }
    container.process.stop(137);
    call.engine.lock().remove(&container.id);
    Reply::empty(204)
}

fn prune(call: &mut Call<'_>) -> Reply {
    call.command("docker container prune");
    let mut engine = call.engine.lock();
    let over: Vec<String> =
        engine.containers.iter().filter(|one| !one.process.is_running()).map(|one| one.id.clone()).collect();
    over.iter().for_each(|id| engine.remove(id));
    let list = if over.is_empty() { Value::Null } else { json!(over) };
    Reply::json(200, &json!({ "ContainersDeleted": list, "SpaceReclaimed": 0 }))
}
