//! Being told by the kernel that a spool changed.

use super::CollectError;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::{
    collections::BTreeSet,
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    path::{Path, PathBuf},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Watches of one collector; folders beyond it are found by the tick.
const MAX_WATCHES: usize = 4096;

/// Watches the folder of spools, each spool and its lines.
pub(super) struct Watch {
    inotify: AsyncFd<Handle>,
    watched: BTreeSet<PathBuf>,
}

struct Handle(Inotify);

impl AsRawFd for Handle {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Watch {
    /// Must be called inside a tokio runtime.
    pub(super) fn new() -> Result<Watch, CollectError> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)
            .map_err(|errno| CollectError::Watch(errno.into()))?;
        #[expect(unsafe_code, reason = "tokio asks the caller to vouch for the descriptor")]
        // SAFETY: `Handle` owns the inotify descriptor, never replaces it, and gives the same one on
        // every call until it is dropped together with the `AsyncFd`.
        let registered = unsafe { AsyncFd::register_with_interest(Handle(inotify), Interest::READABLE) };
        let inotify = registered.map_err(|error| CollectError::Watch(error.into()))?;
        Ok(Watch { inotify, watched: BTreeSet::new() })
    }

    /// Adds the folders that appeared below `spools`; those that went are forgotten.
    pub(super) fn look(&mut self, spools: &Path) {
        self.watched.retain(|path| path.is_dir());
        self.add(spools);
        let Ok(entries) = std::fs::read_dir(spools) else { return };
        for entry in entries.flatten() {
            self.add(&entry.path());
            self.add(&entry.path().join("lines"));
        }
    }

    /// Waits for a change. Safe to cancel.
    pub(super) async fn changed(&self) {
        loop {
            let Ok(mut ready) = self.inotify.readable().await else { return std::future::pending().await };
            let mut some = false;
            loop {
                match self.inotify.get_ref().0.read_events() {
                    Ok(_) => some = true,
                    Err(nix::errno::Errno::EINTR) => {}
                    Err(_) => break,
                }
            }
            ready.clear_ready();
            if some {
                return;
            }
        }
    }

    fn add(&mut self, path: &Path) {
        if self.watched.contains(path) || self.watched.len() >= MAX_WATCHES {
            return;
        }
        let flags = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_ONLYDIR
            | AddWatchFlags::IN_DONT_FOLLOW;
        match self.inotify.get_ref().0.add_watch(path, flags) {
            Ok(_) => {
                self.watched.insert(path.to_owned());
            }
            Err(nix::errno::Errno::ENOENT | nix::errno::Errno::ENOTDIR) => {}
            Err(errno) => {
                let error = io::Error::from(errno);
                tracing::debug!(path = %path.display(), %error, "folder is not watched, the tick finds it");
            }
        }
    }
}
