//! What a peer asks a key distribution centre for (RFC 4120 §5.4, §5.5).

use netsvc_daemon::ber::{BITS, INTEGER, Malformed, Reader, SEQUENCE, TEXT};

/// GeneralString, GeneralizedTime.
pub(super) const STRING: u8 = 0x1b;
pub(super) const TIME: u8 = 0x18;
/// Kinds of proofs and hints (`padata-type`).
pub(super) const TICKET: i64 = 1;
pub(super) const TIMESTAMP: i64 = 2;
/// Most elements of a list.
const MOST: usize = 64;

/// A name with its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) kind: i64,
    pub(super) parts: Vec<String>,
}

/// Something encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) kind: i64,
    pub(super) cipher: Vec<u8>,
}

/// A request for a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// Whether it comes with a ticket, and not with a name.
    pub(super) by_ticket: bool,
    pub(super) proofs: Vec<(i64, Vec<u8>)>,
    pub(super) options: Vec<u8>,
    pub(super) client: Option<Name>,
    pub(super) realm: String,
    pub(super) service: Option<Name>,
    pub(super) till: String,
    pub(super) renewed_till: String,
    pub(super) nonce: i64,
    pub(super) kinds: Vec<i64>,
}

/// A ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) realm: String,
    pub(super) service: Name,
    pub(super) sealed: Sealed,
}

impl Name {
    /// Its parts with slashes between them.
    pub(super) fn text(&self) -> String {
        self.parts.join("/")
    }

    fn read(reader: &mut Reader<'_>) -> Result<Name, Malformed> {
        let mut inside = reader.inside(SEQUENCE)?;
        let kind = inside.inside(0xa0)?.integer()?;
        let mut list = inside.inside(0xa1)?.inside(SEQUENCE)?;
        let mut parts = Vec::new();
        while !list.is_empty() && parts.len() < MOST {
            parts.push(string(list.value()?.content));
        }
        Ok(Name { kind, parts })
    }
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Sealed {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Sealed, Malformed> {
        let mut inside = reader.inside(SEQUENCE)?;
        let mut sealed = Sealed::default();
        while !inside.is_empty() {
            let field = inside.value()?;
            match field.tag {
                0xa0 => sealed.kind = field.reader().integer()?,
                0xa2 => sealed.cipher = field.reader().text()?.to_vec(),
                _ => {}
            }
        }
        Ok(sealed)
    }
}

impl Ticket {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Ticket, Malformed> {
        let mut inside = reader.inside(0x61)?.inside(SEQUENCE)?;
        let mut ticket = Ticket::default();
        while !inside.is_empty() {
            let field = inside.value()?;
            let mut value = field.reader();
            match field.tag {
                0xa1 => ticket.realm = string(value.of(STRING)?.content),
                0xa2 => ticket.service = Name::read(&mut value)?,
                0xa3 => ticket.sealed = Sealed::read(&mut value)?,
                _ => {}
            }
        }
        Ok(ticket)
    }
}

impl Request {
    /// Reads a request, all of which has come.
    pub(super) fn read(bytes: &[u8]) -> Result<Request, Malformed> {
        let outer = Reader::new(bytes).value()?;
        let mut request = Request { by_ticket: outer.tag == 0x6c, ..Request::default() };
        if !request.by_ticket && outer.tag != 0x6a {
            return Err(Malformed);
        }
        let mut inside = outer.reader().inside(SEQUENCE)?;
        let mut body = false;
        while !inside.is_empty() {
            let field = inside.value()?;
            match field.tag {
                0xa3 => request.proofs = proofs(&mut field.reader())?,
                0xa4 => {
                    request.body(&mut field.reader())?;
                    body = true;
                }
                _ => {}
            }
        }
        if body { Ok(request) } else { Err(Malformed) }
    }

    fn body(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        let mut inside = reader.inside(SEQUENCE)?;
        while !inside.is_empty() {
            let field = inside.value()?;
            let mut value = field.reader();
            match field.tag {
                0xa0 => self.options = value.of(BITS)?.content.to_vec(),
                0xa1 => self.client = Some(Name::read(&mut value)?),
                0xa2 => self.realm = string(value.value()?.content),
                0xa3 => self.service = Some(Name::read(&mut value)?),
                0xa5 => self.till = string(value.of(TIME)?.content),
                0xa6 => self.renewed_till = string(value.of(TIME)?.content),
                0xa7 => self.nonce = value.of(INTEGER)?.integer()?,
                0xa8 => {
                    let mut list = value.inside(SEQUENCE)?;
                    while !list.is_empty() && self.kinds.len() < MOST {
                        self.kinds.push(list.integer()?);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Those of the options `all` that it asks for.
    pub(super) fn wants(&self, all: u32) -> u32 {
        // The first byte says how many bits of the last one are none.
        let bits = self.options.get(1..5).and_then(|bits| bits.try_into().ok()).map(u32::from_be_bytes);
        bits.unwrap_or_default() & all
    }

    /// The proof of this kind.
    pub(super) fn proof(&self, kind: i64) -> Option<&[u8]> {
        self.proofs.iter().find(|(known, _)| *known == kind).map(|(_, value)| value.as_slice())
    }
}

fn proofs(reader: &mut Reader<'_>) -> Result<Vec<(i64, Vec<u8>)>, Malformed> {
    let mut list = reader.inside(SEQUENCE)?;
    let mut all = Vec::new();
    while !list.is_empty() && all.len() < MOST {
        let mut one = list.inside(SEQUENCE)?;
        let kind = one.inside(0xa1)?.integer()?;
        let value = one.inside(0xa2)?.of(TEXT)?.content.to_vec();
        all.push((kind, value));
    }
    Ok(all)
}

/// Ticket and authenticator of a proof by ticket (AP-REQ).
pub(super) fn presented(bytes: &[u8]) -> Result<(Ticket, Sealed), Malformed> {
    let mut inside = Reader::new(bytes).inside(0x6e)?.inside(SEQUENCE)?;
    let (mut ticket, mut sealed) = (None, None);
    while !inside.is_empty() {
        let field = inside.value()?;
        match field.tag {
            0xa3 => ticket = Some(Ticket::read(&mut field.reader())?),
            0xa4 => sealed = Some(Sealed::read(&mut field.reader())?),
            _ => {}
        }
    }
    Ok((ticket.ok_or(Malformed)?, sealed.ok_or(Malformed)?))
}

/// The time in an encrypted time stamp, in seconds since the epoch as text.
pub(super) fn stamp(plain: &[u8]) -> Option<String> {
    let mut inside = Reader::new(plain).inside(SEQUENCE).ok()?;
    Some(string(inside.inside(0xa0).ok()?.of(TIME).ok()?.content))
}

/// The field `tag` of a sequence within `outer`, for those that were sealed by us or by who has our key.
pub(super) fn field(plain: &[u8], outer: u8, tag: u8) -> Option<&[u8]> {
    let mut inside = Reader::new(plain).inside(outer).ok()?.inside(SEQUENCE).ok()?;
    while let Ok(field) = inside.value() {
        if field.tag == tag {
            return Some(field.content);
        }
    }
    None
}

/// Kind and bytes of a key (EncryptionKey).
pub(super) fn key(bytes: &[u8]) -> Option<(i64, Vec<u8>)> {
    let mut inside = Reader::new(bytes).inside(SEQUENCE).ok()?;
    let kind = inside.inside(0xa0).ok()?.integer().ok()?;
    Some((kind, inside.inside(0xa1).ok()?.text().ok()?.to_vec()))
}

/// A name (PrincipalName).
pub(super) fn name(bytes: &[u8]) -> Option<Name> {
    Name::read(&mut Reader::new(bytes)).ok()
}

/// A time or another text.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    Reader::new(bytes).value().ok().map(|value| string(value.content))
}
