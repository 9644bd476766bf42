//! How a system behaves in ARP: which odd requests it answers, how it introduces itself, whether it checks
//! its neighbours.
//!
//! Sources: what arp-scan's `arp-fingerprint` was told by Linux 2.6 to 4.6, Windows 7 to 10, FreeBSD 5 to 10,
//! Mac OS X 10.4, IOS 11 to 15 and VxWorks (comments of that program); RFC 5227 for probes and announcements;
//! `net/core/neighbour.c` of Linux for the check after five seconds (`delay_first_probe_time`) and `arp_accept`
//! of `net/ipv4/arp.c`; `in_arpinput` and `max_age` of FreeBSD's arp(4); `arp timeout` of IOS.

use crate::arp::Message;
use std::net::Ipv4Addr;

/// The behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Answers a sender 127.0.0.1.
    pub loopback: bool,
    /// Answers a sender 0.0.0.0, which is a probe (RFC 5227).
    pub zero: bool,
    /// Answers a sender 255.255.255.255.
    pub broadcast: bool,
    /// Answers a sender of another network, if it has a route there.
    pub remote: bool,
    /// Takes hardware type 6 (IEEE 802) for Ethernet.
    pub ieee802: bool,
    /// Takes any lengths of addresses.
    pub lengths: bool,
    /// How it introduces itself.
    pub start: Start,
    /// Notes a neighbour who answers what nobody has asked; others only take a change of one they know.
    pub adopts: bool,
    /// Seconds until it forgets where a neighbour is. 0: never; it asks him whether he is still there, five
    /// seconds after it has answered him.
    pub age: u32,
}

/// How a system introduces itself on the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// One request for its own address.
    Request,
    /// One reply to everybody.
    Reply,
    /// Three requests for its address from nobody, so many ms apart, then announcements.
    Probes {
        /// Between two of them.
        pause: u32,
        /// How many requests for its own address follow.
        announcements: u8,
    },
}

/// What is sent at one step of the introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Probe,
    Request,
    Reply,
}

impl Start {
    /// What step `number`, from 0, sends, and the time until the next one in µs.
    pub(crate) fn step(self, number: u8) -> Option<(Step, i64)> {
        match (self, number) {
            (Start::Request, 0) => Some((Step::Request, 0)),
            (Start::Reply, 0) => Some((Step::Reply, 0)),
            (Start::Probes { pause, .. }, 0..3) => Some((Step::Probe, i64::from(pause) * 1000)),
            (Start::Probes { announcements, .. }, _) if number < 3 + announcements => {
                Some((Step::Request, 2_000_000))
            }
            _ => None,
        }
    }
}

impl Manners {
    pub(crate) const LINUX: Manners = Manners {
        loopback: false,
        zero: true,
        broadcast: false,
        remote: true,
        ieee802: true,
        lengths: false,
        start: Start::Request,
        adopts: false,
        age: 0,
    };
    const WINDOWS: Manners =
        Manners { start: Start::Probes { pause: 1000, announcements: 1 }, ..Manners::LINUX };
    const FREEBSD: Manners =
        Manners { loopback: true, broadcast: true, adopts: true, age: 1_200, ..Manners::LINUX };
    const MACOS: Manners =
        Manners { ieee802: false, start: Start::Probes { pause: 320, announcements: 2 }, ..Manners::FREEBSD };
    const CISCO: Manners =
        Manners { zero: false, remote: false, start: Start::Reply, age: 14_400, ..Manners::LINUX };
    const VXWORKS: Manners = Manners { ieee802: false, lengths: true, ..Manners::FREEBSD };

    /// The manners that a face's file names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "linux" => Manners::LINUX,
            "windows" => Manners::WINDOWS,
            "freebsd" => Manners::FREEBSD,
            "macos" => Manners::MACOS,
            "cisco" => Manners::CISCO,
            "vxworks" => Manners::VXWORKS,
            _ => return None,
        })
    }

    /// Whether a host with these manners answers `request`; `near`: its sender is on the host's segment;
    /// `routed`: the host has a gateway.
    pub(crate) fn answers(&self, request: &Message, near: bool, routed: bool) -> bool {
        let form = (request.hardware == 1 || (self.ieee802 && request.hardware == 6))
            && (self.lengths || request.lengths == [6, 4]);
        form && match request.sender {
            Ipv4Addr::UNSPECIFIED => self.zero,
            Ipv4Addr::BROADCAST => self.broadcast,
            sender if sender.is_loopback() => self.loopback,
            _ => near || (self.remote && routed),
        }
    }
}
