//! How much of us one source gets.

use netsvc_wire::stamp::Micros;
use parking_lot::Mutex;
use std::{collections::HashMap, net::IpAddr, sync::Arc};

/// Sources that are remembered.
const SOURCES: usize = 10_000;
/// Requests that a source has at once, and how many it gets back in a second.
const BURST: f64 = 200.0;
const RATE: f64 = 50.0;
/// Connections of one source, and of all.
const OF_SOURCE: u32 = 64;
const OF_ALL: u32 = 800;

#[derive(Default)]
struct Sources {
    /// What is left to a source, and when that was.
    left: HashMap<IpAddr, (f64, Micros)>,
    connections: HashMap<IpAddr, u32>,
    all: u32,
}

/// Counts what sources take.
#[derive(Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<Sources>>);

/// A place of a connection; it is free again when this is dropped.
pub(super) struct Seat {
    crowd: Crowd,
    source: IpAddr,
}

impl Crowd {
    /// Whether `source` may ask once more.
    pub(super) fn may_ask(&self, source: IpAddr, now: Micros) -> bool {
        let mut sources = self.0.lock();
        if SOURCES < sources.left.len() {
            sources.left.retain(|_, (_, at)| now - *at < 4_000_000);
            if SOURCES < sources.left.len() {
                sources.left.clear();
            }
        }
        let (left, at) = sources.left.entry(one(source)).or_insert((BURST, now));
        let passed = f64::from(u32::try_from((now - *at).clamp(0, 4_000_000)).unwrap_or(0)) / 1e6;
        *left = (*left + passed * RATE).min(BURST);
        *at = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }

    /// A place for a connection of `source`.
    pub(super) fn sit(&self, source: IpAddr) -> Option<Seat> {
        let source = one(source);
        let mut sources = self.0.lock();
        if OF_ALL <= sources.all {
            return None;
        }
        let own = sources.connections.entry(source).or_insert(0);
        if OF_SOURCE <= *own {
            return None;
        }
        *own += 1;
        sources.all += 1;
        Some(Seat { crowd: self.clone(), source })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut sources = self.crowd.0.lock();
        sources.all = sources.all.saturating_sub(1);
        if let Some(own) = sources.connections.get_mut(&self.source) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                sources.connections.remove(&self.source);
            }
        }
    }
}

/// What counts as one source: an address, or a /64 of IPv6.
fn one(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gets_a_burst_then_a_rate_and_leaves_others_theirs() {
        let crowd = Crowd::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let asked = (0..1000).filter(|_| crowd.may_ask(one, 0)).count();
        assert_eq!((asked, crowd.may_ask(other, 0), crowd.may_ask(one, 100_000)), (200, true, true));
        let seats: Vec<Seat> = (0..1000).filter_map(|_| crowd.sit(one)).collect();
        assert_eq!(seats.len(), 64);
        assert!(crowd.sit(other).is_some());
        drop(seats);
        assert!(crowd.sit(one).is_some());
    }
}
