//! Committed files that are made from code: the service catalogue that the house embeds, the document of the
//! interface, and the reference.

use crate::tree;
use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, process::Command};

/// A file, and the program and verb that print it.
struct Generated {
    path: &'static str,
    program: &'static str,
    verb: &'static [&'static str],
}

/// A page as the program prints it.
#[derive(serde::Deserialize)]
struct Page {
    /// Where it is kept.
    file: String,
    text: String,
    /// Whether it is made of tables; the others are written by people.
    made: bool,
}

const GENERATED: &[Generated] = &[
    Generated { path: "crates/model/services.json", program: "netsvcd", verb: &["describe"] },
    Generated { path: "crates/web/openapi.json", program: "decnet", verb: &["openapi"] },
    Generated { path: "docs/decnet.ini.example", program: "decnet", verb: &["config", "example"] },
];

/// Where the pages of the reference are.
const REFERENCE: &str = "docs/reference";

/// Writes what is out of date.
pub(crate) fn write() -> Result<()> {
    // Each is made by programs that embed those before it.
    for file in GENERATED {
        put(file.path, &file.text(&built()?)?)?;
    }
    let pages = reference(&built()?)?;
    for file in tree::files()?.iter().filter(|file| is_stale(file, &pages)) {
        std::fs::remove_file(tree::root().join(file)).with_context(|| format!("remove {file}"))?;
    }
    pages.iter().try_for_each(|(path, text)| put(path, text))
}

/// Writes a file, unless it says that already: what embeds it would be built anew.
fn put(file: &str, text: &str) -> Result<()> {
    if tree::text(file).is_some_and(|old| old == text) {
        return Ok(());
    }
    let path = tree::root().join(file);
    let folder = path.parent().with_context(|| format!("find the folder of {file}"))?;
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    std::fs::write(&path, text).with_context(|| format!("write {file}"))
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
    let pages = reference(&programs)?;
    let outdated = pages.iter().filter(|(path, text)| tree::text(path).unwrap_or_default() != **text);
    let stale = tree::files()?.into_iter().filter(|file| is_stale(file, &pages));
    let wrong = outdated.map(|(path, _)| path.clone()).chain(stale);
    findings.extend(wrong.map(|path| format!("{path}: out of date, run `cargo run -p xtask -- gen`")));
    Ok(findings)
}

/// The pages of the reference, by their files.
fn reference(programs: &[PathBuf]) -> Result<BTreeMap<String, String>> {
    let text = print(programs, "decnet", &["docs", "--json"]).context("make the reference")?;
    let pages: Vec<Page> = serde_json::from_str(&text).context("read the reference")?;
    Ok(pages.into_iter().filter(|page| page.made).map(|page| (page.file, page.text)).collect())
}

/// Whether a file is a page that there is no more.
fn is_stale(file: &str, pages: &BTreeMap<String, String>) -> bool {
    file.starts_with(REFERENCE) && !pages.contains_key(file)
}

/// What a program that was built prints.
fn print(programs: &[PathBuf], program: &str, arguments: &[&str]) -> Result<String> {
    let path = programs.iter().find(|path| path.ends_with(program));
    let path = path.with_context(|| format!("find {program} among what was built"))?;
    let output = Command::new(path).args(arguments).output().with_context(|| format!("run {program}"))?;
    anyhow::ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("read what it prints")
}

/// Builds both halves as `make build` does, so that nothing is compiled twice; the paths of their programs.
fn built() -> Result<Vec<PathBuf>> {
    let output = tree::cargo()
        .args(tree::BOTH_HALVES)
        .arg("--message-format=json")
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
        print(programs, self.program, self.verb).with_context(|| format!("make {}", self.path))
    }
}
