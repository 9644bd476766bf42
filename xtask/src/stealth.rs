//! The service binary as built for use, in a folder whose name says nothing: searched for our words and for
//! paths of the machine that built it.

use crate::{tree, words};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Shortest run of printable bytes that counts as a string, as strings(1) has it.
const SHORTEST: usize = 4;

/// Builds the binary as `make build` does, and returns where it is.
pub(crate) fn build() -> Result<PathBuf> {
    let folder = |name: &str| {
        std::env::var(name)
            .with_context(|| format!("{name} is not set: use `make stealth`, which knows the flags"))
    };
    let (target, triple) = (folder("CARGO_TARGET_DIR")?, folder("CARGO_BUILD_TARGET")?);
    let status = tree::cargo().args(tree::BOTH_HALVES).status().context("build the service binary")?;
    anyhow::ensure!(status.success(), "building the service binary failed");
    Ok(Path::new(&target).join(triple).join("debug/netsvcd"))
}

/// Strings in the built binary that give us away.
pub(crate) fn check() -> Result<Vec<String>> {
    let binary = build()?;
    let bytes = std::fs::read(&binary).context("read the service binary")?;
    // The folder that it was built in is in it, by OpenSSL's will; it says nothing as long as it is no builder's.
    let mut paths = vec![".cargo/registry".to_owned(), tree::root().display().to_string()];
    if let Ok(home) = std::env::var("HOME") {
        // `/root/.ssh` and the like stand in an honest binary; a builder's tool folders do not.
        paths.extend([".cargo", ".rustup", ".cache", ".local"].map(|folder| format!("{home}/{folder}")));
    }
    let mut findings = Vec::new();
    for text in strings(&bytes) {
        if let Some(word) = words::found(text) {
            findings.push(format!("{}: {word:?} in {text:?}", binary.display()));
        }
        if let Some(path) = paths.iter().find(|path| text.contains(path.as_str())) {
            findings.push(format!("{}: the path {path:?} in {text:?}", binary.display()));
        }
    }
    println!("searched {} ({} bytes)", binary.display(), bytes.len());
    Ok(findings)
}

fn strings(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes
        .split(|byte| !(0x20..=0x7e).contains(byte))
        .filter(|run| SHORTEST <= run.len())
        .filter_map(|run| std::str::from_utf8(run).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_runs_of_printable_bytes() {
        assert_eq!(strings(b"\x00abc\x01abcd ef\x00").collect::<Vec<_>>(), ["abcd ef"]);
    }
}
