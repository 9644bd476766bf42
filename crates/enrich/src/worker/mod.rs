//! The worker: looks attackers up in local files as they come, and asks providers beside that, so that none of them
//! holds the others up.

mod asker;
mod look;

pub use look::Counters;

use asker::Asker;
use decnet_model::{alert::Addresses, worker::Worker};
use decnet_pipeline::runtime::{Pass, Running, WorkerContext, run_passes};
use decnet_store::{Error as StoreError, Store};
use look::Look;
use parking_lot::Mutex;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Name of the file with more authorities that providers are believed by, in the folder of local files.
pub(crate) const AUTHORITIES: &str = "ca.pem";

/// What the worker is told by settings. The default asks nobody.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Providers that are asked.
    pub providers: Vec<Configured>,
    /// Whether the list of Feodo Tracker is fetched.
    pub feodo: Option<Feodo>,
    /// Addresses that nobody is asked about, beside those that are nobody's on the Internet and those of deckies.
    pub never: Vec<Addresses>,
}

/// A provider that is asked.
#[derive(Clone, Debug)]
pub struct Configured {
    /// Its name, one of [`crate::provider::ALL`].
    pub name: &'static str,
    /// Its key; empty: none.
    pub key: String,
    /// Most questions of a day.
    pub per_day: u64,
    /// Another place than its own, for tests.
    pub base: Option<String>,
}

/// How the list of Feodo Tracker is fetched.
#[derive(Clone, Debug, Default)]
pub struct Feodo {
    /// Another place than its own, for tests.
    pub base: Option<String>,
}

/// Why the worker stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum EnrichError {
    /// The store failed.
    #[error("look attackers up")]
    Store(#[from] StoreError),
    /// The folder of local files cannot be read.
    #[error("read the folder of local files")]
    Folder(#[source] io::Error),
    /// The operator's certificates cannot be used.
    #[error("read {AUTHORITIES} in the folder of local files")]
    Trust(#[source] io::Error),
    /// Settings name no provider that there is, or no place.
    #[error("{0:?} is no provider or no place of one")]
    Provider(String),
}

/// What the two sides of the worker tell each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct News(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    /// Grows when addresses were looked up.
    found: AtomicU64,
    /// What somebody should look at of those who are asked.
    trouble: Mutex<Option<String>>,
}

impl News {
    /// Says that addresses were looked up.
    pub(crate) fn found(&self) {
        self.0.found.fetch_add(1, Ordering::Relaxed);
    }

    /// A number that is another one once addresses were looked up.
    pub(crate) fn count(&self) -> u64 {
        self.0.found.load(Ordering::Relaxed)
    }

    /// Says what somebody should look at.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.0.trouble.lock() = trouble;
    }

    /// What somebody should look at.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.0.trouble.lock().clone()
    }
}

/// Looks attackers up and asks providers until the worker is told to stop, then looks up what is left.
///
/// # Errors
/// [`EnrichError`]; the worker can be started again.
pub fn run(context: WorkerContext, store: Store, settings: Settings) -> Running<EnrichError> {
    Box::pin(work(context, store, settings))
}

async fn work(context: WorkerContext, store: Store, settings: Settings) -> Result<(), EnrichError> {
    let fence = store.lease_take(Worker::Enricher).await?;
    let folder = context.paths.intel();
    fs_err::create_dir_all(&folder).map_err(EnrichError::Folder)?;
    let news = News::default();
    let (asks, never) = (!settings.providers.is_empty(), settings.never.clone());
    let asker = Asker::open(store.clone(), fence, settings, &folder, news.clone()).await?;
    let mut look = Look::open(store, fence, folder, asks, never, news).await?;
    match asker {
        None => run_passes(context, &mut look).await,
        Some(mut asker) => {
            // Who is there to be asked about has to be known first.
            look.run(&context).await?;
            let both = (run_passes(context.clone(), &mut look), run_passes(context, &mut asker));
            tokio::try_join!(both.0, both.1).map(drop)
        }
    }
}

#[cfg(test)]
mod tests;
