//! `run`: every worker of this host; and one worker alone.

use super::Context;
use crate::{
    ground, house, logs, mode, output,
    runner::{self, Runner},
    settings::Name,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_fleet::supervisor;
use decnet_model::worker::{Role, Worker};
use decnet_pipeline::runtime::{Holder, Keeper, Note};
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Run all workers of this host
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
    /// User that the processes of the house become when root starts them, by name or number
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    #[command(flatten)]
    group: GroupOption,
}

/// Options of a single worker.
#[derive(Args, Debug)]
pub struct Single {
    /// Go to the background
    #[arg(long, short)]
    pub daemon: bool,
    /// User that its process becomes when root starts it, by name or number
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
}

/// Group of a process that root starts; `--group` of the worker `bus` is that of its socket.
#[derive(Args, Debug)]
pub struct GroupOption {
    /// Group of its process when root starts it, by name or number
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
}

impl Run {
    /// In the foreground, with these workers.
    pub fn of(workers: Vec<Worker>) -> Run {
        let only = workers.iter().map(|worker| worker.name().to_owned()).collect();
        Run { only, daemon: false, user: None, group: GroupOption { group: None } }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// When another one runs, or the state folder cannot be used.
    pub async fn run(self, context: &Context) -> Result<()> {
        let names: Result<Vec<Worker>, _> = self.only.iter().map(|name| name.parse()).collect();
        let mut wanted = names?;
        if wanted.is_empty() {
            wanted = mode::workers(context.settings());
        }
        if mode::is_gated(context.settings()) {
            if let Some(worker) = wanted.iter().find(|worker| worker.spec().role == Role::Master) {
                bail!(mode::refusal(worker.name(), context.settings()));
            }
            ground::prepare(context)?;
        }
        let paths = context.paths();
        if self.daemon {
            if let Some(holder) = Keeper::holder(&paths)? {
                bail!("workers run already: {}", described(&holder));
            }
            refuse_beside_units(context)?;
            return start_in_background(context, &self.only).await;
        }
        let keeper = Keeper::take(&paths, "run")?;
        refuse_beside_units(context)?;
        let stop = stop_signal()?;
        tell_of_fleet(context).await;
        let kept = house::keep(context, wanted, false, stop).await;
        drop(keeper);
        kept
    }
}

/// A second copy of each worker would only wait for the first.
fn refuse_beside_units(context: &Context) -> Result<()> {
    let paths = context.paths();
    let runs =
        |worker: &&Worker| runner::has_unit(&paths, **worker) && Note::read(&paths, **worker).is_some();
    match Worker::ALL.iter().find(runs) {
        Some(worker) => bail!(
            "systemd runs the workers here ({}): `systemctl stop {}` first, or leave them to it",
            runner::unit(*worker),
            runner::TARGET
        ),
        None => Ok(()),
    }
}

/// Says so when there is nothing to run: a fleet may still be deployed while the workers wait.
async fn tell_of_fleet(context: &Context) {
    let fleet = match context.store().await {
        Ok(store) => store.fleet_get().await.ok().flatten(),
        Err(_) => None,
    };
    if fleet.is_none() {
        let root = context.paths().root().display().to_string();
        output::note(&format!("no fleet is deployed in {root} yet; the workers wait for `decnet deploy`"));
    }
}

fn described(holder: &Holder) -> String {
    format!("`decnet {}` is process {}", holder.verb, holder.pid)
}

/// Runs one worker alone.
///
/// # Errors
/// When it is running already or fails.
pub async fn single(worker: Worker, options: Single, context: &Context) -> Result<()> {
    if options.daemon {
        return begin(context, &[worker.name()], worker).await;
    }
    house::alone(context, worker, stop_signal()?).await
}

/// Starts this program in the background with `arguments`, which run `worker`, and waits until it does.
///
/// # Errors
/// When it does not start.
pub async fn begin(context: &Context, arguments: &[&str], worker: Worker) -> Result<()> {
    let child = background(context, arguments, worker == Worker::Api).await?;
    wait_until(child, context, || Note::read(&context.paths(), worker).is_some()).await
}

/// True once the process is asked to end.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop_signal() -> Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for signals")?;
    // A terminal that is closed takes what runs in it down in good order.
    let mut hangup = signal(SignalKind::hangup()).context("listen for signals")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
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

/// Starts `decnet run` in the background unless it runs. Returns whether it was started just now.
///
/// # Errors
/// When it cannot be started.
pub async fn ensure_running(context: &Context) -> Result<bool> {
    let paths = context.paths();
    if supervisor::running(&paths).is_some() {
        return Ok(false);
    }
    if runner::of(&paths) == Runner::Units {
        runner::systemctl(&["start", runner::TARGET])?;
        return Ok(true);
    }
    start_in_background(context, &[]).await?;
    Ok(true)
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
    let child = background(context, &arguments, serves).await?;
    let own = i32::try_from(child.id()).ok();
    wait_until(child, context, || supervisor::running(&context.paths()) == own).await
}

/// Waits until a process that was started in the background is `up`, and says so; or what became of it.
async fn wait_until(mut child: Child, context: &Context, up: impl Fn() -> bool) -> Result<()> {
    let log = messages(context);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if up() {
            output::note(&format!(
                "started in the background as process {}; messages go to {}",
                child.id(),
                log.display()
            ));
            return Ok(());
        }
        if let Some(status) = child.try_wait().context("start in the background")? {
            if let Some(holder) = Keeper::holder(&context.paths())? {
                bail!("not started: another one was faster, {}", described(&holder));
            }
            bail!("it did not start ({status}); {} says why", log.display());
        }
        if deadline < Instant::now() {
            bail!("it is not up after 20 s; {} says why", log.display());
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Starts this program once more with `arguments`, which serve the interface or not, in a session of its
/// own: what happens to this terminal does not touch it.
async fn background(context: &Context, arguments: &[&str], serves: bool) -> Result<Child> {
    use std::os::unix::process::CommandExt;
    if serves {
        // Here, where somebody reads it.
        house::check(context, &[Worker::Api, Worker::Web])?;
    }
    let paths = context.paths();
    fs_err::create_dir_all(paths.run()).context("make the run folder")?;
    if serves && Keeper::holder(&paths)?.is_none() {
        // Here and not there: the password belongs on the terminal, and in no file.
        let store = context.store_or_new().await?;
        crate::api::ensure_operator(context, &store).await?;
        store.close().await;
    }
    let messages = messages(context);
    let log = logs::open(&messages).context("open the log")?;
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
        .envs(context.settings().flagged())
        .env(Name::SystemLogs.knob().variable, messages);
    #[expect(unsafe_code, reason = "what runs between fork and exec is unsafe by nature")]
    // SAFETY: one system call without arguments: no allocation, no lock.
    unsafe {
        command.pre_exec(|| nix::unistd::setsid().map(drop).map_err(Into::into));
    }
    command.spawn().context("start in the background")
}

/// The file of the messages of what runs in the background.
fn messages(context: &Context) -> PathBuf {
    context.settings().given(Name::SystemLogs).map_or_else(|| context.paths().messages(), PathBuf::from)
}
