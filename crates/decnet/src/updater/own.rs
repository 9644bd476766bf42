//! Which release this process is, and which another one is that it starts.

use decnet_swarm::release::Version;
use std::{os::unix::process::CommandExt, process::Command};

/// Variable by which a process knows that it is one of a release. It is no setting.
pub(super) const RELEASE: &str = "RUNNING_RELEASE";

/// The release that this process is: that of its folder, or the program's own.
pub fn version() -> String {
    running().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned())
}

/// The release that this process is one of; `None`: it was installed by hand or package.
pub(super) fn running() -> Option<String> {
    std::env::var(RELEASE).ok().filter(|name| name.parse::<Version>().is_ok())
}

/// The release that another process is one of; `None`: none, or that is not told.
pub(super) fn running_as(pid: u32) -> Option<String> {
    let text = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut pairs = text.split(|byte| *byte == 0);
    let found = pairs.find_map(|pair| pair.strip_prefix(RELEASE.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(found.to_owned()).ok()
}

/// What this program calls itself, whichever release it is.
pub(super) fn build() -> String {
    format!("{}+{}", env!("CARGO_PKG_VERSION"), option_env!("DECNET_COMMIT").unwrap_or_default())
}

/// Has a command be one of `release`, and nothing of the one that this process is.
pub(super) fn be(command: &mut Command, release: Option<&str>) {
    match release {
        Some(release) => command.env(RELEASE, release),
        None => command.env_remove(RELEASE),
    };
}

/// Has a command run in a session of its own.
pub(super) fn detach(command: &mut Command) {
    #[expect(unsafe_code, reason = "what runs between fork and exec is unsafe by nature")]
    // SAFETY: one system call without arguments: no allocation, no lock.
    unsafe {
        command.pre_exec(|| nix::unistd::setsid().map(drop).map_err(Into::into));
    }
}
