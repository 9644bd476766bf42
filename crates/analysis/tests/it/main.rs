//! What is made of events, judged by corpora whose truth is known.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

mod clusters;
