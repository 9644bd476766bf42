//! Deleting what is too old or too much: events that are no evidence, oldest first, never one that a
//! view has not seen, and always with a number that stays.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    event::NewEvent,
    projection,
    schema::{Read, row},
    words,
};
use decnet_model::record::{Holding, Retention, Retired, class_of};
use netsvc_wire::Class;
use std::collections::BTreeMap;

/// Most events of one transaction, because other writers wait for it.
const BATCH: i64 = 1000;

row! {
    RETIRED = "retired" by "kind", Retired, Retired {
        kind: Text(64);
        events: Int, Add;
        last_at: Int, Greatest;
        bytes: Int, Add;
    }
}

row! {
    HOLDINGS = "holdings" by "kind", Holding, Holding {
        kind: Text(64);
        events: Int, Add;
        bytes: Int, Add;
    }
}

/// Bytes of a row without its fields, and of its places in the indexes; the scripts have the same number.
const ROW: usize = 200;

/// Counts what comes.
pub(crate) async fn hold(tx: &mut Tx, rows: &[NewEvent<'_>]) -> Result<(), Error> {
    let mut holdings: BTreeMap<&str, Holding> = BTreeMap::new();
    for row in rows {
        let new = || Holding { kind: row.kind.to_owned(), events: 0, bytes: 0 };
        let holding = holdings.entry(row.kind).or_insert_with(new);
        holding.events += 1;
        holding.bytes += i64::try_from(row.fields.len() + ROW).unwrap_or(i64::MAX);
    }
    tx.upsert("count what is kept", holdings.into_values()).await
}

/// Events that are to go: of one kind or of all, before a time, the oldest first and so many.
struct Rule<'a> {
    kind: Option<&'a str>,
    before: i64,
    count: i64,
}

impl Store {
    /// Deletes up to a thousand events that `retention` does not keep, and says how many; 0 when all are kept.
    /// Secrets and payloads, sessions and attackers stay.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over, [`Error::Query`] when the database fails.
    pub async fn retire(&self, fence: &Fence, retention: &Retention) -> Result<u64, Error> {
        let what = "delete old events";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            let sql = HOLDINGS.select();
            let rows = tx.rows(Statement::new("read what is kept", sql)).await?;
            let kept: Vec<Holding> = rows.into_iter().map(Read::read).collect::<Result<_, _>>()?;
            let seen = projection::least(&mut tx).await?;
            for rule in rules(&kept, retention) {
                if let Some(last) = last(&mut tx, seen, &rule).await? {
                    return delete(&mut tx, last, &rule).await;
                }
            }
            Ok(0)
        })
    }

    /// What is kept of each kind.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn holding_list(&self) -> Result<Vec<Holding>, Error> {
        let sql = format!("{} WHERE events > 0 ORDER BY kind", HOLDINGS.select());
        self.pool.read(Statement::new("list what is kept", sql)).await
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

/// What is to go: too much in all, too old, too much of a kind.
fn rules<'a>(kept: &'a [Holding], retention: &Retention) -> Vec<Rule<'a>> {
    let sum = |of: fn(&Holding) -> i64| kept.iter().map(of).sum::<i64>();
    let whole = Holding { kind: String::new(), events: sum(|one| one.events), bytes: sum(|one| one.bytes) };
    let rows = whole.events.saturating_sub(limit(retention.rows));
    let in_all = Rule { kind: None, before: i64::MAX, count: rows.max(excess(&whole, retention.bytes)) };
    let mut rules = vec![in_all];
    // By kind, because the oldest of a kind are found at once, however much evidence is older.
    for holding in kept.iter().filter(|holding| class_of(&holding.kind) < Class::Evidence) {
        let (before, bytes) = retention.kinds.get(&holding.kind).copied().unwrap_or((i64::MIN, u64::MAX));
        let kind = Some(holding.kind.as_str());
        rules.push(Rule { kind, before: i64::MAX, count: excess(holding, bytes) });
        rules.push(Rule { kind, before: before.max(retention.before), count: BATCH.min(holding.events) });
    }
    rules.retain(|rule| rule.count > 0 && rule.before > i64::MIN);
    rules
}

/// About how many events of a holding are beyond so many bytes.
fn excess(holding: &Holding, bytes: u64) -> i64 {
    let beyond = holding.bytes.saturating_sub(limit(bytes));
    let each = (holding.bytes / holding.events.max(1)).max(1);
    if beyond <= 0 { 0 } else { (beyond / each).max(1) }
}

fn limit(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Rule<'_> {
    /// The conditions on events; binds [`Rule::values`] after the last id.
    fn sql(&self) -> &'static str {
        match self.kind {
            Some(_) => "id <= ? AND class < ? AND at < ? AND kind = ?",
            None => "id <= ? AND class < ? AND at < ?",
        }
    }

    fn bind(&self, statement: Statement, last: i64) -> Statement {
        let statement = statement.bind(last).bind(Class::Evidence).bind(self.before);
        match self.kind {
            Some(kind) => statement.bind(kind),
            None => statement,
        }
    }
}

/// Id of the last event to delete: among the oldest that may be deleted and that every view has `seen`, the
/// last one that is too old. Events come about in the order of their times, so none but the oldest are looked at.
async fn last(tx: &mut Tx, seen: i64, rule: &Rule<'_>) -> Result<Option<i64>, Error> {
    let kind = if rule.kind.is_some() { "AND kind = ?" } else { "" };
    let sql = format!(
        "SELECT MAX(id) FROM (SELECT id, at FROM events WHERE id <= ? AND class < ? {kind} \
         ORDER BY id LIMIT ?) oldest WHERE at < ?"
    );
    let mut statement = Statement::new("find old events", sql).bind(seen).bind(Class::Evidence);
    if let Some(kind) = rule.kind {
        statement = statement.bind(kind);
    }
    let statement = statement.bind(rule.count.min(BATCH)).bind(rule.before);
    tx.row(statement).await?.map_or(Ok(None), |mut cells| cells.maybe_int())
}

async fn delete(tx: &mut Tx, last: i64, rule: &Rule<'_>) -> Result<u64, Error> {
    let what = "delete old events";
    let bound = |sql: String| rule.bind(Statement::new(what, sql), last);
    let old = rule.sql();
    let counted = bound(format!(
        "SELECT kind, COUNT(*), MAX(at), SUM(LENGTH(fields) + {ROW}) FROM events WHERE {old} GROUP BY kind"
    ));
    let (mut retired, mut held) = (Vec::new(), Vec::new());
    for mut cells in tx.rows(counted).await? {
        let (kind, events, last_at, bytes) = (cells.text()?, cells.int()?, cells.int()?, cells.int()?);
        held.push(Holding { kind: kind.clone(), events: -events, bytes: -bytes });
        let (events, bytes) = (events.unsigned_abs(), bytes.unsigned_abs());
        retired.push(Retired { kind, events, last_at, bytes });
    }
    tx.upsert("count deleted events", retired).await?;
    tx.upsert("count what is kept", held).await?;
    let key = words::key(tx.dialect());
    let sql = format!("DELETE FROM event_words WHERE {key} IN (SELECT id FROM events WHERE {old})");
    tx.execute(bound(sql)).await?;
    tx.execute(bound(format!("DELETE FROM events WHERE {old}"))).await
}
