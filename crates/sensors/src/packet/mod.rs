//! Views of frames: Ethernet with VLANs, IPv4, IPv6, TCP, UDP. Nothing is copied, no checksum is looked at: frames
//! that a host sends itself have none yet.

mod arp;
mod tcp;

pub use arp::Arp;
pub use tcp::{OptionList, Options, Tcp, flag};

use crate::capture::Link;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A hardware address.
pub type Mac = [u8; 6];

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// Tags before what a frame carries: 802.1Q, 802.1ad, and the old one of stacked tags.
const VLANS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
/// Tags, and headers of IPv6, that are passed over.
const TAGS: usize = 4;
const HEADERS: usize = 8;

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP6: u8 = 58;

/// A packet of IP in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Hardware address of the sender, where there are any.
    pub source_mac: Option<Mac>,
    /// Address of the sender.
    pub source: IpAddr,
    /// Address of the receiver.
    pub destination: IpAddr,
    /// What its header says.
    pub header: Header,
    /// What it carries.
    pub body: Body<'a>,
}

/// What matters of a header of IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Header {
    /// 4 or 6.
    pub version: u8,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Bytes of options.
    pub options: u8,
    /// All before what is carried, in bytes.
    pub length: u16,
    /// Whether congestion is told of.
    pub congestion: bool,
    /// IPv4: "don't fragment".
    pub whole: bool,
    /// IPv4: the bit that must be zero.
    pub reserved: bool,
    /// IPv4: the identification.
    pub id: u16,
    /// IPv6: the flow label.
    pub flow: u32,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// TCP.
    Tcp(Tcp<'a>),
    /// UDP.
    Udp {
        /// Port of the sender.
        source: u16,
        /// Port of the receiver.
        destination: u16,
        /// What is said.
        payload: &'a [u8],
    },
    /// ICMPv6.
    Icmp6(&'a [u8]),
    /// Something else, or a piece that does not begin with its header.
    Other,
}

impl<'a> Packet<'a> {
    /// The packet in a frame; `None`: there is none, or not all of its header.
    pub fn read(link: Link, frame: &'a [u8]) -> Option<Packet<'a>> {
        let (source_mac, kind, packet) = match link {
            Link::Ethernet => ethernet(frame)?,
            Link::Raw => (None, by_version(frame)?, frame),
            Link::Loopback => (None, by_version(frame.get(4..)?)?, frame.get(4..)?),
            Link::Cooked => (None, number16(frame, 14), frame.get(16..)?),
            Link::Cooked2 => (None, number16(frame, 0), frame.get(20..)?),
            Link::Other(_) => return None,
        };
        let packet = match kind {
            IPV4 => ipv4(packet)?,
            IPV6 => ipv6(packet)?,
            _ => return None,
        };
        Some(Packet { source_mac, ..packet })
    }
}

fn ethernet(frame: &[u8]) -> Option<(Option<Mac>, u16, &[u8])> {
    let source = frame.get(6..12)?.first_chunk::<6>().copied();
    let (mut kind, mut rest) = (number16(frame, 12), frame.get(14..)?);
    for _ in 0..TAGS {
        if !VLANS.contains(&kind) {
            break;
        }
        (kind, rest) = (number16(rest, 2), rest.get(4..)?);
    }
    Some((source, kind, rest))
}

fn by_version(packet: &[u8]) -> Option<u16> {
    match packet.first()? >> 4 {
        4 => Some(IPV4),
        6 => Some(IPV6),
        _ => None,
    }
}

fn ipv4(bytes: &[u8]) -> Option<Packet<'_>> {
    let (head, _) = bytes.split_first_chunk::<20>()?;
    let length = usize::from(head[0] & 15) * 4;
    let total = usize::from(number16(head, 2));
    if head[0] >> 4 != 4 || length < 20 {
        return None;
    }
    // A sender that leaves cutting to its device may say nothing of the length.
    let end = if total < length { bytes.len() } else { total.min(bytes.len()) };
    let payload = bytes.get(length..end)?;
    let fragment = number16(head, 6);
    let header = Header {
        version: 4,
        ttl: head[8],
        options: u8::try_from(length - 20).unwrap_or_default(),
        length: u16::try_from(length).unwrap_or_default(),
        congestion: head[1] & 3 != 0,
        whole: fragment & 0x4000 != 0,
        reserved: fragment & 0x8000 != 0,
        id: number16(head, 4),
        flow: 0,
    };
    let body = if fragment & 0x1fff == 0 { carried(head[9], payload) } else { Body::Other };
    Some(Packet {
        source_mac: None,
        source: IpAddr::V4(Ipv4Addr::from_bits(number32(head, 12))),
        destination: IpAddr::V4(Ipv4Addr::from_bits(number32(head, 16))),
        header,
        body,
    })
}

fn ipv6(bytes: &[u8]) -> Option<Packet<'_>> {
    let (head, rest) = bytes.split_first_chunk::<40>()?;
    if head[0] >> 4 != 6 {
        return None;
    }
    let length = usize::from(number16(head, 4));
    let mut payload = rest.get(..if length == 0 { rest.len() } else { length.min(rest.len()) })?;
    let all = payload.len();
    let word = number32(head, 0);
    let (mut next, mut begins) = (head[6], true);
    for _ in 0..HEADERS {
        let skipped = match next {
            // Hop-by-hop options, routing, options of the destination (RFC 8200, 4).
            0 | 43 | 60 => 8 + usize::from(*payload.get(1)?) * 8,
            44 => {
                begins = number16(payload, 2) & 0xfff8 == 0;
                8
            }
            _ => break,
        };
        next = *payload.first()?;
        payload = payload.get(skipped..)?;
    }
    let header = Header {
        version: 6,
        ttl: head[7],
        options: u8::try_from(all - payload.len()).unwrap_or(u8::MAX),
        length: u16::try_from(40 + all - payload.len()).unwrap_or(u16::MAX),
        congestion: word >> 20 & 3 != 0,
        flow: word & 0xf_ffff,
        ..Header::default()
    };
    let address = |at: usize| bytes.get(at..)?.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes));
    Some(Packet {
        source_mac: None,
        source: IpAddr::V6(address(8)?),
        destination: IpAddr::V6(address(24)?),
        header,
        body: if begins { carried(next, payload) } else { Body::Other },
    })
}

fn carried(protocol: u8, payload: &[u8]) -> Body<'_> {
    match protocol {
        ICMP6 => Body::Icmp6(payload),
        TCP => Tcp::read(payload).map_or(Body::Other, Body::Tcp),
        UDP if payload.len() >= 8 => {
            let length = usize::from(number16(payload, 4));
            let end = if length < 8 { payload.len() } else { length.min(payload.len()) };
            Body::Udp {
                source: number16(payload, 0),
                destination: number16(payload, 2),
                payload: payload.get(8..end).unwrap_or_default(),
            }
        }
        _ => Body::Other,
    }
}

/// The number at `at`; 0 where there is none.
pub(crate) fn number16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

/// As [`number16`], of four bytes.
pub(crate) fn number32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests;
