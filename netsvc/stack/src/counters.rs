//! What one node's stack counts: identifications, initial sequence numbers, its clock.

use crate::face::{Clock, Face, Ids, Isn, Sequence, Shared};
use std::net::Ipv4Addr;

/// Ticks of the kernel's timestamps per second.
const KERNEL_TICKS: i64 = 1000;

/// Seconds after which a clock is set right: what the pauses of NTP clients come to.
const SET: i64 = 2048;

/// Whose identification is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Handshake,
    Reset,
    Icmp,
}

/// The counters of a node.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    /// Last identifications: of connections, resets and ICMP.
    ids: [u16; 3],
    isn: u32,
    /// When the last initial sequence number was given, µs.
    isn_at: i64,
    isn_turn: usize,
    /// What is left of a step.
    isn_rest: f64,
    /// State of the generator behind everything that looks random (splitmix64).
    random: u64,
    /// Mixed into the start of each connection's clock.
    secret: u64,
    /// Boot time, µs since the epoch.
    booted: i64,
    /// How much faster its clock runs, in parts of a billion.
    skew: i64,
}

impl Counters {
    /// Counters from a node's secret and boot time.
    pub(crate) fn new(secret: u64, booted: i64) -> Self {
        let mut counters = Counters {
            ids: [0; 3],
            isn: 0,
            isn_at: 0,
            isn_turn: 0,
            isn_rest: 0.0,
            random: secret,
            secret,
            booted,
            // Crystals of PCs differ by some tens of parts per million.
            skew: i64::try_from(secret % 80_001).unwrap_or(0) - 40_000,
        };
        counters.isn = counters.random32();
        counters.ids = [(); 3].map(|()| counters.random16());
        counters
    }

    /// Begins where the identifications of ICMP have room to differ from those of TCP as `ids` wants it.
    pub(crate) fn settle(&mut self, ids: &Ids) {
        if let Some(tcp) = self.ids.first_mut() {
            match ids.shared {
                Shared::Below => *tcp |= 0x8000,
                Shared::Above => *tcp &= 0x3fff,
                Shared::Yes | Shared::No => {}
            }
        }
    }

    pub(crate) fn random32(&mut self) -> u32 {
        u32::try_from(self.random64() >> 32).unwrap_or_default()
    }

    fn random16(&mut self) -> u16 {
        u16::try_from(self.random64() >> 48).unwrap_or_default()
    }

    fn random64(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.random)
    }

    /// The identification of the next packet.
    pub(crate) fn id(&mut self, face: &Face, purpose: Purpose) -> u16 {
        self.ids(face, purpose, 1)
    }

    /// Identifications of the next `packets` packets; the first of them.
    pub(crate) fn ids(&mut self, face: &Face, purpose: Purpose, packets: u16) -> u16 {
        let ids = face.ids;
        let (sequence, slot) = match purpose {
            Purpose::Handshake => (ids.handshake, 0),
            Purpose::Reset if ids.reset == ids.handshake => (ids.reset, 0),
            Purpose::Reset => (ids.reset, 1),
            Purpose::Icmp if ids.shared == Shared::Yes && ids.icmp == ids.handshake => (ids.icmp, 0),
            Purpose::Icmp => (ids.icmp, 2),
        };
        let random = self.random16();
        let tcp = self.ids.first().copied().unwrap_or_default();
        let Some(last) = self.ids.get_mut(slot) else { return 0 };
        if purpose == Purpose::Icmp {
            *last = apart(ids.shared, tcp, *last);
        }
        let first = match sequence {
            Sequence::Zero => return 0,
            Sequence::Fixed(id) => return id,
            Sequence::One => last.wrapping_add(1),
            Sequence::Swapped => last.swap_bytes().wrapping_add(1).swap_bytes(),
            // Odd: a multiple of 256 would look like a counter in the wrong byte order.
            Sequence::Steps => last.wrapping_add((1000 + random % 2000) | 1),
            // Far enough from the last that nobody takes it for a step.
            Sequence::Random => last.wrapping_add(20_500 + random % 20_000),
        };
        *last = match sequence {
            Sequence::One => first.wrapping_add(packets - packets.min(1)),
            _ => first,
        };
        first
    }

    /// The initial sequence number of a connection that begins at `now`.
    ///
    /// Increments alternate around the mean so that even a handful of them have the rate and the
    /// deviation that the face asks for.
    pub(crate) fn isn(&mut self, isn: &Isn, now: i64) -> u32 {
        if isn.zero {
            return 0;
        }
        if isn.step == 0 {
            return self.isn;
        }
        const TURNS: [f64; 5] = [0.0, 1.15, -0.8, 0.9, -1.25];
        let elapsed = now.saturating_sub(self.isn_at).clamp(20_000, 2_000_000);
        // What counts in a few large steps counts connections, and nmap's come ten a second; what takes very many
        // is a clock.
        let a_probe = (isn.rate / 8.0).exp2() / 10.0 / f64::from(isn.step);
        let clock = isn.step > 9 && a_probe >= 4096.0;
        let counted = isn.step > 9 && !clock && elapsed < 250_000;
        let elapsed = if counted { 100_000 } else { elapsed };
        let seconds = f64::from(i32::try_from(elapsed).unwrap_or(i32::MAX)) / 1e6;
        self.isn_at = now;
        let turn = TURNS.get(self.isn_turn % TURNS.len()).copied().unwrap_or_default();
        self.isn_turn = self.isn_turn.wrapping_add(1);
        let jitter = (f64::from(self.random16()) / f64::from(u16::MAX) - 0.5) * 0.12;
        let step = f64::from(isn.step);
        // nmap divides by a common divisor above 9 before it takes the deviation.
        let unit = if isn.step > 9 { step } else { 1.0 };
        let spread = (isn.spread / 8.0).exp2() * unit;
        let increment = ((isn.rate / 8.0).exp2() + spread * (turn + jitter)) * seconds;
        let steps = increment / step;
        let most = (f64::from(i32::MAX) / step).floor();
        let whole_steps = if counted && isn.spread <= 28.0 {
            // Whole steps have few deviations: none, and that of one or two more in one of five.
            let even = (isn.rate / 8.0).exp2() * seconds / step;
            let first = self.isn_turn.is_multiple_of(TURNS.len());
            let steps = match isn.spread {
                ..=5.0 => even.round().max(1.0),
                ..=20.0 => (even - 0.2).round().max(0.0) + if first { 1.0 } else { 0.0 },
                _ => (even - 0.4).round().max(0.0) + if first { 2.0 } else { 0.0 },
            };
            steps.min(most)
        } else {
            // What is less than a step is not lost. One more than a multiple of six: else a handful of numbers of
            // a clock have another common divisor than its step now and then.
            let due = steps + self.isn_rest;
            // Nobody can tell more than half of all numbers from less than none.
            let most = (most * (1.0 - jitter.abs())).floor();
            let now_due = if clock { (due / 6.0).floor() * 6.0 + 1.0 } else { due.round() };
            let now_due = now_due.clamp(0.0, most);
            self.isn_rest = (due - now_due).clamp(-1.0, 1.0);
            now_due
        };
        self.isn = self.isn.wrapping_add(whole(whole_steps * step));
        self.isn
    }

    /// The value of the node's clock at `now` for a connection with `peer`.
    pub(crate) fn time(&self, clock: Clock, now: i64, peer: (Ipv4Addr, u16)) -> u32 {
        let uptime = now.saturating_sub(self.booted).max(0);
        let uptime = uptime.saturating_add(uptime / 1_000_000 * self.skew / 1000);
        match clock {
            Clock::None | Clock::Zero => 0,
            Clock::Ticks(ticks) => ticks_of(uptime, ticks).max(1),
            Clock::Random(_) => ticks_of(uptime, 1000).wrapping_add(self.start(peer)),
        }
    }

    /// Milliseconds since midnight, Universal Time, by the node's clock. It drifts until it is set right, so that
    /// the other clocks of the node that show a time of day are never far from it.
    pub(crate) fn time_of_day(&self, now: i64) -> u32 {
        const DAY: i64 = 86_400_000;
        let phase = i64::try_from(self.secret >> 20).unwrap_or_default() % (SET * 1_000_000);
        let drifting = now.saturating_add(phase).rem_euclid(SET * 1_000_000);
        let shown = now.saturating_add(drifting / 1000 * self.skew / 1_000_000);
        low32((shown / 1000).rem_euclid(DAY))
    }

    /// When the node's clock shows `value` to `peer`, near `now`. The inverse of [`Counters::time`], as far
    /// as ticks allow.
    pub(crate) fn moment(&self, clock: Clock, value: u32, now: i64, peer: (Ipv4Addr, u16)) -> i64 {
        let ticks = match clock {
            Clock::None | Clock::Zero => return now,
            Clock::Ticks(ticks) => i64::from(ticks),
            Clock::Random(_) => 1000,
        };
        let behind = self.time(clock, now, peer).wrapping_sub(value).cast_signed();
        now.saturating_sub(i64::from(behind).saturating_mul(1_000_000) / ticks)
    }

    /// The value that the `number`th of nmap's probes gets.
    pub(crate) fn probe_time(&self, clock: Clock, now: i64, peer: (Ipv4Addr, u16), number: usize) -> u32 {
        let Clock::Random(power @ 1..) = clock else { return self.time(clock, now, peer) };
        // They come ten a second, and whoever compares two values takes the shorter way round.
        let apart = low32((1_i64 << power.min(34)) / 10);
        let number = u32::try_from(number).unwrap_or_default();
        self.start((peer.0, 0)).wrapping_add(apart.wrapping_mul(number))
    }

    fn start(&self, (address, port): (Ipv4Addr, u16)) -> u32 {
        let peer = (u64::from(address.to_bits()) << 16) | u64::from(port);
        u32::try_from(mix(self.secret ^ peer) >> 32).unwrap_or_default()
    }
}

/// The kernel's clock as it stands in timestamps of segments.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KernelClock {
    /// Host time less kernel time, in the kernel's ticks.
    ahead: Option<i64>,
}

impl KernelClock {
    /// Host time, µs, at which the kernel wrote `value`; learns from the first one how the clocks stand.
    pub(crate) fn moment(&mut self, value: u32, now: i64) -> i64 {
        let ticks = now / (1_000_000 / KERNEL_TICKS);
        self.ahead.get_or_insert(ticks - i64::from(value));
        self.at(value, now)
    }

    /// The same, once it is known how the clocks stand.
    pub(crate) fn at(&self, value: u32, now: i64) -> i64 {
        let ticks = now / (1_000_000 / KERNEL_TICKS);
        let ahead = self.ahead.unwrap_or_default();
        // The kernel's clock wraps every 49 days.
        let expected = low32(ticks - ahead);
        let behind = i64::from(expected.wrapping_sub(value).cast_signed());
        (ticks - behind) * (1_000_000 / KERNEL_TICKS)
    }

    /// What the kernel wrote at `moment`.
    pub(crate) fn value(&self, moment: i64) -> u32 {
        low32(moment / (1_000_000 / KERNEL_TICKS) - self.ahead.unwrap_or_default())
    }
}

/// Where the counter of ICMP goes on from, given that of TCP and its own last value. nmap takes them for one
/// if that of ICMP is no more than three steps of the other ahead.
fn apart(shared: Shared, tcp: u16, icmp: u16) -> u16 {
    const FAR: u16 = 12_000;
    const NEAR: u16 = 6_000;
    match shared {
        Shared::Below if icmp >= tcp.saturating_sub(NEAR) => tcp / 2,
        Shared::Above if icmp < tcp.saturating_add(NEAR) => tcp.checked_add(FAR).unwrap_or(icmp),
        _ => icmp,
    }
}

fn ticks_of(uptime: i64, ticks: u32) -> u32 {
    let seconds = uptime / 1_000_000;
    let rest = uptime % 1_000_000;
    low32(seconds * i64::from(ticks) + rest * i64::from(ticks) / 1_000_000)
}

/// The low 32 bits.
fn low32(value: i64) -> u32 {
    u32::try_from(value.rem_euclid(1 << 32)).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u32")]
fn whole(increment: f64) -> u32 {
    increment.clamp(0.0, f64::from(i32::MAX)) as u32
}

/// The finaliser of splitmix64.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 0, 9), 4000);

    #[test]
    fn a_clock_tells_the_uptime() {
        let counters = Counters { skew: 0, ..Counters::new(7, 1_000_000) };
        assert_eq!(counters.time(Clock::Ticks(100), 61_000_000, PEER), 6000);
        assert_eq!(counters.time(Clock::Ticks(1000), 61_000_000, PEER), 60_000);
    }

    #[test]
    fn a_moment_is_found_again_whatever_the_clock() {
        let counters = Counters::new(123_456_789, 1_000_000);
        let now = 90 * 86_400 * 1_000_000;
        for (clock, tick) in
            [(Clock::Ticks(1000), 1000), (Clock::Ticks(100), 10_000), (Clock::Random(0), 1000)]
        {
            let shown = counters.time(clock, now - 5_000_000, PEER);
            let moment = counters.moment(clock, shown, now, PEER);
            assert!((moment - (now - 5_000_000)).abs() <= 2 * tick, "{clock:?}: {moment}");
        }
    }

    #[test]
    fn the_kernels_clock_survives_its_wrap() {
        let mut kernel = KernelClock::default();
        let now = 1_000_000_000_000;
        assert_eq!(kernel.moment(u32::MAX - 10, now), now);
        assert_eq!(kernel.moment(9, now + 20_000), now + 20_000);
        assert_eq!(kernel.value(now + 20_000), 9);
    }

    #[test]
    fn one_counter_serves_tcp_and_icmp_if_it_is_shared() {
        let face = Face::named("windows-10").unwrap();
        let mut counters = Counters::new(1, 0);
        let first = counters.id(&face, Purpose::Handshake);
        assert_eq!(counters.id(&face, Purpose::Icmp), first.wrapping_add(1));
        assert_eq!(counters.ids(&face, Purpose::Handshake, 3), first.wrapping_add(2));
        assert_eq!(counters.id(&face, Purpose::Reset), first.wrapping_add(5));
    }

    #[test]
    fn initial_sequence_numbers_have_the_rate_that_is_asked_for() {
        let isn = Isn { rate: 160.0, spread: 120.0, step: 1, zero: false };
        let mut counters = Counters::new(9, 0);
        let mut now = 1_000_000;
        let mut last = counters.isn(&isn, now);
        let mut sum = 0_u64;
        for _ in 0..50 {
            now += 100_000;
            let next = counters.isn(&isn, now);
            sum += u64::from(next.wrapping_sub(last));
            last = next;
        }
        let rate = (sum as f64 / 5.0).log2() * 8.0;
        assert!((rate - 160.0).abs() < 2.0, "{rate}");
    }
}
