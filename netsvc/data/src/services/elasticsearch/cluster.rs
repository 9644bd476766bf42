//! The node and its cluster: who it is, how it does, and what it is set to.

use super::{
    call::{Call, Outcome},
    deeds,
    reply::Reply,
    store::Store,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use netsvc_kit::Host;
use rand_core::RngCore;
use serde_json::{Map, Value, json};

/// The one node.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) ip: String,
}

impl Node {
    pub(super) fn of(host: &Host) -> Node {
        let persona = host.persona();
        Node { name: persona.hostname.clone(), id: drawn(host, "node"), ip: persona.ip.to_string() }
    }
}

fn drawn(host: &Host, label: &str) -> String {
    let mut bytes = [0; 16];
    host.generator(label).fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Name of the cluster.
pub(super) fn name<'a>(call: &'a Call<'_>) -> &'a str {
    call.host.setting("cluster").unwrap_or("elasticsearch")
}

/// `GET /`.
pub(super) fn root(call: &mut Call<'_>) -> Outcome {
    let version = call.release.told(call.host);
    Ok(Reply::ok(json!({
        "name": call.host.persona().hostname, "cluster_name": name(call), "cluster_uuid": drawn(call.host, "cluster"),
        "version": version, "tagline": "You Know, for Search",
    })))
}

/// Colour, shards that are there, and those that no other node takes.
pub(super) fn shards(call: &Call<'_>) -> (&'static str, u64, u64) {
    let of = |store: &Store| {
        let there: u64 = store.indices.values().map(|index| index.shards).sum();
        let missing: u64 = store.indices.values().map(|index| index.shards * index.replicas).sum();
        (there, missing)
    };
    let (there, missing) = of(call.store);
    (if missing == 0 { "green" } else { "yellow" }, there, missing)
}

/// Share of the shards that are there, in percent.
pub(super) fn share(there: u64, missing: u64) -> f64 {
    let of = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if there + missing == 0 { 100.0 } else { of(there) * 100.0 / of(there + missing) }
}

/// `_cluster/…`.
pub(super) fn cluster(call: &mut Call<'_>, parts: &[&str]) -> Outcome {
    let (status, there, missing) = shards(call);
    match parts {
        ["health", ..] => Ok(Reply::ok(json!({
            "cluster_name": name(call), "status": status, "timed_out": false, "number_of_nodes": 1,
            "number_of_data_nodes": 1, "active_primary_shards": there, "active_shards": there,
            "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": missing,
            "delayed_unassigned_shards": 0, "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0,
            "task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": share(there, missing),
        }))),
        ["settings"] => settings(call),
        ["stats", ..] => {
            let documents: usize = call.store.indices.values().map(super::store::Index::len).sum();
            let size: u64 = call.store.indices.values().map(super::store::Index::size).sum();
            Ok(Reply::ok(json!({
                "_nodes": { "total": 1, "successful": 1, "failed": 0 }, "cluster_name": name(call),
                "cluster_uuid": drawn(call.host, "cluster"), "timestamp": call.now / 1_000_000 * 1000,
                "status": status,
                "indices": {
                    "count": call.store.indices.len(), "shards": { "total": there, "primaries": there },
                    "docs": { "count": documents, "deleted": 0 }, "store": { "size_in_bytes": size },
                },
                "nodes": {
                    "count": { "total": 1, "data": 1, "master": 1, "ingest": 1 },
                    "versions": [call.release.version],
                    "os": { "available_processors": call.host.persona().hardware.cpus },
                },
            })))
        }
        ["state", ..] => state(call),
        ["pending_tasks"] => Ok(Reply::ok(json!({ "tasks": [] }))),
        _ => Ok(deeds::unrouted(call)),
    }
}

fn state(call: &mut Call<'_>) -> Outcome {
    let node = Node::of(call.host);
    let indices: Map<String, Value> = call
        .store
        .indices
        .values()
        .map(|index| {
            let aliases: Vec<&String> = index.aliases.keys().collect();
            let state = if index.closed { "close" } else { "open" };
            (index.name.clone(), json!({ "state": state, "aliases": aliases }))
        })
        .collect();
    Ok(Reply::ok(json!({
        "cluster_name": name(call), "cluster_uuid": drawn(call.host, "cluster"), "version": 42,
        "state_uuid": drawn(call.host, "state"), "master_node": node.id,
        "nodes": { node.id.clone(): {
            "name": node.name, "ephemeral_id": drawn(call.host, "ephemeral"),
            "transport_address": format!("{}:9300", node.ip), "attributes": {},
        } },
        "metadata": { "cluster_uuid": drawn(call.host, "cluster"), "templates": {}, "indices": indices },
    })))
}

fn settings(call: &mut Call<'_>) -> Outcome {
    if call.method() == "PUT" {
        let body = call.needed()?;
        deeds::command(call, &format!("PUT CLUSTER SETTINGS {}", Value::Object(body.clone())));
        for kind in ["persistent", "transient"] {
            if let Some(Value::Object(changed)) = body.get(kind) {
                let known = call.store.settings.entry(kind).or_default();
                if known.len() + changed.len() < 64 && Value::Object(changed.clone()).to_string().len() < 4096
                {
                    known.extend(changed.clone());
                }
            }
        }
    }
    let of = |kind: &str| Value::Object(call.store.settings.get(kind).cloned().unwrap_or_default());
    let mut value = json!({ "persistent": of("persistent"), "transient": of("transient") });
    if let (Value::Object(fields), "PUT") = (&mut value, call.method()) {
        fields.shift_insert(0, "acknowledged".to_owned(), true.into());
    }
    Ok(Reply::ok(value))
}

/// `_nodes/…`.
pub(super) fn nodes(call: &mut Call<'_>, parts: &[&str]) -> Outcome {
    let node = Node::of(call.host);
    let persona = call.host.persona();
    let (memory, cpus) = (persona.hardware.memory_kib * 1024, persona.hardware.cpus);
    let roles = ["data", "ingest", "master", "remote_cluster_client"];
    let mut told = json!({
        "name": node.name, "transport_address": format!("{}:9300", node.ip), "host": node.ip, "ip": node.ip,
        "version": call.release.version, "build_flavor": "default",
        "build_type": super::release::Release::package(call.host), "build_hash": call.release.hash, "roles": roles,
        "os": {
            "name": "Linux", "pretty_name": persona.os.pretty_name, "arch": "amd64", "version": persona.os.kernel,
            "available_processors": cpus, "allocated_processors": cpus,
        },
        "process": { "id": 731, "mlockall": false },
        "http": {
            "bound_address": ["[::]:9200"], "publish_address": format!("{}:9200", node.ip),
            "max_content_length_in_bytes": 104_857_600,
        },
        "plugins": [],
    });
    if parts.contains(&"stats") {
        let documents: usize = call.store.indices.values().map(super::store::Index::len).sum();
        told = json!({
            "timestamp": call.now / 1_000_000 * 1000, "name": node.name,
            "transport_address": format!("{}:9300", node.ip), "host": node.ip, "ip": format!("{}:9300", node.ip),
            "roles": roles, "indices": { "docs": { "count": documents, "deleted": 0 } },
            "os": { "cpu": { "percent": 3 }, "mem": { "total_in_bytes": memory, "free_percent": 9, "used_percen\
                t": 91 } },
            "process": { "open_file_descriptors": 312, "max_file_descriptors": 65_535, "cpu": { "percent": 0 } },
            "jvm": { "uptime_in_millis": (call.now - persona.booted_at) / 1_000_000 * 1000 },
            "http": { "current_open": 1 },
        });
    }
    Ok(Reply::ok(json!({
        "_nodes": { "total": 1, "successful": 1, "failed": 0 }, "cluster_name": name(call),
        "nodes": { node.id: told },
    })))
}
