//! `version`: which program this is. `man`: its manual. `completions`: what shells know of it.

use crate::output;
use anyhow::{Context as _, Result};
use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;
use decnet_store::Store;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Show the version of this program
#[derive(Args, Debug)]
pub struct Version {
    /// JSON: version, commit, target, version of the store's tables
    #[arg(long)]
    json: bool,
}

/// Write a manual page for each verb into a folder
#[derive(Args, Debug)]
pub struct Manual {
    /// The folder; it is made if it is not there
    folder: PathBuf,
}

/// Write a completion script for a shell to the standard output
#[derive(Args, Debug)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

/// What this program is.
pub fn version() -> Value {
    json!({
        "name": "decnet",
        "version": env!("CARGO_PKG_VERSION"),
        // `make package` says it; a build by hand has none.
        "commit": option_env!("DECNET_COMMIT"),
        "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
        "store": Store::VERSION,
    })
}

impl Version {
    /// Runs the command.
    pub fn run(self) {
        if self.json {
            return output::json(&version());
        }
        let commit = option_env!("DECNET_COMMIT").map(|commit| format!(" ({commit})")).unwrap_or_default();
        output::line(&format!("decnet {}{commit}", env!("CARGO_PKG_VERSION")));
    }
}

impl Completions {
    /// Runs the command for the whole command line, `root`.
    ///
    /// # Errors
    /// When the script cannot be written.
    pub fn run(self, mut root: clap::Command) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut root, "decnet", &mut script);
        Ok(output::raw(&script)?)
    }
}

impl Manual {
    /// Runs the command for the whole command line, `root`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn run(self, mut root: clap::Command) -> Result<()> {
        fs_err::create_dir_all(&self.folder).context("make the folder")?;
        root.build();
        let written = page(&root, "decnet", &self.folder)?;
        output::note(&format!("{written} pages are in {}", self.folder.display()));
        Ok(())
    }
}

/// Writes the page of a verb and those of the verbs under it; how many that were. The depth is that of the command
/// line's own table.
fn page(verb: &clap::Command, name: &str, folder: &Path) -> Result<usize> {
    let mut text = Vec::new();
    // No date: the same program has the same pages.
    let manual = Man::new(verb.clone()).title(name.to_uppercase()).section("1").date("").manual("DECNET");
    manual
        .source(concat!("decnet ", env!("CARGO_PKG_VERSION")))
        .render(&mut text)
        .context("make the page")?;
    fs_err::write(folder.join(format!("{name}.1")), text).context("write the page")?;
    let mut written = 1;
    for inner in verb.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        written += page(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(written)
}
