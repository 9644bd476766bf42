//! What a worker last did, for its heartbeat.

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Shared between a worker's body, its heartbeat and its supervisor.
#[derive(Clone, Debug, Default)]
pub struct Status {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The body says that somebody should look.
    bad: bool,
    /// It failed and has not run for long since.
    failing: bool,
    restarts: u64,
    last_error: Option<String>,
    counters: Value,
}

/// A copy of a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// False when somebody should look.
    pub good: bool,
    /// How often the body was started again.
    pub restarts: u64,
    /// Why it last ended, when that was not wanted.
    pub last_error: Option<String>,
    /// Counters of the body.
    pub counters: Value,
}

impl Status {
    /// Says what was done so far.
    pub fn report(&self, counters: &impl Serialize) {
        let counters = serde_json::to_value(counters).unwrap_or(Value::Null);
        self.state.lock().counters = counters;
    }

    /// Says whether somebody should look.
    pub fn set_good(&self, good: bool) {
        self.state.lock().bad = !good;
    }

    /// A copy.
    pub fn copy(&self) -> Report {
        let state = self.state.lock();
        Report {
            good: !state.bad && !state.failing,
            restarts: state.restarts,
            last_error: state.last_error.clone(),
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
        status.set_good(true);
        assert!(!status.copy().good);
        status.steady();
        let report = status.copy();
        assert_eq!(
            (report.good, report.restarts, report.last_error.as_deref()),
            (true, 1, Some("disk full"))
        );
        status.set_good(false);
        assert!(!status.copy().good);
    }
}
