//! The process that brings an update to its end. It is the program from before, in a session of its own: a release that
//! crashes, hangs or says nothing cannot keep it from putting that program back.

use super::{
    ground::Ground,
    keeping, own,
    slots::{Noted, Slots},
    staging,
};
use crate::{
    commands::Context,
    logs, runner,
    settings::{Layer, Name, Origin, Settings},
};
use anyhow::{Context as _, Result, bail};
use decnet_model::{paths::Paths, record::UpdateState};
use decnet_swarm::update::{self, Shelf, Told};
use nix::fcntl::Flock;
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// Name of the verb that is this process.
pub(crate) const JUDGE: &str = "update-judge";
/// Name of its unit, where systemd runs the workers.
const UNIT: &str = "decnet-update-judge";
/// Looks for a lock that somebody else has, and the time between two.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(50);

/// Starts the process that brings an update to its end; one that finds another at it ends at once.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn begin(settings: &Settings) -> Result<()> {
    let paths = Paths::new(settings.state_dir());
    let slots = Slots::new(&paths);
    slots.make()?;
    if slots.lock()?.is_none() {
        return Ok(());
    }
    let (program, release) = match slots.noted() {
        Some(noted) => (noted.program, noted.update.from),
        None => (std::env::current_exe().context("find this program")?, own::running()),
    };
    let state = std::path::absolute(settings.state_dir()).context("find the state folder")?;
    if runner::has_units(&paths) {
        // Outside of the units, which are stopped, and of their rights.
        let mut command = Command::new("systemd-run");
        command.args(["--quiet", "--collect", "--unit", UNIT, "--property=Restart=on-failure"]);
        if let Some(release) = &release {
            command.arg(format!("--setenv={}={release}", own::RELEASE));
        }
        command.arg("--").arg(program).arg(JUDGE).arg(state);
        let output = command.output().context("run systemd-run")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        // One that is there already is at it.
        if !output.status.success() && !said.contains("already") {
            bail!("systemd-run: {said}");
        }
        return Ok(());
    }
    let messages = settings.given(Name::SystemLogs).map_or_else(|| paths.messages(), PathBuf::from);
    let log = logs::open(&messages).context("open the log")?;
    let errors = log.try_clone().context("open the log")?;
    let mut command = Command::new(program);
    command.arg(JUDGE).arg(state).stdin(Stdio::null()).stdout(log).stderr(errors);
    own::be(&mut command, release.as_deref());
    own::detach(&mut command);
    let mut child = command.spawn().context("start the process that updates")?;
    // It is nobody's to wait for, and what is left of it is to go.
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// The process: brings an update to its end that was begun, or begins the one that is ordered.
///
/// # Errors
/// What stands in the way.
pub(crate) fn main() -> Result<(), String> {
    logs::start_plain();
    let state = std::env::args_os().nth(2).ok_or("it is started with a state folder")?;
    judge(Path::new(&state)).map_err(|error| format!("{error:#}"))
}

fn judge(state: &Path) -> Result<()> {
    let flags: Layer = vec![(
        Name::StateDir.knob().variable.to_owned(),
        state.display().to_string(),
        Origin::Flag("state-dir"),
    )];
    let settings = Settings::load(flags)
        .map_err(|bad| anyhow::anyhow!(bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let context = Context::new(settings);
    let slots = Slots::new(&context.paths());
    slots.make()?;
    let Some(_lock) = locked(&slots)? else { return Ok(()) };
    if let Some(noted) = slots.noted() {
        return finish(&context, &slots, noted);
    }
    let Some(order) = Shelf::new(&context.paths()).ordered() else { return Ok(()) };
    if slots.told().is_some_and(|told| told.id == order.id) {
        return Ok(());
    }
    match staging::stage(&context, &slots, &order) {
        Ok(noted) => finish(&context, &slots, noted),
        Err(error) => {
            let reason = format!("{error:#}");
            tracing::error!(release = order.version, reason, "a release is refused; nothing was changed");
            staging::forget(&context);
            slots.tell(&Told::new(&order.id, UpdateState::Refused, &reason))
        }
    }
}

/// The lock of who does this. Whoever only looks whether it is held has it for a moment.
fn locked(slots: &Slots) -> Result<Option<Flock<File>>> {
    for _ in 0..LOOKS {
        if let Some(lock) = slots.lock()? {
            return Ok(Some(lock));
        }
        std::thread::sleep(LOOK);
    }
    Ok(None)
}

fn finish(context: &Context, slots: &Slots, noted: Noted) -> Result<()> {
    let update = noted.update.clone();
    slots.tell(&Told::new(&update.id, UpdateState::Trying, ""))?;
    tracing::info!(from = update.from, to = update.to, "an update begins, or goes on");
    let mut ground = Ground::new(context, slots, noted);
    let ended = update::drive(&mut ground, &update).map_err(anyhow::Error::msg)?;
    let state = if ended.reason.is_empty() { UpdateState::Done } else { UpdateState::RolledBack };
    slots.tell(&Told::new(&ended.id, state, &ended.reason))?;
    slots.forget()?;
    keeping::forget(slots);
    if state == UpdateState::Done {
        tracing::info!(to = ended.to, "the update is done");
        slots.tidy(&[Some(ended.to), ended.from]);
    } else {
        tracing::error!(to = ended.to, reason = ended.reason, "the update was taken back");
        slots.tidy(&[slots.current(), ended.from]);
    }
    ground.leave();
    Ok(())
}
