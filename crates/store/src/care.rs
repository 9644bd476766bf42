//! Looking after the store: its version, whether it is sound, and beginning anew.

use crate::{
    Assume, Store,
    database::{Statement, Tx, transaction},
    dialect::Dialect,
    error::Error,
    migrate,
    tables::tables,
    words,
};
use std::collections::BTreeSet;

/// Tables that are declared nowhere: the index of words, and the version.
const OTHERS: &[&str] = &["event_words", "schema_version"];

/// How many rows a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub table: &'static str,
    /// How many.
    pub rows: u64,
}

impl Store {
    /// Version of the schema that this release writes.
    pub const VERSION: i64 = migrate::KNOWN;

    /// Version of the schema of the store at `place`, without changing it; `None` where there is none. With `assume` it
    /// is opened as [`Store::open_by`] does.
    ///
    /// # Errors
    /// [`Error::Open`] when it cannot be reached.
    pub async fn version(place: &str, assume: Option<Assume>) -> Result<Option<i64>, Error> {
        let store = Store::open_as_it_is(place, assume).await?;
        let version = migrate::version(&store.pool).await;
        store.close().await;
        Ok(version)
    }

    /// What is wrong with the store: damage that the database finds, rows that refer to none, tables and
    /// columns that are not as this release makes them. Empty when it is sound.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn check(&self) -> Result<Vec<String>, Error> {
        let mut wrong = Vec::new();
        if self.pool.dialect() == Dialect::Sqlite {
            for mut cells in
                self.pool.rows(Statement::new("check the store", "PRAGMA integrity_check")).await?
            {
                let said = cells.text()?;
                wrong.extend((said != "ok").then_some(said));
            }
            let sql = "SELECT \"table\" FROM pragma_foreign_key_check";
            for mut cells in self.pool.rows(Statement::new("check the store", sql)).await? {
                wrong.push(format!("a row of {} refers to one that is not there", cells.text()?));
            }
        } else {
            for table in tables() {
                let sql = format!("CHECK TABLE {}", table.name);
                for mut cells in self.pool.rows(Statement::new("check the store", sql).once()).await? {
                    let (name, _, kind, said) = (cells.text()?, cells.text()?, cells.text()?, cells.text()?);
                    let fine = kind == "note" || kind == "status" && said == "OK";
                    wrong.extend((!fine).then(|| format!("{name}: {kind}: {said}")));
                }
            }
        }
        for table in tables() {
            let made = self.columns(table.name).await?;
            let declared: BTreeSet<_> = table.columns.iter().map(|column| column.name.to_owned()).collect();
            if made.is_empty() {
                wrong.push(format!("table {} is missing", table.name));
                continue;
            }
            let missing = declared.difference(&made).map(|name| format!("{}.{name} is missing", table.name));
            wrong.extend(missing);
            let more = made.difference(&declared);
            wrong.extend(more.map(|name| format!("{}.{name} is unknown to this release", table.name)));
        }
        Ok(wrong)
    }

    async fn columns(&self, table: &str) -> Result<BTreeSet<String>, Error> {
        let sql = match self.pool.dialect() {
            Dialect::Sqlite => "SELECT name FROM pragma_table_info(?)",
            Dialect::MySql => {
                "SELECT column_name FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ?"
            }
        };
        let rows = self.pool.rows(Statement::new("read the columns of a table", sql).bind(table)).await?;
        rows.into_iter().map(|mut cells| cells.text()).collect()
    }

    /// How many rows each table has.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn sizes(&self) -> Result<Vec<TableSize>, Error> {
        let mut sizes = Vec::new();
        for table in tables() {
            let sql = format!("SELECT COUNT(*) FROM {}", table.name);
            let rows = match self.pool.row(Statement::new("count rows", sql)).await? {
                Some(mut cells) => cells.count()?,
                None => 0,
            };
            sizes.push(TableSize { table: table.name, rows });
        }
        Ok(sizes)
    }

    /// Forgets everything and makes the tables anew. Nobody else may use the store meanwhile.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails; run it again then.
    pub async fn reset(&self) -> Result<(), Error> {
        let what = "empty the store";
        let dropped: Result<(), Error> = transaction!(self, what, tx => { drop_all(&mut tx).await });
        dropped?;
        // What was captured must not stay behind in free pages.
        self.pool.vacuum(what).await?;
        migrate::migrate(&self.pool).await
    }

    /// Forgets everything; the tables stay, so that it needs no right to make any. Nobody else may use the store
    /// meanwhile.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails; nothing has changed then.
    pub async fn truncate(&self) -> Result<(), Error> {
        let what = "empty the store";
        let emptied: Result<(), Error> = transaction!(self, what, tx => { delete_all(&mut tx).await });
        emptied?;
        self.pool.vacuum(what).await
    }
}

async fn delete_all(tx: &mut Tx) -> Result<(), Error> {
    let what = "empty the store";
    for sql in words::emptying(tx.dialect()) {
        tx.execute(Statement::new(what, *sql).once()).await?;
    }
    // Those that refer to others first.
    for table in tables().rev() {
        tx.execute(Statement::new(what, format!("DELETE FROM {}", table.name)).once()).await?;
    }
    // The one row that the first step makes.
    let sql = "INSERT INTO log_position (id, segment, position, last_event) VALUES (1, 0, 0, 0)";
    tx.execute(Statement::new(what, sql).once()).await?;
    Ok(())
}

async fn drop_all(tx: &mut Tx) -> Result<(), Error> {
    let what = "empty the store";
    // Those that refer to others first.
    for name in tables().rev().map(|table| table.name).chain(OTHERS.iter().copied()) {
        tx.execute(Statement::new(what, format!("DROP TABLE IF EXISTS {name}")).once()).await?;
    }
    Ok(())
}
