//! Updates of the hosts of a swarm: who gets which release, and what became of it.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    schema::row,
};
use decnet_model::record::{SwarmUpdate, UpdateState};
use netsvc_wire::stamp::Micros;

/// How long updates are kept that have ended.
const KEPT: Micros = 400 * 86_400_000_000;

row! {
    UPDATES = "swarm_updates" by "id", SwarmUpdate, SwarmUpdate {
        id: Text(128);
        rollout: Text(64);
        host: Text(64);
        name: Text(64);
        stage: Int;
        from_version: Text(64);
        to_version: Text(64);
        sha256: Text(64);
        size: Int;
        signature: Long;
        state: Text(64);
        reason: Long;
        asked_by: Text(255);
        asked_at: Int;
        changed_at: Int;
        ended_at: Int;
    }
}

impl Store {
    /// Updates, those that were asked for last first; at most `most`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_updates(&self, most: u64) -> Result<Vec<SwarmUpdate>, Error> {
        let sql = format!("{} ORDER BY asked_at DESC, id LIMIT ?", UPDATES.select());
        self.pool.read(Statement::new("list the updates", sql).bind(most)).await
    }

    /// Updates of a roll-out, in the order of their turns.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_rollout(&self, rollout: &str) -> Result<Vec<SwarmUpdate>, Error> {
        let sql = format!("{} WHERE rollout = ? ORDER BY stage, name, id", UPDATES.select());
        self.pool.read(Statement::new("list the updates of a roll-out", sql).bind(rollout)).await
    }

    /// Updates of roll-outs that have not ended, those of them that have ended included.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_updates_open(&self) -> Result<Vec<SwarmUpdate>, Error> {
        let sql = format!(
            "{} WHERE rollout IN (SELECT rollout FROM swarm_updates WHERE ended_at IS NULL) \
             ORDER BY asked_at, id",
            UPDATES.select()
        );
        self.pool.read(Statement::new("list updates that have not ended", sql)).await
    }

    /// Updates of a host that have not ended.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_updates_of(&self, host: &str) -> Result<Vec<SwarmUpdate>, Error> {
        let sql = format!("{} WHERE host = ? AND ended_at IS NULL ORDER BY asked_at, id", UPDATES.select());
        self.pool.read(Statement::new("list updates of a host", sql).bind(host)).await
    }

    /// Asks for updates. What the same hosts have not begun is cancelled. Returns the name of a host that is busy with
    /// another one; nothing is asked for then.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_updates_ask(
        &self,
        updates: &[SwarmUpdate],
        now: Micros,
    ) -> Result<Option<String>, Error> {
        let what = "ask for updates";
        transaction!(self, what, tx => {
            for update in updates {
                let sql = "SELECT COUNT(*) FROM swarm_updates WHERE host = ? AND state IN ('fetching', 'trying')";
                let busy = tx.row(Statement::new(what, sql).bind(update.host.as_str())).await?;
                if busy.map_or(Ok(0), |mut cells| cells.count())? > 0 {
                    return Ok(Some(update.name.clone()));
                }
            }
            for update in updates {
                let sql = "UPDATE swarm_updates SET state = 'cancelled', reason = ?, changed_at = ?, ended_at = ? \
                           WHERE host = ? AND ended_at IS NULL";
                let cancel = Statement::new(what, sql).bind("another one was asked for").bind(now).bind(now);
                tx.execute(cancel.bind(update.host.as_str())).await?;
            }
            let old = Statement::new(what, "DELETE FROM swarm_updates WHERE ended_at < ?");
            tx.execute(old.bind(now - KEPT)).await?;
            tx.upsert(what, updates.to_vec()).await?;
            Ok(None)
        })
    }

    /// Moves an update on that was in the state `was`. Returns false where it is in another one by now.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_update_move(&self, update: &SwarmUpdate, was: UpdateState) -> Result<bool, Error> {
        let what = "note how far an update is";
        transaction!(self, what, tx => {
            let sql = "UPDATE swarm_updates SET state = ?, reason = ?, changed_at = ?, ended_at = ? \
                       WHERE id = ? AND state = ?";
            let change = Statement::new(what, sql)
                .bind(update.state)
                .bind(update.reason.as_str())
                .bind(update.changed_at)
                .bind(update.ended_at)
                .bind(update.id.as_str())
                .bind(was);
            tx.execute(change).await.map(|rows| rows > 0)
        })
    }
}
