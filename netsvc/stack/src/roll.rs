//! Probes of ports, rolled up per source, node and technique, until the source pauses.

use crate::{bytes::Mac, ports::Ports};
use netsvc_wire::{Event, HeaderText, Kind, field};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Roll-ups that are open at the same time; more are only counted.
const OPEN: usize = 8192;
/// Roll-ups that name more than a list of ports; others name the first ones.
const MAPS: usize = 256;
/// A source that was quiet for so long has paused; nothing is kept back for longer than `LONGEST`. µs.
const QUIET: i64 = 1_500_000;
const LONGEST: i64 = 10_000_000;
/// Bytes of a first payload that are kept.
const PAYLOAD: usize = 512;

/// How a port was probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Technique {
    Syn,
    Fin,
    Null,
    Xmas,
    Ack,
    Maimon,
    /// Another set of flags, or data out of nowhere.
    Stray,
    /// One of the segments by which nmap tells systems apart.
    System,
    Udp,
    /// A transport protocol that nobody speaks; the number stands for the port.
    Protocol,
    BadChecksum,
    ForeignFrame,
    Spoofed,
    Malformed,
    Icmp,
}

impl Technique {
    /// The technique of a TCP segment's flags.
    pub(crate) fn of_flags(flags: u8) -> Technique {
        use crate::packet::{ACK, FIN, PSH, RST, SYN, URG};
        match flags & (FIN | SYN | RST | PSH | ACK | URG) {
            0 => Technique::Null,
            SYN => Technique::Syn,
            FIN => Technique::Fin,
            ACK => Technique::Ack,
            flags if flags == FIN | PSH | URG => Technique::Xmas,
            flags if flags == FIN | ACK => Technique::Maimon,
            _ => Technique::Stray,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Technique::Syn => "syn",
            Technique::Fin => "fin",
            Technique::Null => "null",
            Technique::Xmas => "xmas",
            Technique::Ack => "ack",
            Technique::Maimon => "maimon",
            Technique::Stray => "stray",
            Technique::System => "os_probe",
            Technique::Udp => "udp",
            Technique::Protocol => "ip_protocol",
            Technique::BadChecksum => "bad_checksum",
            Technique::ForeignFrame => "foreign_frame",
            Technique::Spoofed => "spoofed_source",
            Technique::Malformed => "malformed",
            Technique::Icmp => "icmp",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Technique::Udp => Kind::UdpProbe,
            Technique::Protocol
            | Technique::BadChecksum
            | Technique::ForeignFrame
            | Technique::Spoofed
            | Technique::Malformed
            | Technique::Icmp => Kind::OddPacket,
            _ => Kind::PortScan,
        }
    }
}

/// Who probed which node, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe {
    pub(crate) source: Ipv4Addr,
    pub(crate) node: Ipv4Addr,
    pub(crate) technique: Technique,
}

#[derive(Debug)]
struct Roll {
    name: HeaderText,
    mac: Mac,
    begun: i64,
    last: i64,
    count: u64,
    ports: Ports,
    payload: Vec<u8>,
}

/// Open roll-ups.
#[derive(Debug, Default)]
pub(crate) struct Rolls {
    open: BTreeMap<Probe, Roll>,
    maps: usize,
    /// Probes that found no room, and the node that had the last of them.
    overflow: Option<(HeaderText, u64)>,
}

impl Rolls {
    /// Counts a probe of `port` (none: 0 for what has no ports) with its payload.
    pub(crate) fn add(
        &mut self,
        now: i64,
        probe: Probe,
        name: &HeaderText,
        mac: Mac,
        port: Option<u16>,
        payload: &[u8],
    ) {
        if self.open.len() >= OPEN && !self.open.contains_key(&probe) {
            let count = self.overflow.as_ref().map_or(0, |(_, count)| *count);
            self.overflow = Some((name.clone(), count.saturating_add(1)));
            return;
        }
        let roll = self.open.entry(probe).or_insert_with(|| Roll {
            name: name.clone(),
            mac,
            begun: now,
            last: now,
            count: 0,
            ports: Ports::default(),
            payload: payload.iter().take(PAYLOAD).copied().collect(),
        });
        roll.last = now;
        roll.count = roll.count.saturating_add(1);
        if let Some(port) = port {
            let listed = !roll.ports.is_map();
            roll.ports.insert(port, self.maps < MAPS);
            self.maps += usize::from(listed && roll.ports.is_map());
        }
    }

    /// Whether anything is kept back.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.overflow.is_none()
    }

    /// Closes what is due, or with `all` everything, into `events`.
    pub(crate) fn close(&mut self, now: i64, all: bool, events: &mut Vec<Event>) {
        let due = |roll: &Roll| {
            all || roll.last.saturating_add(QUIET) <= now || roll.begun.saturating_add(LONGEST) <= now
        };
        for (probe, roll) in self.open.extract_if(.., |_, roll| due(roll)) {
            self.maps -= usize::from(roll.ports.is_map());
            events.push(event(probe, roll));
        }
        if let Some((name, count)) = self.overflow.take() {
            let event = Event::new(now, name, app(), Kind::OddPacket);
            events
                .push(event.with(field::TECHNIQUE, "too many sources").with(field::COUNT, count.to_string()));
        }
    }
}

fn event(probe: Probe, roll: Roll) -> Event {
    let mut event = Event::new(roll.last, roll.name, app(), probe.technique.kind())
        .with(field::SRC_IP, probe.source.to_string())
        .with(field::SRC_MAC, mac_text(roll.mac))
        .with(field::DST_IP, probe.node.to_string())
        .with(field::TECHNIQUE, probe.technique.name())
        .with(field::COUNT, roll.count.to_string())
        .with(field::DURATION_MS, ((roll.last - roll.begun) / 1000).to_string());
    let ports = roll.ports.text();
    if !ports.is_empty() {
        event = event.with(field::PORTS, ports);
    }
    if !roll.payload.is_empty() {
        event = event.with(field::DATA, roll.payload);
    }
    event
}

/// What the gate calls itself where a service stands in an event line.
pub(crate) fn app() -> HeaderText {
    #[expect(clippy::expect_used, reason = "a constant that a test of the wire crate's rules covers")]
    "gate".parse().expect("the word fits a header field")
}

/// The service that answers for names.
pub(crate) const NAMES: &str = "llmnr";

/// What it is called in an event line.
pub(crate) fn names_app() -> HeaderText {
    #[expect(clippy::expect_used, reason = "a constant that a test of the wire crate's rules covers")]
    NAMES.parse().expect("the word fits a header field")
}

/// `aa:bb:cc:dd:ee:ff`.
pub(crate) fn mac_text(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
