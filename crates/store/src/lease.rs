//! Who may write as a worker: an epoch that each taker raises and each of its transactions checks.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    schema::row,
};
use decnet_model::worker::Worker;

/// How many have held the right of a worker.
pub(crate) struct Lease {
    worker: String,
    epoch: i64,
}

row! {
    LEASES = "leases" by "worker", Lease, Lease {
        worker: Text(64);
        epoch: Int, Add;
    }
}

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
            tx.upsert(what, [Lease { worker: worker.name().into(), epoch: 1 }]).await?;
            let read = Statement::new(what, "SELECT epoch FROM leases WHERE worker = ?").bind(worker.name());
            let epoch = match tx.row(read).await? {
                Some(mut cells) => cells.int()?,
                None => return Err(Error::Fenced { worker: worker.name() }),
            };
            Ok(Fence { worker, epoch })
        })
    }
}
