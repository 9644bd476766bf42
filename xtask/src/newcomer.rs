//! `newcomer`: a service is one file. A copy of the tree gets one more, and nothing else; then everything that reads
//! what services declare must know it, and the tests that hold for every service must find what is wrong with it.

use crate::tree;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SERVICE: &str = include_str!("../newcomer/service.rs");
const SLUG: &str = "newcomer";
/// Where the catalogue is; what `gen` makes.
const CATALOGUE: &str = "crates/model/services.json";

/// Tests of the copy, and the fault of the service with which they must fail; none: none is asked for.
const TESTS: &[(&[&str], Option<&str>)] = &[
    (&["-p", "netsvc-catalogue", "--test", "it", "--", "laws::"], Some("panic")),
    (&["-p", "netsvc-catalogue", "--test", "it", "--", "laws::"], Some("pieces")),
    (&["-p", "netsvc-catalogue", "--test", "it", "--", "exchange::"], Some("pieces")),
    (&["-p", "netsvc-catalogue", "--test", "floods"], Some("grows")),
    (&["-p", "fuzz-targets", "--test", "replay"], Some("panic")),
    (&["-p", "decnet-model", "--lib"], None),
];

/// Runs everything; takes minutes, because each crate that knows services is built in the copy.
pub(crate) fn check() -> Result<()> {
    let copy = Copy::make()?;
    copy.put(&format!("netsvc/proto/src/services/{SLUG}.rs"), SERVICE)?;
    let netsvcd = copy.build("netsvcd")?;
    let catalogue = read(Command::new(netsvcd).arg("describe"), "print the catalogue")?;
    ensure!(catalogue.contains(&format!("\"{SLUG}\"")), "the catalogue lacks {SLUG}");
    copy.put(CATALOGUE, &catalogue)?;
    for (arguments, fault) in TESTS {
        let said = copy.test(arguments, "")?;
        ensure!(said.status.success(), "{arguments:?} fails:\n{}", text(&said));
        let Some(fault) = fault else { continue };
        ensure!(!copy.test(arguments, fault)?.status.success(), "{arguments:?} does not find {fault:?}");
        println!("{} find {fault:?}", arguments.join(" "));
    }
    copy.drill(&copy.build("decnet")?)
}

/// The copy of the tree. It stays, so that a second run compiles what has changed only.
struct Copy {
    root: PathBuf,
}

impl Copy {
    fn make() -> Result<Copy> {
        let program = std::env::current_exe().context("find the folder of what is built")?;
        let built = program.ancestors().nth(3).context("find the folder of what is built")?;
        let copy = Copy { root: built.join(SLUG) };
        let files = tree::files()?;
        for file in &files {
            let bytes = fs::read(tree::root().join(file)).with_context(|| format!("read {file}"))?;
            let there = copy.root.join(file);
            if fs::read(&there).ok().as_ref() != Some(&bytes) {
                fs::create_dir_all(there.parent().unwrap_or(&there)).context("make a folder of the copy")?;
                fs::write(&there, bytes).with_context(|| format!("copy {file}"))?;
            }
        }
        copy.forget(&copy.root.join("netsvc"), &files)?;
        copy.forget(&copy.root.join("crates"), &files)?;
        Ok(copy)
    }

    /// Removes what the tree no longer has.
    fn forget(&self, folder: &Path, files: &[String]) -> Result<()> {
        for entry in fs::read_dir(folder).context("list the copy")? {
            let path = entry.context("list the copy")?.path();
            if path.is_dir() {
                self.forget(&path, files)?;
            } else if let Ok(name) = path.strip_prefix(&self.root)
                && files.binary_search(&name.to_string_lossy().into_owned()).is_err()
            {
                fs::remove_file(&path).context("remove a file of the copy")?;
            }
        }
        Ok(())
    }

    fn put(&self, file: &str, text: &str) -> Result<()> {
        fs::write(self.root.join(file), text).with_context(|| format!("write {file} of the copy"))
    }

    fn cargo(&self) -> Command {
        let mut cargo = tree::cargo();
        cargo.current_dir(&self.root);
        cargo
    }

    /// Path of the built program.
    fn build(&self, package: &str) -> Result<PathBuf> {
        let arguments = ["build", "--quiet", "--message-format=json", "-p", package];
        let said = read(self.cargo().args(arguments), "build in the copy")?;
        let lines = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let mut built = lines.filter_map(|line| line.get("executable")?.as_str().map(PathBuf::from));
        built.find(|path| path.ends_with(package)).with_context(|| format!("find {package}"))
    }

    fn test(&self, arguments: &[&str], fault: &str) -> Result<Output> {
        let mut cargo = self.cargo();
        cargo.args(["test", "--quiet"]).args(arguments).env("NEWCOMER_FAULT", fault).env("FUZZ_SECONDS", "1");
        cargo.output().context("run the tests of the copy")
    }

    /// Places the service where it is found and not elsewhere, and touches it.
    fn drill(&self, decnet: &Path) -> Result<()> {
        let state = tree::root().join(&self.root).with_extension("state");
        let _ = fs::remove_dir_all(&state);
        fs::create_dir_all(&state).context("make a state folder")?;
        let decnet = |words: &[&str]| {
            let mut command = Command::new(decnet);
            command.arg("--state-dir").arg(&state).args(words);
            command
        };
        let deploy = |distro| {
            ["deploy", "-n", "1", "--services", SLUG, "--distro", distro, "--subnet", "127.98.0.0/16"]
        };
        let refused = decnet(&deploy("rocky9")).output().context("plan the service")?;
        ensure!(!refused.status.success(), "{SLUG} is placed where it is not found");
        read(&mut decnet(&deploy("debian")), "deploy the service")?;
        let drilled = decnet(&["firedrill", "--json"]).output().context("touch the service");
        read(&mut decnet(&["teardown", "--all"]), "take the fleet down")?;
        let drilled = drilled?;
        let found: serde_json::Value = serde_json::from_slice(&drilled.stdout).unwrap_or_default();
        let silent = found.get("silent").and_then(serde_json::Value::as_array);
        let touched = found.get("ports").is_some_and(|ports| ports == 1) && silent.is_some_and(Vec::is_empty);
        ensure!(drilled.status.success() && touched, "firedrill: {}", text(&drilled));
        let page = read(&mut decnet(&["docs", SLUG]), "read the page of the service")?;
        ensure!(page.contains("It counts, and does nothing else."), "the reference lacks {SLUG}: {page}");
        println!("planner, firedrill and reference know {SLUG}");
        Ok(())
    }
}

fn read(command: &mut Command, what: &'static str) -> Result<String> {
    let output = command.output().context(what)?;
    if !output.status.success() {
        bail!("{what}: {}", text(&output));
    }
    String::from_utf8(output.stdout).context(what)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
