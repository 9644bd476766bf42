//! `worker`: what works on this host, and having one of them start, stop or start again.

use super::{Context, user};
use crate::{
    api, output,
    runner::{self, Runner},
};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use decnet_model::worker::{Action, Worker};
use serde_json::json;

/// Workers of this host: list them, start and stop them one by one
#[derive(Args, Debug)]
pub struct Workers {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the workers: how each does, since when, how much memory its process holds and what waits for it
    List {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Start workers that were stopped
    Start(Chosen),
    /// Stop workers; they stay so until they are started, or all workers are
    Stop(Chosen),
    /// Stop workers and start them again
    Restart(Chosen),
}

#[derive(Args, Debug)]
struct Chosen {
    /// Which
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    workers: Vec<String>,
    /// All of this host
    #[arg(long)]
    all: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Workers {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such worker, nobody runs the workers, or one does not do so.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List { json } => {
                list(context, json);
                Ok(())
            }
            Verb::Start(chosen) => act(context, Action::Start, chosen).await,
            Verb::Stop(chosen) => act(context, Action::Stop, chosen).await,
            Verb::Restart(chosen) => act(context, Action::Restart, chosen).await,
        }
    }
}

fn list(context: &Context, json: bool) {
    let workers = api::workers(context);
    if json {
        return output::json(&workers);
    }
    let header = ["WORKER", "STATE", "PROCESS", "SINCE", "MEMORY", "WAITING", "RESTARTS", "REASON"];
    output::table(&header, &workers, |worker| {
        vec![
            worker.name.to_owned(),
            worker.state.to_owned(),
            worker.process.to_owned(),
            worker.since.clone().unwrap_or_default(),
            worker.memory.map(output::bytes).unwrap_or_default(),
            worker.lag.map(|lag| lag.to_string()).unwrap_or_default(),
            worker.restarts.to_string(),
            worker.trouble.clone().or_else(|| worker.last_error.clone()).unwrap_or_default(),
        ]
    });
}

async fn act(context: &Context, action: Action, chosen: Chosen) -> Result<()> {
    let named: Result<Vec<Worker>, _> = chosen.workers.iter().map(|name| name.parse()).collect();
    let mut workers = if chosen.all { Worker::start_order() } else { named? };
    if action == Action::Stop {
        // What others need goes last.
        workers.reverse();
    }
    let by = user::actor();
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for worker in workers {
        match runner::act(context, worker, action, &by).await {
            Ok(runner) => {
                let through = match runner {
                    Runner::Units => "systemd",
                    Runner::Supervisor(_) | Runner::Nobody => "supervisor",
                };
                done.push(json!({ "worker": worker.name(), "action": action.name(), "through": through }));
                if !chosen.json {
                    output::note(&format!("{}: {} done by {through}", worker.name(), action.name()));
                }
            }
            Err(error) => failed.push(format!("{}: {error:#}", worker.name())),
        }
    }
    if chosen.json {
        output::json(&json!({ "done": done, "failed": failed }));
    }
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("; ")) }
}
