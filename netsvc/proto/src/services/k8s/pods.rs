//! What is asked of one pod: programs in it, its ports, and what its container has written.

use super::{
    call::Call, deed::Deed, deeds, logs::Log, reply::Reply, resources::Resource, target::Target, way::Way,
};
use serde_json::{Value, json};

/// Answers a request for something of a pod; `None`: it is for no such thing.
pub(super) fn answer(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource) -> Option<Deed> {
    match (resource.name, way.sub) {
        ("pods", "exec" | "attach") => Some(program(call, way, resource)),
        ("pods", "portforward") => Some(ports(call, way, resource)),
        ("pods", "log") => Some(log(call, way, resource)),
        ("pods", "eviction") => Some(evict(call, way, resource)),
        _ => None,
    }
}

/// The pod that a request names.
fn find(call: &Call<'_>, way: &Way<'_>, resource: &Resource) -> Result<Target, Reply> {
    let Some(pod) = call.store.get(resource, way.space, way.name).cloned() else {
        return Err(Reply::missing(resource.name, resource.group, way.name));
    };
    let asked = call.value("container");
    if !asked.is_empty() && container(&pod, asked).is_none() {
        let message = format!("container {asked} is not valid for pod {}", way.name);
        return Err(Reply::bad(message));
    }
    Ok(Target::of(way.space, way.name, pod))
}

/// The container of a pod that is called so; those that were added to look into it are among them.
fn container<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let places = ["/spec/containers", "/spec/ephemeralContainers", "/spec/initContainers"];
    let mut all = places.iter().filter_map(|place| pod.pointer(place)?.as_array()).flatten();
    all.find(|container| container.get("name").and_then(Value::as_str) == Some(name))
}

/// What a container of a pod runs by itself; the first, where `name` is none's.
pub(super) fn own(pod: &Value, name: &str) -> Vec<String> {
    let Some(container) = container(pod, name).or_else(|| pod.pointer("/spec/containers/0")) else {
        return Vec::new();
    };
    let part = |key: &str| {
        let list = container.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    [part("command"), part("args")].concat()
}

fn program(call: &mut Call<'_>, way: &Way<'_>, resource: &Resource) -> Deed {
    let words = call.values("command");
    deeds::exec(call, way.space, way.name, &words);
    let target = match find(call, way, resource) {
        Ok(target) => target,
        Err(reply) => return Deed::Reply(reply),
    };
    if call.request.field("upgrade").is_none() {
        return Deed::Reply(Reply::not_upgraded());
    }
    let words = match way.sub {
        "exec" if words.is_empty() => {
            return Deed::Reply(Reply::bad("you must specify at least 1 command for the container"));
        }
        "exec" => words,
        _ => own(&target.pod, call.value("container")),
    };
    Deed::Exec(Target {
        words: if words.is_empty() { vec!["sh".to_owned()] } else { words },
        terminal: call.flag("tty"),
        input: call.flag("stdin"),
        output: call.flag("stdout"),
        errors: call.flag("stderr"),
        ..target
    })
}

fn ports(call: &mut Call<'_>, way: &Way<'_>, resource: &Resource) -> Deed {
    deeds::command(call, &format!("port-forward {}/{} {}", way.space, way.name, call.value("ports")));
    match find(call, way, resource) {
        Ok(_) if call.request.field("upgrade").is_none() => Deed::Reply(Reply::not_upgraded()),
        Ok(target) => Deed::Forward(target),
        Err(reply) => Deed::Reply(reply),
    }
}

fn log(call: &mut Call<'_>, way: &Way<'_>, resource: &Resource) -> Deed {
    deeds::command(call, &format!("logs {}/{}", way.space, way.name));
    match find(call, way, resource) {
        Ok(target) if call.flag("previous") => {
            let container = call.value("container");
            let message =
                format!("previous terminated container \"{container}\" in pod \"{}\" not found", target.name);
            Deed::Reply(Reply::bad(message))
        }
        Ok(target) => {
            let words = own(&target.pod, call.value("container"));
            Deed::Log(Log::of(call, Target { words, ..target }))
        }
        Err(reply) => Deed::Reply(reply),
    }
}

fn evict(call: &mut Call<'_>, way: &Way<'_>, resource: &'static Resource) -> Deed {
    deeds::command(call, &format!("evict {}/{}", way.space, way.name));
    let reply = match call.store.remove(resource, way.space, way.name) {
        Some(_) => Reply::json(
            201,
            json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 }),
        ),
        None => Reply::missing(resource.name, resource.group, way.name),
    };
    Deed::Reply(reply)
}
