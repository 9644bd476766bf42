//! What the built-ins of bash, dash and BusyBox say of wrong use, where they differ in more than a few words.

use crate::{
    dialect::Dialect,
    interpret::{Flow, Shell, Status},
};

/// Wrong use of a program: GNU's message with its hint, or the applet's usage.
pub(super) fn wrong_use(shell: &mut Shell, name: &str, message: &str, status: i32) -> Status {
    if shell.flavour().busybox() {
        return super::help::usage(shell, name).map(|()| super::accepted::wrong_use_status(name));
    }
    shell.err(&format!("{name}: {message}\nTry '{name} --help' for more information.\n"))?;
    Ok(status)
}

/// A word between the quotes of the GNU tools in a UTF-8 locale.
pub(super) fn quoted(text: &str) -> String {
    format!("\u{e2}\u{80}\u{98}{text}\u{e2}\u{80}\u{99}")
}

/// What a program says of another that it was to run and that is not there; `None`: it is.
pub(super) fn absent(shell: &mut Shell, who: &str, words: &[String]) -> Option<Status> {
    let name = words.first()?;
    if crate::interpret::command_path(shell, name).is_some() || shell.fs.exists(name) && name.contains('/') {
        return None;
    }
    let reason = "No such file or directory";
    let text = match (who, shell.flavour().busybox()) {
        ("xargs", _) | ("find", true) => format!("{name}: {reason}"),
        (_, true) => format!("can't execute '{name}': {reason}"),
        ("nohup", _) => format!("failed to run command '{name}': {reason}"),
        ("timeout" | "stdbuf", _) => format!("failed to run command {}: {reason}", quoted(name)),
        ("setsid", _) => format!("failed to execute {name}: {reason}"),
        _ => format!("{}: {reason}", quoted(name)),
    };
    Some(shell.err(&format!("{who}: {text}\n")).map(|()| if who == "find" { 1 } else { 127 }))
}

/// An option that `set` does not have.
pub(super) fn bad_set_option(shell: &mut Shell, option: &str, named: bool) -> Status {
    let text = match (shell.dialect(), named) {
        (Dialect::Dash, true) => format!("Illegal option -o {option}"),
        (Dialect::Dash, false) => format!("Illegal option -{option}"),
        (Dialect::Ash, true) => format!("illegal option -o {option}"),
        (Dialect::Ash, false) => format!("illegal option -{option}"),
        (_, true) => format!("{option}: invalid option name"),
        (_, false) => format!("-{option}: invalid option"),
    };
    if shell.dialect() == Dialect::Ash && named && !shell.interactive {
        shell.complain_of("set", &text)?;
        return Err(Flow::Exit(1));
    }
    let status = shell.refuse("set", &text, true, 2)?;
    if !named {
        shell.err("set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n")?;
    }
    Ok(status)
}

/// A mode that `umask` does not understand.
pub(super) fn bad_umask(shell: &mut Shell, text: &str) -> Status {
    let message = match shell.dialect() {
        Dialect::Dash => format!("Illegal mode: {text}"),
        Dialect::Ash => format!("illegal mode: {text}"),
        _ if text.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("{text}: octal number out of range")
        }
        _ => {
            let wrong = text.chars().find(|letter| !"ugoa".contains(*letter)).unwrap_or(' ');
            format!("`{wrong}': invalid symbolic mode operator")
        }
    };
    shell.refuse("umask", &message, false, 1)
}

/// A signal that `trap` does not know.
pub(super) fn bad_trap(shell: &mut Shell, signal: &str) -> Status {
    match shell.dialect() {
        Dialect::Dash => shell.err(&format!("trap: {signal}: bad trap\n"))?,
        Dialect::Ash => {
            shell.refuse("trap", &format!("{signal}: invalid signal specification"), false, 1)?;
        }
        _ => shell.complain(&format!("trap: {signal}: invalid signal specification"))?,
    }
    Ok(1)
}

/// `kill` without anything to kill.
pub(super) fn kill_usage(shell: &mut Shell) -> Status {
    match shell.dialect() {
        Dialect::Dash => shell.refuse(
            "kill",
            "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]",
            false,
            2,
        ),
        Dialect::Ash => {
            shell.complain("you need to specify whom to kill")?;
            Ok(1)
        }
        _ => {
            let usage = "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]";
            shell.err(&format!("kill: usage: kill {usage}\n"))?;
            Ok(2)
        }
    }
}

/// What a command says of a job that is not there.
pub(super) fn no_such_job(shell: &mut Shell, name: &str, word: &str) -> Status {
    match shell.dialect() {
        Dialect::Dash => shell.refuse(name, &format!("No such job: {word}"), false, 2),
        Dialect::Ash => shell.refuse(name, &format!("{word}: no such job"), false, 2),
        _ => shell.refuse(name, &format!("{word}: no such job"), false, 1),
    }
}

/// What `kill` cannot take as a process.
pub(super) fn kill_refusal(shell: &mut Shell, word: &str, pid: Option<u32>) -> Result<i32, Flow> {
    match (shell.dialect(), pid) {
        (Dialect::Dash, None) => shell.refuse("kill", &format!("Illegal number: {word}"), false, 2),
        (Dialect::Dash, Some(_)) => {
            shell.complain_of("kill", "No such process\n")?;
            Ok(1)
        }
        (Dialect::Ash, None) => {
            shell.complain(&format!("invalid number '{word}'"))?;
            Ok(1)
        }
        (Dialect::Ash, Some(pid)) => {
            shell.complain(&format!("can't kill pid {pid}: No such process"))?;
            Ok(1)
        }
        (_, None) => {
            shell.complain(&format!("kill: {word}: arguments must be process or job IDs"))?;
            Ok(1)
        }
        (_, Some(pid)) => {
            shell.complain(&format!("kill: ({pid}) - No such process"))?;
            Ok(1)
        }
    }
}

/// The message of `test` for a number that is none.
pub(crate) fn bad_number(dialect: Dialect, name: &str, text: &str) -> String {
    match dialect {
        Dialect::Dash => format!("{name}: Illegal number: {text}"),
        Dialect::Ash => format!("{text}: bad number"),
        _ => format!("{name}: {text}: integer expression expected"),
    }
}
