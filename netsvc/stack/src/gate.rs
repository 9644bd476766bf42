//! The gate: decides for every frame whether a node's stack answers it, a service's kernel gets it, or
//! nobody does; and shapes what goes out.

use crate::{
    ambient::{Agenda, Life},
    arp,
    bytes::{BROADCAST, Mac},
    counters::KernelClock,
    flow::Flows,
    fragment::Fragments,
    neighbour::{Neighbours, Place},
    node::{BadNode, Node},
    packet::{self, ETHERTYPE_ARP, ETHERTYPE_IPV4, PACKET},
    recent::Recent,
    roll::{Probe, Rolls, Technique},
    sweep::{Method, Sweeps},
};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec},
};
use netsvc_wire::Event;
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

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

/// Sources of ICMP errors that are kept count of, for their limit.
const LIMITED: usize = 4096;
/// Errors that come in a burst before the limit bites.
const BURST: u32 = 6;

/// All nodes of a host and what they know of their network.
#[derive(Debug)]
pub struct Gate {
    pub(crate) wiring: Wiring,
    pub(crate) nodes: HashMap<Ipv4Addr, Node>,
    names: BTreeMap<String, Ipv4Addr>,
    pub(crate) neighbours: Neighbours,
    pub(crate) flows: Flows,
    pub(crate) fragments: Fragments,
    /// FTP control connections by node and peer, with the time of their last segment.
    pub(crate) controls: BTreeMap<(Ipv4Addr, Ipv4Addr), i64>,
    /// Times at which further ICMP errors may go to a peer of a node: full bucket.
    errors: HashMap<(Ipv4Addr, Ipv4Addr), i64>,
    pub(crate) rolls: Rolls,
    pub(crate) sweeps: Sweeps,
    pub(crate) recent: Recent,
    pub(crate) kernel: KernelClock,
    /// What nodes are to do of their own accord.
    pub(crate) agenda: Agenda,
    /// What they have to tell.
    pub(crate) told: Vec<Event>,
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
            nodes: HashMap::new(),
            names: BTreeMap::new(),
            neighbours: Neighbours::default(),
            flows: Flows::default(),
            fragments: Fragments::default(),
            controls: BTreeMap::new(),
            errors: HashMap::new(),
            rolls: Rolls::default(),
            sweeps: Sweeps::default(),
            recent: Recent::default(),
            kernel: KernelClock::default(),
            agenda: Agenda::default(),
            told: Vec::new(),
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
        let address = fresh.address;
        let same =
            self.nodes.get(&address).is_some_and(|node| node.name == fresh.name && node.mac == fresh.mac);
        if !same {
            self.remove(&persona.node);
            out.send(Port::Segment, &arp::announcement(fresh.mac, address));
            self.names.insert(persona.node.clone(), address);
            let number = self.agenda.announce(address);
            fresh.life = Life::new(persona, address, number);
            self.nodes.insert(address, fresh);
        }
        if let Some(node) = self.nodes.get_mut(&address) {
            node.open(services, ports);
        }
        Ok(())
    }

    /// Forgets a node.
    pub fn remove(&mut self, name: &str) {
        if let Some(address) = self.names.remove(name) {
            self.nodes.remove(&address);
        }
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
        let Some(mac) = packet::source_mac(frame) else { return };
        let arrival = Arrival { now, port, mac };
        match packet::ethertype(frame) {
            ETHERTYPE_ARP => self.arp(arrival, frame, out),
            ETHERTYPE_IPV4 => self.inward(arrival, frame, out),
            // IPv6 too: no node has it.
            _ => {}
        }
    }

    /// Does what is due at `now`: asks for neighbours again, tells of probes into `events`. True while
    /// something is kept back, so that there has to be a next time soon.
    pub fn tick(&mut self, now: i64, events: &mut Vec<Event>, out: &mut impl Output) -> bool {
        for (asker, target) in self.neighbours.due(now) {
            self.ask(asker, target, out);
        }
        while let Some(key) = self.flows.abandoned(now) {
            let mac = self.neighbours.find(key.peer).map_or([0; 6], |place| place.mac);
            let arrival = Arrival { now, port: Port::Segment, mac };
            self.probed(arrival, key.peer, key.node, Technique::Syn, Some(key.port), &[]);
        }
        self.rolls.close(now, false, events);
        self.sweeps.close(now, false, events);
        !self.rolls.is_empty() || !self.sweeps.is_empty() || self.flows.waits() || self.neighbours.asks()
    }

    /// Tells of everything that is kept back, because there will be no next time.
    pub fn finish(&mut self, now: i64, events: &mut Vec<Event>) {
        self.rolls.close(now, true, events);
        self.sweeps.close(now, true, events);
    }

    fn arp(&mut self, arrival: Arrival, frame: &[u8], out: &mut impl Output) {
        let Some(message) = arp::Message::parse(frame) else { return };
        if let Some(node) = self.nodes.get(&message.sender) {
            // A frame of its own that the segment gives back.
            if node.mac == message.sender_mac {
                return;
            }
            // Somebody claims a node's address; the owner does not give it up.
            let probe = Probe { source: node.address, node: node.address, technique: Technique::Spoofed };
            return self.rolls.add(arrival.now, probe, &node.name, arrival.mac, None, &[]);
        }
        if self.is_out_of_place(message.sender, arrival.port) {
            return;
        }
        self.note_sweep(arrival, &message);
        if !message.request && arrival.port == Port::Segment {
            self.hear_place(arrival.now, &message, out);
        }
        let to = packet::destination_mac(frame);
        let hears =
            |node: &&Node| (to == Some(BROADCAST) || to == Some(node.mac)) && !node.is_asking(arrival.now);
        let node = self.nodes.get(&message.target).filter(hears);
        let answer =
            node.filter(|_| message.request).map(|node| arp::reply(&message, node.mac, node.address));
        // As RFC 826 has it: whoever talks to us is noted, whoever is known is updated.
        let known = self.neighbours.find(message.sender).is_some();
        if !message.sender.is_unspecified() && (known || node.is_some()) {
            self.learn(message.sender, Place { port: arrival.port, mac: message.sender_mac }, out);
        }
        if let Some(answer) = answer {
            out.send(arrival.port, &answer);
        }
    }

    /// Whether only the probe host may have `address`, and `port` is not where it is.
    pub(crate) fn is_out_of_place(&self, address: Ipv4Addr, port: Port) -> bool {
        (Some(address) == self.wiring.probe) != (port == Port::Probe)
    }

    fn note_sweep(&mut self, arrival: Arrival, message: &arp::Message) {
        let Arrival { now, port, mac } = arrival;
        // A gateway asks for whoever others send to; a host that asks for itself announces itself.
        let gateway = self.nodes.values().next().and_then(|node| node.gateway);
        let plain = message.sender == message.target || message.sender.is_unspecified();
        if !message.request || port != Port::Segment || plain || gateway == Some(message.sender) {
            return;
        }
        let name = self.nodes.get(&message.target).map(|node| &node.name);
        self.sweeps.add(now, message.sender, mac, Method::Arp, message.target, name);
    }

    /// Notes where a host is, and sends what waited for it.
    pub(crate) fn learn(&mut self, address: Ipv4Addr, place: Place, out: &mut impl Output) {
        for mut frame in self.neighbours.learn(address, place) {
            let own = packet::source_mac(&frame).unwrap_or_default();
            packet::address(&mut frame, place.mac, own);
            out.send(place.port, &frame);
        }
    }

    /// Asks the segment for `target` in the name of the node `asker`.
    pub(crate) fn ask(&self, asker: Ipv4Addr, target: Ipv4Addr, out: &mut impl Output) {
        if let Some(node) = self.nodes.get(&asker) {
            out.send(Port::Segment, &arp::request(node.mac, node.address, target));
        }
    }

    /// Sends a packet that a node's stack made back to where `arrival` came from.
    pub(crate) fn reply(&self, arrival: Arrival, own: Mac, packet: &[u8], out: &mut impl Output) {
        let (destination, source) = match arrival.port {
            Port::Engine => (self.wiring.engine.1, self.wiring.engine.0),
            Port::Segment | Port::Probe => (arrival.mac, own),
        };
        out.send(arrival.port, &packet::frame(destination, source, ETHERTYPE_IPV4, packet));
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

    /// Whether a node may send `peer` another ICMP error, at `per_second` after a burst.
    pub(crate) fn may_err(&mut self, now: i64, node: Ipv4Addr, peer: Ipv4Addr, per_second: u32) -> bool {
        let Some(pause) = 1_000_000_i64.checked_div(i64::from(per_second)) else { return true };
        if self.errors.len() >= LIMITED {
            self.errors.retain(|_, free| *free > now);
            if self.errors.len() >= LIMITED {
                return false;
            }
        }
        let free = self.errors.entry((node, peer)).or_insert(now);
        let begun = (*free).max(now);
        if begun.saturating_sub(now) > pause.saturating_mul(i64::from(BURST - 1)) {
            return false;
        }
        *free = begun.saturating_add(pause);
        true
    }
}
