//! Statements and transactions on whichever database is open.

use crate::{
    dialect::Dialect,
    error::{Error, query},
    row::{Cells, Value, fit},
    schema::{Read, Table, Type, Write},
};
use sqlx::{AssertSqlSafe, MySql, MySqlPool, Sqlite, SqlitePool, Transaction, pool::PoolConnection};
use std::{borrow::Cow, pin::Pin};

/// What the database will answer. Boxed where sqlx is asked, because the body of an `async fn` is compiled anew
/// in each crate that waits for it: sqlx's would be compiled with every worker, route and test.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Most rows of one INSERT. Such statements stay prepared; the rest of a batch is prepared for once.
const CHUNK: usize = 100;

/// The open database. SQLite has one writing connection and a few reading ones.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    MySql(MySqlPool),
}

impl Pool {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Pool::Sqlite { .. } => Dialect::Sqlite,
            Pool::MySql(_) => Dialect::MySql,
        }
    }

    /// Rows of a statement that only reads.
    pub(crate) fn rows(&self, statement: Statement) -> Answer<'_, Vec<Cells>> {
        Box::pin(async move {
            let what = statement.what;
            match self {
                Pool::Sqlite { readers, .. } => {
                    let rows = statement.sqlite().fetch_all(readers).await.map_err(query(what))?;
                    rows.iter().map(|row| Cells::of_sqlite(what, row)).collect()
                }
                Pool::MySql(pool) => {
                    let rows = statement.mysql().fetch_all(pool).await.map_err(query(what))?;
                    rows.iter().map(|row| Cells::of_mysql(what, row)).collect()
                }
            }
        })
    }

    /// The first row of a statement that only reads.
    pub(crate) async fn row(&self, statement: Statement) -> Result<Option<Cells>, Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Rows of a table, by a statement that begins with its [`Table::select`].
    pub(crate) async fn read<R: Read>(&self, statement: Statement) -> Result<Vec<R>, Error> {
        self.rows(statement).await?.into_iter().map(R::read).collect()
    }

    /// The first row of a table, by a statement that begins with its [`Table::select`].
    pub(crate) async fn read_one<R: Read>(&self, statement: Statement) -> Result<Option<R>, Error> {
        self.row(statement).await?.map(R::read).transpose()
    }

    /// Begins a transaction that sees the store as it is at its first statement, and writes nothing.
    pub(crate) fn snapshot(&self, what: &'static str) -> Answer<'_, Tx> {
        Box::pin(async move {
            Ok(match self {
                Pool::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await.map_err(query(what))?),
                Pool::MySql(pool) => Tx::MySql(MySqlTx::begin(pool).await.map_err(query(what))?),
            })
        })
    }

    /// Folds SQLite's write-ahead log into its file; `false` where somebody reads what is in it.
    pub(crate) fn checkpoint(&self, what: &'static str) -> Answer<'_, bool> {
        Box::pin(async move {
            let Pool::Sqlite { writer, .. } = self else { return Ok(true) };
            let row: (i64, i64, i64) =
                sqlx::query_as("PRAGMA wal_checkpoint(FULL)").fetch_one(writer).await.map_err(query(what))?;
            let (busy, ..) = row;
            Ok(busy == 0)
        })
    }

    /// Writes SQLite's file anew, without free pages.
    pub(crate) fn vacuum(&self, what: &'static str) -> Answer<'_, ()> {
        Box::pin(async move {
            let Pool::Sqlite { writer, .. } = self else { return Ok(()) };
            sqlx::query("VACUUM").execute(writer).await.map(drop).map_err(query(what))
        })
    }

    /// Closes all connections; SQLite then folds its write-ahead log into the file.
    pub(crate) fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            match self {
                Pool::Sqlite { writer, readers } => {
                    readers.close().await;
                    writer.close().await;
                }
                Pool::MySql(pool) => pool.close().await,
            }
        })
    }

    /// Begins a transaction that may write.
    pub(crate) fn begin(&self, what: &'static str) -> Answer<'_, Tx> {
        Box::pin(async move {
            Ok(match self {
                // A deferred transaction could fail in the middle, when its first write finds the lock taken.
                Pool::Sqlite { writer, .. } => {
                    Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(query(what))?)
                }
                Pool::MySql(pool) => Tx::MySql(MySqlTx::begin(pool).await.map_err(query(what))?),
            })
        })
    }
}

/// A statement with its values, and what it is for.
#[derive(Debug)]
pub(crate) struct Statement {
    what: &'static str,
    sql: Cow<'static, str>,
    values: Vec<Value>,
    persistent: bool,
}

/// Fills a sqlx query with the values of a statement.
macro_rules! filled {
    ($statement:expr) => {{
        let Statement { sql, values, persistent, .. } = $statement;
        // No text of a peer is ever part of a statement: values are bound.
        let mut filled = sqlx::query(AssertSqlSafe(sql)).persistent(persistent);
        for value in values {
            filled = match value {
                Value::Null => filled.bind(None::<Vec<u8>>),
                Value::Int(value) => filled.bind(value),
                Value::Text(value) => filled.bind(value),
                Value::Bytes(value) => filled.bind(value),
            };
        }
        filled
    }};
}

impl Statement {
    pub(crate) fn new(what: &'static str, sql: impl Into<Cow<'static, str>>) -> Self {
        Statement { what, sql: sql.into(), values: Vec::new(), persistent: true }
    }

    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(crate) fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.values.extend(values);
        self
    }

    /// Not worth keeping prepared: its text is rarely the same twice.
    pub(crate) fn once(mut self) -> Self {
        self.persistent = false;
        self
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
        filled!(self)
    }

    fn mysql(self) -> sqlx::query::Query<'static, MySql, sqlx::mysql::MySqlArguments> {
        filled!(self)
    }
}

/// An open transaction. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    MySql(MySqlTx),
}

impl Tx {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Tx::Sqlite(_) => Dialect::Sqlite,
            Tx::MySql(_) => Dialect::MySql,
        }
    }

    /// Runs a statement; returns how many rows it changed (MySQL: an upsert that changed counts two).
    pub(crate) fn execute(&mut self, statement: Statement) -> Answer<'_, u64> {
        Box::pin(async move {
            let what = statement.what;
            match self {
                Tx::Sqlite(tx) => {
                    statement.sqlite().execute(&mut **tx).await.map(|done| done.rows_affected())
                }
                Tx::MySql(tx) => {
                    statement.mysql().execute(&mut *tx.connection).await.map(|done| done.rows_affected())
                }
            }
            .map_err(query(what))
        })
    }

    pub(crate) fn rows(&mut self, statement: Statement) -> Answer<'_, Vec<Cells>> {
        Box::pin(async move {
            let what = statement.what;
            match self {
                Tx::Sqlite(tx) => {
                    let rows = statement.sqlite().fetch_all(&mut **tx).await.map_err(query(what))?;
                    rows.iter().map(|row| Cells::of_sqlite(what, row)).collect()
                }
                Tx::MySql(tx) => {
                    let rows = statement.mysql().fetch_all(&mut *tx.connection).await.map_err(query(what))?;
                    rows.iter().map(|row| Cells::of_mysql(what, row)).collect()
                }
            }
        })
    }

    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<Cells>, Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The first row of a table, by a statement that begins with its [`Table::select`].
    pub(crate) async fn read_one<R: Read>(&mut self, statement: Statement) -> Result<Option<R>, Error> {
        self.row(statement).await?.map(R::read).transpose()
    }

    /// The number after the greatest `id` of `table`.
    pub(crate) async fn next_id(&mut self, what: &'static str, table: &Table) -> Result<i64, Error> {
        let last = self.row(Statement::new(what, format!("SELECT MAX(id) FROM {}", table.name))).await?;
        Ok(last.map(|mut cells| cells.maybe_int()).transpose()?.flatten().unwrap_or_default() + 1)
    }

    /// Puts rows into their table, many with one statement.
    pub(crate) async fn upsert<W: Write>(
        &mut self,
        what: &'static str,
        rows: impl IntoIterator<Item = W>,
    ) -> Result<(), Error> {
        let rows = rows.into_iter().map(|row| fitted(W::TABLE, row.values())).collect();
        self.upsert_values(what, W::TABLE, rows).await
    }

    /// Puts rows of values in the order of the table's columns into it.
    pub(crate) async fn upsert_values(
        &mut self,
        what: &'static str,
        table: &Table,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), Error> {
        let dialect = self.dialect();
        let mut rows = rows.into_iter();
        let mut full = None;
        loop {
            let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
            let count = chunk.len();
            if count == 0 {
                return Ok(());
            }
            let sql = if count == CHUNK {
                full.get_or_insert_with(|| dialect.upsert(table, CHUNK)).clone()
            } else {
                dialect.upsert(table, count)
            };
            let mut statement = Statement::new(what, sql).bind_all(chunk.into_iter().flatten());
            statement.persistent = count == CHUNK || count == 1;
            self.execute(statement).await?;
        }
    }

    pub(crate) fn commit(self, what: &'static str) -> Answer<'static, ()> {
        Box::pin(async move {
            match self {
                Tx::Sqlite(tx) => tx.commit().await,
                Tx::MySql(tx) => tx.commit().await,
            }
            .map_err(query(what))
        })
    }
}

/// The values of a row, texts cut to what their columns take. Only lines that no encoder of ours wrote need it.
fn fitted(table: &Table, mut values: Vec<Value>) -> Vec<Value> {
    for (value, column) in values.iter_mut().zip(table.columns) {
        if let (Value::Text(text), Type::Text(limit)) = (value, column.of) {
            fit(text, limit);
        }
    }
    values
}

/// A transaction on MySQL. When it is dropped unfinished, by an error or because its future was dropped
/// in the middle of a statement, its connection is closed: nobody can tell what the server has done of
/// it, and a connection kept would keep its locks.
#[derive(Debug)]
pub(crate) struct MySqlTx {
    connection: PoolConnection<MySql>,
    finished: bool,
}

impl MySqlTx {
    async fn begin(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        let mut tx = MySqlTx { connection: pool.acquire().await?, finished: false };
        sqlx::raw_sql("START TRANSACTION").execute(&mut *tx.connection).await?;
        Ok(tx)
    }

    async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("COMMIT").execute(&mut *self.connection).await?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for MySqlTx {
    fn drop(&mut self) {
        if !self.finished {
            self.connection.close_on_drop();
        }
    }
}

/// Runs a body, which may use `?`, in one transaction and commits it; runs it again after a deadlock.
macro_rules! transaction {
    ($store:expr, $what:expr, $tx:ident => $body:block) => {{
        let mut attempts_left = 5_u32;
        loop {
            let mut $tx = $store.pool.begin($what).await?;
            let outcome: Result<_, $crate::Error> = async { $body }.await;
            let outcome = match outcome {
                Ok(value) => $tx.commit($what).await.map(|()| value),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.is_deadlock() && attempts_left > 0 => attempts_left -= 1,
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use transaction;
