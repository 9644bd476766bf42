//! `run`: every worker of this host in one process; and one worker alone.

use super::Context;
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::runtime;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    path::PathBuf,
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
        fs_err::create_dir_all(paths.run()).context("make the run folder")?;
        fs_err::write(pid_file(&paths), std::process::id().to_string()).context("write the pid file")?;
        let supervised = workers::supervise(context, wanted, stop_signal()?).await;
        let _ = fs_err::remove_file(pid_file(&paths));
        supervised
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

fn pid_file(paths: &Paths) -> PathBuf {
    paths.run().join("decnet.pid")
}

/// Process id of a running `decnet run`.
pub fn running(paths: &Paths) -> Option<i32> {
    let pid: i32 = fs_err::read_to_string(pid_file(paths)).ok()?.trim().parse().ok()?;
    // The id may have gone to another process since: its program must be this one.
    let theirs = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let same = std::env::current_exe().ok().and_then(|own| own.file_name().map(std::ffi::OsStr::to_owned));
    (theirs.file_name()?.to_string_lossy().starts_with(&*same?.to_string_lossy())).then_some(pid)
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
            bail!("the workers did not start; {} says why", log_file(context).display());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn log_file(context: &Context) -> PathBuf {
    context.paths().run().join("decnet.log")
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
        .open(log_file(context))
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
    output::note(&format!("started in the background; messages go to {}", log_file(context).display()));
    Ok(())
}

/// Asks a running `decnet run` to end and waits for it.
///
/// # Errors
/// When it does not end.
pub fn stop_running(paths: &Paths) -> Result<bool> {
    let Some(pid) = running(paths) else { return Ok(false) };
    kill(Pid::from_raw(pid), Signal::SIGTERM).context("ask the workers to end")?;
    let deadline = Instant::now() + Duration::from_secs(60);
    while running(paths) == Some(pid) {
        if deadline < Instant::now() {
            bail!("process {pid} does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(true)
}
