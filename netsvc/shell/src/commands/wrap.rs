//! Commands that run commands: sh, env, nohup, timeout, watch, …

use super::{
    Run,
    options::options,
    own, rest,
    wording::{absent, quoted, wrong_use},
};
use crate::{
    interpret::{Flow, Shell, Status},
    text::decode,
};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] = &[
    ("env", env),
    ("printenv", printenv),
    ("nohup", nohup),
    ("setsid", plain),
    ("nice", nice),
    ("ionice", nice),
    ("taskset", nice),
    ("chrt", nice),
    ("stdbuf", nice),
    ("timeout", timeout),
    ("sleep", sleep),
    ("usleep", sleep),
    ("watch", watch),
    ("yes", yes),
    ("script", plain),
    ("screen", screen),
    ("tmux", screen),
    ("chroot", chroot),
    ("flock", chroot),
    ("strace", chroot),
];

fn plain(shell: &mut Shell, arguments: &[String]) -> Status {
    let words: Vec<String> =
        rest(arguments).iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    if let Some(status) = absent(shell, own(arguments), &words) {
        return status;
    }
    shell.run_wrapped(&words)
}

fn chroot(shell: &mut Shell, arguments: &[String]) -> Status {
    let words: Vec<String> =
        rest(arguments).iter().skip_while(|word| word.starts_with('-')).skip(1).cloned().collect();
    shell.run_arguments(&words)
}

fn nice(shell: &mut Shell, arguments: &[String]) -> Status {
    if let [_, flag, value, ..] = arguments
        && flag == "-n"
        && own(arguments) == "nice"
        && value.parse::<i64>().is_err()
    {
        shell.err(&format!("nice: invalid adjustment {}\n", quoted(value)))?;
        return Ok(125);
    }
    let numeric =
        |word: &String| word.starts_with('-') || word.parse::<i64>().is_ok() || word.starts_with("0x");
    let words: Vec<String> = rest(arguments).iter().skip_while(|word| numeric(word)).cloned().collect();
    if words.is_empty() {
        shell.out("0\n")?;
    }
    if let Some(status) = absent(shell, own(arguments), &words) {
        return status;
    }
    shell.run_wrapped(&words)
}

fn nohup(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if words.is_empty() {
        shell.err("nohup: missing operand\nTry 'nohup --help' for more information.\n")?;
        return Ok(125);
    }
    if let Some(status) = absent(shell, "nohup", words) {
        return status;
    }
    if shell.out_is_terminal() {
        shell.err("nohup: ignoring input and appending output to 'nohup.out'\n")?;
        let bytes = shell.capture(|shell| shell.run_arguments(words).map(|_| ()))?;
        let path = crate::fs::join(shell.fs.cwd(), "nohup.out");
        // A directory that cannot be written leaves the output nowhere, as with the real one.
        let _ = shell.fs.write_file(&path, &bytes, 0o600);
        return Ok(0);
    }
    shell.run_wrapped(words)
}

fn env(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut words = rest(arguments);
    let known = |word: &String| {
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or("");
        letters.chars().take_while(|letter| *letter != 'u').all(|letter| "i0CSv".contains(letter))
    };
    let flags = || words.iter().take_while(|word| word.starts_with('-') && word.len() > 1 && *word != "--");
    if let Some(wrong) = flags().find(|word| !known(word)) {
        let letter = wrong.chars().skip(1).find(|letter| !"i0CSvu".contains(*letter)).unwrap_or('-');
        return wrong_use(shell, "env", &format!("invalid option -- '{letter}'"), 125);
    }
    let saved = shell.save();
    while let Some((first, tail)) = words.split_first() {
        if first == "-i" || first == "-" {
            shell.state_mut().variables.map.retain(|_, variable| !variable.exported);
        } else if first == "-u" {
            if let Some(name) = tail.first() {
                shell.state_mut().variables.remove(name);
            }
            words = tail.get(1..).unwrap_or(&[]);
            continue;
        } else if let Some((name, value)) = first.split_once('=') {
            shell.state_mut().variables.export(name, value);
        } else {
            break;
        }
        words = tail;
    }
    let result = if words.is_empty() {
        let lines: String =
            shell.state.variables.environment().map(|(name, value)| format!("{name}={value}\n")).collect();
        shell.out(&lines).map(|()| 0)
    } else {
        absent(shell, "env", words).unwrap_or_else(|| shell.run_wrapped(words))
    };
    if result == Err(Flow::Enter) {
        shell.keep_waiting(Some(saved), None);
    } else {
        shell.restore(saved);
    }
    result
}

fn printenv(shell: &mut Shell, arguments: &[String]) -> Status {
    if rest(arguments).is_empty() {
        return env(shell, &["env".to_owned()]);
    }
    let mut status = 0;
    for name in rest(arguments) {
        match shell
            .state
            .variables
            .map
            .get(name)
            .filter(|variable| variable.exported)
            .map(|variable| variable.value.clone())
        {
            Some(value) => shell.out(&format!("{value}\n"))?,
            None => status = 1,
        }
    }
    Ok(status)
}

/// A duration such as `5`, `0.5`, `2m`.
fn duration(text: &str) -> Option<Duration> {
    let (digits, factor) = match text.chars().last()? {
        's' => (text.trim_end_matches('s'), 1.0),
        'm' => (text.trim_end_matches('m'), 60.0),
        'h' => (text.trim_end_matches('h'), 3_600.0),
        'd' => (text.trim_end_matches('d'), 86_400.0),
        _ => (text, 1.0),
    };
    let seconds: f64 = digits.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)?;
    Some(Duration::from_secs_f64((seconds * factor).min(1e6)))
}

fn sleep(shell: &mut Shell, arguments: &[String]) -> Status {
    let name = own(arguments).to_owned();
    let words = rest(arguments);
    let Some(first) = words.iter().find(|word| duration(word).is_none()).or(words.first()) else {
        shell.err("sleep: missing operand\nTry 'sleep --help' for more information.\n")?;
        return Ok(1);
    };
    match duration(first) {
        Some(time) => {
            let all: Duration = words.iter().filter_map(|word| duration(word)).sum();
            let time =
                if name == "usleep" { time / 1_000_000 } else { all.min(Duration::from_secs(1_000_000)) };
            shell.wait(time)?;
            Ok(0)
        }
        None => {
            let text = if shell.flavour().busybox() {
                format!("{name}: invalid number '{first}'\n")
            } else {
                decode(
                    format!(
                        "sleep: invalid time interval ‘{first}’\nTry 'sleep --help' for more information.\n"
                    )
                    .as_bytes(),
                )
            };
            shell.err(&text)?;
            Ok(1)
        }
    }
}

fn timeout(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) = options(
        shell,
        arguments,
        "+k:s:v",
        &[("signal", 's'), ("kill-after", 'k'), ("preserve-status", '_'), ("foreground", '_')],
    )?
    else {
        return Ok(125);
    };
    let busybox = shell.flavour().busybox();
    if let Some(first) = options.operands.first().filter(|first| duration(first).is_none()) {
        let text = if busybox {
            format!("timeout: invalid number '{first}'\n")
        } else {
            let word = quoted(first);
            format!("timeout: invalid time interval {word}\nTry 'timeout --help' for more information.\n")
        };
        shell.err(&text)?;
        return Ok(if busybox { 1 } else { 125 });
    }
    if options.operands.len() < 2 && busybox {
        return super::help::usage(shell, "timeout").map(|()| 1);
    }
    let Some((limit, command)) =
        options.operands.split_first().and_then(|(first, command)| Some((duration(first)?, command)))
    else {
        shell.err("Try 'timeout --help' for more information.\n")?;
        return Ok(125);
    };
    if let Some(status) = absent(shell, "timeout", command) {
        return status;
    }
    let started = shell.elapsed;
    let outer = shell.deadline;
    if !limit.is_zero() {
        let own = started.saturating_add(limit);
        shell.deadline = Some(outer.map_or(own, |outer| outer.min(own)));
    }
    let ran = shell.run_wrapped(command);
    shell.deadline = outer;
    let status = match ran {
        Err(Flow::Exhausted) => return stop(shell, started + limit),
        Ok(_) if std::mem::take(&mut shell.endless) => return stop(shell, started + limit),
        other => other,
    };
    if shell.elapsed.saturating_sub(started) > limit && !limit.is_zero() {
        // What the clock showed beyond that never was.
        shell.elapsed = started + limit;
        shell.wait(Duration::ZERO)?;
        return Ok(124);
    }
    status
}

/// Ends what would go on for ever, as the signal of `timeout` does.
fn stop(shell: &mut Shell, at: Duration) -> Status {
    if let Some(deadline) = shell.deadline.filter(|deadline| *deadline < at) {
        // A `timeout` around this one comes first.
        shell.elapsed = deadline;
        return Err(Flow::Exhausted);
    }
    shell.elapsed = at;
    shell.wait(Duration::ZERO)?;
    shell.recover();
    Ok(124)
}

fn watch(shell: &mut Shell, arguments: &[String]) -> Status {
    if rest(arguments).is_empty()
        && let Some(status) = super::help::gnu_usage(shell, "watch")
    {
        return status;
    }
    let Some(options) = options(shell, arguments, "+bcdegn:ptx", &[("interval", 'n')])? else { return Ok(1) };
    let source = options.operands.join(" ");
    for _ in 0..3 {
        shell.run_text(&source)?;
        shell.wait(Duration::from_secs(options.number('n').unwrap_or(2)))?;
    }
    Ok(0)
}

fn yes(shell: &mut Shell, arguments: &[String]) -> Status {
    let word = if rest(arguments).is_empty() { "y".to_owned() } else { rest(arguments).join(" ") };
    let block = format!("{word}\n").repeat(4_096 / (word.len() + 1) + 1);
    // A pipe gets what its reader may want; what comes after that repeats itself.
    let piped = matches!(shell.descriptors.get(&1), Some(crate::interpret::Descriptor::Buffer(_)));
    for _ in 0..if piped { 256 } else { 2_048 } {
        shell.out(&block)?;
    }
    shell.endless = true;
    Ok(0)
}

fn screen(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if words.iter().any(|word| word == "-ls" || word == "-list" || word == "ls") {
        let user = shell.user().to_owned();
        let text = if own(arguments) == "tmux" {
            "no server running on /tmp/tmux-0/default\n".to_owned()
        } else {
            format!("No Sockets found in /run/screen/S-{user}.\n\n")
        };
        shell.out(&text)?;
        return Ok(1);
    }
    let command: Vec<String> =
        words.iter().skip_while(|word| word.starts_with('-') || word.len() < 2).cloned().collect();
    if command.is_empty() || own(arguments) == "tmux" {
        return Ok(0);
    }
    shell.capture(|shell| shell.run_program(&command).map(|_| ()))?;
    Ok(0)
}
