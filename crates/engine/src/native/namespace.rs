//! Network namespaces that are held by a descriptor and have no name: when the last descriptor and the
//! last socket in one are closed, the kernel takes it away with all its links and routes.

use nix::sched::{CloneFlags, setns, unshare};
use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

/// The namespace of the calling thread.
///
/// # Errors
/// When `/proc` is not there.
pub fn current() -> io::Result<OwnedFd> {
    at(Path::new("/proc/thread-self/ns/net"))
}

/// A namespace by its file.
///
/// # Errors
/// When the file cannot be opened.
pub fn at(path: &Path) -> io::Result<OwnedFd> {
    Ok(File::open(path)?.into())
}

/// Makes a namespace and moves the calling thread into it. IPv6 is off in it, since nodes speak IPv4 only
/// and the kernel must not announce anything by itself; loopback is up.
///
/// # Errors
/// When we may not, or the kernel's limit is reached.
pub fn create() -> io::Result<OwnedFd> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    for scope in ["all", "default"] {
        write_setting(&format!("ipv6/conf/{scope}/disable_ipv6"), "1")?;
    }
    let mut netlink = crate::netlink::Netlink::open()?;
    let loopback = netlink.existing("lo")?;
    netlink.bring_up(loopback.index, false)?;
    current()
}

/// Moves the calling thread into `namespace`.
///
/// # Errors
/// When we may not.
pub fn enter(namespace: impl AsFd) -> io::Result<()> {
    Ok(setns(namespace, CloneFlags::CLONE_NEWNET)?)
}

/// Writes a setting below `net/` of the calling thread's namespace. One that this kernel does not have
/// is passed over.
///
/// # Errors
/// When the value is refused.
pub(crate) fn write_setting(name: &str, value: &str) -> io::Result<()> {
    // /proc/sys/net shows the namespace of whoever opens it.
    match std::fs::write(Path::new("/proc/sys/net").join(name), value) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), format!("set net/{name} to {value}: {error}")))
        }
        _ => Ok(()),
    }
}
