//! The directory of a node: whose product it is, what is in it, and what each attacker changed.

use super::{
    active::{self, Release},
    dn,
    entry::{Entry, Tree},
    open,
    reply::{Outcome, Scribe},
};
use netsvc_daemon::{ber::Lengths, kept::Kept, organisation::Organisation};
use netsvc_kit::{Host, Link};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// Attackers whose changes are kept.
const CHANGERS: usize = 32;
/// Changes of each.
const CHANGES: usize = 100;
/// Bytes of the values of an entry that somebody added or changed.
pub(super) const LARGEST: usize = 16 * 1024;

/// Whose product it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// Active Directory of this release of Windows.
    Active(&'static Release),
    /// OpenLDAP.
    Open,
}

/// What an attacker changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Entries of the directory as they are now; none: it is gone.
    replaced: BTreeMap<String, Option<Arc<Entry>>>,
    /// Entries that were not there.
    added: Vec<Arc<Entry>>,
}

/// There are more changes than are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The directory of a node at a time.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) manner: Manner,
    pub(super) organisation: Arc<Organisation>,
    pub(super) tree: Arc<Tree>,
    pub(super) base: String,
    pub(super) scribe: Scribe,
    /// Host name and full name of the node.
    pub(super) hostname: String,
    pub(super) fqdn: String,
}

type Made = (Arc<Organisation>, Arc<Tree>);

/// The trees of the domains, by domain and manner.
#[derive(Default)]
struct Trees(Mutex<BTreeMap<(String, bool), Made>>);

/// What attackers changed at a node.
#[derive(Default)]
struct Changed(Kept<Changes, CHANGERS>);

/// How often something was asked for, which numbers of changes grow with.
#[derive(Default)]
struct Grown(AtomicI64);

impl Server {
    /// The directory of `host` as it is now.
    pub(super) fn of(host: &Host) -> Server {
        let organisation = Organisation::of(host);
        let active = active::release(host);
        let tree = tree(host, &organisation, active.is_some());
        let persona = host.persona();
        let kind = if active.is_some() { "DC" } else { "dc" };
        Server {
            base: dn::of_domain(kind, &organisation.domain),
            manner: active.map_or(Manner::Open, Manner::Active),
            scribe: Scribe(if active.is_some() { Lengths::Wide } else { Lengths::Short }),
            hostname: persona.hostname.clone(),
            fqdn: format!("{}.{}", persona.hostname, organisation.domain),
            organisation,
            tree,
        }
    }

    /// What the peer of `link` changed.
    pub(super) fn changes(host: &Host, link: &Link) -> Arc<Mutex<Changes>> {
        host.node.shared(Changed::default).0.of(link.source(), Changes::default)
    }

    /// The entry of the server itself, at the time `now`.
    pub(super) fn root(&self, host: &Host) -> Entry {
        let grown = host.node.shared(Grown::default);
        match self.manner {
            Manner::Active(release) => {
                let subject = active::root::Subject {
                    organisation: &self.organisation,
                    base: &self.base,
                    hostname: &self.hostname,
                    fqdn: &self.fqdn,
                };
                let number = grown.0.fetch_add(1, Ordering::Relaxed) / 16;
                active::root::entry(&subject, release, host.clock(), number)
            }
            Manner::Open => open::root(&self.base),
        }
    }

    /// An entry as the owner of `changes` sees it.
    pub(super) fn find<'a>(&'a self, changes: &'a Changes, key: &str) -> Option<&'a Entry> {
        if let Some(replaced) = changes.replaced.get(key) {
            return replaced.as_deref();
        }
        let added = changes.added.iter().find(|entry| entry.key == key).map(|entry| &**entry);
        added.or_else(|| self.tree.find(key))
    }

    /// The nearest entry above `key` that there is, as it is called.
    pub(super) fn nearest(&self, changes: &Changes, key: &str) -> String {
        let mut key = key;
        loop {
            if let Some(entry) = self.find(changes, key) {
                return entry.name.clone();
            }
            key = dn::parent(key);
            if key.is_empty() {
                return String::new();
            }
        }
    }

    /// An outcome as this product words it.
    pub(super) fn no_entry(&self, changes: &Changes, key: &str) -> Outcome {
        let matched = self.nearest(changes, key);
        match self.manner {
            Manner::Active(release) => release.no_entry(&matched),
            Manner::Open => Outcome { code: 32, matched: matched.into_bytes(), ..Outcome::default() },
        }
    }

    /// A name is none.
    pub(super) fn bad_name(&self, name: &[u8]) -> Outcome {
        match self.manner {
            Manner::Active(release) => release.bad_name(&String::from_utf8_lossy(name)),
            Manner::Open => Outcome::new(34, "invalid DN"),
        }
    }
}

fn tree(host: &Host, organisation: &Arc<Organisation>, active: bool) -> Arc<Tree> {
    let trees = host.node.stage.shared(Trees::default);
    let key = (organisation.domain.clone(), active);
    if let Some((of, tree)) = trees.0.lock().get(&key)
        && Arc::ptr_eq(of, organisation)
    {
        return tree.clone();
    }
    let tree = Arc::new(if active { active::tree::of(organisation) } else { open::tree(organisation) });
    trees.0.lock().insert(key, (organisation.clone(), tree.clone()));
    tree
}

impl Changes {
    /// The entry at a place of `tree`, or of what was added, which stands behind it.
    pub(super) fn at<'a>(&'a self, tree: &'a Tree, place: usize) -> Option<&'a Entry> {
        let Some(entry) = tree.at(place) else {
            return self.added.get(place - tree.len()).map(|entry| &**entry);
        };
        match self.replaced.get(&entry.key) {
            Some(replaced) => replaced.as_deref(),
            None => Some(entry),
        }
    }

    /// How many entries came.
    pub(super) fn added(&self) -> usize {
        self.added.len()
    }

    /// Puts an entry in the place of the one with its key, or adds it.
    ///
    /// # Errors
    /// When there are too many already.
    pub(super) fn put(&mut self, tree: &Tree, entry: Entry) -> Result<(), TooMany> {
        let size: usize = entry.attributes().flat_map(|attribute| attribute.values()).map(Vec::len).sum();
        if CHANGES <= self.added.len() + self.replaced.len() || LARGEST < size {
            return Err(TooMany);
        }
        if let Some(known) = self.added.iter_mut().find(|known| known.key == entry.key) {
            *known = Arc::new(entry);
        } else if tree.find(&entry.key).is_some() {
            self.replaced.insert(entry.key.clone(), Some(Arc::new(entry)));
        } else {
            self.added.push(Arc::new(entry));
        }
        Ok(())
    }

    /// Takes an entry away.
    ///
    /// # Errors
    /// When there are too many changes already.
    pub(super) fn remove(&mut self, tree: &Tree, key: &str) -> Result<(), TooMany> {
        let before = self.added.len();
        self.added.retain(|entry| entry.key != key);
        if before == self.added.len() && tree.find(key).is_some() {
            if CHANGES <= self.added.len() + self.replaced.len() {
                return Err(TooMany);
            }
            self.replaced.insert(key.to_owned(), None);
        }
        Ok(())
    }
}
