//! The process's side: give everything up, then run the workers until the line says so or ends.

use super::orders::{Orders, STOP};
use crate::{
    commands::Context,
    logs,
    settings::{Layer, Name, Origin, Settings},
    workers,
};
use decnet_engine::confine::{Confined, confine};
use decnet_model::{
    paths::Paths,
    worker::{Process, Worker},
};
use decnet_pipeline::runtime::{self, Backoff};
use std::io::{BufRead, BufReader};
use tokio::sync::watch;

/// Most threads of the interface, whatever was asked for.
const THREADS_MOST: u64 = 64;
/// Bytes of the orders, settings and all.
const ORDERS_MOST: usize = 1 << 20;

/// Runs a process of the house.
///
/// # Errors
/// When the orders cannot be read, something cannot be given up, or a worker that runs alone fails.
pub fn main() -> Result<(), String> {
    let mut line = BufReader::new(std::io::stdin());
    let mut text = String::new();
    std::io::Read::take(&mut line, ORDERS_MOST as u64)
        .read_line(&mut text)
        .map_err(|error| format!("read the orders: {error}"))?;
    let orders: Orders = serde_json::from_str(&text).map_err(|error| format!("read the orders: {error}"))?;
    // Before anything that makes a thread.
    let confined = confine(&orders.kept).map_err(|error| decnet_engine::plan::chain(&error))?;
    let layer: Layer = orders
        .settings
        .iter()
        .map(|(name, text)| (name.clone(), text.clone(), Origin::Flag("run")))
        .collect();
    let settings = Settings::resolve(&[layer])
        .map_err(|bad| bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    logs::start(&settings, orders.manner.quiet);
    // One note for each process that a keeper keeps: a worker alone beside it is not that process.
    if !orders.manner.alone {
        note(&Paths::new(settings.text(Name::StateDir)), &orders.process, &confined);
    }
    let workers: Result<Vec<Worker>, _> = orders.workers.iter().map(|name| name.parse()).collect();
    let workers = workers.map_err(|error| format!("read the orders: {error}"))?;
    let serves = orders.process == Process::Api.name();
    let threads = if serves { settings.number(Name::ApiWorkers).min(THREADS_MOST) } else { 2 };
    let threads = usize::try_from(threads).unwrap_or(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|error| format!("start: {error}"))?;
    let stop = listen(line);
    let context = Context::new(settings);
    runtime.block_on(run(&context, workers, orders.manner.alone, stop))
}

async fn run(
    context: &Context,
    workers: Vec<Worker>,
    alone: bool,
    stop: watch::Receiver<bool>,
) -> Result<(), String> {
    tokio::spawn(logs::follow(context.settings().clone()));
    if alone {
        return together(context, &workers, stop).await.map_err(|error| format!("{error:#}"));
    }
    supervised(context, &workers, stop).await;
    Ok(())
}

/// Runs workers in this process: one until it fails, several so that each is started again.
///
/// # Errors
/// When the one fails.
pub(super) async fn together(
    context: &Context,
    workers: &[Worker],
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    if let [worker] = workers {
        let host = workers::host(context, worker.name());
        let body = workers::body(*worker, context);
        return Ok(runtime::run_alone(&host, *worker, &body, stop).await?);
    }
    supervised(context, workers, stop).await;
    Ok(())
}

async fn supervised(context: &Context, workers: &[Worker], stop: watch::Receiver<bool>) {
    let bodies = workers.iter().map(|&worker| (worker, workers::body(worker, context))).collect();
    runtime::supervise(workers::host(context, "run"), bodies, Backoff::default(), stop).await;
}

/// True once the line says that it is time. When the line ends, the keeper is gone: so is this process, at
/// once, and what it holds is free for the next.
fn listen(mut line: BufReader<std::io::Stdin>) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    std::thread::spawn(move || {
        let mut text = String::new();
        while line.read_line(&mut text).is_ok_and(|read| read > 0) {
            if text.trim() == STOP {
                sender.send_replace(true);
            }
            text.clear();
        }
        std::process::exit(1);
    });
    receiver
}

/// Notes what was given up, for `status`. Only shown, so that a failure is no reason to stop.
pub(super) fn note(paths: &Paths, process: &str, confined: &Confined) {
    let path = paths.process_note(process);
    let written = serde_json::to_vec(confined)
        .map_err(std::io::Error::from)
        .and_then(|text| fs_err::create_dir_all(paths.run()).and_then(|()| fs_err::write(path, text)));
    if let Err(error) = written {
        tracing::warn!(%error, "what the process gave up is not shown");
    }
}
