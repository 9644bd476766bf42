//! Views that go on from what is stored: each event changes the state of one thing (an address, a secret), which is
//! read, changed and written back with the cursor. The same comes of it however events are cut into batches.

use crate::projection::{Counters, Shared};
use decnet_analysis::{
    profile::{self, BadState, Profile},
    reuse::{self, Reuse},
};
use decnet_model::record::{Change, EventRow, View};
use decnet_store::{Error as StoreError, Fence, Store};
use std::{collections::BTreeMap, hash::Hash, net::IpAddr};

/// Events in one transaction.
const BATCH: u32 = 1000;
/// States that are kept in memory, so that they need not be read again.
const KEPT: usize = 4096;

/// Why a fold stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The store failed.
    #[error("bring a view up to date")]
    Store(#[from] StoreError),
    /// What is stored was not written by this program.
    #[error("bring a view up to date")]
    State(#[from] BadState),
}

/// What is folded.
pub trait Fold: Send + Sync + 'static {
    /// What has a state.
    type Key: Ord + Clone + Hash + Send + Sync;
    /// The state.
    type State: Default + Clone + Send;
    /// The view that keeps it.
    const VIEW: View;

    /// Whose state an event changes.
    fn key(row: &EventRow) -> Option<Self::Key>;

    /// Changes it.
    fn add(state: &mut Self::State, row: &EventRow);

    /// What is to be stored.
    fn change(states: &BTreeMap<Self::Key, Self::State>) -> Change;

    /// What is stored.
    fn load(
        store: &Store,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<Vec<(Self::Key, Self::State)>, FoldError>> + Send;
}

/// Profiles of addresses.
#[derive(Debug)]
pub struct Profiles;

impl Fold for Profiles {
    type Key = IpAddr;
    type State = Profile;
    const VIEW: View = View::Profiles;

    fn key(row: &EventRow) -> Option<IpAddr> {
        profile::key(row)
    }

    fn add(state: &mut Profile, row: &EventRow) {
        state.add(row);
    }

    fn change(states: &BTreeMap<IpAddr, Profile>) -> Change {
        Change::Profiles(states.iter().map(|(address, profile)| profile.row(*address)).collect())
    }

    async fn load(store: &Store, keys: Vec<IpAddr>) -> Result<Vec<(IpAddr, Profile)>, FoldError> {
        let rows = store.profile_get(&keys).await?;
        rows.iter().map(|row| Ok((row.src_ip, Profile::read(row)?))).collect()
    }
}

/// Secrets that come again.
#[derive(Debug)]
pub struct Secrets;

impl Fold for Secrets {
    type Key = [u8; 32];
    type State = Reuse;
    const VIEW: View = View::Reuse;

    fn key(row: &EventRow) -> Option<[u8; 32]> {
        reuse::key(row)
    }

    fn add(state: &mut Reuse, row: &EventRow) {
        state.add(row);
    }

    fn change(states: &BTreeMap<[u8; 32], Reuse>) -> Change {
        Change::Reuse(states.iter().map(|(key, secret)| secret.row(*key)).collect())
    }

    async fn load(store: &Store, keys: Vec<[u8; 32]>) -> Result<Vec<([u8; 32], Reuse)>, FoldError> {
        let hashes: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
        let mut loaded = Vec::new();
        for row in store.reuse_get(&hashes).await? {
            if let Ok(key) = <[u8; 32]>::try_from(row.secret_hash.as_slice()) {
                loaded.push((key, Reuse::read(&row)?));
            }
        }
        Ok(loaded)
    }
}

/// Brings one fold up to date.
pub struct Folder<F: Fold> {
    store: Store,
    fence: Fence,
    counters: Counters,
    /// States as they are stored: nobody else writes them as long as the fence and the cursor hold.
    known: BTreeMap<F::Key, F::State>,
}

impl<F: Fold> Folder<F> {
    /// Takes the lease of the worker that keeps the view, and finds the cursor in the store.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn open(store: Store) -> Result<Self, FoldError> {
        let fence = store.lease_take(F::VIEW.worker()).await?;
        let cursor = store.cursor(F::VIEW).await?;
        let counters = Counters { cursor, ..Counters::default() };
        Ok(Folder { store, fence, counters, known: BTreeMap::new() })
    }

    /// Deals with the next batch; returns how many events it had, 0 when there are none.
    ///
    /// # Errors
    /// [`FoldError`]; then it must be opened anew.
    pub async fn step(&mut self) -> Result<usize, FoldError> {
        self.step_of(BATCH, &mut Shared::default()).await
    }

    /// The same with at most so many events.
    ///
    /// # Errors
    /// [`FoldError`]; then it must be opened anew.
    pub async fn step_of(&mut self, batch: u32, shared: &mut Shared) -> Result<usize, FoldError> {
        let from = self.counters.cursor;
        let events = shared.read(&self.store, from, batch).await?;
        let Some(last) = events.last().map(|event| event.id) else { return Ok(0) };
        let mut states = BTreeMap::new();
        let mut missing = Vec::new();
        for key in events.iter().filter_map(F::key) {
            if states.contains_key(&key) {
                continue;
            }
            let known = self.known.get(&key).cloned();
            if known.is_none() {
                missing.push(key.clone());
            }
            states.insert(key, known.unwrap_or_default());
        }
        states.extend(F::load(&self.store, missing).await?);
        for event in events.iter() {
            if let Some(state) = F::key(event).and_then(|key| states.get_mut(&key)) {
                F::add(state, event);
            }
        }
        let change = F::change(&states);
        self.store.project(&self.fence, &change, from, last).await?;
        self.counters.cursor = last;
        self.counters.events += events.len() as u64;
        self.counters.updates += change.len() as u64;
        if self.known.len() + states.len() > KEPT {
            self.known.clear();
        }
        self.known.extend(states);
        Ok(events.len())
    }

    /// Forgets what was made, so that the next steps make it anew from the first event on.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn reset(&mut self) -> Result<(), FoldError> {
        self.store.project_reset(&self.fence, F::VIEW).await?;
        self.counters = Counters::default();
        self.known.clear();
        Ok(())
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
