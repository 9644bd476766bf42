//! What a worker's body gets.

use super::Status;
use decnet_bus::Bus;
use decnet_model::{paths::Paths, worker::Worker};
use tokio::sync::watch;

/// What all workers of a process share.
#[derive(Clone, Debug)]
pub struct Host {
    /// Files of the installation.
    pub paths: Paths,
    /// The bus.
    pub bus: Bus,
}

/// What one worker works with.
#[derive(Clone, Debug)]
pub struct WorkerContext {
    /// Which worker it is.
    pub worker: Worker,
    /// Files of the installation.
    pub paths: Paths,
    /// The bus.
    pub bus: Bus,
    /// True once the worker is to end.
    pub stop: watch::Receiver<bool>,
    /// What the heartbeat says.
    pub status: Status,
}

impl WorkerContext {
    /// Is the worker to end?
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the worker is to end. Safe to cancel.
    pub async fn stopped(&mut self) {
        // A sender that is gone can only mean the same; the borrowed value ends with this statement.
        let _ = self.stop.wait_for(|stop| *stop).await.is_ok();
    }
}
