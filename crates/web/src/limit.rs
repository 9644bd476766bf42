//! How often a peer may fail to log in, and how often anybody may fail with one name.

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    time::{Duration, Instant},
};

/// Failures of one address in one window.
const PER_ADDRESS: Rate = Rate { failures: 5, window: Duration::from_secs(60) };
/// Failures with one name, from wherever, in one window: then the name is locked for the rest of it.
const PER_NAME: Rate = Rate { failures: 20, window: Duration::from_secs(900) };
/// Keys remembered. When more fail at once, everybody waits.
const KEYS: usize = 4096;
/// Longest wait of everybody.
const CROWDED: Duration = Duration::from_secs(60);

/// How many failures in how long.
#[derive(Clone, Copy, Debug)]
struct Rate {
    failures: u32,
    window: Duration,
}

/// Counts failures by address (IPv4 whole, IPv6 by /64) and by name.
#[derive(Debug, Default)]
pub(crate) struct LoginLimit {
    addresses: Mutex<Failures<IpAddr>>,
    names: Mutex<Failures<String>>,
}

impl LoginLimit {
    /// How long `peer` has to wait before it tries `name`; `None` when it may try.
    pub(crate) fn wait(&self, peer: IpAddr, name: &str, now: Instant) -> Option<Duration> {
        let address = self.addresses.lock().wait(&group(peer), PER_ADDRESS, now);
        address.max(self.names.lock().wait(&name.to_owned(), PER_NAME, now))
    }

    /// Counts a failure. Called before the password is checked, so that tries at the same time count too.
    pub(crate) fn fail(&self, peer: IpAddr, name: &str, now: Instant) {
        self.addresses.lock().fail(group(peer), PER_ADDRESS, now);
        self.names.lock().fail(name.to_owned(), PER_NAME, now);
    }

    /// Forgets the failures of a peer that logged in, and those with its name.
    pub(crate) fn succeed(&self, peer: IpAddr, name: &str) {
        self.addresses.lock().0.remove(&group(peer));
        self.names.lock().0.remove(name);
    }
}

/// When the first failure of a window was, and how many there are in it.
#[derive(Debug)]
struct Failures<K>(HashMap<K, (Instant, u32)>);

impl<K> Default for Failures<K> {
    fn default() -> Self {
        Failures(HashMap::new())
    }
}

impl<K: Hash + Eq> Failures<K> {
    fn wait(&self, key: &K, rate: Rate, now: Instant) -> Option<Duration> {
        match self.0.get(key) {
            Some((since, count)) => {
                let left = rate.window.saturating_sub(now.saturating_duration_since(*since));
                (rate.failures <= *count && !left.is_zero()).then_some(left)
            }
            None => (KEYS <= self.0.len()).then_some(CROWDED),
        }
    }

    fn fail(&mut self, key: K, rate: Rate, now: Instant) {
        let over = |since: Instant| rate.window <= now.saturating_duration_since(since);
        if KEYS <= self.0.len() {
            self.0.retain(|_, (since, _)| !over(*since));
        }
        let entry = self.0.entry(key).or_insert((now, 0));
        if over(entry.0) {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }
}

fn group(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_try_waits_and_a_login_forgives() {
        let limit = LoginLimit::default();
        let start = Instant::now();
        let peer: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        for _ in 0..PER_ADDRESS.failures {
            assert_eq!(limit.wait(peer, "a", start), None);
            limit.fail(peer, "a", start);
        }
        assert_eq!(limit.wait(neighbour, "b", start), Some(PER_ADDRESS.window));
        assert_eq!(limit.wait("192.0.2.1".parse().unwrap(), "a", start), None);
        assert_eq!(limit.wait(peer, "a", start + PER_ADDRESS.window), None);
        limit.succeed(peer, "a");
        assert_eq!(limit.wait(peer, "a", start), None);
    }

    #[test]
    fn a_name_that_many_addresses_try_is_locked_and_no_other() {
        let limit = LoginLimit::default();
        let start = Instant::now();
        for last in 0..PER_NAME.failures {
            let peer = IpAddr::from([192, 0, 2, u8::try_from(last).unwrap()]);
            assert_eq!(limit.wait(peer, "admin", start), None);
            limit.fail(peer, "admin", start);
        }
        let peer: IpAddr = "198.51.100.1".parse().unwrap();
        assert_eq!(limit.wait(peer, "admin", start), Some(PER_NAME.window));
        assert_eq!(limit.wait(peer, "eve", start), None);
        assert_eq!(limit.wait(peer, "admin", start + PER_NAME.window), None);
    }
}
