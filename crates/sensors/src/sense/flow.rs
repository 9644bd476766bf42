//! One connection, as it passes by.

use super::stream::Stream;
use crate::packet::{Tcp, flag};
use netsvc_fingerprint::{ClientHello, Greeting, ServerFlight, identification};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// An address and a port.
pub(super) type End = (IpAddr, u16);

/// Shortest time over which a clock's rate is told, and its deviation, in µs.
const RATE_TIME: Micros = 10_000_000;
const SKEW_TIME: Micros = 60_000_000;
/// Rates that systems have, in Hz.
const RATES: [f64; 6] = [1000.0, 250.0, 200.0, 100.0, 10.0, 2.0];
/// Versions of TLS in which certificates are encrypted.
const ENCRYPTED: u16 = 0x0304;

/// A connection.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) client: End,
    pub(super) server: End,
    pub(super) begun: Micros,
    pub(super) last: Micros,
    /// Sequence number of its SYN, where that was seen.
    pub(super) opened: Option<u32>,
    /// Largest segment that the client's SYN told.
    pub(super) segment: Option<u16>,
    /// Both ways: what the client says, and what the server says.
    pub(super) sides: [Side; 2],
    /// Whether the client acknowledges a number that only who gets the server's segments knows: its address is its own.
    pub(super) met: bool,
    /// Segments that came again, the SYN among them.
    pub(super) retransmits: u32,
    /// When the client last said something, and how often it did.
    said: Option<Micros>,
    pub(super) words: u32,
    /// Sum of the times between.
    pauses: Micros,
}

/// One way of a connection.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    /// Number of the byte that is next.
    next: Option<u32>,
    /// What was left out before it and has not come yet.
    gap: Option<(u32, u32)>,
    listening: Listening,
    ended: bool,
    /// The first and the last timestamp.
    clock: Option<((Micros, u32), (Micros, u32))>,
}

#[derive(Debug, Default)]
enum Listening {
    /// Nothing was said yet.
    #[default]
    Fresh,
    /// It is listened to; whether a hello was understood already.
    Hearing(Box<Stream>, bool),
    /// There is nothing more to be learnt.
    Over,
}

/// What was understood.
#[derive(Debug)]
pub(super) enum Heard {
    Hello(Box<ClientHello>),
    Server(Box<ServerFlight>),
    Ssh(Box<Greeting>),
}

impl Flow {
    /// A connection from `client` to `server`.
    pub(super) fn new(at: Micros, client: End, server: End) -> Self {
        Flow {
            client,
            server,
            begun: at,
            last: at,
            opened: None,
            segment: None,
            sides: [Side::default(), Side::default()],
            met: false,
            retransmits: 0,
            said: None,
            words: 0,
            pauses: 0,
        }
    }

    /// Takes a segment of the side `from` (0: the client); what is understood by it, if listening may take more memory.
    pub(super) fn take(&mut self, at: Micros, from: usize, tcp: &Tcp<'_>, room: bool) -> Option<Heard> {
        self.last = at;
        if from == 0 && self.opened.is_some() && tcp.has(flag::ACK) {
            let next = self.sides.get(1).and_then(|server| server.next);
            self.met |= next == Some(tcp.acknowledged);
        }
        let side = self.sides.get_mut(from)?;
        side.packets += 1;
        side.ended |= tcp.has(flag::FIN);
        if let Some((stamp, _)) = tcp.timestamps() {
            let first = side.clock.map_or((at, stamp), |(first, _)| first);
            side.clock = Some((first, (at, stamp)));
        }
        if tcp.has(flag::SYN) {
            side.next = Some(tcp.sequence.wrapping_add(1));
            return None;
        }
        if tcp.payload.is_empty() {
            return None;
        }
        let length = u32::try_from(tcp.payload.len()).unwrap_or(u32::MAX);
        let end = tcp.sequence.wrapping_add(length);
        let next = *side.next.get_or_insert(tcp.sequence);
        let is_after = |one: u32, other: u32| 0 < one.wrapping_sub(other).cast_signed();
        if is_after(end, next) {
            side.gap = if is_after(tcp.sequence, next) { Some((next, tcp.sequence)) } else { side.gap };
            side.next = Some(end);
            side.bytes += u64::from(length);
        } else if let Some((from, to)) = side.gap
            && !is_after(from, tcp.sequence)
            && !is_after(end, to)
        {
            side.gap = (from == tcp.sequence && end != to).then_some((end, to));
            side.bytes += u64::from(length);
        } else if 1 < length {
            // One byte that was said already asks whether the peer lives.
            self.retransmits += 1;
        }
        if from == 0 {
            if let Some(said) = self.said.replace(at) {
                self.pauses = self.pauses.saturating_add(at.saturating_sub(said));
            }
            self.words += 1;
        }
        let side = self.sides.get_mut(from)?;
        side.hear(from == 0, next, tcp, room)
    }

    /// Whether both sides have said that no more comes.
    pub(super) fn is_over(&self) -> bool {
        self.sides.iter().all(|side| side.ended)
    }

    /// Bytes of memory that listening takes.
    pub(super) fn held(&self) -> usize {
        self.sides.iter().map(Side::held).sum()
    }

    /// Milliseconds between what the client says, on average.
    pub(super) fn interval(&self) -> Option<i64> {
        let between = self.words.checked_sub(1).filter(|count| *count > 0)?;
        Some(self.pauses / 1000 / i64::from(between))
    }

    /// Rate of the client's clock in Hz, and its deviation in parts in a million.
    pub(super) fn clock(&self) -> Option<(u32, Option<i64>)> {
        let ((from, first), (to, last)) = self.sides.first()?.clock?;
        let passed = to.saturating_sub(from);
        if passed < RATE_TIME {
            return None;
        }
        let rate = f64::from(last.wrapping_sub(first)) * 1e6 / passed as f64;
        let known = RATES.into_iter().find(|known| (rate / known - 1.0).abs() < 0.03)?;
        let skew = ((rate / known - 1.0) * 1e6).round() as i64;
        Some((known as u32, (SKEW_TIME <= passed).then_some(skew)))
    }
}

impl Side {
    fn held(&self) -> usize {
        match &self.listening {
            Listening::Hearing(stream, _) => stream.held(),
            Listening::Fresh | Listening::Over => 0,
        }
    }

    fn hear(&mut self, client: bool, base: u32, tcp: &Tcp<'_>, room: bool) -> Option<Heard> {
        if matches!(self.listening, Listening::Fresh) {
            self.listening = Listening::Hearing(Box::new(Stream::new(base)), false);
        }
        let Listening::Hearing(stream, understood) = &mut self.listening else { return None };
        if !room {
            self.listening = Listening::Over;
            return None;
        }
        if !stream.take(tcp.sequence, tcp.payload) {
            return None;
        }
        let (heard, more) = understand(stream.bytes(), client, *understood);
        *understood |= heard.is_some();
        if !more || stream.is_full() {
            self.listening = Listening::Over;
        }
        heard
    }
}

/// What the first bytes of a side say, and whether more may be understood with more of them.
fn understand(bytes: &[u8], client: bool, understood: bool) -> (Option<Heard>, bool) {
    match bytes {
        [22, 3, ..] | [22] if client => {
            let hello = ClientHello::read(bytes).map(|hello| Heard::Hello(Box::new(hello)));
            let more = hello.is_none();
            (hello, more)
        }
        [22, 3, ..] | [22] => {
            let flight = ServerFlight::read(bytes);
            let Some(hello) = &flight.hello else { return (None, true) };
            let more = flight.certificates.is_none() && hello.chosen < ENCRYPTED;
            // First the hello, then the certificates with it; what encrypts them ends it.
            let news = flight.certificates.is_some() || !understood;
            (news.then(|| Heard::Server(Box::new(flight))), more)
        }
        _ if b"SSH-".starts_with(bytes) || bytes.starts_with(b"SSH-") => {
            let greeting = Greeting::read(bytes).map(|greeting| Heard::Ssh(Box::new(greeting)));
            // Once the name is whole, what follows is an offer, or never one.
            let hopeless = identification(bytes).is_none() && bytes.len() > 1024;
            let more = greeting.is_none() && !hopeless;
            (greeting, more)
        }
        _ => (None, false),
    }
}
