//! sudo and su.

use super::{Run, options::options};
use crate::{
    dialect::{Dialect, Reading},
    interpret::{Entry, Flow, Shell, Status},
    text::decode,
};
use netsvc_persona::Secret;
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] = &[("sudo", sudo), ("doas", sudo), ("su", su)];

fn sudo(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "+AbEeHhiKklnPSsu:g:vVp:",
        &[("login", 'i'), ("user", 'u'), ("list", 'l'), ("stdin", 'S'), ("non-interactive", 'n')],
    )?
    else {
        return Ok(1);
    };
    let user = shell.user().to_owned();
    if shell.fs.credentials.uid != 0 {
        if options.has('n') {
            shell.err("sudo: a password is required\n")?;
            return Ok(1);
        }
        if shell.live.facts.tty.is_none() && !options.has('S') {
            shell.err("sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n")?;
            return Ok(1);
        }
        if !authenticated(shell, &user)? {
            return Ok(1);
        }
    }
    if options.has('l') {
        let host = shell.live.persona.hostname.clone();
        shell.out(&format!("Matching Defaults entries for {user} on {host}:\n    env_reset, mail_badpass,\n    secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin\n\nUser {user} may run the following commands on {host}:\n    (ALL : ALL) ALL\n"))?;
        return Ok(0);
    }
    if options.has('v') || options.has('k') {
        return Ok(0);
    }
    if options.operands.is_empty() {
        if options.has('i') || options.has('s') {
            return become_user(shell, 0, "root", options.has('i'));
        }
        shell.err("usage: sudo -h | -K | -k | -V\nusage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]\nusage: sudo [-ABbEHnPS] [-C num] [-g group] [-u user] [VAR=value] [-i | -s] [command [arg ...]]\n")?;
        return Ok(1);
    }
    run_as_root(shell, &options.operands)
}

/// Asks a user for the password, three times at most.
fn authenticated(shell: &mut Shell, user: &str) -> Result<bool, Flow> {
    let password = password_of(shell, user);
    for attempt in 1..=3 {
        let answer = shell.ask(&format!("[sudo] password for {user}: "), true)?;
        if password.as_ref().is_some_and(|secret| secret.0 == answer) {
            break;
        }
        shell.wait(Duration::from_millis(1_800))?;
        if attempt == 3 {
            shell.err("sudo: 3 incorrect password attempts\n")?;
            return Ok(false);
        }
        shell.err("Sorry, try again.\n")?;
    }
    Ok(true)
}

fn password_of(shell: &Shell, name: &str) -> Option<Secret> {
    shell.live.persona.users.iter().find(|user| user.name == name).and_then(|user| user.password.clone())
}

/// Runs a program as root; built-ins are none, but for those that have a program of the same name.
fn run_as_root(shell: &mut Shell, words: &[String]) -> Status {
    let name = words.first().cloned().unwrap_or_default();
    if super::find(shell, &name).is_none_or(|command| {
        command.builtin
            && !["echo", "test", "[", "true", "false", "pwd", "kill", "printf"].contains(&name.as_str())
    }) && !name.contains('/')
    {
        shell.err(&format!("sudo: {name}: command not found\n"))?;
        return Ok(1);
    }
    let before = std::mem::replace(&mut shell.fs.credentials.uid, 0);
    let result = shell.run_wrapped(words);
    if result == Err(Flow::Enter) {
        shell.keep_waiting(None, Some(before));
    } else {
        shell.fs.credentials.uid = before;
    }
    result
}

/// A shell as another user: at the terminal it begins, elsewhere it reads the rest of standard input.
fn become_user(shell: &mut Shell, uid: u32, name: &str, login: bool) -> Status {
    let outer = shell.fs.credentials.clone();
    let cwd = shell.fs.cwd().to_owned();
    let path = if shell.live.flavour.busybox() { "sh" } else { "bash" };
    let dialect = Dialect::of_program(path, shell.live.flavour).unwrap_or_default();
    if !(shell.in_is_session() && shell.interactive) {
        let source = decode(&shell.read_all()?);
        (shell.fs.credentials.uid, shell.fs.credentials.gid) = (uid, uid);
        let result = shell.run_as(path, dialect, Reading::Input, &[], &[], &source);
        shell.fs.credentials = outer;
        return result;
    }
    let own = if login { format!("-{path}") } else { path.to_owned() };
    let flow = shell.enter(Entry { name: own, dialect, login }, outer);
    if flow != Flow::Enter {
        return Err(flow);
    }
    if uid == 0 {
        shell.fs.credentials.groups.clear();
    }
    (shell.fs.credentials.uid, shell.fs.credentials.gid) = (uid, uid);
    let home = shell
        .live
        .persona
        .users
        .iter()
        .find(|user| user.name == name)
        .map_or_else(|| "/root".to_owned(), |user| user.home.clone());
    let variables = &mut shell.state_mut().variables;
    for (variable, value) in [("USER", name), ("LOGNAME", name), ("HOME", &home)] {
        variables.export(variable, value);
    }
    if login {
        // A home that is missing leaves the shell where it is.
        let _ = shell.fs.set_cwd(&home);
    }
    debug_assert!(cwd.starts_with('/'));
    Err(flow)
}

fn su(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "c:lms:p", &[("login", 'l'), ("command", 'c'), ("shell", 's')])?
    else {
        return Ok(1);
    };
    let login = options.has('l') || options.operands.iter().any(|word| word == "-");
    let name = options.operands.iter().find(|word| *word != "-").cloned().unwrap_or_else(|| "root".into());
    let passwd = shell.fs.read_file("/etc/passwd").unwrap_or_default();
    let uid = decode(&passwd)
        .lines()
        .find(|line| line.split(':').next() == Some(&name))
        .and_then(|line| line.split(':').nth(2)?.parse().ok());
    let Some(uid) = uid else {
        if shell.flavour().busybox() {
            shell.err(&format!("su: unknown user {name}\n"))?;
            return Ok(1);
        }
        shell.err(&format!(
            "su: user {name} does not exist or the user entry does not contain all the required fields\n"
        ))?;
        return Ok(1);
    };
    if shell.fs.credentials.uid != 0 {
        let answer = shell.ask("Password: ", true)?;
        if password_of(shell, &name).is_none_or(|secret| secret.0 != answer) {
            shell.wait(Duration::from_millis(2_200))?;
            shell.err("su: Authentication failure\n")?;
            return Ok(1);
        }
    }
    match options.value('c').map(String::from) {
        Some(source) => {
            let before = shell.fs.credentials.clone();
            (shell.fs.credentials.uid, shell.fs.credentials.gid) = (uid, uid);
            let result = shell.run_as(
                "bash",
                Dialect::of_program("bash", shell.live.flavour).unwrap_or_default(),
                Reading::Argument,
                &[],
                &[],
                &source,
            );
            shell.fs.credentials = before;
            result
        }
        None => become_user(shell, uid, &name, login),
    }
}
