//! The process that runs the workers of an installation: whether there is one, and ending it.

use crate::error::{Error, system};
use decnet_model::paths::Paths;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    ffi::OsStr,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Longest wait for it to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Process id of the supervisor, if one runs.
pub fn running(paths: &Paths) -> Option<i32> {
    let pid: i32 = fs_err::read_to_string(pid_file(paths)).ok()?.trim().parse().ok()?;
    // The id may have gone to another process since: its program must be this one.
    let theirs = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let same = std::env::current_exe().ok().and_then(|own| own.file_name().map(OsStr::to_owned));
    (theirs.file_name()?.to_string_lossy().starts_with(&*same?.to_string_lossy())).then_some(pid)
}

/// Notes that this process is the supervisor, until what is returned is dropped.
///
/// # Errors
/// When the run folder cannot be written.
pub fn note(paths: &Paths) -> Result<Noted, Error> {
    fs_err::create_dir_all(paths.run()).map_err(system("make the run folder"))?;
    let file = pid_file(paths);
    fs_err::write(&file, std::process::id().to_string()).map_err(system("write the pid file"))?;
    Ok(Noted { file })
}

/// Stands while this process is the supervisor.
#[derive(Debug)]
pub struct Noted {
    file: PathBuf,
}

impl Drop for Noted {
    fn drop(&mut self) {
        let _ = fs_err::remove_file(&self.file);
    }
}

/// Asks the supervisor to end and waits for it. Returns whether one ran.
///
/// # Errors
/// When it does not end.
pub fn stop(paths: &Paths) -> Result<bool, Error> {
    let Some(pid) = running(paths) else { return Ok(false) };
    let asked = kill(Pid::from_raw(pid), Signal::SIGTERM);
    asked.map_err(|error| Error::System("ask the workers to end", error.into()))?;
    let deadline = Instant::now() + PATIENCE;
    while running(paths) == Some(pid) {
        if deadline < Instant::now() {
            return Err(Error::Stubborn(pid));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(true)
}

/// Where its messages go when it runs in the background.
pub fn log_file(paths: &Paths) -> PathBuf {
    paths.run().join("decnet.log")
}

fn pid_file(paths: &Paths) -> PathBuf {
    paths.run().join("decnet.pid")
}
