//! Checks and generators of the project: `tidy`, `gen [--check]`, `stealth`, `newcomer`, `sbom`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod circles;
mod edges;
mod generated;
mod newcomer;
mod sbom;
mod sizes;
mod stealth;
mod tree;
mod unused;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => tidy(),
        ["gen"] => generated::write(),
        ["gen", "--check"] => generated::check().and_then(report),
        ["newcomer"] => newcomer::check(),
        ["sbom"] => sbom::print(),
        ["stealth"] => stealth::check().and_then(report),
        _ => {
            eprintln!("usage: xtask tidy | gen [--check] | stealth | newcomer | sbom");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tidy() -> anyhow::Result<()> {
    let files = tree::files()?;
    let mut findings = edges::check()?;
    findings.extend(sizes::check(&files)?);
    findings.extend(circles::check(&files)?);
    findings.extend(words::check(&files)?);
    findings.extend(unused::check(&files)?);
    report(findings)
}

fn report(findings: Vec<String>) -> anyhow::Result<()> {
    for finding in &findings {
        eprintln!("{finding}");
    }
    anyhow::ensure!(findings.is_empty(), "{} finding(s)", findings.len());
    println!("nothing found");
    Ok(())
}
