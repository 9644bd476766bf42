//! `teardown`: one decky or all go; what was recorded stays.

use super::{Context, deploy, run};
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_engine::native::{self, NetdClient};
use decnet_model::{
    fleet::{DeckyName, Fleet},
    paths::Paths,
};
use serde_json::json;
use std::time::{Duration, Instant};

/// Time that netd gets to end by itself.
const NETD_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait for a decky to go.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to go.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Target {
    /// All deckies, and the workers
    #[arg(long)]
    all: bool,
    /// This decky
    #[arg(long)]
    id: Option<DeckyName>,
}

/// Take deckies down; what was recorded stays
///
/// The event log, the store, artefacts and personas stay: a decky that is deployed again under the
/// same name is the same machine. With --all the workers end, and no namespace, interface, process or
/// run file of theirs is left, not even of a run that was killed. The lab stays: `decnet lab down`
/// ends it.
#[derive(Args, Debug)]
pub struct Teardown {
    #[command(flatten)]
    target: Target,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Teardown {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such decky, or something does not end.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let text = store.fleet_get().await.context("read the fleet")?;
        let mut fleet: Fleet = match text {
            Some(text) => serde_json::from_str(&text).context("read the fleet")?,
            None => bail!("no fleet is deployed"),
        };
        let gone = match &self.target.id {
            Some(name) if fleet.deckies.remove(name).is_some() => 1,
            Some(name) => bail!("no decky is called {name}; `decnet status` lists them"),
            None => std::mem::take(&mut fleet.deckies).len(),
        };
        deploy::store(context, &fleet).await?;
        workers::wake_fleet(context).await;
        if run::running(&context.paths()).is_some() {
            wait(context, &self.target).await?;
        }
        let mut stopped = false;
        if self.target.all {
            stopped = run::stop_running(&context.paths())?;
            clear(&context.paths()).await?;
        }
        if self.json {
            output::json(&json!({ "deckies": gone, "workers_stopped": stopped }));
        } else {
            let rest = if stopped { ", and the workers have ended" } else { "" };
            output::note(&format!("{gone} deckies are down{rest}; what was recorded is kept"));
        }
        Ok(())
    }
}

/// Removes what a run leaves that was killed: netd with its processes and namespaces, sockets, locks. The
/// lab stays (`decnet lab down` ends it), and so do the messages of the workers.
///
/// # Errors
/// When a process does not end or a file cannot be removed.
pub async fn clear(paths: &Paths) -> Result<()> {
    let client = NetdClient::new(paths.netd_socket());
    native::teardown(&client, &paths.run(), NETD_LIMIT).await.context("end what is left of netd")?;
    for entry in fs_err::read_dir(paths.run()).context("clear the run folder")? {
        let entry = entry.context("clear the run folder")?;
        let name = entry.file_name();
        let kept = [b"lab.".as_slice(), b"decnet.log"];
        if !kept.iter().any(|kept| name.as_encoded_bytes().starts_with(kept)) {
            fs_err::remove_file(entry.path()).context("clear the run folder")?;
        }
    }
    Ok(())
}

async fn wait(context: &Context, target: &Target) -> Result<()> {
    let store = context.store().await?;
    let begun = Instant::now();
    loop {
        let rows = store.decky_list().await.context("read the deckies")?;
        let ours = |name: &str| target.id.as_ref().is_none_or(|id| id.as_str() == name);
        let left = rows.iter().filter(|row| ours(&row.name) && row.actual == "running").count();
        if left == 0 {
            output::progress_done();
            return Ok(());
        }
        output::progress(&format!("{left} deckies still run"));
        if PATIENCE < begun.elapsed() {
            bail!("{left} deckies still run after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
