//! Releases, as the controller hands them out: who is offered one, a piece of it, and what became of it.

use crate::{
    Error,
    error::stored,
    message::{Heard, Piece, PieceSent},
    update::{Offer, Shelf, Told, rollout},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::{
    paths::Paths,
    record::{SwarmUpdate, UpdateState},
};
use decnet_store::Store;
use netsvc_wire::stamp;
use std::collections::BTreeSet;

/// Longest reason that is kept, in characters.
const REASON: usize = 500;

/// What the controller hands out; cloning shares it.
#[derive(Clone)]
pub(crate) struct HandOut {
    store: Store,
    shelf: Shelf,
    version: String,
    patience: u64,
}

impl HandOut {
    /// Hands out what is on the shelf of `paths`; `version` is the master's own release.
    pub(crate) fn new(store: &Store, paths: &Paths, version: String, patience: u64) -> HandOut {
        HandOut { store: store.clone(), shelf: Shelf::new(paths), version, patience }
    }

    /// What the host with this id is offered.
    pub(crate) async fn offer(&self, host: &str) -> Result<Option<Offer>, Error> {
        let open = advance(&self.store).await?;
        let found = open.into_iter().find(|update| update.host == host && is_offered(update));
        Ok(found.map(|update| Offer {
            id: update.id,
            version: update.to_version,
            sha256: update.sha256,
            size: update.size,
            signature: update.signature,
            master: self.version.clone(),
            patience: self.patience,
        }))
    }

    /// A piece of what the host is offered, and of nothing else.
    pub(crate) async fn piece(&self, host: &str, wish: &Piece) -> Result<PieceSent, Error> {
        let open = self.open().await?;
        let fits =
            |update: &SwarmUpdate| update.host == host && update.sha256 == wish.sha256 && is_offered(update);
        if !open.iter().any(fits) {
            return Err(Error::Wrong("this host is offered no such release".to_owned()));
        }
        let (shelf, sha256, offset) = (self.shelf.clone(), wish.sha256.clone(), wish.offset);
        let bytes = tokio::task::spawn_blocking(move || shelf.piece(&sha256, offset)).await??;
        Ok(PieceSent { bytes: STANDARD.encode(bytes) })
    }

    /// Notes how far a host is with its update, as it says itself.
    pub(crate) async fn told(&self, host: &str, told: &Told) -> Result<Heard, Error> {
        let state: UpdateState =
            told.state.parse().map_err(|_| Error::Garbled("that is no state of an update".to_owned()))?;
        let may = [
            UpdateState::Fetching,
            UpdateState::Trying,
            UpdateState::Done,
            UpdateState::RolledBack,
            UpdateState::Refused,
        ];
        if !may.contains(&state) {
            return Err(Error::Garbled("a host does not say that of an update".to_owned()));
        }
        let open = self.open().await?;
        let ours = |update: &&SwarmUpdate| update.id == told.id && update.host == host;
        // What is asked for no more, or was heard before, is no mistake of the host's.
        let Some(update) = open.iter().find(ours).filter(|update| !update.state.is_ended()) else {
            return Ok(Heard {});
        };
        if update.state != state {
            let reason: String = told.reason.chars().take(REASON).collect();
            let now = rollout::moved(update, state, &reason, stamp::now());
            self.store.swarm_update_move(&now, update.state).await.map_err(stored("note an update"))?;
            tell(&now);
        }
        advance(&self.store).await?;
        Ok(Heard {})
    }

    async fn open(&self) -> Result<Vec<SwarmUpdate>, Error> {
        self.store.swarm_updates_open().await.map_err(stored("read the updates"))
    }
}

/// Brings all roll-outs as far as they may go. Returns their updates as they are then.
///
/// # Errors
/// When the store fails.
pub(crate) async fn advance(store: &Store) -> Result<Vec<SwarmUpdate>, Error> {
    let mut open = store.swarm_updates_open().await.map_err(stored("read the updates"))?;
    if open.is_empty() {
        return Ok(open);
    }
    let hosts = store.swarm_hosts().await.map_err(stored("list the hosts"))?;
    let left: BTreeSet<String> =
        hosts.into_iter().filter(|host| host.left_at.is_some()).map(|host| host.id).collect();
    for (was, change) in rollout::turn(&open, &left, stamp::now()) {
        if store.swarm_update_move(&change, was).await.map_err(stored("note an update"))? {
            tell(&change);
            open.iter_mut()
                .filter(|update| update.id == change.id)
                .for_each(|update| *update = change.clone());
        }
    }
    Ok(open)
}

fn is_offered(update: &SwarmUpdate) -> bool {
    matches!(update.state, UpdateState::Offered | UpdateState::Fetching)
}

fn tell(update: &SwarmUpdate) {
    let (host, release, state) = (&update.name, &update.to_version, update.state.name());
    if update.reason.is_empty() {
        tracing::info!(host, release, state, "an update goes on");
    } else {
        tracing::warn!(
            host,
            release,
            state,
            reason = update.reason,
            "an update has not become what it was to be"
        );
    }
}
