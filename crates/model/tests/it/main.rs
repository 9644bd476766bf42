//! Tests of the public functions of the model.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail at once"
)]

mod derived;
mod personas;
