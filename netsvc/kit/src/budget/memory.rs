//! Bytes that connections hold: in all and per source.

use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr};

/// Counts held bytes.
#[derive(Debug)]
pub struct Memory {
    most: usize,
    most_per_source: usize,
    pub(super) held: Mutex<Held>,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    all: usize,
    /// Part of `all` that belongs to connections that were told to end.
    pub(super) leaving: usize,
    sources: BTreeMap<IpAddr, usize>,
}

impl Memory {
    pub(super) fn new(most: usize, most_per_source: usize) -> Self {
        Memory { most, most_per_source, held: Mutex::default() }
    }

    /// Bytes held now.
    pub fn held(&self) -> usize {
        self.held.lock().all
    }

    /// Whether `source` may take more.
    pub(super) fn has_room(&self, source: IpAddr) -> bool {
        let held = self.held.lock();
        held.all < self.most && held.sources.get(&source).copied().unwrap_or(0) < self.most_per_source
    }

    /// Whether everything is taken, and nobody is about to give anything back.
    pub(super) fn is_full(&self) -> bool {
        let held = self.held.lock();
        self.most <= held.all.saturating_sub(held.leaving)
    }

    /// The source that holds most, unless `source` holds half as much itself.
    pub(super) fn largest(&self, source: IpAddr) -> Option<IpAddr> {
        let held = self.held.lock();
        let (&largest, &bytes) = held.sources.iter().max_by_key(|(_, bytes)| **bytes)?;
        (held.sources.get(&source).copied().unwrap_or(0) < bytes / 2).then_some(largest)
    }

    pub(super) fn take(&self, source: IpAddr, bytes: usize) {
        let mut held = self.held.lock();
        held.all += bytes;
        *held.sources.entry(source).or_default() += bytes;
    }

    pub(super) fn give_back(&self, source: IpAddr, bytes: usize) {
        let mut held = self.held.lock();
        held.all = held.all.saturating_sub(bytes);
        if let Some(count) = held.sources.get_mut(&source) {
            *count = count.saturating_sub(bytes);
            if *count == 0 {
                held.sources.remove(&source);
            }
        }
    }

    /// `bytes` will come back, since their connection was told to end.
    pub(super) fn leaves(&self, bytes: usize) {
        self.held.lock().leaving += bytes;
    }

    /// The connection that [`Memory::leaves`] was said of is over.
    pub(super) fn left(&self, bytes: usize) {
        let mut held = self.held.lock();
        held.leaving = held.leaving.saturating_sub(bytes);
    }
}
