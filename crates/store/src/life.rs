//! What is done on the machines of a fleet, and what was. Nothing of it is an event, so no view ever sees it.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    row::Value,
    schema::row,
    setting,
};
use decnet_model::{
    record::{LifeDeed, LifeFilter, RoutineRow},
    routine::WRITTEN,
};
use netsvc_wire::stamp::Micros;
use std::collections::BTreeMap;

/// Most rows of one transaction.
const BATCH: usize = 500;

row! {
    ROUTINES = "routines" by "node", RoutineRow, RoutineRow {
        node: Text(255);
        document: Long, Replace;
        changed_at: Int, Replace;
    }
}

row! {
    DEEDS = "life_deeds" by "id", LifeDeed, LifeDeed {
        id: Text(64);
        node: Text(255);
        at: Int;
        kind: Text(16);
        account: Text(64);
        source: Text(64);
        what: Long;
    }
}

impl Store {
    /// What is done on each decky, by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn routine_list(&self) -> Result<Vec<RoutineRow>, Error> {
        let sql = format!("{} ORDER BY node", ROUTINES.select());
        self.pool.read(Statement::new("list routines", sql)).await
    }

    /// What is done on a decky.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn routine_get(&self, node: &str) -> Result<Option<RoutineRow>, Error> {
        let sql = format!("{} WHERE node = ?", ROUTINES.select());
        self.pool.read_one(Statement::new("read a routine", sql).bind(node)).await
    }

    /// Stores what is done on each decky, in the place of all that was there. What stays the same keeps its time.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn routines_put(&self, routines: &[RoutineRow]) -> Result<(), Error> {
        let what = "store routines";
        let known = self.routine_list().await?;
        let mut gone: BTreeMap<&str, &str> =
            known.iter().map(|old| (old.node.as_str(), old.document.as_str())).collect();
        let mut fresh = Vec::new();
        for row in routines {
            if gone.remove(row.node.as_str()) != Some(row.document.as_str()) {
                fresh.push(row.clone());
            }
        }
        let gone: Vec<&str> = gone.into_keys().collect();
        for batch in fresh.chunks(BATCH) {
            transaction!(self, what, tx => { tx.upsert(what, batch.iter().cloned()).await })?;
        }
        for batch in gone.chunks(BATCH) {
            transaction!(self, what, tx => {
                for node in batch {
                    tx.execute(Statement::new(what, "DELETE FROM routines WHERE node = ?").bind(*node)).await?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Writes down what was done up to `until`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn life_put(&self, deeds: &[LifeDeed], until: Micros) -> Result<(), Error> {
        let what = "store what was done";
        for batch in deeds.chunks(BATCH) {
            transaction!(self, what, tx => { tx.upsert(what, batch.iter().cloned()).await })?;
        }
        // What is written again after a kill has the same ids.
        transaction!(self, what, tx => { setting::write(&mut tx, WRITTEN, &until.to_string()).await })
    }

    /// What was done, the latest `limit` of it, the latest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn life_list(&self, filter: &LifeFilter, limit: u32) -> Result<Vec<LifeDeed>, Error> {
        let mut conditions = vec!["1 = 1"];
        let mut values: Vec<Value> = Vec::new();
        if let Some(node) = &filter.node {
            conditions.push("node = ?");
            values.push(node.as_str().into());
        }
        if let Some(kind) = filter.kind {
            conditions.push("kind = ?");
            values.push(kind.into());
        }
        if let Some(since) = filter.since {
            conditions.push("at >= ?");
            values.push(since.into());
        }
        let sql =
            format!("{} WHERE {} ORDER BY at DESC, id LIMIT ?", DEEDS.select(), conditions.join(" AND "));
        let statement = Statement::new("list what was done", sql).bind_all(values).bind(i64::from(limit));
        self.pool.read(statement).await
    }

    /// How much was done since a moment, by kind.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn life_counts(&self, since: Micros) -> Result<Vec<(String, u64)>, Error> {
        let sql = "SELECT kind, COUNT(*) FROM life_deeds WHERE at >= ? GROUP BY kind ORDER BY kind";
        let rows = self.pool.rows(Statement::new("count what was done", sql).bind(since)).await?;
        rows.into_iter().map(|mut cells| Ok((cells.text()?, cells.count()?))).collect()
    }

    /// Forgets what was done before `at`. Returns how much it was.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn life_forget(&self, at: Micros) -> Result<u64, Error> {
        let what = "forget what was done";
        transaction!(self, what, tx => {
            tx.execute(Statement::new(what, "DELETE FROM life_deeds WHERE at < ?").bind(at)).await
        })
    }
}
