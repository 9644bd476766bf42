//! How work that operators asked for looks as JSON.

use decnet_model::record;
use netsvc_wire::{escape::printable, stamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A piece of work that somebody asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Operation {
    /// Its number.
    pub id: i64,
    /// `plan`, `deploy`, `teardown`, `firedrill`, `redeploy`, `persona`, `audit`, `mutate`, `decky`, `swarm`,
    /// `topology`, `learn`, `image`, `worker`.
    pub kind: &'static str,
    /// `queued`, `running`, `done`, `failed`.
    pub state: &'static str,
    /// Where it stands, in a few words, while it runs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub progress: String,
    /// What was said beside the result: warnings, and why it failed.
    pub notes: Vec<String>,
    /// What came of it, as the verb of the command line prints it with `--json`; of a plan, its deckies in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

impl From<&record::Operation> for Operation {
    fn from(row: &record::Operation) -> Self {
        Operation {
            id: row.id,
            kind: row.kind.name(),
            state: row.state.name(),
            progress: row.progress.clone(),
            notes: row.notes.lines().map(|line| printable(line.as_bytes()).into_string()).collect(),
            result: serde_json::from_str(&row.result).ok(),
            asked_by: row.asked_by.clone(),
            asked_at: stamp::format(row.asked_at),
            begun_at: row.begun_at.map(stamp::format),
            ended_at: row.ended_at.map(stamp::format),
        }
    }
}
