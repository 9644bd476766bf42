//! What is done on the machines of a fleet day after day, written down: the worker `orchestrator`. The stage shows the
//! traces of the same plan by itself, so nothing is handed to it and nothing is lost when this does not run.

mod worker;

pub use worker::{Counters, WorkerError, run};
