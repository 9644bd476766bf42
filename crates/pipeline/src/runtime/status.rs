//! What a worker last did, for its heartbeat.

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Shared between a worker's body, its heartbeat and its supervisor.
#[derive(Clone, Debug, Default)]
pub struct Status {
    report: Arc<Mutex<Report>>,
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

impl Default for Report {
    fn default() -> Self {
        Report { good: true, restarts: 0, last_error: None, counters: Value::Null }
    }
}

impl Status {
    /// Says what was done so far.
    pub fn report(&self, counters: &impl Serialize) {
        let counters = serde_json::to_value(counters).unwrap_or(Value::Null);
        self.report.lock().counters = counters;
    }

    /// Says whether somebody should look.
    pub fn set_good(&self, good: bool) {
        self.report.lock().good = good;
    }

    /// Takes note of an unwanted end.
    pub(super) fn failed(&self, error: String) {
        let mut report = self.report.lock();
        report.good = false;
        report.restarts += 1;
        report.last_error = Some(error);
    }

    /// A copy.
    pub fn copy(&self) -> Report {
        self.report.lock().clone()
    }
}
