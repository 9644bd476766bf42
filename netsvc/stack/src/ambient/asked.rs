//! Questions to everybody, or to one node alone by the same protocols.

use super::{
    chance::SECOND,
    dns,
    multicast::{LLMNR, MDNS},
    netbios,
    ssdp::{self, SSDP},
    wsd::{self, DISCOVERY},
};
use std::net::Ipv4Addr;

/// A question to everybody, or to one node by a protocol whose questions usually go to everybody.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Multicast(dns::Query),
    LinkLocal(dns::Query),
    NetBios(netbios::Question),
    Search(ssdp::Search),
    Discovery(wsd::Asked),
}

impl Asked {
    /// The question in a datagram to everybody at `to`, as far as it has one.
    pub(crate) fn parse(to: (Ipv4Addr, u16), data: &[u8]) -> Option<Self> {
        let to_group = [MDNS, LLMNR, SSDP, DISCOVERY].contains(&to);
        let broadcast = to.1 == netbios::NAMES && !to.0.is_multicast();
        let asked = Self::parse_alone(to.1, data).filter(|_| to_group || broadcast)?;
        // A search of everybody says how long the answers may take; the names of a host are asked of one.
        let sound = match &asked {
            Asked::Search(search) => search.within.is_some(),
            Asked::NetBios(question) => !question.status,
            _ => true,
        };
        sound.then_some(asked)
    }

    /// The question in a datagram to one node's `port`.
    pub(crate) fn parse_alone(port: u16, data: &[u8]) -> Option<Self> {
        match port {
            5353 => dns::Query::parse(data).map(Asked::Multicast),
            5355 => dns::Query::parse(data).map(Asked::LinkLocal),
            netbios::NAMES => netbios::question(data).map(Asked::NetBios),
            1900 => ssdp::Search::parse(data).map(Asked::Search),
            3702 => wsd::Asked::parse(data).map(Asked::Discovery),
            _ => None,
        }
    }

    /// The question for a name, as people write it.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Asked::Multicast(query) | Asked::LinkLocal(query) => {
                let shown = query.questions.iter().take(4);
                let shown: Vec<_> =
                    shown.map(|question| format!("{} {}", question.name, dns::kind(question.kind))).collect();
                Some(shown.join(", "))
            }
            Asked::NetBios(question) => Some(question.text()),
            Asked::Search(_) | Asked::Discovery(_) => None,
        }
    }

    /// How long an answer that others may give too takes to come, µs.
    pub(crate) fn patience(&self) -> (i64, i64) {
        match self {
            // RFC 6762, 6; UPnP Device Architecture 1.1, 1.3.3; WS-Discovery, 3.1.3 (APP_MAX_DELAY).
            Asked::Multicast(_) => (20_000, 120_000),
            Asked::Search(search) => {
                (10_000, i64::from(search.within.unwrap_or_default()).max(1).saturating_mul(SECOND))
            }
            Asked::Discovery(_) => (5_000, SECOND / 2),
            Asked::LinkLocal(_) | Asked::NetBios(_) => (0, 0),
        }
    }
}
