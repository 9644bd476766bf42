//! Files that import each other in circles. A parent and its own parts may; everything else is a finding,
//! unless the ledger admits it, which may only shrink.

use crate::tree;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// Circles that are known, one a line: the files, sorted, separated by spaces.
const LEDGER: &str = "xtask/circles.txt";

/// The modules of one crate: path (`a::b`) and the file that it stands in.
type Modules = BTreeMap<String, String>;

/// Circles without those that the ledger admits; and lines of the ledger that nothing needs any more.
pub(crate) fn check(files: &[String]) -> Result<Vec<String>> {
    let found: BTreeSet<String> = sources(files).into_iter().flat_map(|source| circles(&source)).collect();
    let ledger = tree::text(LEDGER).unwrap_or_default();
    let admitted: BTreeSet<String> =
        ledger.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
    let mut findings: Vec<String> =
        found.difference(&admitted).map(|circle| format!("files in a circle: {circle}")).collect();
    let mended = admitted.difference(&found).map(|line| format!("{LEDGER}: no circle any more: {line}"));
    findings.extend(mended);
    Ok(findings)
}

/// The Rust files of each crate, found by its `src/` folder.
fn sources(files: &[String]) -> Vec<Modules> {
    let mut crates: BTreeMap<&str, Modules> = BTreeMap::new();
    for file in files.iter().filter(|file| file.ends_with(".rs")) {
        let Some((root, rest)) = file.split_once("/src/") else { continue };
        if rest == "lib.rs" || rest == "main.rs" {
            continue;
        }
        let path = rest.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        crates.entry(root).or_default().insert(path, file.clone());
    }
    crates.into_values().collect()
}

/// Circles among the modules of a crate, each as one line.
fn circles(modules: &Modules) -> Vec<String> {
    let edges: BTreeMap<&str, BTreeSet<&str>> = modules
        .iter()
        .map(|(path, file)| {
            let text = tree::text(file).unwrap_or_default();
            (path.as_str(), imports(path, &text, modules))
        })
        .collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|path| (*path, reachable(path, &edges))).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut out = Vec::new();
    for (path, far) in &reach {
        if seen.contains(path) || !far.contains(path) {
            continue;
        }
        let circle: Vec<&str> = far
            .iter()
            .copied()
            .filter(|other| reach.get(other).is_some_and(|back| back.contains(path)))
            .collect();
        seen.extend(&circle);
        let files: Vec<&str> =
            circle.iter().filter_map(|path| modules.get(*path)).map(String::as_str).collect();
        out.push(files.join(" "));
    }
    out
}

fn reachable<'a>(from: &str, edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&str> = edges.get(from).into_iter().flatten().copied().collect();
    while let Some(path) = next.pop() {
        if seen.insert(path) {
            next.extend(edges.get(path).into_iter().flatten());
        }
    }
    seen
}

/// Modules that `text`, the file of the module `own`, names; its parents and parts left out.
fn imports<'a>(own: &str, text: &str, modules: &'a Modules) -> BTreeSet<&'a str> {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    // What stands below the tests' gate is no part of the program.
    let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = program
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    for (prefix, base) in bases(own) {
        for (at, _) in code.match_indices(&prefix) {
            let whole = at == 0 || code.get(..at).is_some_and(|before| !before.ends_with(joins));
            if whole && let Some(rest) = code.get(at + prefix.len()..) {
                let mut paths = Vec::new();
                expand(rest, &base, &mut paths, 0);
                named.extend(paths.iter().filter_map(|path| longest(path, modules)));
            }
        }
    }
    named.retain(|other| !related(own, other));
    named
}

/// Whether a character before `crate::` or `super::` makes it a part of a longer path or name.
fn joins(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == ':'
}

/// What `crate::`, `self::`, `super::`, `super::super::` mean in the module `own`.
fn bases(own: &str) -> Vec<(String, String)> {
    let mut bases = vec![("crate::".to_owned(), String::new()), ("self::".to_owned(), own.to_owned())];
    let mut parent = own;
    for depth in 1..=3 {
        parent = parent.rsplit_once("::").map_or("", |(parent, _)| parent);
        bases.push(("super::".repeat(depth), parent.to_owned()));
    }
    bases
}

/// Paths that begin at the start of `text` below `base`, with `{…}` taken apart.
fn expand(text: &str, base: &str, out: &mut Vec<String>, depth: usize) {
    let text = text.trim_start();
    if depth < 8
        && let Some(inner) = text.strip_prefix('{')
    {
        for part in parts(inner) {
            expand(part, base, out, depth + 1);
        }
        return;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return;
    }
    let path = if base.is_empty() { name.to_owned() } else { format!("{base}::{name}") };
    match rest.strip_prefix("::") {
        Some(rest) => expand(rest, &path, out, depth + 1),
        None => out.push(path.clone()),
    }
    out.push(path);
}

/// The parts of `a, b::{c, d}, e}…` up to the brace that closes them.
fn parts(text: &str) -> Vec<&str> {
    let (mut out, mut open, mut begin) = (Vec::new(), 0_usize, 0);
    for (at, character) in text.char_indices() {
        match character {
            '{' => open += 1,
            '}' if open == 0 => {
                out.extend(text.get(begin..at));
                return out;
            }
            '}' => open -= 1,
            ',' if open == 0 => {
                out.extend(text.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
    }
    out
}

/// The module that `path` is or stands in.
fn longest<'a>(path: &str, modules: &'a Modules) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some((known, _)) = modules.get_key_value(path) {
            return Some(known);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// Whether one of two modules is the other or stands in it.
fn related(one: &str, other: &str) -> bool {
    let inside = |outer: &str, inner: &str| inner == outer || inner.starts_with(&format!("{outer}::"));
    inside(one, other) || inside(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(paths: &[&str]) -> Modules {
        paths.iter().map(|path| ((*path).to_owned(), format!("{path}.rs"))).collect()
    }

    #[test]
    fn imports_are_found_in_braces_paths_and_parents() {
        let known = modules(&["a", "a::part", "b", "b::deep", "c", "d"]);
        let text = "use crate::{b::{deep::X, Y}, c};\nfn f() { super::d::g(); }\n// crate::a is only said\n";
        assert_eq!(Vec::from_iter(imports("a", text, &known)), ["b", "b::deep", "c", "d"]);
        assert!(imports("a", "use crate::a::part::Z; use self::part::Z;", &known).is_empty());
        assert!(imports("a", "#[cfg(test)]\nmod tests {\nuse crate::b;\n}", &known).is_empty());
    }

    #[test]
    fn a_parent_and_its_parts_are_related() {
        assert!(related("a", "a::b") && related("a::b", "a"));
        assert!(!related("a::b", "a::c") && !related("a", "ab"));
    }
}
