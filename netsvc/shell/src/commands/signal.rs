//! `kill`: signals by name and number, to processes and to jobs.

use super::{Run, rest, wording};
use crate::{
    dialect::Dialect,
    interpret::{Flow, Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[("kill", kill)];

/// Names of the signals from 1 on (signal(7), x86 and ARM).
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// Signals that end a process which does nothing about them, other than those of real time.
const DEADLY: [u8; 20] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27];
const HANGUP: u8 = 1;
const KILL: u8 = 9;
const TERMINATE: u8 = 15;

/// Name of a signal without `SIG`.
fn name_of(number: u8) -> Option<String> {
    Some(match number {
        1..=31 => NAMES.get(usize::from(number) - 1).copied()?.to_owned(),
        34 => "RTMIN".into(),
        35..=49 => format!("RTMIN+{}", number - 34),
        50..=63 => format!("RTMAX-{}", 64 - number),
        64 => "RTMAX".into(),
        _ => return None,
    })
}

/// Number of a signal that is named by its name, with or without `SIG`, or by its number.
fn number_of(word: &str) -> Option<u8> {
    if let Ok(number) = word.parse::<u8>() {
        return (number == 0 || name_of(number).is_some()).then_some(number);
    }
    let upper = word.to_ascii_uppercase();
    let wanted = upper.strip_prefix("SIG").unwrap_or(&upper);
    (1..=64).find(|number| name_of(*number).as_deref() == Some(wanted))
}

/// What a shell says of a process that a signal ended (strsignal(3)).
pub(crate) fn description(number: u8) -> &'static str {
    match number {
        1 => "Hangup",
        2 => "Interrupt",
        3 => "Quit",
        4 => "Illegal instruction",
        5 => "Trace/breakpoint trap",
        6 => "Aborted",
        7 => "Bus error",
        8 => "Floating point exception",
        9 => "Killed",
        10 => "User defined signal 1",
        11 => "Segmentation fault",
        12 => "User defined signal 2",
        13 => "Broken pipe",
        14 => "Alarm clock",
        16 => "Stack fault",
        24 => "CPU time limit exceeded",
        25 => "File size limit exceeded",
        26 => "Virtual timer expired",
        27 => "Profiling timer expired",
        _ => "Terminated",
    }
}

fn kill(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if let Some("-l" | "-L") = words.first().map(String::as_str) {
        return list(shell, words.get(1..).unwrap_or_default());
    }
    let (signal, targets) = match words {
        [option, name, targets @ ..] if option == "-s" || option == "-n" => (name.as_str(), targets),
        [option] if (option == "-s" || option == "-n") && shell.dialect().is_bash() => {
            shell.complain(&format!("kill: {option}: option requires an argument"))?;
            return Ok(1);
        }
        [dashes, targets @ ..] if dashes == "--" => ("TERM", targets),
        [word, targets @ ..] if word.starts_with('-') && word.len() > 1 => {
            (word.strip_prefix('-').unwrap_or(word), targets)
        }
        targets => ("TERM", targets),
    };
    let Some(number) = number_of(signal) else { return unknown(shell, signal) };
    let targets = targets.strip_prefix(&["--".to_owned()]).unwrap_or(targets);
    if targets.is_empty() {
        return wording::kill_usage(shell);
    }
    let mut status = 0;
    for word in targets {
        let result = send(shell, word, number)?;
        if result != 0 {
            status = result;
        }
    }
    Ok(status)
}

/// A signal that is none.
fn unknown(shell: &mut Shell, signal: &str) -> Status {
    match shell.dialect() {
        Dialect::Dash => shell.refuse("kill", &format!("invalid signal number or name: {signal}"), false, 2),
        Dialect::Ash => {
            shell.complain(&format!("bad signal name '{signal}'"))?;
            Ok(1)
        }
        _ => {
            shell.complain(&format!("kill: {signal}: invalid signal specification"))?;
            Ok(1)
        }
    }
}

/// Sends a signal to what a word names.
fn send(shell: &mut Shell, word: &str, number: u8) -> Result<i32, Flow> {
    let deadly = DEADLY.contains(&number) || number >= 34;
    let job = shell.find_job(word);
    if word.starts_with('%') && job.is_none() {
        return wording::no_such_job(shell, "kill", word);
    }
    let Some(pid) = job.or_else(|| word.parse().ok()) else {
        return wording::kill_refusal(shell, word, None);
    };
    if shell.jobs.iter().any(|job| job.pid == pid) {
        if deadly {
            shell.end_job(pid, number);
        }
        return Ok(0);
    }
    let list = shell.live.processes();
    let Some(process) = list.iter().find(|process| process.pid == pid) else {
        return wording::kill_refusal(shell, word, Some(pid));
    };
    if shell.fs.credentials.uid != 0 && process.user != shell.user() {
        shell.complain(&format!("kill: ({pid}) - Operation not permitted"))?;
        return Ok(1);
    }
    let name = name_of(number).unwrap_or_default();
    let trap =
        shell.state.traps.get(&name).cloned().filter(|_| pid == shell.live.shell_pid && number != KILL);
    if let Some(action) = trap {
        // An empty one ignores the signal.
        return if action.is_empty() { Ok(0) } else { shell.run_text(&action).map(|_| 0) };
    }
    if pid == shell.live.shell_pid {
        // A shell at a terminal ends at these two only.
        return match number {
            KILL | HANGUP => Err(Flow::Exit(128 + i32::from(number))),
            TERMINATE if !shell.interactive => Err(Flow::Exit(143)),
            _ => Ok(0),
        };
    }
    // Daemons read their settings again when they are hung up on.
    if deadly && number != HANGUP && !process.kernel() && pid != 1 {
        super::process::end(shell, pid);
    }
    Ok(0)
}

/// `kill -l`: all names, or those of numbers and the numbers of names.
fn list(shell: &mut Shell, words: &[String]) -> Status {
    if words.is_empty() {
        let text = all(shell.dialect());
        shell.out(&text)?;
        return Ok(0);
    }
    let mut status = 0;
    for word in words {
        let shown = match word.parse::<u16>() {
            Ok(0) if shell.dialect().is_bash() => Some("EXIT".to_owned()),
            Ok(number) => u8::try_from(number & 0x7f).ok().and_then(name_of).filter(|_| number < 256),
            Err(_) => number_of(word).map(|number| number.to_string()),
        };
        match shown {
            Some(shown) => shell.out(&format!("{shown}\n"))?,
            None => status = unknown(shell, word)?,
        }
    }
    Ok(status)
}

fn all(dialect: Dialect) -> String {
    let known = || (1..=64).filter_map(|number| Some((number, name_of(number)?)));
    match dialect {
        Dialect::Dash => {
            let name = |number| match number {
                0 => "0".to_owned(),
                // The C library names this one nowhere.
                16 => "16".to_owned(),
                _ => name_of(number).unwrap_or_else(|| number.to_string()),
            };
            (0..=64).map(|number| name(number) + "\n").collect()
        }
        Dialect::Ash => known()
            .take(31)
            .map(|(number, name)| format!("{number:>2}) {}\n", if name == "IO" { "POLL" } else { &name }))
            .collect(),
        _ => {
            let mut text = String::new();
            for (index, (number, name)) in known().enumerate() {
                let end = if index % 5 == 4 { '\n' } else { '\t' };
                text.push_str(&format!("{number:>2}) SIG{name}{end}"));
            }
            text + "\n"
        }
    }
}
