//! Whose addresses of attackers are, and what others think of them: local files, providers that the operator has
//! configured, and the worker that asks both. Without either nothing is read and nobody is asked.

pub mod gauge;
pub mod local;
pub mod provider;
pub mod ranges;
pub mod scope;
mod worker;

pub use worker::{Configured, Counters, EnrichError, Feodo, Settings, run};
