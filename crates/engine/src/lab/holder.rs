//! The process that a lab lives in: build, note where everything is, wait.

use super::{
    build,
    state::{LabConfig, LabError, LabState},
};
use crate::{
    confine::{ConfineError, HOUSE_USER, Kept, User, confine},
    native::existing_user,
};
use nix::{
    sched::{CloneFlags, unshare},
    sys::signal::{SigSet, Signal},
    unistd::{Gid, Uid},
};
use std::{fs, io};

/// Builds a lab and holds it until SIGTERM. To be called first thing in a process, while it has one
/// thread.
///
/// # Errors
/// [`LabError`] when it cannot be built.
pub fn lab_main(config: &LabConfig) -> Result<(), LabError> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads != 1 {
        return Err(LabError::Threads(threads));
    }
    let mut ends = SigSet::empty();
    ends.add(Signal::SIGTERM);
    ends.add(Signal::SIGINT);
    let blocked = ends.thread_block().map_err(io::Error::from);
    blocked.map_err(LabError::failed("block signals"))?;
    let rootless = leave_host()?;
    let built = build::build(config, rootless)?;
    built.state.write(config).map_err(LabError::failed("write the lab's state"))?;
    give_up(config, rootless).map_err(LabError::Confine)?;
    let _ = ends.wait();
    LabState::remove(config);
    Ok(())
}

/// Everything is built: what is left to do is to hold descriptors, which needs no right at all.
fn give_up(config: &LabConfig, rootless: bool) -> Result<(), ConfineError> {
    let own = (!rootless).then_some(HOUSE_USER).filter(|_| Uid::effective().is_root());
    let user = existing_user(own).map(|uid| User { uid, gid: uid });
    let kept = Kept {
        user,
        groups: Vec::new(),
        read: Vec::new(),
        write: vec![config.run.clone()],
        open_files: None,
        low_ports: false,
        // Its namespaces are entered through its descriptors.
        inspectable: true,
    };
    confine(&kept).map(drop)
}

/// Leaves the host's network: as root plainly, otherwise with a user namespace of our own. Says which.
fn leave_host() -> Result<bool, LabError> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => Ok(false),
        Err(nix::errno::Errno::EPERM) => {
            let (user, group) = (Uid::effective(), Gid::effective());
            // The kernel's word for a limit of none is that there is no space left.
            let forbidden = |error: nix::errno::Errno| match error {
                nix::errno::Errno::ENOSPC => LabError::Forbidden(io::Error::other(
                    "user namespaces are switched off, or as many as allowed exist (sysctl user.max_user_namespaces)",
                )),
                other => LabError::Forbidden(other.into()),
            };
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(forbidden)?;
            become_root(user, group).map_err(LabError::Forbidden)?;
            Ok(true)
        }
        Err(error) => Err(LabError::Forbidden(error.into())),
    }
}

/// Maps root of the new user namespace to the user that we were (user_namespaces(7)).
fn become_root(user: Uid, group: Gid) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}
