//! Floods: of what one source does to one node, the first hundred events of a kind in a minute are written
//! whole, and the others of that minute as one line with their number, the first and the last of them, and
//! samples. Secrets and payloads are always whole, and so is what is about ourselves.

use crate::network;
use netsvc_wire::{Class, Event, HeaderText, Kind, field, stamp};
use parking_lot::Mutex;
use std::{collections::HashMap, mem};

/// Events of a kind of one source at one node that a minute has whole.
const WHOLE: u64 = 100;
/// Time that is summed up in one line, µs.
const WINDOW: i64 = 60_000_000;
/// Sources, nodes and kinds that are told apart at a time; beyond it, lines come early.
const MOST: usize = 16_384;
/// Samples of one line.
const SAMPLES: usize = 4;
/// Longest sample, in bytes.
const SAMPLE: usize = 256;
/// What every event of a connection says and no sample has to.
const ALIKE: [&str; 6] =
    [field::SRC_IP, field::SRC_PORT, field::DST_IP, field::DST_PORT, field::SESSION, field::TRANSPORT];

/// What is counted and not written yet.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    open: Mutex<HashMap<Key, Window>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    node: HeaderText,
    /// As [`source`] has it.
    source: Vec<u8>,
    kind: Kind,
}

#[derive(Debug)]
struct Window {
    app: HeaderText,
    /// Address that the first of them came from.
    address: Vec<u8>,
    minute: i64,
    whole: u64,
    over: u64,
    first: i64,
    last: i64,
    samples: Vec<Vec<u8>>,
}

/// What is to be written for an event.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Due {
    /// Lines about minutes that are over.
    pub(crate) summed: Vec<Event>,
    /// The event itself, unless it was counted only.
    pub(crate) whole: Option<Event>,
}

impl Floods {
    /// Takes an event in.
    pub(crate) fn pass(&self, event: Event) -> Due {
        let address = event.fields.iter().find(|(name, _)| *name == field::SRC_IP);
        let Some((_, address)) = address.filter(|_| is_countable(event.kind)) else {
            return Due { whole: Some(event), summed: Vec::new() };
        };
        let address = address.clone();
        let key = Key { node: event.node.clone(), source: source(&address), kind: event.kind };
        let mut open = self.open.lock();
        let mut summed = Vec::new();
        if MOST <= open.len() && !open.contains_key(&key) {
            summed.extend(mem::take(&mut *open).into_iter().filter_map(|(key, window)| window.sum(key)));
        }
        let minute = event.at.div_euclid(WINDOW);
        if let Some(window) = open.get_mut(&key) {
            if window.minute == minute {
                return Due { whole: window.count(event), summed };
            }
            summed.extend(open.remove_entry(&key).and_then(|(key, window)| window.sum(key)));
        }
        open.insert(key, Window::new(&event, address, minute));
        Due { whole: Some(event), summed }
    }

    /// Lines about minutes that are over at `now`; about all when `all`.
    pub(crate) fn over(&self, now: i64, all: bool) -> Vec<Event> {
        let minute = now.div_euclid(WINDOW);
        let mut open = self.open.lock();
        open.extract_if(|_, window| all || window.minute < minute)
            .filter_map(|(key, window)| window.sum(key))
            .collect()
    }
}

/// The source that an address in an event belongs to; what is no address stands for itself.
fn source(address: &[u8]) -> Vec<u8> {
    let read = std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
    read.map_or_else(|| address.to_vec(), |address| network(address).to_string().into_bytes())
}

/// Whether a flood of this kind is counted only.
fn is_countable(kind: Kind) -> bool {
    match kind.class() {
        Class::Scan | Class::Interaction => kind != Kind::Flood,
        Class::Noise | Class::Evidence => false,
    }
}

impl Window {
    fn new(event: &Event, address: Vec<u8>, minute: i64) -> Self {
        Window {
            app: event.app.clone(),
            address,
            minute,
            whole: 1,
            over: 0,
            first: event.at,
            last: event.at,
            samples: Vec::new(),
        }
    }

    /// Gives the event back if it is to be written whole.
    fn count(&mut self, event: Event) -> Option<Event> {
        if self.whole < WHOLE {
            self.whole += 1;
            return Some(event);
        }
        if self.over == 0 {
            self.first = event.at;
        }
        self.last = event.at;
        self.over += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(sample(&event));
        }
        None
    }

    /// The line about what was counted only, if anything was.
    fn sum(self, key: Key) -> Option<Event> {
        let event = Event::new(self.last, key.node, self.app, Kind::Flood)
            .with(field::SRC_IP, self.address)
            .with(field::NAME, key.kind.name())
            .with(field::COUNT, self.over.to_string())
            .with(field::FROM, stamp::format(self.first))
            .with(field::TO, stamp::format(self.last))
            .with(field::SAMPLES, self.samples.join(&b"\n"[..]));
        (self.over > 0).then_some(event)
    }
}

/// What an event says, short.
fn sample(event: &Event) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in event.fields.iter().filter(|(name, _)| !ALIKE.contains(name)) {
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend(value.iter().take(SAMPLE));
        if SAMPLE <= text.len() {
            text.truncate(SAMPLE);
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_764_000_000_000_000;

    fn event(kind: Kind, source: &str, at: i64) -> Event {
        Event::new(at, "web-01".parse().unwrap(), "redis".parse().unwrap(), kind)
            .with(field::SRC_IP, source)
            .with(field::COMMAND, format!("PING {at}"))
    }

    fn count_of(events: &[Event]) -> Vec<&[u8]> {
        let count = |event: &'_ Event| event.fields.iter().position(|(name, _)| *name == field::COUNT);
        events.iter().filter_map(|event| Some(event.fields[count(event)?].1.as_slice())).collect()
    }

    #[test]
    fn of_a_flood_a_hundred_are_whole_and_all_are_counted() {
        let floods = Floods::default();
        let (mut whole, mut summed) = (0, Vec::new());
        for index in 0..30_000 {
            // 500 a second.
            let due = floods.pass(event(Kind::Command, "192.0.2.7", START + index * 2_000));
            whole += u64::from(due.whole.is_some());
            summed.extend(due.summed);
        }
        summed.extend(floods.over(START, true));
        assert_eq!((whole, count_of(&summed)), (100, vec![&b"29900"[..]]), "START begins a minute");
        let samples = &summed[0].fields.last().unwrap().1;
        assert!(samples.starts_with(b"command=PING ") && samples.len() < 1200);
        assert!(floods.over(START, true).is_empty());
    }

    #[test]
    fn each_minute_source_node_and_kind_has_its_hundred() {
        let floods = Floods::default();
        let whole = |kind, source: &str, at| {
            (0..150).filter(|_| floods.pass(event(kind, source, at)).whole.is_some()).count()
        };
        assert_eq!(whole(Kind::Command, "192.0.2.7", START), 100);
        assert_eq!(whole(Kind::Command, "192.0.2.8", START), 100);
        assert_eq!(whole(Kind::Connect, "192.0.2.7", START), 100);
        assert_eq!(count_of(&floods.pass(event(Kind::Command, "192.0.2.7", START + WINDOW)).summed), [b"50"]);
        assert_eq!(count_of(&floods.over(START + WINDOW, false)), [b"50", b"50"]);
        assert_eq!(whole(Kind::Command, "192.0.2.7", START + WINDOW), 99);
    }

    #[test]
    fn a_network_of_ipv6_is_one_source_and_the_line_names_an_address_of_it() {
        let floods = Floods::default();
        let whole = (1..=150_u32)
            .filter(|host| {
                floods.pass(event(Kind::Command, &format!("2001:db8::{host:x}"), START)).whole.is_some()
            })
            .count();
        assert_eq!(whole, 100);
        let summed = floods.over(START, true);
        assert_eq!(count_of(&summed), [b"50"]);
        assert_eq!(summed[0].fields[0], (field::SRC_IP, b"2001:db8::1".to_vec()));
    }

    #[test]
    fn secrets_payloads_and_what_is_about_ourselves_are_always_whole() {
        let floods = Floods::default();
        for kind in [Kind::AuthAttempt, Kind::FileCaptured, Kind::ExploitAttempt, Kind::Dropped] {
            assert!((0..500).all(|_| floods.pass(event(kind, "192.0.2.7", START)).whole.is_some()));
        }
        assert!(floods.over(START, true).is_empty());
    }

    #[test]
    fn many_sources_cost_bounded_memory_and_lose_no_count() {
        let floods = Floods::default();
        let mut counted = 0;
        for source in 0..MOST + 10 {
            for _ in 0..101 {
                let due = floods.pass(event(Kind::Command, &source.to_string(), START));
                counted += due.summed.len();
            }
            assert!(floods.open.lock().len() <= MOST);
        }
        assert_eq!(counted + floods.over(START, true).len(), MOST + 10);
    }
}
