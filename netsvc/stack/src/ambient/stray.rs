//! Questions for names that nobody has, as people mistype them; who answers one, answers for every name.

use super::{
    chance::{Chance, SECOND},
    dns,
    multicast::MDNS,
    netbios,
};
use crate::bytes::{number16, number32};
use netsvc_persona::stage::ServiceSpec;
use std::net::Ipv4Addr;

/// How long an answer may take, µs.
const PATIENCE: i64 = 10 * SECOND;
/// Sources that are told of for one question.
const TOLD: usize = 8;
/// Minutes between two questions, where nothing else is set.
const PAUSE: (i64, i64) = (15, 90);
/// Minutes that can be set.
const MOST: i64 = 1440;
/// When a question is asked again, µs after the time before: LLMNR once (RFC 4795, 2.7: LLMNR_TIMEOUT and jitter),
/// NetBIOS twice (RFC 1002, 6: BCAST_REQ_RETRY_TIMEOUT, and as often as Windows does).
pub(super) const AGAIN: [i64; 3] = [410_000, 340_000, 750_000];

/// Hosts that people of an office look for.
const HOSTS: [&str; 14] = [
    "fileserver",
    "printserver",
    "intranet",
    "sharepoint",
    "exchange",
    "backup",
    "storage",
    "database",
    "helpdesk",
    "timesheet",
    "payroll",
    "projects",
    "scanner",
    "archive",
];

/// How a node asks, as the service is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking {
    pub(super) asks: bool,
    /// Minutes between two questions.
    pub(super) pause: (i64, i64),
}

impl Asking {
    pub(crate) fn new(spec: &ServiceSpec) -> Self {
        let setting = |key: &str| spec.settings.get(key).map(|value| value.trim().to_ascii_lowercase());
        let asks =
            !setting("asks").is_some_and(|value| ["no", "false", "off", "0"].contains(&value.as_str()));
        let minutes = setting("every").and_then(|value| value.parse::<i64>().ok());
        let pause = minutes.map(|minutes| minutes.clamp(1, MOST)).map_or(PAUSE, |minutes| (minutes, minutes));
        Asking { asks, pause }
    }
}

/// A question that may be answered.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    pub(super) name: String,
    /// Number and port of LLMNR, number of NetBIOS.
    pub(super) id: u16,
    pub(super) from: u16,
    pub(super) netbios: u16,
    pub(super) until: i64,
    told: Vec<(Ipv4Addr, &'static str)>,
}

/// Who has answered for a name that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Poisoner {
    pub(crate) protocol: &'static str,
    pub(crate) name: String,
    /// Where he says that it is.
    pub(crate) address: Option<Ipv4Addr>,
}

impl Stray {
    pub(crate) fn new(name: &str, chance: &mut Chance, ports: (u16, u16), now: i64) -> Self {
        Stray {
            name: name.to_owned(),
            id: chance.next16(),
            from: chance.port(ports),
            netbios: chance.next16() | 0x8000,
            until: now.saturating_add(PATIENCE),
            told: Vec::new(),
        }
    }

    /// The protocol by which a datagram from one port to another answers the question.
    fn protocol(&self, now: i64, (from, to): (u16, u16), data: &[u8]) -> Option<&'static str> {
        let answers = number16(data, 2) & 0x800f == 0x8000 && 0 < number16(data, 6);
        if self.until < now || !answers {
            return None;
        }
        let (is_own, is_netbios) = (number16(data, 0) == self.id, number16(data, 0) == self.netbios);
        match (from, to) {
            (5355, port) if port == self.from && is_own => Some("llmnr"),
            (netbios::NAMES, netbios::NAMES) if is_netbios => Some("netbios"),
            (5353, 5353) if holds(data, &format!("{}.local", self.name)) => Some("mdns"),
            _ => None,
        }
    }

    /// Whether a datagram answers the question, and who is to be told of for it; the same source once.
    pub(super) fn hear(
        &mut self,
        now: i64,
        host: Ipv4Addr,
        ports: (u16, u16),
        data: &[u8],
    ) -> Option<Option<Poisoner>> {
        let protocol = self.protocol(now, ports, data)?;
        if TOLD <= self.told.len() || self.told.contains(&(host, protocol)) {
            return Some(None);
        }
        self.told.push((host, protocol));
        Some(Some(Poisoner { protocol, name: self.name.clone(), address: claimed(data) }))
    }
}

/// Whether a message has this name in it as labels.
fn holds(data: &[u8], name: &str) -> bool {
    let wanted = dns::encoded(name);
    data.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(&wanted))
}

/// The address that a message ends with: four bytes behind their length, or behind the flags of a NetBIOS name.
fn claimed(data: &[u8]) -> Option<Ipv4Addr> {
    let at = data.len().checked_sub(4)?;
    let length = number16(data, at.checked_sub(2)?);
    let is_netbios = || at.checked_sub(4).is_some_and(|place| number16(data, place) == 6);
    (length == 4 || is_netbios()).then(|| Ipv4Addr::from_bits(number32(data, at)))
}

/// A name that nobody has: one of an office, mistyped.
pub(super) fn mistyped(chance: &mut Chance) -> String {
    let pick = |chance: &mut Chance, count: usize| {
        usize::try_from(chance.next32()).ok().and_then(|drawn| drawn.checked_rem(count)).unwrap_or_default()
    };
    let host = HOSTS.get(pick(chance, HOSTS.len())).copied().unwrap_or("fileserver");
    let mut letters: Vec<char> = host.chars().collect();
    let at = 1 + pick(chance, letters.len().saturating_sub(2));
    match chance.next32() % 3 {
        // Two letters changed places, one came twice, or one is missing.
        0 if letters.get(at) != letters.get(at + 1) => letters.swap(at, at + 1),
        1 => letters.insert(at, letters.get(at).copied().unwrap_or('e')),
        _ => drop(letters.remove(at)),
    }
    let number = chance.next32() % 12;
    let name: String = letters.into_iter().collect();
    if number < 6 { name } else { format!("{name}{:02}", number - 5) }
}

/// Whether a datagram to a group can answer a question for a name: a response of multicast DNS.
pub(crate) fn is_response((to, port): (Ipv4Addr, u16), data: &[u8]) -> bool {
    (to, port) == MDNS && number16(data, 2) & 0x8000 != 0
}
