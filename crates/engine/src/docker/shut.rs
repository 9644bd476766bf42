//! Nothing goes out: in the namespace of each decky the kernel drops every connection that begins there.
//!
//! Answers pass, and so does what belongs to no connection (resets for odd probes): a scanner sees an ordinary host.
//! No container has a capability, so none sends such packets of its own accord, and none takes the rule back.

use crate::command::{Cmd, CmdError};

/// The rule, for `iptables`.
const RULE: &[&str] = &["OUTPUT", "!", "-o", "lo", "-m", "conntrack", "--ctstate", "NEW", "-j", "DROP"];
/// The command, as distributions call it; where both are there, the daemon's choice is the first.
const COMMANDS: &[&str] = &["iptables", "iptables-legacy", "iptables-nft"];

/// Closes the way out of the namespace of process `pid`. Blocks.
///
/// # Errors
/// When no `iptables` can do it here.
pub(super) fn close(pid: i32) -> Result<(), CmdError> {
    let mut failed = None;
    for command in COMMANDS {
        match rule(pid, command, "-C").or_else(|_| rule(pid, command, "-A")) {
            Ok(()) => return Ok(()),
            Err(error) => failed = Some(failed.unwrap_or(error)),
        }
    }
    failed.map_or(Ok(()), Err)
}

fn rule(pid: i32, command: &str, verb: &str) -> Result<(), CmdError> {
    let mut entered = Cmd::new("nsenter").arg("--target").arg(pid.to_string()).arg("--net");
    entered = entered.arg(command).arg("--wait").arg(verb);
    RULE.iter().fold(entered, Cmd::arg).run().map(drop)
}
