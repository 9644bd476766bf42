//! `reconcile` and `redeploy`: what is wanted is compared with what there is, and what is missing is mended.

use super::{Context, deploy, run};
use crate::{output, workers};
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_fleet::{Error, intent};
use decnet_model::{
    record::{DeckyActual, DeckyDesired, DeckyRow, DeckyState},
    worker::Worker,
};
use decnet_store::Store;
use serde_json::json;

/// Compare the fleet that is wanted with what runs, and mend it
///
/// The worker `fleet` does so all the time; with --once it is done now, and what was mended is said. Workers that do
/// not run are started.
#[derive(Args, Debug)]
pub struct Reconcile {
    /// Once, now; without it the worker `fleet` runs in the foreground
    #[arg(long)]
    once: bool,
    /// JSON
    #[arg(long, requires = "once")]
    json: bool,
}

/// Start what does not run of the workers and of the fleet; what runs is not touched
#[derive(Args, Debug)]
pub struct Redeploy {
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Reconcile {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no fleet, or some of it does not come up.
    pub async fn run(self, context: &Context) -> Result<()> {
        if self.once {
            return mend(context, self.json).await;
        }
        run::single(Worker::Fleet, run::Single { daemon: false, user: None }, context).await
    }
}

impl Redeploy {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no fleet, or some of it does not come up.
    pub async fn run(self, context: &Context) -> Result<()> {
        mend(context, self.json).await
    }
}

async fn mend(context: &Context, json: bool) -> Result<()> {
    let store = context.store().await?;
    let fleet = intent::read(&store).await?.ok_or(Error::NoFleet)?;
    let before = missing(&store).await?;
    // What was found out before is not what is waited for.
    let unknown = |name: &String| DeckyState {
        name: name.clone(),
        actual: DeckyActual::Unknown,
        reason: String::new(),
    };
    let forgotten: Vec<DeckyState> = before.iter().map(unknown).collect();
    store.decky_states_set(None, &forgotten, context.now()).await.context("store the states of deckies")?;
    let started = run::ensure_running(context).await?;
    workers::wake_fleet(context).await;
    deploy::wait_for(context, fleet.deckies.len()).await?;
    // What no runtime carried was missing, whatever the store said of it.
    let mended: Vec<String> =
        if started { fleet.deckies.keys().map(ToString::to_string).collect() } else { before };
    if json {
        output::json(
            &json!({ "deckies": fleet.deckies.len(), "mended": mended, "workers_started": started }),
        );
        return Ok(());
    }
    if started {
        output::note("the workers were started");
    }
    let all = fleet.deckies.len();
    match mended.as_slice() {
        [] => output::note(&format!("all {all} deckies run as wanted")),
        some => output::note(&format!("mended {} of {all} deckies: {}", some.len(), some.join(", "))),
    }
    Ok(())
}

/// Deckies that are wanted and do not run.
async fn missing(store: &Store) -> Result<Vec<String>> {
    let rows = store.decky_list().await.context("read the deckies")?;
    let missing = |row: &&DeckyRow| row.desired == DeckyDesired::Running && !row.actual.is_up();
    Ok(rows.iter().filter(missing).map(|row| row.name.clone()).collect())
}
