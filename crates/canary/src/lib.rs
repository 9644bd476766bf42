//! Canaries: files, names and secrets that nobody has reason to use, and what notices when somebody does.
//!
//! [`make`] makes them; [`serve`] answers those who took one along, over HTTP and DNS, in the manner of an ordinary
//! server; [`run`] is the worker that does so and looks for their secrets among what deckies were offered. What is
//! noticed becomes an event line, and goes the way of all others.

pub mod make;
mod plant;
pub mod serve;
mod worker;

pub use make::test_mark;
pub use plant::{PlantError, Wish, path_on, plant};
pub use worker::{Counters, Settings, WorkerError, run};
