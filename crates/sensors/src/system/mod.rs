//! What the first segment of a connection says of a system: signature as p0f 3 writes it, the system that it fits, and
//! programs that make packets of their own.
//!
//! Source of the form: <https://lcamtuf.coredump.cx/p0f3/README>, sections 5 and A.

mod table;

pub use table::{Known, guess, tool};

use crate::packet::{Header, Options, Tcp, flag};

/// Distance from which on a time to live tells nothing of where it began.
const FAR: u8 = 35;
/// Headers of IP and TCP without options.
const PLAIN4: u16 = 40;
const PLAIN6: u16 = 60;
/// What a link of Ethernet carries.
const ETHERNET: u16 = 1500;

/// What a SYN or SYN-ACK says of the system that sent it. Equal for equal systems but for the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The header of IP.
    pub header: Header,
    /// The options of TCP.
    pub options: Options,
    /// The window.
    pub window: u16,
    /// The flags.
    pub flags: u16,
    /// Whether the sequence number is zero, whether the acknowledgement is, and whether there is an urgent pointer.
    zero: (bool, bool, bool),
    /// Whether it carries something already.
    pub loaded: bool,
    /// Largest segment of the SYN that a SYN-ACK answers.
    peer: Option<u16>,
}

/// What the window is a multiple of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Of the largest segment.
    Segments(u16),
    /// Of the largest packet.
    Packets(u16),
    /// Of nothing.
    Bytes(u16),
}

impl Signature {
    /// Of a SYN, or of the SYN-ACK to a SYN whose largest segment was `peer`.
    pub fn of(header: Header, tcp: &Tcp<'_>, peer: Option<u16>) -> Signature {
        Signature {
            header,
            options: Options::read(tcp.options),
            window: tcp.window,
            flags: tcp.flags,
            zero: (tcp.sequence == 0, tcp.acknowledged == 0, tcp.urgent == 0),
            loaded: !tcp.payload.is_empty(),
            peer,
        }
    }

    /// Whether a client sent it.
    pub fn is_of_client(&self) -> bool {
        self.flags & flag::ACK == 0
    }

    /// Time to live that the packet began with, by the usual ones.
    pub fn initial(&self) -> u8 {
        match self.header.ttl {
            0..=32 => 32,
            33..=64 => 64,
            65..=128 => 128,
            129..=255 => 255,
        }
    }

    /// Routers between.
    pub fn distance(&self) -> u8 {
        self.initial() - self.header.ttl
    }

    /// Largest packet of the link, by the largest segment.
    pub fn mtu(&self) -> Option<u32> {
        let plain = if self.header.version == 6 { PLAIN6 } else { PLAIN4 };
        self.options
            .segment
            .filter(|segment| *segment > 0)
            .map(|segment| u32::from(segment) + u32::from(plain))
    }

    /// What the window is a multiple of; the order of questions is p0f's.
    pub fn window(&self) -> Window {
        let segment = self.options.segment.unwrap_or_default();
        if self.window == 0 || segment < 100 {
            return Window::Bytes(self.window);
        }
        let stamped = self.options.timestamps.is_some_and(|(own, _)| own != 0);
        let ipv6 = self.header.version == 6;
        let less = |size: u16, yes: bool| if yes { size.saturating_sub(12) } else { 0 };
        let whole =
            u16::try_from(usize::from(self.header.length) + 20 + self.options_length()).unwrap_or(u16::MAX);
        let questions = [
            (segment, false),
            (less(segment, stamped), false),
            (self.peer.unwrap_or_default(), false),
            (less(self.peer.unwrap_or_default(), stamped), false),
            (ETHERNET - PLAIN4, false),
            (less(ETHERNET - PLAIN4, true), false),
            (if ipv6 { ETHERNET - PLAIN6 } else { 0 }, false),
            (less(ETHERNET - PLAIN6, ipv6), false),
            (segment.saturating_add(PLAIN4), true),
            (segment.saturating_add(whole), true),
            (if ipv6 { segment.saturating_add(PLAIN6) } else { 0 }, true),
            (ETHERNET, true),
        ];
        let found = questions.into_iter().find(|(size, _)| *size > 0 && self.window.is_multiple_of(*size));
        match found {
            Some((size, false)) => Window::Segments(self.window / size),
            Some((size, true)) => Window::Packets(self.window / size),
            None => Window::Bytes(self.window),
        }
    }

    fn options_length(&self) -> usize {
        let kinds = self.options.list.kinds().iter();
        let length = |kind: &u8| match kind {
            0 | 1 => 1,
            2 => 4,
            3 => 3,
            4 => 2,
            8 => 10,
            _ => 0,
        };
        kinds.map(length).sum::<usize>() + usize::from(self.options.padding)
    }

    /// Names of the options in their order, comma-separated, as p0f names them.
    pub fn layout(&self) -> String {
        let name = |kind: &u8| match kind {
            0 => format!("eol+{}", self.options.padding),
            1 => "nop".to_owned(),
            2 => "mss".to_owned(),
            3 => "ws".to_owned(),
            4 => "sok".to_owned(),
            5 => "sack".to_owned(),
            8 => "ts".to_owned(),
            other => format!("?{other}"),
        };
        self.options.list.kinds().iter().map(name).collect::<Vec<_>>().join(",")
    }

    /// What is odd, as p0f names it.
    pub fn quirks(&self) -> String {
        let (header, options) = (&self.header, &self.options);
        let has = |flags: u16| self.flags & flags != 0;
        let (zero_sequence, zero_acknowledged, zero_urgent) = self.zero;
        let (own, echoed) = options.timestamps.unwrap_or((1, 0));
        let quirks = [
            (header.whole, "df"),
            (header.whole && header.id != 0, "id+"),
            (header.version == 4 && !header.whole && header.id == 0, "id-"),
            (header.congestion || has(flag::CONGESTION), "ecn"),
            (header.reserved, "0+"),
            (header.flow != 0, "flow"),
            (zero_sequence, "seq-"),
            (!has(flag::ACK | flag::RST) && !zero_acknowledged, "ack+"),
            (has(flag::ACK) && zero_acknowledged, "ack-"),
            (!has(flag::URGENT) && !zero_urgent, "uptr+"),
            (has(flag::URGENT), "urgf+"),
            (has(flag::PUSH), "pushf+"),
            (own == 0, "ts1-"),
            (self.is_of_client() && echoed != 0, "ts2+"),
            (options.dirty, "opt+"),
            (options.scale.is_some_and(|scale| scale > 14), "exws"),
            (options.bad, "bad"),
        ];
        quirks.iter().filter(|(yes, _)| *yes).map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    }

    /// As p0f writes it (`raw_sig`).
    pub fn text(&self) -> String {
        let header = &self.header;
        let distance = self.distance();
        let distance = if FAR < distance { "?".to_owned() } else { distance.to_string() };
        let window = match self.window() {
            Window::Segments(times) => format!("mss*{times}"),
            Window::Packets(times) => format!("mtu*{times}"),
            Window::Bytes(bytes) => bytes.to_string(),
        };
        format!(
            "{}:{}+{distance}:{}:{}:{window},{}:{}:{}:{}",
            header.version,
            header.ttl,
            header.options,
            self.options.segment.unwrap_or_default(),
            self.options.scale.unwrap_or_default(),
            self.layout(),
            self.quirks(),
            if self.loaded { "+" } else { "0" },
        )
    }
}

#[cfg(test)]
mod tests;
