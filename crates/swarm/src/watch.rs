//! What the master's doors keep an eye on: the authority's files, certificates that are revoked, what is wanted.

use crate::{Error, error::stored, files::Files, tls, tls::Revoked};
use decnet_pipeline::runtime::{WorkerContext, chain};
use decnet_store::{Store, SwarmWish};
use netsvc_wire::stamp;
use parking_lot::RwLock;
use rustls::ServerConfig;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Time between two looks at the store.
const LOOK: Duration = Duration::from_millis(250);
/// Time between two looks at the master's own certificate.
const OWN: Duration = Duration::from_secs(60);
/// Time between two looks whether there is a swarm at all.
const IDLE: Duration = Duration::from_secs(1);

/// What a door looks at; cloning shares it.
#[derive(Clone)]
pub(crate) struct Watched {
    config: Arc<RwLock<Arc<ServerConfig>>>,
    pub(crate) revoked: Revoked,
    /// What hosts are to do, by id; those that left are not in it.
    pub(crate) wishes: watch::Receiver<Arc<BTreeMap<String, SwarmWish>>>,
}

/// Waits until there is a swarm; false: the worker is to end before.
pub(crate) async fn begun(worker: &mut WorkerContext, files: &Files) -> bool {
    while !files.is_master() {
        tokio::select! {
            () = worker.stopped() => return false,
            () = tokio::time::sleep(IDLE) => {}
        }
    }
    true
}

/// Begins to watch; the task ends with the last of those who look. `strangers`: people without a certificate come in.
/// `keeper`: this door renews the master's certificate.
pub(crate) async fn watched(
    store: &Store,
    files: &Files,
    strangers: bool,
    keeper: bool,
) -> Result<Watched, Error> {
    let revoked = Revoked::default();
    look(store, &revoked).await?;
    let config = configured(files, &revoked, strangers)?;
    let (sender, wishes) = watch::channel(Arc::new(read_wishes(store).await?));
    let watched = Watched { config: Arc::new(RwLock::new(config)), revoked, wishes };
    let (store, files, shared) = (store.clone(), files.clone(), watched.clone());
    let (config, revoked) = (shared.config, shared.revoked);
    drop(shared.wishes);
    tokio::spawn(async move {
        let mut renewed = Instant::now();
        while !sender.is_closed() {
            tokio::time::sleep(LOOK).await;
            let done = async {
                look(&store, &revoked).await?;
                told(&store, &revoked).await?;
                let now = Arc::new(read_wishes(&store).await?);
                sender.send_if_modified(|have| {
                    let other = **have != *now;
                    *have = now;
                    other
                });
                if OWN <= renewed.elapsed() {
                    renewed = Instant::now();
                    if keeper {
                        renew(&store, &files).await?;
                    }
                    *config.write() = configured(&files, &revoked, strangers)?;
                }
                Ok::<_, Error>(())
            };
            if let Err(error) = done.await {
                tracing::warn!(error = %chain(&error), "what is wanted of the swarm cannot be looked at");
                tokio::time::sleep(IDLE).await;
            }
        }
    });
    Ok(watched)
}

impl Watched {
    /// The configuration of the next connection.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read())
    }
}

fn configured(files: &Files, revoked: &Revoked, strangers: bool) -> Result<Arc<ServerConfig>, Error> {
    let authority = files.authority()?;
    Ok(Arc::new(tls::server(&files.own("master")?, authority.certificate(), revoked, strangers)?))
}

async fn look(store: &Store, revoked: &Revoked) -> Result<(), Error> {
    let rows = store.swarm_certificates().await.map_err(stored("read certificates"))?;
    let list: BTreeSet<_> =
        rows.into_iter().filter(|row| row.revoked_at.is_some()).map(|row| row.fingerprint).collect();
    revoked.replace(list);
    Ok(())
}

/// Who came with a revoked certificate has been told so by the handshake.
async fn told(store: &Store, revoked: &Revoked) -> Result<(), Error> {
    for fingerprint in revoked.take_shown() {
        let found = store.swarm_certificate(&fingerprint).await.map_err(stored("read a certificate"))?;
        if let Some(certificate) = found {
            let noted = store.swarm_told(&certificate.host, stamp::now()).await;
            noted.map_err(stored("note that a host was told"))?;
        }
    }
    Ok(())
}

async fn read_wishes(store: &Store) -> Result<BTreeMap<String, SwarmWish>, Error> {
    let rows = store.swarm_wishes().await.map_err(stored("read what is wanted"))?;
    Ok(rows.into_iter().map(|wish| (wish.host.clone(), wish)).collect())
}

/// Renews the master's certificate when it is time.
async fn renew(store: &Store, files: &Files) -> Result<(), Error> {
    let own = crate::authority::Certificate::read_pem(&files.own("master")?.certificate)?;
    let now = stamp::now();
    if !own.is_due(now) {
        return Ok(());
    }
    let signed = files.renew_master(&files.authority()?, now)?;
    let row = crate::files::row(&signed, &decnet_model::swarm::Identity::master());
    store.swarm_certificate_put(&row).await.map_err(stored("keep a certificate"))?;
    tracing::info!("the master has another certificate");
    Ok(())
}
