//! Processes that are not our children, told apart from later ones with the same number.

use nix::{sys::signal::Signal, unistd::geteuid};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// A process that cannot be confused with a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Start in clock ticks since boot, field 22 of `/proc/PID/stat`.
    pub(crate) started: u64,
}

impl Process {
    /// The process `pid` as it is now; `None` when there is none, or only its remains.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, field 2, may contain anything, even parentheses.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let state = fields.next()?;
        let started = fields.nth(18)?.parse().ok()?;
        (state != "Z").then_some(Process { pid, started })
    }

    /// Whether it still runs.
    pub(crate) fn alive(&self) -> bool {
        Process::of(self.pid) == Some(*self)
    }

    /// Sends it `signal` if it still runs.
    pub(crate) fn signal(&self, signal: Signal) {
        // Held first and looked at then: the number cannot become another's in between.
        if let Ok(held) = HeldProcess::open(self.pid)
            && self.alive()
        {
            let _ = held.signal(signal);
        }
    }

    /// Waits until it is gone; `false` when it is not within `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while self.alive() {
            if Instant::now() >= end {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

/// A process that is held by a descriptor: whoever gets its number later is not it.
#[derive(Debug)]
pub struct HeldProcess {
    descriptor: OwnedFd,
}

impl HeldProcess {
    /// Holds the process that has this number now.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(pid: u32) -> io::Result<HeldProcess> {
        let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
        #[expect(unsafe_code, reason = "pidfd_open has no safe form")]
        // SAFETY: two numbers go in; what comes out is an error or a descriptor that nobody else has.
        let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let number = i32::try_from(opened).map_err(io::Error::other)?;
        if number < 0 {
            return Err(io::Error::last_os_error());
        }
        #[expect(unsafe_code, reason = "the kernel hands descriptors over as numbers")]
        // SAFETY: as above.
        let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
        Ok(HeldProcess { descriptor })
    }

    /// Sends it `signal`.
    ///
    /// # Errors
    /// When it has ended, or we may not.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let descriptor = self.descriptor.as_raw_fd();
        let nothing = std::ptr::null::<libc::siginfo_t>();
        #[expect(unsafe_code, reason = "pidfd_send_signal has no safe form")]
        // SAFETY: numbers go in, and a null pointer, which says that there is no more to say.
        let sent =
            unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor, signal as i32, nothing, 0) };
        if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// An empty file of our own at `path`, for root in a folder that is another user's: what is there goes,
/// and no link is followed.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn own_file(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options().write(true).create_new(true).mode(0o640).open(path)
}

/// What a file says that names processes. Root believes only what root wrote: the folder is another user's, who could
/// put other numbers there, and root would end those.
///
/// # Errors
/// When it is not there, is a link, or is not to be believed.
pub(crate) fn believed(path: &Path) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut file = File::options().read(true).custom_flags(flags).open(path)?;
    let data = file.metadata()?;
    if !data.is_file() || (geteuid().is_root() && data.uid() != 0) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "a note that somebody else wrote"));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map(|_| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_and_what_another_user_wrote_are_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (note, link) = (folder.path().join("note"), folder.path().join("link"));
        fs::write(&note, "[]").unwrap();
        std::os::unix::fs::symlink(&note, &link).unwrap();
        assert_eq!(believed(&note).unwrap(), b"[]");
        assert!(believed(&link).is_err() && believed(folder.path()).is_err());
        if geteuid().is_root() && std::os::unix::fs::chown(&note, Some(1), None).is_ok() {
            assert!(believed(&note).is_err());
        }
    }

    #[test]
    fn who_is_held_gets_the_signal_and_nobody_after_him() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let held = HeldProcess::open(child.id()).unwrap();
        held.signal(Signal::SIGKILL).unwrap();
        child.wait().unwrap();
        assert!(held.signal(Signal::SIGKILL).is_err(), "it has ended, whoever has its number now");
        assert!(HeldProcess::open(u32::MAX).is_err());
    }

    #[test]
    fn a_number_alone_is_not_a_process() {
        let own = Process::of(std::process::id()).unwrap();
        assert!(own.alive());
        assert!(!Process { started: own.started + 1, ..own }.alive());
        assert!(Process::of(u32::MAX).is_none());
    }
}
