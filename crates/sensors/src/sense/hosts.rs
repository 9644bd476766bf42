//! Whether several hosts are behind an address: their clocks and their systems.
//!
//! A host has one clock of TCP timestamps (RFC 7323), or one for each peer, or, lately, one for each connection. Two
//! clocks that come back in turn, each in connections of its own, are two hosts whatever a host does: one clock for
//! each connection never comes back.

use super::bounded::Bounded;
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

const MOST: usize = 8192;
/// Clocks of an address, and systems.
const LINES: usize = 8;
const FAMILIES: usize = 4;
/// Ticks in a second that systems have.
const RATES: [i64; 3] = [1000, 250, 100];
/// How often clocks have to take turns.
const TURNS: u32 = 3;

/// What is known of addresses.
#[derive(Debug)]
pub(super) struct Hosts {
    clocks: Bounded<(IpAddr, IpAddr), Clocks>,
    families: Bounded<IpAddr, Vec<&'static str>>,
}

#[derive(Debug, Default)]
struct Clocks {
    lines: Vec<Line>,
    /// Which came last.
    last: usize,
    turns: u32,
}

/// A clock.
#[derive(Debug)]
struct Line {
    at: Micros,
    stamp: u32,
    rate: Option<i64>,
    connections: u32,
}

impl Line {
    /// Whether the clock shows `stamp` at `at`, and at which rate.
    fn shows(&self, at: Micros, stamp: u32) -> Option<i64> {
        let passed = at.saturating_sub(self.at).max(0);
        let fits = |rate: &i64| {
            let expected = passed.saturating_mul(*rate) / 1_000_000;
            let told = i64::from(stamp.wrapping_sub(self.stamp).cast_signed());
            (told - expected).abs() <= rate + expected / 1000
        };
        match self.rate {
            Some(rate) => Some(rate).filter(fits),
            None => RATES.into_iter().find(|rate| fits(rate)),
        }
    }
}

impl Hosts {
    pub(super) fn new(seed: u64) -> Self {
        Hosts { clocks: Bounded::new(MOST, seed), families: Bounded::new(MOST, seed) }
    }

    /// A connection began whose first segment has this timestamp. Returns how many hosts there are, if several.
    pub(super) fn connection(&mut self, at: Micros, ends: (IpAddr, IpAddr), stamp: u32) -> Option<usize> {
        let Some(clocks) = self.clocks.get(ends) else {
            let mut clocks = Clocks::default();
            clocks.add(at, stamp);
            self.clocks.put(ends, clocks, |_, _| {});
            return None;
        };
        clocks.take(at, stamp)
    }

    /// A system was recognised. Returns all families, if there are several and this one is new.
    pub(super) fn system(&mut self, address: IpAddr, family: &'static str) -> Option<&[&'static str]> {
        if self.families.get(address).is_none() {
            self.families.put(address, Vec::new(), |_, _| {});
        }
        let known = self.families.get(address)?;
        if known.contains(&family) || FAMILIES <= known.len() {
            return None;
        }
        known.push(family);
        (known.len() > 1).then_some(known.as_slice())
    }
}

impl Clocks {
    fn add(&mut self, at: Micros, stamp: u32) -> usize {
        let line = Line { at, stamp, rate: None, connections: 1 };
        if self.lines.len() < LINES {
            self.lines.push(line);
            return self.lines.len() - 1;
        }
        let oldest =
            self.lines.iter().enumerate().min_by_key(|(_, line)| line.at).map_or(0, |(index, _)| index);
        if let Some(place) = self.lines.get_mut(oldest) {
            *place = line;
        }
        oldest
    }

    fn take(&mut self, at: Micros, stamp: u32) -> Option<usize> {
        let shown =
            self.lines.iter().enumerate().find_map(|(index, line)| Some((index, line.shows(at, stamp)?)));
        let Some((index, rate)) = shown else {
            self.last = self.add(at, stamp);
            return None;
        };
        let before = self.lines.get(self.last).is_some_and(|line| line.connections > 1);
        let line = self.lines.get_mut(index)?;
        // After some seconds only one rate fits.
        if at.saturating_sub(line.at) > 5_000_000 {
            line.rate = Some(rate);
        }
        (line.at, line.stamp) = (at, stamp);
        line.connections += 1;
        if self.last != index && before {
            self.turns += 1;
        }
        self.last = index;
        let recurring = self.lines.iter().filter(|line| line.connections > 1).count();
        (TURNS <= self.turns && recurring > 1).then_some(recurring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const ENDS: (IpAddr, IpAddr) =
        (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)));

    fn count(connections: impl Iterator<Item = (i64, u32)>) -> Option<usize> {
        let mut hosts = Hosts::new(1);
        connections.filter_map(|(second, stamp)| hosts.connection(second * 1_000_000, ENDS, stamp)).last()
    }

    #[test]
    fn clocks_that_take_turns_are_hosts() {
        let clock =
            |base: u32, rate: u32, second: i64| base.wrapping_add(rate * u32::try_from(second).unwrap());
        // Two hosts, one with a slower clock, each coming every twenty seconds.
        let two = (0..10).map(|turn| match turn % 2 {
            0 => (turn * 10, clock(5_000, 1000, turn * 10)),
            _ => (turn * 10, clock(4_000_000_000, 250, turn * 10)),
        });
        assert_eq!(count(two), Some(2));
        // One host; one that was started anew; one whose clock is another for each connection.
        assert_eq!(count((0..10).map(|turn| (turn * 10, clock(5_000, 1000, turn * 10)))), None);
        let anew =
            (0..10).map(|turn| (turn * 10, clock(if turn < 5 { 9_000_000 } else { 7 }, 1000, turn * 10)));
        assert_eq!(count(anew), None);
        let random = (0..50_u32).map(|turn| (i64::from(turn) * 10, turn.wrapping_mul(2_654_435_761)));
        assert_eq!(count(random), None);
    }

    #[test]
    fn two_systems_are_told_once() {
        let mut hosts = Hosts::new(1);
        assert_eq!(hosts.system(ENDS.0, "Linux"), None);
        assert_eq!(hosts.system(ENDS.0, "Linux"), None);
        assert_eq!(hosts.system(ENDS.0, "Windows"), Some(&["Linux", "Windows"][..]));
        assert_eq!(hosts.system(ENDS.0, "Windows"), None);
    }
}
