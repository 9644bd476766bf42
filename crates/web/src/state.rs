//! What all requests share.

use crate::{
    Hosts, House, Oidc, account, limit::LoginLimit, readers::Readers, sizes::Sizes, stream::Tailer,
    token::SigningKey,
};
use decnet_model::paths::Paths;
use decnet_store::Store;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::timeout,
};

/// Password checks at the same time; each takes 19 MiB and a core.
const HASHES: usize = 2;

/// How often it is seen whether readers of streams may stay.
const LOOK: Duration = Duration::from_secs(1);

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
    oidc: OnceLock<Oidc>,
    logins: LoginLimit,
    hashes: Semaphore,
    readers: Readers,
    tailer: Tailer,
    sizes: Sizes,
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
            oidc: OnceLock::new(),
            logins: LoginLimit::default(),
            hashes: Semaphore::new(HASHES),
            readers: Readers::default(),
            tailer: Tailer::default(),
            sizes: Sizes::default(),
            doorbell,
            stopping: watch::Sender::new(false),
            revoked: Notify::new(),
            // Checked for an unknown name, so that it takes as long as a known one.
            no_such_user: account::hash("no such user")?,
        })))
    }

    /// Has people log in by a provider, too; the first one that is given is theirs.
    pub fn log_in_by(&self, oidc: Oidc) {
        // A second one changes nothing, as said.
        let _ = self.0.oidc.set(oidc);
    }

    /// Feeds the event streams, and ends those whose readers may not stay, until [`ApiState::stop`]. [`crate::serve`]
    /// runs it.
    pub async fn tail(&self) {
        let inner = &self.0;
        let (tail, looks) = (
            inner.tailer.run(&inner.store, &inner.doorbell, inner.stopping.subscribe()),
            self.look(inner.stopping.subscribe()),
        );
        tokio::join!(tail, looks);
    }

    /// Looks every second, and at once when something was revoked here, whether readers may stay.
    async fn look(&self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow_and_update() {
            self.0.readers.look(&self.0.store).await;
            tokio::select! {
                _ = timeout(LOOK, self.0.revoked.notified()) => {}
                _ = stopping.changed() => {}
            }
        }
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

    /// Sizes of topologies that were looked at before.
    pub(crate) fn sizes(&self) -> &Sizes {
        &self.0.sizes
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

    /// Folder of what was handed in for the worker `operator`.
    pub(crate) fn handed_in(&self) -> PathBuf {
        self.0.paths.handed_in()
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.0.key
    }

    pub(crate) fn oidc(&self) -> Option<&Oidc> {
        self.0.oidc.get()
    }

    pub(crate) fn logins(&self) -> &LoginLimit {
        &self.0.logins
    }

    pub(crate) fn hashes(&self) -> &Semaphore {
        &self.0.hashes
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    pub(crate) fn tailer(&self) -> &Tailer {
        &self.0.tailer
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Says that something was revoked here; what other processes revoke is seen by looking.
    pub(crate) fn revoked(&self) {
        self.0.revoked.notify_one();
    }

    pub(crate) fn no_such_user(&self) -> &str {
        &self.0.no_such_user
    }
}
