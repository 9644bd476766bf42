//! What is told of what was seen, if it is news.

use super::{
    beat::Even,
    certificate,
    datagram::{Ask, Question},
    flow::{End, Flow, Heard},
    news::News,
};
use crate::{
    finding::{Fields, Finding},
    system::{Known, Signature},
};
use netsvc_fingerprint::{Carrier, ClientHello, Greeting, ServerFlight};
use netsvc_wire::{Kind, field, stamp::Micros};
use std::net::{IpAddr, Ipv4Addr};

const CLIENT: &str = "client";
const SERVER: &str = "server";
/// Segments of a connection from which on it is told of.
const PACKETS: u64 = 4;
const RETRANSMITS: u32 = 3;
/// Characters of a value that a peer chose.
const VALUE: usize = 256;

fn finding(at: Micros, kind: Kind, about: End, to: End, fields: Fields) -> Finding {
    Finding { at, kind, about: (about.0, Some(about.1)), to: (to.0, Some(to.1)), fields: fields.done() }
}

/// What makes two segments the same system's: all but where it is and when it was.
fn shape(signature: &Signature) -> impl std::hash::Hash + use<> {
    let (header, options) = (&signature.header, &signature.options);
    (
        (header.version, header.options, header.whole, header.id == 0, header.congestion, header.reserved),
        (options.list, options.padding, options.segment, options.scale, options.bad, options.dirty),
        (signature.window, signature.flags, signature.initial(), signature.loaded),
    )
}

fn signature(signature: &Signature, side: &'static str) -> Fields {
    Fields::default()
        .with(field::SIDE, side)
        .with(field::SIGNATURE, signature.text())
        .with(field::TTL, signature.header.ttl.to_string())
        .with(field::DISTANCE, signature.distance().to_string())
        .maybe(field::MTU, signature.mtu())
}

/// A client's first segment.
pub(super) fn opened(
    at: Micros,
    flow: &Flow,
    seen: &Signature,
    (system, program): (Option<Known>, Option<&'static str>),
    news: &mut News,
    found: &mut Vec<Finding>,
) {
    if !news.is_of_anybody(at, (CLIENT, flow.client.0, shape(seen), program)) {
        return;
    }
    let system = system.filter(|_| program.is_none());
    let fields = signature(seen, CLIENT)
        .maybe(field::OS_GUESS, system.map(|known| known.name))
        .maybe(field::TOOL, program);
    found.push(finding(at, Kind::TcpFingerprint, flow.client, flow.server, fields));
}

/// A server's first segment.
pub(super) fn answered(at: Micros, flow: &Flow, seen: &Signature, news: &mut News, found: &mut Vec<Finding>) {
    if news.is_of_anybody(at, (SERVER, flow.server, shape(seen))) {
        let fields = signature(seen, SERVER);
        found.push(finding(at, Kind::TcpFingerprint, flow.server, flow.client, fields));
    }
}

/// What a side has said.
pub(super) fn heard(
    at: Micros,
    flow: &Flow,
    side: usize,
    heard: &Heard,
    news: &mut News,
    found: &mut Vec<Finding>,
) {
    match heard {
        Heard::Hello(hello) => {
            tls(at, (flow.client, flow.server), hello, (Carrier::Tcp, flow.met), news, found);
        }
        Heard::Server(flight) => self::flight(at, flow, flight, news, found),
        Heard::Ssh(greeting) => ssh(at, flow, side, greeting, news, found),
    }
}

/// The hello of a client of QUIC, who has shown nobody that the address is his.
pub(super) fn quic(
    at: Micros,
    ends: (End, End),
    hello: &ClientHello,
    news: &mut News,
    found: &mut Vec<Finding>,
) {
    tls(at, ends, hello, (Carrier::Quic, false), news, found);
}

fn tls(
    at: Micros,
    (client, server): (End, End),
    hello: &ClientHello,
    (carrier, met): (Carrier, bool),
    news: &mut News,
    found: &mut Vec<Finding>,
) {
    let (ja3, ja4) = (hello.ja3(), hello.ja4(carrier));
    if !news.of(at, met, (Kind::TlsFingerprint, client.0, &ja3, &ja4, &hello.server_name)) {
        return;
    }
    let protocols: Vec<String> =
        hello.protocols.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let fields = Fields::default()
        .with(field::SIDE, CLIENT)
        .with(field::TRANSPORT, if carrier == Carrier::Quic { "udp" } else { "tcp" })
        .with(field::JA3, ja3)
        .with(field::JA4, ja4)
        .with(field::SNI, cut(hello.server_name.as_deref().unwrap_or_default()))
        .with(field::ALPN, cut(protocols.join(",").as_bytes()));
    found.push(finding(at, Kind::TlsFingerprint, client, server, fields));
}

fn flight(at: Micros, flow: &Flow, flight: &ServerFlight, news: &mut News, found: &mut Vec<Finding>) {
    if let Some(hello) = &flight.hello {
        let ja3s = hello.ja3s();
        if news.of(at, flow.met, (Kind::TlsFingerprint, SERVER, flow.server, &ja3s)) {
            let fields = Fields::default()
                .with(field::SIDE, SERVER)
                .with(field::TRANSPORT, "tcp")
                .with(field::JA3S, ja3s)
                .with(field::TLS_VERSION, version(hello.chosen))
                .with(field::CIPHER, format!("{:04x}", hello.cipher))
                .with(field::ALPN, cut(hello.protocol.as_deref().unwrap_or_default()));
            found.push(finding(at, Kind::TlsFingerprint, flow.server, flow.client, fields));
        }
    }
    if let Some(own) = flight.certificates.as_ref().and_then(|chain| chain.first())
        && news.of(at, flow.met, (Kind::CertificateSeen, flow.server, own))
    {
        let fields = certificate::fields(own, SERVER);
        found.push(finding(at, Kind::CertificateSeen, flow.server, flow.client, fields));
    }
}

fn version(number: u16) -> String {
    match number {
        0x0300 => "SSLv3".to_owned(),
        0x0301 => "TLSv1".to_owned(),
        0x0302 => "TLSv1.1".to_owned(),
        0x0303 => "TLSv1.2".to_owned(),
        0x0304 => "TLSv1.3".to_owned(),
        other => format!("{other:04x}"),
    }
}

fn ssh(at: Micros, flow: &Flow, side: usize, greeting: &Greeting, news: &mut News, found: &mut Vec<Finding>) {
    let version = cut(&greeting.version);
    let (side, about, to, names, hassh, text) = match side {
        0 => {
            let names = (field::HASSH, field::CLIENT_VERSION);
            let offer = &greeting.offer;
            (CLIENT, flow.client, flow.server, names, offer.hassh(), offer.hassh_text())
        }
        _ => {
            let names = (field::HASSH_SERVER, field::SERVER_VERSION);
            let offer = &greeting.offer;
            (SERVER, flow.server, flow.client, names, offer.hassh_server(), offer.hassh_server_text())
        }
    };
    // A client's port is another each time.
    let port = if side == SERVER { about.1 } else { 0 };
    if news.of(at, flow.met, (Kind::SshFingerprint, about.0, port, &hassh, &version)) {
        let fields = Fields::default()
            .with(field::SIDE, side)
            .with(names.0, hassh)
            .with(names.1, version)
            .with(field::HASSH_ALGORITHMS, text);
        found.push(finding(at, Kind::SshFingerprint, about, to, fields));
    }
}

/// A question for a name.
pub(super) fn question(
    at: Micros,
    (from, to): (End, End),
    question: &Question,
    news: &mut News,
    found: &mut Vec<Finding>,
) {
    if news.is_of_anybody(at, (Kind::DnsLookup, from.0, question)) {
        let fields = Fields::default()
            .with(field::QUERY_NAME, question.name.as_str())
            .with(field::QUERY_TYPE, question.kind.as_str());
        found.push(finding(at, Kind::DnsLookup, from, to, fields));
    }
}

/// How a host asks for its address. As long as it has none, it is told of by the one that it wants.
pub(super) fn ask(at: Micros, (from, to): (End, End), ask: &Ask, news: &mut News, found: &mut Vec<Finding>) {
    let own = match (from.0, ask.address) {
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), Some(address)) => IpAddr::from(address),
        (other, _) => other,
    };
    if !news.is_of_anybody(at, (Kind::DhcpFingerprint, own, to.0, &ask.parameters, &ask.vendor)) {
        return;
    }
    let list: Vec<String> = ask.parameters.iter().map(ToString::to_string).collect();
    let fields = Fields::default()
        .with(field::SRC_MAC, ask.mac.map(|byte| format!("{byte:02x}")).join(":"))
        .with(field::DHCP_PARAMETERS, list.join(","))
        .with(field::VENDOR_CLASS, cut(&ask.vendor))
        .with(field::CLIENT_NAME, cut(&ask.name));
    found.push(finding(at, Kind::DhcpFingerprint, (own, from.1), to, fields));
}

/// Several hosts behind the client's address.
pub(super) fn shared(at: Micros, flow: &Flow, count: usize, reason: &str, found: &mut Vec<Finding>) {
    let fields = Fields::default().with(field::COUNT, count.to_string()).with(field::REASON, reason);
    found.push(finding(at, Kind::SharedAddress, flow.client, flow.server, fields));
}

/// Connections at even times.
pub(super) fn beacon(at: Micros, flow: &Flow, even: Even, found: &mut Vec<Finding>) {
    let fields = Fields::default()
        .with(field::INTERVAL_MS, even.interval.to_string())
        .with(field::JITTER_PERCENT, even.jitter.to_string())
        .with(field::COUNT, even.count.to_string());
    found.push(finding(at, Kind::Beacon, flow.client, flow.server, fields));
}

/// A connection that is over, if it tells anything.
pub(super) fn flow(flow: &Flow, news: &mut News, found: &mut Vec<Finding>) {
    let [client, server] = &flow.sides;
    let talked = PACKETS <= client.packets + server.packets && client.bytes > 0 && server.bytes > 0;
    let told = talked || RETRANSMITS <= flow.retransmits;
    if !told || !news.is_of_anybody(flow.last, (Kind::Flow, flow.client.0, flow.server)) {
        return;
    }
    let clock = flow.clock();
    let fields = Fields::default()
        .with(field::TRANSPORT, "tcp")
        .with(field::DURATION_MS, ((flow.last - flow.begun) / 1000).to_string())
        .with(field::PACKETS, (client.packets + server.packets).to_string())
        .with(field::BYTES_IN, client.bytes.to_string())
        .with(field::BYTES_OUT, server.bytes.to_string())
        .with(field::RETRANSMITS, flow.retransmits.to_string())
        .maybe(field::INTERVAL_MS, flow.interval())
        .maybe(field::CLOCK_HZ, clock.map(|(rate, _)| rate))
        .maybe(field::SKEW_PPM, clock.and_then(|(_, skew)| skew));
    found.push(finding(flow.last, Kind::Flow, flow.client, flow.server, fields));
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..VALUE).unwrap_or(bytes).to_vec()
}
