//! Jobs in the background.

use super::{Run, own, rest};
use crate::{
    dialect::Dialect,
    interpret::{Flow, Shell, Status},
};

pub(super) const COMMANDS: &[(&str, Run)] =
    &[("jobs", jobs), ("fg", foreground), ("bg", background), ("disown", disown), ("wait", wait)];

fn jobs(shell: &mut Shell, arguments: &[String]) -> Status {
    let only_numbers = rest(arguments).first().is_some_and(|word| word == "-p");
    let now = shell.live.now();
    let mut out = String::new();
    let count = shell.jobs.len();
    for (index, job) in shell.jobs.iter_mut().enumerate().filter(|(_, job)| !job.reported) {
        let state = if job.ends > now { "Running" } else { "Done" };
        job.reported = job.ends <= now;
        let mark = if index + 1 == count {
            '+'
        } else if index + 2 == count {
            '-'
        } else {
            ' '
        };
        out.push_str(&if only_numbers {
            format!("{}\n", job.pid)
        } else {
            format!(
                "[{}]{mark}  {state:<24}{}{}\n",
                index + 1,
                job.command,
                if state == "Running" { " &" } else { "" }
            )
        });
    }
    shell.out(&out)?;
    Ok(0)
}

fn foreground(shell: &mut Shell, _: &[String]) -> Status {
    let now = shell.live.now();
    match shell.jobs.last().cloned() {
        Some(job) if job.ends > now => {
            shell.out(&format!("{}\n", job.command))?;
            let left = u64::try_from(job.ends - now).unwrap_or(0);
            shell.wait(std::time::Duration::from_micros(left))?;
            Ok(0)
        }
        _ => no_job(shell, "fg"),
    }
}

fn wait(shell: &mut Shell, arguments: &[String]) -> Status {
    let now = shell.live.now();
    let mut status = 0;
    let words = rest(arguments);
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        let number = word.trim_start_matches('%').parse::<u32>().ok();
        let found = shell.jobs.iter().enumerate().find(|(index, job)| {
            let by_number = word.starts_with('%') && number == u32::try_from(index + 1).ok();
            by_number || number == Some(job.pid)
        });
        match (found.map(|(_, job)| (job.ends, job.status)), number) {
            (Some((ends, code)), _) => {
                let left = u64::try_from(ends.saturating_sub(now)).unwrap_or(0);
                shell.wait(std::time::Duration::from_micros(left))?;
                status = code;
            }
            (None, Some(pid)) => {
                if shell.dialect().is_bash() {
                    shell.complain(&format!("wait: pid {pid} is not a child of this shell"))?;
                }
                status = 127;
            }
            (None, None) => {
                let text = match shell.dialect() {
                    Dialect::Dash => format!("Illegal number: {word}"),
                    Dialect::Ash => format!("invalid number '{word}'"),
                    _ => format!("`{word}': not a pid or valid job spec"),
                };
                status = shell.refuse(own(arguments), &text, false, 1)?;
            }
        }
    }
    if words.is_empty() {
        let latest = shell.jobs.iter().map(|job| job.ends).max().unwrap_or(now);
        if latest == i64::MAX {
            return Err(Flow::Exhausted);
        }
        let left = u64::try_from(latest.saturating_sub(now)).unwrap_or(0);
        shell.wait(std::time::Duration::from_micros(left))?;
        shell.jobs.clear();
    }
    Ok(status)
}

fn background(shell: &mut Shell, _: &[String]) -> Status {
    no_job(shell, "bg")
}

fn disown(shell: &mut Shell, _: &[String]) -> Status {
    if shell.jobs.pop().is_some() {
        return Ok(0);
    }
    shell.complain("disown: current: no such job")?;
    Ok(1)
}

/// What a shell says of a job that is not there.
fn no_job(shell: &mut Shell, name: &str) -> Status {
    match (shell.dialect(), shell.interactive) {
        (Dialect::Dash | Dialect::Ash, _) => shell.refuse(name, "No current job", false, 2),
        (_, true) => shell.refuse(name, "current: no such job", false, 1),
        (_, false) => shell.refuse(name, "no job control", false, 1),
    }
}
