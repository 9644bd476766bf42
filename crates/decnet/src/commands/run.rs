//! `run`: every worker of this host in one process; and one worker alone.

use super::Context;
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_fleet::supervisor::{self, log_file, running};
use decnet_model::worker::Worker;
use decnet_pipeline::runtime;
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Run all workers of this host in one process
///
/// Each worker that fails is started again after a growing wait; none stops another. Ends on Ctrl-C
/// or SIGTERM after what was recorded so far is stored.
#[derive(Args, Debug)]
pub struct Run {
    /// Only these workers, comma-separated
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Go to the background; messages go to run/decnet.log in the state folder
    #[arg(long, short)]
    daemon: bool,
}

/// Options of a single worker.
#[derive(Args, Debug)]
pub struct Single {
    /// Go to the background
    #[arg(long, short)]
    pub daemon: bool,
}

impl Run {
    /// Runs the command.
    ///
    /// # Errors
    /// When another one runs, or the state folder cannot be used.
    pub async fn run(self, context: &Context) -> Result<()> {
        let names: Result<Vec<Worker>, _> = self.only.iter().map(|name| name.parse()).collect();
        let mut wanted = names?;
        if wanted.is_empty() {
            wanted = Worker::start_order();
        }
        let paths = context.paths();
        if let Some(pid) = running(&paths) {
            bail!("workers run already, as process {pid}");
        }
        if self.daemon {
            return start_in_background(context, &self.only).await;
        }
        let _noted = supervisor::note(&paths)?;
        workers::supervise(context, wanted, stop_signal()?).await
    }
}

/// Runs one worker alone.
///
/// # Errors
/// When it is running already or fails.
pub async fn single(worker: Worker, options: Single, context: &Context) -> Result<()> {
    if options.daemon {
        return background(context, &[worker.name()], worker == Worker::Api).await;
    }
    context.store_or_new().await?.close().await;
    let body = workers::body(worker, context);
    runtime::run_alone(&workers::host(context, worker.name()), worker, &body, stop_signal()?).await?;
    Ok(())
}

/// True once the process is asked to end.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop_signal() -> Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for signals")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        sender.send_replace(true);
        // A second request means now.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(receiver)
}

/// Starts `decnet run` in the background unless it runs.
///
/// # Errors
/// When it cannot be started.
pub async fn ensure_running(context: &Context) -> Result<()> {
    if running(&context.paths()).is_some() {
        return Ok(());
    }
    start_in_background(context, &[]).await
}

/// Starts `decnet run` in the background, with all workers where `only` names none.
///
/// # Errors
/// When it cannot be started.
pub async fn start_in_background(context: &Context, only: &[String]) -> Result<()> {
    let names = only.join(",");
    let mut arguments = vec!["run"];
    if !only.is_empty() {
        arguments.extend(["--only", names.as_str()]);
    }
    let serves = only.is_empty() || only.iter().any(|name| name == Worker::Api.name());
    background(context, &arguments, serves).await?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while running(&context.paths()).is_none() {
        if deadline < Instant::now() {
            bail!("the workers did not start; {} says why", log_file(&context.paths()).display());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Starts this program once more with `arguments`, which serve the interface or not.
async fn background(context: &Context, arguments: &[&str], serves: bool) -> Result<()> {
    use fs_err::os::unix::fs::OpenOptionsExt as _;
    use std::os::unix::process::CommandExt;
    fs_err::create_dir_all(context.paths().run()).context("make the run folder")?;
    if serves {
        // Here and not there: the password belongs on the terminal, and in no file.
        let store = context.store_or_new().await?;
        crate::api::ensure_operator(context, &store).await?;
        store.close().await;
    }
    let log = fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(log_file(&context.paths()))
        .context("open the log")?;
    let (log, _) = log.into_parts();
    let errors = log.try_clone().context("open the log")?;
    let program = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(program);
    command
        .arg("--state-dir")
        .arg(context.settings().state_dir())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .process_group(0);
    command.spawn().context("start in the background")?;
    output::note(&format!(
        "started in the background; messages go to {}",
        log_file(&context.paths()).display()
    ));
    Ok(())
}
