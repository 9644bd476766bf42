//! Deleting what is too old or too much: events that are no evidence, oldest first, never one that a
//! view has not seen, and always with a number that stays.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    projection,
    schema::row,
    words,
};
use decnet_model::record::{Retention, Retired};
use netsvc_wire::Class;

/// Most events of one transaction, because other writers wait for it.
const BATCH: i64 = 1000;

row! {
    RETIRED = "retired" by "kind", Retired, Retired {
        kind: Text(64);
        events: Int, Add;
        last_at: Int, Greatest;
    }
}

impl Store {
    /// Deletes up to a thousand events that `retention` does not keep, and says how many; 0 when all are kept.
    /// Secrets and payloads, sessions and attackers stay.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over, [`Error::Query`] when the database fails.
    pub async fn retire(&self, fence: &Fence, retention: Retention) -> Result<u64, Error> {
        let what = "delete old events";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            let (before, excess) = (retention.before, excess(&mut tx, retention.rows).await?);
            // Too much: the oldest, whatever their age; too old: those before the time.
            let last = match last(&mut tx, i64::MAX, excess.min(BATCH)).await? {
                Some(last) => Some((last, i64::MAX)),
                None => last(&mut tx, before, BATCH).await?.map(|last| (last, before)),
            };
            let Some((last, before)) = last else { return Ok(0) };
            delete(&mut tx, last, before).await
        })
    }

    /// What was deleted so far, by kind.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn retired_list(&self) -> Result<Vec<Retired>, Error> {
        let sql = format!("{} ORDER BY kind", RETIRED.select());
        self.pool.read(Statement::new("list deleted events", sql)).await
    }
}

/// Conditions on the events that may be deleted; binds the last id, the class of evidence and the time.
const OLD: &str = "id <= ? AND class < ? AND at < ?";

/// How many events there are beyond `rows`.
async fn excess(tx: &mut Tx, rows: u64) -> Result<i64, Error> {
    let sql = "SELECT (SELECT COALESCE(SUM(stored), 0) FROM writers) - (SELECT COALESCE(SUM(events), 0) FROM retired)";
    let kept = match tx.row(Statement::new("count events", sql)).await? {
        Some(mut cells) => cells.int()?,
        None => 0,
    };
    Ok(kept.saturating_sub(i64::try_from(rows).unwrap_or(i64::MAX)))
}

/// Id of the last of the `count` oldest events before `before` that may be deleted.
async fn last(tx: &mut Tx, before: i64, count: i64) -> Result<Option<i64>, Error> {
    if count <= 0 {
        return Ok(None);
    }
    let sql = "SELECT MAX(id) FROM \
         (SELECT id FROM events WHERE id <= ? AND class < ? AND at < ? ORDER BY id LIMIT ?) oldest";
    let statement = Statement::new("find old events", sql)
        .bind(projection::least(tx).await?)
        .bind(Class::Evidence as i64)
        .bind(before)
        .bind(count);
    tx.row(statement).await?.map_or(Ok(None), |mut cells| cells.maybe_int())
}

async fn delete(tx: &mut Tx, last: i64, before: i64) -> Result<u64, Error> {
    let what = "delete old events";
    let bound = |sql: String| Statement::new(what, sql).bind(last).bind(Class::Evidence as i64).bind(before);
    let counted = bound(format!("SELECT kind, COUNT(*), MAX(at) FROM events WHERE {OLD} GROUP BY kind"));
    let mut rows = Vec::new();
    for mut cells in tx.rows(counted).await? {
        rows.push(Retired { kind: cells.text()?, events: cells.count()?, last_at: cells.int()? });
    }
    tx.upsert("count deleted events", rows).await?;
    let key = words::key(tx.dialect());
    tx.execute(bound(format!("DELETE FROM event_words WHERE {key} IN (SELECT id FROM events WHERE {OLD})")))
        .await?;
    tx.execute(bound(format!("DELETE FROM events WHERE {OLD}"))).await
}
