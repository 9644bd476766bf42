//! Who reads event streams: a bounded number in all and of each user, and whether what let them in is still good, which
//! is asked of the store for all of them at once.

use crate::{
    Problem,
    auth::{Pass, Viewer},
    problem::chain,
};
use decnet_store::Store;
use netsvc_wire::stamp::now;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// Streams at the same time.
const IN_ALL: usize = 768;
/// Streams of one user at the same time: a tab has one.
const OF_A_USER: usize = 32;
/// When somebody who has too many may try again.
const AGAIN: Duration = Duration::from_secs(10);
/// Looks in a row that may fail before all streams end. Readers resume, and are let in anew.
const FAILURES: u32 = 5;

/// All readers. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    reading: Mutex<BTreeMap<u64, Reader>>,
    next: AtomicU64,
    failures: Mutex<u32>,
}

#[derive(Debug)]
struct Reader {
    user: String,
    pass: Pass,
    ended: watch::Sender<bool>,
}

/// The place of one reader; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    readers: Readers,
    number: u64,
    ended: watch::Receiver<bool>,
}

impl Readers {
    /// A place for a user.
    ///
    /// # Errors
    /// [`Problem::TooMany`] when he has as many as one may, [`Problem::Busy`] when all have.
    pub(crate) fn enter(&self, viewer: &Viewer) -> Result<Place, Problem> {
        let mut reading = self.0.reading.lock();
        if reading.len() >= IN_ALL {
            return Err(Problem::Busy);
        }
        let own = reading.values().filter(|reader| reader.user == viewer.user.name).count();
        if own >= OF_A_USER {
            return Err(Problem::TooMany { after: AGAIN });
        }
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, ended) = watch::channel(false);
        let reader = Reader { user: viewer.user.name.clone(), pass: viewer.pass.clone(), ended: sender };
        reading.insert(number, reader);
        Ok(Place { readers: self.clone(), number, ended })
    }

    /// Ends the streams of all whose login or token is not good any more.
    pub(crate) async fn look(&self, store: &Store) {
        let (mut logins, mut tokens) = (Vec::new(), Vec::new());
        // Who comes in while the store is asked was let in by another look.
        let mut asked = BTreeSet::new();
        for (number, reader) in self.0.reading.lock().iter() {
            asked.insert(*number);
            match &reader.pass {
                Pass::Session { claims, .. } => logins.push(claims.jti.clone()),
                Pass::Token { hash, .. } => tokens.push(hash.clone()),
            }
        }
        if logins.is_empty() && tokens.is_empty() {
            return;
        }
        match store.passes_good(&logins, &tokens, now()).await {
            Ok((logins, tokens)) => {
                *self.0.failures.lock() = 0;
                self.end(|number, pass| {
                    asked.contains(&number)
                        && match pass {
                            Pass::Session { claims, .. } => !logins.contains(&claims.jti),
                            Pass::Token { hash, .. } => !tokens.contains(hash),
                        }
                });
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the logins of event streams cannot be looked at");
                let mut failures = self.0.failures.lock();
                *failures += 1;
                if *failures >= FAILURES {
                    *failures = 0;
                    self.end(|_, _| true);
                }
            }
        }
    }

    fn end(&self, which: impl Fn(u64, &Pass) -> bool) {
        let reading = self.0.reading.lock();
        for (_, reader) in reading.iter().filter(|(number, reader)| which(**number, &reader.pass)) {
            reader.ended.send_replace(true);
        }
    }
}

impl Place {
    /// Waits until the stream has to end.
    pub(crate) async fn ended(&mut self) {
        // The sender lives as long as the place does.
        let _ = self.ended.wait_for(|ended| *ended).await.is_ok();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.readers.0.reading.lock().remove(&self.number);
    }
}
