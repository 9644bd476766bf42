//! `teardown`: one decky or all go; what was recorded stays.

use super::{Context, topology};
use crate::{
    output,
    runner::{self, Runner},
    workers,
};
use anyhow::Result;
use clap::Args;
use decnet_fleet::{supervisor, teardown, wait};
use decnet_model::fleet::DeckyName;
use serde_json::json;
use std::time::Duration;

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
    /// With --all: the workers go on, so that a fleet can be deployed through the interface
    #[arg(long, requires = "all")]
    keep_workers: bool,
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
        let target = self.target.id.as_ref();
        let gone = teardown::ask(&context.fleet(), &store, target, context.now()).await?;
        workers::wake_fleet(context).await;
        if supervisor::running(&context.paths()).is_some() {
            let tell = |left| output::progress(&format!("{left} deckies still run"));
            let ours = |name: &str| target.is_none_or(|id| id.as_str() == name);
            let done = wait::gone(&store, ours, PATIENCE, tell).await;
            output::progress_done();
            done?;
        }
        if self.target.all {
            topology::all_gone(context, &store).await?;
        }
        let mut stopped = false;
        // What systemd keeps running is the machine's: it is there for the next fleet.
        let kept = self.keep_workers || runner::of(&context.paths()) == Runner::Units;
        if self.target.all && !kept {
            stopped = supervisor::stop(&context.paths())?;
            teardown::clear(&context.paths()).await?;
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
