//! What all workers share: their context, one copy of each per host, heartbeats, the runner of passes,
//! and the supervisor.

mod claim;
mod context;
mod heartbeat;
mod lock;
mod noted;
mod order;
mod pass;
mod put;
mod status;
mod supervise;

pub use claim::{Claim, ClaimError, Holder, Keeper};
pub use context::{Host, WorkerContext};
pub use lock::{LockError, WorkerLock};
pub use noted::{Note, Phase};
pub use order::Order;
pub use pass::{Pass, Work, run_passes};
pub use put::{get, put};
pub use status::{Report, Status};
pub use supervise::{
    Backoff, Body, BodyFuture, RunError, Running, WorkerError, body, chain, run_alone, supervise,
};
