//! Who says that he is where he is not: addresses that two hosts claim in turn, a gateway that has another card all at
//! once, a second server that gives addresses away, a second router that announces itself. Who was there first is taken
//! for the real one; what is remembered of others is bounded, and whoever comes later makes nobody forget the first.

use super::{bounded::Bounded, datagram::Offer, news::News};
use crate::{
    finding::{Fields, Finding},
    packet::{Arp, Mac, Packet},
};
use netsvc_wire::{Kind, field, stamp::Micros};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses, and cards, that are known.
const KNOWN: usize = 8192;
/// For how long it is remembered who had an address before.
const TURN: Micros = 600_000_000;
/// Who says nothing for so long is gone, and who comes in his place is no impostor.
const GONE: Micros = 3_600_000_000;
/// First servers and routers of a segment.
const FIRST: usize = 1;

/// Type of an advertisement of a router (RFC 4861, 4.2), and where its options begin.
const ADVERTISEMENT: u8 = 134;
const OPTIONS: usize = 16;
/// The option that names a prefix, and how many are looked at.
const PREFIX: u8 = 3;
const PREFIXES: usize = 8;

/// Who has an address.
#[derive(Clone, Copy, Debug)]
struct Place {
    mac: Mac,
    last: Micros,
    /// Who had it before, and until when.
    before: Option<(Mac, Micros)>,
    /// Whether a server has named it as the way out.
    router: bool,
}

/// What a card sends.
#[derive(Clone, Copy, Debug)]
struct Card {
    address: Ipv4Addr,
    /// Somebody else in whose name it has sent.
    other: Option<Ipv4Addr>,
    /// Whether there were several.
    forwards: bool,
}

/// What is known of a segment.
#[derive(Debug)]
pub(super) struct Segment {
    places: Bounded<Ipv4Addr, Place>,
    cards: Bounded<Mac, Card>,
    servers: Vec<(IpAddr, Mac, Micros)>,
    routers: Vec<(Ipv6Addr, Mac, Micros)>,
}

impl Segment {
    pub(super) fn new(seed: u64) -> Self {
        Segment {
            places: Bounded::new(KNOWN, seed),
            cards: Bounded::new(KNOWN, seed),
            servers: Vec::new(),
            routers: Vec::new(),
        }
    }

    /// Hears a message of ARP.
    pub(super) fn arp(&mut self, at: Micros, arp: &Arp, news: &mut News, found: &mut Vec<Finding>) {
        let (address, mac) = (arp.sender, arp.sender_mac);
        if address.is_unspecified() || address.is_broadcast() || address.is_multicast() {
            return;
        }
        let Some(place) = self.places.get(address) else {
            let place = Place { mac, last: at, before: None, router: false };
            self.places.put(address, place, |_, _| {});
            self.introduce(mac, address);
            return;
        };
        let old = *place;
        if old.mac == mac {
            place.last = at;
            return;
        }
        let router = old.router || self.cards.get(old.mac).is_some_and(|card| card.forwards);
        let back = old.before.is_some_and(|(before, until)| before == mac && at.saturating_sub(until) < TURN);
        let moved = Place { mac, last: at, before: Some((old.mac, at)), router };
        self.places.put(address, moved, |_, _| {});
        let fresh = at.saturating_sub(old.last) < GONE;
        // Who comes back had it first: the other one is who is told of.
        let (impostor, real) = if back { (old.mac, mac) } else { (mac, old.mac) };
        let technique = match (router, back) {
            (true, _) => "gateway_spoofing",
            (false, true) => "arp_spoofing",
            (false, false) => return self.introduce(mac, address),
        };
        if fresh && news.is_of_anybody(at, (technique, address, impostor, real)) {
            let own = self.cards.get(impostor).map(|card| card.address).filter(|own| *own != address);
            let fields = evidence(technique, impostor, &text(real), &address.to_string());
            found.push(finding(at, own.map(IpAddr::V4), arp.target, fields));
        }
        self.introduce(mac, address);
    }

    /// Notes the first address of a card.
    fn introduce(&mut self, mac: Mac, address: Ipv4Addr) {
        if self.cards.get(mac).is_none() {
            self.cards.put(mac, Card { address, other: None, forwards: false }, |_, _| {});
        }
    }

    /// Notes in whose name a card sends.
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        let (Some(mac), IpAddr::V4(source)) = (packet.source_mac, packet.source) else { return };
        let Some(card) = self.cards.get(mac).filter(|card| !card.forwards && card.address != source) else {
            return;
        };
        if source.is_unspecified() || source.is_link_local() {
            return;
        }
        match card.other {
            None => card.other = Some(source),
            Some(other) => card.forwards = other != source,
        }
    }

    /// Hears a server that gives an address away.
    pub(super) fn offer(
        &mut self,
        at: Micros,
        packet: &Packet<'_>,
        offer: &Offer,
        news: &mut News,
        found: &mut Vec<Finding>,
    ) {
        let Some(mac) = packet.source_mac else { return };
        let server = offer.server.map_or(packet.source, |server| IpAddr::V4(server.into()));
        if let Some(router) = offer.router
            && let Some(place) = self.places.get(router.into())
            && self.servers.first().is_none_or(|(first, ..)| *first == server)
        {
            place.router = true;
        }
        let Some(first) = first(at, &mut self.servers, (server, mac)) else { return };
        if news.is_of_anybody(at, ("dhcp_spoofing", server, mac)) {
            let named = [("router", offer.router), ("dns", offer.dns)];
            let named = named.iter().filter_map(|(what, address)| {
                address.map(|address| format!("{what} {}", Ipv4Addr::from(address)))
            });
            let given = Ipv4Addr::from(offer.address).to_string();
            let fields = evidence("dhcp_spoofing", mac, &first, &given)
                .with(field::VALUE, named.collect::<Vec<_>>().join(", "));
            found.push(finding(at, Some(server), offer.address.into(), fields));
        }
    }

    /// Hears a message of ICMPv6.
    pub(super) fn neighbour(
        &mut self,
        at: Micros,
        packet: &Packet<'_>,
        message: &[u8],
        news: &mut News,
        found: &mut Vec<Finding>,
    ) {
        let (Some(mac), IpAddr::V6(router)) = (packet.source_mac, packet.source) else { return };
        // One that has come over a router is none (RFC 4861, 6.1.2).
        let is_one = message.first() == Some(&ADVERTISEMENT) && OPTIONS <= message.len();
        if !is_one || packet.header.ttl != 255 || !router.is_unicast_link_local() {
            return;
        }
        let Some(first) = first(at, &mut self.routers, (router, mac)) else { return };
        if news.is_of_anybody(at, ("rogue_router", router, mac)) {
            let fields = evidence("rogue_router", mac, &first, &prefixes(message).join(","));
            found.push(finding(at, Some(IpAddr::V6(router)), Ipv4Addr::UNSPECIFIED, fields));
        }
    }
}

/// Notes who is heard; the first one, as text, when it is somebody else.
fn first<T: Copy + PartialEq + std::fmt::Display>(
    at: Micros,
    known: &mut Vec<(T, Mac, Micros)>,
    (address, mac): (T, Mac),
) -> Option<String> {
    known.retain(|(.., last)| at.saturating_sub(*last) < GONE);
    if let Some((.., last)) = known.iter_mut().find(|(other, card, _)| (*other, *card) == (address, mac)) {
        *last = at;
        return None;
    }
    if known.len() < FIRST {
        known.push((address, mac, at));
        return None;
    }
    known.first().map(|(address, mac, _)| format!("{address} {}", text(*mac)))
}

/// Prefixes that a router advertises.
fn prefixes(message: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = message.get(OPTIONS..).unwrap_or_default();
    while let Some((head, _)) = rest.split_first_chunk::<2>().filter(|_| found.len() < PREFIXES) {
        let length = usize::from(head[1]) * 8;
        let Some((option, after)) = rest.split_at_checked(length).filter(|_| length > 0) else { break };
        let prefix = option.get(16..).and_then(<[u8]>::first_chunk::<16>);
        if let (PREFIX, Some(prefix), Some(bits)) = (head[0], prefix, option.get(2)) {
            found.push(format!("{}/{bits}", Ipv6Addr::from(*prefix)));
        }
        rest = after;
    }
    found
}

fn evidence(technique: &str, mac: Mac, before: &str, targets: &str) -> Fields {
    Fields::default()
        .with(field::TECHNIQUE, technique)
        .with(field::SRC_MAC, text(mac))
        .with(field::BEFORE, before)
        .with(field::TARGETS, targets)
}

fn finding(at: Micros, who: Option<IpAddr>, to: Ipv4Addr, fields: Fields) -> Finding {
    let about = (who.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), None);
    Finding { at, kind: Kind::SpooferDetected, about, to: (IpAddr::V4(to), None), fields: fields.done() }
}

fn text(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
