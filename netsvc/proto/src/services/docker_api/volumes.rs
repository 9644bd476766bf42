//! Volumes and networks.

use super::{call::Call, names, reply::Reply, view};
use serde_json::{Value, json};

const FULL: &str = "no space left on device";
/// Networks that are always there.
const OWN: [&str; 3] = ["bridge", "host", "none"];

/// Answers a call for volumes.
pub(super) fn volumes(call: &mut Call<'_>, method: &str, rest: &[&str]) -> Reply {
    match (method, rest) {
        ("GET", []) => {
            let all: Vec<Value> = call.engine.lock().volumes.iter().map(view::volume).collect();
            Reply::json(200, &json!({ "Volumes": all, "Warnings": null }))
        }
        ("POST", ["create"]) => {
            let document = match call.document() {
                Ok(document) => document,
                Err(reply) => return reply,
            };
            let name = document.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if !name.is_empty() && !names::fits(&name) {
                let text = format!(
                    "create {name}: {name:?} includes invalid characters for a local volume name, only \
                     \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute \
                     path"
                );
                return Reply::error(400, text);
            }
            call.command(&format!("docker volume create {name}"));
            let labels = document.get("Labels").cloned().unwrap_or_default();
            let labels = if labels.to_string().len() < 2048 { labels } else { Value::Null };
            match call.engine.lock().add_volume(&name, labels, call.now) {
                Ok(volume) => Reply::json(201, &view::volume(&volume)),
                Err(_) => Reply::error(500, format!("create {name}: {FULL}")),
            }
        }
        ("POST", ["prune"]) => Reply::json(200, &json!({ "VolumesDeleted": null, "SpaceReclaimed": 0 })),
        ("GET", [name]) => match call.engine.lock().volumes.iter().find(|volume| volume.name == *name) {
            Some(volume) => Reply::json(200, &view::volume(volume)),
            None => Reply::error(404, format!("get {name}: no such volume")),
        },
        ("DELETE", [name]) => {
            call.command(&format!("docker volume rm {name}"));
            let mut engine = call.engine.lock();
            let mounts = |source: &str| source == *name;
            let users = engine
                .containers
                .iter()
                .filter(|one| one.spec.mounts.iter().any(|(source, ..)| mounts(source)));
            let users: Vec<String> = users.map(|one| one.id.clone()).collect();
            if !users.is_empty() {
                return Reply::error(
                    409,
                    format!("remove {name}: volume is in use - [{}]", users.join(", ")),
                );
            }
            let before = engine.volumes.len();
            engine.volumes.retain(|volume| volume.name != *name);
            if engine.volumes.len() < before {
                Reply::empty(204)
            } else {
                Reply::error(404, format!("get {name}: no such volume"))
            }
        }
        _ => Reply::unrouted(),
    }
}

/// Answers a call for networks.
pub(super) fn networks(call: &mut Call<'_>, method: &str, rest: &[&str]) -> Reply {
    let unknown = |name: &str| Reply::error(404, format!("network {name} not found"));
    match (method, rest) {
        ("GET", []) => {
            let engine = call.engine.lock();
            let all: Vec<Value> =
                engine.networks.iter().map(|network| view::network(network, &engine)).collect();
            Reply::json(200, &Value::Array(all))
        }
        ("POST", ["create"]) => {
            let document = match call.document() {
                Ok(document) => document,
                Err(reply) => return reply,
            };
            let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (name, driver) = (text("Name"), text("Driver"));
            let driver = if driver.is_empty() { "bridge" } else { &driver };
            if !names::fits(&name) {
                return Reply::error(400, format!("{name} is not a valid name"));
            }
            call.command(&format!("docker network create -d {driver} {name}"));
            let mut engine = call.engine.lock();
            if engine.networks.iter().any(|network| network.name == name) {
                return Reply::error(409, format!("network with name {name} already exists"));
            }
            match engine.add_network(&name, driver.get(..64).unwrap_or(driver), call.now) {
                Ok(id) => Reply::json(201, &json!({ "Id": id, "Warning": "" })),
                Err(_) => Reply::error(
                    500,
                    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to \
                     the network",
                ),
            }
        }
        ("POST", ["prune"]) => Reply::json(200, &json!({ "NetworksDeleted": null })),
        (_, [name, ..]) => {
            let mut engine = call.engine.lock();
            let fits =
                |network: &&super::engine::Network| network.name == *name || network.id.starts_with(name);
            let Some(network) = engine.networks.iter().find(fits).cloned() else { return unknown(name) };
            match (method, rest.len()) {
                ("GET", 1) => Reply::json(200, &view::network(&network, &engine)),
                ("DELETE", 1) if OWN.contains(&network.name.as_str()) => Reply::error(
                    403,
                    format!("{} is a pre-defined network and cannot be removed", network.name),
                ),
                ("DELETE", 1) => {
                    engine.networks.retain(|other| other.id != network.id);
                    Reply::empty(204)
                }
                ("POST", 2) => Reply::empty(200),
                _ => Reply::unrouted(),
            }
        }
        _ => Reply::unrouted(),
    }
}
