//! A DHCP client (RFC 2131) that asks for the address that its node has, and keeps it whatever it is told.

use super::{
    Task, Turn,
    chance::{Chance, SECOND},
    dialect::{Dialect, Identifier, Piece},
    servers::Addresses,
    speech::{self, Speech},
};
use crate::{
    bytes::{BROADCAST, Mac, array, number16, number32, put},
    packet::{self, ETHERTYPE_IPV4, Header, UDP},
};
use std::net::Ipv4Addr;

/// Ports of server and client.
pub(crate) const SERVER_PORT: u16 = 67;
pub(crate) const CLIENT_PORT: u16 = 68;
/// The mark before the options (RFC 2132, 2), and where they begin.
const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
const OPTIONS: usize = 240;
/// Shortest message: BOOTP's (RFC 951).
const SHORTEST: usize = 300;
/// Messages before a client rests, and how long it does, seconds (dhclient.conf: retry).
const TRIES: u8 = 5;
const REST: (i64, i64) = (270, 330);
/// How long a node is not there while it asks for the first time, µs.
const ABSENCE: i64 = 10 * SECOND;
/// Shortest lease that is taken at its word, and the longest, seconds.
const LEASES: (u32, u32) = (60, 31_536_000);

/// Options that name servers (RFC 2132, 3.8 and 8.3).
const DNS_SERVERS: u8 = 6;
const NTP_SERVERS: u8 = 42;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;

/// Where a client stands (RFC 2131, figure 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Selecting,
    Requesting,
    Bound,
    Renewing,
    Rebinding,
}

/// What became of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The node's address, for so many seconds.
    Granted(u32),
    /// Another address, which is not taken.
    Other(Ipv4Addr),
    /// A refusal.
    Refused,
    /// Nobody answers.
    Silence,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applicant<'a> {
    pub(crate) mac: Mac,
    pub(crate) address: Ipv4Addr,
    pub(crate) host: &'a str,
    /// What is drawn once per machine.
    pub(crate) machine: u64,
}

/// What a client sends.
#[derive(Debug)]
pub(crate) enum Said {
    /// To everybody, from no address.
    Frame(Vec<u8>),
    /// To the server.
    Unicast(Speech),
}

/// A client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    dialect: &'static Dialect,
    phase: Phase,
    transaction: u32,
    begun: i64,
    tries: u8,
    server: Option<Ipv4Addr>,
    /// When the lease is to be renewed, to be renewed anywhere, and over, µs.
    times: (i64, i64, i64),
    /// When something is due; earlier calls were meant for what has passed.
    due: i64,
    told: Option<Outcome>,
    /// Servers for names and for the time that the lease names and the client asks for.
    named: Option<(Addresses, Addresses)>,
}

impl Client {
    pub(crate) fn new(dialect: &'static Dialect) -> Self {
        Client {
            dialect,
            phase: Phase::Selecting,
            transaction: 0,
            begun: 0,
            tries: 0,
            server: None,
            times: (0, 0, 0),
            due: 0,
            told: None,
            named: None,
        }
    }

    /// Does what is due; a message, if one is.
    pub(crate) fn act(
        &mut self,
        turn: &mut Turn<'_>,
        chance: &mut Chance,
        who: &Applicant<'_>,
    ) -> Option<Said> {
        if turn.now < self.due {
            return None;
        }
        let (_, rebind, over) = self.times;
        match self.phase {
            Phase::Bound => self.enter(Phase::Renewing, turn.now, chance),
            Phase::Renewing if rebind <= turn.now => self.enter(Phase::Rebinding, turn.now, chance),
            Phase::Rebinding if over <= turn.now => {
                self.enter(Phase::Selecting, turn.now, chance);
                // With the lease goes what it named.
                self.named = Some(Default::default());
            }
            _ => {}
        }
        if self.tries == 0 {
            (self.begun, self.transaction) = (turn.now, chance.next32());
        }
        self.tries = self.tries.saturating_add(1);
        match self.phase {
            Phase::Renewing | Phase::Rebinding => {
                // Half of what is left, but no less than a minute (RFC 2131, 4.4.5).
                let end = if self.phase == Phase::Renewing { rebind } else { over };
                let left = end.saturating_sub(turn.now);
                self.later(turn, (left / 2).max(60 * SECOND).min(left).max(SECOND));
            }
            _ if TRIES < self.tries => {
                self.tries = 0;
                self.phase = Phase::Selecting;
                self.later(turn, chance.seconds(REST));
                if self.told.is_none_or(|told| matches!(told, Outcome::Granted(_))) {
                    self.tell(turn, Outcome::Silence);
                }
                return None;
            }
            // 4, 8, 16 … s, give or take one (RFC 2131, 4.1).
            _ => self.later(turn, chance.between(-SECOND, SECOND) + (2 << self.tries) * SECOND),
        }
        Some(self.message(turn, chance, who))
    }

    /// Whether there is no address yet: servers look whether somebody has it before they give it away.
    pub(crate) fn is_asking(&self, now: i64) -> bool {
        let begins = matches!(self.phase, Phase::Selecting | Phase::Requesting) && self.told.is_none();
        begins && 0 < self.tries && now.saturating_sub(self.begun) < ABSENCE
    }

    /// Whether asking is still to begin, or has not led to an address yet.
    pub(crate) fn is_before(&self, now: i64) -> bool {
        let begins = matches!(self.phase, Phase::Selecting | Phase::Requesting) && self.told.is_none();
        begins && (self.tries == 0 || self.is_asking(now))
    }

    fn later(&mut self, turn: &mut Turn<'_>, delay: i64) {
        self.due = turn.now.saturating_add(delay);
        turn.later(delay, Task::Lease);
    }

    fn enter(&mut self, phase: Phase, now: i64, chance: &mut Chance) {
        (self.phase, self.tries, self.begun, self.transaction) = (phase, 0, now, chance.next32());
    }

    fn tell(&mut self, turn: &mut Turn<'_>, outcome: Outcome) {
        if self.told != Some(outcome) {
            self.told = Some(outcome);
            turn.lease(outcome, self.server);
        }
    }

    fn message(&self, turn: &mut Turn<'_>, chance: &mut Chance, who: &Applicant<'_>) -> Said {
        let has_address = matches!(self.phase, Phase::Renewing | Phase::Rebinding);
        let data = self.written(turn.now, who);
        let server =
            self.server.filter(|server| self.phase == Phase::Renewing && turn.node.on_segment(*server));
        if let Some(server) = server {
            let to = (server, SERVER_PORT);
            return Said::Unicast(Speech { from: CLIENT_PORT, to, ttl: None, connected: true, data });
        }
        let header = Header {
            source: if has_address { who.address } else { Ipv4Addr::UNSPECIFIED },
            destination: Ipv4Addr::BROADCAST,
            protocol: UDP,
            ttl: self.dialect.ttl,
            tos: self.dialect.tos,
            id: if self.dialect.tos == 0 && self.dialect.ttl != 64 { chance.next16() } else { 0 },
            dont_fragment: false,
        };
        let packet = packet::ipv4(&header, speech::udp(CLIENT_PORT, SERVER_PORT, &data));
        Said::Frame(packet::frame(BROADCAST, who.mac, ETHERTYPE_IPV4, &packet))
    }

    /// The BOOTP message with its options.
    fn written(&self, now: i64, who: &Applicant<'_>) -> Vec<u8> {
        let mut message = vec![1, 1, 6, 0];
        message.resize(OPTIONS, 0);
        put(&mut message, 4, &self.transaction.to_be_bytes());
        let seconds = u16::try_from(now.saturating_sub(self.begun) / SECOND).unwrap_or(u16::MAX);
        put(&mut message, 8, &seconds.to_be_bytes());
        let has_address = matches!(self.phase, Phase::Renewing | Phase::Rebinding);
        if self.dialect.broadcast && !has_address {
            put(&mut message, 10, &[0x80, 0]);
        }
        if has_address {
            put(&mut message, 12, &who.address.octets());
        }
        put(&mut message, 28, &who.mac);
        put(&mut message, 236, &COOKIE);
        let kind = if self.phase == Phase::Selecting { DISCOVER } else { REQUEST };
        message.extend_from_slice(&[53, 1, kind]);
        for piece in self.dialect.options {
            self.piece(*piece, who, &mut message);
        }
        message.push(255);
        message.resize(message.len().max(SHORTEST), 0);
        message
    }

    fn piece(&self, piece: Piece, who: &Applicant<'_>, message: &mut Vec<u8>) {
        let has_address = matches!(self.phase, Phase::Renewing | Phase::Rebinding);
        let mut option = |code: u8, value: &[u8]| {
            let value = value.get(..value.len().min(255)).unwrap_or_default();
            message.extend_from_slice(&[code, u8::try_from(value.len()).unwrap_or(255)]);
            message.extend_from_slice(value);
        };
        match piece {
            Piece::Requested if has_address => {}
            Piece::Requested => option(50, &who.address.octets()),
            Piece::Server => {
                if let Some(server) = self.server.filter(|_| self.phase == Phase::Requesting) {
                    option(54, &server.octets());
                }
            }
            Piece::HostName => option(12, who.host.as_bytes()),
            Piece::Fqdn if self.phase == Phase::Selecting => {}
            // No flags, no result codes, the name as text (RFC 4702).
            Piece::Fqdn => {
                let name = [&[0, 0, 0], who.host.as_bytes()].concat();
                option(81, &name);
            }
            Piece::Vendor if self.dialect.vendor.is_empty() => {}
            Piece::Vendor => option(60, self.dialect.vendor.as_bytes()),
            Piece::Asked => option(55, self.dialect.wanted),
            Piece::ClientId => match self.dialect.identifier {
                Identifier::None => {}
                Identifier::Hardware => option(61, &[&[1], who.mac.as_slice()].concat()),
                Identifier::Duid => option(61, &duid(who)),
                Identifier::Cisco => option(61, &cisco(who)),
            },
            Piece::MaxSize if self.dialect.max_size == 0 => {}
            Piece::MaxSize => option(57, &self.dialect.max_size.to_be_bytes()),
            Piece::LeaseTime if has_address => {}
            Piece::LeaseTime => option(51, &7_776_000_u32.to_be_bytes()),
        }
    }

    /// Takes a server's message. True when it was for this client.
    pub(crate) fn hear(&mut self, turn: &mut Turn<'_>, reply: &Reply, chance: &mut Chance) -> bool {
        if self.transaction != reply.transaction || self.tries == 0 {
            return false;
        }
        let own = reply.address == turn.node.address;
        match (self.phase, reply.kind) {
            (Phase::Selecting, OFFER) if own && reply.server.is_some() => {
                (self.phase, self.server, self.tries) = (Phase::Requesting, reply.server, 1);
                self.later(turn, 0);
            }
            (Phase::Selecting, OFFER) => {
                self.server = reply.server;
                self.tell(turn, Outcome::Other(reply.address));
            }
            (Phase::Selecting | Phase::Bound, _) => return true,
            (_, ACK) if own => self.bind(turn, reply, chance),
            (_, ACK) => self.tell(turn, Outcome::Other(reply.address)),
            (_, NAK) => {
                self.server = reply.server.or(self.server);
                (self.phase, self.tries) = (Phase::Selecting, 0);
                self.later(turn, REST.0.saturating_mul(SECOND));
                self.tell(turn, Outcome::Refused);
            }
            _ => {}
        }
        true
    }

    fn bind(&mut self, turn: &mut Turn<'_>, reply: &Reply, chance: &mut Chance) {
        let lease = reply.lease.clamp(LEASES.0, LEASES.1);
        let renew = reply.renew.filter(|renew| *renew < lease).unwrap_or(lease / 2);
        let rebind = reply.rebind.filter(|rebind| renew < *rebind && *rebind < lease);
        let rebind = rebind.unwrap_or(lease / 8 * 7).max(renew);
        let renew = if self.dialect.early {
            u32::try_from(chance.between(i64::from(renew / 4 * 3), i64::from(renew) + 1)).unwrap_or(renew)
        } else {
            renew
        };
        let after = |seconds: u32| turn.now.saturating_add(i64::from(seconds).saturating_mul(SECOND));
        self.times = (after(renew), after(rebind), after(lease));
        (self.phase, self.server, self.tries) = (Phase::Bound, reply.server.or(self.server), 0);
        self.later(turn, i64::from(renew).saturating_mul(SECOND));
        self.tell(turn, Outcome::Granted(lease));
        let asked = |code: u8, named: Addresses| {
            if self.dialect.wanted.contains(&code) { named } else { Addresses::default() }
        };
        self.named = Some((asked(DNS_SERVERS, reply.names), asked(NTP_SERVERS, reply.time)));
    }

    /// What the lease names that was just taken, or is over.
    pub(crate) fn named(&mut self) -> Option<(Addresses, Addresses)> {
        self.named.take()
    }

    /// Who leases the address.
    pub(crate) fn server(&self) -> Option<Ipv4Addr> {
        self.server
    }
}

/// An identifier as systemd makes it: IAID, then the DUID of its enterprise number and a hash of the
/// machine's id.
fn duid(who: &Applicant<'_>) -> Vec<u8> {
    let mut bytes = vec![255];
    let [_, _, tail @ ..] = who.mac;
    bytes.extend_from_slice(&tail);
    bytes.extend_from_slice(&[0, 2, 0, 0, 0xab, 0x11]);
    bytes.extend_from_slice(&who.machine.to_be_bytes());
    bytes
}

fn cisco(who: &Applicant<'_>) -> Vec<u8> {
    let [a, b, c, d, e, f] = who.mac;
    let mut bytes = vec![0];
    bytes.extend(format!("cisco-{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{f:02x}-Gi0/0").into_bytes());
    bytes
}

/// What a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) kind: u8,
    pub(crate) transaction: u32,
    /// Whom it is for.
    pub(crate) mac: Mac,
    /// The address that is given.
    pub(crate) address: Ipv4Addr,
    pub(crate) server: Option<Ipv4Addr>,
    /// Seconds.
    pub(crate) lease: u32,
    pub(crate) renew: Option<u32>,
    pub(crate) rebind: Option<u32>,
    /// Servers for names and for the time.
    pub(crate) names: Addresses,
    pub(crate) time: Addresses,
}

impl Reply {
    /// Whether it gives its address to whom it is for.
    pub(crate) fn grants(&self) -> bool {
        self.kind == ACK
    }

    /// Reads a message of a server; `None` when it is none.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let fits = array(data, 0) == Some([2, 1, 6]) && array(data, 236) == Some(COOKIE);
        let mut rest = data.get(OPTIONS..).filter(|_| fits)?;
        let mut reply = Reply {
            kind: 0,
            transaction: number32(data, 4),
            mac: array(data, 28)?,
            address: Ipv4Addr::from_bits(number32(data, 16)),
            server: None,
            lease: LEASES.0,
            renew: None,
            rebind: None,
            names: Addresses::default(),
            time: Addresses::default(),
        };
        while let Some((code, tail)) = rest.split_first() {
            match code {
                0 => rest = tail,
                255 => break,
                _ => {
                    let (length, tail) = tail.split_first()?;
                    let (value, tail) = tail.split_at_checked(usize::from(*length))?;
                    reply.take(*code, value);
                    rest = tail;
                }
            }
        }
        (reply.kind != 0).then_some(reply)
    }

    fn take(&mut self, code: u8, value: &[u8]) {
        let number = (value.len() == 4).then(|| number32(value, 0));
        match code {
            53 => self.kind = value.first().copied().unwrap_or_default(),
            54 => self.server = number.map(Ipv4Addr::from_bits),
            51 => self.lease = number.unwrap_or(self.lease),
            58 => self.renew = number,
            59 => self.rebind = number,
            DNS_SERVERS => self.names = Addresses::parse(value),
            NTP_SERVERS => self.time = Addresses::parse(value),
            _ => {}
        }
    }
}

/// Whether a UDP datagram goes from a server to a client.
pub(crate) fn is_reply(payload: &[u8]) -> bool {
    number16(payload, 0) == SERVER_PORT && number16(payload, 2) == CLIENT_PORT
}
