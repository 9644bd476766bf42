//! Built-ins that steer the shell: directories, control flow, evaluation, jobs, input.

use super::{Run, own, rest};
use crate::{
    dialect::{Dialect, Reading},
    fs::Errno,
    interpret::{Flow, Shell, Status, command_path},
};

pub(super) const COMMANDS: &[(&str, Run)] = &[
    (":", |_, _| Ok(0)),
    ("true", |_, _| Ok(0)),
    ("false", |_, _| Ok(1)),
    ("cd", cd),
    ("chdir", cd),
    ("pwd", pwd),
    ("exit", exit),
    ("logout", exit),
    ("break", leave),
    ("continue", leave),
    ("return", give_back),
    ("eval", eval),
    ("source", source),
    (".", source),
    ("test", test),
    ("[", test),
    ("exec", eval),
    ("trap", trap),
    ("umask", umask),
    ("ulimit", ulimit),
    ("times", times),
    ("history", history),
    ("help", help),
    ("let", let_command),
    ("shopt", super::shopt::shopt),
    ("enable", |_, _| Ok(0)),
    ("bind", |_, _| Ok(0)),
    ("complete", |_, _| Ok(0)),
    ("suspend", |_, _| Ok(0)),
    ("fc", history),
    ("pushd", cd),
    ("popd", cd),
    ("dirs", pwd),
];

fn cd(shell: &mut Shell, arguments: &[String]) -> Status {
    let words: Vec<&String> =
        rest(arguments).iter().filter(|word| !matches!(word.as_str(), "-P" | "-L" | "--")).collect();
    if words.len() > 1 && shell.dialect().is_bash() {
        shell.complain("cd: too many arguments")?;
        return Ok(1);
    }
    let target = match words.first().map(|word| word.as_str()) {
        None => shell.variable("HOME").unwrap_or("/").to_owned(),
        Some("-") => shell.variable("OLDPWD").unwrap_or("").to_owned(),
        Some(path) => path.to_owned(),
    };
    if target.is_empty() {
        return Ok(0);
    }
    let old = shell.fs.cwd().to_owned();
    match shell.fs.set_cwd(&target) {
        Ok(()) => {
            let now = shell.fs.cwd().to_owned();
            if words.first().is_some_and(|word| *word == "-") {
                shell.out(&format!("{now}\n"))?;
            }
            shell.set_variable("OLDPWD", &old)?;
            shell.set_variable("PWD", &now)?;
            Ok(0)
        }
        Err(error) => {
            let text = match shell.dialect() {
                Dialect::Ash => format!("can't cd to {target}: {error}"),
                Dialect::Dash => format!("can't cd to {target}"),
                _ => format!("{target}: {error}"),
            };
            shell.refuse("cd", &text, false, 1)
        }
    }
}

fn pwd(shell: &mut Shell, _: &[String]) -> Status {
    let cwd = shell.fs.cwd().to_owned();
    shell.out(&format!("{cwd}\n"))?;
    Ok(0)
}

fn exit(shell: &mut Shell, arguments: &[String]) -> Status {
    let status = match rest(arguments).first() {
        None => shell.status,
        Some(text) => match text.parse::<i64>() {
            Ok(number) if number < 0 && !shell.dialect().is_bash() => {
                return shell.refuse("exit", &format!("Illegal number: {text}"), true, 2);
            }
            Ok(number) => i32::try_from(number & 255).unwrap_or(0),
            Err(_) if shell.dialect().is_bash() => {
                shell.complain(&format!("exit: {text}: numeric argument required"))?;
                2
            }
            Err(_) => return shell.refuse("exit", &format!("Illegal number: {text}"), true, 2),
        },
    };
    if own(arguments) == "logout" && !shell.state.login {
        shell.complain("logout: not login shell: use `exit'")?;
        return Ok(1);
    }
    if shell.interactive && shell.depth <= 1 && shell.dialect().is_bash() {
        shell.err(if shell.state.login { "logout\n" } else { "exit\n" })?;
    }
    Err(Flow::Exit(status))
}

fn leave(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = own(arguments).to_owned();
    if shell.loops == 0 {
        if shell.dialect().is_bash() {
            shell.complain(&format!("{name}: only meaningful in a `for', `while', or `until' loop"))?;
        }
        return Ok(0);
    }
    let levels = rest(arguments).first().and_then(|text| text.parse().ok()).unwrap_or(1).max(1);
    Err(if own(arguments) == "break" { Flow::Break(levels) } else { Flow::Continue(levels) })
}

fn give_back(shell: &mut Shell, arguments: &[String]) -> Status {
    if shell.calls == 0 && shell.dialect().is_bash() {
        shell.complain("return: can only `return' from a function or sourced script")?;
        return Ok(2);
    }
    let outermost = shell.calls == 0 && !shell.interactive;
    let status =
        rest(arguments).first().and_then(|text| text.parse::<i64>().ok()).map_or(shell.status, |number| {
            let whole = shell.dialect() == Dialect::Dash;
            i32::try_from(if whole { number } else { number & 255 }).unwrap_or(0)
        });
    Err(if outermost { Flow::Exit(status) } else { Flow::Return(status) })
}

fn eval(shell: &mut Shell, arguments: &[String]) -> Status {
    let text = rest(arguments).join(" ");
    shell.evaluating += 1;
    let line = shell.line_number;
    let first = if shell.dialect() == Dialect::Dash { 1 } else { line };
    let result = shell.run_text_from(&text, first);
    shell.line_number = line;
    shell.evaluating -= 1;
    result
}

fn source(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(path) = rest(arguments).first() else {
        let name = own(arguments).to_owned();
        return match shell.dialect() {
            Dialect::Dash | Dialect::Ash => Ok(0),
            _ => {
                shell.complain(&format!("{name}: filename argument required"))?;
                shell.err(&format!("{name}: usage: {name} filename [arguments]\n"))?;
                Ok(2)
            }
        };
    };
    let found = if path.contains('/') || shell.fs.exists(path) {
        Some(path.clone())
    } else {
        command_path(shell, path)
    };
    match found.map_or(Err(Errno::NotFound), |found| shell.fs.read_file(&found)) {
        Ok(content) => {
            let text = crate::text::decode(&content);
            source_text(shell, path, &text, arguments.get(2..).unwrap_or(&[]))
        }
        Err(error) => {
            let name = own(arguments).to_owned();
            match shell.dialect() {
                Dialect::Dash if error == Errno::NotFound && path.contains('/') => {
                    shell.refuse(&name, &format!("cannot open {path}: No such file"), true, 2)
                }
                Dialect::Dash if error == Errno::NotFound => {
                    shell.refuse(&name, &format!("{path}: not found"), true, 2)
                }
                Dialect::Dash => shell.refuse(&name, &format!("cannot open {path}: {error}"), true, 2),
                Dialect::Ash if error == Errno::NotFound && !path.contains('/') => {
                    shell.refuse(&name, &format!("{path}: not found"), true, 2)
                }
                Dialect::Ash => shell.refuse(&name, &format!("can't open '{path}': {error}"), true, 2),
                Dialect::Bash | Dialect::BashPosix if error == Errno::IsDirectory => {
                    shell.complain(&format!("{name}: {path}: is a directory"))?;
                    Ok(1)
                }
                _ => {
                    shell.complain(&format!("{path}: {error}"))?;
                    Ok(1)
                }
            }
        }
    }
}

/// Runs the text of a file in this shell, with positional parameters of its own if some were given.
fn source_text(shell: &mut Shell, path: &str, text: &str, arguments: &[String]) -> Status {
    let own_arguments = !arguments.is_empty() && shell.dialect() != Dialect::Dash;
    let before =
        own_arguments.then(|| std::mem::replace(&mut shell.state_mut().positional, arguments.to_vec()));
    let name = shell.state_mut().source_name.replace(path.to_owned());
    let reading = std::mem::replace(&mut shell.state_mut().reading, Reading::File);
    let line = shell.line_number;
    shell.calls += 1;
    let result = shell.run_text_from(text, 1);
    shell.calls -= 1;
    shell.line_number = line;
    let state = shell.state_mut();
    state.source_name = name;
    state.reading = reading;
    if let Some(before) = before {
        state.positional = before;
    }
    match result {
        Err(Flow::Return(status)) => Ok(status),
        other => other,
    }
}

fn test(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words = rest(arguments);
    if own(arguments) == "[" {
        match words.split_last() {
            Some((last, before)) if last == "]" => words = before,
            _ => {
                match shell.dialect() {
                    Dialect::Dash => shell.complain_of("[", "missing ]")?,
                    Dialect::Ash => shell.complain("missing ]")?,
                    _ => shell.complain("[: missing `]'")?,
                }
                return Ok(2);
            }
        }
    }
    shell.test(own(arguments), words)
}

/// Signals that `trap` knows.
const SIGNALS: [&str; 36] = [
    "EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS", "ERR", "DEBUG", "RETURN", "POLL",
];

fn trap(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let bash = shell.dialect().is_bash();
    let mut status = 0;
    match words {
        [] => {
            let lines: String = shell
                .state
                .traps
                .iter()
                .map(|(signal, action)| {
                    let prefix = if bash && !["EXIT", "ERR", "DEBUG", "RETURN"].contains(&signal.as_str()) {
                        "SIG"
                    } else {
                        ""
                    };
                    format!("trap -- '{}' {prefix}{signal}\n", action.replace('\'', "'\\''"))
                })
                .collect();
            shell.out(&lines)?;
        }
        [one] if one.starts_with('-') => {}
        [action, signals @ ..] => {
            for signal in signals {
                let name = match signal.trim_start_matches("SIG") {
                    "0" => "EXIT",
                    "2" => "INT",
                    "15" => "TERM",
                    "1" => "HUP",
                    other => other,
                };
                let name = name.to_owned();
                if !SIGNALS.contains(&name.as_str()) {
                    status = super::wording::bad_trap(shell, signal)?;
                    continue;
                }
                if action == "-" {
                    shell.state_mut().traps.remove(&name);
                } else if shell.state.traps.len() < 64 {
                    shell.state_mut().traps.insert(name, action.clone());
                }
            }
        }
    }
    Ok(status)
}

fn umask(shell: &mut Shell, arguments: &[String]) -> Status {
    match rest(arguments).first().map(|text| (u32::from_str_radix(text, 8), text)) {
        None => {
            let mask = shell.fs.umask;
            shell.out(&format!("{mask:04o}\n"))?;
        }
        Some((Ok(mask), _)) => shell.fs.umask = mask & 0o777,
        Some((Err(_), text)) => {
            let text = text.clone();
            return super::wording::bad_umask(shell, &text);
        }
    }
    Ok(0)
}

fn ulimit(shell: &mut Shell, arguments: &[String]) -> Status {
    const ROWS: [(&str, char, &str); 16] = [
        ("real-time non-blocking time  (microseconds, -R)", 'R', "unlimited"),
        ("core file size              (blocks, -c)", 'c', "0"),
        ("data seg size               (kbytes, -d)", 'd', "unlimited"),
        ("scheduling priority                 (-e)", 'e', "0"),
        ("file size                   (blocks, -f)", 'f', "unlimited"),
        ("pending signals                     (-i)", 'i', "15412"),
        ("max locked memory           (kbytes, -l)", 'l', "501844"),
        ("max memory size             (kbytes, -m)", 'm', "unlimited"),
        ("open files                          (-n)", 'n', "1024"),
        ("pipe size                (512 bytes, -p)", 'p', "8"),
        ("POSIX message queues         (bytes, -q)", 'q', "819200"),
        ("real-time priority                  (-r)", 'r', "0"),
        ("stack size                  (kbytes, -s)", 's', "8192"),
        ("cpu time                   (seconds, -t)", 't', "unlimited"),
        ("max user processes                  (-u)", 'u', "15412"),
        ("virtual memory              (kbytes, -v)", 'v', "unlimited"),
    ];
    let words = rest(arguments);
    let all = words.first().is_some_and(|word| word == "-a");
    if all {
        let table: String = ROWS.iter().map(|(name, _, value)| format!("{name} {value}\n")).collect();
        shell.out(&table)?;
        return Ok(0);
    }
    if words.iter().any(|word| !word.starts_with('-')) {
        return Ok(0);
    }
    let letter = words
        .first()
        .and_then(|word| word.chars().last())
        .filter(|letter| *letter != 'H' && *letter != 'S')
        .unwrap_or('f');
    if let Some((_, _, value)) = ROWS.iter().find(|(_, found, _)| *found == letter) {
        shell.out(&format!("{value}\n"))?;
    }
    Ok(0)
}

fn times(shell: &mut Shell, _: &[String]) -> Status {
    shell.out("0m0.012s 0m0.008s\n0m0.041s 0m0.019s\n")?;
    Ok(0)
}

fn history(shell: &mut Shell, arguments: &[String]) -> Status {
    match rest(arguments).first().map(String::as_str) {
        Some("-c") => shell.history.clear(),
        Some(option) if option.starts_with('-') => {}
        other => {
            let count = other.and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
            let total = shell.history.len();
            let lines: String = shell
                .history
                .iter()
                .enumerate()
                .skip(total.saturating_sub(count))
                .map(|(index, line)| format!("{:>5}  {line}\n", index + 1))
                .collect();
            shell.out(&lines)?;
        }
    }
    Ok(0)
}

fn help(shell: &mut Shell, _: &[String]) -> Status {
    if shell.dialect() == Dialect::Ash {
        shell.out("Built-in commands:\n------------------\n\t. : [ [[ alias bg break cd chdir command continue echo eval exec\n\texit export false fg getopts hash help history jobs kill let\n\tlocal printf pwd read readonly return set shift source test times\n\ttrap true type ulimit umask unalias unset wait\n\n")?;
        return Ok(0);
    }
    let (machine, version) = (super::shells::machine(shell), shell.live.versions().bash);
    shell.out(&format!("GNU bash, version {version} ({machine})\nThese shell commands are defined internally.  Type `help' to see this list.\nType `help name' to find out more about the function `name'.\nUse `info bash' to find out more about the shell in general.\nUse `man -k' or `info' to find out more about commands not in this list.\n"))?;
    Ok(0)
}

fn let_command(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut value = 0;
    if rest(arguments).is_empty() {
        return shell.refuse("let", "expression expected", false, 1);
    }
    for word in rest(arguments) {
        match shell.arithmetic(word)? {
            Some(number) => value = number,
            None => return Ok(1),
        }
    }
    Ok(i32::from(value == 0))
}
