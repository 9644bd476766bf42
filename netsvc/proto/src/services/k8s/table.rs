//! Lists as tables, which is how kubectl asks for them.

use super::{call::Call, resources::Resource};
use serde_json::{Value, json};

/// Whether a request asks for a table (`meta.k8s.io/v1`).
pub(super) fn wanted(call: &Call<'_>) -> bool {
    call.request.field("accept").is_some_and(|kinds| kinds.contains("as=Table"))
}

/// A column's name, and whether it is only shown to those who want more.
type Column = (&'static str, bool);

fn columns(resource: &Resource) -> &'static [Column] {
    match resource.name {
        "pods" => &[
            ("Name", false),
            ("Ready", false),
            ("Status", false),
            ("Restarts", false),
            ("Age", false),
            ("IP", true),
            ("Node", true),
            ("Nominated Node", true),
            ("Readiness Gates", true),
        ],
        "nodes" => &[
            ("Name", false),
            ("Status", false),
            ("Roles", false),
            ("Age", false),
            ("Version", false),
            ("Internal-IP", true),
            ("External-IP", true),
            ("OS-Image", true),
            ("Kernel-Version", true),
            ("Container-Runtime", true),
        ],
        "namespaces" => &[("Name", false), ("Status", false), ("Age", false)],
        "secrets" => &[("Name", false), ("Type", false), ("Data", false), ("Age", false)],
        "configmaps" => &[("Name", false), ("Data", false), ("Age", false)],
        "services" => &[
            ("Name", false),
            ("Type", false),
            ("Cluster-IP", false),
            ("External-IP", false),
            ("Port(s)", false),
            ("Age", false),
            ("Selector", true),
        ],
        "serviceaccounts" => &[("Name", false), ("Secrets", false), ("Age", false)],
        "deployments" => {
            &[("Name", false), ("Ready", false), ("Up-to-date", false), ("Available", false), ("Age", false)]
        }
        "clusterrolebindings" | "rolebindings" => &[("Name", false), ("Role", false), ("Age", false)],
        "clusterroles" | "roles" => &[("Name", false), ("Created At", false)],
        _ => &[("Name", false), ("Age", false)],
    }
}

/// `objects` as a table.
pub(super) fn table(resource: &Resource, objects: &[&Value], revision: &str, now: i64) -> Value {
    let columns: Vec<Value> = columns(resource)
        .iter()
        .map(|(name, more)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({ "name": name, "type": "string", "format": format, "description": "", "priority": u8::from(*more) })
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let part = json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.get("metadata"),
            });
            json!({ "cells": cells(resource, object, now), "object": part })
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": { "resourceVersion": revision },
        "columnDefinitions": columns, "rows": rows,
    })
}

fn text(object: &Value, place: &str) -> String {
    match object.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

fn cells(resource: &Resource, object: &Value, now: i64) -> Vec<Value> {
    let name = text(object, "/metadata/name");
    let created = text(object, "/metadata/creationTimestamp");
    let age = age(&created, now);
    let count = |place: &str| match object.pointer(place) {
        Some(Value::Object(fields)) => fields.len(),
        Some(Value::Array(list)) => list.len(),
        _ => 0,
    };
    let all: Vec<String> = match resource.name {
        "pods" => {
            let number = count("/spec/containers");
            let ready = count("/status/containerStatuses");
            let ip = or_none(text(object, "/status/podIP"));
            let node = or_none(text(object, "/spec/nodeName"));
            let phase = text(object, "/status/phase");
            let none = || "<none>".to_owned();
            vec![name, format!("{ready}/{number}"), phase, "0".into(), age, ip, node, none(), none()]
        }
        "nodes" => vec![
            name,
            "Ready".into(),
            "control-plane".into(),
            age,
            text(object, "/status/nodeInfo/kubeletVersion"),
            text(object, "/status/addresses/0/address"),
            "<none>".into(),
            text(object, "/status/nodeInfo/osImage"),
            text(object, "/status/nodeInfo/kernelVersion"),
            text(object, "/status/nodeInfo/containerRuntimeVersion"),
        ],
        "namespaces" => vec![name, text(object, "/status/phase"), age],
        "secrets" => vec![name, text(object, "/type"), count("/data").to_string(), age],
        "configmaps" => vec![name, count("/data").to_string(), age],
        "services" => service(object, name, age),
        "serviceaccounts" => vec![name, "0".into(), age],
        "deployments" => {
            let wanted = text(object, "/spec/replicas");
            let there = text(object, "/status/readyReplicas");
            let there = if there.is_empty() { "0".to_owned() } else { there };
            let wanted = if wanted.is_empty() { "1".to_owned() } else { wanted };
            vec![name, format!("{there}/{wanted}"), there.clone(), there, age]
        }
        "clusterrolebindings" | "rolebindings" => {
            let role = format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name"));
            vec![name, role, age]
        }
        "clusterroles" | "roles" => vec![name, created],
        _ => vec![name, age],
    };
    all.into_iter().map(Value::String).collect()
}

fn service(object: &Value, name: String, age: String) -> Vec<String> {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array).cloned().unwrap_or_default();
    let ports: Vec<String> = ports
        .iter()
        .map(|port| {
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            format!("{}/{protocol}", port.get("port").unwrap_or(&Value::Null))
        })
        .collect();
    let kind = text(object, "/spec/type");
    let address = or_none(text(object, "/spec/clusterIP"));
    vec![name, kind, address, "<none>".into(), ports.join(","), age, "<none>".into()]
}

/// The time since a moment, as people read it.
fn age(moment: &str, now: i64) -> String {
    let number = |from: usize, to: usize| moment.get(from..to).and_then(|digits| digits.parse::<i64>().ok());
    let parts = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = parts else {
        return "<unknown>".to_owned();
    };
    // Days since the epoch, by Hinnant's `days_from_civil`.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let days =
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = now / 1_000_000 - (days * 86_400 + hour * 3600 + minute * 60 + second);
    match seconds.max(0) {
        0..120 => format!("{}s", seconds.max(0)),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        172_800..63_072_000 => format!("{}d", seconds / 86_400),
        _ => {
            let (years, days) = (seconds / 31_536_000, seconds % 31_536_000 / 86_400);
            if days == 0 { format!("{years}y") } else { format!("{years}y{days}d") }
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn ages_are_told_as_people_read_them() {
        // 2026-11-30T04:00:00Z.
        let now = 1_796_011_200_000_000;
        for (moment, told) in [
            ("2026-11-30T03:59:01Z", "59s"),
            ("2026-11-30T03:00:00Z", "60m"),
            ("2026-11-29T03:00:00Z", "25h"),
            ("2026-02-28T04:00:00Z", "275d"),
            ("2023-11-30T04:00:00Z", "3y1d"),
            ("", "<unknown>"),
        ] {
            assert_eq!(age(moment, now), told, "{moment}");
        }
    }
}
