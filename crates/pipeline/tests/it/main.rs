//! The pipeline on a real file system.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bytes;
mod collect;
mod contained;
mod ingest;
mod intelligence;
mod kill;
mod log;
mod relayed;
mod stage;
mod work;
