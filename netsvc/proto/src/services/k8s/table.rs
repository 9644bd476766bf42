//! Lists as tables, which is how kubectl asks for them.

use super::{call::Call, resources::Resource};
use serde_json::{Value, json};

/// Whether a request asks for a table (`meta.k8s.io/v1`).
pub(super) fn wanted(call: &Call<'_>) -> bool {
    call.request.field("accept").is_some_and(|kinds| kinds.contains("as=Table"))
}

/// What stands in a column.
#[derive(Clone, Copy)]
enum Cell {
    Name,
    /// The time since the object was made.
    Age,
    /// When it was made.
    Made,
    /// A text at a place of the object; `<none>` where there is none.
    Text(&'static str),
    /// A number or text at a place, or else this.
    Or(&'static str, &'static str),
    /// How many things are at a place.
    Count(&'static str),
    Fixed(&'static str),
    By(fn(&Value) -> String),
}

/// A column's name, whether it is only shown to those who want more, and what is in it.
type Column = (&'static str, bool, Cell);

const PODS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Ready", false, Cell::By(ready)),
    ("Status", false, Cell::Text("/status/phase")),
    ("Restarts", false, Cell::Fixed("0")),
    ("Age", false, Cell::Age),
    ("IP", true, Cell::Text("/status/podIP")),
    ("Node", true, Cell::Text("/spec/nodeName")),
    ("Nominated Node", true, Cell::Fixed("<none>")),
    ("Readiness Gates", true, Cell::Fixed("<none>")),
];
const NODES: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Status", false, Cell::Fixed("Ready")),
    ("Roles", false, Cell::Fixed("control-plane")),
    ("Age", false, Cell::Age),
    ("Version", false, Cell::Text("/status/nodeInfo/kubeletVersion")),
    ("Internal-IP", true, Cell::Text("/status/addresses/0/address")),
    ("External-IP", true, Cell::Fixed("<none>")),
    ("OS-Image", true, Cell::Text("/status/nodeInfo/osImage")),
    ("Kernel-Version", true, Cell::Text("/status/nodeInfo/kernelVersion")),
    ("Container-Runtime", true, Cell::Text("/status/nodeInfo/containerRuntimeVersion")),
];
const SERVICES: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Type", false, Cell::Text("/spec/type")),
    ("Cluster-IP", false, Cell::Text("/spec/clusterIP")),
    ("External-IP", false, Cell::Fixed("<none>")),
    ("Port(s)", false, Cell::By(ports)),
    ("Age", false, Cell::Age),
    ("Selector", true, Cell::By(|object| selector(object, "/spec/selector"))),
];
const DEPLOYMENTS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Ready", false, Cell::By(replicas)),
    ("Up-to-date", false, Cell::Or("/status/updatedReplicas", "0")),
    ("Available", false, Cell::Or("/status/availableReplicas", "0")),
    ("Age", false, Cell::Age),
    ("Containers", true, Cell::By(|object| each(object, "name"))),
    ("Images", true, Cell::By(|object| each(object, "image"))),
    ("Selector", true, Cell::By(|object| selector(object, "/spec/selector/matchLabels"))),
];
const REPLICAS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Desired", false, Cell::Or("/spec/replicas", "1")),
    ("Current", false, Cell::Or("/status/replicas", "0")),
    ("Ready", false, Cell::Or("/status/readyReplicas", "0")),
    ("Age", false, Cell::Age),
    ("Containers", true, Cell::By(|object| each(object, "name"))),
    ("Images", true, Cell::By(|object| each(object, "image"))),
    ("Selector", true, Cell::By(|object| selector(object, "/spec/selector/matchLabels"))),
];
const DAEMONS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Desired", false, Cell::Or("/status/desiredNumberScheduled", "1")),
    ("Current", false, Cell::Or("/status/currentNumberScheduled", "1")),
    ("Ready", false, Cell::Or("/status/numberReady", "1")),
    ("Up-to-date", false, Cell::Or("/status/updatedNumberScheduled", "1")),
    ("Available", false, Cell::Or("/status/numberAvailable", "1")),
    ("Node Selector", false, Cell::By(|object| selector(object, "/spec/template/spec/nodeSelector"))),
    ("Age", false, Cell::Age),
    ("Containers", true, Cell::By(|object| each(object, "name"))),
    ("Images", true, Cell::By(|object| each(object, "image"))),
    ("Selector", true, Cell::By(|object| selector(object, "/spec/selector/matchLabels"))),
];
const STATEFUL: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Ready", false, Cell::By(replicas)),
    ("Age", false, Cell::Age),
    ("Containers", true, Cell::By(|object| each(object, "name"))),
    ("Images", true, Cell::By(|object| each(object, "image"))),
];
const JOBS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Completions", false, Cell::Fixed("0/1")),
    ("Duration", false, Cell::Age),
    ("Age", false, Cell::Age),
    ("Containers", true, Cell::By(|object| each(object, "name"))),
    ("Images", true, Cell::By(|object| each(object, "image"))),
];
const CRON: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Schedule", false, Cell::Text("/spec/schedule")),
    ("Suspend", false, Cell::By(|object| capital(&text(object, "/spec/suspend")))),
    ("Active", false, Cell::Fixed("0")),
    ("Last Schedule", false, Cell::Fixed("<none>")),
    ("Age", false, Cell::Age),
];
const CLAIMS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Status", false, Cell::Or("/status/phase", "Pending")),
    ("Volume", false, Cell::Or("/spec/volumeName", "")),
    ("Capacity", false, Cell::Or("/status/capacity/storage", "")),
    ("Access Modes", false, Cell::Or("/spec/accessModes/0", "")),
    ("StorageClass", false, Cell::Or("/spec/storageClassName", "")),
    ("Age", false, Cell::Age),
];
const EVENTS: &[Column] = &[
    ("Last Seen", false, Cell::Age),
    ("Type", false, Cell::Or("/type", "Normal")),
    ("Reason", false, Cell::Or("/reason", "")),
    ("Object", false, Cell::Or("/involvedObject/name", "")),
    ("Message", false, Cell::Or("/message", "")),
];
const COMPONENTS: &[Column] = &[
    ("Name", false, Cell::Name),
    ("Status", false, Cell::By(|object| list(object, "/conditions").iter().map(healthy).collect())),
    ("Message", false, Cell::Or("/conditions/0/message", "")),
    ("Error", false, Cell::Or("/conditions/0/error", "")),
];
const NAMED: &[Column] = &[("Name", false, Cell::Name), ("Age", false, Cell::Age)];
const MADE: &[Column] = &[("Name", false, Cell::Name), ("Created At", false, Cell::Made)];
const BINDINGS: &[Column] =
    &[("Name", false, Cell::Name), ("Role", false, Cell::By(role)), ("Age", false, Cell::Age)];

fn columns(resource: &Resource) -> &'static [Column] {
    match resource.name {
        "pods" => PODS,
        "nodes" => NODES,
        "services" => SERVICES,
        "deployments" => DEPLOYMENTS,
        "replicasets" | "replicationcontrollers" => REPLICAS,
        "daemonsets" => DAEMONS,
        "statefulsets" => STATEFUL,
        "jobs" => JOBS,
        "cronjobs" => CRON,
        "persistentvolumeclaims" => CLAIMS,
        "events" => EVENTS,
        "clusterrolebindings" | "rolebindings" => BINDINGS,
        "clusterroles" | "roles" | "customresourcedefinitions" => MADE,
        "namespaces" => &[
            ("Name", false, Cell::Name),
            ("Status", false, Cell::Text("/status/phase")),
            ("Age", false, Cell::Age),
        ],
        "secrets" => &[
            ("Name", false, Cell::Name),
            ("Type", false, Cell::Or("/type", "Opaque")),
            ("Data", false, Cell::Count("/data")),
            ("Age", false, Cell::Age),
        ],
        "configmaps" => {
            &[("Name", false, Cell::Name), ("Data", false, Cell::Count("/data")), ("Age", false, Cell::Age)]
        }
        "serviceaccounts" => &[
            ("Name", false, Cell::Name),
            ("Secrets", false, Cell::Count("/secrets")),
            ("Age", false, Cell::Age),
        ],
        "endpoints" => &[
            ("Name", false, Cell::Name),
            ("Endpoints", false, Cell::Text("/subsets/0/addresses/0/ip")),
            ("Age", false, Cell::Age),
        ],
        "componentstatuses" => COMPONENTS,
        "ingresses" => &[
            ("Name", false, Cell::Name),
            ("Class", false, Cell::Text("/spec/ingressClassName")),
            ("Hosts", false, Cell::Or("/spec/rules/0/host", "*")),
            ("Address", false, Cell::Or("/status/loadBalancer/ingress/0/ip", "")),
            ("Ports", false, Cell::Fixed("80")),
            ("Age", false, Cell::Age),
        ],
        _ => NAMED,
    }
}

/// `objects` as a table.
pub(super) fn table(resource: &Resource, objects: &[&Value], revision: &str, now: i64) -> Value {
    let columns = columns(resource);
    let told: Vec<Value> = columns
        .iter()
        .map(|(name, more, _)| {
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
            let cells: Vec<String> = columns.iter().map(|(.., cell)| cell.of(object, now)).collect();
            json!({ "cells": cells, "object": part })
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": { "resourceVersion": revision },
        "columnDefinitions": told, "rows": rows,
    })
}

impl Cell {
    /// What stands there for an object.
    fn of(self, object: &Value, now: i64) -> String {
        let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
        match self {
            Cell::Name => text(object, "/metadata/name"),
            Cell::Age => age(&text(object, "/metadata/creationTimestamp"), now),
            Cell::Made => text(object, "/metadata/creationTimestamp"),
            Cell::Text(place) => or(text(object, place), "<none>"),
            Cell::Or(place, other) => or(text(object, place), other),
            Cell::Count(place) => match object.pointer(place) {
                Some(Value::Object(fields)) => fields.len().to_string(),
                Some(Value::Array(list)) => list.len().to_string(),
                _ => "0".to_owned(),
            },
            Cell::Fixed(text) => text.to_owned(),
            Cell::By(told) => told(object),
        }
    }
}

fn text(object: &Value, place: &str) -> String {
    match object.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn healthy(condition: &Value) -> String {
    let good = condition.get("status").and_then(Value::as_str) == Some("True");
    if good { "Healthy".to_owned() } else { "Unhealthy".to_owned() }
}

fn capital(text: &str) -> String {
    if text == "true" { "True".to_owned() } else { "False".to_owned() }
}

fn list<'a>(object: &'a Value, place: &str) -> &'a [Value] {
    object.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Containers of a pod that are ready, and all of them.
fn ready(object: &Value) -> String {
    format!("{}/{}", list(object, "/status/containerStatuses").len(), list(object, "/spec/containers").len())
}

/// Pods of a controller that are ready, and that are wanted.
fn replicas(object: &Value) -> String {
    let or = |place: &str, other: &'static str| {
        let number = text(object, place);
        if number.is_empty() { other.to_owned() } else { number }
    };
    format!("{}/{}", or("/status/readyReplicas", "0"), or("/spec/replicas", "1"))
}

/// One thing of all containers of a controller.
fn each(object: &Value, key: &str) -> String {
    let containers = list(object, "/spec/template/spec/containers");
    let all: Vec<&str> =
        containers.iter().filter_map(|container| container.get(key).and_then(Value::as_str)).collect();
    all.join(",")
}

fn selector(object: &Value, place: &str) -> String {
    let Some(Value::Object(fields)) = object.pointer(place) else { return "<none>".to_owned() };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    pairs.join(",")
}

fn role(object: &Value) -> String {
    format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name"))
}

fn ports(object: &Value) -> String {
    let ports: Vec<String> = list(object, "/spec/ports")
        .iter()
        .map(|port| {
            let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
            format!("{}/{protocol}", port.get("port").unwrap_or(&Value::Null))
        })
        .collect();
    ports.join(",")
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
    fn each_resource_has_its_columns() {
        let object = json!({
            "metadata": { "name": "a", "creationTimestamp": "2026-11-30T03:00:00Z" },
            "spec": { "replicas": 2, "template": { "spec": { "containers": [{ "name": "c", "image": "i" }] } } },
            "status": { "readyReplicas": 1 },
        });
        let resource = Resource::find("apps", "deployments").unwrap();
        let table = table(resource, &[&object], "7", 1_796_011_200_000_000);
        assert_eq!(table["rows"][0]["cells"], json!(["a", "1/2", "0", "0", "60m", "c", "i", "<none>"]));
        assert_eq!(table["columnDefinitions"][5]["priority"], 1);
    }

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
