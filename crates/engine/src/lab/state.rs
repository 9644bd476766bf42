//! A lab that is up: finding it, starting it, ending it.

use crate::process::{self, Process};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write},
    net::Ipv4Addr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Time that the holder gets to build everything, and to end.
const LIMIT: Duration = Duration::from_secs(10);

/// What a lab is made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LabConfig {
    /// Folder of the lab's state file.
    pub run: PathBuf,
    /// Network of the segment.
    pub network: Ipv4Addr,
    /// Its prefix length, 8 to 29.
    pub prefix: u8,
    /// Hosts to attack from, 1 to 16; they have the last addresses of the network.
    pub attackers: u8,
}

impl LabConfig {
    /// The usual lab: 10.66.0.0/21 with one attacker; a thousand nodes fit.
    pub fn new(run: impl Into<PathBuf>) -> Self {
        LabConfig { run: run.into(), network: Ipv4Addr::new(10, 66, 0, 0), prefix: 21, attackers: 1 }
    }

    fn state_file(&self) -> PathBuf {
        state_file(&self.run)
    }
}

fn state_file(run: &Path) -> PathBuf {
    run.join("lab.json")
}

/// What there is to know of a lab that is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabState {
    /// The holder.
    pub(crate) holder: Process,
    /// Whether it lives in a user namespace of its own.
    pub rootless: bool,
    /// Network of the segment.
    pub network: Ipv4Addr,
    /// Its prefix length.
    pub prefix: u8,
    /// Interface in the segment's namespace to deploy on.
    pub interface: String,
    /// Descriptor of the segment's namespace in the holder.
    pub(crate) segment: i32,
    /// The router; its address is the gateway.
    pub router: LabHost,
    /// The hosts to attack from.
    pub attackers: Vec<LabHost>,
}

impl LabState {
    /// Process of the holder: another one is another lab.
    pub fn holder(&self) -> u32 {
        self.holder.pid
    }
}

/// A host of the lab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabHost {
    /// Its address on the segment.
    pub address: Ipv4Addr,
    /// Descriptor of its namespace in the holder.
    pub(crate) namespace: i32,
}

/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// There is one already.
    #[error("a lab is up already")]
    Up,
    /// There is none.
    #[error("no lab is up")]
    Down,
    /// The settings make no network.
    #[error("{0}")]
    Config(String),
    /// The holder was called in a process that has other threads.
    #[error("start the lab in a process with {0} threads")]
    Threads(usize),
    /// The system does not let us make namespaces.
    #[error(
        "make namespaces: this system allows them neither to us nor in a user namespace; root can make them \
         (`decnet doctor` says more)"
    )]
    Forbidden(#[source] io::Error),
    /// The holder could not give up its rights.
    #[error("confine the lab's holder")]
    Confine(#[source] crate::confine::ConfineError),
    /// Something could not be done.
    #[error("{what}")]
    Failed {
        /// What was attempted.
        what: &'static str,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// The holder ended while building.
    #[error("the lab did not come up: {0}")]
    Ended(String),
}

impl LabError {
    pub(super) fn failed(what: &'static str) -> impl Fn(io::Error) -> LabError {
        move |source| LabError::Failed { what, source }
    }
}

/// A lab that is up.
#[derive(Clone, Debug)]
pub struct Lab {
    state: LabState,
    file: PathBuf,
}

impl Lab {
    /// The lab whose state is in `run`; `None` when none is up. What a killed one left is removed.
    pub fn find(run: &Path) -> Option<Lab> {
        let file = state_file(run);
        let state: LabState = serde_json::from_slice(&process::believed(&file).ok()?).ok()?;
        if state.holder.alive() {
            return Some(Lab { state, file });
        }
        let _ = fs::remove_file(file);
        None
    }

    /// Starts `program lab-hold` and waits until the lab is up. Blocks for some ten milliseconds.
    ///
    /// # Errors
    /// [`LabError::Up`], or why it did not come up.
    pub fn up(program: &Path, config: &LabConfig) -> Result<Lab, LabError> {
        if Lab::find(&config.run).is_some() {
            return Err(LabError::Up);
        }
        fs::create_dir_all(&config.run).map_err(LabError::failed("make the run folder"))?;
        let start = LabError::failed("start the lab's holder");
        let path = config.run.join("lab.log");
        let log = process::own_file(&path).map_err(&start)?;
        let mut child = Command::new(program)
            .arg("lab-hold")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(&start)?;
        let text = serde_json::to_vec(config).map_err(|error| start(error.into()))?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(&text).map_err(&start)?;
        }
        let end = Instant::now() + LIMIT;
        while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
            if let Some(lab) = Lab::find(&config.run).filter(|lab| lab.state.holder.pid == child.id()) {
                reap_aside(child);
                return Ok(lab);
            }
            thread::sleep(Duration::from_millis(2));
        }
        let _ = child.kill();
        let _ = child.wait();
        let log = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).trim().to_owned();
        Err(LabError::Ended(log))
    }

    /// What there is to know of it.
    pub fn state(&self) -> &LabState {
        &self.state
    }

    /// Ends the holder; the namespaces vanish with the last process in them.
    ///
    /// # Errors
    /// When the holder does not end.
    pub fn down(&self) -> Result<(), LabError> {
        self.state.holder.signal(Signal::SIGTERM);
        if !self.state.holder.wait(LIMIT) {
            self.state.holder.signal(Signal::SIGKILL);
            if !self.state.holder.wait(LIMIT) {
                let source = io::ErrorKind::TimedOut.into();
                return Err(LabError::Failed { what: "end the lab's holder", source });
            }
        }
        // The holder may have been killed, or the folder be closed to its user.
        let _ = fs::remove_file(&self.file);
        Ok(())
    }
}

/// Takes the holder's exit status when it ends, so that a caller which lives longer keeps no remains.
fn reap_aside(mut child: std::process::Child) {
    thread::spawn(move || child.wait());
}

impl LabState {
    /// Writes the state file, whole or not at all.
    pub(super) fn write(&self, config: &LabConfig) -> io::Result<()> {
        let file = config.state_file();
        let next = file.with_extension("next");
        process::own_file(&next)?.write_all(&serde_json::to_vec_pretty(self).map_err(io::Error::other)?)?;
        fs::rename(next, file)
    }

    /// Removes the state file.
    pub(super) fn remove(config: &LabConfig) {
        let _ = fs::remove_file(config.state_file());
    }
}
