//! The kubelet's own interface: its pods, and commands in them without the API server.

use super::{
    call::{Call, Rights},
    deed::Deed,
    deeds,
    logs::Log,
    pods,
    reply::Reply,
    resources::Resource,
    target::Target,
};
use netsvc_daemon::http::form;
use serde_json::{Value, json};

/// Answers a request for `path`.
pub(super) fn answer(call: &mut Call<'_>, path: &str) -> Deed {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.first() == Some(&"healthz") {
        return reply(Reply::text(200, "ok"));
    }
    if call.who.rights != Rights::Everything {
        // Its own anonymous access is all or nothing.
        return reply(Reply::text(401, "Unauthorized"));
    }
    match parts.as_slice() {
        ["pods" | "runningpods"] => {
            let Some(pods) = Resource::find("", "pods") else { return reply(Reply::unrouted()) };
            deeds::command(call, "kubelet pods");
            let items: Vec<Value> = call.store.list(pods, "").into_iter().cloned().collect();
            reply(Reply::ok(json!({ "kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items })))
        }
        ["run", space, pod, ..] => {
            let body = String::from_utf8_lossy(&call.request.body).into_owned();
            let posted = form::encoded(&body);
            let line = posted.get(&["cmd"]).unwrap_or_else(|| call.value("cmd")).to_owned();
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            run(call, space, pod, words)
        }
        ["exec" | "attach", space, pod, ..] => program(call, space, pod),
        ["portForward", space, pod, ..] => {
            deeds::command(call, &format!("port-forward {space}/{pod} {}", call.value("port")));
            match find(call, space, pod) {
                Some(_) if call.request.field("upgrade").is_none() => {
                    reply(Reply::text(400, "Upgrade request required"))
                }
                Some(target) => Deed::Forward(target),
                None => absent(pod),
            }
        }
        ["containerLogs", space, pod, ..] => {
            deeds::command(call, &format!("logs {space}/{pod}"));
            match find(call, space, pod) {
                Some(target) => {
                    let target = Target { words: pods::own(&target.pod, ""), ..target };
                    Deed::Log(Log::of(call, target))
                }
                None => absent(pod),
            }
        }
        ["configz"] => reply(Reply::ok(json!({ "kubeletconfig": {
            "enableServer": true, "staticPodPath": "/etc/kubernetes/manifests", "address": "0.0.0.0", "port": 10250,
            "authentication": { "anonymous": { "enabled": true }, "webhook": { "enabled": false } },
            "authorization": { "mode": "AlwaysAllow" }, "clusterDomain": "cluster.local", "clusterDNS": ["10.96.0.10"],
        } }))),
        ["metrics", ..] => reply(Reply::text(
            200,
            "# HELP kubelet_node_name [ALPHA] The node's name. The count is always 1.\n",
        )),
        _ => reply(Reply::unrouted()),
    }
}

fn reply(reply: Reply) -> Deed {
    Deed::Reply(reply)
}

fn absent(pod: &str) -> Deed {
    reply(Reply::text(404, format!("pod \"{pod}\" does not exist\n")))
}

fn find(call: &Call<'_>, space: &str, name: &str) -> Option<Target> {
    let pod = call.store.get(Resource::find("", "pods")?, space, name)?.clone();
    Some(Target::of(space, name, pod))
}

/// A program whose channels the connection becomes.
fn program(call: &mut Call<'_>, space: &str, pod: &str) -> Deed {
    let words = call.values("command");
    deeds::exec(call, space, pod, &words);
    let Some(target) = find(call, space, pod) else { return absent(pod) };
    if call.request.field("upgrade").is_none() {
        return reply(Reply::text(400, "Upgrade request required"));
    }
    // It has names of its own for the channels, and those of the API server are often sent.
    let wants = |names: [&str; 2]| names.iter().any(|name| call.flag(name));
    let words = if words.is_empty() { pods::own(&target.pod, "") } else { words };
    Deed::Exec(Target {
        words: if words.is_empty() { vec!["sh".to_owned()] } else { words },
        terminal: call.flag("tty"),
        input: wants(["input", "stdin"]),
        output: wants(["output", "stdout"]),
        errors: wants(["error", "stderr"]),
        ..target
    })
}

fn run(call: &mut Call<'_>, space: &str, pod: &str, words: Vec<String>) -> Deed {
    deeds::exec(call, space, pod, &words);
    match find(call, space, pod) {
        Some(target) if !words.is_empty() => Deed::Run(Target { words, ..target }),
        Some(_) => reply(Reply::text(400, "missing command")),
        None => absent(pod),
    }
}
