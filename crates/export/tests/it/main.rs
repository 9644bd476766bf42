//! What is exported, as it is agreed on, as other programs read it, and of what the store has.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail at once"
)]

mod reading;
mod rendered;
mod sample;
mod validated;
