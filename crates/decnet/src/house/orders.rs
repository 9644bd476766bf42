//! The keeper's side: starting a process of the house, and ending it.

use super::house_user;
use crate::{
    commands::Context,
    hidden,
    settings::{Name, Settings},
    tls,
    workers::bus_group,
};
use decnet_engine::{confine::Kept, native};
use decnet_model::worker::{Place, Process, Worker};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{ChildStdin, Command, Stdio},
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// What the line says when the process is to end in good order.
pub(super) const STOP: &str = "stop";

/// What a process is told first, one line of JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Orders {
    /// Which process it is.
    pub(super) process: String,
    /// The workers that live in it.
    pub(super) workers: Vec<String>,
    /// How it runs them.
    pub(super) manner: Manner,
    /// Every setting, by variable.
    pub(super) settings: Vec<(String, String)>,
    /// What it keeps.
    pub(super) kept: Kept,
}

/// How a process runs its workers.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Manner {
    /// Its one worker is not started again when it fails.
    pub(super) alone: bool,
    /// It says less than usual.
    pub(super) quiet: bool,
}

/// A process of the house that runs.
pub(super) struct Part {
    pid: Pid,
    line: Option<ChildStdin>,
    /// Whether it has ended, and whether that was in good order.
    ended: watch::Receiver<Option<bool>>,
}

impl Part {
    /// Starts `process` with `workers`.
    pub(super) fn start(
        context: &Context,
        process: Process,
        workers: &[Worker],
        manner: Manner,
    ) -> io::Result<Part> {
        let orders = Orders {
            process: process.name().to_owned(),
            workers: workers.iter().map(|worker| worker.name().to_owned()).collect(),
            manner,
            settings: context.settings().export(),
            kept: kept(context, process).map_err(io::Error::other)?,
        };
        let mut child = Command::new(std::env::current_exe()?)
            .arg(hidden::PART)
            // For people who look at a list of processes.
            .arg(process.name())
            .stdin(Stdio::piped())
            // Ctrl-C is the keeper's to hear.
            .process_group(0)
            .spawn()?;
        let mut line = child.stdin.take();
        let mut text = serde_json::to_vec(&orders)?;
        text.push(b'\n');
        if let Some(line) = &mut line {
            line.write_all(&text)?;
        }
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or_default());
        let (sender, ended) = watch::channel(None);
        std::thread::spawn(move || {
            let good = child.wait().is_ok_and(|status| status.success());
            sender.send_replace(Some(good));
        });
        Ok(Part { pid, line, ended })
    }

    /// Waits until it has ended; says whether in good order.
    pub(super) async fn ended(&mut self) -> bool {
        self.ended.wait_for(Option::is_some).await.is_ok_and(|ended| *ended == Some(true))
    }

    /// Ends it in good order, within `grace`, or else at once.
    pub(super) async fn stop(mut self, grace: Duration) {
        if let Some(mut line) = self.line.take() {
            // One that has ended already does not read.
            let _ = line.write_all(format!("{STOP}\n").as_bytes());
            // The line stays open: its end would mean now.
            let _ = timeout(grace, self.ended()).await;
        }
        if self.ended.borrow().is_none() {
            tracing::error!(pid = self.pid.as_raw(), "process did not end in time and is killed");
            let _ = kill(self.pid, Signal::SIGKILL);
            self.ended().await;
        }
    }
}

/// What `process` keeps of what the keeper has.
pub(super) fn kept(context: &Context, process: Process) -> anyhow::Result<Kept> {
    let (settings, grants) = (context.settings(), process.grants());
    let places = |list: &[Place]| list.iter().flat_map(|&place| paths(place, context)).collect();
    // The stage's group may read spools and remove what was read.
    let groups = std::iter::once(native::STAGE_USER).chain(bus_group(settings)?).collect();
    // The capability is kept only where it is needed.
    let below = [Name::CanaryHttpPort, Name::CanaryDnsPort];
    Ok(Kept {
        user: house_user(settings)?.filter(|_| !grants.starter),
        groups,
        read: places(grants.read),
        write: places(grants.write),
        open_files: grants.open_files,
        low_ports: grants.low_ports && below.iter().any(|&name| settings.number(name) < 1024),
        inspectable: false,
    })
}

/// Where a place is on this machine.
fn paths(place: Place, context: &Context) -> Vec<PathBuf> {
    let folder_of = |file: PathBuf| file.parent().map(PathBuf::from);
    let settings: &Settings = context.settings();
    match place {
        Place::State => {
            let socket = settings.given(Name::BusSocket).and_then(|path| folder_of(path.into()));
            let database = (!context.is_remote()).then(|| context.database()).and_then(folder_of);
            std::iter::once(context.paths().root().to_owned()).chain(socket).chain(database).collect()
        }
        Place::Messages => {
            let file = settings.given(Name::SystemLogs).map(PathBuf::from);
            file.and_then(folder_of).into_iter().collect()
        }
        Place::Certificates => tls::places(settings),
        Place::System => [
            "/etc",
            // What /etc/resolv.conf leads to where systemd resolves names.
            "/run/systemd/resolve",
            "/usr/share/zoneinfo",
            "/usr/lib",
            "/lib",
            "/dev/urandom",
            "/proc/self",
        ]
        .map(PathBuf::from)
        .to_vec(),
    }
}
