//! Services: what is asked, and what is answered (clauses 13 to 16).

use super::{
    super::{device::Site, peer::Peer},
    encoding::{
        TagKind, bracket, closing, context, number, number_in, object, opening, tagged, text, unsigned,
    },
    objects::{self, Fault, MESSAGE, VENDOR, Wanted},
};
use crate::bytes::Reader;
use netsvc_kit::{Credential, Out};

/// Most properties of one request.
const PROPERTIES: usize = 64;

/// Why there is no answer.
pub(super) enum Refusal {
    /// The service failed.
    Error(Fault),
    /// The request cannot be read, or asks for what is not there: a reason of clause 18.9.
    Reject(u8),
    /// The answer is too long: a reason of clause 18.10.
    Abort(u8),
}

/// A parameter is missing; the service is not there.
const MISSING: Refusal = Refusal::Reject(5);
const NO_SERVICE: Refusal = Refusal::Reject(9);
/// Segments would be needed.
const TOO_LONG: Refusal = Refusal::Abort(4);

/// What answers a request: nothing but that it was done, or this.
pub(super) enum Done {
    Simple,
    Complex(Vec<u8>),
}

/// A peer at the controller.
pub(super) struct Desk<'a> {
    pub(super) peer: &'a Peer,
    pub(super) site: &'a Site,
}

impl Desk<'_> {
    /// Answers a request that wants to be answered.
    pub(super) fn confirmed(&self, service: u8, bytes: &[u8], out: &mut Out) -> Result<Done, Refusal> {
        let mut reader = Reader::new(bytes);
        match service {
            12 => {
                let (wanted, told) = self.wanted(&mut reader).ok_or(MISSING)?;
                let value = objects::read(self.peer, self.site, wanted);
                Peer::command(&format!("bacnet read {told}"), value.is_ok(), out);
                let value = value.map_err(Refusal::Error)?;
                let id = objects::find(self.site, wanted.object).unwrap_or(wanted.object);
                let mut answer = tagged(0, true, &id.to_be_bytes());
                answer.extend(number_in(1, wanted.property));
                answer.extend(wanted.index.map(|index| number_in(2, index)).unwrap_or_default());
                answer.extend([&[opening(3)][..], &value, &[closing(3)]].concat());
                fitting(answer)
            }
            14 => self.several(&mut reader, out),
            15 => {
                let (wanted, told) = self.wanted(&mut reader).ok_or(MISSING)?;
                let value = reader.rest();
                let value = value.strip_prefix(&[opening(3)]).ok_or(MISSING)?;
                let end = value.iter().rposition(|byte| *byte == closing(3)).ok_or(MISSING)?;
                let value = value.get(..end).unwrap_or_default();
                let done = objects::write(self.peer, self.site, wanted, value);
                let shown = hex::encode(value.get(..64).unwrap_or(value));
                Peer::command(&format!("bacnet write {told} = {shown}"), done.is_ok(), out);
                done.map(|()| Done::Simple).map_err(Refusal::Error)
            }
            17 | 20 => self.control(service, &mut reader, out),
            _ => {
                Peer::command(&format!("bacnet service {service}"), false, out);
                Err(NO_SERVICE)
            }
        }
    }

    /// What is wanted, and as it is told.
    fn wanted(&self, reader: &mut Reader<'_>) -> Option<(Wanted, String)> {
        let object = context(reader, 0).and_then(unsigned)?;
        let property = context(reader, 1).and_then(unsigned)?;
        let index = context(reader, 2).and_then(unsigned);
        let place = index.map(|index| format!("[{index}]")).unwrap_or_default();
        let told = format!("{}:{} property {property}{place}", object >> 22, object & 0x003f_ffff);
        Some((Wanted { object, property, index }, told))
    }

    /// Properties of several objects at once.
    fn several(&self, reader: &mut Reader<'_>, out: &mut Out) -> Result<Done, Refusal> {
        let (mut answer, mut told, mut left) = (Vec::new(), Vec::new(), PROPERTIES);
        while !reader.is_empty() {
            let asked = context(reader, 0).and_then(unsigned).ok_or(MISSING)?;
            if !bracket(reader, 1, TagKind::Opening) {
                return Err(MISSING);
            }
            told.push(format!("{}:{}", asked >> 22, asked & 0x003f_ffff));
            let id = objects::find(self.site, asked).unwrap_or(asked);
            answer.extend(tagged(0, true, &id.to_be_bytes()));
            answer.push(opening(1));
            while !bracket(reader, 1, TagKind::Closing) {
                let property = context(reader, 0).and_then(unsigned).ok_or(MISSING)?;
                let index = context(reader, 1).and_then(unsigned);
                told.push(property.to_string());
                for property in objects::meant(id, property) {
                    left = left.checked_sub(1).ok_or(TOO_LONG)?;
                    self.add(Wanted { object: id, property, index }, &mut answer);
                }
            }
            answer.push(closing(1));
        }
        Peer::command(&format!("bacnet read {}", told.join(" ")), true, out);
        fitting(answer)
    }

    fn add(&self, wanted: Wanted, answer: &mut Vec<u8>) {
        answer.extend(number_in(2, wanted.property));
        answer.extend(wanted.index.map(|index| number_in(3, index)).unwrap_or_default());
        match objects::read(self.peer, self.site, wanted) {
            Ok(value) => answer.extend([&[opening(4)][..], &value, &[closing(4)]].concat()),
            Err(fault) => {
                answer.push(opening(5));
                answer.extend(error(fault));
                answer.push(closing(5));
            }
        }
    }

    /// The controller is silenced or begun anew, for who knows its password.
    fn control(&self, service: u8, reader: &mut Reader<'_>, out: &mut Out) -> Result<Done, Refusal> {
        let (name, last) = if service == 17 { ("communication control", 2) } else { ("reinitialize", 1) };
        let (mut state, mut given) = (0, Vec::new());
        for number in 0..=last {
            let Some(value) = context(reader, number) else { continue };
            if number == last {
                // The first byte is the set of characters.
                given = value.get(1..).unwrap_or_default().to_vec();
            } else {
                state = unsigned(value).unwrap_or_default();
            }
        }
        let wanted = self.peer.host.setting("bacnet_password");
        let accepted = wanted.is_none_or(|wanted| wanted.as_bytes() == given);
        if !given.is_empty() {
            out.credential(Credential::plaintext(b"", &given, "BACnet password", accepted));
        }
        Peer::command(&format!("bacnet {name} {state}"), accepted, out);
        // Security, password failure.
        if accepted { Ok(Done::Simple) } else { Err(Refusal::Error((4, 26))) }
    }

    /// What a request brings about that wants no answer.
    pub(super) fn unconfirmed(&self, service: u8, bytes: &[u8], out: &mut Out) -> Option<Vec<u8>> {
        let mut reader = Reader::new(bytes);
        let own = objects::device(self.site);
        match service {
            8 => {
                let (low, high) = (context(&mut reader, 0), context(&mut reader, 1));
                let range = low.and_then(unsigned).zip(high.and_then(unsigned));
                Peer::command(&format!("bacnet who is {range:?}"), true, out);
                let meant = range.is_none_or(|(low, high)| (low..=high).contains(&(own & 0x003f_ffff)));
                let parts = [object(own), number(MESSAGE.into()), vec![0x91, 3], number(VENDOR)];
                meant.then(|| [vec![0x10, 0], parts.concat()].concat())
            }
            7 => {
                let (low, high) = (context(&mut reader, 0), context(&mut reader, 1));
                let range = low.and_then(unsigned).zip(high.and_then(unsigned));
                let meant = range.is_none_or(|(low, high)| (low..=high).contains(&(own & 0x003f_ffff)));
                let found = match (context(&mut reader, 2), context(&mut reader, 3)) {
                    (Some(id), _) => objects::find(self.site, unsigned(id)?),
                    (None, Some(name)) => {
                        let name = String::from_utf8_lossy(name.get(1..)?).into_owned();
                        Peer::command(&format!("bacnet who has {}", name.escape_debug()), true, out);
                        objects::named(self.site, &name)
                    }
                    (None, None) => None,
                };
                let found = found.filter(|_| meant)?;
                let name = text(&objects::name(self.site, found));
                Some([vec![0x10, 1], object(own), object(found), name].concat())
            }
            _ => None,
        }
    }
}

/// An error's class and code.
pub(super) fn error((class, code): Fault) -> Vec<u8> {
    let byte = |value: u32| u8::try_from(value).unwrap_or_default();
    vec![0x91, byte(class), 0x91, byte(code)]
}

/// An answer, if one message holds it.
fn fitting(answer: Vec<u8>) -> Result<Done, Refusal> {
    if answer.len() + 3 <= usize::from(MESSAGE) { Ok(Done::Complex(answer)) } else { Err(TOO_LONG) }
}
