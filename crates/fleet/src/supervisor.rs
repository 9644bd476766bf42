//! The process that keeps the workers of an installation: whether there is one, and ending it.

use crate::error::Error;
use decnet_model::paths::Paths;
use decnet_pipeline::runtime::Keeper;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::time::{Duration, Instant};

/// Longest wait for it to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Process id of the one that keeps the workers (`run` or `demo`), if anybody does.
pub fn running(paths: &Paths) -> Option<i32> {
    let holder = Keeper::holder(paths).ok().flatten()?;
    i32::try_from(holder.pid).ok()
}

/// Asks it to end and waits for it. Returns whether one ran.
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
