//! The pipeline on a real file system.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod collect;
mod ingest;
mod log;
mod stage;
