//! Committed files that are made from code: the service catalogue that the house embeds.

use crate::tree;
use anyhow::{Context, Result};
use std::process::Command;

/// Where the catalogue is kept.
const CATALOGUE: &str = "crates/model/services.json";

/// Writes what is out of date.
pub(crate) fn write() -> Result<()> {
    let text = catalogue()?;
    std::fs::write(tree::root().join(CATALOGUE), text).context("write the catalogue")
}

/// Files that are out of date.
pub(crate) fn check() -> Result<Vec<String>> {
    let current = tree::text(CATALOGUE).unwrap_or_default();
    if current == catalogue()? {
        return Ok(Vec::new());
    }
    Ok(vec![format!("{CATALOGUE}: out of date, run `cargo run -p xtask -- gen`")])
}

fn catalogue() -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "-p", "netsvcd", "--", "describe"])
        .current_dir(tree::root())
        .output()
        .context("run the service binary")?;
    anyhow::ensure!(
        output.status.success(),
        "the service binary failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("read the catalogue")
}
