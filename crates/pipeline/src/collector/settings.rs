//! What an operator may set.

use super::Budget;
use crate::eventlog::Limits;
use netsvc_wire::DEFAULT_SD_ID;
use std::time::Duration;

/// How the collector works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Size and age of the log.
    pub limits: Limits,
    /// Size and age of artefacts.
    pub artefacts: Budget,
    /// Longest time that a line is in the log without being on the medium.
    pub sync_every: Duration,
    /// How long the segment of a process must be unchanged before a newer process ends it.
    pub settle: Duration,
    /// Write the JSON twin as well.
    pub twin: bool,
    /// SD-ID of the collector's own events; the same inside an installation.
    pub sd_id: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            artefacts: Budget::default(),
            sync_every: Duration::from_millis(500),
            settle: Duration::from_secs(5),
            twin: false,
            sd_id: DEFAULT_SD_ID.to_owned(),
        }
    }
}
