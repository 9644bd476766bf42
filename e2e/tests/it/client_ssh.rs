//! OpenSSH's client with a password and without questions.

use crate::fleet::{Fleet, client, printed};
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Options that keep the client from asking or remembering.
pub(crate) const OPTIONS: &[&str] = &[
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
    "-o",
    "PubkeyAuthentication=no",
];

/// Arguments of sshpass up to and including the target.
fn arguments<'a>(target: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["-p", "toor", "ssh", "-p", "10022"];
    arguments.extend(OPTIONS);
    arguments.extend(more);
    arguments.push(target);
    arguments
}

/// What `ssh user@decky command` prints.
pub(crate) fn ssh(fleet: &Fleet, user: &str, command: &str) -> String {
    let target = format!("{user}@{}", fleet.ip(0));
    let mut arguments = arguments(&target, &[]);
    arguments.push(command);
    printed(&client("sshpass", &arguments))
}

/// As [`ssh`] with options of the client; and whether it came to an end in order.
pub(crate) fn ssh_with(fleet: &Fleet, options: &[&str], command: &str) -> (bool, String) {
    let target = format!("root@{}", fleet.ip(0));
    let mut arguments = arguments(&target, options);
    arguments.push(command);
    let output = client("sshpass", &arguments);
    (output.status.success(), printed(&output))
}

/// What an interactive session prints into which these lines are typed.
pub(crate) fn ssh_typed(fleet: &Fleet, user: &str, lines: &[&str]) -> String {
    let target = format!("{user}@{}", fleet.ip(0));
    let mut child = Command::new("timeout")
        .args(["50", "sshpass"])
        .args(arguments(&target, &["-tt"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in lines {
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    drop(input);
    printed(&child.wait_with_output().unwrap())
}

/// What `sftp root@decky` prints.
pub(crate) fn sftp(fleet: &Fleet, options: &[&str]) -> String {
    let mut arguments = vec!["-p", "toor", "sftp", "-P", "10022"];
    arguments.extend(OPTIONS);
    // A batch forbids passwords unless it is told otherwise.
    arguments.extend(["-o", "BatchMode=no"]);
    arguments.extend(options);
    let target = format!("root@{}", fleet.ip(0));
    arguments.push(&target);
    let output = client("sshpass", &arguments);
    assert!(output.status.success(), "{}", printed(&output));
    printed(&output)
}
