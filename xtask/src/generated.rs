//! Committed files that are made from code: the service catalogue that the house embeds, and the document of
//! the interface.

use crate::tree;
use anyhow::{Context, Result};
use serde_json::Value;
use std::{path::PathBuf, process::Command};

/// A file, and the program and verb that print it.
struct Generated {
    path: &'static str,
    program: &'static str,
    verb: &'static str,
}

const GENERATED: &[Generated] = &[
    Generated { path: "crates/model/services.json", program: "netsvcd", verb: "describe" },
    Generated { path: "crates/web/openapi.json", program: "decnet", verb: "openapi" },
];

/// Writes what is out of date.
pub(crate) fn write() -> Result<()> {
    let programs = built()?;
    for file in GENERATED {
        let text = file.text(&programs)?;
        std::fs::write(tree::root().join(file.path), text).with_context(|| format!("write {}", file.path))?;
    }
    Ok(())
}

/// Files that are out of date.
pub(crate) fn check() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let programs = built()?;
    for file in GENERATED {
        if tree::text(file.path).unwrap_or_default() != file.text(&programs)? {
            findings.push(format!("{}: out of date, run `cargo run -p xtask -- gen`", file.path));
        }
    }
    Ok(findings)
}

/// Builds both halves as `make build` does, so that nothing is compiled twice; the paths of their programs.
fn built() -> Result<Vec<PathBuf>> {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "decnet", "-p", "netsvcd", "--message-format=json"])
        .current_dir(tree::root())
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("build both halves")?;
    anyhow::ensure!(output.status.success(), "building both halves failed");
    let lines = String::from_utf8(output.stdout).context("read what cargo has built")?;
    let artefacts = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(artefacts.filter_map(|artefact| artefact.get("executable")?.as_str().map(PathBuf::from)).collect())
}

impl Generated {
    fn text(&self, programs: &[PathBuf]) -> Result<String> {
        let program = programs.iter().find(|path| path.ends_with(self.program));
        let program = program.with_context(|| format!("find {} among what was built", self.program))?;
        let output =
            Command::new(program).arg(self.verb).output().with_context(|| format!("make {}", self.path))?;
        anyhow::ensure!(
            output.status.success(),
            "make {}: {}",
            self.path,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).with_context(|| format!("read {}", self.path))
    }
}
