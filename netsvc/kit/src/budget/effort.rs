//! How much of the processor each source takes. Who takes more than a share is served by threads of low priority,
//! one turn after another, so that the others do not wait for it.

use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr};

/// Processor time that a source may take at once, µs.
const BURST: u64 = 20_000;
/// Share of one processor that it may take for long, µs in each ms.
const SHARE: u64 = 100;
/// Debt that is remembered at most, µs: after two seconds of rest a source is as any other.
const MOST: u64 = 200_000;
/// Sources after which those without debt are forgotten.
const SOURCES: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Effort {
    sources: Mutex<BTreeMap<IpAddr, Debt>>,
}

/// Processor time beyond the share as of a moment (ms).
#[derive(Clone, Copy, Debug)]
struct Debt {
    micros: u64,
    at: u64,
}

impl Debt {
    fn now(self, now: u64) -> u64 {
        self.micros.saturating_sub(now.saturating_sub(self.at).saturating_mul(SHARE))
    }
}

impl Effort {
    pub(super) fn spent(&self, source: IpAddr, micros: u64, now: u64) {
        let mut sources = self.sources.lock();
        if SOURCES <= sources.len() && !sources.contains_key(&source) {
            sources.retain(|_, debt| debt.now(now) > 0);
        }
        let debt = sources.entry(source).or_insert(Debt { micros: 0, at: now });
        *debt = Debt { micros: debt.now(now).saturating_add(micros).min(MOST), at: now };
    }

    pub(super) fn is_heavy(&self, source: IpAddr, now: u64) -> bool {
        self.sources.lock().get(&source).is_some_and(|debt| BURST < debt.now(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_heavy_until_it_has_rested() {
        let effort = Effort::default();
        let (busy, calm) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        effort.spent(calm, 1000, 0);
        for _ in 0..300 {
            effort.spent(busy, 1000, 10);
        }
        assert!(effort.is_heavy(busy, 10) && !effort.is_heavy(calm, 10));
        assert!(effort.is_heavy(busy, 1_000) && !effort.is_heavy(busy, 2_000));
    }
}
