//! Tests of the public functions of the planner.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail at once"
)]

mod ini_broken;
mod ini_errors;
mod ini_fleet;
mod keys;
