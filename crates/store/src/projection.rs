//! Views and how far each has read: what a batch of events adds and the cursor, in one transaction.

use crate::{
    Fence, Store, canary, correlate,
    database::{Statement, Tx, transaction},
    error::Error,
    incident, profile, ranking, reuse,
    schema::row,
    sensor, technique, timeline, words,
};
use decnet_model::record::{Change, View};

/// How far a view has read.
pub(crate) struct Cursor {
    projection: String,
    event: i64,
}

row! {
    CURSORS = "cursors" by "projection", Cursor, Cursor {
        projection: Text(64);
        event: Int, Replace;
    }
}

impl Store {
    /// Id of the last event that a view has dealt with; 0 when it is new.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cursor(&self, view: View) -> Result<i64, Error> {
        self.cursor_named(view.name()).await
    }

    /// How far the reader that is so called has read.
    pub(crate) async fn cursor_named(&self, name: &'static str) -> Result<i64, Error> {
        let sql = format!("{} WHERE projection = ?", CURSORS.select());
        let row: Option<Cursor> = self.pool.read_one(Statement::new("read a cursor", sql).bind(name)).await?;
        Ok(row.map_or(0, |row| row.event))
    }

    /// Adds what the events after `from` up to and including `to` say, and moves the view's cursor from
    /// `from` to `to`, all or nothing.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::CursorMoved`] when the
    /// cursor is not at `from`, [`Error::Query`] when the database fails.
    pub async fn project(&self, fence: &Fence, change: &Change, from: i64, to: i64) -> Result<(), Error> {
        transaction!(self, "bring a view up to date", tx => {
            fence.check(&mut tx).await?;
            advance(&mut tx, change.view().name(), from, to).await?;
            match change {
                Change::Attackers(deltas) => correlate::write(&mut tx, deltas).await,
                Change::Timeline(counts) => timeline::write(&mut tx, counts).await,
                Change::Rankings(counts) => ranking::write(&mut tx, counts).await,
                Change::Words(texts) => words::write(&mut tx, texts).await,
                Change::Incidents(delta) => incident::projection::write(&mut tx, delta).await,
                Change::Techniques(hits) => technique::write(&mut tx, hits).await,
                Change::Profiles(rows) => profile::write(&mut tx, rows).await,
                Change::Reuse(rows) => reuse::write(&mut tx, rows).await,
                Change::Canaries(hits) => canary::write(&mut tx, hits).await,
                Change::Fingerprints(found) => sensor::write(&mut tx, found).await,
            }
        })
    }

    /// Forgets all of a view and sets its cursor to the beginning, so that it is made anew from the events.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database
    /// fails.
    pub async fn project_reset(&self, fence: &Fence, view: View) -> Result<(), Error> {
        let what = "forget a view";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            for sql in emptying(&tx, view) {
                tx.execute(Statement::new(what, *sql)).await?;
            }
            let sql = "DELETE FROM cursors WHERE projection = ?";
            tx.execute(Statement::new(what, sql).bind(view.name())).await?;
            Ok(())
        })
    }
}

fn emptying(tx: &Tx, view: View) -> &'static [&'static str] {
    match view {
        View::Attackers => {
            &["DELETE FROM traversals", "DELETE FROM attacker_contacts", "DELETE FROM attackers"]
        }
        View::Timeline => &["DELETE FROM timeline"],
        View::Rankings => &["DELETE FROM rankings"],
        View::Words => words::emptying(tx.dialect()),
        View::Incidents => incident::projection::EMPTYING,
        View::Techniques => technique::EMPTYING,
        View::Profiles => profile::EMPTYING,
        View::Reuse => reuse::EMPTYING,
        View::Canaries => canary::EMPTYING,
        View::Fingerprints => sensor::EMPTYING,
    }
}

/// Moves the cursor of the reader that is so called.
pub(crate) async fn advance(tx: &mut Tx, name: &'static str, from: i64, to: i64) -> Result<(), Error> {
    let what = "move a cursor";
    let sql = format!("{} WHERE projection = ?{}", CURSORS.select(), tx.dialect().for_update());
    let row: Option<Cursor> = tx.read_one(Statement::new(what, sql).bind(name)).await?;
    let found = row.map_or(0, |row| row.event);
    if found != from {
        return Err(Error::CursorMoved { projection: name.to_owned(), expected: from, found });
    }
    tx.upsert(what, [Cursor { projection: name.to_owned(), event: to }]).await
}

/// The last event that every view has dealt with.
pub(crate) async fn least(tx: &mut Tx) -> Result<i64, Error> {
    let mut least = i64::MAX;
    let rows = tx.rows(Statement::new("read the cursors", CURSORS.select())).await?;
    let rows: Vec<Cursor> = rows.into_iter().map(crate::schema::Read::read).collect::<Result<_, _>>()?;
    for view in View::ALL {
        let row = rows.iter().find(|row| row.projection == view.name());
        least = least.min(row.map_or(0, |row| row.event));
    }
    Ok(least)
}
