//! The processes that the workers of a host live in.
//!
//! The keeper, which is the process of `run`, of `demo` or of a worker that runs alone, keeps what starts
//! processes with other rights than its own: the worker `fleet`. All other workers live in processes that
//! the keeper starts and that give everything up first: what [`Process::grants`] does not name. Each has a
//! line to the keeper, its standard input: orders come over it, and its end is the keeper's.

mod handover;
mod orders;
mod part;
mod restoring;

pub use handover::{hand_over, house_user, tell_of_user};
pub use part::main as part_main;
pub(crate) use restoring::{end as end_restore, replace as put_back};

use crate::{
    commands::Context,
    logs, notify, oidc, stead, tls,
    workers::{self, Failure},
};
use anyhow::{Context as _, Result};
use decnet_engine::confine::confine;
use decnet_model::worker::{Process, Worker};
use decnet_pipeline::runtime::{self, Backoff, Claim, Keeper, Order, WorkerLock};
use decnet_swarm::files::Files;
use nix::unistd::geteuid;
use orders::{Manner, Part};
use std::time::{Duration, Instant};
use tokio::{sync::watch, task::JoinHandle};

/// Time that a process gets to end in good order: more than its workers get.
const GRACE: Duration = Duration::from_secs(20);
/// Time between two looks whether there is a swarm.
const SWARM_LOOK: Duration = Duration::from_secs(1);

/// Keeps `workers` running until `stop` is true, each in its process; `quiet`: they say less than usual.
///
/// # Errors
/// When the state folder cannot be used.
pub async fn keep(
    context: &Context,
    workers: Vec<Worker>,
    quiet: bool,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    for process in Process::ALL {
        // What an earlier one noted, before anybody takes it for ours; there need not be one.
        let _ = fs_err::remove_file(context.paths().process_note(process.name()));
    }
    let _share = prepare(context, &workers).await?;
    Order::forget(&context.paths());
    notify::begin(context.paths(), workers.clone(), stop.clone());
    tokio::spawn(logs::follow(context.settings().clone()));
    let embedded = context.settings().embedded();
    let lives_in = |process| {
        let embedded = embedded.clone();
        let of = move |worker: &Worker| match embedded.contains(worker) {
            true => Process::Api,
            false => worker.spec().process,
        };
        workers.iter().copied().filter(move |worker| of(worker) == process).collect::<Vec<_>>()
    };
    let own = lives_in(Process::Keeper);
    let bodies = own.into_iter().map(|worker| (worker, workers::body(worker, context))).collect();
    let end_own = watch::Sender::new(false);
    let host = workers::host(context, "run");
    let own = tokio::spawn(runtime::supervise(host, bodies, Backoff::default(), end_own.subscribe()));
    let end_parts = watch::Sender::new(false);
    let parts: Vec<JoinHandle<()>> = Process::PARTS
        .iter()
        .copied()
        .map(|process| (process, lives_in(process)))
        .filter(|(_, workers)| !workers.is_empty())
        .map(|(process, workers)| {
            tokio::spawn(keep_part(context.clone(), process, workers, quiet, end_parts.subscribe()))
        })
        .collect();
    told(&mut stop).await;
    // First what makes events, then what takes them in.
    end_own.send_replace(true);
    own.await.context("end the workers")?;
    end_parts.send_replace(true);
    for part in parts {
        part.await.context("end the workers")?;
    }
    Ok(())
}

/// Gives up what a worker that runs alone has no use for, where its process need not become another user's. To be
/// called while there is one thread.
///
/// # Errors
/// When something cannot be given up.
pub fn give_up(context: &Context, worker: Worker) -> Result<()> {
    let process = worker.spec().process;
    if process == Process::Keeper || geteuid().is_root() {
        return Ok(());
    }
    let paths = context.paths();
    // What is not there yet cannot be kept.
    fs_err::create_dir_all(paths.run()).context("make the state folder")?;
    let confined = confine(&orders::kept(context, process)?)?;
    part::note(&paths, worker.name(), &confined);
    Ok(())
}

/// Runs one worker in its process until `stop` is true; the interface takes those with it that it is to.
///
/// # Errors
/// When it is running already or fails.
pub async fn alone(context: &Context, worker: Worker, mut stop: watch::Receiver<bool>) -> Result<()> {
    let mut workers = vec![worker];
    if worker == Worker::Api {
        workers.extend(context.settings().embedded());
    }
    let _share = prepare(context, &workers).await?;
    // Who deploys asks whether somebody keeps the fleet.
    let _keeper = match worker {
        Worker::Fleet => Keeper::take(&context.paths(), worker.name()).ok(),
        _ => None,
    };
    notify::begin(context.paths(), workers.clone(), stop.clone());
    let process = worker.spec().process;
    if process == Process::Keeper || !geteuid().is_root() {
        tokio::spawn(logs::follow(context.settings().clone()));
        return part::together(context, &workers, stop).await;
    }
    let mut part = Part::start(context, process, &workers, Manner { alone: true, quiet: false })
        .context("start the worker")?;
    tokio::select! {
        good = part.ended() => anyhow::ensure!(good, "{} failed", worker.name()),
        () = told(&mut stop) => part.stop(GRACE).await,
    }
    Ok(())
}

/// Runs workers of one process that is not the keeper, without a keeper beside them, until `stop` is true.
///
/// # Errors
/// When one of them runs already or the process fails.
pub async fn together(context: &Context, workers: &[Worker], mut stop: watch::Receiver<bool>) -> Result<()> {
    let Some(first) = workers.first() else { return Ok(()) };
    for &worker in workers {
        // Said at once, and not by a process that starts again for ever.
        drop(WorkerLock::take(&context.paths(), worker)?);
    }
    let _share = prepare(context, workers).await?;
    let manner = Manner { alone: false, quiet: false };
    let mut part =
        Part::start(context, first.spec().process, workers, manner).context("start the workers")?;
    tokio::select! {
        good = part.ended() => anyhow::ensure!(good, "{} failed", first.name()),
        () = told(&mut stop) => part.stop(GRACE).await,
    }
    Ok(())
}

/// Looks whether `workers` can use what the settings name for them, before any of them starts.
///
/// # Errors
/// What is of no use, in one line.
pub fn check(context: &Context, workers: &[Worker]) -> Result<()> {
    if workers.contains(&Worker::Api) {
        oidc::provider(context.settings())?;
    }
    tls::check(context, workers, house_user(context.settings())?)
}

fn has_swarm(context: &Context) -> bool {
    let files = Files::new(&context.paths());
    files.is_master() || files.is_agent()
}

/// Makes the folder what its processes need, and takes a share in it.
async fn prepare(context: &Context, workers: &[Worker]) -> Result<Claim> {
    // Before anything is made: a mistake of the operator's is told at once, and by no worker that starts for ever.
    check(context, workers)?;
    restoring::settle(context).await?;
    let share = Claim::share(&context.paths())?;
    if workers == [Worker::Web] {
        // The installation may be elsewhere.
        fs_err::create_dir_all(context.paths().run()).context("make the run folder")?;
        hand_over(&context.paths(), house_user(context.settings())?)?;
        return Ok(share);
    }
    if !context.is_remote() && stead::is_closed(&context.database()) {
        hand_over(&context.paths(), house_user(context.settings())?)?;
    }
    let store = context.store_or_new().await.context("prepare the store");
    // A database that is away for a while is the workers' affair: they say so, and try again.
    match store {
        Ok(store) => {
            if workers.contains(&Worker::Api) {
                crate::api::ensure_operator(context, &store).await?;
            }
            store.close().await;
        }
        Err(error) if context.is_remote() => {
            tracing::error!(error = %Failure(error), "the database cannot be used; it is tried again");
        }
        Err(error) => return Err(error),
    }
    tell_of_user(context.settings())?;
    hand_over(&context.paths(), house_user(context.settings())?)?;
    Ok(share)
}

/// Keeps a process with its workers running until `stop` is true.
async fn keep_part(
    context: Context,
    process: Process,
    workers: Vec<Worker>,
    quiet: bool,
    mut stop: watch::Receiver<bool>,
) {
    let backoff = Backoff::default();
    let mut wait = backoff.first;
    // One machine is the rule: nothing runs for a swarm that there is not.
    while process == Process::Swarm && !has_swarm(&context) {
        tokio::select! {
            () = tokio::time::sleep(SWARM_LOOK) => {}
            () = told(&mut stop) => return,
        }
    }
    loop {
        let started = Instant::now();
        match Part::start(&context, process, &workers, Manner { alone: false, quiet }) {
            Ok(mut part) => tokio::select! {
                _ = part.ended() => {
                    tracing::error!(process = process.name(), ?wait, "process ended, will be started again");
                }
                () = told(&mut stop) => return part.stop(GRACE).await,
            },
            Err(error) => {
                tracing::error!(process = process.name(), %error, ?wait, "process cannot be started");
            }
        }
        if backoff.most <= started.elapsed() {
            wait = backoff.first;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = told(&mut stop) => return,
        }
        wait = (wait * 2).min(backoff.most);
    }
}

async fn told(stop: &mut watch::Receiver<bool>) {
    // The value behind the result is borrowed from the channel and must not live across an await.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}
