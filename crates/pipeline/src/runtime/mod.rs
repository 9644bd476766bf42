//! What all workers share: their context, one copy of each per host, heartbeats, the runner of passes,
//! and the supervisor.

mod context;
mod heartbeat;
mod lock;
mod pass;
mod status;
mod supervise;

pub use context::{Host, WorkerContext};
pub use lock::{LockError, WorkerLock};
pub use pass::{Pass, Work, run_passes};
pub use status::{Report, Status};
pub use supervise::{Backoff, Body, BodyFuture, RunError, WorkerError, body, run_alone, supervise};
