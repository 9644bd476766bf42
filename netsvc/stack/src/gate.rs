//! The gate: decides for every frame whether a node's stack answers it, a service's kernel gets it, or
//! nobody does; and shapes what goes out.

mod conflict;
mod groups;
mod hearing;
mod introduction;
mod living;
mod resend;

use crate::{
    ambient::{self, Agenda, Asking, Entry, Life, Task},
    bytes::Mac,
    claim::Claims,
    counters::KernelClock,
    dialogue::Dialogues,
    flow::{Flows, Key},
    fragment::Fragments,
    hold::Holds,
    neighbour::Neighbours,
    node::{BadNode, Node},
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, PACKET},
    rate::{Bucket, Buckets},
    recent::Recent,
    roll::{self, Probe, Rolls, Technique},
    sweep::Sweeps,
    table::HashMap,
};
use conflict::Away;
use introduction::Introductions;
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec},
};
use netsvc_wire::Event;
use resend::Resends;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Where a frame comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// The network that peers are on.
    Segment,
    /// The kernel that the services' sockets are in.
    Engine,
    /// The host that checks the nodes from within.
    Probe,
}

/// What takes the gate's frames.
pub trait Output {
    /// Sends `frame`; what cannot be sent is lost, as on a wire.
    fn send(&mut self, port: Port, frame: &[u8]);
}

/// How the gate is wired up.
#[derive(Clone, Copy, Debug)]
pub struct Wiring {
    /// The gate's own address towards the engine, and the engine's; any two where that side is bare IP.
    pub engine: (Mac, Mac),
    /// The probe host: its traffic is passed, but never counted as a probe.
    pub probe: Option<Ipv4Addr>,
}

/// Peers of nodes that ICMP errors are kept count of for, in each of two generations.
const LIMITED: usize = 4096;
/// Errors that come in a burst before the limit bites.
const BURST: u32 = 6;
/// Copies of broadcasts per second that all nodes together get.
const COPIES: u32 = 4096;
/// Messages about groups, and questions to everybody, per second that nodes hear.
const QUERIES: u32 = 20;
const QUESTIONS: u32 = 256;
/// Questions for names per second that are told of, of a burst ten times as many.
const TOLD: u32 = 4;

/// All nodes of a host and what they know of their network.
#[derive(Debug)]
pub struct Gate {
    pub(crate) wiring: Wiring,
    pub(crate) nodes: HashMap<Ipv4Addr, Node>,
    /// What they do of their own accord; who does nothing has none.
    pub(crate) lives: HashMap<Ipv4Addr, Box<Life>>,
    names: BTreeMap<String, Ipv4Addr>,
    /// What others say of nodes' addresses, and the nodes that have gone because of that.
    pub(crate) claims: Claims,
    pub(crate) absent: HashMap<Ipv4Addr, Box<Away>>,
    /// Nodes by hardware address.
    pub(crate) owners: HashMap<Mac, Ipv4Addr>,
    pub(crate) neighbours: Neighbours,
    pub(crate) flows: Flows,
    /// Connections that are held without a socket.
    pub(crate) held: Holds,
    pub(crate) fragments: Fragments,
    /// FTP control connections by node and peer, with the time of their last segment.
    pub(crate) controls: BTreeMap<(Ipv4Addr, Ipv4Addr), i64>,
    pub(crate) dialogues: Dialogues,
    /// ICMP errors of a node to a peer.
    errors: Buckets<(Ipv4Addr, Ipv4Addr)>,
    pub(crate) copies: Bucket,
    pub(crate) queries: Bucket,
    pub(crate) questions: Bucket,
    /// Questions for names that are told of.
    pub(crate) curious: Bucket,
    pub(crate) introductions: Introductions,
    pub(crate) resends: Resends,
    pub(crate) rolls: Rolls,
    pub(crate) sweeps: Sweeps,
    pub(crate) recent: Recent,
    pub(crate) kernel: KernelClock,
    /// What nodes are to do of their own accord.
    pub(crate) agenda: Agenda,
    /// What they have to tell.
    pub(crate) told: Vec<Event>,
    /// What they have said and the others are to hear, and whether they are at it.
    pub(crate) said: Vec<Vec<u8>>,
    pub(crate) overhears: bool,
}

/// Where a frame came in, and from whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) now: i64,
    pub(crate) port: Port,
    pub(crate) mac: Mac,
}

impl Gate {
    /// A gate without nodes.
    pub fn new(wiring: Wiring) -> Self {
        Gate {
            wiring,
            nodes: HashMap::default(),
            lives: HashMap::default(),
            names: BTreeMap::new(),
            claims: Claims::default(),
            absent: HashMap::default(),
            owners: HashMap::default(),
            neighbours: Neighbours::default(),
            flows: Flows::default(),
            held: Holds::default(),
            fragments: Fragments::default(),
            controls: BTreeMap::new(),
            dialogues: Dialogues::default(),
            errors: Buckets::new(LIMITED),
            copies: Bucket::new(COPIES, COPIES),
            queries: Bucket::new(QUERIES, QUERIES),
            questions: Bucket::new(QUESTIONS, QUESTIONS),
            curious: Bucket::new(TOLD, TOLD * 10),
            introductions: Introductions::default(),
            resends: Resends::default(),
            rolls: Rolls::default(),
            sweeps: Sweeps::default(),
            recent: Recent::default(),
            kernel: KernelClock::default(),
            agenda: Agenda::default(),
            told: Vec::new(),
            said: Vec::new(),
            overhears: false,
        }
    }

    /// Takes up a node, or further listeners of one, and tells the segment where it is.
    ///
    /// # Errors
    /// [`BadNode`]; then nothing has changed.
    pub fn add(
        &mut self,
        persona: &Persona,
        services: &[ServiceSpec],
        ports: &[PortSpec],
        out: &mut impl Output,
    ) -> Result<(), BadNode> {
        let mut fresh = Node::new(persona)?;
        let asking = services.iter().find(|service| service.slug == roll::NAMES).map(Asking::new);
        let (address, stays) = (fresh.address, fresh.stays);
        if let Some(away) = self.absent.get_mut(&address) {
            if away.is(&fresh) {
                away.open(services, ports);
                away.stay(fresh.stays);
                if fresh.stays {
                    self.claims.stay(address);
                }
                return Ok(());
            }
            let before = away.name();
            self.remove(&before);
        }
        let same =
            self.nodes.get(&address).is_some_and(|node| node.name == fresh.name && node.mac == fresh.mac);
        if !same {
            self.remove(&persona.node);
            if let Some(before) = self.nodes.get(&address).map(|node| node.name.to_string()) {
                self.remove(&before);
            }
            self.names.insert(persona.node.clone(), address);
            let number = self.agenda.announce(address);
            let life = Life::new(persona, address, number, asking);
            fresh.entrance =
                life.as_ref().map_or_else(|| ambient::entrance(persona, address), |life| life.delay());
            self.lives.extend(life.map(|life| (address, life)));
            let mac = fresh.mac;
            self.owners.insert(mac, address);
            self.nodes.insert(address, fresh);
            self.introduce(address, mac, out);
        } else if let (Some(asking), Some(life)) = (asking, self.lives.get_mut(&address)) {
            let began = life.is_named();
            life.ask_as(asking);
            if !began && life.asks() {
                let (life, task) = (life.number(), Task::Stray(0));
                self.agenda.add(Entry { at: 0, node: address, life, task });
            }
        }
        if let Some(node) = self.nodes.get_mut(&address) {
            node.stays = stays;
            node.open(services, ports);
        }
        Ok(())
    }

    /// Forgets a node.
    pub fn remove(&mut self, name: &str) {
        if let Some(address) = self.names.remove(name) {
            self.absent.remove(&address);
            self.claims.forget(address);
            if let Some(node) = self.nodes.remove(&address) {
                // Another node may have got its hardware address meanwhile.
                if self.owners.get(&node.mac) == Some(&address) {
                    self.owners.remove(&node.mac);
                }
                self.introductions.leave(address, node.mac);
            }
            self.lives.remove(&address);
            self.neighbours.forget(address);
        }
    }

    /// Whether a node is still asking for its address at `now`.
    pub(crate) fn is_asking(&self, now: i64, node: Ipv4Addr) -> bool {
        self.lives.get(&node).is_some_and(|life| life.is_asking(now))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Deals with one frame that came in by `port` at `now`. The frame may be changed.
    pub fn receive(&mut self, now: i64, port: Port, frame: &mut [u8], out: &mut impl Output) {
        if port == Port::Engine {
            return self.outward(now, frame, out);
        }
        // A group sends nothing.
        let Some(mac) = packet::source_mac(frame).filter(|mac| mac[0] & 1 == 0) else { return };
        let arrival = Arrival { now, port, mac };
        match packet::ethertype(frame) {
            ETHERTYPE_ARP => self.arp(arrival, frame, out),
            ETHERTYPE_IPV4 => self.inward(arrival, frame, out),
            // IPv6 too: no node has it.
            _ => {}
        }
    }

    /// Tells of a handshake that its peer let lie.
    pub(crate) fn given_up(&mut self, now: i64, key: &Key) {
        let place = self.neighbours.heard(key.node, key.peer);
        let place = place.or_else(|| self.neighbours.find(now, key.node, key.peer));
        let mac = place.map_or([0; 6], |place| place.mac);
        let arrival = Arrival { now, port: Port::Segment, mac };
        self.probed(arrival, key.peer, key.node, Technique::Syn, Some(key.port), &[]);
    }

    /// Does what is due at `now`: asks for neighbours again, tells of probes, and of what nodes have heard, into
    /// `events`. True while something is kept back, so that there has to be a next time soon.
    pub fn tick(&mut self, now: i64, events: &mut Vec<Event>, out: &mut impl Output) -> bool {
        for (asker, target) in self.neighbours.questions.due(now) {
            self.ask(now, asker, target, out);
        }
        self.check_neighbours(now, out);
        self.look_into_claims(now, out);
        self.resend(now, out);
        self.give_up_pieces(now, out);
        while let Some(key) = self.flows.abandoned(now) {
            self.given_up(now, &key);
        }
        self.rolls.close(now, false, events);
        self.sweeps.close(now, false, events);
        self.held.close(now, false, events);
        events.append(&mut self.told);
        !self.rolls.is_empty()
            || !self.sweeps.is_empty()
            || self.flows.waits()
            || self.neighbours.asks()
            || self.resends.waits()
            || self.fragments.waits()
            || self.held.waits(now)
            || self.claims.waits()
    }

    /// Tells of everything that is kept back, because there will be no next time.
    pub fn finish(&mut self, now: i64, events: &mut Vec<Event>) {
        self.rolls.close(now, true, events);
        self.sweeps.close(now, true, events);
        self.held.close(now, true, events);
        events.append(&mut self.told);
    }

    /// Whether only the probe host may have `address`, and `port` is not where it is.
    pub(crate) fn is_out_of_place(&self, address: Ipv4Addr, port: Port) -> bool {
        (Some(address) == self.wiring.probe) != (port == Port::Probe)
    }

    /// Hands a frame to the services' kernel.
    pub(crate) fn pass(&self, frame: &mut [u8], out: &mut impl Output) {
        let (own, engine) = self.wiring.engine;
        packet::address(frame, engine, own);
        // Padding is no part of the packet, and a bare device would take it for one.
        let total = usize::from(crate::bytes::number16(frame, PACKET + 2));
        let end = PACKET.saturating_add(total).min(frame.len());
        out.send(Port::Engine, frame.get(..end).unwrap_or_default());
    }

    /// Counts a probe of a node, unless it is one of ours.
    pub(crate) fn probed(
        &mut self,
        arrival: Arrival,
        source: Ipv4Addr,
        target: Ipv4Addr,
        technique: Technique,
        port: Option<u16>,
        payload: &[u8],
    ) {
        let ours = Some(source) == self.wiring.probe || self.nodes.contains_key(&source);
        if arrival.port != Port::Segment || ours {
            return;
        }
        let Some(node) = self.nodes.get(&target) else { return };
        let probe = Probe { source, node: target, technique };
        self.rolls.add(arrival.now, probe, &node.name, arrival.mac, port, payload);
    }

    /// Whether a node may send `peer` another ICMP error: `per_second` to each peer after a burst, and
    /// `in_all` within a second; 0: no limit.
    pub(crate) fn may_err(
        &mut self,
        now: i64,
        node: Ipv4Addr,
        peer: Ipv4Addr,
        (per_second, in_all): (u32, u32),
    ) -> bool {
        let fresh = Bucket::new(per_second, BURST);
        if per_second > 0 && !self.errors.take(now, (node, peer), fresh) {
            return false;
        }
        in_all == 0 || self.nodes.get_mut(&node).is_some_and(|node| node.errors.take(now, in_all))
    }
}
