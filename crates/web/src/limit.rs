//! How often a peer may fail to log in.

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// Failures of one address in one window.
const FAILURES: u32 = 5;
/// Length of a window.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered. When more fail at once, everybody waits.
const ADDRESSES: usize = 4096;

/// Counts failures by address: IPv4 whole, IPv6 by /64.
#[derive(Debug, Default)]
pub(crate) struct LoginLimit {
    failures: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl LoginLimit {
    /// How long `peer` has to wait; `None` when it may try.
    pub(crate) fn wait(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let failures = self.failures.lock();
        match failures.get(&group(peer)) {
            Some((since, count)) => {
                let left = WINDOW.saturating_sub(now.saturating_duration_since(*since));
                (*count >= FAILURES && !left.is_zero()).then_some(left)
            }
            None => (failures.len() >= ADDRESSES).then_some(WINDOW),
        }
    }

    /// Counts a failure. Called before the password is checked, so that tries at the same time count too.
    pub(crate) fn fail(&self, peer: IpAddr, now: Instant) {
        let mut failures = self.failures.lock();
        if failures.len() >= ADDRESSES {
            failures.retain(|_, (since, _)| now.saturating_duration_since(*since) < WINDOW);
        }
        let entry = failures.entry(group(peer)).or_insert((now, 0));
        if now.saturating_duration_since(entry.0) >= WINDOW {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }

    /// Forgets the failures of a peer that logged in.
    pub(crate) fn succeed(&self, peer: IpAddr) {
        self.failures.lock().remove(&group(peer));
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
        for _ in 0..FAILURES {
            assert_eq!(limit.wait(peer, start), None);
            limit.fail(peer, start);
        }
        assert_eq!(limit.wait(neighbour, start), Some(WINDOW));
        assert_eq!(limit.wait("192.0.2.1".parse().unwrap(), start), None);
        assert_eq!(limit.wait(peer, start + WINDOW), None);
        limit.succeed(peer);
        assert_eq!(limit.wait(peer, start), None);
    }
}
