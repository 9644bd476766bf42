//! The agent of a node: what it is asked with, and what its objects hold at a moment.

use super::{
    devices::{self, Identity},
    objects,
    refusal::Refusal,
    tree::{Entry, Source, Tree, Value},
};
use crate::date::civil;
use netsvc_kit::Host;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

/// Sources whose settings are kept; the first is forgotten for one more.
const SOURCES: usize = 256;
/// Users of whom a node has one.
const USERS: [&str; 6] = ["snmpadmin", "monitor", "nagios", "snmpuser", "netadmin", "zabbix"];
/// Time that a system takes to start its agent, µs.
const START: i64 = 20_000_000;

/// What sources have set, by name.
type Settings = BTreeMap<IpAddr, BTreeMap<Vec<u32>, Vec<u8>>>;

/// An agent.
#[derive(Debug)]
pub(super) struct Device {
    tree: Tree,
    reads: Vec<u8>,
    writes: Option<Vec<u8>>,
    /// User of version 3; `None`: it speaks no version 3.
    user: Option<Vec<u8>>,
    engine: Vec<u8>,
    boots: u32,
    booted_at: i64,
    started_at: i64,
    /// Minutes east of UTC.
    zone: i32,
    refused: [AtomicU32; 6],
    set: Mutex<Settings>,
}

impl Device {
    pub(super) fn of(host: &Host) -> Self {
        let persona = host.persona();
        let identity = Identity::of(persona);
        let mut random = host.generator("agent");
        let default = identity.writable.then(|| b"private".to_vec());
        let drawn = USERS.get(random.next_u32() as usize % USERS.len()).unwrap_or(&"monitor");
        let user = host.setting("user").unwrap_or(drawn).as_bytes().to_vec();
        let engine = devices::engine(persona, &identity, &mut random);
        let days = (host.clock() - persona.installed_at).max(0) / 86_400_000_000;
        Device {
            engine,
            boots: 1 + u32::try_from(days / 40).unwrap_or(0) + random.next_u32() % 4,
            reads: host.setting("community").unwrap_or("public").as_bytes().to_vec(),
            writes: host.setting("write_community").map(|text| text.as_bytes().to_vec()).or(default),
            user: identity.has_users.then_some(user),
            booted_at: persona.booted_at,
            started_at: persona.booted_at + START + i64::from(random.next_u32() % 20_000_000),
            zone: persona.zone.offset_minutes,
            refused: Default::default(),
            set: Mutex::default(),
            tree: objects::of(host, &identity, &mut random),
        }
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Whether `community` is known, and then whether it writes.
    pub(super) fn knows(&self, community: &[u8]) -> Option<bool> {
        if self.writes.as_deref() == Some(community) {
            return Some(true);
        }
        (self.reads == community).then_some(false)
    }

    /// Whether it speaks version 3.
    pub(super) fn has_users(&self) -> bool {
        self.user.is_some()
    }

    pub(super) fn user(&self) -> &[u8] {
        self.user.as_deref().unwrap_or_default()
    }

    pub(super) fn engine(&self) -> &[u8] {
        &self.engine
    }

    pub(super) fn boots(&self) -> u32 {
        self.boots
    }

    /// Seconds since the agent started.
    pub(super) fn seconds(&self, now: i64) -> u32 {
        u32::try_from((now - self.started_at).max(0) / 1_000_000).unwrap_or(u32::MAX >> 1)
    }

    /// Counts a refusal; how many there were.
    pub(super) fn count(&self, refusal: Refusal) -> u32 {
        let counter = self.refused.get(refusal as usize);
        counter.map_or(1, |counter| counter.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// What `source` sets is so for itself, and nobody else sees it.
    pub(super) fn set(&self, source: IpAddr, texts: Vec<(Vec<u32>, Vec<u8>)>) {
        let mut set = self.set.lock();
        if SOURCES <= set.len() && !set.contains_key(&source) {
            set.pop_first();
        }
        set.entry(source).or_default().extend(texts);
    }

    /// The value of an instance as `source` sees it at `now` (the node's clock, µs).
    pub(super) fn value(&self, entry: &Entry, source: IpAddr, now: i64) -> Value {
        let hundredths = |since: i64| Value::Ticks(low(((now - since).max(0) / 10_000).unsigned_abs()));
        let counted = |base: u64, rate: u64| {
            let seconds = ((now - self.booted_at).max(0) / 1_000_000).unsigned_abs();
            base.wrapping_add(seconds.wrapping_mul(rate) / 1000)
        };
        match &entry.source {
            Source::Fixed(value) => value.clone(),
            Source::AgentTime => hundredths(self.started_at),
            Source::SystemTime => hundredths(self.booted_at),
            Source::Date => Value::Text(date(now, self.zone)),
            Source::Count(base, rate) => Value::Counter(low(counted(*base, *rate))),
            Source::Count64(base, rate) => Value::Counter64(counted(*base, *rate)),
            Source::Load(mean) => Value::text(load(*mean, now)),
            Source::Set(usual) => {
                let set = self.set.lock();
                let own = set.get(&source).and_then(|own| own.get(&entry.name));
                Value::Text(own.unwrap_or(usual).clone())
            }
        }
    }
}

/// The low half: counters of 32 bits wrap.
fn low(number: u64) -> u32 {
    (number & u64::from(u32::MAX)) as u32
}

/// A load that is now a little above `mean` hundredths, now a little below.
fn load(mean: u32, now: i64) -> String {
    let phase = (now / 60_000_000).rem_euclid(7).unsigned_abs();
    let hundredths = u64::from(mean) * (8 + phase) / 11;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// DateAndTime (RFC 2579): local time with its offset.
fn date(now: i64, zone: i32) -> Vec<u8> {
    let time = civil(now, zone);
    let byte = |number: u32| u8::try_from(number).unwrap_or(0);
    let mut out = u16::try_from(time.year()).unwrap_or(0).to_be_bytes().to_vec();
    out.extend([u8::from(time.month()), time.day(), time.hour(), time.minute(), time.second()]);
    out.push(byte(u32::from(time.millisecond()) / 100));
    out.push(if zone < 0 { b'-' } else { b'+' });
    out.extend([byte(zone.unsigned_abs() / 60), byte(zone.unsigned_abs() % 60)]);
    out
}
