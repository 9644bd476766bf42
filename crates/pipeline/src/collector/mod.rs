//! The collector: from the spools of service processes into the event log, each line once.
//!
//! Where it stands is read from the log itself: a line is new when its number is above the last that the
//! log has of its writer. Spool segments and blobs go only after the log is on the medium, so a crash
//! at any point repeats reading, never a line.

mod blob;
mod body;
mod contained;
mod counters;
mod intake;
mod judge;
mod orphan;
mod quarantine;
mod relayed;
mod seen;
mod settings;
mod source;
mod spool;
mod stock;
mod watch;

pub use body::run;
pub use contained::{Contained, Joiner, Said};
pub use counters::{Counters, Progress};
pub use intake::Collector;
pub use relayed::Relayed;
pub use seen::Seen;
pub use settings::Settings;
pub use source::{Line, Source, Turn};
pub use spool::Spool;
pub use stock::{Budget, Held};

use crate::{disk::DiskError, eventlog::LogError};
use netsvc_wire::EncodeError;
use std::{io, path::Path};

/// How the name of a spool begins that holds what another host has sent; the host's id follows.
pub const RELAYED: &str = "from.";

/// APP-NAME of the collector's own events.
const APP: &str = "collector";

/// Why the collector stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A source could not be read; the others still can.
    #[error("read a spool")]
    Source(#[source] DiskError),
    /// A file of the collector's own or an artefact could not be written.
    #[error("keep what was collected")]
    Disk(#[from] DiskError),
    /// The event log could not be read or written.
    #[error("append to the event log")]
    Log(#[from] LogError),
    /// An event of the collector's own does not fit a line.
    #[error("write an event of the collector")]
    Encode(#[from] EncodeError),
    /// A setting cannot stand in a line.
    #[error("use {0:?} in an event line")]
    Setting(String),
    /// No random number for the writer id.
    #[error("draw a writer id")]
    Random,
    /// The spools cannot be watched for changes.
    #[error("watch the spools")]
    Watch(#[source] io::Error),
    /// The thread that reads was lost.
    #[error("read in the background")]
    Background(#[source] tokio::task::JoinError),
}

impl CollectError {
    /// Whether the disk refused: what passes when there is room again.
    fn is_of_disk(&self) -> bool {
        matches!(self, CollectError::Disk(_) | CollectError::Log(_) | CollectError::Source(_))
    }
}

/// For `map_err`: a source could not be read.
fn unreadable(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CollectError {
    let failed = DiskError::of(attempt, path);
    move |error| CollectError::Source(failed(error))
}
