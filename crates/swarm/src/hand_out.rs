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
use decnet_pipeline::runtime::chain;
use decnet_store::Store;
use netsvc_wire::stamp;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// Time between two looks at all roll-outs because a host reports, µs: with many hosts they report all the time.
const PAUSE: u64 = 1_000_000;
/// Longest reason that is kept, in characters.
const REASON: usize = 500;

/// What the controller hands out; cloning shares it.
#[derive(Clone)]
pub(crate) struct HandOut {
    store: Store,
    shelf: Shelf,
    version: String,
    patience: u64,
    looked: Arc<AtomicI64>,
}

impl HandOut {
    /// Hands out what is on the shelf of `paths`; `version` is the master's own release.
    pub(crate) fn new(store: &Store, paths: &Paths, version: String, patience: u64) -> HandOut {
        let looked = Arc::new(AtomicI64::new(i64::MIN));
        HandOut { store: store.clone(), shelf: Shelf::new(paths), version, patience, looked }
    }

    /// What the host with this id is offered.
    pub(crate) async fn offer(&self, host: &str) -> Result<Option<Offer>, Error> {
        if self.is_due() {
            advance(&self.store).await?;
        }
        let found = self.own(host).await?.into_iter().find(is_offered);
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
        // There are thousands of pieces: nothing is read of other hosts.
        let own = self.own(host).await?;
        if !own.iter().any(|update| update.sha256 == wish.sha256 && is_offered(update)) {
            return Err(Error::Wrong("this host is offered no such release".to_owned()));
        }
        let (shelf, sha256, offset) = (self.shelf.clone(), wish.sha256.clone(), wish.offset);
        let bytes = tokio::task::spawn_blocking(move || shelf.piece(&sha256, offset)).await?;
        // It will not be there the next time either, and the host has other things to say.
        let bytes = bytes.map_err(|error| {
            tracing::error!(error = %chain(&error), host, "a release that is offered cannot be read");
            Error::Wrong("the release cannot be read here".to_owned())
        })?;
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
        let own = self.own(host).await?;
        // What is asked for no more, or was heard before, is no mistake of the host's.
        let Some(update) = own.iter().find(|update| update.id == told.id) else {
            return Ok(Heard {});
        };
        // Nobody goes back to what was before: who says so again and again would never come to an end.
        let goes_on = (update.state, state) != (UpdateState::Trying, UpdateState::Fetching);
        if update.state != state && goes_on {
            let reason: String = told.reason.chars().take(REASON).collect();
            let now = rollout::moved(update, state, &reason, stamp::now());
            self.store.swarm_update_move(&now, update.state).await.map_err(stored("note an update"))?;
            tell(&now);
        }
        advance(&self.store).await?;
        Ok(Heard {})
    }

    /// Updates of a host that have not ended.
    async fn own(&self, host: &str) -> Result<Vec<SwarmUpdate>, Error> {
        self.store.swarm_updates_of(host).await.map_err(stored("read the updates"))
    }

    /// Whether all roll-outs are to be looked at, by whoever asks first.
    fn is_due(&self) -> bool {
        let (now, last) = (stamp::now(), self.looked.load(Ordering::Relaxed));
        let swapped = || self.looked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        PAUSE <= now.abs_diff(last) && swapped().is_ok()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::rollout::{Release, Wanted};
    use decnet_model::record::SwarmHost;

    /// A master with two hosts, a bundle, and a roll-out over both with one of them first.
    async fn master(folder: &tempfile::TempDir) -> (HandOut, String) {
        let paths = Paths::new(folder.path());
        let store = Store::open(&paths.database().display().to_string()).await.unwrap();
        let bundle = folder.path().join("b");
        std::fs::write(&bundle, "a release").unwrap();
        let (sha256, size) = Shelf::new(&paths).keep(&bundle, "signed").unwrap();
        let hosts = ["a", "b"].map(|host| Wanted {
            host: host.to_owned(),
            name: host.to_owned(),
            runs: "1.0.0".to_owned(),
        });
        let release = Release {
            version: "1.1.0".to_owned(),
            sha256: sha256.clone(),
            size,
            signature: "signed".to_owned(),
        };
        let rows = rollout::begin("r", &hosts, 1, &release, "test", stamp::now());
        assert_eq!(store.swarm_updates_ask(&rows, stamp::now()).await.unwrap(), None);
        (HandOut::new(&store, &paths, "1.0.0".to_owned(), 60), sha256)
    }

    fn told(host: &str, state: UpdateState) -> Told {
        Told::new(&format!("r.{host}"), state, "why")
    }

    #[tokio::test]
    async fn a_host_gets_what_it_is_offered_and_nothing_of_anybody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let (master, sha256) = master(&folder).await;
        let offer = master.offer("a").await.unwrap().unwrap();
        assert_eq!((offer.id.as_str(), offer.version.as_str(), offer.patience), ("r.a", "1.1.0", 60));
        assert_eq!(master.offer("b").await.unwrap(), None, "it is not its turn");
        assert_eq!(master.offer("c").await.unwrap(), None);
        let piece = |sha256: &str| Piece { sha256: sha256.to_owned(), offset: 2 };
        let sent = master.piece("a", &piece(&sha256)).await.unwrap();
        assert_eq!(STANDARD.decode(sent.bytes).unwrap(), b"release");
        assert!(master.piece("b", &piece(&sha256)).await.is_err());
        assert!(master.piece("a", &piece("../../install.secret")).await.is_err());
        std::fs::remove_file(master.shelf.path(&sha256).unwrap()).unwrap();
        assert!(matches!(master.piece("a", &piece(&sha256)).await, Err(Error::Wrong(_))), "it is gone");
        // Nobody speaks for another, and what no host can say is not believed.
        master.told("b", &told("a", UpdateState::Done)).await.unwrap();
        for state in [UpdateState::Waiting, UpdateState::Offered, UpdateState::Cancelled, UpdateState::Failed]
        {
            assert!(master.told("a", &told("a", state)).await.is_err(), "{state}");
        }
        assert!(master.offer("a").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn the_next_stage_begins_when_the_canary_says_that_it_is_done_and_not_when_it_went_back() {
        for (state, offered) in [(UpdateState::Done, true), (UpdateState::RolledBack, false)] {
            let folder = tempfile::tempdir().unwrap();
            let (master, sha256) = master(&folder).await;
            master.told("a", &told("a", UpdateState::Trying)).await.unwrap();
            assert_eq!(master.offer("a").await.unwrap(), None, "it has it");
            master.told("a", &told("a", UpdateState::Fetching)).await.unwrap();
            assert_eq!(master.offer("a").await.unwrap(), None, "it does not go back");
            master.told("a", &told("a", state)).await.unwrap();
            // Once more is the same.
            master.told("a", &told("a", state)).await.unwrap();
            assert_eq!(master.offer("b").await.unwrap().is_some(), offered, "{state}");
            let rows = master.store.swarm_rollout("r").await.unwrap();
            assert_eq!((rows[0].state, rows[0].reason.as_str()), (state, "why"));
            let rest = if offered { UpdateState::Offered } else { UpdateState::Cancelled };
            assert_eq!(rows[1].state, rest);
            assert!(master.piece("a", &Piece { sha256, offset: 0 }).await.is_err(), "it is over");
        }
    }

    #[tokio::test]
    async fn a_host_that_has_left_stops_the_roll_out_that_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (master, _) = master(&folder).await;
        let host = SwarmHost { left_at: Some(1), ..SwarmHost::new("a", "a", 1) };
        let token = decnet_model::record::SwarmToken {
            hash: "h".to_owned(),
            name: "a".to_owned(),
            labels: "{}".to_owned(),
            weight: 1,
            capacity: None,
            created_by: "test".to_owned(),
            created_at: 1,
            expires_at: i64::MAX,
            used_at: None,
            used_key: String::new(),
            host: String::new(),
            notes: None,
        };
        master.store.swarm_token_put(&token).await.unwrap();
        master.store.swarm_join("h", "k", &host, 2).await.unwrap();
        assert_eq!(master.offer("a").await.unwrap(), None);
        let rows = master.store.swarm_rollout("r").await.unwrap();
        assert_eq!([rows[0].state, rows[1].state], [UpdateState::Failed, UpdateState::Cancelled]);
    }
}
