//! The server's view of the time: whom it follows, how far away that is, and what its packets say of it.

use netsvc_kit::Host;
use rand_core::RngCore;
use std::net::{IpAddr, Ipv4Addr};

/// Seconds from 1900 to 1970 (RFC 5905, 6).
const ERA: i64 = 2_208_988_800;
/// Servers of the first stratum that many follow: PTB, NIST, METAS, NPL.
const KNOWN: [[u8; 4]; 6] = [
    [192, 53, 103, 108],
    [192, 53, 103, 104],
    [129, 6, 15, 28],
    [132, 163, 97, 1],
    [162, 23, 41, 10],
    [139, 143, 5, 30],
];

/// What kind of server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    Ntpd,
    Ntpsec,
    Chrony,
    Windows,
    Cisco,
}

impl Make {
    /// What comes behind an answer when `rest` stands behind the question; `None`: it is not answered.
    ///
    /// Fields are skipped (RFC 7822: four bytes of kind and length, 16 at least and the last one 28). A code made
    /// with a key that the server does not have is passed over in silence by ntpsec and chrony, and told by ntpd
    /// (RFC 5905, 9.2: key 0 and no code).
    pub(super) fn tail(self, mut rest: &[u8]) -> Option<&'static [u8]> {
        if matches!(self, Make::Windows | Make::Cisco) {
            return Some(&[]);
        }
        while !rest.is_empty() {
            // A key and a code of MD5 or SHA-1.
            if [20, 24].contains(&rest.len()) {
                return (self == Make::Ntpd).then_some(&[0; 4]);
            }
            let length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
            let (_, after) = rest.split_at_checked(length)?;
            if length < 16 || !length.is_multiple_of(4) || (after.is_empty() && length < 28) {
                return None;
            }
            rest = after;
        }
        Some(&[])
    }
}

/// A server's standing.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    pub(super) make: Make,
    pub(super) stratum: u8,
    /// Servers that it follows, the chosen one first.
    pub(super) servers: Vec<Ipv4Addr>,
    pub(super) precision: i8,
    /// Microseconds.
    pub(super) delay: i64,
    dispersion: i64,
    /// Seconds between looks at the chosen server, and how long before the epoch's multiple of it they are.
    poll: i64,
    phase: i64,
    /// Millionths that the clock is off by.
    pub(super) frequency: i32,
    /// Whether it tells strangers of itself.
    pub(super) queries: bool,
    /// Whether it lists those who asked: before 4.2.7p26.
    pub(super) lists: bool,
    /// Whether it turns away who asks too often.
    pub(super) limits: bool,
}

impl Clock {
    pub(super) fn of(host: &Host) -> Self {
        let persona = host.persona();
        let product = host.product();
        let named = |start: &str| product.is_some_and(|product| product.name.starts_with(start));
        let make = match () {
            () if named("chrony") => Make::Chrony,
            () if named("ntpsec") => Make::Ntpsec,
            () if named("W32Time") => Make::Windows,
            () if named("Cisco") => Make::Cisco,
            () => Make::Ntpd,
        };
        let mut random = host.generator("clock");
        let mut draw = |limit: u32| i64::from(random.next_u32() % limit);
        let (delay, dispersion, phase) = (draw(30_000) + 6000, draw(9000) + 4000, draw(1024));
        let first = usize::try_from(draw(6)).unwrap_or(0);
        let mut servers = persona.life.servers.ntp.clone();
        let inside = !servers.is_empty();
        let known = KNOWN.iter().cycle().skip(first).take(3 - servers.len().min(3));
        servers.extend(known.map(|address| Ipv4Addr::from(*address)));
        // Distributions let strangers ask for the time and nothing else; devices' firmware does not care.
        let open = matches!(persona.os.family.as_str(), "cisco" | "junos" | "esxi")
            || ["qnap", "synology"].contains(&persona.os.id.as_str());
        let old = ["4.2.0", "4.2.6"];
        let version = product.map_or("", |product| product.version.as_str());
        Clock {
            make,
            stratum: if inside { 3 } else { 2 },
            servers,
            precision: match make {
                Make::Windows => -23,
                Make::Cisco => -20,
                Make::Chrony => -25,
                _ if open => -20,
                _ => -23,
            },
            delay,
            dispersion,
            poll: 1024,
            phase,
            frequency: i32::try_from(draw(60_000)).unwrap_or(0) - 30_000,
            queries: !matches!(make, Make::Chrony | Make::Windows) && host.flag("queries", open),
            lists: make == Make::Ntpd && old.iter().any(|start| version.starts_with(start)),
            limits: matches!(make, Make::Ntpd | Make::Ntpsec) && !open,
        }
    }

    /// When the clock was set last, at `now` (µs since the epoch).
    pub(super) fn set_at(&self, now: i64) -> i64 {
        let second = now.div_euclid(1_000_000);
        let since = (second + self.phase).rem_euclid(self.poll);
        // Not at the full second: the answer took a while to come.
        (second - since) * 1_000_000 + self.delay * 7 % 1_000_000
    }

    /// Microseconds by which the time may be wrong, which grow until the clock is set again (RFC 5905: 15
    /// in a million).
    pub(super) fn dispersion(&self, now: i64) -> i64 {
        self.dispersion + (now - self.set_at(now)).max(0) * 15 / 1_000_000
    }

    /// The reference: the address of the chosen server.
    pub(super) fn reference(&self) -> [u8; 4] {
        self.servers.first().map(Ipv4Addr::octets).unwrap_or_default()
    }

    /// Answers a client's packet that came at `came` (the node's clock, µs), being asked for it at `now`.
    pub(super) fn answer(&self, asked: &[u8], came: i64, now: i64) -> Vec<u8> {
        let version = asked.first().map_or(4, |first| first >> 3 & 7);
        let poll = asked.get(2).copied().unwrap_or(6);
        let mut out = vec![version << 3 | 4, self.stratum, poll, self.precision.to_be_bytes()[0]];
        out.extend(short(self.delay));
        out.extend(short(self.dispersion(now)));
        out.extend(self.reference());
        out.extend(stamp(self.set_at(now)));
        out.extend(asked.get(40..48).unwrap_or(&[0; 8]));
        out.extend(stamp(came));
        out.extend(stamp(now));
        out
    }

    /// Turns a client away that asks too often (RFC 5905, 7.4).
    pub(super) fn kiss(asked: &[u8]) -> Vec<u8> {
        let version = asked.first().map_or(4, |first| first >> 3 & 7);
        let mut out = vec![0xc0 | version << 3 | 4, 0, asked.get(2).copied().unwrap_or(6).max(6), 0xe9];
        out.extend([0; 8]);
        out.extend(b"RATE");
        let sent = asked.get(40..48).unwrap_or(&[0; 8]);
        out.extend([0; 8]);
        out.extend([sent, sent, sent].concat());
        out
    }
}

/// A time of 32 bits: seconds and their 65,536th parts.
fn short(micros: i64) -> [u8; 4] {
    u32::try_from((micros << 16) / 1_000_000).unwrap_or(u32::MAX).to_be_bytes()
}

/// A moment of 64 bits.
pub(super) fn stamp(micros: i64) -> [u8; 8] {
    let seconds = (micros.div_euclid(1_000_000) + ERA) as u32;
    let fraction = ((micros.rem_euclid(1_000_000) << 32) / 1_000_000) as u32;
    let mut out = [0; 8];
    let (left, right) = out.split_at_mut(4);
    left.copy_from_slice(&seconds.to_be_bytes());
    right.copy_from_slice(&fraction.to_be_bytes());
    out
}

/// A moment as control messages write it.
pub(super) fn stamp_text(micros: i64) -> String {
    let hex = hex::encode(stamp(micros));
    let (seconds, fraction) = hex.split_at_checked(8).unwrap_or((&hex, ""));
    format!("0x{seconds}.{fraction}")
}

/// An address as text, for what cannot be one of IPv6.
pub(super) fn v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_1900_in_two_parts() {
        assert_eq!(stamp(0), [0x83, 0xaa, 0x7e, 0x80, 0, 0, 0, 0]);
        assert_eq!(stamp_text(500_000), "0x83aa7e80.80000000");
        assert_eq!(short(1_500_000), [0, 1, 0x80, 0]);
    }
}
