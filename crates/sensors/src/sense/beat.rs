//! Connections that come at even times.

use super::bounded::Bounded;
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

const MOST: usize = 8192;
/// Times between connections that have to be even.
const COUNT: u32 = 6;
/// Shortest time that is looked at: what comes within a second comes at once; and shortest that is told, in µs.
const ONCE: f64 = 1e6;
const SHORTEST: f64 = 5e6;
/// How uneven they may be, as a share of the mean.
const UNEVEN: f64 = 0.2;

/// When who connected where.
#[derive(Debug)]
pub(super) struct Beats(Bounded<(IpAddr, IpAddr, u16), Beat>);

#[derive(Clone, Copy, Debug)]
struct Beat {
    last: Micros,
    count: u32,
    mean: f64,
    squares: f64,
}

/// Even times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Even {
    /// Milliseconds between, on average.
    pub(super) interval: u64,
    /// Deviation in percent of it.
    pub(super) jitter: u64,
    /// How many there were.
    pub(super) count: u32,
}

impl Beats {
    pub(super) fn new(seed: u64) -> Self {
        Beats(Bounded::new(MOST, seed))
    }

    /// A connection began.
    pub(super) fn begun(&mut self, at: Micros, ends: (IpAddr, IpAddr, u16)) -> Option<Even> {
        let Some(beat) = self.0.get(ends) else {
            self.0.put(ends, Beat { last: at, count: 0, mean: 0.0, squares: 0.0 }, |_, _| {});
            return None;
        };
        let gap = at.saturating_sub(beat.last).max(0) as f64;
        if gap < ONCE {
            return None;
        }
        beat.last = at;
        if beat.count > 0 && !(beat.mean / 3.0..=beat.mean * 3.0).contains(&gap) {
            (beat.count, beat.mean, beat.squares) = (0, 0.0, 0.0);
        }
        // Welford's recurrence.
        beat.count += 1;
        let off = gap - beat.mean;
        beat.mean += off / f64::from(beat.count);
        beat.squares += off * (gap - beat.mean);
        let deviation = (beat.squares / f64::from(beat.count)).sqrt() / beat.mean;
        let even = COUNT <= beat.count && SHORTEST <= beat.mean && deviation <= UNEVEN;
        even.then_some(Even {
            interval: (beat.mean / 1000.0).round() as u64,
            jitter: (deviation * 100.0).round() as u64,
            count: beat.count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn told(times: impl Iterator<Item = i64>) -> Option<Even> {
        let mut beats = Beats::new(1);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        times.filter_map(|second| beats.begun(second * 1_000_000, (address, address, 443))).last()
    }

    #[test]
    fn even_times_are_told_and_others_are_not() {
        let even = told((0..10).map(|turn| turn * 60 + turn % 2)).unwrap();
        assert_eq!((even.count, even.interval), (9, 60_111));
        assert!(even.jitter <= 2);
        assert_eq!(told((0..6).map(|turn| turn * 60)), None, "too few");
        assert_eq!(told((0..30).map(|turn| turn * 2)), None, "too fast");
        assert_eq!(told([0, 10, 35, 40, 80, 85, 130, 141, 170, 210].into_iter()), None, "people");
    }
}
