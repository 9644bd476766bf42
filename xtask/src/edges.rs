//! Which crate of ours may depend on which: a new edge is a reviewed change of this table.

use crate::tree;
use anyhow::{Context, Result};
use serde_json::Value;

/// Allowed edges between our crates.
const EDGES: &[(&str, &[&str])] = &[
    ("netsvc-wire", &[]),
    ("netsvc-persona", &[]),
    ("netsvc-fingerprint", &[]),
    ("netsvc-stack", &["netsvc-wire", "netsvc-persona"]),
    ("netsvc-kit", &["netsvc-wire", "netsvc-persona", "netsvc-fingerprint"]),
    ("netsvc-shell", &["netsvc-persona"]),
    ("netsvc-ssh", &[]),
    ("netsvc-sql", &[]),
    ("netsvc-daemon", &["netsvc-wire", "netsvc-persona", "netsvc-kit", "netsvc-shell", "netsvc-ssh"]),
    (
        "netsvc-proto",
        &[
            "netsvc-wire",
            "netsvc-persona",
            "netsvc-kit",
            "netsvc-shell",
            "netsvc-sql",
            "netsvc-ssh",
            "netsvc-daemon",
        ],
    ),
    (
        "netsvc-windows",
        &[
            "netsvc-wire",
            "netsvc-persona",
            "netsvc-kit",
            "netsvc-shell",
            "netsvc-sql",
            "netsvc-stack",
            "netsvc-daemon",
        ],
    ),
    ("netsvc-data", &["netsvc-wire", "netsvc-persona", "netsvc-kit", "netsvc-shell", "netsvc-daemon"]),
    ("netsvc-devices", &["netsvc-wire", "netsvc-persona", "netsvc-kit", "netsvc-shell", "netsvc-daemon"]),
    ("netsvc-catalogue", &["netsvc-kit", "netsvc-proto", "netsvc-windows", "netsvc-data", "netsvc-devices"]),
    ("netsvcd", &["netsvc-wire", "netsvc-persona", "netsvc-kit", "netsvc-stack", "netsvc-catalogue"]),
    ("decnet-model", &["netsvc-wire", "netsvc-persona"]),
    ("decnet-plan", &["decnet-model", "netsvc-persona"]),
    ("decnet-topology", &["decnet-model", "decnet-plan", "netsvc-persona"]),
    ("decnet-codec", &[]),
    ("decnet-bus", &["decnet-codec"]),
    ("decnet-store", &["decnet-model", "netsvc-wire"]),
    ("decnet-corpus", &["decnet-model", "netsvc-wire"]),
    ("decnet-shape", &["decnet-model", "decnet-topology", "netsvc-wire"]),
    ("decnet-analysis", &["decnet-model", "decnet-shape", "netsvc-wire", "netsvc-persona"]),
    ("decnet-compose", &["decnet-model", "netsvc-persona"]),
    ("decnet-engine", &["decnet-model", "decnet-compose", "netsvc-persona", "netsvc-stack"]),
    ("decnet-pipeline", &["decnet-model", "decnet-store", "decnet-bus", "decnet-analysis", "netsvc-wire"]),
    ("decnet-export", &["decnet-model", "decnet-store", "decnet-shape", "netsvc-wire"]),
    (
        "decnet-web",
        &[
            "decnet-model",
            "decnet-store",
            "decnet-shape",
            "decnet-canary",
            "decnet-export",
            "decnet-outward",
            "netsvc-wire",
        ],
    ),
    ("decnet-outward", &[]),
    (
        "decnet-alert",
        &["decnet-model", "decnet-store", "decnet-shape", "decnet-pipeline", "decnet-outward", "netsvc-wire"],
    ),
    ("decnet-enrich", &["decnet-model", "decnet-store", "decnet-pipeline", "decnet-outward", "netsvc-wire"]),
    (
        "decnet-people",
        &[
            "decnet-model",
            "decnet-store",
            "decnet-pipeline",
            "decnet-outward",
            "netsvc-wire",
            "netsvc-persona",
        ],
    ),
    ("decnet-learn", &["decnet-model", "netsvc-persona"]),
    (
        "decnet-life",
        &["decnet-model", "decnet-bus", "decnet-store", "decnet-pipeline", "netsvc-wire", "netsvc-persona"],
    ),
    ("decnet-canary", &["decnet-model", "decnet-store", "decnet-pipeline", "netsvc-wire", "netsvc-persona"]),
    (
        "decnet-sensors",
        &[
            "decnet-model",
            "decnet-store",
            "decnet-analysis",
            "decnet-engine",
            "decnet-pipeline",
            "netsvc-wire",
            "netsvc-fingerprint",
        ],
    ),
    (
        "decnet-fleet",
        &[
            "decnet-model",
            "decnet-plan",
            "decnet-bus",
            "decnet-store",
            "decnet-engine",
            "decnet-pipeline",
            "netsvc-wire",
            "netsvc-persona",
        ],
    ),
    ("decnet-swarm", &["decnet-model", "decnet-store", "decnet-pipeline", "decnet-fleet", "netsvc-wire"]),
    (
        "decnet",
        &[
            "decnet-model",
            "decnet-plan",
            "decnet-bus",
            "decnet-store",
            "decnet-shape",
            "decnet-analysis",
            "decnet-engine",
            "decnet-export",
            "decnet-pipeline",
            "decnet-fleet",
            "decnet-topology",
            "decnet-alert",
            "decnet-enrich",
            "decnet-canary",
            "decnet-sensors",
            "decnet-people",
            "decnet-learn",
            "decnet-life",
            "decnet-swarm",
            "decnet-web",
            "netsvc-wire",
            "netsvc-persona",
        ],
    ),
    ("xtask", &[]),
    ("e2e", &[]),
    (
        "bench",
        &[
            "decnet-model",
            "decnet-corpus",
            "decnet-analysis",
            "decnet-store",
            "decnet-bus",
            "decnet-engine",
            "decnet-pipeline",
            "decnet-sensors",
            "netsvc-wire",
            "netsvc-persona",
        ],
    ),
    (
        "fuzz-targets",
        &[
            "netsvc-wire",
            "netsvc-fingerprint",
            "netsvc-kit",
            "netsvc-persona",
            "netsvc-shell",
            "netsvc-ssh",
            "netsvc-proto",
            "netsvc-windows",
            "netsvc-catalogue",
            "netsvc-stack",
            "decnet-analysis",
            "decnet-canary",
            "decnet-enrich",
            "decnet-learn",
            "decnet-model",
            "decnet-people",
            "decnet-pipeline",
            "decnet-plan",
            "decnet-sensors",
            "decnet-swarm",
            "decnet-topology",
        ],
    ),
];

/// Outside crates that only these crates of ours may name.
const KEPT: &[(&str, &[&str])] = &[
    ("sqlx", &["decnet-store"]),
    ("clap", &["decnet"]),
    ("anyhow", &["decnet", "xtask", "e2e", "bench"]),
    ("axum", &["decnet-web"]),
    ("hyper", &["decnet-web", "decnet-swarm", "decnet-outward", "decnet-engine"]),
    ("hyper-util", &["decnet-web", "decnet-swarm", "decnet-outward", "decnet-engine"]),
    ("rustls", &["decnet-alert", "decnet-swarm", "decnet-outward", "decnet-web"]),
    ("openssl", &["netsvc-kit", "netsvc-proto"]),
];

/// Edges that the tables do not allow, and edges that they allow and nobody uses.
pub(crate) fn check() -> Result<Vec<String>> {
    let output = tree::cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let mut findings = Vec::new();
    for package in metadata.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some((_, allowed)) = EDGES.iter().find(|(known, _)| *known == name) else {
            findings.push(format!("{name}: not in the edge table"));
            continue;
        };
        let mut used: Vec<&str> = Vec::new();
        for dependency in package.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            let on = dependency.get("name").and_then(Value::as_str).unwrap_or_default();
            let development = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            let ours = EDGES.iter().any(|(known, _)| *known == on);
            if !development {
                used.push(on);
            }
            let crosses = name.starts_with("netsvc") && on.starts_with("decnet");
            if crosses || (ours && !development && !allowed.contains(&on)) {
                findings.push(format!("{name} must not depend on {on}"));
            }
            if let Some((_, keepers)) = KEPT.iter().find(|(kept, _)| *kept == on)
                && !development
                && !keepers.contains(&name)
            {
                findings.push(format!("{name} must not name {on}; only {} may", keepers.join(", ")));
            }
        }
        let idle = allowed.iter().filter(|edge| !used.contains(edge));
        findings
            .extend(idle.map(|edge| format!("{name} may depend on {edge} and does not: take the edge out")));
    }
    Ok(findings)
}
