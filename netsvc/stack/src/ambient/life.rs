//! The life of one node: the habits of its system at work.

use super::{
    Task, Turn,
    chance::{Chance, SECOND},
    dhcp::{self, Applicant, Said},
    dns::{self, Lookup},
    habit::{self, Habits, Multicast, Ssdp},
    multicast::{self, Identity},
    netbios::{self, Claim, Host},
    ntp,
    reach::Reach,
    roughly,
    speech::{self, Speech},
    ssdp,
};
use crate::bytes::Mac;
use netsvc_persona::Persona;
use std::net::{IpAddr, Ipv4Addr};

/// Seconds over which the links of nodes come up that came together.
const STAGGER: (i64, i64) = (1, 25);
/// Repetitions of a membership report (RFC 3376, 8.1) and of a NetBIOS registration.
const REPORTS: u8 = 2;
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
const SEARCH_PAUSE: i64 = 3 * SECOND;

/// A node's life.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    number: u64,
    pub(super) habits: Habits,
    pub(super) chance: Chance,
    pub(super) host: Box<str>,
    /// What its services are called.
    pub(super) instance: Box<str>,
    /// Names in NetBIOS: the host's, and its group's.
    pub(super) netbios: (Box<str>, Box<str>),
    /// Identity in SSDP.
    uuid: Box<str>,
    machine: u64,
    /// Whether it speaks at all, beside asking for its address.
    ambient: bool,
    pub(super) reaches: Vec<Reach>,
    pub(super) gateway: Option<Ipv4Addr>,
    pub(super) time: Option<ntp::Client>,
    pub(super) lookup: Option<Lookup>,
    pub(super) lease: Option<dhcp::Client>,
}

impl Life {
    /// The life of a persona; `None` when it says nothing at all.
    pub(crate) fn new(persona: &Persona, address: Ipv4Addr, number: u64) -> Option<Box<Self>> {
        let said = persona.life;
        if !said.ambient && !said.dhcp {
            return None;
        }
        let habits = habit::of(&persona.os);
        let mut chance = chance_of(persona, address);
        let mac = persona.mac_bytes().unwrap_or_default();
        let group = if persona.domain.is_empty() { "WORKGROUP" } else { persona.domain.as_str() };
        let gateway = match persona.gateway {
            Some(IpAddr::V4(gateway)) => Some(gateway),
            _ => None,
        };
        Some(Box::new(Life {
            number,
            host: persona.hostname.as_str().into(),
            instance: instance(persona, mac).into(),
            netbios: (netbios::name(&persona.hostname).into(), netbios::name(group).into()),
            uuid: uuid(&mut chance, mac).into(),
            machine: chance.next(),
            ambient: said.ambient,
            reaches: gateway.map(Reach::new).into_iter().collect(),
            gateway,
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

    /// How long its link takes to come up, µs.
    pub(crate) fn delay(&self) -> i64 {
        self.chance.clone().seconds(STAGGER)
    }

    /// Whether it speaks, beside asking for its address.
    pub(super) fn speaks(&self) -> bool {
        self.ambient
    }

    pub(super) fn identity(&self, address: Ipv4Addr) -> Identity<'_> {
        Identity { host: &self.host, instance: &self.instance, address }
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
            Task::Name(step) => self.name(step, turn),
            Task::LinkName(step) => self.link_name(step, turn),
            Task::Register(turns) => self.register(turns, turn),
            Task::Browse(turns) => self.browse(turns, turn),
            Task::Proxy => self.proxy(turn),
            Task::Search(turns) => self.search(turns, turn),
            Task::Notify => self.notify(turn),
            Task::Lease => self.ask_address(turn),
        }
    }

    /// Puts on the agenda what a link that comes up brings with it.
    fn begin(&mut self, turn: &mut Turn<'_>) {
        if self.lease.is_some() {
            turn.later(self.chance.between(0, SECOND), Task::Lease);
        }
        if !self.ambient {
            return;
        }
        let habits = self.habits;
        let mut after = |low: i64, high: i64, task: Task| {
            let delay = self.chance.between(low * SECOND / 10, high * SECOND / 10);
            turn.later(delay, task);
        };
        if !groups(&habits).is_empty() {
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
        match habits.ssdp {
            Some(Ssdp::Search) => after(60, 150, Task::Search(0)),
            Some(Ssdp::Notify(_)) => after(20, 60, Task::Notify),
            None => {}
        }
        match habits.lookups.filter(|_| self.gateway.is_some()) {
            Some(lookups) if lookups.first.is_empty() => after(600, lookups.pause.1 * 10, Task::LookUp),
            Some(_) => after(15, 60, Task::LookUp),
            None => {}
        }
        if self.gateway.is_some() && self.time.is_some() {
            after(20, 120, Task::Time);
        }
        if habits.kernel == habit::Kernel::Windows && habits.ssdp.is_some() {
            after(100, 300, Task::Proxy);
        }
    }

    /// Sends a datagram: to a group, to everybody, or to one host of the segment. Nowhere else.
    pub(super) fn say(&mut self, turn: &mut Turn<'_>, speech: &Speech) {
        let number = self.chance.next16();
        let packet = speech::packet(turn.node, self.habits.kernel, number, speech);
        if let Some(frame) = speech::to_many(turn.node, &packet) {
            return turn.frames.push(frame);
        }
        let (host, trust) = (speech.to.0, self.habits.trust);
        if !turn.node.on_segment(host) {
            return;
        }
        if !self.reaches.iter().any(|reach| reach.host == host) {
            // The gateway first, then the server that was asked last.
            self.reaches.truncate(1);
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

    fn ask_time(&mut self, turn: &mut Turn<'_>) {
        let (Some(gateway), Some(client)) = (self.gateway, &mut self.time) else { return };
        let speech = client.ask(turn, &mut self.chance, self.habits.ports);
        self.say(turn, &Speech { to: (gateway, speech.to.1), ..speech });
    }

    fn look_up(&mut self, turn: &mut Turn<'_>) {
        let (Some(gateway), Some(lookups)) = (self.gateway, self.habits.lookups) else { return };
        // The first of all comes with the link.
        let names =
            if self.lookup.is_none() && !lookups.first.is_empty() { lookups.first } else { lookups.later };
        let drawn = self.chance.next32();
        let index = usize::try_from(drawn).ok().and_then(|drawn| drawn.checked_rem(names.len()));
        turn.later(self.chance.seconds(lookups.pause), Task::LookUp);
        let Some(name) = index.and_then(|index| names.get(index)) else { return };
        let lookup = Lookup::new(name, self.chance.port(self.habits.ports), &mut self.chance);
        let speech = lookup.speech(gateway, lookups.edns);
        self.again(turn, 0);
        self.lookup = Some(lookup);
        self.say(turn, &speech);
    }

    /// Puts the repetition with this number on the agenda, if there is one.
    fn again(&mut self, turn: &mut Turn<'_>, number: usize) {
        let pause = self.habits.lookups.and_then(|lookups| lookups.again.get(number));
        if let Some(seconds) = pause {
            turn.later(seconds.saturating_mul(SECOND), Task::LookUpAgain);
        }
    }

    fn look_up_again(&mut self, turn: &mut Turn<'_>) {
        let (Some(gateway), Some(lookups)) = (self.gateway, self.habits.lookups) else { return };
        let Some(lookup) = self.lookup.as_mut().filter(|lookup| !lookup.answered) else { return };
        lookup.repeated = lookup.repeated.saturating_add(1);
        let (speech, number) = (lookup.speech(gateway, lookups.edns), lookup.repeated);
        self.again(turn, number);
        self.say(turn, &speech);
    }

    fn join(&mut self, turns: u8, turn: &mut Turn<'_>) {
        let frame = speech::membership(turn.node, self.habits.kernel, &groups(&self.habits));
        turn.frames.extend(speech::to_many(turn.node, &frame));
        if turns + 1 < REPORTS {
            turn.later(self.chance.between(SECOND / 10, SECOND), Task::Join(turns + 1));
        }
    }

    fn name(&mut self, step: u8, turn: &mut Turn<'_>) {
        let Some(how) = self.habits.multicast else { return };
        let identity = self.identity(turn.node.address);
        let speech = if step < PROBES {
            multicast::probe(how, &identity)
        } else if step < ANNOUNCEMENTS {
            multicast::announcement(how, &identity, |port| turn.node.listens(port))
        } else {
            let Multicast::Full(types) = how else { return };
            multicast::search(how, types)
        };
        let wait = match step {
            _ if step < PROBES => 250_000,
            _ if step + 1 < ANNOUNCEMENTS => SECOND,
            _ => self.chance.seconds((1_800, 5_400)),
        };
        let asks = matches!(how, Multicast::Full(types) if !types.is_empty());
        if step + 1 < ANNOUNCEMENTS || asks {
            turn.later(wait, Task::Name((step + 1).min(ANNOUNCEMENTS)));
        }
        self.say(turn, &speech);
    }

    fn link_name(&mut self, step: u8, turn: &mut Turn<'_>) {
        // Both questions are one, so they have one number and one port.
        let mut one = Chance::new(self.machine, 5355);
        let (id, from) = (one.next16(), one.port(self.habits.ports));
        let host = self.host.clone();
        self.say(turn, &multicast::llmnr(id, from, &host, dns::ANY));
        if step == 0 {
            turn.later(self.chance.between(95_000, 115_000), Task::LinkName(1));
        }
    }

    fn register(&mut self, turns: u8, turn: &mut Turn<'_>) {
        let (host, group) = self.netbios.clone();
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
        let (host, group) = self.netbios.clone();
        let host = Host { name: &host, group: &group, period, about };
        let id = self.chance.next16() | 0x8000;
        let speech = netbios::host_announcement(id, turn.node.address, turn.node.broadcast(), &host);
        turn.later(seconds * SECOND + self.chance.between(0, 2 * SECOND), Task::Browse((turns + 1).min(4)));
        self.say(turn, &speech);
    }

    /// Windows looks for a proxy (WPAD) by every name service that it has, now and then.
    fn proxy(&mut self, turn: &mut Turn<'_>) {
        let (id, from) = (self.chance.next16(), self.chance.port(self.habits.ports));
        self.say(turn, &multicast::llmnr(id, from, "wpad", dns::A));
        let broadcast = turn.node.broadcast();
        let query = netbios::query(self.chance.next16() | 0x8000, broadcast, "WPAD", netbios::WORKSTATION);
        self.say(turn, &query);
        turn.later(self.chance.seconds((3_600, 14_400)), Task::Proxy);
    }

    fn search(&mut self, turns: u8, turn: &mut Turn<'_>) {
        let mut one = Chance::new(self.machine, 1900);
        let from = one.port(self.habits.ports);
        let windows = self.habits.kernel == habit::Kernel::Windows;
        if turns + 1 < SEARCHES {
            turn.later(SEARCH_PAUSE + self.chance.between(0, SECOND / 20), Task::Search(turns + 1));
        } else {
            turn.later(self.chance.seconds((1_200, 4_800)), Task::Search(0));
        }
        self.say(turn, &ssdp::search(from, windows));
    }

    fn notify(&mut self, turn: &mut Turn<'_>) {
        let Some(Ssdp::Notify(device)) = self.habits.ssdp else { return };
        // A description that nobody serves would be a lie that is easy to catch.
        if !turn.node.listens(device.port) {
            return;
        }
        let mut one = Chance::new(self.machine, 1901);
        let from = one.port(self.habits.ports);
        for speech in ssdp::alive(from, device, &self.uuid, turn.node.address) {
            self.say(turn, &speech);
        }
        turn.later(roughly(&mut self.chance, 800), Task::Notify);
    }

    fn ask_address(&mut self, turn: &mut Turn<'_>) {
        let (machine, address, mac) = (self.machine, turn.node.address, turn.node.mac);
        let Some(lease) = &mut self.lease else { return };
        let who = Applicant { mac, address, host: &self.host, machine };
        match lease.act(turn, &mut self.chance, &who) {
            Some(Said::Frame(frame)) => turn.frames.push(frame),
            Some(Said::Unicast(speech)) => self.say(turn, &speech),
            None => {}
        }
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
            1900 => habits.ssdp.is_some() && habits.kernel == habit::Kernel::Windows,
            _ => false,
        };
        let client = self.time.as_ref().is_some_and(|time| time.waits(port))
            || self.lookup.as_ref().is_some_and(|lookup| lookup.waits(port));
        self.ambient && (open || client) || port == dhcp::CLIENT_PORT && self.lease.is_some()
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

/// Groups that the system joins.
fn groups(habits: &Habits) -> Vec<Ipv4Addr> {
    let mut groups = Vec::new();
    if habits.multicast.is_some() {
        groups.push(multicast::MDNS.0);
    }
    if habits.llmnr {
        groups.push(multicast::LLMNR.0);
    }
    if matches!(habits.ssdp, Some(Ssdp::Search | Ssdp::Notify(_))) {
        groups.push(ssdp::SSDP.0);
    }
    groups
}

/// What a machine's services are called: a device by its product and the end of its hardware address.
fn instance(persona: &Persona, mac: Mac) -> String {
    let [_, _, _, d, e, f] = mac;
    let name = if persona.os.family == "embedded" {
        format!("{} {} [{d:02X}{e:02X}{f:02X}]", persona.hardware.vendor, persona.hardware.product)
    } else {
        persona.hostname.clone()
    };
    name.replace('.', " ").chars().take(63).collect()
}

fn uuid(chance: &mut Chance, mac: Mac) -> String {
    let [a, b, c, d, e, f] = mac;
    let (first, rest) = (chance.next32(), chance.next());
    let (second, third, fourth) = (rest & 0xffff, rest >> 16 & 0xfff, rest >> 32 & 0x3fff | 0x8000);
    format!("{first:08x}-{second:04x}-4{third:03x}-{fourth:04x}-{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}{f:02x}")
}
