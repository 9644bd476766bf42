//! The process that keeps the workers of an installation: whether there is one, and ending it.

use crate::error::Error;
use decnet_engine::process::HeldProcess;
use decnet_model::paths::Paths;
use decnet_pipeline::runtime::Keeper;
use nix::{sys::signal::Signal, unistd::geteuid};
use std::time::{Duration, Instant};

/// Longest wait for it to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Process id of the one that keeps the workers (`run` or `demo`), if anybody does, as it says itself.
pub fn running(paths: &Paths) -> Option<i32> {
    let holder = Keeper::holder(paths).ok().flatten()?;
    i32::try_from(holder.pid).ok()
}

/// Asks it to end and waits for it. Returns whether one ran.
///
/// # Errors
/// When it does not end, or is not who it says it is.
pub fn stop(paths: &Paths) -> Result<bool, Error> {
    let Some(pid) = running(paths) else { return Ok(false) };
    end(paths, pid.unsigned_abs())?;
    let deadline = Instant::now() + PATIENCE;
    while running(paths) == Some(pid) {
        if deadline < Instant::now() {
            return Err(Error::Stubborn(pid));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(true)
}

/// Asks the process to end that has the lock. Root believes the lock only: who owns the folder may have written any
/// number there, and root may end everybody.
fn end(paths: &Paths, pid: u32) -> Result<(), Error> {
    let failed = |error| Error::System("ask the workers to end", error);
    // Held before it is looked at: its number cannot become another's in between.
    let held = HeldProcess::open(pid).map_err(failed)?;
    if geteuid().is_root() && !Keeper::is_held_by(paths, pid) {
        return Err(Error::Unproven(pid));
    }
    held.signal(Signal::SIGTERM).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn root_ends_nobody_who_is_only_named() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let mut named = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let words = format!("{{\"pid\":{},\"verb\":\"run\"}}", named.id());
        std::fs::write(paths.keeper_lock(), words).unwrap();
        // Somebody has the lock, and it is not the one that is named.
        let file = File::options().write(true).open(paths.keeper_lock()).unwrap();
        let lock = nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusive).unwrap();
        assert_eq!(running(&paths), i32::try_from(named.id()).ok());
        if geteuid().is_root() {
            assert!(matches!(stop(&paths), Err(Error::Unproven(pid)) if pid == named.id()));
            assert!(named.try_wait().unwrap().is_none(), "it still runs");
        }
        drop(lock);
        named.kill().unwrap();
        named.wait().unwrap();
    }
}
