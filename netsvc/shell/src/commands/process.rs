//! Programs that find processes by name, and end them.

use super::{Run, options::options, own, rest};
use crate::{
    interpret::{Shell, Status},
    live::Process,
};
use netsvc_persona::stage::Transport;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("killall", killall),
    ("pkill", killall),
    ("pgrep", pgrep),
    ("pidof", pgrep),
    ("pstree", pstree),
    ("lsof", lsof),
    ("renice", renice),
    ("fuser", |_, _| Ok(1)),
    ("pmap", |_, _| Ok(0)),
];

/// Takes a process away.
pub(super) fn end(shell: &mut Shell, pid: u32) {
    let mut killed = shell.live.killed.lock();
    if killed.len() < 512 {
        killed.push(pid);
    }
}

fn killall(shell: &mut Shell, arguments: &[String]) -> Status {
    let full = own(arguments) == "pkill";
    let busybox = shell.flavour().busybox();
    let quiet = rest(arguments).iter().any(|word| word == "-q" || word == "--quiet");
    if busybox && !full && rest(arguments).iter().all(|word| word.starts_with('-')) {
        shell.err("killall: you need to specify whom to kill\n")?;
        return Ok(1);
    }
    let named = rest(arguments).iter().any(|word| !word.starts_with('-'));
    if !named
        && !full
        && let Some(status) = super::help::gnu_usage(shell, "killall")
    {
        return status;
    }
    if !named {
        return criteria(shell, "pkill");
    }
    let mut status = 0;
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        let found: Vec<u32> = shell
            .live
            .processes()
            .iter()
            .filter(|process| {
                !process.kernel()
                    && process.pid != 1
                    && process.pid != shell.live.shell_pid
                    && (process.name() == *word || full && process.command.contains(word.as_str()))
            })
            .map(|process| process.pid)
            .collect();
        if found.is_empty() {
            status = 1;
            if !full && !quiet {
                shell.err(&if busybox {
                    format!("killall: {word}: no process killed\n")
                } else {
                    format!("{word}: no process found\n")
                })?;
            }
        }
        for pid in found {
            end(shell, pid);
        }
    }
    Ok(status)
}

/// What pgrep and pkill say when they are told nothing.
fn criteria(shell: &mut Shell, name: &str) -> Status {
    shell.err(&format!(
        "{name}: no matching criteria specified\nTry `{name} --help' for more information.\n"
    ))?;
    Ok(2)
}

fn pgrep(shell: &mut Shell, arguments: &[String]) -> Status {
    let exact = own(arguments) == "pidof";
    let selects = |word: &String| {
        !word.starts_with('-')
            || ["-u", "-U", "-t", "-P", "-g", "-s"].iter().any(|flag| word.starts_with(flag))
    };
    if !exact && !rest(arguments).iter().any(selects) {
        return criteria(shell, "pgrep");
    }
    let long = rest(arguments).iter().any(|word| word == "-l" || word == "-a");
    let full = rest(arguments).iter().any(|word| word.starts_with('-') && word.contains('f'));
    let mut found: Vec<String> = Vec::new();
    for word in rest(arguments).iter().filter(|word| !word.starts_with('-')) {
        for process in shell.live.processes() {
            let name = process.name();
            let fits = if exact {
                name == *word
            } else if full {
                process.command.contains(word.as_str())
            } else {
                name.contains(word.as_str())
            };
            if fits {
                found.push(if long { format!("{} {name}", process.pid) } else { process.pid.to_string() });
            }
        }
    }
    if found.is_empty() {
        return Ok(1);
    }
    if exact {
        found.reverse();
    }
    shell.out(&format!("{}\n", found.join(if exact { " " } else { "\n" })))?;
    Ok(0)
}

fn renice(shell: &mut Shell, arguments: &[String]) -> Status {
    if rest(arguments).len() < 2 && !shell.flavour().busybox() {
        shell.err("renice: not enough arguments\nTry 'renice --help' for more information.\n")?;
        return Ok(1);
    }
    Ok(0)
}

fn pstree(shell: &mut Shell, _: &[String]) -> Status {
    let names: Vec<String> =
        shell.live.processes().iter().filter(|process| process.parent == 1).map(Process::name).collect();
    let last = names.len().saturating_sub(1);
    let text: String = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            format!(
                "{}{name}\n",
                if index == 0 {
                    "systemd-+-"
                } else if index == last {
                    "        `-"
                } else {
                    "        |-"
                }
            )
        })
        .collect();
    shell.out(&text)?;
    Ok(0)
}

fn lsof(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(_) = options(shell, arguments, "i::nPp:tu:c:d:a+", &[])? else { return Ok(1) };
    let live = shell.live.clone();
    let mut out = String::from("COMMAND     PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n");
    for listener in crate::live::listeners(&live) {
        out.push_str(&format!(
            "{:<9} {:>5} root    3u  IPv4  {:>5}      0t0  {} *:{}{}\n",
            listener.program,
            listener.pid,
            14_000 + listener.port,
            listener.transport.name().to_ascii_uppercase(),
            listener.port,
            if listener.transport == Transport::Tcp { " (LISTEN)" } else { "" },
        ));
    }
    shell.out(&out)?;
    Ok(0)
}
