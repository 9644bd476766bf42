//! Requests as they come.

use super::{
    name::{Name, NoName},
    record::{class, kind},
};

/// Length of a header.
const HEADER: usize = 12;
/// Bits of the header: an answer, and what an answer repeats of its request.
const RESPONSE: u16 = 0x8000;
/// "Ask others for me."
pub(super) const DESIRED: u16 = 0x0100;
/// What an answer repeats: recursion desired, checking disabled.
pub(super) const REPEATED: u16 = 0x0110;
/// The answer asks for signatures too (RFC 3225).
const SIGNED: u16 = 0x8000;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub name: Name,
    pub kind: u16,
    pub class: u16,
}

/// What OPT says (RFC 6891).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edns {
    pub size: u16,
    pub version: u8,
    pub signed: bool,
    pub options: Vec<(u16, Vec<u8>)>,
}

/// What TSIG says (RFC 8945): the key, and algorithm, time and number that the answer repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub key: Name,
    pub algorithm: Name,
    pub id: [u8; 2],
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub id: u16,
    pub flags: u16,
    pub questions: Vec<Question>,
    /// Whether the rest could be read too; if not, nothing of it is here.
    pub broken: bool,
    pub edns: Option<Edns>,
    pub signature: Option<Signature>,
    /// Serial of a zone that the peer has (RFC 1995).
    pub serial: Option<u32>,
}

impl Request {
    /// The request that `message` is; none is what no server answers.
    pub(super) fn read(message: &[u8]) -> Option<Request> {
        let (id, flags) = (number(message, 0)?, number(message, 2)?);
        if message.len() < HEADER || flags & RESPONSE != 0 {
            return None;
        }
        let mut request = Request { id, flags, ..Request::default() };
        let Ok(at) = request.take_questions(message) else {
            return Some(Request { broken: true, questions: Vec::new(), ..request });
        };
        if request.take_records(message, at).is_err() {
            request = Request { broken: true, edns: None, signature: None, serial: None, ..request };
        }
        Some(request)
    }

    /// Number of the operation.
    pub(super) fn operation(&self) -> u16 {
        self.flags >> 11 & 15
    }

    /// Whether others may be asked for the answer.
    pub(super) fn desires(&self) -> bool {
        self.flags & DESIRED != 0
    }

    /// An option of OPT.
    pub(super) fn option(&self, code: u16) -> Option<&[u8]> {
        let options = &self.edns.as_ref()?.options;
        options.iter().find(|(known, _)| *known == code).map(|(_, data)| data.as_slice())
    }

    fn take_questions(&mut self, message: &[u8]) -> Result<usize, NoName> {
        let count = number(message, 4).ok_or(NoName)?;
        let mut at = HEADER;
        for _ in 0..count {
            let (name, end) = Name::read(message, at)?;
            let kind = number(message, end).ok_or(NoName)?;
            let class = number(message, end + 2).ok_or(NoName)?;
            at = end + 4;
            // All are about one name, or the message makes no sense.
            if self.questions.first().is_some_and(|first| !first.name.is(&name) || first.class != class) {
                return Err(NoName);
            }
            self.questions.push(Question { name, kind, class });
        }
        Ok(at)
    }

    fn take_records(&mut self, message: &[u8], mut at: usize) -> Result<(), NoName> {
        for section in 0..3 {
            let count = number(message, 6 + section * 2).ok_or(NoName)?;
            for left in (0..count).rev() {
                let end = Name::skip(message, at)?;
                let kind = number(message, end).ok_or(NoName)?;
                let class = number(message, end + 2).ok_or(NoName)?;
                let length = usize::from(number(message, end + 8).ok_or(NoName)?);
                let start = end + 10;
                let data = message.get(start..start + length).ok_or(NoName)?;
                match kind {
                    kind::OPT => {
                        if section != 2 || end != at + 1 || self.edns.is_some() {
                            return Err(NoName);
                        }
                        let flags = number(message, end + 6).ok_or(NoName)?;
                        let version = message.get(end + 5).copied().unwrap_or_default();
                        let (size, signed) = (class, flags & SIGNED != 0);
                        self.edns = Some(Edns { size, version, signed, options: options(data)? });
                    }
                    kind::TSIG => {
                        if section != 2 || left != 0 || class != class::ANY {
                            return Err(NoName);
                        }
                        let (key, _) = Name::read(message, at)?;
                        self.signature = Some(signature(message, start, data.len(), key)?);
                    }
                    kind::SOA if section == 1 && self.serial.is_none() => {
                        let numbers = length.checked_sub(20).and_then(|before| data.get(before..before + 4));
                        let serial = numbers.and_then(|bytes| bytes.try_into().ok()).ok_or(NoName)?;
                        self.serial = Some(u32::from_be_bytes(serial));
                    }
                    _ => {}
                }
                at = start + length;
            }
        }
        Ok(())
    }
}

fn number(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at.checked_add(2)?)?;
    bytes.try_into().ok().map(u16::from_be_bytes)
}

fn options(mut data: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, NoName> {
    let mut options = Vec::new();
    while !data.is_empty() {
        let code = number(data, 0).ok_or(NoName)?;
        let length = usize::from(number(data, 2).ok_or(NoName)?);
        let value = data.get(4..4 + length).ok_or(NoName)?;
        options.push((code, value.to_vec()));
        data = data.get(4 + length..).unwrap_or_default();
    }
    Ok(options)
}

fn signature(message: &[u8], start: usize, length: usize, key: Name) -> Result<Signature, NoName> {
    let (algorithm, at) = Name::read(message, start)?;
    // Time and fudge, then the digest behind its length.
    let digest = usize::from(number(message, at + 8).ok_or(NoName)?);
    let after = at + 10 + digest;
    let id = number(message, after).ok_or(NoName)?.to_be_bytes();
    let other = usize::from(number(message, after + 4).ok_or(NoName)?);
    if after + 6 + other != start + length {
        return Err(NoName);
    }
    Ok(Signature { key, algorithm, id })
}
