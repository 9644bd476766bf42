//! Encapsulation: sessions, and what is carried in them (volume 2, chapter 2).

use super::{
    super::{device::Site, peer::Peer},
    cip::Router,
    objects,
};
use crate::bytes::Reader;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use netsvc_persona::subkey;
use std::sync::Arc;

/// Bytes of a header.
const HEAD: usize = 24;
/// Most bytes behind a header (2-3.1).
const DATA: usize = 65_511;
/// Where a device listens.
const PORT: u16 = 44_818;

/// What is wrong with a request (2-3.5).
const UNKNOWN: u32 = 1;
const INCORRECT: u32 = 3;
const NO_SESSION: u32 = 0x64;
const NO_VERSION: u32 = 0x69;

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    command: u16,
    length: usize,
    session: u32,
    context: [u8; 8],
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Header> {
        let mut reader = Reader::new(bytes);
        let (command, length, session, _) =
            (reader.word_le()?, reader.word_le()?, reader.long_le()?, reader.long_le()?);
        let context = *reader.take(8)?.first_chunk()?;
        reader.long_le()?;
        Some(Header { command, length: length.into(), session, context })
    }

    /// The answer with `data`.
    fn answer(&self, session: u32, status: u32, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
        let mut bytes = [self.command, length].map(u16::to_le_bytes).concat();
        bytes.extend([session, status].map(u32::to_le_bytes).concat());
        bytes.extend(self.context);
        bytes.extend([0; 4]);
        bytes.extend(data);
        bytes
    }
}

/// Who the device is, and what it can, as everybody is told.
fn told(site: &Site, link: &Link, header: &Header, out: &mut Out) -> Option<Vec<u8>> {
    let item = |kind: u16, data: &[u8]| {
        let length = u16::try_from(data.len()).unwrap_or_default();
        [&[1, kind, length].map(u16::to_le_bytes).concat()[..], data].concat()
    };
    let (name, data) = match header.command {
        0x04 => {
            let data = [&[1, 0, 0x20, 1][..], b"Communications\0\0"].concat();
            ("list services", item(0x0100, &data))
        }
        0x63 => {
            let mut data = vec![1, 0, 0, 2];
            data.extend(PORT.to_be_bytes());
            match link.local.ip() {
                std::net::IpAddr::V4(ip) => data.extend(ip.octets()),
                std::net::IpAddr::V6(_) => data.extend([0; 4]),
            }
            data.extend([0; 8]);
            data.extend(objects::adapter(&site.device));
            data.push(3);
            ("list identity", item(0x0c, &data))
        }
        0x64 => ("list interfaces", vec![0, 0]),
        _ => return None,
    };
    Peer::command(&format!("enip {name}"), true, out);
    Some(header.answer(header.session, 0, &data))
}

/// Over a connection.
struct Stream {
    link: Link,
    site: Arc<Site>,
    input: Gathered,
    router: Router,
    /// The session, once there is one.
    session: u32,
    fresh: u32,
}

/// A connection's machine.
pub(in super::super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(4096, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        let (site, peer) = (Site::of(host), Peer::new(host, link));
        let key = host.persona().subkey.hex_bytes().unwrap_or_default();
        let drawn = subkey::bytes(&key, &["enip session", &link.session.to_string()]);
        let fresh = drawn.first_chunk().map_or(1, |four| u32::from_le_bytes(*four)) | 0x100;
        Stream {
            link: *link,
            router: Router::new(peer, site.clone(), fresh),
            site,
            input: Gathered::new(HEAD + DATA),
            session: 0,
            fresh,
        }
    }

    /// Takes one request; false when more bytes are needed for it.
    fn turn(&mut self, out: &mut Out) -> bool {
        let Some(header) = Header::read(self.input.bytes()) else { return false };
        if !known(header.command) || DATA < header.length {
            Peer::malformed("command", self.input.bytes(), out);
            if header.command < 0x100 && header.length <= DATA {
                out.send(header.answer(header.session, UNKNOWN, &[]));
            }
            out.close();
            return false;
        }
        if self.input.len() < HEAD + header.length {
            return false;
        }
        self.input.skip(HEAD);
        let data = self.input.take(header.length);
        if let Some(answer) = told(&self.site, &self.link, &header, out) {
            out.send(answer);
            return true;
        }
        match header.command {
            0x65 => self.register(&header, &data, out),
            0x66 => out.close(),
            0x6f | 0x70 => self.carry(&header, &data, out),
            // Nothing is done, and nothing said.
            _ => {}
        }
        true
    }

    fn register(&mut self, header: &Header, data: &[u8], out: &mut Out) {
        let version = Reader::new(data).word_le();
        let answer = match version {
            Some(1) if data.len() == 4 && self.session == 0 => {
                self.session = self.fresh;
                header.answer(self.session, 0, data)
            }
            Some(1) => header.answer(header.session, INCORRECT, data),
            _ => header.answer(header.session, NO_VERSION, &[1, 0, 0, 0]),
        };
        Peer::command("enip register session", version == Some(1), out);
        out.send(answer);
    }

    /// What a request in the session asks of the objects.
    fn carry(&mut self, header: &Header, data: &[u8], out: &mut Out) {
        if self.session == 0 || header.session != self.session {
            out.send(header.answer(header.session, NO_SESSION, &[]));
            return;
        }
        let answer = Items::read(data).and_then(|items| {
            let (kind, address, carried) = (header.command, items.address, items.data);
            match (kind, address) {
                (0x6f, None) => Some(carry(0xb2, None, &self.router.request(carried, out))),
                (0x70, Some(connection)) => {
                    let (sequence, request) = carried.split_at_checked(2)?;
                    let back = self.router.connection(connection)?;
                    let answer = self.router.connected(request, out);
                    Some(carry(0xb1, Some(back), &[sequence, &answer].concat()))
                }
                _ => None,
            }
        });
        out.send(match answer {
            Some(answer) => header.answer(self.session, 0, &answer),
            None => header.answer(self.session, INCORRECT, &[]),
        });
    }
}

fn known(command: u16) -> bool {
    matches!(command, 0x00 | 0x04 | 0x63 | 0x64 | 0x65 | 0x66 | 0x6f | 0x70)
}

/// The items of a request (2-6): the connection, and the data.
struct Items<'a> {
    address: Option<u32>,
    data: &'a [u8],
}

impl<'a> Items<'a> {
    fn read(bytes: &'a [u8]) -> Option<Items<'a>> {
        let mut reader = Reader::new(bytes);
        let (_, _, count) = (reader.long_le()?, reader.word_le()?, reader.word_le()?);
        if count < 2 {
            return None;
        }
        let mut item = || {
            let (kind, length) = (reader.word_le()?, reader.word_le()?);
            Some((kind, reader.take(length.into())?))
        };
        let address = match item()? {
            (0, _) => None,
            (0xa1, data) => Some(Reader::new(data).long_le()?),
            _ => return None,
        };
        match item()? {
            (0xb1 | 0xb2, data) => Some(Items { address, data }),
            _ => None,
        }
    }
}

/// The items of an answer.
fn carry(kind: u16, connection: Option<u32>, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0, 0, 2, 0];
    match connection {
        Some(connection) => {
            bytes.extend([0xa1, 0, 4, 0]);
            bytes.extend(connection.to_le_bytes());
        }
        None => bytes.extend([0; 4]),
    }
    bytes.extend(kind.to_le_bytes());
    bytes.extend(u16::try_from(data.len()).unwrap_or_default().to_le_bytes());
    bytes.extend(data);
    bytes
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}

/// Over datagrams: who the device is, and nothing else.
pub(in super::super) struct Datagrams {
    link: Link,
    site: Arc<Site>,
}

impl Datagrams {
    pub(in super::super) fn new(host: &Arc<Host>, link: &Link) -> Datagrams {
        Datagrams { link: *link, site: Site::of(host) }
    }
}

impl Machine for Datagrams {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(datagram) = input else { return };
        match Header::read(datagram) {
            Some(header) => {
                if let Some(answer) = told(&self.site, &self.link, &header, out) {
                    out.datagram(answer);
                }
            }
            None => Peer::malformed("header", datagram, out),
        }
    }
}
