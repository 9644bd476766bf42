//! One `netd` per folder, and what the last one left if it was killed.
//!
//! Namespaces, links, routes and sockets vanish with their last descriptor. What can stay is a stage
//! process that has not noticed yet that its control socket ended, and the file of our own socket.

use crate::process::{Process, believed, own_file};
use nix::{
    fcntl::{Flock, FlockArg},
    sys::signal::Signal,
};
use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Time that processes of a killed predecessor get to write out their lines.
const FAREWELL: Duration = Duration::from_secs(3);

/// Time that a killed process gets to be gone.
const DEATH: Duration = Duration::from_secs(1);

/// Held by the running `netd`; its files go with it.
#[derive(Debug)]
pub(super) struct Record {
    _lock: Flock<File>,
    path: PathBuf,
    written: Vec<Process>,
}

impl Record {
    /// Takes the lock, then removes what a killed predecessor left.
    ///
    /// # Errors
    /// `AlreadyExists` when another `netd` holds the lock.
    pub(super) fn take(run: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o750).create(run)?;
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o640)
            // The folder is another user's: a link leads nowhere, and nobody waits for a pipe.
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(run.join("netd.lock"))?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
            nix::errno::Errno::EWOULDBLOCK => {
                io::Error::new(io::ErrorKind::AlreadyExists, "netd runs already")
            }
            other => other.into(),
        })?;
        let path = record_file(run);
        let mut record = Record { _lock: lock, path, written: Vec::new() };
        record.clear();
        // From here on a teardown finds us, even if we hang before the stage is up.
        record.write(&[std::process::id()]);
        Ok(record)
    }

    /// Ends recorded processes that are still there.
    fn clear(&self) {
        let end = Instant::now() + FAREWELL;
        for process in read(&self.path) {
            if !process.wait(end.saturating_duration_since(Instant::now())) {
                tracing::warn!(
                    pid = process.pid,
                    "a stage process of an earlier run is still there and is ended"
                );
                process.signal(Signal::SIGKILL);
                process.wait(DEATH);
            }
        }
        let _ = fs::remove_file(&self.path);
    }

    /// Notes our processes. Failure is logged: the record only serves the next start.
    pub(super) fn write(&mut self, pids: &[u32]) {
        let processes: Vec<Process> = pids.iter().filter_map(|&pid| Process::of(pid)).collect();
        if processes == self.written {
            return;
        }
        let next = self.path.with_extension("next");
        let written = serde_json::to_vec(&processes)
            .map_err(io::Error::other)
            .and_then(|text| own_file(&next)?.write_all(&text))
            .and_then(|()| fs::rename(&next, &self.path));
        match written {
            Ok(()) => self.written = processes,
            Err(error) => tracing::warn!(%error, "the record of processes cannot be written"),
        }
    }
}

/// The processes that the `netd` of `run` has noted, itself first.
pub(super) fn processes(run: &Path) -> Vec<Process> {
    read(&record_file(run))
}

fn record_file(run: &Path) -> PathBuf {
    run.join("netd.json")
}

fn read(file: &Path) -> Vec<Process> {
    believed(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

impl Drop for Record {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
