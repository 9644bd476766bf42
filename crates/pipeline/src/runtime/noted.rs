//! How each worker does, in a file that can be read while nothing else can: `run/worker-NAME.json`.

use super::{
    put::{get, put},
    status::{Report, Status},
};
use decnet_model::{paths::Paths, worker::Worker};
use netsvc_wire::stamp::now;
use serde::{Deserialize, Serialize};
use std::{fs, io, time::Duration};

/// Time between two notes of a worker that runs.
pub(super) const PERIOD: Duration = Duration::from_secs(5);
/// Age at which a note says that its worker hangs.
const STALE: Duration = Duration::from_secs(30);

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Its body runs.
    Running,
    /// Its body failed and is started again.
    Failing,
}

/// A worker as it noted itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Its name.
    pub worker: String,
    /// The process that it lives in.
    pub pid: u32,
    /// Start of that process in clock ticks since boot, so that it cannot be confused with a later one.
    pub process_start: u64,
    /// What it is doing.
    pub phase: Phase,
    /// When this was written, µs since the epoch.
    pub at: i64,
    /// Since when it has been running, µs since the epoch.
    #[serde(default)]
    pub since: Option<i64>,
    /// Bytes of memory that its process holds.
    #[serde(default)]
    pub memory: Option<u64>,
    /// When its body is started again, µs since the epoch.
    pub next_try: Option<i64>,
    /// How it does.
    #[serde(flatten)]
    pub report: Report,
}

impl Note {
    /// Writes how `worker` does. Only shown, so that a failure is no reason to stop; a disk without room
    /// is seen by whoever shows it.
    pub(super) fn write(
        paths: &Paths,
        worker: Worker,
        status: &Status,
        since: Option<i64>,
        next_try: Option<Duration>,
    ) {
        let pid = std::process::id();
        let note = Note {
            worker: worker.name().to_owned(),
            pid,
            process_start: process_start(pid).unwrap_or_default(),
            phase: if next_try.is_some() { Phase::Failing } else { Phase::Running },
            at: now(),
            since,
            memory: memory(),
            next_try: next_try.map(|wait| now() + i64::try_from(wait.as_micros()).unwrap_or(0)),
            report: status.copy(),
        };
        let path = paths.worker_note(worker.name());
        let written = serde_json::to_vec(&note).map_err(io::Error::from).and_then(|text| put(&path, &text));
        if let Err(error) = written {
            tracing::debug!(worker = worker.name(), %error, "how the worker does cannot be noted");
        }
    }

    /// Removes the note of a worker that has ended as it should.
    pub(super) fn remove(paths: &Paths, worker: Worker) {
        let _ = fs::remove_file(paths.worker_note(worker.name()));
    }

    /// The note of `worker`, whoever wrote it and when: for a process that is not shown the others of the host.
    pub fn noted(paths: &Paths, worker: Worker) -> Option<Note> {
        serde_json::from_slice(&get(&paths.worker_note(worker.name())).ok()?).ok()
    }

    /// The note of `worker`, if the process that wrote it still runs.
    pub fn read(paths: &Paths, worker: Worker) -> Option<Note> {
        let note = Note::noted(paths, worker)?;
        (process_start(note.pid) == Some(note.process_start)).then_some(note)
    }

    /// Whether somebody should look: it fails, is in trouble, or has not been heard of for long.
    pub fn is_bad(&self, now: i64) -> bool {
        self.phase == Phase::Failing || !self.report.good || self.is_stale(now)
    }

    /// Whether it should have written since.
    pub fn is_stale(&self, now: i64) -> bool {
        let age = Duration::from_micros(u64::try_from(now - self.at).unwrap_or(0));
        self.phase == Phase::Running && STALE < age
    }
}

/// Bytes that this process holds, by `/proc/self/status`.
fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes.saturating_mul(1024))
}

/// Field 22 of `/proc/PID/stat`; `None` when there is no such process, or only its remains.
fn process_start(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, may contain anything, even parentheses.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18)?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_how_its_worker_does_and_counts_only_while_its_process_lives() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        fs::create_dir_all(paths.run()).unwrap();
        let status = Status::default();
        Note::write(&paths, Worker::Api, &status, Some(7), None);
        let note = Note::read(&paths, Worker::Api).unwrap();
        assert!(note.since == Some(7) && note.memory > Some(4096), "{note:?}");
        assert!(!note.is_bad(now()) && note.is_bad(now() + 31_000_000), "a worker that hangs");
        status.failed("address in use".to_owned());
        Note::write(&paths, Worker::Api, &status, None, Some(Duration::from_secs(4)));
        let note = Note::read(&paths, Worker::Api).unwrap();
        assert_eq!((note.phase, note.report.last_error.as_deref()), (Phase::Failing, Some("address in use")));
        assert!(note.is_bad(now()) && note.next_try > Some(now()));
        let other = Note { process_start: note.process_start + 1, ..note };
        fs::write(paths.worker_note("api"), serde_json::to_vec(&other).unwrap()).unwrap();
        assert_eq!(Note::read(&paths, Worker::Api), None, "another process has the number now");
    }
}
