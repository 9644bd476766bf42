//! Questions for the time (RFC 5905, 4330), in the form of the program that asks.

use super::{
    Task, Turn,
    chance::{Chance, SECOND},
    habit::Clock,
    speech::Speech,
};
use crate::bytes::{array, put};
use std::net::Ipv4Addr;

/// Port of the protocol.
pub(crate) const NTP: u16 = 123;
/// Length of a message without extensions.
const LENGTH: usize = 48;
/// Seconds from 1900 to 1970.
const ERA: i64 = 2_208_988_800;
/// Questions of a first burst and the time between them.
const BURST: u8 = 4;
const BURST_PAUSE: i64 = 2 * SECOND;

/// A client for the time.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    clock: Clock,
    /// Binary logarithm of the pause in seconds.
    poll: u8,
    /// Questions left of the first burst.
    burst: u8,
    /// Whether the server has answered.
    synced: bool,
    /// Port and transmit timestamp of the question that is open.
    open: Option<(u16, [u8; 8])>,
    /// Port of the last question.
    last: u16,
    /// Questions that nobody has answered: each moves on to the next server.
    lost: usize,
}

impl Client {
    pub(crate) fn new(clock: Clock) -> Self {
        let (poll, burst) = match clock {
            Clock::Timesyncd => (5, 1),
            Clock::Chrony | Clock::Ntpd => (6, BURST),
            Clock::W32Time(_) | Clock::Simple(_) => (0, 1),
        };
        Client { clock, poll, burst, synced: false, open: None, last: 0, lost: 0 }
    }

    /// The next question, and when the one after it is due.
    pub(crate) fn ask(&mut self, turn: &mut Turn<'_>, chance: &mut Chance, ports: (u16, u16)) -> Speech {
        let own_port = matches!(self.clock, Clock::Ntpd | Clock::W32Time(_));
        let from = if own_port { NTP } else { chance.port(ports) };
        let mut cookie = timestamp(turn.now, chance);
        if matches!(self.clock, Clock::Chrony) {
            cookie = chance.next().to_be_bytes();
        }
        // What nobody answered makes no program go faster; some start again.
        if self.open.take().is_some() {
            self.lost = self.lost.wrapping_add(1);
            if self.burst == 0 {
                self.poll = self.poll.min(6);
            }
        }
        let data = self.message(cookie, turn.now);
        self.open = Some((from, cookie));
        self.last = from;
        self.burst = self.burst.saturating_sub(1);
        let pause = if 0 < self.burst { BURST_PAUSE } else { self.pause(chance) };
        turn.later(pause, Task::Time);
        Speech { from, to: (Ipv4Addr::UNSPECIFIED, NTP), ttl: None, connected: !own_port, data }
    }

    fn pause(&self, chance: &mut Chance) -> i64 {
        let seconds = match self.clock {
            Clock::W32Time(seconds) | Clock::Simple(seconds) => seconds,
            _ => 1 << self.poll.min(17),
        };
        // Every program adds some jitter of its own; two hosts never keep step.
        let span = seconds.saturating_mul(SECOND);
        span + chance.between(0, (span / 50).max(1))
    }

    fn message(&self, cookie: [u8; 8], now: i64) -> Vec<u8> {
        let mut message = vec![0; LENGTH];
        // Leap indicator (3: not synchronised), version, mode 3; stratum; poll; precision.
        let head: [u8; 4] = match self.clock {
            Clock::Timesyncd => [0x23, 0, 0, 0],
            Clock::Chrony => [0x23, 0, self.poll, 0x20],
            Clock::Simple(_) => [0x23, 0, 0, 0],
            Clock::Ntpd if self.synced => [0x23, 3, self.poll, 0xe9],
            Clock::Ntpd => [0xe3, 0, self.poll, 0xe9],
            Clock::W32Time(_) if self.synced => [0x1b, 0, 17, 0xe9],
            Clock::W32Time(_) => [0xdb, 0, 17, 0xe9],
        };
        put(&mut message, 0, &head);
        match self.clock {
            // Root delay, dispersion and reference of a host that follows its gateway.
            Clock::Ntpd if self.synced => {
                put(&mut message, 4, &[0, 0, 0x0a, 0x3f, 0, 0, 0x0c, 0x91]);
                put(&mut message, 16, &seconds(now - 900 * SECOND).to_be_bytes());
            }
            Clock::Ntpd => put(&mut message, 12, b"INIT"),
            Clock::W32Time(_) => put(&mut message, 8, &[0, 1, 2, 0x90]),
            _ => {}
        }
        put(&mut message, 40, &cookie);
        message
    }

    /// Whether a datagram from the server to `port` answers the open question; then it is closed.
    pub(crate) fn hear(&mut self, port: u16, data: &[u8]) -> bool {
        let Some((open, cookie)) = self.open else { return false };
        let server = data.first().is_some_and(|first| first & 7 == 4) && LENGTH <= data.len();
        if open != port || !server || array::<8>(data, 24) != Some(cookie) {
            return false;
        }
        self.open = None;
        self.synced = true;
        let most = match self.clock {
            Clock::Timesyncd => 11,
            _ => 10,
        };
        if self.burst == 0 {
            self.poll = self.poll.saturating_add(1).min(most);
        }
        true
    }

    /// Which of its servers the client asks.
    pub(crate) fn number(&self) -> usize {
        self.lost
    }

    /// Whether the last question was asked from `port`.
    pub(crate) fn asked_from(&self, port: u16) -> bool {
        self.last == port
    }

    /// Whether a question from `port` is open.
    pub(crate) fn waits(&self, port: u16) -> bool {
        self.open.is_some_and(|(open, _)| open == port)
    }
}

fn seconds(now: i64) -> u32 {
    // The era ends in 2036 and begins anew.
    u32::try_from((now / SECOND + ERA).rem_euclid(1 << 32)).unwrap_or_default()
}

/// The time as NTP writes it, its last bits random.
fn timestamp(now: i64, chance: &mut Chance) -> [u8; 8] {
    let fraction = (now.rem_euclid(SECOND) << 32) / SECOND;
    let fraction = u32::try_from(fraction).unwrap_or_default() ^ (chance.next32() & 0xfff);
    let mut bytes = [0; 8];
    put(&mut bytes, 0, &seconds(now).to_be_bytes());
    put(&mut bytes, 4, &fraction.to_be_bytes());
    bytes
}
