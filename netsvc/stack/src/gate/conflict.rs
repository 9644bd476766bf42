//! What the gate does when somebody says that he has a node's address: it defends, asks, and lets the node go or
//! stay ([`crate::claim`]). A node that has gone is nowhere in the gate but here: nothing reaches it, and nothing
//! of it leaves.

use super::{Arrival, Gate, Output, Port};
use crate::{
    ambient::Life,
    arp,
    bytes::{BROADCAST, Mac},
    claim::Act,
    node::Node,
    roll::{app, mac_text},
};
use netsvc_persona::stage::{AbsentNode, PortSpec, ServiceSpec};
use netsvc_wire::{Event, Kind, field};
use std::net::Ipv4Addr;

/// Nodes that are named at once as gone.
const NAMED: usize = 512;

/// Of so many nodes one may be gone at a time, and one of fewer: whoever has many cards does not empty the segment.
const SPARED: usize = 8;

/// A node that has gone.
#[derive(Debug)]
pub(crate) struct Away {
    node: Node,
    life: Option<Box<Life>>,
}

impl Away {
    /// Whether it is the node `other`.
    pub(super) fn is(&self, other: &Node) -> bool {
        (&self.node.name, self.node.mac) == (&other.name, other.mac)
    }

    pub(super) fn name(&self) -> String {
        self.node.name.to_string()
    }

    /// Takes up whether it stays.
    pub(super) fn stay(&mut self, stays: bool) {
        self.node.stays = stays;
    }

    /// Takes up listeners.
    pub(super) fn open(&mut self, services: &[ServiceSpec], ports: &[PortSpec]) {
        self.node.open(services, ports);
    }
}

impl Gate {
    /// Hears an ARP message of another host in which a node's address is the sender's.
    pub(crate) fn contested(
        &mut self,
        arrival: Arrival,
        to: Mac,
        message: &arp::Message,
        out: &mut impl Output,
    ) {
        if arrival.port != Port::Segment {
            return;
        }
        let (node, mac) = (message.sender, message.sender_mac);
        let alone = self.nodes.get(&node).is_some_and(|own| own.mac == to);
        if alone && !message.request {
            return self.claims.answered(node, mac);
        }
        if !self.owners.contains_key(&mac) && self.claims.heard(arrival.now, node, mac, true) {
            self.defend(arrival.now, node, out);
            self.tell_conflict(arrival.now, node, mac, "defended", None);
        }
    }

    /// Another host sends from a node's address, or is given it by a server. Nothing is said to that but questions.
    pub(crate) fn suspected(&mut self, now: i64, node: Ipv4Addr, mac: Mac) {
        if !self.owners.contains_key(&mac) && self.claims.heard(now, node, mac, false) {
            self.tell_conflict(now, node, mac, "suspected", None);
        }
    }

    /// Another host asks whether somebody has the node's address, because it is about to take it (RFC 5227, 2.1).
    pub(crate) fn hear_candidate(&mut self, arrival: Arrival, message: &arp::Message) {
        let (node, mac) = (message.target, message.sender_mac);
        let asked = message.request && message.sender.is_unspecified();
        if !asked || arrival.port != Port::Segment || self.owners.contains_key(&mac) {
            return;
        }
        // A server that the node has asked for its address looks first whether it is free.
        if self.is_asking(arrival.now, node) || !self.nodes.contains_key(&node) {
            return;
        }
        if self.claims.wanted(arrival.now, node) {
            self.tell_conflict(arrival.now, node, mac, "asked for", None);
        }
    }

    /// Whether somebody who has the address of a node that has gone is heard; it is noted.
    pub(crate) fn hear_successor(&mut self, arrival: Arrival, address: Ipv4Addr) {
        if arrival.port == Port::Segment && !self.absent.is_empty() {
            self.claims.still(arrival.now, address, arrival.mac);
        }
    }

    /// Does what is due about claims.
    pub(crate) fn look_into_claims(&mut self, now: i64, out: &mut impl Output) {
        let (nodes, neighbours) = (&self.nodes, &self.neighbours);
        let most = ((nodes.len() + self.absent.len()) / SPARED).max(1);
        // Some gateways answer for everybody.
        let may_go = |node: Ipv4Addr, mac: Mac| {
            let own = nodes.get(&node).filter(|own| !own.stays);
            let place =
                own.and_then(|own| own.gateway).and_then(|gateway| neighbours.find(now, node, gateway));
            own.is_some() && place.is_none_or(|place| place.mac != mac)
        };
        for (node, act) in self.claims.due(now, most, may_go) {
            match act {
                Act::Ask(mac) => self.question(node, mac, out),
                Act::AskAll => self.question(node, BROADCAST, out),
                Act::Withdraw(mac) => self.withdraw(now, node, mac),
                Act::Keep { mac, claims, said, answers } => {
                    self.tell_conflict(now, node, mac, "kept", Some(claims));
                    if said {
                        self.defend(now, node, out);
                    }
                    if said && !answers {
                        self.tell_spoofer(now, node, mac, claims);
                    }
                }
                Act::Return => self.come_back(now, node, out),
            }
        }
    }

    /// The nodes that have gone because somebody else has their address.
    pub fn absent(&self) -> Vec<AbsentNode> {
        let named = first_gone(self.claims.gone().collect()).into_iter();
        let named = named.filter_map(|(node, mac, since)| {
            let away = self.absent.get(&node)?;
            Some(AbsentNode { node: away.name(), mac: mac_text(mac), since })
        });
        named.collect()
    }

    /// Says where the address is.
    fn defend(&mut self, now: i64, node: Ipv4Addr, out: &mut impl Output) {
        if let Some(own) = self.nodes.get(&node) {
            let frame = arp::announcement(own.mac, own.address);
            self.say(now, frame, out);
        }
    }

    /// Asks `to` whether it has the address, as one who is about to take it: nobody's cache learns anything.
    fn question(&self, node: Ipv4Addr, to: Mac, out: &mut impl Output) {
        let away = self.absent.get(&node).map(|away| &away.node);
        if let Some(own) = self.nodes.get(&node).or(away) {
            out.send(Port::Segment, &arp::check(own.mac, Ipv4Addr::UNSPECIFIED, to, node));
        }
    }

    fn withdraw(&mut self, now: i64, node: Ipv4Addr, mac: Mac) {
        self.tell_conflict(now, node, mac, "withdrawn", None);
        let Some(own) = self.nodes.remove(&node) else { return };
        if self.owners.get(&own.mac) == Some(&node) {
            self.owners.remove(&own.mac);
        }
        self.introductions.leave(node, own.mac);
        self.neighbours.forget(node);
        let life = self.lives.remove(&node);
        self.absent.insert(node, Box::new(Away { node: own, life }));
    }

    fn come_back(&mut self, now: i64, node: Ipv4Addr, out: &mut impl Output) {
        let Some(away) = self.absent.remove(&node) else { return };
        let Away { node: own, life } = *away;
        let mac = own.mac;
        if let Some(mut life) = life {
            life.begin_again(self.agenda.announce(node));
            self.lives.insert(node, life);
        }
        self.owners.insert(mac, node);
        self.nodes.insert(node, own);
        self.introduce(node, mac, out);
        self.tell_conflict(now, node, mac, "returned", None);
    }

    fn tell_conflict(&mut self, now: i64, node: Ipv4Addr, mac: Mac, outcome: &str, claims: Option<u32>) {
        let Some(own) = self.nodes.get(&node) else { return };
        let mut event = Event::new(now, own.name.clone(), app(), Kind::AddressConflict)
            .with(field::OUTCOME, outcome)
            .with(field::DST_IP, node.to_string())
            .with(field::DST_MAC, mac_text(own.mac));
        if mac != own.mac {
            event = event.with(field::SRC_MAC, mac_text(mac));
        }
        if let Some(claims) = claims {
            event = event.with(field::COUNT, claims.to_string());
        }
        self.told.push(event);
    }

    /// Tells of who says that he has an address and does not answer for it.
    fn tell_spoofer(&mut self, now: i64, node: Ipv4Addr, mac: Mac, claims: u32) {
        let Some(own) = self.nodes.get(&node) else { return };
        let mut event = Event::new(now, own.name.clone(), app(), Kind::SpooferDetected)
            .with(field::TECHNIQUE, "arp_spoofing")
            .with(field::SRC_MAC, mac_text(mac))
            .with(field::DST_IP, node.to_string())
            .with(field::DST_MAC, mac_text(own.mac))
            .with(field::TARGETS, node.to_string())
            .with(field::COUNT, claims.to_string());
        if let Some(address) = self.neighbours.address_of(mac) {
            event = event.with(field::SRC_IP, address.to_string());
        }
        self.told.push(event);
    }
}

/// Those that are named where more are gone than can be: those that went first. Who is named once is named until he
/// comes back, whoever goes after him.
fn first_gone(mut gone: Vec<(Ipv4Addr, Mac, i64)>) -> Vec<(Ipv4Addr, Mac, i64)> {
    gone.sort_unstable_by_key(|(node, _, since)| (*since, *node));
    gone.truncate(NAMED);
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_as_gone_is_named_whoever_goes_after_him() {
        let gone = |node: u32, since: i64| (Ipv4Addr::from_bits(node), [2, 0, 0, 0, 0, 1], since);
        let first: Vec<_> = (0..512).map(|number| gone(1000 + number, 5)).collect();
        // Addresses before and after theirs.
        let later = (0..900).map(|number| gone(number, 6)).chain((2000..2900).map(|number| gone(number, 7)));
        let all: Vec<_> = later.chain(first.clone()).collect();
        assert_eq!(first_gone(all), first);
        assert_eq!(first_gone(first[..9].to_vec()), first[..9]);
    }
}
