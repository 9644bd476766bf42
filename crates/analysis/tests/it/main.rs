//! What is made of events, judged by corpora whose truth is known.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clusters;
