//! sh, bash, dash, ash: shells as programs.

use super::{Run, own, rest};
use crate::{
    dialect::{Dialect, Reading},
    event::ShellEvent,
    flavour::{Flavour, busybox_version},
    fs::Errno,
    interpret::{Entry, Flow, Shell, Status},
    text::decode,
};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("sh", sh), ("bash", sh), ("dash", sh), ("ash", sh), ("rbash", sh), ("ksh", sh), ("zsh", sh)];

/// How a shell was called.
#[derive(Default)]
struct Call {
    /// Letters of `set`, and `P` for pipefail.
    options: Vec<char>,
    command: bool,
    input: bool,
    interactive: bool,
    login: bool,
    dry: bool,
    words: Vec<String>,
}

fn sh(shell: &mut Shell, arguments: &[String]) -> Status {
    let called = arguments.first().cloned().unwrap_or_default();
    let program = own(arguments).to_owned();
    let real = if program == "sh" && shell.applet { "ash" } else { program.as_str() };
    let dialect = Dialect::of_program(real, shell.live.flavour).unwrap_or_default();
    let call = match read_call(rest(arguments), dialect) {
        Ok(call) => call,
        Err(Refusal::Version) => return version(shell),
        Err(Refusal::Help) => return help(shell, &called),
        Err(Refusal::Text(text)) => {
            shell.err(&format!("{called}: {text}\n"))?;
            if dialect.is_bash() && text.ends_with("invalid option") {
                shell.err(USAGE.replace("NAME", &called).as_str())?;
            }
            return Ok(2);
        }
    };
    let mut words = call.words.clone();
    if call.command {
        let Some(source) = (!words.is_empty()).then(|| words.remove(0)) else {
            let text = if dialect.is_bash() {
                format!("{called}: -c: option requires an argument\n")
            } else if dialect == Dialect::Dash {
                format!("{called}: 0: -c requires an argument\n")
            } else {
                format!("{called}: -c requires an argument\n")
            };
            shell.err(&text)?;
            return Ok(2);
        };
        if call.dry {
            return Ok(0);
        }
        let name = if words.is_empty() { called } else { words.remove(0) };
        return shell.run_as(&name, dialect, Reading::Argument, &words, &call.options, &source);
    }
    if let Some(path) = words.first().filter(|_| !call.input).cloned() {
        return script(shell, &called, dialect, &path, words.get(1..).unwrap_or(&[]), &call.options);
    }
    if shell.in_is_session() && shell.interactive {
        return Err(begin(shell, &called, dialect, call.login));
    }
    if shell.in_is_session() && shell.reads_piecewise() && !call.dry {
        let name = if call.login { format!("-{}", crate::fs::name(&called)) } else { called };
        let entry = Entry { name, dialect, login: call.login };
        return Err(shell.enter_script(entry, words, &call.options));
    }
    let source = decode(&shell.read_all()?);
    if call.dry {
        return Ok(0);
    }
    shell.run_as(&called, dialect, Reading::Input, &words, &call.options, &source)
}

/// A shell at the terminal.
fn begin(shell: &mut Shell, called: &str, dialect: Dialect, login: bool) -> Flow {
    if dialect == Dialect::Ash && shell.live.flavour != Flavour::Alpine {
        let version = busybox_version(&shell.live.persona);
        let banner =
            format!("\n\n{version} built-in shell (ash)\nEnter 'help' for a list of built-in commands.\n\n");
        if let Err(flow) = shell.out(&banner) {
            return flow;
        }
    }
    let name = if login { format!("-{}", crate::fs::name(called)) } else { called.to_owned() };
    let credentials = shell.fs.credentials.clone();
    shell.enter(Entry { name, dialect, login }, credentials)
}

enum Refusal {
    Version,
    Help,
    Text(String),
}

fn read_call(words: &[String], dialect: Dialect) -> Result<Call, Refusal> {
    let mut call = Call::default();
    let mut left = words.iter();
    let prefix = if dialect == Dialect::Dash { "0: " } else { "" };
    while let Some(word) = left.as_slice().first() {
        let (on, letters) = match (word.strip_prefix('-'), word.strip_prefix('+')) {
            (Some(letters), _) => (true, letters),
            (None, Some(letters)) if !letters.is_empty() => (false, letters),
            _ => break,
        };
        left.next();
        match letters {
            "" | "-" => break,
            _ => {}
        }
        if let Some(long) = letters.strip_prefix('-').filter(|_| on) {
            long_option(long, dialect, prefix, &mut call, &mut left)?;
            continue;
        }
        for letter in letters.chars() {
            match letter {
                'c' if on => call.command = true,
                's' => call.input = true,
                'i' => call.interactive = true,
                'l' => call.login = true,
                'n' => call.dry = true,
                'o' => {
                    let name = left.next().map_or("", String::as_str);
                    call.options.extend(named_option(name));
                }
                'O' if dialect.is_bash() => {
                    left.next();
                }
                'e' | 'x' | 'u' | 'f' | 'v' | 'a' | 'C' if on => call.options.push(letter),
                'e' | 'x' | 'u' | 'f' | 'v' | 'a' | 'b' | 'm' | 'C' | 'I' | 'V' | 'E' => {}
                'B' | 'H' | 'P' | 'T' | 'h' | 'k' | 'p' | 'r' | 't' | 'D' if dialect.is_bash() => {}
                other => {
                    return Err(Refusal::Text(if dialect.is_bash() {
                        format!("-{other}: invalid option")
                    } else if dialect == Dialect::Dash {
                        format!("0: Illegal option -{other}")
                    } else {
                        format!("illegal option -{other}")
                    }));
                }
            }
        }
    }
    call.words = left.cloned().collect();
    Ok(call)
}

fn long_option(
    long: &str,
    dialect: Dialect,
    prefix: &str,
    call: &mut Call,
    left: &mut std::slice::Iter<'_, String>,
) -> Result<(), Refusal> {
    if !dialect.is_bash() {
        return Err(Refusal::Text(if dialect == Dialect::Dash {
            format!("{prefix}Illegal option --")
        } else {
            "illegal option --".into()
        }));
    }
    match long {
        "version" => return Err(Refusal::Version),
        "help" => return Err(Refusal::Help),
        "login" => call.login = true,
        "norc" | "noprofile" | "posix" | "noediting" | "restricted" | "verbose" | "debug" | "debugger"
        | "pretty-print" | "dump-strings" | "dump-po-strings" => {}
        "rcfile" | "init-file" => {
            left.next();
        }
        other => return Err(Refusal::Text(format!("--{other}: invalid option"))),
    }
    Ok(())
}

/// The letter of an option of `set -o`; `P` for pipefail.
pub(super) fn named_option(name: &str) -> Option<char> {
    Some(match name {
        "errexit" => 'e',
        "xtrace" => 'x',
        "nounset" => 'u',
        "noglob" => 'f',
        "verbose" => 'v',
        "allexport" => 'a',
        "noclobber" => 'C',
        "noexec" => 'n',
        "pipefail" => 'P',
        _ => return None,
    })
}

fn script(
    shell: &mut Shell,
    called: &str,
    dialect: Dialect,
    path: &str,
    positional: &[String],
    options: &[char],
) -> Status {
    let content = match shell.fs.read_file(path) {
        Ok(content) => content,
        Err(error) => {
            let text = match (dialect, error) {
                (Dialect::Bash | Dialect::BashPosix, Errno::IsDirectory) => {
                    format!("{path}: {path}: {error}\n")
                }
                (Dialect::Bash | Dialect::BashPosix, _) => format!("{called}: {path}: {error}\n"),
                (Dialect::Dash, Errno::NotFound) => {
                    format!("{called}: 0: cannot open {path}: No such file\n")
                }
                (Dialect::Dash, _) => format!("{called}: 0: cannot open {path}: {error}\n"),
                (Dialect::Ash, _) => format!("{called}: can't open '{path}': {error}\n"),
            };
            shell.err(&text)?;
            return Ok(match (dialect, error) {
                (Dialect::Dash | Dialect::Ash, _) => 2,
                (_, Errno::NotFound) => 127,
                _ => 126,
            });
        }
    };
    if content.iter().take(128).any(|byte| *byte == 0) && dialect.is_bash() {
        shell.err(&format!("{path}: {path}: cannot execute binary file\n"))?;
        return Ok(126);
    }
    let resolved = shell.fs.resolve(path, true).unwrap_or_else(|_| path.to_owned());
    shell.fs.report(&resolved);
    let arguments = crate::text::head(&positional.join(" "), 1_024);
    shell.events.push(ShellEvent::FileExecuted { path: resolved, arguments });
    shell.run_as(path, dialect, Reading::File, positional, options, &decode(&content))
}

/// `bash --version`.
fn version(shell: &mut Shell) -> Status {
    let versions = shell.live.versions();
    let year = match versions.bash_short() {
        "4.1" => 2009,
        "4.2" => 2011,
        "4.4" => 2016,
        "5.0" => 2019,
        "5.1" => 2020,
        _ => 2022,
    };
    let machine = machine(shell);
    let licence = include_str!("texts/bash_licence.txt");
    shell.out(&format!(
        "GNU bash, version {} ({machine})\nCopyright (C) {year} Free Software Foundation, Inc.\n{licence}",
        versions.bash
    ))?;
    Ok(0)
}

/// The machine that bash was built for.
pub(super) fn machine(shell: &Shell) -> String {
    let vendor = match shell.live.flavour {
        Flavour::Redhat => "redhat-linux-gnu",
        Flavour::Alpine => "alpine-linux-musl",
        _ => "pc-linux-gnu",
    };
    format!("{}-{vendor}", shell.live.persona.os.machine)
}

const USAGE: &str = include_str!("texts/bash_usage.txt");

fn help(shell: &mut Shell, called: &str) -> Status {
    let versions = shell.live.versions();
    let machine = machine(shell);
    let text = format!("{USAGE}{}", include_str!("texts/bash_help.txt")).replace("NAME", called);
    shell.out(&format!("GNU bash, version {}-({machine})\n{text}", versions.bash))?;
    Ok(0)
}
