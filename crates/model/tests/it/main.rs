//! Tests of the public functions of the model.

#![expect(clippy::unwrap_used, reason = "a test may fail at once")]

mod derived;
mod personas;
