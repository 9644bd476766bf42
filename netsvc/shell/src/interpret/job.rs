//! Jobs in the background: their numbers, what is said of them, and how they are named.

use super::Shell;
use crate::dialect::Dialect;

/// Jobs that a shell keeps.
const MAX_JOBS: usize = 64;
/// µs that the shortest job takes: a program is started and ends.
const SHORTEST: i64 = 3_000;
/// Column in which the command of a job begins, in the shells of the Almquist family.
const COMMAND_COLUMN: usize = 33;

/// A job in the background.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) number: usize,
    pub(crate) pid: u32,
    pub(crate) command: String,
    /// µs of the node's clock.
    pub(crate) ends: i64,
    pub(crate) status: i32,
    /// The signal that ended it.
    signal: Option<u8>,
}

impl Shell {
    /// Adds a job that ends `at` with a status, and gives its number.
    pub(super) fn add_job(&mut self, pid: u32, command: String, at: i64, status: i32) -> usize {
        let number = self.jobs.last().map_or(0, |job| job.number) + 1;
        if self.jobs.len() < MAX_JOBS {
            let ends = at.saturating_add(SHORTEST);
            self.jobs.push(Job { number, pid, command, ends, status, signal: None });
        }
        number
    }

    /// The process of the job that `%N`, `%+`, `%-`, `%%`, `%name` or a process number names.
    pub(crate) fn find_job(&self, word: &str) -> Option<u32> {
        let Some(wanted) = word.strip_prefix('%') else {
            let pid = word.parse().ok()?;
            return self.jobs.iter().find(|job| job.pid == pid).map(|job| job.pid);
        };
        let found = match wanted {
            "" | "%" | "+" => self.jobs.last(),
            "-" => self.jobs.iter().rev().nth(1).or_else(|| self.jobs.last()),
            _ => match wanted.parse::<usize>() {
                Ok(number) => self.jobs.iter().find(|job| job.number == number),
                Err(_) => match wanted.strip_prefix('?') {
                    Some(part) => self.jobs.iter().find(|job| job.command.contains(part)),
                    None => self.jobs.iter().find(|job| job.command.starts_with(wanted)),
                },
            },
        };
        found.map(|job| job.pid)
    }

    /// Ends a job by a signal.
    pub(crate) fn end_job(&mut self, pid: u32, signal: u8) {
        let now = self.live.now();
        if let Some(job) = self.jobs.iter_mut().find(|job| job.pid == pid && job.ends > now) {
            job.ends = now;
            job.status = 128 + i32::from(signal);
            job.signal = Some(signal);
        }
    }

    /// Takes the job of a process from the list.
    pub(crate) fn take_job(&mut self, pid: u32) -> Option<Job> {
        let at = self.jobs.iter().position(|job| job.pid == pid)?;
        Some(self.jobs.remove(at))
    }

    /// What a shell at a terminal says, before its prompt, of the jobs that ended since the last one. They are
    /// forgotten then.
    pub(crate) fn job_notices(&mut self) -> String {
        let now = self.live.now();
        let text = self.job_lines(false, |job| job.ends <= now);
        self.jobs.retain(|job| job.ends > now);
        text
    }

    /// The lines of the jobs that `wanted` takes; `long`: with their process numbers.
    pub(crate) fn job_lines(&self, long: bool, wanted: impl Fn(&Job) -> bool) -> String {
        let count = self.jobs.len();
        let lines = self.jobs.iter().enumerate().filter(|(_, job)| wanted(job)).map(|(index, job)| {
            let mark = match count - index {
                1 => '+',
                2 => '-',
                _ => ' ',
            };
            self.job_line(job, mark, long)
        });
        // The Almquist family begins with the current job.
        if self.dialect().is_bash() { lines.collect() } else { lines.rev().collect() }
    }

    fn job_line(&self, job: &Job, mark: char, long: bool) -> String {
        let (number, command) = (job.number, &job.command);
        let runs = job.ends > self.live.now();
        let pid = if long { format!("{} ", job.pid) } else { String::new() };
        if self.dialect().is_bash() {
            let state = self.job_state(job, runs);
            let space = if long { " " } else { "  " };
            let end = if runs { " &" } else { "" };
            return format!("[{number}]{mark}{space}{pid}{state:<24}{command}{end}\n");
        }
        let marked = if self.dialect() == Dialect::Dash { format!(" {mark} ") } else { format!("{mark}  ") };
        let head = format!("[{number}]{marked}{pid}{}", self.job_state(job, runs));
        format!("{head:<COMMAND_COLUMN$}{command}\n")
    }

    fn job_state(&self, job: &Job, runs: bool) -> String {
        match (runs, job.signal, job.status) {
            (true, ..) => "Running".into(),
            (_, Some(signal), _) => crate::commands::signal_description(signal).into(),
            (_, None, 0) => "Done".into(),
            (_, None, status) if self.dialect().is_bash() => format!("Exit {status}"),
            (_, None, status) => format!("Done({status})"),
        }
    }
}
