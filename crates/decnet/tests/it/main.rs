//! The program as an operator runs it, over a store that the test fills.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail at once")]

mod install;
mod keep;
mod same;
mod site;
mod usage;
