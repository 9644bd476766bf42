//! SSDP (UPnP Device Architecture 1.1, section 1): looking for a gateway, announcing a device, and answering
//! those who look for one.

use super::speech::Speech;
use netsvc_persona::{
    Persona,
    tables::upnp::{self, Device},
};
use std::net::Ipv4Addr;

/// Where SSDP is spoken.
pub(crate) const SSDP: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 1900);
/// Seconds that an announcement holds; it is repeated before half of them are over.
const MAX_AGE: u32 = 1800;
const GATEWAY: &str = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
/// Longest search that is read, its lines, and most seconds that its answer may take.
const LONGEST: usize = 1024;
const LINES: usize = 32;
const LATEST: u8 = 5;

/// Looks for a gateway, as Windows and the UPnP library of cameras do.
pub(crate) fn search(from: u16, windows: bool) -> Speech {
    let text = if windows {
        format!(
            "M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\nST:{GATEWAY}\r\nMan:\"ssdp:discover\"\r\nMX:3\r\n\r\n"
        )
    } else {
        format!(
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 3\r\n\
             ST: {GATEWAY}\r\n\r\n"
        )
    };
    let ttl = Some(if windows { 1 } else { 4 });
    Speech { from, to: SSDP, ttl, connected: false, data: text.into_bytes() }
}

/// Whether a datagram answers a search.
pub(crate) fn is_answer(data: &[u8]) -> bool {
    data.starts_with(b"HTTP/1.1 200 ")
}

/// A node that is a device which announces itself.
#[derive(Clone, Debug)]
pub(crate) struct Announcer {
    device: &'static Device,
    server: Box<str>,
    uuid: Box<str>,
}

impl Announcer {
    /// `None` for systems that announce nothing.
    pub(crate) fn new(persona: &Persona) -> Option<Box<Self>> {
        let device = upnp::of(&persona.os.id)?;
        Some(Box::new(Announcer {
            device,
            server: upnp::server(persona).into(),
            uuid: upnp::uuid(persona).into(),
        }))
    }

    /// Where its description can be fetched. One that nobody serves would be a lie that is easy to catch.
    fn location(&self, own: Ipv4Addr, open: impl Fn(u16) -> bool) -> Option<String> {
        let port = self.device.ports.iter().copied().find(|port| open(*port))?;
        Some(format!("http://{own}:{port}{}", self.device.path))
    }

    /// What it announces: itself as root device, by its identity, by its type; each with its unique name.
    fn names(&self) -> [(String, String); 3] {
        let uuid = format!("uuid:{}", self.uuid);
        let of = |kind: &str| (kind.to_owned(), format!("{uuid}::{kind}"));
        [of("upnp:rootdevice"), (uuid.clone(), uuid.clone()), of(self.device.kind)]
    }

    /// The announcements of the device; none where its description is not there.
    pub(crate) fn alive(&self, from: u16, own: Ipv4Addr, open: impl Fn(u16) -> bool) -> Vec<Speech> {
        let Some(location) = self.location(own, open) else { return Vec::new() };
        let one = |(kind, name): (String, String)| {
            let text = format!(
                "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age={MAX_AGE}\r\n\
                 LOCATION: {location}\r\nNT: {kind}\r\nNTS: ssdp:alive\r\nSERVER: {}\r\nUSN: {name}\r\n\r\n",
                self.server
            );
            Speech { from, to: SSDP, ttl: Some(4), connected: false, data: text.into_bytes() }
        };
        self.names().into_iter().map(one).collect()
    }

    /// The answers to who looks for a device; none where he looks for another.
    pub(crate) fn found(
        &self,
        looked: &Search,
        own: Ipv4Addr,
        to: (Ipv4Addr, u16),
        open: impl Fn(u16) -> bool,
    ) -> Vec<Speech> {
        let Some(location) = self.location(own, open) else { return Vec::new() };
        let meant = |(kind, _): &(String, String)| looked.target == "ssdp:all" || looked.target == *kind;
        let one = |(kind, name): (String, String)| {
            let text = format!(
                "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age={MAX_AGE}\r\nEXT:\r\nLOCATION: {location}\r\nSERVER: {}\r\n\
                 ST: {kind}\r\nUSN: {name}\r\n\r\n",
                self.server
            );
            Speech { from: SSDP.1, to, ttl: None, connected: false, data: text.into_bytes() }
        };
        self.names().into_iter().filter(meant).map(one).collect()
    }
}

/// Somebody who looks for devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    target: String,
    /// Seconds that the answer may take; `None`: it is not said.
    pub(crate) within: Option<u8>,
}

impl Search {
    /// Reads a search; `None` for everything else.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let text = str::from_utf8(data).ok().filter(|text| text.len() <= LONGEST)?;
        let mut lines = text.split("\r\n").take(LINES);
        if !lines.next()?.eq_ignore_ascii_case("M-SEARCH * HTTP/1.1") {
            return None;
        }
        let (mut search, mut discovers) = (Search { target: String::new(), within: None }, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "st" => value.clone_into(&mut search.target),
                "mx" => search.within = value.parse().ok().map(|seconds: u8| seconds.min(LATEST)),
                "man" => discovers = value == "\"ssdp:discover\"",
                _ => {}
            }
        }
        (discovers && !search.target.is_empty()).then_some(search)
    }
}
