//! Dependencies that no file of their crate names.

use crate::tree;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// Libraries whose crate has another name than their package.
const RENAMED: &[(&str, &str)] = &[("md-5", "md5"), ("num-bigint-dig", "num_bigint_dig")];

/// One finding for each dependency of a crate of ours that its source does not name.
pub(crate) fn check(files: &[String]) -> Result<Vec<String>> {
    let output = tree::cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut findings = Vec::new();
    for package in metadata.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let manifest = text(package, "manifest_path");
        let folder = Path::new(&manifest).strip_prefix(tree::root()).context("find the crate's folder")?;
        let Some(folder) = folder.parent().and_then(Path::to_str) else { continue };
        let source: String = files
            .iter()
            .filter(|file| file.starts_with(&format!("{folder}/")) && file.ends_with(".rs"))
            .filter_map(|file| tree::text(file))
            .collect();
        for dependency in package.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            let name = text(dependency, "name");
            if !names(&source, &crate_of(&name)) {
                findings.push(format!("{folder}/Cargo.toml: no file names {name}: take it out"));
            }
        }
    }
    Ok(findings)
}

fn crate_of(package: &str) -> String {
    let renamed = RENAMED.iter().find(|(known, _)| *known == package).map(|(_, name)| *name);
    renamed.unwrap_or(package).replace('-', "_")
}

/// Whether `source` has `name` as a whole word before `::` or in a `use`.
fn names(source: &str, name: &str) -> bool {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    source.match_indices(name).any(|(at, _)| {
        let before = source.get(..at).and_then(|before| before.chars().next_back());
        let after = source.get(at + name.len()..).unwrap_or_default();
        before.is_none_or(|before| !word(before))
            && (after.starts_with("::") || after.starts_with(';') || after.starts_with(" as "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_by_a_path_or_a_use() {
        assert!(names("use serde::Deserialize;", "serde") && names("extern crate alloc;", "alloc"));
        assert!(!names("// serde is fine\nuse serde_json::Value;", "serde"));
        assert_eq!(crate_of("fs-err"), "fs_err");
    }
}
