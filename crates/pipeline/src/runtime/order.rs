//! What an operator has a worker of a supervisor do: a file, `run/worker-NAME.order`, because the bus is a worker, too.

use super::{
    claim::ClaimError,
    put::{get, put},
};
use decnet_model::{
    paths::Paths,
    worker::{Action, Worker},
};
use netsvc_wire::stamp::now;
use serde::{Deserialize, Serialize};
use std::{fs, io, time::Duration};

/// How often a supervisor looks for orders.
const LOOK: Duration = Duration::from_millis(250);

/// An order as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What is to be done.
    pub action: Action,
    /// When it was given, µs since the epoch; a later one takes its place.
    pub at: i64,
    /// By whom.
    pub by: String,
}

impl Order {
    /// Gives an order. Returns what it looks like.
    ///
    /// # Errors
    /// [`ClaimError::Io`] when the run folder is closed to us or the disk is full.
    pub fn give(paths: &Paths, worker: Worker, action: Action, by: &str) -> Result<Order, ClaimError> {
        let order = Order { action, at: now(), by: by.to_owned() };
        let path = paths.worker_order(worker.name());
        let text = serde_json::to_vec(&order).map_err(io::Error::from);
        let written = text.and_then(|text| put(&path, &text));
        written.map(|()| order).map_err(|source| ClaimError::Io { attempt: "write", path, source })
    }

    /// The order that was given last.
    pub fn read(paths: &Paths, worker: Worker) -> Option<Order> {
        serde_json::from_slice(&get(&paths.worker_order(worker.name())).ok()?).ok()
    }

    /// Takes all orders back: who starts the workers anew wants all of them.
    pub fn forget(paths: &Paths) {
        for worker in Worker::ALL {
            // There need not be one.
            let _ = fs::remove_file(paths.worker_order(worker.name()));
        }
    }
}

/// A supervisor's view of the orders for one worker.
#[derive(Debug)]
pub(super) struct Orders {
    paths: Paths,
    worker: Worker,
    obeyed: i64,
}

impl Orders {
    /// Orders from now on: one that is there already was somebody else's to obey.
    pub(super) fn new(paths: &Paths, worker: Worker) -> Orders {
        let obeyed = Order::read(paths, worker).map_or(0, |order| order.at);
        Orders { paths: paths.clone(), worker, obeyed }
    }

    /// Waits for the next one. Safe to cancel.
    pub(super) async fn next(&mut self) -> Action {
        loop {
            // Another time is another order; it is an earlier one where the clock was put back in between.
            let given = Order::read(&self.paths, self.worker);
            if let Some(order) = given.filter(|order| order.at != self.obeyed) {
                self.obeyed = order.at;
                let (worker, action) = (self.worker.name(), order.action.name());
                tracing::info!(worker, action, by = order.by, "a worker was told what to do");
                return order.action;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_order_is_obeyed_once_and_an_old_one_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        assert!(Order::give(&paths, Worker::Bus, Action::Stop, "eve").is_err(), "there is no run folder");
        fs::create_dir_all(paths.run()).unwrap();
        Order::give(&paths, Worker::Bus, Action::Stop, "eve").unwrap();
        let mut orders = Orders::new(&paths, Worker::Bus);
        let order = Order::give(&paths, Worker::Bus, Action::Restart, "eve").unwrap();
        assert_eq!((orders.next().await, orders.obeyed), (Action::Restart, order.at));
        assert_eq!(Order::read(&paths, Worker::Bus), Some(order));
        Order::forget(&paths);
        assert_eq!(Order::read(&paths, Worker::Bus), None);
    }

    #[tokio::test]
    async fn an_order_is_heard_when_the_clock_was_put_back_since_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        fs::create_dir_all(paths.run()).unwrap();
        let ahead = Order { action: Action::Stop, at: now() + 3_600_000_000, by: "eve".to_owned() };
        fs::write(paths.worker_order(Worker::Bus.name()), serde_json::to_vec(&ahead).unwrap()).unwrap();
        let mut orders = Orders::new(&paths, Worker::Bus);
        Order::give(&paths, Worker::Bus, Action::Start, "eve").unwrap();
        let heard = tokio::time::timeout(LOOK * 40, orders.next()).await;
        assert_eq!(heard.ok(), Some(Action::Start));
    }
}
