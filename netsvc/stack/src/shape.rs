//! Making the kernel's packets look like those of the node's system, and the peer's fit the kernel's
//! idea of itself.

use crate::{
    bytes::{array, number16, number32, put},
    checksum,
    counters::{KernelClock, Purpose},
    face::{Answer, Clock, Ecn, ReplyAcknowledgement},
    handshake::{self, CWR, ECE},
    node::Node,
    options::{self, Offer, Values},
    packet::{self, ACK, Ipv4, OFFLOAD, PACKET, RST, SYN, Segment, TCP},
};
use std::net::Ipv4Addr;

/// A timestamp of a SYN-ACK as the kernel wrote it, and as the peer saw it in the first and the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) kernel: u32,
    pub(crate) shown: u32,
    pub(crate) last: u32,
}

impl Stamp {
    /// Whether a peer who echoes `value` has seen one of those SYN-ACKs.
    fn covers(&self, value: u32) -> bool {
        value.wrapping_sub(self.shown) <= self.last.wrapping_sub(self.shown)
    }
}

/// Takes out of a SYN what the node's system does not speak, so that the kernel does not either.
pub(crate) fn request(node: &Node, frame: &mut [u8]) {
    let Some((start, end)) = options_of(frame) else { return };
    let form = &node.face.handshake;
    let silent = |kind| match kind {
        options::TIME => node.face.clock == Clock::None,
        options::SCALE => form.scale.is_none(),
        options::SACK => !form.all.has(options::SACK),
        _ => false,
    };
    let blanked = frame.get_mut(start..end).is_some_and(|bytes| options::blank(bytes, silent));
    let flags_at = PACKET + header_length(frame) + 13;
    let flags = frame.get(flags_at).copied().unwrap_or_default();
    let congestion = form.ecn != Ecn::Yes && flags & (ECE | CWR) != 0;
    if congestion {
        put(frame, flags_at, &[flags & !(ECE | CWR)]);
    }
    if blanked || congestion {
        packet::seal(frame);
    }
}

/// Lays the kernel's SYN-ACK out as the node's system does. `offered`: the segment size that the peer named.
/// Returns the new frame, and the timestamp in both forms.
pub(crate) fn accept(
    node: &mut Node,
    kernel: &mut KernelClock,
    frame: &[u8],
    offered: Option<u16>,
    now: i64,
) -> Option<(Vec<u8>, Option<Stamp>)> {
    let view = Ipv4::parse(frame.get(PACKET..)?)?;
    let segment = Segment::parse(view.payload())?;
    let offer = Offer::parse(segment.options);
    let peer = (view.destination(), segment.destination_port);
    let clock = node.face.clock;
    let stamp = offer.time.map(|(value, _)| {
        let shown = node.counters.time(clock, kernel.moment(value, now), peer);
        Stamp { kernel: value, shown, last: shown }
    });
    let form = &node.face.handshake;
    let layout = handshake::layout(form, &offer, clock);
    let values = Values {
        mss: handshake::mss(form, offered),
        // The kernel's own: a window is not to be lied about.
        scale: offer.scale.unwrap_or_default(),
        time: stamp.map_or(0, |stamp| stamp.shown),
        echo: offer.time.map_or(0, |(_, echo)| echo),
    };
    let options = layout.write(&values);
    let reply = Segment {
        window: handshake::window(form, layout.has(options::TIME)),
        options: &options,
        data: &[],
        ..segment
    };
    let header = packet::Header {
        source: view.source(),
        destination: view.destination(),
        protocol: TCP,
        ttl: node.face.ttl,
        tos: view.tos(),
        id: node.counters.id(&node.face, Purpose::Handshake),
        dont_fragment: form.dont_fragment,
    };
    let mut shaped = frame.get(..PACKET)?.to_vec();
    put(&mut shaped, 0, &[0; OFFLOAD]);
    shaped.append(&mut packet::ipv4(&header, packet::tcp(&reply)));
    Some((shaped, stamp))
}

/// Shapes any other packet of the kernel: time to live, identification, timestamps, resets.
pub(crate) fn send(node: &mut Node, kernel: &mut KernelClock, frame: &mut [u8], now: i64) {
    let packets = packets_in(frame);
    let length = header_length(frame);
    let is_tcp = frame.get(PACKET + 9) == Some(&TCP);
    let flags = frame.get(PACKET + length + 13).copied().unwrap_or_default();
    if is_tcp && flags & RST != 0 {
        return reset(node, frame, flags);
    }
    let Some(packet) = frame.get_mut(PACKET..) else { return };
    let protocol = packet.get(9).copied().unwrap_or_default();
    checksum::replace_word(packet, 8, u16::from_be_bytes([node.face.ttl, protocol]));
    let (fragment, word) = (number16(packet, 6) & 0x3fff != 0, number16(packet, 6));
    if !fragment {
        let id = node.counters.ids(&node.face, Purpose::Handshake, packets);
        // A system that numbers no handshake still numbers each connection's data, as the kernel does.
        if node.face.ids.handshake != crate::face::Sequence::Zero {
            checksum::replace_word(packet, 4, id);
        }
    }
    if is_tcp && !node.face.handshake.dont_fragment {
        checksum::replace_word(packet, 6, word & !0x4000);
    }
    if is_tcp {
        let peer = (Ipv4Addr::from_bits(number32(packet, 16)), number16(packet, length + 2));
        let clock = node.face.clock;
        let counters = &node.counters;
        restamp(frame, 0, |value| counters.time(clock, kernel.moment(value, now), peer));
    }
}

/// Translates the timestamp that a peer echoes back into the kernel's. `handshake`: that of the SYN-ACK.
pub(crate) fn receive(
    node: &Node,
    kernel: &KernelClock,
    frame: &mut [u8],
    handshake: Option<Stamp>,
    now: i64,
) {
    let Some(packet) = frame.get(PACKET..) else { return };
    let peer = (Ipv4Addr::from_bits(number32(packet, 12)), number16(packet, header_length(frame)));
    let clock = node.face.clock;
    restamp(frame, 4, |shown| match handshake {
        // Exactly, because the kernel refuses a handshake whose echo is not between its first and its last.
        Some(stamp) if stamp.covers(shown) => stamp.kernel,
        _ if shown == 0 => 0,
        _ => {
            let near = kernel.value(node.counters.moment(clock, shown, now, peer));
            let seen = |value: &u32| node.counters.time(clock, kernel.at(*value, now), peer) == shown;
            let around = [0, 1, u32::MAX, 2, u32::MAX - 1].map(|step| near.wrapping_add(step));
            around.into_iter().find(seen).unwrap_or(near)
        }
    });
}

/// Replaces one half of the timestamp option (`at` 0: value, 4: echo) and keeps the checksum right.
pub(crate) fn restamp(frame: &mut [u8], at: usize, mut translate: impl FnMut(u32) -> u32) {
    let Some((start, end)) = options_of(frame) else { return };
    let Some(time) = frame.get(start..end).and_then(options::time_at) else { return };
    let place = start + time + at;
    let old = number32(frame, place);
    let new = translate(old);
    if new == old {
        return;
    }
    put(frame, place, &new.to_be_bytes());
    // The sender has left the sum over the data to the device: nothing to correct yet.
    if frame.first().is_some_and(|flags| flags & 1 != 0) {
        return;
    }
    let tcp = PACKET + header_length(frame);
    let odd = (place - tcp) % 2 == 1;
    let turn = |value: u32| if odd { value.rotate_left(8) } else { value };
    let sum = checksum::replaced(number16(frame, tcp + 16), turn(old), turn(new));
    put(frame, tcp + 16, &sum.to_be_bytes());
}

/// A reset of the kernel, to a segment that it knows nothing about, in the form that the system gives it.
fn reset(node: &mut Node, frame: &mut [u8], flags: u8) {
    let length = header_length(frame);
    let form = if flags & ACK != 0 { &node.face.syn_at_closed } else { &node.face.ack_at_open };
    let (dont_fragment, window, other) = match form {
        Answer::Segment(reply) => {
            (reply.dont_fragment, reply.window, reply.acknowledgement == ReplyAcknowledgement::Other)
        }
        _ => (true, 0, false),
    };
    let id = node.counters.id(&node.face, Purpose::Reset);
    put(frame, PACKET + 4, &id.to_be_bytes());
    put(frame, PACKET + 6, &[if dont_fragment { 0x40 } else { 0 }, 0]);
    put(frame, PACKET + 8, &[node.face.ttl]);
    put(frame, PACKET + length + 14, &window.to_be_bytes());
    if other && flags & ACK == 0 {
        put(frame, PACKET + length + 8, &(node.counters.random32() | 2).to_be_bytes());
    }
    packet::seal(frame);
}

/// Whether a frame of the kernel's is a SYN-ACK.
pub(crate) fn is_accept(segment: &Segment<'_>) -> bool {
    segment.flags & (SYN | ACK | RST) == SYN | ACK
}

fn header_length(frame: &[u8]) -> usize {
    usize::from(frame.get(PACKET).copied().unwrap_or_default() & 15) * 4
}

/// Where the TCP options of a frame are; `None` when it carries no TCP or is cut.
fn options_of(frame: &[u8]) -> Option<(usize, usize)> {
    let tcp = PACKET + header_length(frame);
    let words = usize::from(frame.get(tcp + 12)? >> 4);
    let (start, end) = (tcp + 20, tcp + words * 4);
    (start <= end && end <= frame.len()).then_some((start, end))
}

/// Packets that a device will make of a frame.
fn packets_in(frame: &[u8]) -> u16 {
    let header = array::<OFFLOAD>(frame, 0).unwrap_or_default();
    let [_, kind, low, high, size_low, size_high, ..] = header;
    let size = usize::from(u16::from_ne_bytes([size_low, size_high]));
    if kind == 0 || size == 0 {
        return 1;
    }
    let headers = usize::from(u16::from_ne_bytes([low, high])) + OFFLOAD;
    u16::try_from(frame.len().saturating_sub(headers).div_ceil(size)).unwrap_or(u16::MAX).max(1)
}
