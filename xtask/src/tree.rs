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
