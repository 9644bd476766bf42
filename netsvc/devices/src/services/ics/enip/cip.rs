//! Requests to objects (volume 1, chapters 2 to 4): what is asked of the adapter, and through it of the
//! processor.

use super::{
    super::{
        device::{Brand, Site},
        peer::Peer,
    },
    objects::{self, Module},
    path::Path,
    tags,
};
use crate::bytes::Reader;
use netsvc_kit::Out;
use std::sync::Arc;

/// Status of answers (volume 1, appendix B-1).
const DONE: u8 = 0;
const NO_PATH: u8 = 0x04;
const NO_OBJECT: u8 = 0x05;
const NO_SERVICE: u8 = 0x08;
const NOT_SETTABLE: u8 = 0x0e;
const TOO_LITTLE: u8 = 0x13;
const NO_ATTRIBUTE: u8 = 0x14;
const GENERAL: u8 = 0xff;

/// Connections of one peer.
const CONNECTIONS: usize = 8;
/// Requests in one message.
const REQUESTS: u16 = 32;
/// Most of the data of a request that is written down.
const TOLD: usize = 128;

/// A request.
struct Request<'a> {
    service: u8,
    path: &'a [u8],
    data: &'a [u8],
}

/// An answer: status, more of it, data.
struct Answer {
    status: u8,
    more: Option<u16>,
    data: Vec<u8>,
}

impl Answer {
    fn of(data: Vec<u8>) -> Answer {
        Answer { status: DONE, more: None, data }
    }

    fn refused(status: u8) -> Answer {
        Answer { status, more: None, data: Vec::new() }
    }

    fn write(&self, service: u8) -> Vec<u8> {
        let mut bytes = vec![service | 0x80, 0, self.status, u8::from(self.more.is_some())];
        if let Some(more) = self.more {
            bytes.extend(more.to_le_bytes());
        }
        bytes.extend(&self.data);
        bytes
    }
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Option<Request<'a>> {
        let mut reader = Reader::new(bytes);
        let (service, words) = (reader.byte()?, reader.byte()?);
        let path = reader.take(usize::from(words) * 2)?;
        Some(Request { service, path, data: reader.rest() })
    }
}

/// What answers a peer.
pub(super) struct Router {
    peer: Peer,
    site: Arc<Site>,
    /// Numbers of connections, here and at the peer.
    connections: Vec<(u32, u32)>,
    next: u32,
}

impl Router {
    pub(super) fn new(peer: Peer, site: Arc<Site>, first: u32) -> Router {
        Router { peer, site, connections: Vec::new(), next: first | 1 }
    }

    /// The number that the peer knows connection `here` by.
    pub(super) fn connection(&self, here: u32) -> Option<u32> {
        self.connections.iter().find(|(known, _)| *known == here).map(|(_, there)| *there)
    }

    /// Answers a request without a connection.
    pub(super) fn request(&mut self, bytes: &[u8], out: &mut Out) -> Vec<u8> {
        let Some(request) = Request::read(bytes) else { return Answer::refused(TOO_LITTLE).write(0) };
        let to_manager = Path::read(request.path).is_some_and(|path| path.class == Some(6));
        match (request.service, to_manager) {
            (0x52, true) => self.unconnected(&request, out),
            (0x54, true) => self.open(&request, out).write(request.service),
            (0x4e, true) => self.close(&request, out).write(request.service),
            _ => self.several(Module::Adapter, &request, out),
        }
    }

    /// Answers a request over a connection, which all lead to the processor.
    pub(super) fn connected(&self, bytes: &[u8], out: &mut Out) -> Vec<u8> {
        match Request::read(bytes) {
            Some(request) => self.several(Module::Processor, &request, out),
            None => Answer::refused(TOO_LITTLE).write(0),
        }
    }

    /// A request that is passed on through the chassis (volume 1, 3-5.5.4).
    fn unconnected(&self, request: &Request<'_>, out: &mut Out) -> Vec<u8> {
        let carried = || {
            let mut reader = Reader::new(request.data);
            let (_, _, length) = (reader.byte()?, reader.byte()?, usize::from(reader.word_le()?));
            let carried = reader.take(length)?;
            if length % 2 == 1 {
                reader.byte()?;
            }
            let (words, _) = (reader.byte()?, reader.byte()?);
            Some((Request::read(carried)?, reader.take(usize::from(words) * 2)?))
        };
        match carried() {
            Some((inner, [1, 0])) if self.site.device.brand == Brand::Logix => {
                self.several(Module::Processor, &inner, out)
            }
            Some((_, route)) => {
                Peer::command(&format!("cip route {}", hex::encode(route)), false, out);
                // Nobody answers from another slot.
                Answer { status: 1, more: Some(0x0204), data: Vec::new() }.write(request.service)
            }
            None => Answer::refused(TOO_LITTLE).write(request.service),
        }
    }

    /// One request, or those that a message has in it; messages in messages are not taken.
    fn several(&self, module: Module, request: &Request<'_>, out: &mut Out) -> Vec<u8> {
        let to_router =
            request.service == 0x0a && Path::read(request.path).is_some_and(|path| path.class == Some(2));
        if !to_router {
            return self.one(module, request, out).write(request.service);
        }
        let mut reader = Reader::new(request.data);
        let count = reader.word_le().unwrap_or_default();
        let starts: Option<Vec<usize>> =
            (0..count.min(REQUESTS)).map(|_| reader.word_le().map(usize::from)).collect();
        let Some(starts) = starts.filter(|_| (1..=REQUESTS).contains(&count)) else {
            return Answer::refused(TOO_LITTLE).write(request.service);
        };
        let ends = starts.iter().copied().skip(1).chain([request.data.len()]);
        let answers: Vec<Vec<u8>> = starts
            .iter()
            .zip(ends)
            .map(|(start, end)| match request.data.get(*start..end).and_then(Request::read) {
                Some(inner) => self.one(module, &inner, out).write(inner.service),
                None => Answer::refused(TOO_LITTLE).write(0),
            })
            .collect();
        let mut at = 2 + 2 * answers.len();
        let mut data = count.to_le_bytes().to_vec();
        for answer in &answers {
            data.extend(u16::try_from(at).unwrap_or(u16::MAX).to_le_bytes());
            at += answer.len();
        }
        data.extend(answers.concat());
        Answer::of(data).write(request.service)
    }

    fn one(&self, module: Module, request: &Request<'_>, out: &mut Out) -> Answer {
        let Some(path) = Path::read(request.path) else { return Answer::refused(NO_PATH) };
        let answer = self.perform(module, request, &path);
        let data = request.data.get(..TOLD).unwrap_or(request.data);
        let told = format!("cip {} {} {}", name(request.service), path.told(), hex::encode(data));
        Peer::command(told.trim_end(), answer.status == DONE, out);
        answer
    }

    fn perform(&self, module: Module, request: &Request<'_>, path: &Path) -> Answer {
        match request.service {
            0x01 | 0x03 | 0x0e => self.attributes(module, request, path),
            0x10 => Answer::refused(NOT_SETTABLE),
            // A reset is granted, and takes no time that could be seen.
            0x05 if path.class == Some(1) => Answer::of(Vec::new()),
            0x4c if module == Module::Processor => self.read(request, path),
            0x4d if module == Module::Processor => self.write(request, path),
            0x55 if module == Module::Processor && path.class == Some(0x6b) => {
                symbols(path.instance.unwrap_or_default(), request.data)
            }
            _ => Answer::refused(NO_SERVICE),
        }
    }

    fn attributes(&self, module: Module, request: &Request<'_>, path: &Path) -> Answer {
        let (Some(class), instance) = (path.class, path.instance.unwrap_or_default()) else {
            return Answer::refused(NO_PATH);
        };
        let persona = self.peer.host.persona();
        let Some(all) = objects::of(module, class, instance, &self.site.device, persona) else {
            return Answer::refused(NO_OBJECT);
        };
        let find = |wanted: u32| all.iter().find(|(number, _)| *number == wanted).map(|(_, value)| value);
        match request.service {
            0x01 => Answer::of(all.iter().flat_map(|(_, value)| value.clone()).collect()),
            0x0e => match path.attribute.and_then(find) {
                Some(value) => Answer::of(value.clone()),
                None => Answer::refused(NO_ATTRIBUTE),
            },
            _ => {
                let mut reader = Reader::new(request.data);
                let count = reader.word_le().unwrap_or_default().min(REQUESTS);
                let mut data = count.to_le_bytes().to_vec();
                for _ in 0..count {
                    let Some(number) = reader.word_le() else { return Answer::refused(TOO_LITTLE) };
                    data.extend(number.to_le_bytes());
                    match find(number.into()) {
                        Some(value) => data.extend([&[0, 0][..], value].concat()),
                        None => data.extend([NO_ATTRIBUTE, 0]),
                    }
                }
                Answer::of(data)
            }
        }
    }

    fn read(&self, request: &Request<'_>, path: &Path) -> Answer {
        let Some(at) = place(path) else { return Answer::refused(NO_PATH) };
        match Reader::new(request.data).word_le() {
            Some(1) => {}
            // More elements than there are.
            Some(_) => return Answer { status: GENERAL, more: Some(0x2105), data: Vec::new() },
            None => return Answer::refused(TOO_LITTLE),
        }
        match tags::get(&self.peer, &self.site, at) {
            Some((kind, value)) => Answer::of([&kind.to_le_bytes()[..], &value].concat()),
            None => Answer::refused(NO_PATH),
        }
    }

    fn write(&self, request: &Request<'_>, path: &Path) -> Answer {
        let Some(at) = place(path) else { return Answer::refused(NO_PATH) };
        let mut reader = Reader::new(request.data);
        let (Some(kind), Some(1)) = (reader.word_le(), reader.word_le()) else {
            return Answer::refused(TOO_LITTLE);
        };
        if tags::set(&self.peer, &self.site, at, kind, reader.rest()) {
            Answer::of(Vec::new())
        } else {
            Answer { status: GENERAL, more: Some(0x2107), data: Vec::new() }
        }
    }

    /// A connection is opened (volume 1, 3-5.5.2).
    fn open(&mut self, request: &Request<'_>, out: &mut Out) -> Answer {
        let mut reader = Reader::new(request.data);
        let mut read = || {
            let (_, _, _, there) = (reader.byte()?, reader.byte()?, reader.long_le()?, reader.long_le()?);
            let whose = reader.take(8)?;
            let (_, to, _, from) =
                (reader.long_le()?, reader.long_le()?, reader.word_le()?, reader.long_le()?);
            Some((there, whose, to, from))
        };
        let Some((there, whose, to, from)) = read() else { return Answer::refused(TOO_LITTLE) };
        let fits = self.connections.len() < CONNECTIONS;
        Peer::command("cip open connection", fits, out);
        if !fits {
            return Answer { status: 1, more: Some(0x0113), data: Vec::new() };
        }
        let here = self.next;
        self.next = self.next.wrapping_add(0x1_0002) | 1;
        self.connections.push((here, there));
        let mut data = [here, there].map(u32::to_le_bytes).concat();
        data.extend(whose);
        data.extend([to, from].map(u32::to_le_bytes).concat());
        data.extend([0, 0]);
        Answer::of(data)
    }

    fn close(&mut self, request: &Request<'_>, out: &mut Out) -> Answer {
        let Some(whose) = request.data.get(2..10) else { return Answer::refused(TOO_LITTLE) };
        Peer::command("cip close connection", true, out);
        self.connections.pop();
        Answer::of([whose, &[0, 0]].concat())
    }
}

/// Where the tag is that `path` names or numbers.
fn place(path: &Path) -> Option<usize> {
    if path.class == Some(0x6b) {
        return usize::try_from(path.instance?).ok()?.checked_sub(1);
    }
    tags::find(&path.name)
}

/// Tags from an instance on, each with the attributes that are asked for.
fn symbols(from: u32, data: &[u8]) -> Answer {
    let mut reader = Reader::new(data);
    let count = reader.word_le().unwrap_or_default().min(16);
    let wanted: Vec<u16> = (0..count).map_while(|_| reader.word_le()).collect();
    let mut answer = Vec::new();
    for (number, (name, kind, _)) in (1_u32..).zip(tags::TAGS).filter(|(number, _)| from <= *number) {
        answer.extend(number.to_le_bytes());
        for attribute in &wanted {
            match attribute {
                1 => answer.extend(objects::string(name)),
                2 => answer.extend(kind.to_le_bytes()),
                7 => answer.extend([if kind == tags::INT { 2 } else { 4 }, 0]),
                8 => answer.extend([0; 12]),
                // Read and write from elsewhere.
                10 => answer.push(0),
                _ => answer.extend([0; 4]),
            }
        }
    }
    Answer::of(answer)
}

fn name(service: u8) -> String {
    match service {
        0x01 => "get_attributes_all".to_owned(),
        0x03 => "get_attribute_list".to_owned(),
        0x05 => "reset".to_owned(),
        0x06 => "start".to_owned(),
        0x07 => "stop".to_owned(),
        0x0e => "get_attribute_single".to_owned(),
        0x10 => "set_attribute_single".to_owned(),
        0x4c => "read_tag".to_owned(),
        0x4d => "write_tag".to_owned(),
        0x55 => "get_instance_attribute_list".to_owned(),
        other => format!("service {other:#04x}"),
    }
}
