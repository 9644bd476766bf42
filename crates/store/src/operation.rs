//! Pieces of work that operators ask for through the interface: queued by one process, done by another.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    filter::Filterable,
    schema::row,
};
use decnet_model::{
    operation::Request,
    record::{Filter, Operation, OperationKind, OperationState, Page},
};
use netsvc_wire::stamp::Micros;

/// Operations that are kept; older ones that have ended go.
const KEPT: i64 = 1000;
/// Operations that may wait; who asks for more is told to wait.
const QUEUE: usize = 32;

row! {
    OPERATIONS = "operations" by "id", Operation, Operation {
        id: Int;
        kind: Text(64);
        request: Long;
        state: Text(64), Replace;
        progress: Long, Replace;
        result: Long, Replace;
        notes: Long, Replace;
        asked_by: Text(255);
        asked_at: Int;
        begun_at: Int, Replace;
        ended_at: Int, Replace;
    }
}

const LISTED: Filterable = Filterable { table: &OPERATIONS, key: "id", at: "asked_at", ..Filterable::NONE };

impl Store {
    /// Queues a piece of work. Returns its id, or nothing where too much waits already.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_ask(
        &self,
        request: &Request,
        by: &str,
        now: Micros,
    ) -> Result<Option<i64>, Error> {
        let what = "queue work";
        let text = serde_json::to_string(request).unwrap_or_default();
        transaction!(self, what, tx => {
            let sql = "SELECT COUNT(*) FROM operations WHERE state = ?";
            let waiting = tx.row(Statement::new(what, sql).bind(OperationState::Queued)).await?;
            let waiting = waiting.map(|mut row| row.int()).transpose()?.unwrap_or_default();
            if usize::try_from(waiting).is_ok_and(|waiting| waiting >= QUEUE) {
                return Ok(None);
            }
            let id = tx.next_id(what, &OPERATIONS).await?;
            let operation = Operation {
                id,
                kind: request.kind(),
                request: text.clone(),
                state: OperationState::Queued,
                progress: String::new(),
                result: String::new(),
                notes: String::new(),
                asked_by: by.to_owned(),
                asked_at: now,
                begun_at: None,
                ended_at: None,
            };
            tx.upsert(what, [operation]).await?;
            let sql = "DELETE FROM operations WHERE id <= ? AND ended_at IS NOT NULL";
            tx.execute(Statement::new(what, sql).bind(id - KEPT)).await?;
            Ok(Some(id))
        })
    }

    /// The operation that waits longest, which is running from now on.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_take(&self, now: Micros) -> Result<Option<Operation>, Error> {
        let what = "begin work";
        let sql = format!("{} WHERE state = ? ORDER BY id LIMIT 1", OPERATIONS.select());
        let waiting = Statement::new(what, sql).bind(OperationState::Queued);
        let Some(mut operation): Option<Operation> = self.pool.read_one(waiting).await? else {
            return Ok(None);
        };
        operation.state = OperationState::Running;
        operation.begun_at = Some(now);
        transaction!(self, what, tx => {
            tx.upsert(what, [operation.clone()]).await
        })?;
        Ok(Some(operation))
    }

    /// Writes how far an operation is, or how it ended.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_put(&self, operation: &Operation) -> Result<(), Error> {
        let what = "note how work goes";
        transaction!(self, what, tx => {
            tx.upsert(what, [operation.clone()]).await
        })
    }

    /// Ends operations that were running when whoever did them ended.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_interrupted(&self, now: Micros) -> Result<(), Error> {
        let what = "end work that was interrupted";
        transaction!(self, what, tx => {
            let sql = "UPDATE operations SET state = ?, notes = ?, ended_at = ? WHERE state = ?";
            let statement = Statement::new(what, sql)
                .bind(OperationState::Failed)
                .bind("it was interrupted: the workers ended")
                .bind(now)
                .bind(OperationState::Running);
            tx.execute(statement).await.map(drop)
        })
    }

    /// One operation.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_get(&self, id: i64) -> Result<Option<Operation>, Error> {
        let sql = format!("{} WHERE id = ?", OPERATIONS.select());
        self.pool.read_one(Statement::new("read an operation", sql).bind(id)).await
    }

    /// The latest operations of a kind, so many at most.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_of(&self, kind: OperationKind, limit: u32) -> Result<Vec<Operation>, Error> {
        let sql = format!("{} WHERE kind = ? ORDER BY id DESC LIMIT {limit}", OPERATIONS.select());
        self.pool.read(Statement::new("list operations of a kind", sql).bind(kind.name())).await
    }

    /// A page of the operations.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn operation_list(&self, page: Page) -> Result<Vec<Operation>, Error> {
        let statement = LISTED.statement("list operations", self.pool.dialect(), &Filter::default(), page);
        self.pool.read(statement).await
    }
}
