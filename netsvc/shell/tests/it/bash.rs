//! The corpus of command lines, run in a real bash and in ours.

use crate::{host, shell_on};
use netsvc_shell::Stream;
use std::{
    fs,
    process::{Command, Stdio},
};

const CORPUS: &str = include_str!("corpus.txt");

/// Runs a line in bash within an empty folder, with its error output dropped.
fn in_bash(line: &str, folder: &std::path::Path) -> std::io::Result<(Vec<u8>, i32)> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let output = Command::new("/bin/bash")
        .args(["--norc", "--noprofile", "-c", line])
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()?;
    Ok((output.stdout, output.status.code().unwrap_or(-1)))
}

#[test]
fn the_corpus_gives_what_bash_gives() {
    let folder = std::env::temp_dir().join(format!("corpus-{}", std::process::id()));
    let lines: Vec<&str> =
        CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with("##")).collect();
    assert!(lines.len() >= 250, "only {} lines", lines.len());
    let mut misses = Vec::new();
    for line in &lines {
        let wanted = in_bash(line, &folder).expect("bash is needed for this test");
        let host = host("debian12");
        let mut shell = shell_on(&host, "root", false);
        shell.fs().mkdir("/tmp/w", 0o755).unwrap();
        shell.fs().set_cwd("/tmp/w").unwrap();
        shell.set_environment("LC_ALL", "C");
        let outcome = shell.exec(line, Some(b""));
        let found = (outcome.bytes(Stream::Out), outcome.status);
        if found != wanted {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(120).collect::<String>();
            misses.push(format!(
                "{line}\n   bash {:?} {}\n   ours {:?} {} {:?}",
                text(&wanted.0),
                wanted.1,
                text(&found.0),
                found.1,
                text(&outcome.bytes(Stream::Err))
            ));
        }
    }
    let _ = fs::remove_dir_all(&folder);
    let percent = 100.0 - misses.len() as f64 * 100.0 / lines.len() as f64;
    println!("{percent:.1} % of {} equal; misses:\n{}", lines.len(), misses.join("\n"));
    assert!(percent >= 95.0, "{percent:.1} % of {} equal; misses:\n{}", lines.len(), misses.join("\n"));
}
