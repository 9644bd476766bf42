//! What is told of the connections of a peer to a node that are held: all of them together, soon after the
//! first, then from time to time, and when the last is over.

use crate::{
    bytes::Mac,
    ports::Ports,
    roll::{app, mac_text},
};
use netsvc_wire::{Event, HeaderText, Kind, field};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Pairs of peer and node that are kept count of; of more, nobody is held.
const ACCOUNTS: usize = 4096;
/// Connections of one peer to one node.
const OF_ONE: u32 = 1024;
/// Time from the first to the first report, and between two reports, µs.
const SOON: i64 = 3_000_000;
const AGAIN: i64 = 600_000_000;

/// Bytes of what a peer said first that are kept.
const SAID: usize = 256;

/// Peer and node.
type Pair = (Ipv4Addr, Ipv4Addr);

/// What is known of a pair since the last report.
#[derive(Debug)]
struct Account {
    name: HeaderText,
    mac: Mac,
    /// Connections that are held now.
    open: u32,
    begun: u64,
    ports: Ports,
    /// Time for which connections were held, µs, up to when.
    held: i64,
    until: i64,
    packets: u64,
    inward: u64,
    outward: u64,
    /// What he said first.
    said: Vec<u8>,
    /// When the next report is due, µs.
    due: i64,
    news: bool,
}

impl Account {
    fn reckon(&mut self, now: i64) {
        let passed = now.saturating_sub(self.until).max(0);
        self.held = self.held.saturating_add(passed.saturating_mul(self.open.into()));
        self.until = now;
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    open: BTreeMap<Pair, Account>,
    /// When the next report is due, no later than this, µs.
    due: i64,
}

impl Accounts {
    /// Whether another connection of `pair` may be held.
    pub(crate) fn has_room(&self, pair: Pair) -> bool {
        match self.open.get(&pair) {
            Some(account) => account.open < OF_ONE,
            None => self.open.len() < ACCOUNTS,
        }
    }

    /// A connection to `port` is held from now on.
    pub(crate) fn begin(&mut self, now: i64, pair: Pair, port: u16, (name, mac): (&HeaderText, Mac)) {
        let account = self.open.entry(pair).or_insert_with(|| Account {
            name: name.clone(),
            mac,
            open: 0,
            begun: 0,
            ports: Ports::default(),
            held: 0,
            until: now,
            packets: 0,
            inward: 0,
            outward: 0,
            said: Vec::new(),
            due: now.saturating_add(SOON),
            news: true,
        });
        account.reckon(now);
        account.open = account.open.saturating_add(1);
        account.begun = account.begun.saturating_add(1);
        account.ports.insert(port, false);
        account.news = true;
        self.due = self.due.min(account.due);
    }

    /// A peer has said something; the first of it is told.
    pub(crate) fn say(&mut self, pair: Pair, data: &[u8]) {
        if let Some(account) = self.open.get_mut(&pair).filter(|account| account.said.is_empty()) {
            account.said = data.iter().take(SAID).copied().collect();
        }
    }

    /// A packet of so many bytes came, and one of so many was the answer.
    pub(crate) fn count(&mut self, pair: Pair, inward: usize, outward: usize) {
        let Some(account) = self.open.get_mut(&pair) else { return };
        let number = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        account.packets = account.packets.saturating_add(1 + u64::from(outward > 0));
        account.inward = account.inward.saturating_add(number(inward));
        account.outward = account.outward.saturating_add(number(outward));
    }

    /// A connection is held no more.
    pub(crate) fn end(&mut self, now: i64, pair: Pair) {
        let Some(account) = self.open.get_mut(&pair) else { return };
        account.reckon(now);
        account.open = account.open.saturating_sub(1);
        account.news = true;
        if account.open == 0 {
            account.due = account.due.min(now.saturating_add(SOON));
            self.due = self.due.min(account.due);
        }
    }

    /// Whether a report is due within seconds.
    pub(crate) fn waits(&self, now: i64) -> bool {
        !self.open.is_empty() && self.due <= now.saturating_add(2 * SOON)
    }

    /// Reports what is due, or with `all` everything, into `events`.
    pub(crate) fn close(&mut self, now: i64, all: bool, events: &mut Vec<Event>) {
        if !all && now < self.due {
            return;
        }
        for (pair, account) in &mut self.open {
            if (!all && now < account.due) || !(account.news || account.open > 0) {
                continue;
            }
            account.reckon(now);
            events.push(event(now, *pair, account));
            (account.begun, account.held, account.packets) = (0, 0, 0);
            (account.inward, account.outward) = (0, 0);
            account.said.clear();
            account.news = false;
            account.due = now.saturating_add(AGAIN);
        }
        self.open.retain(|_, account| account.open > 0 || account.news);
        self.due = self.open.values().map(|account| account.due).min().unwrap_or(i64::MAX);
    }
}

fn event(now: i64, (peer, node): Pair, account: &Account) -> Event {
    let event = Event::new(now, account.name.clone(), app(), Kind::Held)
        .with(field::SRC_IP, peer.to_string())
        .with(field::SRC_MAC, mac_text(account.mac))
        .with(field::DST_IP, node.to_string())
        .with(field::TRANSPORT, "tcp")
        .with(field::PORTS, account.ports.text())
        .with(field::COUNT, account.begun.to_string())
        .with(field::HELD, account.open.to_string())
        .with(field::DURATION_MS, (account.held / 1000).to_string())
        .with(field::PACKETS, account.packets.to_string())
        .with(field::BYTES_IN, account.inward.to_string())
        .with(field::BYTES_OUT, account.outward.to_string());
    if account.said.is_empty() { event } else { event.with(field::DATA, account.said.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = (Ipv4Addr::new(10, 0, 0, 9), Ipv4Addr::new(10, 66, 0, 10));

    fn told(accounts: &mut Accounts, now: i64) -> Vec<String> {
        let mut events = Vec::new();
        accounts.close(now, false, &mut events);
        let text = |event: &Event, name: &str| {
            let found = event.fields.iter().find(|(key, _)| *key == name);
            String::from_utf8(found.map(|(_, value)| value.clone()).unwrap_or_default()).unwrap()
        };
        let names = [field::COUNT, field::HELD, field::DURATION_MS, field::BYTES_IN, field::BYTES_OUT];
        events.iter().map(|event| names.map(|name| text(event, name)).join(" ")).collect()
    }

    #[test]
    fn connections_of_a_peer_are_told_together() {
        let mut accounts = Accounts::default();
        let name: HeaderText = "web-01".parse().unwrap();
        for port in [22, 80, 443] {
            assert!(accounts.has_room(PAIR));
            accounts.begin(1_000_000, PAIR, port, (&name, [2; 6]));
        }
        accounts.count(PAIR, 60, 40);
        assert!(told(&mut accounts, 2_000_000).is_empty() && accounts.waits(2_000_000));
        assert_eq!(told(&mut accounts, 4_000_000), ["3 3 9000 60 40"]);
        assert!(!accounts.waits(4_000_000));
        accounts.end(10_000_000, PAIR);
        // Two more are held: it is told again in its time.
        assert!(told(&mut accounts, 20_000_000).is_empty());
        assert_eq!(told(&mut accounts, 604_000_000), ["0 2 1206000 0 0"]);
        accounts.end(604_000_000, PAIR);
        accounts.end(604_000_000, PAIR);
        assert_eq!(told(&mut accounts, 607_000_000), ["0 0 0 0 0"]);
        assert!(accounts.open.is_empty());
    }

    #[test]
    fn a_peer_has_so_many_and_no_more() {
        let mut accounts = Accounts::default();
        let name: HeaderText = "web-01".parse().unwrap();
        for _ in 0..OF_ONE {
            accounts.begin(0, PAIR, 22, (&name, [2; 6]));
        }
        assert!(!accounts.has_room(PAIR));
        for peer in 1..u32::try_from(ACCOUNTS).unwrap() {
            let pair = (Ipv4Addr::from_bits(peer), PAIR.1);
            assert!(accounts.has_room(pair));
            accounts.begin(0, pair, 22, (&name, [2; 6]));
        }
        assert!(!accounts.has_room(([10, 0, 0, 8].into(), PAIR.1)));
    }
}
