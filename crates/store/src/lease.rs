//! Who may write as a worker: an epoch that each taker raises and each of its transactions checks.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    dialect::{Merge, Table},
    error::Error,
};
use decnet_model::worker::Worker;

const LEASES: Table =
    Table { name: "leases", key: "worker", columns: &[("worker", Merge::Keep), ("epoch", Merge::Add)] };

/// The right to write as a worker, until the next one takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    worker: Worker,
    epoch: i64,
}

impl Fence {
    /// Worker that it is for.
    pub fn worker(&self) -> Worker {
        self.worker
    }

    /// How many have held it, this one included.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Fails when a later holder exists; until the transaction ends there can be none.
    pub(crate) async fn check(&self, tx: &mut Tx) -> Result<(), Error> {
        let what = "check the lease";
        let sql = format!("SELECT epoch FROM leases WHERE worker = ?{}", tx.dialect().for_update());
        let found = tx.row(Statement::new(what, sql).bind(self.worker.name())).await?;
        let current = found.map(|mut cells| cells.int()).transpose()?;
        if current == Some(self.epoch) { Ok(()) } else { Err(Error::Fenced { worker: self.worker.name() }) }
    }
}

impl Store {
    /// Takes the lease of `worker`; whoever held it before can no longer write. The caller has made
    /// sure by its lock file that no live process on this host holds it.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn lease_take(&self, worker: Worker) -> Result<Fence, Error> {
        let what = "take the lease";
        transaction!(self, what, tx => {
            tx.upsert(what, &LEASES, vec![vec![worker.name().into(), 1_i64.into()]]).await?;
            let read = Statement::new(what, "SELECT epoch FROM leases WHERE worker = ?").bind(worker.name());
            let epoch = match tx.row(read).await? {
                Some(mut cells) => cells.int()?,
                None => return Err(Error::Fenced { worker: worker.name() }),
            };
            Ok(Fence { worker, epoch })
        })
    }
}
