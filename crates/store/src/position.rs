//! How far the event log has been read into the store.

use crate::{
    Store,
    database::{Statement, Tx},
    error::Error,
    schema::{Read, row},
};

/// A place in the event log: everything before it is in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the segment.
    pub segment: u64,
    /// Byte offset in it.
    pub offset: u64,
}

/// The only row of its table.
#[derive(Default)]
pub(crate) struct LogPosition {
    id: i64,
    segment: u64,
    position: u64,
    pub(crate) last_event: i64,
}

row! {
    LOG_POSITION = "log_position" by "id", LogPosition, LogPosition {
        id: Int;
        segment: Int, Replace;
        position: Int, Replace;
        last_event: Int, Replace;
    }
}

fn read_statement() -> Statement {
    Statement::new("read the log position", format!("{} WHERE id = 1", LOG_POSITION.select()))
}

/// Reads the row inside a transaction.
pub(crate) async fn read(tx: &mut Tx) -> Result<LogPosition, Error> {
    Ok(tx.row(read_statement()).await?.map(LogPosition::read).transpose()?.unwrap_or_default())
}

/// Writes the row inside a transaction.
pub(crate) async fn write(tx: &mut Tx, at: &Position, last_event: i64) -> Result<(), Error> {
    let row = LogPosition { id: 1, segment: at.segment, position: at.offset, last_event };
    tx.upsert("write the log position", [row]).await
}

impl Store {
    /// Where the ingester goes on; zero in a new store.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn position(&self) -> Result<Position, Error> {
        let row: LogPosition = self.pool.read_one(read_statement()).await?.unwrap_or_default();
        Ok(Position { segment: row.segment, offset: row.position })
    }

    /// Highest event id, 0 in a new store. This is what a tailer compares with.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn event_last(&self) -> Result<i64, Error> {
        let row: LogPosition = self.pool.read_one(read_statement()).await?.unwrap_or_default();
        Ok(row.last_event)
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
        Ok(self.pool.checkpoint(what).await?.then_some(position))
    }
}
