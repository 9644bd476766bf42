//! What the host does all the time: processor time, packets, disk blocks, memory.
//!
//! Everything is a function of the node's secret and its clock, so that whatever shows a part of it agrees with all
//! else at the same moment, and nothing that only grows ever goes back. A counter is its mean rate times the time plus
//! what its knots add: at each hour and each half minute a drawn amount, with a straight line between. The amounts are
//! smaller than what the mean adds between two knots, so the sum always grows.

use super::Live;
use netsvc_persona::subkey;
use rand_core::RngCore;
use std::sync::atomic::Ordering;

/// µs.
const SECOND: i64 = 1_000_000;
/// Distances of knots in µs, and what part of the mean between two of them a knot may add.
const KNOTS: [(i64, f64); 2] = [(3_600 * SECOND, 0.45), (30 * SECOND, 0.45)];

/// Processor time in seconds since boot, of all processors together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processor {
    pub(crate) user: f64,
    pub(crate) nice: f64,
    pub(crate) system: f64,
    pub(crate) waiting: f64,
    pub(crate) soft: f64,
    pub(crate) idle: f64,
}

/// Bytes and packets received and sent since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) received: u64,
    pub(crate) packets_in: u64,
    pub(crate) sent: u64,
    pub(crate) packets_out: u64,
}

/// Reads and writes of the disk since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) reads: u64,
    pub(crate) sectors_read: u64,
    pub(crate) writes: u64,
    pub(crate) sectors_written: u64,
}

/// A whole number of what grew.
pub(crate) fn whole(value: f64) -> u64 {
    // Values are finite, positive and far below 2^53.
    value.max(0.0) as u64
}

impl Live {
    /// A number from 0 to 1 that the node's secret draws for `labels`.
    fn drawn(&self, labels: &[&str]) -> f64 {
        let key = self.persona.subkey.hex_bytes().unwrap_or_default();
        let all: Vec<&str> = std::iter::once("activity").chain(labels.iter().copied()).collect();
        f64::from(subkey::generator(&key, &all).next_u32()) / f64::from(u32::MAX)
    }

    /// A number that this node has for `label`, between two bounds.
    fn between(&self, label: &str, low: f64, high: f64) -> f64 {
        low + self.drawn(&[label]) * (high - low)
    }

    /// What is drawn for the knots of `label` around a moment, from 0 to 1, with a straight line between.
    fn wave(&self, label: &str, at: i64, distance: i64) -> f64 {
        let knot = at.div_euclid(distance);
        let part = at.rem_euclid(distance) as f64 / distance as f64;
        let value = |knot: i64| self.drawn(&[label, &distance.to_string(), &knot.to_string()]);
        value(knot) * (1.0 - part) + value(knot + 1) * part
    }

    /// µs of the clock at which the node was booted.
    pub(crate) fn boot(&self) -> i64 {
        self.persona.clock(self.persona.booted_at)
    }

    /// A counter that grows by `rate` a second on the whole, `at` a moment; 0 at boot.
    fn counter(&self, label: &str, rate: f64, at: i64) -> f64 {
        let since = at.saturating_sub(self.boot()).max(0);
        let waves = |at: i64| -> f64 {
            KNOTS
                .iter()
                .map(|(distance, part)| {
                    self.wave(label, at, *distance) * part * rate * (*distance / SECOND) as f64
                })
                .sum()
        };
        let start = waves(self.boot());
        // What was drawn at boot is left out, but never so that the counter is below nothing.
        (rate * since as f64 / SECOND as f64 + waves(self.boot().saturating_add(since)) - start).max(0.0)
    }

    /// Processors that are busy in the mean.
    fn busy_rate(&self) -> f64 {
        self.between("busy", 0.008, 0.05)
    }

    /// Seconds of processor time that were used since boot, up to a moment.
    pub(super) fn busy(&self, at: i64) -> f64 {
        self.counter("busy", self.busy_rate(), at)
    }

    /// Processor time up to a moment.
    pub(crate) fn processor(&self, at: i64) -> Processor {
        let busy = self.busy(at);
        let since = at.saturating_sub(self.boot()).max(0) as f64 / SECOND as f64;
        let all = since * f64::from(self.persona.hardware.cpus.max(1));
        Processor {
            user: busy * 0.58,
            nice: busy * 0.01,
            system: busy * 0.31,
            waiting: busy * 0.07,
            soft: busy * 0.03,
            idle: (all - busy).max(0.0),
        }
    }

    /// Load averages over 1, 5 and 15 minutes.
    pub(crate) fn load(&self) -> (f64, f64, f64) {
        let now = self.now();
        let busy = self.busy(now);
        let mean = |seconds: i64| {
            let past = now.saturating_sub(seconds * SECOND);
            (busy - self.busy(past)) / seconds as f64
        };
        (mean(60), mean(300), mean(900))
    }

    /// Bytes and packets of the network card.
    pub(crate) fn traffic(&self) -> Traffic {
        let now = self.now();
        let received = self.counter("received", self.between("receives", 300.0, 2_300.0), now);
        let sent = self.counter("sent", self.between("sends", 100.0, 800.0), now);
        Traffic {
            received: whole(received),
            packets_in: whole(received / self.between("packet in", 180.0, 520.0)),
            sent: whole(sent),
            packets_out: whole(sent / self.between("packet out", 140.0, 420.0)),
        }
    }

    /// Bytes and packets of the loopback.
    pub(crate) fn loopback(&self) -> (u64, u64) {
        let bytes = self.counter("loopback", self.between("loops", 0.4, 2.5), self.now());
        (whole(bytes), whole(bytes / 80.0))
    }

    /// Reads and writes of the disk.
    pub(crate) fn blocks(&self) -> Blocks {
        let now = self.now();
        let reads = self.between("first reads", 9_000.0, 16_000.0) + self.counter("reads", 0.03, now);
        let writes = self.counter("writes", self.between("write rate", 0.3, 1.6), now);
        Blocks {
            reads: whole(reads),
            sectors_read: whole(reads * 58.0),
            writes: whole(writes),
            sectors_written: whole(writes * 23.0),
        }
    }

    /// KiB that the node's logs and files have grown by since it was installed.
    pub(super) fn grown(&self) -> u64 {
        let now = self.now();
        let since = now.saturating_sub(self.persona.clock(self.persona.installed_at)).max(0) as f64;
        let rate = 1_900.0 / 86_400.0;
        let waves = self.wave("grown", now, 3_600 * SECOND) * 0.9 * rate * 3_600.0;
        whole(since / SECOND as f64 * rate + waves)
    }

    /// A share of `span`, as it is now: it comes and goes.
    pub(super) fn tide(&self, label: &str, span: u64) -> u64 {
        let now = self.now();
        let parts = [(3_600 * SECOND, 0.6), (60 * SECOND, 0.3), (3 * SECOND, 0.1)];
        let height: f64 = parts.iter().map(|(distance, part)| self.wave(label, now, *distance) * part).sum();
        whole(height * span as f64)
    }

    /// Context switches and interrupts since boot.
    pub(crate) fn switches(&self, at: i64) -> (u64, u64) {
        let switches = self.counter("switches", self.between("switch rate", 90.0, 260.0), at);
        (whole(switches), whole(switches * 0.62))
    }

    /// Processes started since boot.
    pub(crate) fn forks(&self) -> u64 {
        self.forks_at(self.now()) + u64::from(self.spawned.load(Ordering::Relaxed))
    }

    /// Processes that the node itself had started since boot, up to a moment.
    pub(super) fn forks_at(&self, at: i64) -> u64 {
        whole(self.counter("forks", 0.14, at))
    }
}
