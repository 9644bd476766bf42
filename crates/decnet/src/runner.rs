//! Who runs the workers of a state folder: a supervisor of ours (`run`, `demo`), or systemd by the units that
//! `decnet init` has made; and telling him what to do with one of them.

use crate::{commands::Context, install::UNITS};
use anyhow::{Context as _, Result, bail};
use decnet_fleet::supervisor;
use decnet_model::{
    paths::Paths,
    worker::{Action, Worker},
};
use decnet_pipeline::runtime::{Holder, Keeper, Note, Order};
use netsvc_wire::stamp;
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Unit that wants all others.
pub const TARGET: &str = "decnet.target";
/// Longest wait for a worker to do what it was told; more than a worker gets to end.
const PATIENCE: Duration = Duration::from_secs(40);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Who runs the workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runner {
    /// A process of ours keeps them.
    Supervisor(Holder),
    /// systemd.
    Units,
    /// Nobody, or each was started by hand.
    Nobody,
}

/// Who runs the workers of an installation.
pub fn of(paths: &Paths) -> Runner {
    match Keeper::holder(paths).ok().flatten() {
        Some(holder) if holder.verb != Worker::Fleet.name() => Runner::Supervisor(holder),
        _ if has_units(paths) => Runner::Units,
        _ => Runner::Nobody,
    }
}

/// Name of a worker's unit.
pub fn unit(worker: Worker) -> String {
    format!("decnet-{}.service", worker.name())
}

/// Whether systemd runs here and has units for this state folder.
pub fn has_units(paths: &Paths) -> bool {
    Path::new("/run/systemd/system").is_dir() && Worker::ALL.iter().any(|&worker| has_unit(paths, worker))
}

/// Whether there is a unit for a worker of this state folder.
pub fn has_unit(paths: &Paths, worker: Worker) -> bool {
    let text = fs_err::read_to_string(Path::new(UNITS).join(unit(worker))).unwrap_or_default();
    text.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(2).any(|pair| pair == ["--state-dir", &paths.root().display().to_string()])
    })
}

/// Asks systemd for something.
///
/// # Errors
/// What systemctl says.
pub fn systemctl(words: &[&str]) -> Result<()> {
    let output = Command::new("systemctl").args(words).output().context("run systemctl")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    bail!("systemctl {}: {}", words.join(" "), if said.is_empty() { output.status.to_string() } else { said })
}

/// Has a worker start, stop or start again, and waits until it has; says by whom.
///
/// # Errors
/// When nobody runs the workers, we may not, or it does not do so.
pub async fn act(context: &Context, worker: Worker, action: Action, by: &str) -> Result<Runner> {
    let paths = context.paths();
    let runner = of(&paths);
    match &runner {
        Runner::Supervisor(_) => {
            let before = Note::noted(&paths, worker);
            Order::give(&paths, worker, action, by).context("tell the workers; sudo may be needed")?;
            settled(&paths, worker, action, before.as_ref()).await?;
        }
        Runner::Units if has_unit(&paths, worker) => systemctl(&[action.name(), &unit(worker)])?,
        Runner::Units => {
            bail!("{} is not installed on this host; `decnet init` installs units", unit(worker))
        }
        Runner::Nobody => bail!("nobody runs the workers of {}: `decnet run` does", paths.root().display()),
    }
    Ok(runner)
}

/// Waits until a worker of a supervisor does what it was told.
async fn settled(paths: &Paths, worker: Worker, action: Action, before: Option<&Note>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let since = |note: Option<&Note>| note.and_then(|note| note.since);
    loop {
        let note = Note::noted(paths, worker);
        let done = match action {
            Action::Stop => note.is_none(),
            Action::Start => since(note.as_ref()).is_some(),
            Action::Restart => since(note.as_ref()).is_some_and(|at| Some(at) != since(before)),
        };
        if done {
            return Ok(());
        }
        if deadline < Instant::now() {
            let why = note.and_then(|note| note.report.last_error).unwrap_or_else(|| "it hangs".to_owned());
            bail!("{} did not {} within {} s: {why}", worker.name(), action.name(), PATIENCE.as_secs());
        }
        sleep(LOOK).await;
    }
}

/// Ends the workers, whoever runs them. Returns whether any ran.
///
/// # Errors
/// When they do not end.
pub fn stop_all(paths: &Paths) -> Result<bool> {
    if of(paths) == Runner::Units {
        systemctl(&["stop", TARGET])?;
        return Ok(true);
    }
    Ok(supervisor::stop(paths)?)
}

/// Why a worker that does not run does not, where somebody wanted it so.
pub fn stopped(order: &Order) -> String {
    format!("stopped by {} at {}", order.by, stamp::format(order.at))
}
