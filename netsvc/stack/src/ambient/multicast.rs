//! Names on the segment: multicast DNS (RFC 6762, 6763) and LLMNR (RFC 4795).

use super::{
    dns::{self, A, ANY, IN, Message, PTR, Question, Record, SRV, Section, TOP_BIT, TXT},
    habit::Multicast,
    speech::Speech,
};
use std::net::Ipv4Addr;

/// Where multicast DNS is spoken.
pub(crate) const MDNS: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);
/// Where LLMNR is spoken.
pub(crate) const LLMNR: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 252), 5355);
/// Authoritative answer.
const RESPONSE: u16 = 0x8400;
/// Seconds that records of hosts and of services hold (RFC 6762, 10), and that Windows gives its own.
const HOST_TTL: u32 = 120;
const SERVICE_TTL: u32 = 4500;
const WINDOWS_TTL: u32 = 60;
/// Most seconds in an answer to a resolver that does not know multicast DNS (RFC 6762, 6.7).
const LEGACY_TTL: u32 = 10;
/// Seconds that an LLMNR record holds (RFC 4795, 2.8).
const LLMNR_TTL: u32 = 30;

/// Who a node is on the segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    /// Host name without domain.
    pub(crate) host: &'a str,
    /// What its services are called.
    pub(crate) instance: &'a str,
    pub(crate) address: Ipv4Addr,
}

impl Identity<'_> {
    fn local(&self) -> String {
        format!("{}.local", self.host)
    }
}

/// A service that a device announces where the port is open: type, port, first of its TXT strings.
const SERVICES: &[(&str, u16, &str)] = &[
    ("_http._tcp.local", 80, ""),
    ("_ipp._tcp.local", 631, "txtvers=1"),
    ("_printer._tcp.local", 515, "txtvers=1"),
    ("_pdl-datastream._tcp.local", 9100, "txtvers=1"),
    ("_smb._tcp.local", 445, ""),
    ("_ssh._tcp.local", 22, ""),
    ("_sftp-ssh._tcp.local", 22, ""),
];

fn speech(how: Multicast, data: Vec<u8>) -> Speech {
    let ttl = if how == Multicast::Windows { 1 } else { 255 };
    Speech { from: MDNS.1, to: MDNS, ttl: Some(ttl), connected: false, data }
}

/// Asks whether somebody else has the name (RFC 6762, 8.1).
pub(crate) fn probe(how: Multicast, who: &Identity<'_>) -> Speech {
    let name = who.local();
    if how == Multicast::Windows {
        return speech(how, Message::new(0, 0).question(&name, ANY, IN).done());
    }
    let claim = Record::address(&name, IN, HOST_TTL, who.address);
    let message = Message::new(0, 0).question(&name, ANY, IN | TOP_BIT).record(Section::Authority, &claim);
    speech(how, message.done())
}

/// Says who the node is and what it serves (RFC 6762, 8.3); `open` tells which ports are.
pub(crate) fn announcement(how: Multicast, who: &Identity<'_>, open: impl Fn(u16) -> bool) -> Speech {
    let name = who.local();
    if how == Multicast::Windows {
        let own = Record::address(&name, IN | TOP_BIT, WINDOWS_TTL, who.address);
        return speech(how, Message::new(0, RESPONSE).record(Section::Answer, &own).done());
    }
    let own = Record::address(&name, IN | TOP_BIT, HOST_TTL, who.address);
    let reverse = dns::reverse(who.address);
    let back = Record::pointer(&reverse, IN | TOP_BIT, HOST_TTL, &name);
    let mut message = Message::new(0, RESPONSE).record(Section::Answer, &own).record(Section::Answer, &back);
    for (kind, port, text) in SERVICES.iter().filter(|(_, port, _)| open(*port)) {
        let instance = format!("{}.{kind}", who.instance);
        let mut place = vec![0, 0, 0, 0];
        place.extend_from_slice(&port.to_be_bytes());
        place.append(&mut dns::encoded(&name));
        let mut texts = vec![u8::try_from(text.len()).unwrap_or_default()];
        texts.extend_from_slice(text.as_bytes());
        let answer = |name, kind, class, ttl, data| Record { name, kind, class, ttl, data };
        for record in [
            Record::pointer("_services._dns-sd._udp.local", IN, SERVICE_TTL, kind),
            Record::pointer(kind, IN, SERVICE_TTL, &instance),
            answer(&instance, SRV, IN | TOP_BIT, HOST_TTL, place),
            answer(&instance, TXT, IN | TOP_BIT, SERVICE_TTL, texts),
        ] {
            message = message.record(Section::Answer, &record);
        }
    }
    speech(how, message.done())
}

/// Looks for services of these types.
pub(crate) fn search(how: Multicast, types: &[&str]) -> Speech {
    let message = types.iter().fold(Message::new(0, 0), |message, kind| message.question(kind, PTR, IN));
    speech(how, message.done())
}

/// The answer to a question for the node's own name; the sender of the question and its port.
pub(crate) fn answer(
    how: Multicast,
    who: &Identity<'_>,
    question: &Question,
    from: (Ipv4Addr, u16),
) -> Option<Speech> {
    if !question.name.eq_ignore_ascii_case(&who.local()) || !matches!(question.kind, A | ANY) {
        return None;
    }
    let name = who.local();
    let ttl = if how == Multicast::Windows { WINDOWS_TTL } else { HOST_TTL };
    if from.1 != MDNS.1 {
        let own = Record::address(&name, IN, LEGACY_TTL, who.address);
        let message = Message::new(question.id, RESPONSE).question(&name, question.kind, IN);
        let message = message.record(Section::Answer, &own);
        return Some(Speech { to: from, ..speech(how, message.done()) });
    }
    let own = Record::address(&name, IN | TOP_BIT, ttl, who.address);
    let message = Message::new(0, RESPONSE).record(Section::Answer, &own).done();
    let alone = question.class & TOP_BIT != 0;
    Some(Speech { to: if alone { from } else { MDNS }, ..speech(how, message) })
}

/// Asks by LLMNR whether somebody else has the name (RFC 4795, 4.1), or where `name` is.
pub(crate) fn llmnr(id: u16, from: u16, name: &str, kind: u16) -> Speech {
    let data = Message::new(id, 0).question(name, kind, IN).done();
    Speech { from, to: LLMNR, ttl: Some(1), connected: false, data }
}

/// The answer to an LLMNR question for the node's own name.
pub(crate) fn llmnr_answer(who: &Identity<'_>, question: &Question, from: (Ipv4Addr, u16)) -> Option<Speech> {
    if !question.name.eq_ignore_ascii_case(who.host) || !matches!(question.kind, A | ANY) {
        return None;
    }
    let own = Record::address(who.host, IN, LLMNR_TTL, who.address);
    let message = Message::new(question.id, 0x8000).question(who.host, question.kind, IN);
    let data = message.record(Section::Answer, &own).done();
    Some(Speech { from: LLMNR.1, to: from, ttl: None, connected: false, data })
}
