//! The service binary as shipped: built alone at a neutral path, then searched for our words and for
//! paths of the machine that built it.

use crate::{tree, words};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Shortest run of printable bytes that counts as a string, as strings(1) has it.
const SHORTEST: usize = 4;

/// Builds the binary and returns where it is. Vendored OpenSSL bakes its build folder in, so the folder is
/// one whose name says nothing; the rest is remapped.
pub(crate) fn build() -> Result<PathBuf> {
    let target = std::env::var("NETSVC_TARGET_DIR").unwrap_or_else(|_| "/var/tmp/netsvc-build".to_owned());
    let profile = std::env::var("NETSVC_PROFILE").unwrap_or_else(|_| "dev".to_owned());
    let home = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))
        .context("find the cargo home")?;
    let root = tree::root();
    let flags = [
        "-Ctarget-feature=+crt-static".to_owned(),
        format!("--remap-path-prefix={home}/registry/src=/d"),
        format!("--remap-path-prefix={home}=/c"),
        format!("--remap-path-prefix={}=/s", root.display()),
        format!("--remap-path-prefix={target}=/b"),
    ];
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "netsvcd", "--profile", &profile, "--target", TRIPLE])
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_PROFILE_DEV_STRIP", "symbols")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .current_dir(&root)
        .status()
        .context("build the service binary")?;
    anyhow::ensure!(status.success(), "building the service binary failed");
    let folder = if profile == "dev" { "debug" } else { &profile };
    Ok(Path::new(&target).join(TRIPLE).join(folder).join("netsvcd"))
}

#[cfg(target_arch = "x86_64")]
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
#[cfg(target_arch = "aarch64")]
const TRIPLE: &str = "aarch64-unknown-linux-gnu";

/// Strings in the built binary that give us away.
pub(crate) fn check() -> Result<Vec<String>> {
    let binary = build()?;
    let bytes = std::fs::read(&binary).context("read the service binary")?;
    let mut paths = vec![".cargo/registry".to_owned(), tree::root().display().to_string()];
    if let Ok(home) = std::env::var("HOME") {
        // `/root/.ssh` and the like stand in an honest binary; a builder's tool folders do not.
        paths.extend([".cargo", ".rustup", ".cache", ".local"].map(|folder| format!("{home}/{folder}")));
    }
    paths.extend(std::env::var("CARGO_TARGET_DIR"));
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
