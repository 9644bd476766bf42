//! What can go wrong with the store.

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be opened. The password of a URL is not shown.
    #[error("open store {place}")]
    Open {
        /// Path, or URL without its password.
        place: String,
        /// Cause.
        #[source]
        source: sqlx::Error,
    },
    /// The thread that was to open the database could not begin, or not as whom it was to.
    #[error("open store {place}")]
    Assume {
        /// Path.
        place: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The file of the database could not be made.
    #[error("create store {place}")]
    Create {
        /// Path.
        place: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The database was written by a newer release.
    #[error("store has schema version {found}, this release knows {known}")]
    Newer {
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// A statement failed.
    #[error("{what}")]
    Query {
        /// What was attempted.
        what: &'static str,
        /// Cause.
        #[source]
        source: sqlx::Error,
    },
    /// A row does not have the form that the schema promises.
    #[error("{what}: column {column} is not {expected}")]
    Row {
        /// What was attempted.
        what: &'static str,
        /// Index of the column in the result.
        column: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// Another process has taken over this worker's lease; the caller must stop.
    #[error("write as {worker}: its lease was taken over")]
    Fenced {
        /// Worker.
        worker: &'static str,
    },
    /// The cursor of a projection is not where the caller believes; it must read it again.
    #[error("advance projection {projection}: its cursor is at {found}, not at {expected}")]
    CursorMoved {
        /// Projection.
        projection: String,
        /// Where the caller began to read.
        expected: i64,
        /// Where it stands.
        found: i64,
    },
}

impl Error {
    /// Whether the same transaction may succeed when it is run again.
    pub(crate) fn is_deadlock(&self) -> bool {
        // 1213 deadlock, 1205 lock wait, 1020 row changed under a snapshot (MariaDB).
        matches!(self.mysql_number(), Some(1213 | 1205 | 1020))
    }

    /// Whether a column or an index was to be added that is there (`ER_DUP_FIELDNAME`, `ER_DUP_KEYNAME`).
    pub(crate) fn is_there_already(&self) -> bool {
        matches!(self.mysql_number(), Some(1060 | 1061))
    }

    /// The number that MySQL gives to what went wrong.
    fn mysql_number(&self) -> Option<u16> {
        let (Error::Query { source, .. } | Error::Open { source, .. }) = self else { return None };
        let sqlx::Error::Database(error) = source else { return None };
        error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(|error| error.number())
    }
}

/// Says what was attempted when a statement fails.
pub(crate) fn query(what: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Query { what, source }
}
