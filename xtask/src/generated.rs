//! Committed files that are made from code: the service catalogue that the house embeds, and the document of
//! the interface.

use crate::tree;
use anyhow::{Context, Result};
use std::process::Command;

/// A file and the command of cargo that prints it.
struct Generated {
    path: &'static str,
    cargo: &'static [&'static str],
}

const GENERATED: &[Generated] = &[
    Generated {
        path: "crates/model/services.json",
        cargo: &["run", "--quiet", "-p", "netsvcd", "--", "describe"],
    },
    Generated {
        path: "crates/web/openapi.json",
        cargo: &["run", "--quiet", "-p", "decnet-web", "--example", "openapi"],
    },
];

/// Writes what is out of date.
pub(crate) fn write() -> Result<()> {
    for file in GENERATED {
        let text = file.text()?;
        std::fs::write(tree::root().join(file.path), text).with_context(|| format!("write {}", file.path))?;
    }
    Ok(())
}

/// Files that are out of date.
pub(crate) fn check() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in GENERATED {
        if tree::text(file.path).unwrap_or_default() != file.text()? {
            findings.push(format!("{}: out of date, run `cargo run -p xtask -- gen`", file.path));
        }
    }
    Ok(findings)
}

impl Generated {
    fn text(&self) -> Result<String> {
        let output = Command::new(env!("CARGO"))
            .args(self.cargo)
            .current_dir(tree::root())
            .output()
            .with_context(|| format!("make {}", self.path))?;
        anyhow::ensure!(
            output.status.success(),
            "make {}: {}",
            self.path,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).with_context(|| format!("read {}", self.path))
    }
}
