//! What an update does to this host: workers are stopped and started, by systemd or by ourselves, and looked at.

use super::{
    keeping, own,
    slots::{Noted, Slots},
};
use crate::{commands::Context, logs, runner, settings::Name};
use anyhow::{Context as _, Result, bail};
use decnet_fleet::supervisor;
use decnet_model::{paths::Paths, worker::Worker};
use decnet_pipeline::runtime::{Claim, Keeper, Note};
use decnet_swarm::{
    files::Files,
    update::{Act, Seen, Update, World},
};
use netsvc_wire::stamp::{self, Micros};
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longest wait for a process that was killed to be gone.
const GONE: Duration = Duration::from_secs(10);
/// How often workers are stopped that are there again.
const TRIES: u32 = 5;
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// What a host was heard before its trial began counts that it was heard in it, µs: it is started a little earlier.
const EARLY: Micros = 5_000_000;

/// This host, while it is updated.
pub(super) struct Ground<'a> {
    context: &'a Context,
    slots: &'a Slots,
    paths: Paths,
    noted: Noted,
}

impl<'a> Ground<'a> {
    pub(super) fn new(context: &'a Context, slots: &'a Slots, noted: Noted) -> Ground<'a> {
        Ground { context, slots, paths: context.paths(), noted }
    }

    /// When all is over: the worker that had this process started is of the release that runs from now on, too.
    pub(super) fn leave(&self) {
        if self.has_units()
            && runner::has_unit(&self.paths, Worker::Updater)
            && let Err(error) = runner::systemctl(&["restart", "--no-block", &runner::unit(Worker::Updater)])
        {
            tracing::warn!(error = format!("{error:#}"), "the worker `updater` is not started again");
        }
    }

    fn has_units(&self) -> bool {
        self.noted.words.is_empty()
    }

    fn done(&mut self, act: Act, update: &Update) -> Result<()> {
        match act {
            Act::Stop => self.stop(),
            Act::Keep => {
                let _alone = self.alone()?;
                keeping::keep(self.context, self.slots, self.has_units())
            }
            Act::Flip => self.slots.flip(Some(&update.to)),
            Act::Start => self.start(Some(&update.to)),
            Act::Restore => {
                let _alone = self.alone()?;
                keeping::restore(self.context, self.slots)
            }
            Act::FlipBack => self.slots.flip(update.from.as_deref()),
            Act::StartBack => self.start(update.from.as_deref()),
        }
    }

    /// Waits until nobody works in the state folder, and keeps it so: whoever started this host may be starting
    /// workers.
    fn alone(&self) -> Result<Claim> {
        let mut tries = 0;
        loop {
            match Claim::whole(&self.paths) {
                Ok(claim) => return Ok(claim),
                Err(error) if tries == TRIES => return Err(error.into()),
                Err(_) => self.stop()?,
            }
            tries += 1;
        }
    }

    /// Units of the workers. That of who updates is started again, too; until all is over it is the release before.
    fn units(&self) -> Vec<String> {
        let here = |worker: &&Worker| runner::has_unit(&self.paths, **worker);
        Worker::ALL.iter().filter(here).map(|worker| runner::unit(*worker)).collect()
    }

    fn systemctl(&self, words: &[&str]) -> Result<()> {
        let units = self.units();
        let all: Vec<&str> = words.iter().copied().chain(units.iter().map(String::as_str)).collect();
        runner::systemctl(&all)
    }

    fn stop(&self) -> Result<()> {
        if self.has_units() {
            return self.systemctl(&["stop"]);
        }
        if let Err(error) = supervisor::stop(&self.paths) {
            tracing::warn!(%error, "the workers do not end and are killed");
            self.kill_keeper()?;
        }
        // One that hangs may never have become who keeps the workers.
        if let Some((pid, start)) = self.noted.started.filter(is_alive) {
            let group = Pid::from_raw(i32::try_from(pid).context("end what was started")?);
            // It may end meanwhile.
            let _ = killpg(group, Signal::SIGKILL);
            wait_until(|| !is_alive(&(pid, start)))?;
        }
        Ok(())
    }

    fn kill_keeper(&self) -> Result<()> {
        let Some(pid) = supervisor::running(&self.paths) else { return Ok(()) };
        if !Keeper::is_held_by(&self.paths, pid.unsigned_abs()) {
            bail!("process {pid} says that it keeps the workers, and does not");
        }
        kill(Pid::from_raw(pid), Signal::SIGKILL).context("kill the workers")?;
        wait_until(|| supervisor::running(&self.paths) != Some(pid))
    }

    /// Starts the workers; whatever runs is stopped first, so that once more is the same.
    fn start(&mut self, release: Option<&str>) -> Result<()> {
        self.stop()?;
        if self.has_units() {
            // One that has failed too often is started all the same.
            if let Err(error) = self.systemctl(&["reset-failed"]) {
                tracing::debug!(%error, "no unit had failed");
            }
            return self.systemctl(&["start", "--no-block"]);
        }
        let program = match release {
            Some(release) => {
                self.slots.program(release).with_context(|| format!("there is no release {release}"))?
            }
            None => self.noted.program.clone(),
        };
        let settings = self.context.settings();
        let messages = settings.given(Name::SystemLogs).map_or_else(|| self.paths.messages(), PathBuf::from);
        let log = logs::open(&messages).context("open the log")?;
        let errors = log.try_clone().context("open the log")?;
        let mut command = Command::new(program);
        command.args(&self.noted.words).stdin(Stdio::null()).stdout(log).stderr(errors);
        own::be(&mut command, release);
        own::detach(&mut command);
        let mut child = command.spawn().context("start the workers")?;
        let pid = child.id();
        self.noted.started = start_of(pid).map(|start| (pid, start));
        // What is left of it when it ends is to go.
        thread::spawn(move || child.wait());
        self.slots.note(&self.noted)
    }

    /// What is wrong with the workers that ran before.
    fn bad(&self) -> Option<String> {
        let now = stamp::now();
        let ran = |worker: &&Worker| self.noted.workers.iter().any(|name| name == worker.name());
        Worker::ALL.iter().filter(ran).find_map(|&worker| {
            let name = worker.name();
            let Some(note) = Note::read(&self.paths, worker) else {
                return Some(format!("{name} does not run"));
            };
            let before = self.noted.ill.iter().any(|ill| ill == name);
            if !note.is_bad(now) || before {
                return None;
            }
            let why = note.report.trouble.or(note.report.last_error).unwrap_or_else(|| "hangs".to_owned());
            Some(format!("{name}: {why}"))
        })
    }

    /// The release by which this host was heard in its trial; a master has nobody to be heard by, and says by its
    /// process what it is.
    fn heard(&self, update: &Update) -> Option<String> {
        let files = Files::new(&self.paths);
        if files.is_agent() {
            let heard = files.heard().filter(|(_, at)| update.since.saturating_sub(EARLY) <= *at);
            return heard.map(|(version, _)| version);
        }
        let named: Vec<Worker> = self.noted.workers.iter().filter_map(|name| name.parse().ok()).collect();
        named.into_iter().find_map(|worker| own::running_as(Note::read(&self.paths, worker)?.pid))
    }
}

impl World for Ground<'_> {
    fn now(&self) -> Micros {
        stamp::now()
    }

    fn wait(&mut self, time: Duration) {
        thread::sleep(time);
    }

    fn note(&mut self, update: &Update) -> Result<(), String> {
        self.noted.update = update.clone();
        tracing::info!(phase = ?update.phase, reason = update.reason, "the update goes on");
        self.slots.note(&self.noted).map_err(|error| format!("{error:#}"))
    }

    fn act(&mut self, act: Act, update: &Update) -> Result<(), String> {
        self.done(act, update).map_err(|error| {
            let error = format!("{error:#}");
            tracing::warn!(?act, error, "a step of the update failed");
            error
        })
    }

    fn look(&mut self, update: &Update) -> Seen {
        let runs = match self.noted.started {
            Some(started) if !self.has_units() => is_alive(&started),
            _ => {
                let mut workers = self.noted.workers.iter().filter_map(|name| name.parse().ok());
                workers.any(|worker| Note::read(&self.paths, worker).is_some())
            }
        };
        Seen { runs, bad: self.bad(), heard: self.heard(update) }
    }
}

/// Whether a process still runs, and is not a later one of the same number.
fn is_alive((pid, start): &(u32, u64)) -> bool {
    start_of(*pid) == Some(*start)
}

/// Field 22 of `/proc/PID/stat`: when it was started, in clock ticks since boot; `None`: it is gone, or its remains.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, may contain anything, even parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18)?.parse().ok())?
}

fn wait_until(done: impl Fn() -> bool) -> Result<()> {
    let deadline = Instant::now() + GONE;
    while !done() {
        if deadline < Instant::now() {
            bail!("a process that was killed is still there");
        }
        thread::sleep(LOOK);
    }
    Ok(())
}
