//! Views of IPv4, TCP, UDP and ICMP, and building them (RFC 791, 9293, 768, 792).

use crate::{
    bytes::{Mac, array, number16, number32, put},
    checksum,
};
use std::net::Ipv4Addr;

/// Length of the offload header.
pub const OFFLOAD: usize = 10;
/// Length of an Ethernet header.
pub const ETHERNET: usize = 14;
/// Where the packet starts in a frame.
pub(crate) const PACKET: usize = OFFLOAD + ETHERNET;
/// Shortest Ethernet frame without its check sequence.
const SHORTEST: usize = 60;

pub(crate) const ETHERTYPE_IPV4: u16 = 0x0800;
pub(crate) const ETHERTYPE_ARP: u16 = 0x0806;

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;
pub(crate) const URG: u8 = 0x20;

/// Destination of a frame.
pub(crate) fn destination_mac(frame: &[u8]) -> Option<Mac> {
    array(frame, OFFLOAD)
}

/// Source of a frame.
pub(crate) fn source_mac(frame: &[u8]) -> Option<Mac> {
    array(frame, OFFLOAD + 6)
}

/// What a frame carries.
pub(crate) fn ethertype(frame: &[u8]) -> u16 {
    number16(frame, OFFLOAD + 12)
}

/// Writes a frame's addresses.
pub(crate) fn address(frame: &mut [u8], destination: Mac, source: Mac) {
    put(frame, OFFLOAD, &destination);
    put(frame, OFFLOAD + 6, &source);
}

/// A frame around `body`, padded to the shortest that Ethernet has.
pub(crate) fn frame(destination: Mac, source: Mac, ethertype: u16, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity((PACKET + body.len()).max(OFFLOAD + SHORTEST));
    frame.extend_from_slice(&[0; OFFLOAD]);
    frame.extend_from_slice(&destination);
    frame.extend_from_slice(&source);
    frame.extend_from_slice(&ethertype.to_be_bytes());
    frame.extend_from_slice(body);
    if frame.len() < OFFLOAD + SHORTEST {
        frame.resize(OFFLOAD + SHORTEST, 0);
    }
    frame
}

/// Whether the sender left the transport checksum to the device, or a device has checked it already.
pub(crate) fn checksum_vouched(frame: &[u8]) -> bool {
    // VIRTIO_NET_HDR_F_NEEDS_CSUM and _DATA_VALID.
    frame.first().is_some_and(|flags| flags & 3 != 0)
}

/// Who sent the packet that an ICMP error quotes.
pub(crate) fn quoted_source(error: &[u8]) -> Option<Ipv4Addr> {
    array::<4>(error, 8 + 12).map(Ipv4Addr::from)
}

/// Whether a packet, or the first fragment of one, is an ICMP error, about which nobody sends another
/// (RFC 1122, 3.2.2).
pub(crate) fn is_icmp_error(packet: &Ipv4<'_>) -> bool {
    packet.protocol() == ICMP && matches!(packet.payload().first(), Some(3 | 4 | 5 | 11 | 12))
}

/// An IPv4 packet whose header is sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ipv4<'a> {
    /// The packet without padding.
    pub(crate) bytes: &'a [u8],
    /// Length of the header.
    pub(crate) header: usize,
}

impl<'a> Ipv4<'a> {
    /// The packet at the start of `bytes`; `None` when a host would drop it (RFC 1122, 3.2.1).
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header = usize::from(bytes.first()? & 15) * 4;
        let total = usize::from(number16(bytes, 2));
        let sound = bytes.first()? >> 4 == 4 && header >= 20 && total >= header;
        let packet = bytes.get(..total).filter(|_| sound)?;
        checksum::fits(&[packet.get(..header)?]).then_some(Ipv4 { bytes: packet, header })
    }

    pub(crate) fn source(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(number32(self.bytes, 12))
    }

    pub(crate) fn destination(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(number32(self.bytes, 16))
    }

    pub(crate) fn protocol(&self) -> u8 {
        self.bytes.get(9).copied().unwrap_or_default()
    }

    pub(crate) fn tos(&self) -> u8 {
        self.bytes.get(1).copied().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> u16 {
        number16(self.bytes, 4)
    }

    pub(crate) fn dont_fragment(&self) -> bool {
        number16(self.bytes, 6) & 0x4000 != 0
    }

    /// Offset in bytes, and whether more follows.
    pub(crate) fn fragment(&self) -> (usize, bool) {
        let word = number16(self.bytes, 6);
        (usize::from(word & 0x1fff) * 8, word & 0x2000 != 0)
    }

    /// Whether the header asks for a route of the sender's choice, which hosts refuse (RFC 791, 3.1).
    pub(crate) fn is_source_routed(&self) -> bool {
        let mut options = self.bytes.get(20..self.header).unwrap_or_default();
        while let Some((&kind, rest)) = options.split_first() {
            options = match kind {
                131 | 137 => return true,
                0 => return false,
                1 => rest,
                // A length below that of the option's own head is malformed.
                _ => match rest.first().map(|length| usize::from(*length)) {
                    Some(length) if length >= 2 => options.get(length..).unwrap_or_default(),
                    _ => return true,
                },
            };
        }
        false
    }

    pub(crate) fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.header..).unwrap_or_default()
    }

    /// Whether the transport checksum fits. A UDP packet may have none.
    pub(crate) fn transport_checksum_fits(&self) -> bool {
        let payload = self.payload();
        match self.protocol() {
            ICMP => checksum::fits(&[payload]),
            UDP if number16(payload, 6) == 0 => true,
            protocol => {
                let pseudo =
                    checksum::pseudo_header(self.source(), self.destination(), protocol, payload.len());
                checksum::fits(&[&pseudo, payload])
            }
        }
    }
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    /// FIN to CWR.
    pub(crate) flags: u8,
    pub(crate) window: u16,
    pub(crate) options: &'a [u8],
    pub(crate) data: &'a [u8],
}

impl<'a> Segment<'a> {
    pub(crate) fn parse(payload: &'a [u8]) -> Option<Self> {
        let header = usize::from(payload.get(12)? >> 4) * 4;
        let (head, data) = payload.split_at_checked(header)?;
        let options = head.get(20..)?;
        Some(Segment {
            source_port: number16(head, 0),
            destination_port: number16(head, 2),
            sequence: number32(head, 4),
            acknowledgement: number32(head, 8),
            flags: head.get(13).copied().unwrap_or_default(),
            window: number16(head, 14),
            options,
            data,
        })
    }

    pub(crate) fn has(&self, flags: u8) -> bool {
        self.flags & flags == flags
    }

    /// Sequence numbers that the segment takes up.
    pub(crate) fn length(&self) -> u32 {
        let marks = u32::from(self.has(SYN)) + u32::from(self.has(FIN));
        marks.wrapping_add(u32::try_from(self.data.len()).unwrap_or(u32::MAX))
    }
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    pub(crate) destination_port: u16,
    pub(crate) data: &'a [u8],
}

impl<'a> Datagram<'a> {
    pub(crate) fn parse(payload: &'a [u8]) -> Option<Self> {
        let length = usize::from(number16(payload, 4));
        let data = payload.get(8..length)?;
        Some(Datagram { destination_port: number16(payload, 2), data })
    }
}

/// What an IPv4 header says beyond its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) protocol: u8,
    pub(crate) ttl: u8,
    pub(crate) tos: u8,
    pub(crate) id: u16,
    pub(crate) dont_fragment: bool,
}

/// An IPv4 packet with the transport checksum written into `payload` first.
pub(crate) fn ipv4(header: &Header, mut payload: Vec<u8>) -> Vec<u8> {
    write_transport_checksum(header, &mut payload);
    let total = u16::try_from(payload.len().saturating_add(20)).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(usize::from(total));
    packet.extend_from_slice(&[0x45, header.tos]);
    packet.extend_from_slice(&total.to_be_bytes());
    packet.extend_from_slice(&header.id.to_be_bytes());
    packet.extend_from_slice(&[if header.dont_fragment { 0x40 } else { 0 }, 0]);
    packet.extend_from_slice(&[header.ttl, header.protocol, 0, 0]);
    packet.extend_from_slice(&header.source.octets());
    packet.extend_from_slice(&header.destination.octets());
    packet.append(&mut payload);
    checksum::write_header(&mut packet, 20);
    packet
}

fn write_transport_checksum(header: &Header, payload: &mut [u8]) {
    let at = match header.protocol {
        ICMP => 2,
        TCP => 16,
        UDP => 6,
        _ => return,
    };
    put(payload, at, &[0, 0]);
    let sum = if header.protocol == ICMP {
        checksum::of(&[payload])
    } else {
        let pseudo =
            checksum::pseudo_header(header.source, header.destination, header.protocol, payload.len());
        checksum::of(&[&pseudo, payload])
    };
    put(payload, at, &sum.to_be_bytes());
}

/// A TCP segment, its checksum still open.
pub(crate) fn tcp(segment: &Segment<'_>) -> Vec<u8> {
    let words = u8::try_from(5 + segment.options.len() / 4).unwrap_or(15);
    let mut bytes = Vec::with_capacity(20 + segment.options.len() + segment.data.len());
    bytes.extend_from_slice(&segment.source_port.to_be_bytes());
    bytes.extend_from_slice(&segment.destination_port.to_be_bytes());
    bytes.extend_from_slice(&segment.sequence.to_be_bytes());
    bytes.extend_from_slice(&segment.acknowledgement.to_be_bytes());
    bytes.extend_from_slice(&[words << 4, segment.flags]);
    bytes.extend_from_slice(&segment.window.to_be_bytes());
    bytes.extend_from_slice(&[0, 0, 0, 0]);
    bytes.extend_from_slice(segment.options);
    bytes.extend_from_slice(segment.data);
    bytes
}

/// Recomputes all checksums of the packet in `frame` after it was changed, and takes the offload
/// header's promises back. For packets that are not to be segmented.
pub(crate) fn seal(frame: &mut [u8]) {
    put(frame, 0, &[0; OFFLOAD]);
    let Some(packet) = frame.get_mut(PACKET..) else { return };
    let header = usize::from(packet.first().copied().unwrap_or_default() & 15) * 4;
    let total = usize::from(number16(packet, 2));
    checksum::write_header(packet, header);
    let described = Header {
        source: Ipv4Addr::from_bits(number32(packet, 12)),
        destination: Ipv4Addr::from_bits(number32(packet, 16)),
        protocol: packet.get(9).copied().unwrap_or_default(),
        ttl: 0,
        tos: 0,
        id: 0,
        dont_fragment: false,
    };
    if described.protocol == UDP && packet.get(header..).is_some_and(|udp| number16(udp, 6) == 0) {
        return;
    }
    if let Some(payload) = packet.get_mut(header..total) {
        write_transport_checksum(&described, payload);
    }
}
