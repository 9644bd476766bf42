//! Connections that were turned away, as events: the first of a source at a service at once, the others of the same
//! window as one line with their number, and when the first and the last of them came.

use super::Group;
use crate::{Host, Link, recorder};
use netsvc_wire::{Kind, field, stamp};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Weak},
};

/// Time that is summed up in one line, µs.
const WINDOW: i64 = 10_000_000;
/// Sources and services that are told apart at a time; beyond it, lines come early.
const MOST: usize = 4096;

/// What was turned away and is not written yet.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    open: Mutex<BTreeMap<(Group, IpAddr, &'static str), Turned>>,
}

/// Of one source at one service.
#[derive(Debug)]
struct Turned {
    host: Weak<Host>,
    link: Link,
    limit: &'static str,
    begun: i64,
    count: u64,
    first: i64,
    last: i64,
}

impl Refused {
    /// Notes that `limit` turned the connection `link` away.
    pub(crate) fn note(&self, host: &Arc<Host>, link: &Link, limit: &'static str) {
        let now = recorder::now();
        let key = (host.group, link.source(), limit);
        let mut open = self.open.lock();
        if let Some(turned) = open.get_mut(&key) {
            if turned.count == 0 {
                turned.first = now;
            }
            turned.count += 1;
            turned.last = now;
            return;
        }
        if MOST <= open.len() {
            let all = std::mem::take(&mut *open);
            all.into_values().for_each(Turned::write);
        }
        let turned = Turned {
            host: Arc::downgrade(host),
            link: *link,
            limit,
            begun: now,
            count: 0,
            first: now,
            last: now,
        };
        open.insert(key, turned);
        drop(open);
        host.record(link, Kind::Limited, vec![(field::LIMIT, limit.as_bytes().to_vec())]);
    }

    /// Writes what belongs to windows that are over at `now`; everything when `all`.
    pub(crate) fn flush(&self, now: i64, all: bool) {
        let mut over = Vec::new();
        self.open.lock().retain(|_, turned| {
            let keep = !all && now < turned.begun + WINDOW;
            if !keep {
                over.push(turned.summary());
            }
            keep
        });
        over.into_iter().for_each(Turned::write);
    }
}

impl Turned {
    fn summary(&self) -> Turned {
        Turned { host: self.host.clone(), ..*self }
    }

    fn write(self) {
        let Some(host) = self.host.upgrade().filter(|_| self.count > 0) else { return };
        let fields = vec![
            (field::LIMIT, self.limit.as_bytes().to_vec()),
            (field::COUNT, self.count.to_string().into_bytes()),
            (field::FROM, stamp::format(self.first).into_bytes()),
            (field::TO, stamp::format(self.last).into_bytes()),
        ];
        host.record(&self.link, Kind::Limited, fields);
    }
}
