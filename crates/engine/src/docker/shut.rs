//! Nothing goes out: in the namespace of each decky the kernel drops every connection that begins there.
//!
//! Answers pass, and so does what belongs to no connection (resets for odd probes): a scanner sees an ordinary host.
//! No container has a capability, so none sends such packets of its own accord, and none takes the rule back.

use crate::command::{Cmd, CmdError};
use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::fs::MetadataExt},
};

/// The rule, for `iptables`.
const RULE: &[&str] = &["OUTPUT", "!", "-o", "lo", "-m", "conntrack", "--ctstate", "NEW", "-j", "DROP"];
/// The command, as distributions call it; where both are there, the daemon's choice is the first.
const COMMANDS: &[&str] = &["iptables", "iptables-legacy", "iptables-nft"];

/// Closes the way out of the namespace of process `pid`. Blocks.
///
/// # Errors
/// When the namespace is this host's own, or no `iptables` can do it here.
pub(super) fn close(pid: i32) -> Result<(), CmdError> {
    let failed = |source| CmdError::Start { program: "iptables".to_owned(), source };
    // Held, so that it is the same one for every command, whoever has the number by then.
    let held = namespace(pid).map_err(failed)?;
    let way = format!("/proc/{}/fd/{}", std::process::id(), held.as_raw_fd());
    let mut failed = None;
    for command in COMMANDS {
        match rule(&way, command, "-C").or_else(|_| rule(&way, command, "-A")) {
            Ok(()) => return Ok(()),
            Err(error) => failed = Some(failed.unwrap_or(error)),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The network namespace of process `pid`, opened. A container that has ended has left its number to anybody, and a
/// daemon elsewhere counts processes of its own: where it leads to this host's own network nothing is closed.
fn namespace(pid: i32) -> io::Result<File> {
    let of = |file: &File| file.metadata().map(|data| (data.dev(), data.ino()));
    let (theirs, ours) = (File::open(format!("/proc/{pid}/ns/net"))?, File::open("/proc/self/ns/net")?);
    if of(&theirs)? == of(&ours)? {
        return Err(io::Error::other(format!("process {pid} is in this host's own network namespace")));
    }
    Ok(theirs)
}

fn rule(way: &str, command: &str, verb: &str) -> Result<(), CmdError> {
    let entered = Cmd::new("nsenter").arg(format!("--net={way}")).arg(command).arg("--wait").arg(verb);
    RULE.iter().fold(entered, Cmd::arg).run().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_itself_is_never_closed() {
        let own = i32::try_from(std::process::id()).unwrap();
        let error = close(own).unwrap_err();
        assert!(crate::plan::chain(&error).contains("this host's own"), "{error:?}");
        assert!(namespace(0).is_err() && namespace(-1).is_err());
    }
}
