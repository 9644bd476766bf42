//! One copy of a worker per host.

use decnet_model::{paths::Paths, worker::Worker};
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

/// Held while a worker runs. The kernel frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct WorkerLock {
    _lock: Flock<File>,
}

/// Why a worker did not get its lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another copy runs.
    #[error("start {worker}: another copy runs on this host")]
    Taken {
        /// Name of the worker.
        worker: &'static str,
    },
    /// The lock file cannot be used.
    #[error("{attempt} {path}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl WorkerLock {
    /// Takes the lock of `worker`.
    ///
    /// # Errors
    /// [`LockError::Taken`] when a live process has it.
    pub fn take(paths: &Paths, worker: Worker) -> Result<WorkerLock, LockError> {
        let path = paths.worker_lock(worker.name());
        let failed = |attempt| {
            let path = path.clone();
            move |source| LockError::Io { attempt, path, source }
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed("create the folder of"))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            // Root takes locks too, in a folder that is not root's.
            .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
            .open(&path)
            .map_err(failed("open"))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(WorkerLock { _lock: lock }),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Err(LockError::Taken { worker: worker.name() }),
            Err((_, errno)) => Err(failed("lock")(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_the_place_of_a_lock_makes_no_file_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir_all(paths.run()).unwrap();
        std::os::unix::fs::symlink(&elsewhere, paths.worker_lock(Worker::Fleet.name())).unwrap();
        assert!(matches!(WorkerLock::take(&paths, Worker::Fleet), Err(LockError::Io { .. })));
        assert!(!elsewhere.exists());
        assert!(WorkerLock::take(&paths, Worker::Api).is_ok());
    }
}
