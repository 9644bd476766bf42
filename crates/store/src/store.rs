//! Opening a store.

use crate::{
    database::{Answer, Pool},
    error::Error,
    migrate,
};
use sqlx::{
    ConnectOptions, Connection,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime,
    sync::oneshot,
    time::{sleep, timeout},
};

/// Has the thread that calls it, and those that it begins, touch files as somebody else.
pub type Assume = Arc<dyn Fn() -> io::Result<()> + Send + Sync>;

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(20);
/// How long a look waits for a lock.
const LOOK: Duration = Duration::from_secs(2);
/// Longest wait for an answer of a server.
const REACH: Duration = Duration::from_secs(3);
/// Longest wait for a free connection to a server that was reached before.
const FREE: Duration = Duration::from_secs(10);
/// Time between two looks whether a file is locked still.
const PAUSE: Duration = Duration::from_millis(10);
/// Reading connections to SQLite. Each has a thread and a page cache, so that few are enough.
const READERS: u32 = 2;
/// Page cache of the writing connection to SQLite, in KiB: the pages that a batch changes have to fit.
const WRITER_CACHE_KIB: u32 = 12 * 1024;
/// Page cache of a reading connection, in KiB.
const READER_CACHE_KIB: u32 = 2 * 1024;
/// Pages in the write-ahead log before a commit folds them into the file by itself. The ingester does it
/// before ([`Store::checkpoint`]), because the sync would hold up a commit.
const LOG_PAGES: u32 = 16_000;

/// The store of an installation. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: Pool,
}

impl Store {
    /// Opens the store at `place` and brings its schema up to date. A place that begins with `mysql:`
    /// or `mariadb:` is a URL; anything else is the path of a SQLite file (with or without `sqlite:`),
    /// which is made with mode 0600 if it is not there.
    ///
    /// # Errors
    /// [`Error::Open`] or [`Error::Create`] when it cannot be reached, [`Error::Newer`] when a newer
    /// release has written it.
    pub fn open(place: &str) -> Answer<'_, Self> {
        Box::pin(async move {
            let store = Store::open_as_it_is(place, None).await?;
            migrate::migrate(&store.pool).await?;
            Ok(store)
        })
    }

    /// As [`Store::open`], in threads that are as `assume` has made the one that calls it: for root where the folder of
    /// a SQLite file is another user's, who may put links in the place of the file and of those beside it. All
    /// connections are made at once and last. Without `assume` it is [`Store::open`].
    ///
    /// # Errors
    /// As [`Store::open`], and [`Error::Assume`].
    pub fn open_by(place: &str, assume: Option<Assume>) -> Answer<'_, Self> {
        let Some(assume) = assume else { return Store::open(place) };
        let own = place.to_owned();
        Box::pin(within(place, assume, move || async move {
            let store = Store { pool: open_pool(&own, true).await? };
            migrate::migrate(&store.pool).await?;
            Ok(store)
        }))
    }

    /// As [`Store::open_read_only`], by `assume` as [`Store::open_by`].
    ///
    /// # Errors
    /// As [`Store::open_read_only`], and [`Error::Assume`].
    pub fn open_read_only_by(path: &str, still: bool, assume: Option<Assume>) -> Answer<'_, Self> {
        let Some(assume) = assume else { return Store::open_read_only(path, still) };
        let own = path.to_owned();
        Box::pin(within(path, assume, move || async move { Store::open_read_only(&own, still).await }))
    }

    /// Opens the store at `place` and leaves its schema as it is.
    pub(crate) fn open_as_it_is(place: &str, assume: Option<Assume>) -> Answer<'_, Self> {
        let own = place.to_owned();
        Box::pin(async move {
            match assume {
                None => Ok(Store { pool: open_pool(&own, false).await? }),
                Some(assume) => {
                    let open = move || async move { Ok(Store { pool: open_pool(&own, true).await? }) };
                    within(place, assume, open).await
                }
            }
        })
    }

    /// Has the pools of SQLite make all their connections.
    async fn settled(self) -> Result<Self, sqlx::Error> {
        if let Pool::Sqlite { readers, .. } = &self.pool {
            let mut held = Vec::new();
            for _ in 0..READERS {
                held.push(readers.acquire().await?);
            }
            drop(held);
            // They go back by tasks of this runtime, which ends.
            let back = async {
                while readers.num_idle() < READERS as usize {
                    tokio::task::yield_now().await;
                }
            };
            timeout(BUSY, back).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        }
        Ok(self)
    }

    /// Opens the SQLite store at `path` to look at it: nothing is written, its schema is taken as it is, and
    /// its folder may be closed to writing. `still`: nobody writes it, as in a copy; otherwise what others
    /// write meanwhile is seen.
    ///
    /// # Errors
    /// [`Error::Open`] when it cannot be read.
    pub fn open_read_only(path: &str, still: bool) -> Answer<'_, Self> {
        let open = |source| Error::Open { place: path.to_owned(), source };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(still)
            .pragma("temp_store", "MEMORY")
            .busy_timeout(LOOK)
            .disable_statement_logging();
        Box::pin(async move {
            let pool = lasting(SqlitePoolOptions::new(), true).max_connections(READERS).acquire_timeout(LOOK);
            let readers = pool.connect_with(options).await.map_err(open)?;
            Ok(Store { pool: Pool::Sqlite { writer: readers.clone(), readers } })
        })
    }

    /// Closes all connections; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// `sqlite` or `mysql`, for status output.
    pub fn backend(&self) -> &'static str {
        match &self.pool {
            Pool::Sqlite { .. } => "sqlite",
            Pool::MySql(_) => "mysql",
        }
    }
}

/// Opens the pool of connections to `place`.
async fn open_pool(place: &str, lasts: bool) -> Result<Pool, Error> {
    if place.starts_with("mysql:") || place.starts_with("mariadb:") {
        return open_mysql(place).await;
    }
    open_sqlite(place.trim_start_matches("sqlite:").trim_start_matches("//"), lasts).await
}

/// Has a thread of its own open a store, after `assume`. A connection to SQLite is a thread that the one begins which
/// asks for it, and is what that one is.
async fn within<F, Fut>(place: &str, assume: Assume, open: F) -> Result<Store, Error>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = Result<Store, Error>>,
{
    let own = place.to_owned();
    let failed = move |source| Error::Assume { place: own, source };
    let (sender, receiver) = oneshot::channel();
    let (begin, end, last) = (failed.clone(), failed.clone(), place.to_owned());
    let opening = move || {
        assume().map_err(begin.clone())?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(begin)?;
        runtime.block_on(async {
            let store = open().await?;
            store.settled().await.map_err(|source| Error::Open { place: last, source })
        })
    };
    thread::Builder::new()
        .name("store-open".to_owned())
        // Nobody waits any more where it cannot be sent.
        .spawn(move || drop(sender.send(opening())))
        .map_err(failed)?;
    receiver.await.unwrap_or_else(|_| Err(end(io::Error::other("the thread that opens it was lost"))))
}

/// A pool whose connections are never made anew, or as the pool has it.
fn lasting(options: SqlitePoolOptions, lasts: bool) -> SqlitePoolOptions {
    if lasts { options.idle_timeout(None).max_lifetime(None).test_before_acquire(false) } else { options }
}

async fn open_sqlite(path: &str, lasts: bool) -> Result<Pool, Error> {
    let open = |source| Error::Open { place: path.to_owned(), source };
    // Captured secrets are in it; SQLite gives its side files the mode of the main file.
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(Path::new(path))
        .map_err(|source| Error::Create { place: path.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode a power loss may take the last transactions whole; the event log has them.
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        // Journals of statements and what is sorted: a confined process has no folder for them.
        .pragma("temp_store", "MEMORY")
        .busy_timeout(BUSY)
        .pragma("wal_autocheckpoint", LOG_PAGES.to_string())
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging();
    let writing = options.clone().pragma("cache_size", format!("-{WRITER_CACHE_KIB}"));
    let writer = connect_writer(writing, lasts).await.map_err(open)?;
    let options = options.pragma("cache_size", format!("-{READER_CACHE_KIB}")).pragma("query_only", "ON");
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .idle_timeout(Duration::from_secs(60));
    let readers = lasting(readers, lasts).connect_lazy_with(options);
    Ok(Pool::Sqlite { writer, readers })
}

/// Opens the writing connection. SQLite does not wait while another process turns a new file to write-ahead
/// logging, as it does for a transaction, so that is waited for here.
async fn connect_writer(options: SqliteConnectOptions, lasts: bool) -> Result<SqlitePool, sqlx::Error> {
    let begun = Instant::now();
    loop {
        let pool = lasting(SqlitePoolOptions::new(), lasts).max_connections(1).acquire_timeout(BUSY * 3);
        match pool.connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY => sleep(PAUSE).await,
            other => return other,
        }
    }
}

/// Whether another process has the file locked (`SQLITE_BUSY`).
fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "5")
}

async fn open_mysql(url: &str) -> Result<Pool, Error> {
    let open = |source| Error::Open { place: without_password(url), source };
    let options = MySqlConnectOptions::from_str(url).map_err(open)?.disable_statement_logging();
    // A pool tries for its whole patience before it says why it has no connection; one connection says at once.
    let late = || open(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    let first = timeout(REACH, options.connect()).await.map_err(|_| late())?.map_err(open)?;
    // Whether it says goodbye is no matter.
    let _ = timeout(REACH, first.close()).await;
    let pool = MySqlPoolOptions::new()
        .max_connections(4)
        .min_connections(0)
        .acquire_timeout(FREE)
        .connect_with(options)
        .await
        .map_err(open)?;
    Ok(Pool::MySql(pool))
}

/// A URL fit for a message.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "mysql".to_owned() };
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = user.split(':').next().filter(|user| !user.is_empty()).map(|user| format!("{user}@"));
    let place = place.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{}{place}", user.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("mysql://u:p@ss@db:3306/x?ssl=1"), "mysql://u@db:3306/x");
    }
}
