//! The operator's program.

pub mod firedrill;
pub mod output;
pub mod settings;
