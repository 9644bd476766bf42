//! Answers to a SYN at an open port: which options in which order, which window; and nmap's probes among
//! the SYNs, which the stack answers without the kernel.

use crate::{
    counters::Purpose,
    face::{Clock, Ecn, Handshake, Oddity},
    node::Node,
    options::{self, Layout, Offer, Values},
    packet::{self, ACK, Header, Ipv4, SYN, Segment, TCP},
    reply,
};

/// Congestion Experienced echo, and Congestion Window Reduced.
pub(crate) const ECE: u8 = 0x40;
pub(crate) const CWR: u8 = 0x80;
/// Place of nmap's probe of congestion notification among its SYNs.
const CONGESTION: usize = 6;
/// Segment size of a peer that names none (RFC 9293, 3.7.1).
const UNNAMED: u16 = 536;

/// Which of nmap's SYN probes this is: 0 to 5 for those of its sequence test, 6 for that of congestion
/// notification. They are fixed down to the byte (nmap reference guide, chapter 8).
pub(crate) fn probe(segment: &Segment<'_>) -> Option<usize> {
    const TIME: [u8; 10] = [8, 10, 255, 255, 255, 255, 0, 0, 0, 0];
    const FORMS: [(u16, &[u8], bool, &[u8]); 6] = [
        (1, &[3, 3, 10, 1, 2, 4, 5, 0xb4], true, &[4, 2]),
        (63, &[2, 4, 5, 0x78, 3, 3, 0, 4, 2], true, &[0]),
        (4, &[], true, &[1, 1, 3, 3, 5, 1, 2, 4, 2, 0x80]),
        (4, &[4, 2], true, &[3, 3, 10, 0]),
        (16, &[2, 4, 2, 0x18, 4, 2], true, &[3, 3, 10, 0]),
        (512, &[2, 4, 1, 9, 4, 2], true, &[]),
    ];
    const OPTIONS: &[u8] = &[3, 3, 10, 1, 2, 4, 5, 0xb4, 4, 2, 1, 1];
    if segment.window == 3 && segment.options == OPTIONS {
        return Some(CONGESTION);
    }
    FORMS.iter().position(|(window, before, timed, after)| {
        let time: &[u8] = if *timed { &TIME } else { &[] };
        let parts = before.iter().chain(time).chain(*after);
        segment.window == *window && segment.options.iter().eq(parts)
    })
}

/// The SYN-ACK that the node's stack itself gives to `segment`; `probe`: its place among nmap's.
pub(crate) fn answer(
    node: &mut Node,
    packet: &Ipv4<'_>,
    segment: &Segment<'_>,
    probe: Option<usize>,
    now: i64,
) -> Vec<u8> {
    let (options, window) = body(node, packet, segment, probe, now);
    let (flags, (sequence, acknowledgement)) = numbers(node, segment, probe, now);
    let form = &node.face.handshake;
    let (oddity, dont_fragment) = match probe {
        Some(CONGESTION) => (form.ecn_oddity, form.ecn_dont_fragment.unwrap_or(form.dont_fragment)),
        Some(_) => (form.probe_oddity, form.dont_fragment),
        None => (Oddity::default(), form.dont_fragment),
    };
    let reply = Segment {
        source_port: segment.destination_port,
        destination_port: segment.source_port,
        sequence,
        acknowledgement,
        flags,
        window,
        options: &options,
        data: &[],
    };
    let header = Header {
        source: node.address,
        destination: packet.source(),
        protocol: TCP,
        ttl: form.ecn_ttl.filter(|_| probe == Some(CONGESTION)).unwrap_or(node.face.ttl),
        tos: 0,
        id: node.counters.id(&node.face, Purpose::Handshake),
        dont_fragment,
    };
    packet::ipv4(&header, reply::marked(packet::tcp(&reply), oddity))
}

/// Options and window of the answer.
fn body(
    node: &Node,
    packet: &Ipv4<'_>,
    segment: &Segment<'_>,
    probe: Option<usize>,
    now: i64,
) -> (Vec<u8>, u16) {
    let offer = Offer::parse(segment.options);
    let peer = (packet.source(), segment.source_port);
    let clock = node.face.clock;
    let form = &node.face.handshake;
    let told = match probe {
        Some(CONGESTION) => form.ecn_options.as_ref(),
        Some(number) => form.probe_options.as_ref().and_then(|options| options.get(number)),
        None => None,
    };
    let layout = layout(form, &offer, clock);
    let named =
        |values: &Option<[u16; 6]>| values.as_ref().zip(probe).and_then(|(values, n)| values.get(n).copied());
    let ecn_mss = form.ecn_mss.filter(|_| probe == Some(CONGESTION));
    let echoed = form.probe_echo || probe.is_none() && !segment.has(packet::FIN);
    let values = Values {
        mss: named(&form.probe_mss).or(ecn_mss).unwrap_or_else(|| mss(form, offer.mss)),
        scale: form.scale.unwrap_or_default(),
        time: match probe {
            Some(number) => node.counters.probe_time(clock, now, peer, number),
            None => node.counters.time(clock, now, peer),
        },
        echo: offer.time.filter(|_| echoed).map_or(0, |(value, _)| value),
    };
    let odd = form.odd_window.filter(|_| segment.has(packet::FIN));
    let window =
        named(&form.probe_windows).or(odd).unwrap_or_else(|| window(form, layout.has(options::TIME)));
    let options = match told {
        Some(exact) => exact.write(values.time, values.echo),
        None => layout.write(&values),
    };
    (options, window)
}

/// Flags, sequence number and acknowledgement of the answer.
fn numbers(node: &mut Node, segment: &Segment<'_>, probe: Option<usize>, now: i64) -> (u8, (u32, u32)) {
    let form = &node.face.handshake;
    let asked = segment.flags & (ECE | CWR) == ECE | CWR;
    let agreed = match form.ecn {
        Ecn::Yes if asked => ECE,
        Ecn::Both if asked => ECE | CWR,
        Ecn::Reduced if asked => CWR,
        _ => 0,
    };
    let other = form.probe_reply.clone().filter(|_| probe.is_some_and(|number| number < CONGESTION));
    let isn = node.face.isn;
    match other {
        Some(other) => (other.flags, reply::numbers(node, &other, segment, now)),
        None => (SYN | ACK | agreed, (node.counters.isn(&isn, now), segment.sequence.wrapping_add(1))),
    }
}

/// The options that answer `offer`.
pub(crate) fn layout(form: &Handshake, offer: &Offer, clock: Clock) -> Layout {
    let time = offer.time.is_some() && clock != Clock::None;
    let mut layout = match (time, offer.sack, offer.scale.is_some()) {
        (true, true, true) => form.all.clone(),
        (true, false, true) => form.no_sack.clone(),
        (true, _, false) => form.no_scale.clone(),
        (false, true, true) => form.no_time.clone(),
        (false, true, false) => form.no_scale.clone(),
        (false, false, _) => form.no_sack.clone(),
    };
    if !time {
        layout = layout.without(options::TIME);
    }
    if !offer.sack {
        layout = layout.without(options::SACK);
    }
    if offer.scale.is_none() {
        layout = layout.without(options::SCALE);
    }
    // What is left of a shorter layout needs no filling.
    let filled = [options::TIME, options::SACK, options::SCALE].iter().any(|kind| layout.has(*kind));
    if filled { layout } else { layout.without(options::NOP) }
}

/// The segment size that is named to a peer that has named `offered`.
pub(crate) fn mss(form: &Handshake, offered: Option<u16>) -> u16 {
    if form.mss_follows { form.mss.min(offered.unwrap_or(UNNAMED)) } else { form.mss }
}

/// The first window.
pub(crate) fn window(form: &Handshake, timed: bool) -> u16 {
    if timed { form.windows.0 } else { form.windows.1 }
}
