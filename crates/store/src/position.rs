//! How far the event log has been read into the store.

use crate::{
    Store,
    database::{Pool, Statement, Tx},
    error::{Error, query},
};

/// A place in the event log: everything before it is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the segment.
    pub segment: u64,
    /// Byte offset in it.
    pub offset: u64,
}

/// The row of `log_position`.
pub(crate) struct LogPosition {
    pub(crate) position: Position,
    pub(crate) last_event: i64,
}

const READ: &str = "SELECT segment, position, last_event FROM log_position WHERE id = 1";

fn from_cells(cells: Option<crate::row::Cells>) -> Result<LogPosition, Error> {
    let Some(mut cells) = cells else {
        return Ok(LogPosition { position: Position::default(), last_event: 0 });
    };
    let position = Position { segment: cells.count()?, offset: cells.count()? };
    Ok(LogPosition { position, last_event: cells.int()? })
}

/// Reads the row inside a transaction.
pub(crate) async fn read(tx: &mut Tx) -> Result<LogPosition, Error> {
    from_cells(tx.row(Statement::new("read the log position", READ)).await?)
}

/// Writes the row inside a transaction.
pub(crate) async fn write(tx: &mut Tx, at: &Position, last_event: i64) -> Result<(), Error> {
    tx.execute(
        Statement::new(
            "write the log position",
            "UPDATE log_position SET segment = ?, position = ?, last_event = ? WHERE id = 1",
        )
        .bind(at.segment)
        .bind(at.offset)
        .bind(last_event),
    )
    .await
    .map(drop)
}

impl Store {
    /// Where the ingester goes on; zero in a new store.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn position(&self) -> Result<Position, Error> {
        let cells = self.pool.row(Statement::new("read the log position", READ)).await?;
        Ok(from_cells(cells)?.position)
    }

    /// Highest event id, 0 in a new store. This is what a tailer compares with.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn event_last(&self) -> Result<i64, Error> {
        let cells = self.pool.row(Statement::new("read the last event", READ)).await?;
        Ok(from_cells(cells)?.last_event)
    }

    /// Makes what is committed survive a power loss, and returns the position up to which it does:
    /// segments of the log that end before it are no longer needed. SQLite copies its write-ahead log
    /// into the file; `None` when a reader kept it from finishing, try again later.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn checkpoint(&self) -> Result<Option<Position>, Error> {
        let what = "checkpoint the store";
        let position = self.position().await?;
        let Pool::Sqlite { writer, .. } = &self.pool else { return Ok(Some(position)) };
        let row: (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(FULL)").fetch_one(writer).await.map_err(query(what))?;
        let (busy, ..) = row;
        Ok((busy == 0).then_some(position))
    }
}
