//! The installation itself: its workers and its settings.

use serde::Serialize;
use utoipa::ToSchema;

/// A worker of this host.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Worker {
    /// Name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The process that it lives in: `keeper`, `house`, `swarm`, `api`.
    pub process: &'static str,
    /// `running`, `failing` (it is started again), `silent` (it has not been heard of for long), `stopped`.
    pub state: &'static str,
    /// False when somebody should look.
    pub good: bool,
    /// Since when it has been running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Bytes of memory that its process holds, together with the other workers there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// What waits to be dealt with, in what the worker deals with: bytes of the log, events, messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<u64>,
    /// When it was heard of last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_at: Option<String>,
    /// When it is started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// How often it was started again.
    pub restarts: u64,
    /// What it says that somebody should look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Why it last ended, when that was not wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// What it counts, lost and dropped events among it.
    #[schema(value_type = Object)]
    pub counters: serde_json::Value,
}

/// How far a view of the events has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Lag {
    /// Name of the view.
    pub view: &'static str,
    /// Last event that it has dealt with.
    pub event: i64,
    /// Events that it has not dealt with yet.
    pub behind: i64,
}

/// Workers, and how far views of the events have come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Workers {
    /// The workers, in the order of the list.
    pub workers: Vec<Worker>,
    /// The views.
    pub views: Vec<Lag>,
}

/// A setting and where it comes from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Setting {
    /// Name as `section.key`.
    pub key: &'static str,
    /// Environment variable.
    pub variable: &'static str,
    /// Value; secrets as `***`.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
    /// Value when nothing is set.
    pub default: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// How much the program says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogLevels {
    /// Levels that hold: `info,collector=debug`.
    pub levels: String,
    /// Those of the settings.
    pub configured: String,
    /// Whether they were changed while the workers run.
    pub changed: bool,
}
