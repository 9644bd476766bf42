//! The clusterers: addresses to identities, identities to campaigns. What they know is in memory, made of the store
//! when they start; what comes of it goes into the store with the cursor, in one transaction.

use crate::runtime::{Pass, Running, Work, WorkerContext, run_passes};
use decnet_analysis::{
    cluster::{Change, Graph, Said, Scheme},
    sketch::hash,
};
use decnet_bus::Subject;
use decnet_model::{
    record::{ClusterChange, ClusterMember, Decision, Deed, Level, Trait, View},
    worker::Worker,
};
use decnet_store::{Error as StoreError, Fence, Store, Traited};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

/// Profiles that are read at a time.
const PAGE: u32 = 2000;
/// Pause after a pass that changed something: what comes in the meantime is dealt with at once.
const PAUSE: Duration = Duration::from_millis(250);
/// Traits of each kind that an identity has, of all that its addresses have.
const OF_KIND: usize = 32;

/// Why a clusterer stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The store failed.
    #[error("join addresses and identities")]
    Store(#[from] StoreError),
    /// What is stored was not written by this program.
    #[error("read what {address} can be recognised by")]
    Traits {
        /// Whose.
        address: IpAddr,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// What a clusterer has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Members that are known.
    pub members: u64,
    /// Members that were read, because they or their traits are others.
    pub read: u64,
    /// Members that were placed.
    pub placed: u64,
    /// How far it has read.
    pub cursor: i64,
}

/// Joins the members of one level.
pub struct Clusterer {
    level: Level,
    store: Store,
    fence: Fence,
    graph: Graph,
    /// How far it has read.
    cursor: i64,
    /// Number of the last change of its members.
    revision: i64,
    /// Addresses: of the level of identities with their numbers, of that of campaigns with their identities.
    places: BTreeMap<IpAddr, i64>,
    /// Addresses of each node.
    nodes: BTreeMap<i64, BTreeSet<IpAddr>>,
    /// Hashes of the traits of addresses, as they were read last.
    texts: BTreeMap<i64, u64>,
    decisions: Vec<Decision>,
    /// Nodes that were read at the start and are newer than what was stored then.
    late: BTreeSet<i64>,
    /// What is stored of members, until the first pass has been compared with it.
    stored: Option<Stored>,
    counters: Counters,
}

/// What is stored of a level.
#[derive(Debug, Default)]
struct Stored {
    /// Members, their addresses and their clusters.
    places: BTreeMap<i64, (IpAddr, i64)>,
    /// How far it had been read.
    cursor: i64,
}

impl Stored {
    async fn read(store: &Store, level: Level) -> Result<Stored, StoreError> {
        let members = store.cluster_members_after(level, -1).await?;
        let places = members.into_iter().map(|row| (row.member, (row.src_ip, row.cluster))).collect();
        Ok(Stored { places, cursor: store.cluster_cursor(level).await? })
    }
}

/// Joins until the worker is told to stop, then what is left.
///
/// # Errors
/// [`ClusterError`]; the clusterer can be started again.
pub fn run(context: WorkerContext, store: Store, level: Level) -> Running<ClusterError> {
    Box::pin(work(context, store, level))
}

async fn work(context: WorkerContext, store: Store, level: Level) -> Result<(), ClusterError> {
    let mut clusterer = Clusterer::open(store, level).await?;
    run_passes(context, &mut clusterer).await
}

/// The worker of a level.
fn worker(level: Level) -> Worker {
    match level {
        Level::Identity => Worker::Clusterer,
        Level::Campaign => Worker::CampaignClusterer,
    }
}

impl Clusterer {
    /// Takes the lease of the level's worker. What there is is read by the first steps.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn open(store: Store, level: Level) -> Result<Clusterer, ClusterError> {
        let fence = store.lease_take(worker(level)).await?;
        let revision = store.cluster_revision(level).await?;
        let stored = Stored::read(&store, level).await?;
        Ok(Clusterer {
            level,
            store,
            fence,
            graph: Graph::new(Scheme::of(level)),
            cursor: 0,
            revision,
            places: BTreeMap::new(),
            nodes: BTreeMap::new(),
            texts: BTreeMap::new(),
            decisions: Vec::new(),
            late: BTreeSet::new(),
            stored: Some(stored),
            counters: Counters::default(),
        })
    }

    /// Brings clusters up to date with all there is; returns how many members were placed, or read and not moved.
    ///
    /// # Errors
    /// [`ClusterError`]; then it must be opened anew.
    pub async fn step(&mut self) -> Result<usize, ClusterError> {
        let from = self.store.cluster_cursor(self.level).await?;
        let (to, read) = match self.level {
            Level::Identity => self.read_profiles().await?,
            Level::Campaign => self.read_identities().await?,
        };
        let decisions = self.store.decision_list(self.level, false).await?;
        let whole = self.stored.is_some();
        if read.is_empty() && decisions == self.decisions && !whole {
            if self.cursor < to {
                self.write(&ClusterChange::default(), (from, to), false).await?;
            }
            return Ok(0);
        }
        self.decisions = decisions;
        self.graph.say(said(&self.decisions, &self.places));
        let change = self.graph.refresh();
        let change = self.change(change, &read);
        self.write(&change, (from, to), whole).await?;
        self.counters.members = self.graph.len() as u64;
        self.counters.read += read.len() as u64;
        self.counters.placed += change.members.len() as u64;
        Ok(change.members.len() + change.gone.len())
    }

    async fn write(
        &mut self,
        change: &ClusterChange,
        way: (i64, i64),
        whole: bool,
    ) -> Result<(), ClusterError> {
        self.store.cluster_write(&self.fence, self.level, change, way, whole).await?;
        self.stored = None;
        self.late.clear();
        self.revision += 1;
        self.cursor = way.1;
        self.counters.cursor = way.1;
        Ok(())
    }

    /// What is to be stored of a change: members that were placed, and those whose traits are others.
    fn change(&self, change: Change, read: &BTreeSet<i64>) -> ClusterChange {
        let mut told: BTreeSet<i64> = change.placed.iter().map(|(node, _)| *node).collect();
        let mut gone: Vec<i64> = read.iter().copied().filter(|node| !self.nodes.contains_key(node)).collect();
        match &self.stored {
            // All were placed: those that stand there already are nobody's news.
            Some(stored) => {
                // An identity that lost its least address while nobody looked has another now, at the same place.
                let now = |node: &i64| Some((*self.nodes.get(node)?.first()?, self.graph.place(*node)?));
                let is_stored = |node: &i64| stored.places.get(node).copied() == now(node);
                told.retain(|node| !is_stored(node) || self.late.contains(node));
                gone = stored.places.keys().copied().filter(|node| !self.nodes.contains_key(node)).collect();
            }
            None => told.extend(read),
        }
        let member = |node: &i64| {
            let src_ip = *self.nodes.get(node)?.first()?;
            let cluster = self.graph.place(*node)?;
            Some(ClusterMember { member: *node, src_ip, cluster, revision: self.revision + 1 })
        };
        ClusterChange {
            members: told.iter().filter_map(member).collect(),
            gone,
            relinked: if self.stored.is_some() { Vec::new() } else { change.relinked.into_iter().collect() },
            links: change.links,
        }
    }

    /// Reads profiles that are others. Returns how far, and which addresses have other traits.
    async fn read_profiles(&mut self) -> Result<(i64, BTreeSet<i64>), ClusterError> {
        // What is read of profiles is at least as new as this.
        let to = self.store.cursor(View::Profiles).await?;
        if to < self.cursor {
            // Profiles are made anew: so is what was made of them.
            self.forget().await?;
        }
        let (mut read, mut after) = (BTreeSet::new(), self.cursor);
        loop {
            let page = self.store.trait_list(after, PAGE).await?;
            let Some(last) = page.last().map(|row| row.last_event) else { break };
            after = last;
            for row in page {
                let traits = traits(&row)?;
                if let Some(before) = self.places.insert(row.src_ip, row.first_event)
                    && before != row.first_event
                {
                    self.graph.remove(before);
                    self.nodes.remove(&before);
                    read.insert(before);
                }
                self.nodes.entry(row.first_event).or_default().insert(row.src_ip);
                self.note(row.first_event, row.last_event);
                self.graph.put(row.first_event, &traits);
                // What this level does not weigh may be what the next one does.
                let text = hash(&[row.traits.as_bytes()]);
                if self.texts.insert(row.first_event, text) != Some(text) {
                    read.insert(row.first_event);
                }
            }
            if to <= after {
                break;
            }
        }
        Ok((to, read))
    }

    async fn forget(&mut self) -> Result<(), ClusterError> {
        self.graph = Graph::new(Scheme::of(self.level));
        self.places.clear();
        self.nodes.clear();
        self.texts.clear();
        self.late.clear();
        self.cursor = 0;
        self.stored = Some(Stored::read(&self.store, self.level).await?);
        Ok(())
    }

    /// Notes that a node was seen at `at`, where that is after what was stored when this began.
    fn note(&mut self, node: i64, at: i64) {
        if self.stored.as_ref().is_some_and(|stored| stored.cursor < at) {
            self.late.insert(node);
        }
    }

    /// Reads identities that are others. Returns how far, and which they are.
    async fn read_identities(&mut self) -> Result<(i64, BTreeSet<i64>), ClusterError> {
        let to = self.store.cluster_revision(Level::Identity).await?;
        if to < self.cursor {
            self.forget().await?;
        }
        let rows = self.store.cluster_members_after(Level::Identity, self.cursor).await?;
        let to = rows.last().map_or(to, |row| row.revision.max(to));
        let mut changed = BTreeSet::new();
        for row in rows {
            if let Some(before) = self.places.insert(row.src_ip, row.cluster)
                && before != row.cluster
            {
                changed.insert(before);
                if let Some(addresses) = self.nodes.get_mut(&before) {
                    addresses.remove(&row.src_ip);
                }
            }
            self.nodes.entry(row.cluster).or_default().insert(row.src_ip);
            self.note(row.cluster, row.revision);
            changed.insert(row.cluster);
        }
        self.nodes.retain(|_, addresses| !addresses.is_empty());
        let mut read = BTreeSet::new();
        for node in changed {
            let Some(addresses) = self.nodes.get(&node) else {
                self.graph.remove(node);
                read.insert(node);
                continue;
            };
            let traits = self.traits_of(addresses).await?;
            self.graph.put(node, &traits);
            read.insert(node);
        }
        Ok((to, read))
    }

    /// What an identity can be recognised by: what its addresses can, of each kind those with the least hashes.
    async fn traits_of(&self, addresses: &BTreeSet<IpAddr>) -> Result<Vec<Trait>, ClusterError> {
        let addresses: Vec<IpAddr> = addresses.iter().copied().collect();
        let mut all: BTreeMap<_, BTreeMap<u64, Trait>> = BTreeMap::new();
        for row in self.store.profile_get(&addresses).await? {
            let row = Traited {
                src_ip: row.src_ip,
                first_event: row.first_event,
                last_event: row.last_event,
                traits: row.traits,
            };
            for one in traits(&row)? {
                let of_kind = all.entry(one.kind).or_default();
                let known = of_kind.entry(one.hash).or_insert_with(|| one.clone());
                known.since = known.since.min(one.since);
                if of_kind.len() > OF_KIND {
                    of_kind.pop_last();
                }
            }
        }
        Ok(all.into_values().flat_map(BTreeMap::into_values).collect())
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

pub(crate) fn traits(row: &Traited) -> Result<Vec<Trait>, ClusterError> {
    serde_json::from_str(&row.traits).map_err(|source| ClusterError::Traits { address: row.src_ip, source })
}

/// Decisions by the numbers of nodes. Addresses that nobody knows any more are left out.
fn said(decisions: &[Decision], places: &BTreeMap<IpAddr, i64>) -> Said {
    let nodes = |addresses: &[IpAddr]| {
        let found = addresses.iter().filter_map(|address| places.get(address).copied());
        found.collect::<BTreeSet<i64>>().into_iter().collect::<Vec<i64>>()
    };
    let mut said = Said::default();
    // In the order in which they were said.
    for decision in decisions.iter().rev() {
        let (left, right) = (nodes(&decision.left), nodes(&decision.right));
        match decision.deed {
            Deed::Merge => said.one.push(left.into_iter().chain(right).collect()),
            Deed::Split => {
                // What is on both sides by now cannot be kept apart.
                let both: BTreeSet<i64> = left.iter().copied().filter(|node| right.contains(node)).collect();
                let of = |side: Vec<i64>| side.into_iter().filter(|node| !both.contains(node)).collect();
                said.apart.push((of(left), of(right)));
            }
            Deed::Pin => said.closed.push(left),
        }
    }
    said
}

impl Pass for Clusterer {
    type Error = ClusterError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, ClusterError> {
        let changed = self.step().await?;
        let counters = self.counters();
        context.status.report(&counters);
        if changed == 0 {
            return Ok(Work::Done);
        }
        let subject = match self.level {
            Level::Identity => Subject::IdentityChanged,
            Level::Campaign => Subject::CampaignChanged,
        };
        context.bus.publish(&subject.topic(), &json!({ "changed": changed, "cursor": counters.cursor }));
        if !context.is_stopping() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Work::More)
    }
}
