//! Names on the segment: multicast DNS (RFC 6762, 6763) and LLMNR (RFC 4795).

use super::{
    dns::{self, A, ANY, IN, Message, PTR, Query, Question, Record, SRV, Section, TOP_BIT, TXT},
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

/// Who a node is on the segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    /// Host name without domain.
    pub(crate) host: &'a str,
    /// What its services are called.
    pub(crate) instance: &'a str,
    /// Vendor and product.
    pub(crate) machine: (&'a str, &'a str),
    pub(crate) address: Ipv4Addr,
}

impl Identity<'_> {
    fn local(&self) -> String {
        format!("{}.local", self.host)
    }
}

/// What a system's service says of itself in its TXT record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Nothing.
    Plain,
    /// What a printer is (Bonjour Printing, 9).
    Printer,
    /// What network storage is.
    Storage,
}

impl Words {
    fn texts(self, who: &Identity<'_>, port: u16) -> Vec<String> {
        let (vendor, product) = who.machine;
        match self {
            Words::Plain => vec![String::new()],
            Words::Printer => vec![
                "txtvers=1".to_owned(),
                "qtotal=1".to_owned(),
                format!("ty={vendor} {product}"),
                format!("product=({vendor} {product})"),
                format!("adminurl=http://{}/", who.local()),
            ],
            Words::Storage => {
                vec![format!("vendor={vendor}"), format!("model={product}"), format!("admin_port={port}")]
            }
        }
    }
}

/// A service that a system announces where the port is open.
pub(crate) type Service = (&'static str, u16, Words);

/// How a system uses multicast DNS (RFC 6762).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Multicast {
    /// Windows since 10: its name only, time to live 1.
    Windows,
    /// Apple's responder and Avahi: probes, announcements, questions now and then.
    Full {
        /// Types that it looks for.
        asks: &'static [&'static str],
        /// Services that it announces as delivered, where they are there.
        services: &'static [Service],
    },
}

/// The records of a node.
struct Book<'a> {
    how: Multicast,
    who: &'a Identity<'a>,
    open: &'a dyn Fn(u16) -> bool,
}

/// A record with its data, and whether several hosts may have one like it.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    kind: u16,
    ttl: u32,
    data: Vec<u8>,
    /// Where a pointer leads to.
    to: String,
    shared: bool,
}

impl Entry {
    fn pointer(name: &str, to: &str, ttl: u32, shared: bool) -> Self {
        Entry { name: name.to_owned(), kind: PTR, ttl, data: dns::encoded(to), to: to.to_owned(), shared }
    }

    fn own(name: &str, kind: u16, ttl: u32, data: Vec<u8>) -> Self {
        Entry { name: name.to_owned(), kind, ttl, data, to: String::new(), shared: false }
    }

    fn meets(&self, question: &Question) -> bool {
        let kind = question.kind == self.kind || question.kind == ANY;
        kind && question.name.eq_ignore_ascii_case(&self.name)
            && matches!(question.class & !TOP_BIT, IN | ANY)
    }

    /// Whether the asker knows it for at least half of its time (RFC 6762, 7.1).
    fn is_known(&self, query: &Query) -> bool {
        let same = |known: &dns::Pointer| {
            known.name.eq_ignore_ascii_case(&self.name) && known.to.eq_ignore_ascii_case(&self.to)
        };
        self.kind == PTR && query.known.iter().any(|known| same(known) && self.ttl / 2 <= known.ttl)
    }
}

impl Book<'_> {
    fn services(&self) -> impl Iterator<Item = &'static Service> + '_ {
        let all = match self.how {
            Multicast::Windows => &[],
            Multicast::Full { services, .. } => services,
        };
        all.iter().filter(|(_, port, _)| (self.open)(*port))
    }

    fn host(&self) -> Entry {
        let ttl = if self.how == Multicast::Windows { WINDOWS_TTL } else { HOST_TTL };
        Entry::own(&self.who.local(), A, ttl, self.who.address.octets().to_vec())
    }

    /// The place and the words of a service.
    fn about(&self, (kind, port, words): &Service) -> [Entry; 2] {
        let instance = format!("{}.{kind}", self.who.instance);
        let mut place = vec![0, 0, 0, 0];
        place.extend_from_slice(&port.to_be_bytes());
        place.append(&mut dns::encoded(&self.who.local()));
        let mut texts = Vec::new();
        for text in words.texts(self.who, *port) {
            let text = text.as_bytes().get(..text.len().min(255)).unwrap_or_default();
            texts.push(u8::try_from(text.len()).unwrap_or_default());
            texts.extend_from_slice(text);
        }
        [Entry::own(&instance, SRV, HOST_TTL, place), Entry::own(&instance, TXT, SERVICE_TTL, texts)]
    }

    /// All records, as they are announced.
    fn all(&self) -> Vec<Entry> {
        let mut all = vec![self.host()];
        if self.how != Multicast::Windows {
            all.push(Entry::pointer(&dns::reverse(self.who.address), &self.who.local(), HOST_TTL, false));
        }
        for service in self.services() {
            let instance = format!("{}.{}", self.who.instance, service.0);
            all.push(Entry::pointer("_services._dns-sd._udp.local", service.0, SERVICE_TTL, true));
            all.push(Entry::pointer(service.0, &instance, SERVICE_TTL, true));
            all.extend(self.about(service));
        }
        all
    }

    /// What whoever gets `answers` will ask for next (RFC 6763, 12).
    fn further(&self, answers: &[Entry]) -> Vec<Entry> {
        let mut further = Vec::new();
        for answer in answers.iter().filter(|answer| answer.kind == PTR) {
            let named = |service: &&Service| answer.name == service.0;
            further.extend(self.services().filter(named).flat_map(|service| self.about(service)));
        }
        let places = answers.iter().chain(&further).any(|entry| entry.kind == SRV);
        if places && !answers.iter().any(|answer| answer.kind == A) {
            further.push(self.host());
        }
        further
    }
}

/// Adds `entry`; `alone`: for a resolver that knows no multicast DNS.
fn add(message: Message, section: Section, entry: &Entry, alone: bool) -> Message {
    let class = if entry.shared || alone { IN } else { IN | TOP_BIT };
    let ttl = if alone { entry.ttl.min(LEGACY_TTL) } else { entry.ttl };
    let record = Record { name: &entry.name, kind: entry.kind, class, ttl, data: entry.data.clone() };
    message.record(section, &record)
}

/// Says who the node is and what it serves (RFC 6762, 8.3); `open` tells which ports are.
pub(crate) fn announcement(how: Multicast, who: &Identity<'_>, open: impl Fn(u16) -> bool) -> Speech {
    let all = Book { how, who, open: &open }.all();
    let message = Message::new(0, RESPONSE);
    speech(how, all.iter().fold(message, |message, entry| add(message, Section::Answer, entry, false)).done())
}

/// Whether a query is about the node, as far as that can be said without its records.
pub(crate) fn concerns(how: Multicast, host: &str, instance: &str, own: Ipv4Addr, query: &Query) -> bool {
    let services = || matches!(how, Multicast::Full { services, .. } if !services.is_empty());
    query.questions.iter().any(|question| {
        let name = question.name.as_str();
        let begins =
            |part: &str| name.get(..part.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(part));
        let (front, end) =
            name.len().checked_sub(6).and_then(|at| name.split_at_checked(at)).unwrap_or_default();
        let is_host = end.eq_ignore_ascii_case(".local") && front.eq_ignore_ascii_case(host);
        let has_back = || how != Multicast::Windows && begins_with_digit(name);
        let is_back = || has_back() && name.eq_ignore_ascii_case(&dns::reverse(own));
        is_host || is_back() || (services() && (name.starts_with('_') || begins(instance)))
    })
}

fn begins_with_digit(name: &str) -> bool {
    name.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

/// The answer to `query` of `from`, and whether others may have one too, so that it waits a moment.
pub(crate) fn answer(
    how: Multicast,
    who: &Identity<'_>,
    query: &Query,
    from: (Ipv4Addr, u16),
    open: impl Fn(u16) -> bool,
) -> Option<(Speech, bool)> {
    let book = Book { how, who, open: &open };
    let wanted = |entry: &Entry| query.questions.iter().any(|question| entry.meets(question));
    let answers: Vec<_> =
        book.all().into_iter().filter(|entry| wanted(entry) && !entry.is_known(query)).collect();
    if answers.is_empty() {
        return None;
    }
    let legacy = from.1 != MDNS.1;
    let mut message = Message::new(if legacy { query.id } else { 0 }, RESPONSE);
    for question in query.questions.iter().filter(|_| legacy) {
        message = message.question(&question.name, question.kind, question.class & !TOP_BIT);
    }
    let further = if how == Multicast::Windows { Vec::new() } else { book.further(&answers) };
    message = answers.iter().fold(message, |message, entry| add(message, Section::Answer, entry, legacy));
    message = further.iter().fold(message, |message, entry| add(message, Section::Additional, entry, legacy));
    let alone = legacy || query.questions.iter().all(|question| question.class & TOP_BIT != 0);
    let shared = answers.iter().any(|entry| entry.shared);
    Some((Speech { to: if alone { from } else { MDNS }, ..speech(how, message.done()) }, shared))
}

/// Looks for services of these types.
pub(crate) fn search(how: Multicast, types: &[&str]) -> Speech {
    let message = types.iter().fold(Message::new(0, 0), |message, kind| message.question(kind, PTR, IN));
    speech(how, message.done())
}

/// Asks by multicast DNS where `name` is.
pub(crate) fn address(how: Multicast, name: &str) -> Speech {
    speech(how, Message::new(0, 0).question(name, A, IN).done())
}

/// Asks by LLMNR whether somebody else has the name (RFC 4795, 4.1), or where `name` is.
pub(crate) fn llmnr(id: u16, from: u16, name: &str, kind: u16) -> Speech {
    let data = Message::new(id, 0).question(name, kind, IN).done();
    Speech { from, to: LLMNR, ttl: Some(1), connected: false, data }
}

/// The answer to an LLMNR question for the node's own name.
pub(crate) fn llmnr_answer(who: &Identity<'_>, query: &Query, from: (Ipv4Addr, u16)) -> Option<Speech> {
    let [question] = query.questions.as_slice() else { return None };
    if !question.name.eq_ignore_ascii_case(who.host) || !matches!(question.kind, A | ANY) {
        return None;
    }
    let own = Record::address(who.host, IN, LLMNR_TTL, who.address);
    let message = Message::new(query.id, 0x8000).question(&question.name, question.kind, IN);
    let data = message.record(Section::Answer, &own).done();
    Some(Speech { from: LLMNR.1, to: from, ttl: None, connected: false, data })
}
