//! What is in the programs that are shipped: a bill of materials (CycloneDX 1.5), from cargo's own metadata and the
//! checksums of `Cargo.lock`. The same lock file gives the same bytes.

use crate::tree;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The packages that are shipped.
const SHIPPED: [&str; 2] = ["decnet", "netsvcd"];

/// Prints it.
pub(crate) fn print() -> Result<()> {
    let output = tree::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let lock = tree::text("Cargo.lock").context("read Cargo.lock")?;
    let bill = bill(&metadata, &checksums(&lock));
    println!("{}", serde_json::to_string_pretty(&bill).context("write the bill")?);
    Ok(())
}

/// SHA-256 of each package of the lock file, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    let blocks = lock.split("[[package]]");
    blocks
        .filter_map(|block| {
            Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?))
        })
        .collect()
}

fn bill(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Value {
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package, "id"), package)).collect();
    let edges: BTreeMap<String, Vec<String>> =
        list(metadata.pointer("/resolve/nodes").unwrap_or(&Value::Null))
            .iter()
            .map(|node| {
                (
                    text(node, "id"),
                    list(&node["deps"])
                        .iter()
                        .filter(|dep| is_shipped(dep))
                        .map(|dep| text(dep, "pkg"))
                        .collect(),
                )
            })
            .collect();
    let reached = reached(&packages, &edges);
    let none = Value::Null;
    let name = |id: &str| {
        let package = packages.get(id).unwrap_or(&none);
        format!("pkg:cargo/{}@{}", text(package, "name"), text(package, "version"))
    };
    let components = reached.iter().map(|id| {
        let package = packages.get(id).unwrap_or(&none);
        let (own, version) = (text(package, "name"), text(package, "version"));
        let mut component = json!({
            "type": "library", "bom-ref": name(id), "name": own, "version": version, "purl": name(id),
            "licenses": [{ "expression": text(package, "license").replace('/', " OR ") }],
        });
        if let (Some(sum), Some(fields)) = (checksums.get(&(own, version)), component.as_object_mut()) {
            fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": sum }]));
        }
        component
    });
    let components: Vec<Value> = components.collect();
    let dependencies: Vec<Value> = reached
        .iter()
        .map(|id| {
            let on: BTreeSet<String> = edges.get(id).into_iter().flatten().map(|id| name(id)).collect();
            json!({ "ref": name(id), "dependsOn": on })
        })
        .collect();
    let version = packages.values().find(|package| text(package, "name") == SHIPPED[0]);
    let version = version.map(|package| text(package, "version")).unwrap_or_default();
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": { "component": { "type": "application", "name": SHIPPED[0], "version": version } },
        "components": components, "dependencies": dependencies,
    })
}

/// The packages that are shipped, and all that they depend on, by id.
fn reached(packages: &BTreeMap<String, Value>, edges: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut wanted: Vec<String> = packages
        .iter()
        .filter(|(_, package)| SHIPPED.contains(&text(package, "name").as_str()))
        .map(|(id, _)| id.clone())
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = wanted.pop() {
        if reached.insert(id.clone()) {
            wanted.extend(edges.get(&id).cloned().unwrap_or_default());
        }
    }
    reached
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// Whether what is depended on is part of the program, and not only of its build or tests, nor of another system's.
fn is_shipped(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array().cloned().unwrap_or_default();
    kinds.iter().any(|kind| {
        let other = ["windows", "macos", "wasm", "apple", "redox", "android", "hermit", "wasi"];
        let target = kind["target"].as_str().unwrap_or_default();
        kind["kind"].is_null()
            && !other.iter().any(|system| target.contains(system) && !target.contains("not("))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_listed_once_and_what_only_builds_is_not() {
        let package =
            |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0"});
        let edge =
            |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind, "target": null}]});
        let metadata = json!({
            "packages": [package("decnet"), package("a"), package("b"), package("unused")],
            "resolve": { "nodes": [
                {"id": "decnet", "deps": [edge("a", Value::Null), edge("b", json!("build"))]},
                {"id": "a", "deps": []}, {"id": "b", "deps": []},
            ]},
        });
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ff00\"\n";
        let bill = bill(&metadata, &checksums(lock));
        let names: Vec<_> =
            bill["components"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["a", "decnet"]);
        assert_eq!(bill["components"][0]["hashes"][0]["content"], "ff00");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["dependencies"][1]["dependsOn"], json!(["pkg:cargo/a@1.0.0"]));
    }
}
