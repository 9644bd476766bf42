//! Jobs in the background.

use super::{Run, own, rest, wording::no_such_job};
use crate::{
    dialect::Dialect,
    interpret::{Flow, Shell, Status},
};
use std::time::Duration;

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("jobs", jobs), ("fg", foreground), ("bg", background), ("disown", disown), ("wait", wait)];

fn jobs(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    let has = |letter: char| words.iter().any(|word| word.starts_with('-') && word.contains(letter));
    let (only_numbers, long, only_stopped) = (has('p'), has('l'), has('s'));
    let only_running = has('r');
    let mut chosen = Vec::new();
    let mut status = 0;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        match shell.find_job(word) {
            Some(pid) => chosen.push(pid),
            None => status = no_such_job(shell, own(arguments), word)?,
        }
    }
    if status != 0 {
        return Ok(status);
    }
    let now = shell.live.now();
    let wanted = |pid: u32, ends: i64| {
        (chosen.is_empty() || chosen.contains(&pid)) && !only_stopped && (!only_running || ends > now)
    };
    let text: String = if only_numbers {
        let numbers: Vec<u32> =
            shell.jobs.iter().filter(|job| wanted(job.pid, job.ends)).map(|job| job.pid).collect();
        let lines = |number: &u32| format!("{number}\n");
        if shell.dialect().is_bash() {
            numbers.iter().map(lines).collect()
        } else {
            numbers.iter().rev().map(lines).collect()
        }
    } else {
        shell.job_lines(long, |job| wanted(job.pid, job.ends))
    };
    if !only_numbers {
        shell.jobs.retain(|job| job.ends > now || !wanted(job.pid, job.ends));
    }
    shell.out(&text)?;
    Ok(0)
}

fn foreground(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.interactive {
        return no_job(shell, "fg");
    }
    let now = shell.live.now();
    let word = rest(arguments).first().map_or("%+", String::as_str);
    let found = shell.find_job(word).and_then(|pid| shell.take_job(pid)).filter(|job| job.ends > now);
    match found {
        Some(job) => {
            shell.out(&format!("{}\n", job.command))?;
            if job.ends == i64::MAX {
                return Err(Flow::Exhausted);
            }
            shell.wait(Duration::from_micros(u64::try_from(job.ends - now).unwrap_or(0)))?;
            Ok(job.status)
        }
        None if rest(arguments).is_empty() => no_job(shell, "fg"),
        None => no_such_job(shell, "fg", word),
    }
}

fn wait(shell: &mut Shell, arguments: &[String]) -> Status {
    let mut status = 0;
    let words = rest(arguments);
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        let now = shell.live.now();
        let found = shell.find_job(word);
        let found = found.and_then(|pid| shell.jobs.iter().find(|job| job.pid == pid));
        match (found.map(|job| (job.ends, job.status, job.pid)), word.parse::<u32>()) {
            (Some((i64::MAX, ..)), _) => return Err(Flow::Exhausted),
            (Some((ends, code, pid)), _) => {
                shell.wait(Duration::from_micros(u64::try_from(ends.saturating_sub(now)).unwrap_or(0)))?;
                status = code;
                if !shell.interactive {
                    shell.jobs.retain(|job| job.pid != pid);
                }
            }
            (None, _) if word.starts_with('%') => {
                let code = no_such_job(shell, "wait", word)?;
                status = if shell.dialect().is_bash() { 127 } else { code };
            }
            (None, Ok(pid)) => {
                if shell.dialect().is_bash() {
                    shell.complain(&format!("wait: pid {pid} is not a child of this shell"))?;
                }
                status = 127;
            }
            (None, Err(_)) => {
                let text = match shell.dialect() {
                    Dialect::Dash | Dialect::Ash => format!("Illegal number: {word}"),
                    _ => format!("`{word}': not a pid or valid job spec"),
                };
                status = shell.refuse(own(arguments), &text, false, 1)?;
            }
        }
    }
    if words.iter().all(|word| word.starts_with('-')) {
        let now = shell.live.now();
        let latest = shell.jobs.iter().map(|job| job.ends).max().unwrap_or(now);
        if latest == i64::MAX {
            return Err(Flow::Exhausted);
        }
        shell.wait(Duration::from_micros(u64::try_from(latest.saturating_sub(now)).unwrap_or(0)))?;
        // At a terminal they are reported before the next prompt.
        if !shell.interactive {
            shell.jobs.clear();
        }
    }
    Ok(status)
}

fn background(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.interactive {
        return no_job(shell, "bg");
    }
    let now = shell.live.now();
    let word = rest(arguments).first().map_or("%+", String::as_str);
    let found = shell.find_job(word);
    let found = found.and_then(|pid| shell.jobs.iter().find(|job| job.pid == pid && job.ends > now));
    match found.map(|job| (job.number, job.command.clone())) {
        Some((number, _)) if shell.dialect().is_bash() => {
            shell.complain(&format!("bg: job {number} already in background"))?;
            Ok(0)
        }
        Some((number, command)) => {
            shell.out(&format!("[{number}] {command}\n"))?;
            Ok(0)
        }
        None if rest(arguments).is_empty() => no_job(shell, "bg"),
        None => no_such_job(shell, "bg", word),
    }
}

fn disown(shell: &mut Shell, arguments: &[String]) -> Status {
    let words = rest(arguments);
    if words.iter().any(|word| word == "-a" || word == "-r") {
        shell.jobs.clear();
        return Ok(0);
    }
    let word = words.iter().find(|word| !word.starts_with('-')).map_or("%+", String::as_str);
    match shell.find_job(word).and_then(|pid| shell.take_job(pid)) {
        Some(_) => Ok(0),
        None if word == "%+" => {
            shell.complain("disown: current: no such job")?;
            Ok(1)
        }
        None => no_such_job(shell, "disown", word),
    }
}

/// What a shell says of a job that is not there.
fn no_job(shell: &mut Shell, name: &str) -> Status {
    match (shell.dialect(), shell.interactive) {
        (Dialect::Dash | Dialect::Ash, _) => shell.refuse(name, "No current job", false, 2),
        (_, true) => shell.refuse(name, "current: no such job", false, 1),
        (_, false) => shell.refuse(name, "no job control", false, 1),
    }
}
