//! The life of one node: the habits of its system at work.

mod astray;
mod groups;
mod late;

use super::{
    Task, Turn,
    chance::{Chance, SECOND},
    dhcp::{self, Applicant, Said},
    dns::{self, Lookup},
    habit::{self, Habits},
    membership::Member,
    multicast::{self, Multicast},
    names::{self, Names},
    netbios::{self, Claim, Host},
    ntp,
    reach::Reach,
    roughly,
    servers::{Kind, Known},
    speech::{self, Speech},
    ssdp::{self, Announcer},
    stray::{Asking, Stray},
    wsd::Endpoint,
};
use crate::{bytes::Mac, node::Node};
use late::Late;
use netsvc_persona::Persona;
use std::net::{IpAddr, Ipv4Addr};

/// Seconds over which the links of nodes come up that came together.
const STAGGER: (i64, i64) = (1, 25);
/// Repetitions of a NetBIOS registration.
const REGISTRATIONS: u8 = 4;
/// Time between repetitions of a registration, µs.
const REGISTRATION_PAUSE: i64 = 750_000;
/// Steps of multicast DNS: probes, then announcements (RFC 6762, 8).
const PROBES: u8 = 3;
const ANNOUNCEMENTS: u8 = 5;
/// Seconds between announcements of the browser service, once it has settled ([MS-BRWS] 3.2.6).
const BROWSE: i64 = 720;
/// Repetitions of a search, and the time between them, µs.
const SEARCHES: u8 = 3;
/// Copies of a greeting by WS-Discovery (MULTICAST_UDP_REPEAT).
const HELLOS: u8 = 4;
const SEARCH_PAUSE: i64 = 3 * SECOND;

/// Hosts of the segment, beside the last, that a node keeps in mind.
const REACHES: usize = 3;

/// A node's life.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    number: u64,
    pub(super) habits: Habits,
    pub(super) chance: Chance,
    /// Who it says it is.
    pub(super) names: Names,
    /// How it asks for names that nobody has, and the last such question.
    pub(super) asking: Option<Asking>,
    pub(super) stray: Option<Box<Stray>>,
    /// The device that it announces by SSDP, and what can be found by WS-Discovery.
    pub(super) announcer: Option<Box<Announcer>>,
    pub(super) endpoint: Option<Box<Endpoint>>,
    /// Answers that wait.
    late: Vec<Late>,
    /// Until when nothing is answered by multicast DNS to everybody, µs.
    pub(super) said_until: i64,
    /// Ports of the last search by SSDP, and of the last question for a proxy.
    pub(super) search_port: u16,
    proxy_port: u16,
    machine: u64,
    /// Whether it speaks at all, beside asking for its address.
    ambient: bool,
    pub(super) reaches: Vec<Reach>,
    pub(super) servers: Known,
    member: Member,
    pub(super) time: Option<ntp::Client>,
    pub(super) lookup: Option<Lookup>,
    pub(super) lease: Option<dhcp::Client>,
}

impl Life {
    /// The life of a persona; `None` when it says nothing at all.
    /// `asking` says how the service asks that answers for its names, where it has that.
    pub(crate) fn new(
        persona: &Persona,
        address: Ipv4Addr,
        number: u64,
        asking: Option<Asking>,
    ) -> Option<Box<Self>> {
        let said = &persona.life;
        if !said.ambient && !said.dhcp && asking.is_none() {
            return None;
        }
        let habits =
            if asking.is_some() { names::habits_with_names(persona) } else { habit::of(&persona.os) };
        let mut chance = chance_of(persona, address);
        let gateway = match persona.gateway {
            Some(IpAddr::V4(gateway)) => Some(gateway),
            _ => None,
        };
        Some(Box::new(Life {
            number,
            names: Names::new(persona, &habits),
            asking,
            stray: None,
            announcer: Announcer::new(persona).filter(|_| said.ambient),
            endpoint: Endpoint::new(persona).filter(|_| said.ambient),
            late: Vec::new(),
            said_until: 0,
            search_port: 0,
            proxy_port: 0,
            machine: chance.next(),
            ambient: said.ambient,
            reaches: gateway.map(Reach::new).into_iter().collect(),
            servers: Known::new(&said.servers, gateway),
            member: Member::default(),
            time: habits.clock.map(ntp::Client::new),
            lookup: None,
            lease: said.dhcp.then(|| dhcp::Client::new(habits.dhcp)),
            habits,
            chance,
        }))
    }

    /// Which life of the gate it is.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Its link will come up again, and it is the life `number` from then on.
    pub(crate) fn begin_again(&mut self, number: u64) {
        self.number = number;
        (self.stray, self.lookup, self.said_until) = (None, None, 0);
        self.late.clear();
        self.member = Member::default();
        self.time = self.habits.clock.map(ntp::Client::new);
        self.lease = self.lease.take().map(|_| dhcp::Client::new(self.habits.dhcp));
    }

    /// How long its link takes to come up, µs.
    pub(crate) fn delay(&self) -> i64 {
        self.chance.clone().seconds(STAGGER)
    }

    /// Whether it speaks, beside asking for its address.
    pub(super) fn speaks(&self) -> bool {
        self.ambient
    }

    /// Does what is due.
    pub(crate) fn act(&mut self, task: Task, turn: &mut Turn<'_>) {
        match task {
            Task::Begin => self.begin(turn),
            Task::Resolve => self.reaches.iter_mut().for_each(|reach| reach.resolve(turn)),
            Task::Verify => self.reaches.iter_mut().for_each(|reach| reach.verify(turn)),
            Task::Time => self.ask_time(turn),
            Task::LookUp => self.look_up(turn),
            Task::LookUpAgain => self.look_up_again(turn),
            Task::Join(turns) => self.join(turns, turn),
            Task::Report(number) => self.answer_query(number, turn),
            Task::Name(step) => self.name(step, turn),
            Task::LinkName(step) => self.link_name(step, turn),
            Task::Register(turns) => self.register(turns, turn),
            Task::Browse(turns) => self.browse(turns, turn),
            Task::Proxy => self.proxy(turn),
            Task::Stray(step) => self.go_astray(step, turn),
            Task::Search(turns) => self.search(turns, turn),
            Task::Notify => self.notify(turn),
            Task::Hello => self.hello(turn),
            Task::Answer => self.answer_late(turn),
            Task::Lease => self.ask_address(turn),
        }
    }

    /// Puts on the agenda what a link that comes up brings with it.
    fn begin(&mut self, turn: &mut Turn<'_>) {
        if self.lease.is_some() {
            turn.later(self.chance.between(0, SECOND), Task::Lease);
        }
        if self.asks() {
            turn.later(self.chance.seconds((10, 40)), Task::Stray(0));
        }
        if !self.ambient {
            return;
        }
        let (habits, served) = (self.habits, self.may_have_servers());
        let joins = self.joins();
        let (announces, is_endpoint) = (self.announcer.is_some(), self.endpoint.is_some());
        let mut after = |low: i64, high: i64, task: Task| {
            let delay = self.chance.between(low * SECOND / 10, high * SECOND / 10);
            turn.later(delay, task);
        };
        if joins {
            after(0, 4, Task::Join(0));
        }
        if habits.multicast.is_some() {
            after(4, 10, Task::Name(0));
        }
        if habits.llmnr {
            after(3, 9, Task::LinkName(0));
        }
        if habits.netbios.is_some() {
            after(5, 15, Task::Register(0));
        }
        if habits.netbios.is_some_and(|netbios| netbios.browser.is_some()) {
            after(40, 90, Task::Browse(0));
        }
        if habits.searches {
            after(60, 150, Task::Search(0));
        }
        if announces {
            after(20, 60, Task::Notify);
        }
        if is_endpoint {
            after(10, 30, Task::Hello);
        }
        match habits.lookups.filter(|_| served) {
            Some(lookups) if lookups.first.is_empty() => after(600, lookups.pause.1 * 10, Task::LookUp),
            Some(_) => after(15, 60, Task::LookUp),
            None => {}
        }
        if served && self.time.is_some() {
            after(20, 120, Task::Time);
        }
        if habits.kernel == speech::Kernel::Windows && habits.searches {
            after(100, 300, Task::Proxy);
        }
    }

    /// Whether there is somebody to ask, or will be.
    fn may_have_servers(&self) -> bool {
        let has = |kind| 0 < self.servers.count(kind);
        has(Kind::Names) || has(Kind::Time) || self.lease.is_some()
    }

    /// The packet of a datagram.
    pub(crate) fn packet(&mut self, node: &mut Node, speech: &Speech) -> Vec<u8> {
        let number = self.chance.next16();
        speech::packet(node, self.habits.kernel, number, speech)
    }

    /// Sends a datagram: to a group, to everybody, to one host of the segment, or by the gateway to a server that
    /// the settings name. Nowhere else.
    pub(super) fn say(&mut self, turn: &mut Turn<'_>, speech: &Speech) {
        let packet = self.packet(turn.node, speech);
        if let Some(frame) = speech::to_many(turn.node, &packet) {
            return turn.frames.push(frame);
        }
        let trust = self.habits.trust;
        let host = if turn.node.on_segment(speech.to.0) {
            speech.to.0
        } else if let Some(gateway) = turn.node.gateway.filter(|_| self.servers.allows(speech.to.0)) {
            gateway
        } else {
            return;
        };
        if !self.reaches.iter().any(|reach| reach.host == host) {
            // The gateway first, then the servers that were asked last.
            self.reaches.truncate(REACHES);
            self.reaches.push(Reach::new(host));
        }
        if let Some(reach) = self.reaches.iter_mut().find(|reach| reach.host == host) {
            reach.send(turn, trust, packet);
        }
    }

    /// A host of the segment has said where it is.
    pub(crate) fn found(&mut self, turn: &mut Turn<'_>, host: Ipv4Addr, mac: Mac) {
        let trust = self.habits.trust;
        if let Some(reach) = self.reaches.iter_mut().find(|reach| reach.host == host) {
            reach.found(turn, trust, &mut self.chance, mac);
        }
    }

    fn name(&mut self, step: u8, turn: &mut Turn<'_>) {
        let Some(how) = self.habits.multicast else { return };
        let identity = self.names.identity(turn.node.address);
        let speech = if step < PROBES {
            multicast::probe(how, &identity)
        } else if step < ANNOUNCEMENTS {
            multicast::announcement(how, &identity, |port| turn.node.listens(port))
        } else {
            let Multicast::Full { asks, .. } = how else { return };
            multicast::search(how, asks)
        };
        let wait = match step {
            _ if step < PROBES => 250_000,
            _ if step + 1 < ANNOUNCEMENTS => SECOND,
            _ => self.chance.seconds((1_800, 5_400)),
        };
        let asks = matches!(how, Multicast::Full { asks, .. } if !asks.is_empty());
        if step + 1 < ANNOUNCEMENTS || asks {
            turn.later(wait, Task::Name((step + 1).min(ANNOUNCEMENTS)));
        }
        self.say(turn, &speech);
    }

    fn link_name(&mut self, step: u8, turn: &mut Turn<'_>) {
        // Both questions are one, so they have one number and one port.
        let mut one = Chance::new(self.machine, 5355);
        let (id, from) = (one.next16(), one.port(self.habits.ports));
        let host = self.names.host.clone();
        self.say(turn, &multicast::llmnr(id, from, &host, dns::ANY));
        if step == 0 {
            turn.later(self.chance.between(95_000, 115_000), Task::LinkName(1));
        }
    }

    fn register(&mut self, turns: u8, turn: &mut Turn<'_>) {
        let (host, group) = self.names.netbios.clone();
        let (own, broadcast) = (turn.node.address, turn.node.broadcast());
        let mut one = Chance::new(self.machine, 137);
        for (name, suffix, group) in [
            (&host, netbios::WORKSTATION, false),
            (&group, netbios::WORKSTATION, true),
            (&host, netbios::SERVER, false),
        ] {
            let claim = Claim { name, suffix, group };
            self.say(turn, &netbios::registration(one.next16() | 0x8000, broadcast, &claim, own));
        }
        if turns + 1 < REGISTRATIONS {
            turn.later(REGISTRATION_PAUSE + self.chance.between(0, 20_000), Task::Register(turns + 1));
        }
    }

    fn browse(&mut self, turns: u8, turn: &mut Turn<'_>) {
        let Some(about) = self.habits.netbios.and_then(|netbios| netbios.browser) else { return };
        // A minute first, then two, four, eight, and twelve for good.
        let seconds = (60_i64 << turns.min(4)).min(BROWSE);
        let period = u32::try_from(seconds.saturating_mul(1000)).unwrap_or_default();
        let (host, group) = self.names.netbios.clone();
        let host = Host { name: &host, group: &group, period, about };
        let id = self.chance.next16() | 0x8000;
        let speech = netbios::host_announcement(id, turn.node.address, turn.node.broadcast(), &host);
        turn.later(seconds * SECOND + self.chance.between(0, 2 * SECOND), Task::Browse((turns + 1).min(4)));
        self.say(turn, &speech);
    }

    /// Windows looks for a proxy (WPAD) by every name service that it has, now and then.
    fn proxy(&mut self, turn: &mut Turn<'_>) {
        let stray = Stray::new("wpad", &mut self.chance, self.habits.ports, turn.now);
        self.proxy_port = stray.from;
        self.say(turn, &multicast::llmnr(stray.id, stray.from, "wpad", dns::A));
        let broadcast = turn.node.broadcast();
        self.say(turn, &netbios::query(stray.netbios, broadcast, "WPAD", netbios::WORKSTATION));
        self.stray = Some(Box::new(stray));
        turn.later(self.chance.seconds((3_600, 14_400)), Task::Proxy);
    }

    fn search(&mut self, turns: u8, turn: &mut Turn<'_>) {
        let mut one = Chance::new(self.machine, 1900);
        let from = one.port(self.habits.ports);
        self.search_port = from;
        let windows = self.habits.kernel == speech::Kernel::Windows;
        if turns + 1 < SEARCHES {
            turn.later(SEARCH_PAUSE + self.chance.between(0, SECOND / 20), Task::Search(turns + 1));
        } else {
            turn.later(self.chance.seconds((1_200, 4_800)), Task::Search(0));
        }
        self.say(turn, &ssdp::search(from, windows));
    }

    fn notify(&mut self, turn: &mut Turn<'_>) {
        let Some(announcer) = &self.announcer else { return };
        let mut one = Chance::new(self.machine, 1901);
        let from = one.port(self.habits.ports);
        for speech in announcer.alive(from, turn.node.address, |port| turn.node.listens(port)) {
            self.say(turn, &speech);
        }
        turn.later(roughly(&mut self.chance, 800), Task::Notify);
    }

    /// Says by WS-Discovery that it is there; the same message is sent again a moment later.
    fn hello(&mut self, turn: &mut Turn<'_>) {
        let Some(endpoint) = &mut self.endpoint else { return };
        let speech = endpoint.hello(&mut self.chance, turn.node.address, |port| turn.node.listens(port));
        let mut delay = 0;
        let mut pause = self.chance.between(50_000, 250_000);
        for _ in 1..HELLOS {
            delay += pause;
            pause = (pause * 2).min(SECOND / 2);
            self.say_later(turn, delay, None, speech.clone());
        }
        self.say(turn, &speech);
    }

    fn ask_address(&mut self, turn: &mut Turn<'_>) {
        let (machine, address, mac) = (self.machine, turn.node.address, turn.node.mac);
        let Some(lease) = &mut self.lease else { return };
        let who = Applicant { mac, address, host: &self.names.host, machine };
        let said = lease.act(turn, &mut self.chance, &who);
        self.note_lease(turn);
        match said {
            Some(Said::Frame(frame)) => turn.frames.push(frame),
            Some(Said::Unicast(speech)) => self.say(turn, &speech),
            None => {}
        }
    }

    /// Takes the message of a DHCP server; true when it was for this node's client.
    pub(crate) fn hear_lease(&mut self, turn: &mut Turn<'_>, reply: &dhcp::Reply) -> bool {
        let Some(lease) = &mut self.lease else { return false };
        let heard = lease.hear(turn, reply, &mut self.chance);
        self.note_lease(turn);
        heard
    }

    /// Asks the servers that a lease names from now on.
    fn note_lease(&mut self, turn: &Turn<'_>) {
        if let Some((names, time)) = self.lease.as_mut().and_then(dhcp::Client::named) {
            self.servers.lease(turn.node, &names, &time);
        }
    }

    /// Whether the node knows where `host` is, or asks for it.
    pub(crate) fn knows(&self, host: Ipv4Addr) -> bool {
        self.reaches.iter().any(|reach| reach.host == host && reach.is_open())
    }

    /// Whether the node has no address yet, and so answers neither ARP nor pings.
    pub(crate) fn is_asking(&self, now: i64) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.is_asking(now))
    }

    /// Whether the node will ask for its address, or does so now.
    pub(crate) fn is_without_address(&self, now: i64) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.is_before(now))
    }

    /// Whether a client or a responder of the system has a UDP port open, beside those of services: what
    /// comes there meets no "port unreachable".
    pub(crate) fn holds(&self, port: u16) -> bool {
        let habits = &self.habits;
        let open = match port {
            5353 => habits.multicast.is_some(),
            5355 => habits.llmnr,
            netbios::NAMES | netbios::DATAGRAMS => habits.netbios.is_some(),
            ntp::NTP => matches!(habits.clock, Some(habit::Clock::Ntpd | habit::Clock::W32Time(_))),
            1900 => self.announcer.is_some() || (habits.searches && habits.kernel == speech::Kernel::Windows),
            3702 => self.endpoint.is_some(),
            _ if port == self.search_port || port == self.proxy_port => port != 0,
            _ => false,
        };
        let client = self.time.as_ref().is_some_and(|time| time.waits(port))
            || self.lookup.as_ref().is_some_and(|lookup| lookup.waits(port));
        (self.ambient || self.is_named()) && (open || client)
            || port == dhcp::CLIENT_PORT && self.lease.is_some()
    }
}

/// How long the link of a persona that has no life takes to come up, µs.
pub(crate) fn entrance(persona: &Persona, address: Ipv4Addr) -> i64 {
    chance_of(persona, address).seconds(STAGGER)
}

fn chance_of(persona: &Persona, address: Ipv4Addr) -> Chance {
    let secret = u64::from_str_radix(persona.subkey.0.get(16..32).unwrap_or_default(), 16);
    Chance::new(secret.unwrap_or_default(), u64::from(address.to_bits()))
}
