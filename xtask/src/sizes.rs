//! Shape of the source: a `//!` on every file, files of at most 500 lines, functions of at most 60, lines of
//! at most 120 columns, no skipped tests, no allowances without a reason.

use crate::tree;
use anyhow::Result;

/// Most lines of a file.
const FILE: usize = 500;
/// Most lines of a function.
const FUNCTION: usize = 60;
/// Most columns of a line. What is longer is data and belongs into a file of its own.
const COLUMNS: usize = 120;

/// Places that are known to be out of shape, one finding without its numbers a line. May only shrink.
const LEDGER: &str = "xtask/long.txt";

/// Rust files out of shape, without what the ledger admits; and lines of the ledger that nothing needs any more.
pub(crate) fn check(files: &[String]) -> Result<Vec<String>> {
    let findings = all(files);
    let ledger = tree::text(LEDGER).unwrap_or_default();
    let admitted: Vec<&str> =
        ledger.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut left: Vec<&str> = admitted.clone();
    let mut out = Vec::new();
    for finding in findings {
        match left.iter().position(|line| finding.starts_with(&format!("{line}:"))) {
            Some(index) => {
                left.swap_remove(index);
            }
            None => out.push(finding),
        }
    }
    out.extend(left.iter().map(|line| format!("{LEDGER}: {line} is in shape now: remove the line")));
    Ok(out)
}

fn all(files: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(".rs") && !file.starts_with("xtask/src/sizes")) {
        let Some(text) = tree::text(file) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        // Tables of data may be long: they are read by looking up, not from the top.
        let table = file.contains("/tables/");
        if FILE < lines.len() && !table {
            findings.push(format!("{file}: {} lines, at most {FILE}", lines.len()));
        }
        if !text.trim_start().starts_with("//!") {
            findings.push(format!("{file}: no //! at the top"));
        }
        let wide = lines.iter().filter(|line| COLUMNS < line.chars().count()).count();
        if 0 < wide {
            findings.push(format!("{file}: lines over {COLUMNS} columns: {wide}"));
        }
        findings.extend(markers(file, &lines));
        findings.extend(long_functions(file, &lines));
    }
    findings
}

fn markers(file: &str, lines: &[&str]) -> Vec<String> {
    let forbidden = ["#[ignore", "#[allow(", "todo!(", "unimplemented!("];
    let mut findings = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let line = line.trim_start();
        for marker in forbidden {
            if line.starts_with(marker) {
                findings.push(format!("{file}:{}: {marker} …", index + 1));
            }
        }
    }
    findings
}

/// Functions by indentation: from a line with `fn ` to the first closing brace at the same depth.
fn long_functions(file: &str, lines: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        if !is_function(line) || line.trim_end().ends_with(';') {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        let end = lines
            .iter()
            .skip(start + 1)
            .position(|other| other.trim_end() == format!("{}}}", " ".repeat(depth)));
        let length = end.map_or(0, |end| end + 2);
        if FUNCTION < length {
            findings.push(format!("{file}:{}: a function of {length} lines, at most {FUNCTION}", start + 1));
        }
    }
    findings
}

fn is_function(line: &str) -> bool {
    let mut rest = line.trim_start();
    for prefix in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe ", "extern \"C\" "] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    rest.starts_with("fn ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_function_is_found_and_a_short_one_is_not() {
        let mut lines = vec!["    pub fn long() {"];
        lines.extend(std::iter::repeat_n("        step();", 60));
        lines.extend(["    }", "    fn short() {", "    }"]);
        assert_eq!(long_functions("f.rs", &lines), ["f.rs:1: a function of 62 lines, at most 60"]);
    }
}
