//! The files that the project consists of: what git knows, and what it would not ignore.

use anyhow::{Context, Result};
use std::{path::PathBuf, process::Command};

/// How both halves are built: as `make build` does it, so that nothing is compiled once more for other features.
pub(crate) const BOTH_HALVES: [&str; 8] =
    ["build", "--quiet", "-p", "decnet", "-p", "netsvcd", "--features", "decnet/tested"];

/// Root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// Cargo in the workspace, as a person would call it. What `cargo run` tells us of ourselves is not handed on: build
/// scripts (ring's) look at it, and everything behind them would be compiled anew at each change of callers.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_a_package) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Whether cargo sets the variable for the program of a package that it runs.
fn is_of_a_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Paths of all files, relative to the root, sorted.
pub(crate) fn files() -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("list the files with git")?;
    anyhow::ensure!(output.status.success(), "git ls-files failed");
    let mut files: Vec<String> = String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    Ok(files)
}

/// Text of a file, or `None` when it is not text.
pub(crate) fn text(file: &str) -> Option<String> {
    std::fs::read_to_string(root().join(file)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_told_nothing_of_who_calls_it() {
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some(), "tests run under cargo");
        let cargo = cargo();
        let handed_on = |name: &str| !cargo.get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(!handed_on("CARGO_PKG_NAME") && !handed_on("CARGO_MANIFEST_DIR"));
        assert!(handed_on("CARGO_HOME") && handed_on("CARGO_TARGET_DIR") && handed_on("CARGO_BUILD_TARGET"));
    }
}
