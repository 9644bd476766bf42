//! What a worker last did, for its heartbeat.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Shared between a worker's body, its heartbeat and its supervisor.
#[derive(Clone, Debug, Default)]
pub struct Status {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// What the body says that somebody should look at.
    trouble: Option<String>,
    /// It failed and has not run for long since.
    failing: bool,
    restarts: u64,
    last_error: Option<String>,
    lag: Option<u64>,
    counters: Value,
}

/// A copy of a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// False when somebody should look.
    pub good: bool,
    /// What the running body says that somebody should look at.
    pub trouble: Option<String>,
    /// How often the body was started again.
    pub restarts: u64,
    /// Why it last ended, when that was not wanted.
    pub last_error: Option<String>,
    /// What waits to be dealt with, in what the worker deals with: bytes, events, messages.
    #[serde(default)]
    pub lag: Option<u64>,
    /// Counters of the body.
    pub counters: Value,
}

impl Status {
    /// Says what was done so far.
    pub fn report(&self, counters: &impl Serialize) {
        let counters = serde_json::to_value(counters).unwrap_or(Value::Null);
        self.state.lock().counters = counters;
    }

    /// Says how much waits to be dealt with.
    pub fn set_lag(&self, lag: u64) {
        self.state.lock().lag = Some(lag);
    }

    /// Says what somebody should look at; `None` when all is well.
    pub fn set_trouble(&self, trouble: Option<String>) {
        self.state.lock().trouble = trouble;
    }

    /// Says whether somebody should look, where there is no more to say than the log does.
    pub fn set_good(&self, good: bool) {
        self.set_trouble((!good).then(|| "not everything works; the log says what".to_owned()));
    }

    /// A copy.
    pub fn copy(&self) -> Report {
        let state = self.state.lock();
        Report {
            good: state.trouble.is_none() && !state.failing,
            trouble: state.trouble.clone(),
            restarts: state.restarts,
            last_error: state.last_error.clone(),
            lag: state.lag,
            counters: state.counters.clone(),
        }
    }

    /// Takes note of an unwanted end.
    pub(super) fn failed(&self, error: String) {
        let mut state = self.state.lock();
        state.failing = true;
        state.restarts += 1;
        state.last_error = Some(error);
    }

    /// Takes note that the body has run for a while since it was started.
    pub(super) fn steady(&self) {
        self.state.lock().failing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_good_again_once_it_runs_steadily() {
        let status = Status::default();
        assert!(status.copy().good);
        status.failed("disk full".to_owned());
        status.set_trouble(None);
        assert!(!status.copy().good);
        status.steady();
        let report = status.copy();
        assert_eq!(
            (report.good, report.restarts, report.last_error.as_deref()),
            (true, 1, Some("disk full"))
        );
        status.set_trouble(Some("disk full".to_owned()));
        assert!(!status.copy().good);
    }
}
