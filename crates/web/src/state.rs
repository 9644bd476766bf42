//! What all requests share.

use crate::{Hosts, House, account, limit::LoginLimit, stream::Tailer, token::SigningKey};
use decnet_model::paths::Paths;
use decnet_store::Store;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{Notify, Semaphore, watch};

/// Password checks at the same time; each takes 19 MiB and a core.
const HASHES: usize = 2;
/// Event streams at the same time.
const STREAMS: usize = 64;

/// State of the interface. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ApiState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    paths: Paths,
    hosts: Hosts,
    house: Arc<dyn House>,
    key: SigningKey,
    logins: LoginLimit,
    hashes: Semaphore,
    streams: Arc<Semaphore>,
    tailer: Tailer,
    doorbell: Arc<Notify>,
    stopping: watch::Sender<bool>,
    revoked: Notify,
    no_such_user: String,
}

impl ApiState {
    /// State over `store` and the files of its installation; tokens are signed with `secret`; `doorbell` is
    /// rung when events were stored (the stream looks by itself once a second as well); `hosts` are the names by
    /// which it is spoken to, `house` is the installation.
    ///
    /// # Errors
    /// [`crate::AccountError::Hash`] when the machine cannot hash a password.
    pub fn new(
        store: Store,
        paths: Paths,
        secret: &[u8],
        doorbell: Arc<Notify>,
        hosts: Hosts,
        house: Arc<dyn House>,
    ) -> Result<Self, crate::AccountError> {
        let key = SigningKey::new(secret).ok_or(crate::AccountError::Hash)?;
        Ok(ApiState(Arc::new(Inner {
            store,
            paths,
            hosts,
            house,
            key,
            logins: LoginLimit::default(),
            hashes: Semaphore::new(HASHES),
            streams: Arc::new(Semaphore::new(STREAMS)),
            tailer: Tailer::default(),
            doorbell,
            stopping: watch::Sender::new(false),
            revoked: Notify::new(),
            // Checked for an unknown name, so that it takes as long as a known one.
            no_such_user: account::hash("no such user")?,
        })))
    }

    /// Feeds the event streams until [`ApiState::stop`]. [`crate::serve`] runs it.
    pub async fn tail(&self) {
        self.0.tailer.run(&self.0.store, &self.0.doorbell, self.0.stopping.subscribe()).await;
    }

    /// Says that something is to be told to the streams.
    pub(crate) fn ring(&self) {
        self.0.doorbell.notify_one();
    }

    /// Ends the event streams.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn house(&self) -> &dyn House {
        self.0.house.as_ref()
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    /// Where an artefact that the store knows is kept.
    pub(crate) fn artefact(&self, sha256: &str) -> PathBuf {
        self.0.paths.artefact(sha256)
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.0.key
    }

    pub(crate) fn logins(&self) -> &LoginLimit {
        &self.0.logins
    }

    pub(crate) fn hashes(&self) -> &Semaphore {
        &self.0.hashes
    }

    pub(crate) fn streams(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.streams)
    }

    pub(crate) fn tailer(&self) -> &Tailer {
        &self.0.tailer
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Told when this process revoked a token; other processes are seen by looking.
    pub(crate) fn revoked(&self) -> &Notify {
        &self.0.revoked
    }

    pub(crate) fn no_such_user(&self) -> &str {
        &self.0.no_such_user
    }
}
