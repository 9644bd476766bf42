//! `db`: the store is checked, brought up to date, copied, filled from a copy, emptied.

use super::Context;
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use decnet_pipeline::runtime::Claim;
use decnet_store::Store;
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{BufReader, BufWriter, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Look after the store: check it, bring it up to date, copy it, fill it from a copy, empty it
#[derive(Args, Debug)]
pub struct Database {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Look whether the store is sound; fails when it is not
    Check {
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Bring the tables of the store to this release's version
    Migrate,
    /// Write everything that is in the store to a file, while others go on
    ///
    /// The file is the same for SQLite and MySQL, so that a store can move from one to the other. It holds
    /// captured secrets and has mode 0600. Artefacts and the event log are not in it.
    Backup {
        /// File to be made
        file: PathBuf,
    },
    /// Fill the store from a file that backup wrote
    Restore {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        consent: Consent,
    },
    Reset(Reset),
}

#[derive(Args, Debug)]
struct Consent {
    /// Do it: what is in the store now is gone then
    #[arg(long = "i-know-what-im-doing")]
    given: bool,
}

/// Empty the store; says only what would go unless told that you know what you do
///
/// The event log and the artefacts stay: the ingester reads again what is left of the log.
#[derive(Args, Debug)]
pub struct Reset {
    #[command(flatten)]
    consent: Consent,
    /// What becomes of the tables
    #[arg(long, value_enum, default_value_t = ResetMode::DropTables)]
    mode: ResetMode,
}

/// How a store is emptied.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum ResetMode {
    /// Tables are made anew
    DropTables,
    /// Rows go and tables stay: for accounts of a server that may not make tables
    Truncate,
}

impl Database {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store is not sound or cannot be reached, or somebody works with it.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Check { json } => check(context, json).await,
            Verb::Migrate => migrate(context).await,
            Verb::Backup { file } => backup(context, &file).await,
            Verb::Restore { file, consent } => restore(context, &file, consent.given).await,
            Verb::Reset(reset) => reset.run(context).await,
        }
    }
}

async fn check(context: &Context, json: bool) -> Result<()> {
    let store = context.store().await?;
    let wrong = store.check().await.context("check the store")?;
    if json {
        output::json(&json!({
            "ok": wrong.is_empty(), "backend": store.backend(), "version": Store::VERSION, "problems": wrong,
        }));
    } else {
        wrong.iter().for_each(|wrong| output::line(wrong));
    }
    if !wrong.is_empty() {
        bail!("the store is not sound; `decnet db restore` fills it from a copy");
    }
    if !json {
        output::line(&format!("the store ({}, version {}) is sound", store.backend(), Store::VERSION));
    }
    Ok(())
}

async fn migrate(context: &Context) -> Result<()> {
    context.ensure_there()?;
    let before =
        Store::version(&context.store_place(), context.stead()).await.context("look at the store")?;
    context.store_or_new().await?.close().await;
    let version = Store::VERSION;
    output::line(&match before {
        Some(before) if before == version => format!("the store has version {version} already"),
        Some(before) => format!("the store had version {before} and has version {version} now"),
        None => format!("the store was made with version {version}"),
    });
    Ok(())
}

async fn backup(context: &Context, file: &Path) -> Result<()> {
    let store = context.store().await?;
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(file);
    let made = made.with_context(|| format!("make {}", file.display()))?;
    let mut out = BufWriter::new(made);
    let done = async {
        let rows = store.dump(&mut out).await.context("copy the store")?;
        out.flush().context("write the copy")?;
        out.get_ref().sync_all().context("write the copy")?;
        Ok(rows)
    };
    let done: Result<u64> = done.await;
    if done.is_err() {
        // Half a copy is none.
        fs_err::remove_file(file).context("remove what was written of the copy")?;
    }
    output::line(&format!("{} rows are in {}", done?, file.display()));
    Ok(())
}

async fn restore(context: &Context, file: &Path, given: bool) -> Result<()> {
    let mut copy = BufReader::new(fs_err::File::open(file).context("open the copy")?);
    // Nothing goes before it is certain that something comes.
    let there = Store::look_through(&mut copy).context("read the copy")?;
    let store = context.store_or_new().await?;
    if !store.is_empty().await.context("look at the store")? && !given {
        would_go(&store).await?;
        bail!("the store is not empty: with --i-know-what-im-doing, {there} rows of the copy replace it");
    }
    let _whole = Claim::whole(&context.paths())?;
    store.reset().await.context("empty the store")?;
    copy.rewind().context("read the copy")?;
    let rows = store.fill(&mut copy).await.context("fill the store")?;
    store.close().await;
    output::line(&format!("{rows} rows are in the store"));
    Ok(())
}

/// Says what emptying the store would take away.
async fn would_go(store: &Store) -> Result<()> {
    for size in store.sizes().await.context("look at the store")? {
        if size.rows > 0 {
            output::line(&format!("{}: {} rows would go", size.table, size.rows));
        }
    }
    Ok(())
}

impl Reset {
    /// Runs the command.
    ///
    /// # Errors
    /// When somebody works with the store, or it cannot be reached.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        if self.consent.given {
            let _whole = Claim::whole(&context.paths())?;
            let emptied = match self.mode {
                ResetMode::DropTables => store.reset().await,
                ResetMode::Truncate => store.truncate().await,
            };
            emptied.context("empty the store")?;
            store.close().await;
            output::line("the store is empty");
            return Ok(());
        }
        would_go(&store).await?;
        output::line("nothing was done: say --i-know-what-im-doing to empty the store");
        Ok(())
    }
}
