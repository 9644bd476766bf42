//! Caps on open connections: in all, per source, per node.

use netsvc_persona::stage::Limits;
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Counts open connections.
#[derive(Debug)]
pub struct Caps {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    sources: BTreeMap<IpAddr, usize>,
    nodes: BTreeMap<Arc<str>, usize>,
}

/// A place among the open connections; given back when dropped.
#[derive(Debug)]
pub struct Place {
    caps: Arc<Caps>,
    source: IpAddr,
    node: Arc<str>,
}

impl Caps {
    /// Caps as configured.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Caps { limits, open: Mutex::new(Open::default()) })
    }

    /// A place for a connection of `source` to `node`, or the name of the limit that refuses it.
    pub fn take(self: &Arc<Self>, source: IpAddr, node: &Arc<str>) -> Result<Place, &'static str> {
        let mut open = self.open.lock();
        if self.limits.connections <= open.all {
            return Err("connections");
        }
        if self.limits.connections_per_source <= open.sources.get(&source).copied().unwrap_or(0) {
            return Err("connections_per_source");
        }
        if self.limits.connections_per_node <= open.nodes.get(node).copied().unwrap_or(0) {
            return Err("connections_per_node");
        }
        open.all += 1;
        *open.sources.entry(source).or_default() += 1;
        *open.nodes.entry(node.clone()).or_default() += 1;
        Ok(Place { caps: self.clone(), source, node: node.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.caps.open.lock();
        open.all = open.all.saturating_sub(1);
        give_back(&mut open.sources, &self.source);
        give_back(&mut open.nodes, &self.node);
    }
}

fn give_back<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_refused_by_the_limit_that_applies_and_given_back() {
        let caps = Caps::new(Limits {
            connections: 3,
            connections_per_source: 2,
            connections_per_node: 2,
            ..Limits::default()
        });
        let (a, b): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let (web, db): (Arc<str>, Arc<str>) = ("web".into(), "db".into());
        let first = caps.take(a, &web).unwrap();
        let _second = caps.take(a, &web).unwrap();
        assert_eq!(caps.take(a, &db).unwrap_err(), "connections_per_source");
        assert_eq!(caps.take(b, &web).unwrap_err(), "connections_per_node");
        let _third = caps.take(b, &db).unwrap();
        assert_eq!(caps.take(b, &db).unwrap_err(), "connections");
        drop(first);
        assert!(caps.take(b, &web).is_ok());
        assert!(caps.open.lock().sources.len() <= 2);
    }
}
