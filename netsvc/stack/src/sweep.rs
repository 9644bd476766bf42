//! Hosts that look for hosts: many ARP requests or pings of one source, rolled up over all nodes.

use crate::{
    bytes::Mac,
    roll::{app, mac_text},
};
use netsvc_wire::{Event, HeaderText, Kind, field};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Sources watched at the same time, and targets kept of one.
const SOURCES: usize = 1024;
const TARGETS: usize = 4096;
/// Targets kept of all.
const TARGETS_ALL: usize = 65_536;
/// A source that was quiet for so long has paused; nothing is kept back for longer than `LONGEST`. µs.
const QUIET: i64 = 2_000_000;
const LONGEST: i64 = 15_000_000;
/// Targets that make a sweep of ARP requests; fewer are how hosts talk.
const ARP_SWEEP: u64 = 3;

/// What a source asks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    Arp,
    Ping,
}

#[derive(Debug)]
struct Sweep {
    /// First node that was asked for; nothing is told while there is none.
    node: Option<HeaderText>,
    mac: Mac,
    begun: i64,
    last: i64,
    count: u64,
    targets: BTreeSet<Ipv4Addr>,
}

/// Sweeps under way.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    open: BTreeMap<(Ipv4Addr, Method), Sweep>,
    targets: usize,
}

impl Sweeps {
    /// Counts a request of `source` for `target`; `node`: the node that has the address, if one has.
    pub(crate) fn add(
        &mut self,
        now: i64,
        source: Ipv4Addr,
        mac: Mac,
        method: Method,
        target: Ipv4Addr,
        node: Option<&HeaderText>,
    ) {
        let key = (source, method);
        if self.open.len() >= SOURCES && !self.open.contains_key(&key) {
            return;
        }
        let sweep = self.open.entry(key).or_insert_with(|| Sweep {
            node: None,
            mac,
            begun: now,
            last: now,
            count: 0,
            targets: BTreeSet::new(),
        });
        sweep.last = now;
        sweep.count = sweep.count.saturating_add(1);
        if sweep.targets.len() < TARGETS && self.targets < TARGETS_ALL {
            self.targets += usize::from(sweep.targets.insert(target));
        }
        if sweep.node.is_none() {
            sweep.node = node.cloned();
        }
    }

    /// Whether anything is kept back.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Closes what is due, or with `all` everything, into `events`.
    pub(crate) fn close(&mut self, now: i64, all: bool, events: &mut Vec<Event>) {
        let due = |sweep: &Sweep| {
            all || sweep.last.saturating_add(QUIET) <= now || sweep.begun.saturating_add(LONGEST) <= now
        };
        for ((source, method), sweep) in self.open.extract_if(.., |_, sweep| due(sweep)) {
            self.targets = self.targets.saturating_sub(sweep.targets.len());
            events.extend(event(source, method, sweep));
        }
    }
}

fn event(source: Ipv4Addr, method: Method, sweep: Sweep) -> Option<Event> {
    let few = u64::try_from(sweep.targets.len()).is_ok_and(|targets| targets < ARP_SWEEP);
    let kind = match method {
        Method::Arp if few => return None,
        Method::Arp => Kind::ArpSweep,
        Method::Ping => Kind::PingSweep,
    };
    let event = Event::new(sweep.last, sweep.node?, app(), kind)
        .with(field::SRC_IP, source.to_string())
        .with(field::SRC_MAC, mac_text(sweep.mac))
        .with(field::TARGETS, text(&sweep.targets))
        .with(field::COUNT, sweep.count.to_string())
        .with(field::DURATION_MS, ((sweep.last - sweep.begun) / 1000).to_string());
    Some(event)
}

/// As in `10.0.0.1-10.0.0.9,10.0.0.12`.
fn text(targets: &BTreeSet<Ipv4Addr>) -> String {
    let mut runs: Vec<(Ipv4Addr, Ipv4Addr)> = Vec::new();
    for target in targets {
        match runs.last_mut() {
            Some((_, last)) if last.to_bits().checked_add(1) == Some(target.to_bits()) => *last = *target,
            _ => runs.push((*target, *target)),
        }
    }
    let run = |(first, last): &(Ipv4Addr, Ipv4Addr)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(targets: &[[u8; 4]], node: bool) -> Vec<Event> {
        let name: HeaderText = "web-01".parse().unwrap();
        let mut sweeps = Sweeps::default();
        for (index, target) in targets.iter().enumerate() {
            let node = (node && index == 0).then_some(&name);
            let source = Ipv4Addr::new(10, 0, 0, 9);
            sweeps.add(index as i64, source, [2; 6], Method::Arp, Ipv4Addr::from(*target), node);
        }
        let mut events = Vec::new();
        sweeps.close(1_000_000, false, &mut events);
        assert!(events.is_empty(), "told before the source paused");
        sweeps.close(3_000_000, false, &mut events);
        assert!(sweeps.is_empty());
        events
    }

    #[test]
    fn a_sweep_is_told_once_with_its_ranges() {
        let events = told(&[[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 2], [10, 0, 0, 7]], true);
        let [event] = events.as_slice() else { panic!("{events:?}") };
        let field = |name| event.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        assert_eq!(field(field::TARGETS), Some(b"10.0.0.1-10.0.0.2,10.0.0.7".to_vec()));
        assert_eq!(field(field::COUNT), Some(b"4".to_vec()));
    }

    #[test]
    fn a_host_that_looks_for_two_others_is_no_sweep() {
        assert!(told(&[[10, 0, 0, 1], [10, 0, 0, 2]], true).is_empty());
    }

    #[test]
    fn a_sweep_past_all_nodes_is_nobodys_business() {
        assert!(told(&[[10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 3]], false).is_empty());
    }
}
