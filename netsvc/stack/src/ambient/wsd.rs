//! WS-Discovery (2005/04) as desktops, printers and cameras speak it over UDP (SOAP-over-UDP 2004/09).
//!
//! The messages of others are read without a parser's stack: tags one after the other, names without their
//! prefixes, sizes and counts bounded.

use super::{chance::Chance, speech::Speech};
use netsvc_persona::{
    Persona,
    tables::discovery::{self, Device},
};
use std::net::Ipv4Addr;

/// Where it is spoken.
pub(crate) const DISCOVERY: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 3702);
/// Longest message that is read, its tags, and the depth to which they nest.
const LONGEST: usize = 4096;
const TAGS: usize = 192;
const DEPTH: usize = 24;
/// Longest text that is given back: identifiers are UUIDs.
const TEXT: usize = 128;

/// What somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Who is of these types (without prefixes; none: any).
    Probe(Vec<String>),
    /// Where this endpoint is.
    Resolve(String),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) wanted: Wanted,
    /// Its identifier, which the answer names.
    id: String,
}

impl Asked {
    /// Reads a question; `None` for everything else.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let text = str::from_utf8(data).ok().filter(|text| text.len() <= LONGEST)?;
        let (mut action, mut id, mut types, mut address) = ("", "", "", "");
        let mut inside: Vec<&str> = Vec::new();
        for piece in text.split('<').skip(1).take(TAGS) {
            let (tag, after) = piece.split_once('>')?;
            if tag.starts_with('!') {
                // Neither comments nor document types come from those who ask.
                return None;
            }
            if tag.starts_with('?') {
                continue;
            }
            if tag.starts_with('/') {
                inside.pop();
                continue;
            }
            let name = local(tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or_default());
            let value = after.trim();
            match name {
                "Action" => action = value,
                "MessageID" => id = value,
                "Types" if inside.last() == Some(&"Probe") => types = value,
                "Address" if inside.ends_with(&["Resolve", "EndpointReference"]) => address = value,
                _ => {}
            }
            if !tag.ends_with('/') {
                inside.push(name);
            }
            if DEPTH < inside.len() {
                return None;
            }
        }
        let plain = |text: &str| !text.is_empty() && text.len() <= TEXT && text.bytes().all(is_plain);
        let wanted = match action.rsplit('/').next() {
            Some("Probe") => Wanted::Probe(
                types.split_ascii_whitespace().take(8).map(|name| local(name).to_owned()).collect(),
            ),
            Some("Resolve") if plain(address) => Wanted::Resolve(address.to_owned()),
            _ => return None,
        };
        plain(id).then(|| Asked { wanted, id: id.to_owned() })
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

/// What identifiers consist of; nothing that XML treats specially.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":-_./".contains(&byte)
}

/// A node that can be discovered.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    device: &'static Device,
    /// Its identity as a URN.
    urn: Box<str>,
    scopes: Box<str>,
    /// When its software started, seconds.
    instance: i64,
    messages: u32,
}

impl Endpoint {
    /// `None` for systems that cannot be discovered.
    pub(crate) fn new(persona: &Persona) -> Option<Box<Self>> {
        let device = discovery::of(&persona.os)?;
        Some(Box::new(Endpoint {
            device,
            urn: format!("urn:uuid:{}", discovery::uuid(persona)).into(),
            scopes: discovery::scopes(persona).into(),
            instance: persona.booted_at / 1_000_000,
            messages: 0,
        }))
    }

    /// Where its metadata is, if a service has it.
    fn address(&self, own: Ipv4Addr, open: impl Fn(u16) -> bool) -> Option<String> {
        let (port, path) = self.device.place.filter(|(port, _)| open(*port))?;
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        Some(format!("http://{own}{port}{path}"))
    }

    /// Says that it is there. The same message is sent more than once.
    pub(crate) fn hello(&mut self, chance: &mut Chance, own: Ipv4Addr, open: impl Fn(u16) -> bool) -> Speech {
        let address = self.address(own, open).filter(|_| self.device.says_where);
        let body = format!("<wsd:Hello>{}</wsd:Hello>", self.about(address.as_deref()));
        let to = "urn:schemas-xmlsoap-org:ws:2005:04:discovery";
        let data = self.envelope(chance, "Hello", to, None, &body);
        Speech { from: DISCOVERY.1, to: DISCOVERY, ttl: Some(1), connected: false, data }
    }

    /// The answer to `asked`; none where another is meant.
    pub(crate) fn answer(
        &mut self,
        chance: &mut Chance,
        asked: &Asked,
        own: Ipv4Addr,
        to: (Ipv4Addr, u16),
        open: impl Fn(u16) -> bool,
    ) -> Option<Speech> {
        let address = self.address(own, open);
        let (action, match_, address) = match &asked.wanted {
            Wanted::Probe(types) => {
                let own = || self.device.types.split(' ').map(local);
                if !types.iter().all(|wanted| own().any(|one| one == wanted)) {
                    return None;
                }
                ("ProbeMatches", "ProbeMatch", address.filter(|_| self.device.says_where))
            }
            // A place where nothing is would be a lie that is easy to catch.
            Wanted::Resolve(urn) if **urn == *self.urn => ("ResolveMatches", "ResolveMatch", Some(address?)),
            Wanted::Resolve(_) => return None,
        };
        let about = self.about(address.as_deref());
        let body = format!("<wsd:{action}><wsd:{match_}>{about}</wsd:{match_}></wsd:{action}>");
        let anonymous = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
        let data = self.envelope(chance, action, anonymous, Some(&asked.id), &body);
        Some(Speech { from: DISCOVERY.1, to, ttl: None, connected: false, data })
    }

    fn about(&self, address: Option<&str>) -> String {
        let scopes = if self.scopes.is_empty() {
            String::new()
        } else {
            format!("<wsd:Scopes>{}</wsd:Scopes>", self.scopes)
        };
        let address =
            address.map(|address| format!("<wsd:XAddrs>{address}</wsd:XAddrs>")).unwrap_or_default();
        format!(
            "<wsa:EndpointReference><wsa:Address>{}</wsa:Address></wsa:EndpointReference><wsd:Types>{}</wsd:Types>\
             {scopes}{address}<wsd:MetadataVersion>1</wsd:MetadataVersion>",
            self.urn, self.device.types
        )
    }

    fn envelope(
        &mut self,
        chance: &mut Chance,
        action: &str,
        to: &str,
        relates: Option<&str>,
        body: &str,
    ) -> Vec<u8> {
        self.messages = self.messages.wrapping_add(1);
        let relates = relates.map(|id| format!("<wsa:RelatesTo>{id}</wsa:RelatesTo>")).unwrap_or_default();
        let (high, low) = (chance.next(), chance.next());
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        );
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope \
             xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:wsd=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" {}><soap:Header><wsa:To>{to}</wsa:To>\
             <wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</wsa:Action><wsa:MessageID>urn:uuid:{id}\
             </wsa:MessageID>{relates}<wsd:AppSequence InstanceId=\"{}\" MessageNumber=\"{}\"></wsd:AppSequence>\
             </soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>",
            self.device.names, self.instance, self.messages
        )
        .into_bytes()
    }
}
