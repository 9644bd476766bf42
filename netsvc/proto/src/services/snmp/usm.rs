//! Version 3 as far as its users are concerned (RFC 3412, RFC 3414): whoever does not know the engine is
//! told it, and digests are kept for crackers.

use super::{
    ber::{self, COUNTER, INTEGER, Malformed, Reader, SEQUENCE, TEXT},
    device::Device,
    message::{Pdu, REPORT, RESPONSE, Reply},
    refusal::Refusal,
};
use netsvc_kit::Credential;

/// Security model of users.
const USERS: i64 = 3;
/// Bits of the flags.
const AUTHENTICATED: u8 = 1;
const ENCRYPTED: u8 = 2;
/// authorizationError (RFC 3416, 3).
const NO_ACCESS: i64 = 16;
/// Longest message that hashcat takes (its modules 25000 and following).
const CRACKED: usize = 1500;
/// The largest message that we say we take, as net-snmp does.
const TAKEN: i64 = 65_507;

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    id: i64,
    flags: u8,
    engine: &'a [u8],
    pub(super) user: &'a [u8],
    digest: &'a [u8],
    /// Where the digest stands in the datagram.
    digest_at: usize,
    /// What is asked for, unless it is encrypted.
    pdu: Option<Pdu>,
}

impl<'a> Message<'a> {
    pub(super) fn read(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let mut message = Reader::new(datagram).inside(SEQUENCE)?;
        message.integer()?;
        let mut head = message.inside(SEQUENCE)?;
        let (id, _, flags, model) = (head.integer()?, head.integer()?, head.text()?, head.integer()?);
        let flags = *flags.first().ok_or(Malformed)?;
        if model != USERS {
            return Err(Malformed);
        }
        let mut security = message.of(TEXT)?.reader().inside(SEQUENCE)?;
        let engine = security.text()?;
        let (_boots, _time) = (security.integer()?, security.integer()?);
        let (user, digest, _salt) = (security.text()?, security.of(TEXT)?, security.text()?);
        let pdu = if flags & ENCRYPTED == 0 {
            let mut scoped = message.inside(SEQUENCE)?;
            let (_engine, _context) = (scoped.text()?, scoped.text()?);
            Some(Pdu::read(&mut scoped)?)
        } else {
            message.of(TEXT)?;
            None
        };
        Ok(Message { id, flags, engine, user, digest: digest.content, digest_at: digest.at, pdu })
    }

    /// What is done to it, as clients call it.
    pub(super) fn level(&self) -> &'static str {
        match self.flags & (AUTHENTICATED | ENCRYPTED) {
            0 => "noAuthNoPriv",
            AUTHENTICATED => "authNoPriv",
            _ => "authPriv",
        }
    }

    /// The digest with what it was made of, if there is one. Its length tells the function, but for MD5 and
    /// SHA-1 (RFC 3414, RFC 7860).
    pub(super) fn credential(&self, datagram: &[u8]) -> Option<Credential> {
        let (kind, mode) = match self.digest.len() {
            12 => ("snmpv3_usm", 0),
            16 => ("snmpv3_usm_sha224", 3),
            24 => ("snmpv3_usm_sha256", 4),
            32 => ("snmpv3_usm_sha384", 5),
            48 => ("snmpv3_usm_sha512", 6),
            _ => return None,
        };
        if self.flags & AUTHENTICATED == 0 || self.engine.is_empty() {
            return None;
        }
        let mut whole = datagram.to_vec();
        whole.iter_mut().skip(self.digest_at).take(self.digest.len()).for_each(|byte| *byte = 0);
        let fits = datagram.len() <= CRACKED && self.engine.len() <= 32;
        let line = format!(
            "$SNMPv3${mode}${}${}${}${}",
            self.id.unsigned_abs() & 0x7fff_ffff,
            hex::encode(&whole),
            hex::encode(self.engine),
            hex::encode(self.digest)
        );
        Some(Credential {
            principal: self.user.to_vec(),
            kind,
            secret: self.digest.to_vec(),
            challenge: Some(whole),
            crack_line: fits.then_some(line),
            method: "usm",
            accepted: false,
        })
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A report or a response is not answered.
    Silence,
    /// The user may go without authentication, and may see nothing then (RFC 3415, noAccessEntry).
    NoAccess,
    Refused(Refusal),
}

/// Judges `message`.
pub(super) fn judge(device: &Device, message: &Message<'_>) -> Verdict {
    if message.pdu.as_ref().is_some_and(|pdu| matches!(pdu.kind, 0xa2 | 0xa4 | 0xa7 | REPORT)) {
        return Verdict::Silence;
    }
    Verdict::Refused(if message.engine != device.engine() {
        Refusal::UnknownEngine
    } else if message.user != device.user() {
        Refusal::UnknownUser
    } else if message.flags & AUTHENTICATED != 0 {
        Refusal::WrongDigest
    } else if message.pdu.is_some() {
        return Verdict::NoAccess;
    } else {
        // There is no privacy without authentication (RFC 3412, 6.4).
        Refusal::UnsupportedLevel
    })
}

/// The report of a refusal, the `count`th of its kind.
pub(super) fn report(
    device: &Device,
    message: &Message<'_>,
    refusal: Refusal,
    count: u32,
    now: i64,
) -> Vec<u8> {
    whole(device, message, &counted(device, message, refusal, count), now)
}

/// The answer that the user may see nothing: the variables as they were asked for.
pub(super) fn no_access(device: &Device, message: &Message<'_>, now: i64) -> Vec<u8> {
    let Some(pdu) = &message.pdu else { return Vec::new() };
    let mut variables = Vec::new();
    for asked in &pdu.variables {
        asked.put(&mut variables);
    }
    let mut scoped = Vec::new();
    ber::put(&mut scoped, TEXT, device.engine());
    ber::put(&mut scoped, TEXT, &[]);
    pdu.answer(RESPONSE, &Reply { status: NO_ACCESS, index: 0, variables }, &mut scoped);
    whole(device, message, &scoped, now)
}

/// A message to the user of `message`.
fn whole(device: &Device, message: &Message<'_>, scoped: &[u8], now: i64) -> Vec<u8> {
    let mut head = Vec::new();
    ber::put_integer(&mut head, INTEGER, message.id.into());
    ber::put_integer(&mut head, INTEGER, TAKEN.into());
    ber::put(&mut head, TEXT, &[0]);
    ber::put_integer(&mut head, INTEGER, USERS.into());
    let mut parameters = Vec::new();
    ber::put(&mut parameters, TEXT, device.engine());
    ber::put_integer(&mut parameters, INTEGER, device.boots().into());
    ber::put_integer(&mut parameters, INTEGER, device.seconds(now).into());
    ber::put(&mut parameters, TEXT, message.user.get(..32).unwrap_or(message.user));
    ber::put(&mut parameters, TEXT, &[]);
    ber::put(&mut parameters, TEXT, &[]);
    let mut security = Vec::new();
    ber::put(&mut security, SEQUENCE, &parameters);
    let mut out = Vec::new();
    ber::put_integer(&mut out, INTEGER, USERS.into());
    ber::put(&mut out, SEQUENCE, &head);
    ber::put(&mut out, TEXT, &security);
    ber::put(&mut out, SEQUENCE, scoped);
    let mut whole = Vec::with_capacity(out.len() + 4);
    ber::put(&mut whole, SEQUENCE, &out);
    whole
}

/// The counter of `refusal` in the context of the engine.
fn counted(device: &Device, message: &Message<'_>, refusal: Refusal, count: u32) -> Vec<u8> {
    let mut variable = Vec::new();
    let mut name = Vec::new();
    ber::put_name(&mut name, &[1, 3, 6, 1, 6, 3, 15, 1, 1, refusal as u32, 0]);
    ber::put_integer(&mut name, COUNTER, count.into());
    ber::put(&mut variable, SEQUENCE, &name);
    let empty = Pdu { kind: REPORT, id: 0, first: 0, second: 0, variables: Vec::new() };
    let pdu = message.pdu.as_ref().unwrap_or(&empty);
    let mut out = Vec::new();
    ber::put(&mut out, TEXT, device.engine());
    ber::put(&mut out, TEXT, &[]);
    pdu.answer(REPORT, &Reply { status: 0, index: 0, variables: variable }, &mut out);
    out
}
