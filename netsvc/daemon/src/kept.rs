//! What a service keeps for each attacker, as he left it; of too many the one who came longest ago is forgotten.

use netsvc_kit::network;
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Things of attackers, by source; at most `MOST` of them.
#[derive(Debug)]
pub struct Kept<T, const MOST: usize>(Mutex<BTreeMap<IpAddr, (u64, Arc<Mutex<T>>)>>);

impl<T, const MOST: usize> Default for Kept<T, MOST> {
    fn default() -> Self {
        Kept(Mutex::new(BTreeMap::new()))
    }
}

impl<T, const MOST: usize> Kept<T, MOST> {
    /// That of `peer`, who has come now; a fresh one where he has none.
    pub fn of(&self, peer: IpAddr, fresh: impl FnOnce() -> T) -> Arc<Mutex<T>> {
        let peer = network(peer);
        let mut kept = self.0.lock();
        let turn = kept.values().map(|(turn, _)| *turn).max().unwrap_or(0) + 1;
        if MOST <= kept.len()
            && !kept.contains_key(&peer)
            && let Some(oldest) = kept.iter().min_by_key(|(_, (turn, _))| *turn).map(|(peer, _)| *peer)
        {
            kept.remove(&oldest);
        }
        let entry = kept.entry(peer).or_insert_with(|| (turn, Arc::new(Mutex::new(fresh()))));
        entry.0 = turn;
        entry.1.clone()
    }

    /// That of `peer`, if he has one; he does not count as having come.
    pub fn get(&self, peer: IpAddr) -> Option<Arc<Mutex<T>>> {
        self.0.lock().get(&network(peer)).map(|(_, kept)| kept.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_longest_ago_is_forgotten() {
        let kept: Kept<u8, 2> = Kept::default();
        let peer = |last| IpAddr::from([192, 0, 2, last]);
        *kept.of(peer(1), || 1).lock() = 9;
        kept.of(peer(2), || 2);
        assert_eq!(*kept.of(peer(1), || 1).lock(), 9, "as he left it");
        kept.of(peer(3), || 3);
        assert!(kept.get(peer(2)).is_none());
        assert_eq!(kept.get(peer(1)).map(|kept| *kept.lock()), Some(9));
    }

    #[test]
    fn who_changes_his_address_within_his_network_finds_what_he_left() {
        let kept: Kept<u8, 2> = Kept::default();
        let peer = |text: &str| text.parse::<IpAddr>().unwrap();
        *kept.of(peer("2001:db8::1"), || 1).lock() = 9;
        assert_eq!(*kept.of(peer("2001:db8::2"), || 1).lock(), 9);
        assert_eq!(*kept.of(peer("2001:db8:0:1::1"), || 1).lock(), 1);
    }
}
