//! What a key distribution centre answers (RFC 4120 §5).

use super::{
    crypto::Key,
    message::{Name, STRING, Sealed, TIME},
};
use netsvc_daemon::ber::{BITS, INTEGER, Lengths, SEQUENCE, TEXT, Writer};

/// Version of keys in tickets and replies.
const VERSION: i64 = 2;

/// A part of a message that is encrypted within a reply or a ticket.
pub(super) struct Grant<'a> {
    pub(super) session: &'a Key,
    pub(super) flags: u32,
    pub(super) realm: &'a str,
    pub(super) client: &'a Name,
    pub(super) service: &'a Name,
    pub(super) nonce: i64,
    /// Times as text: of the proof, from when, until when, and until when it can be renewed.
    pub(super) times: [&'a str; 4],
}

fn put_name(writer: &mut Writer, name: &Name) {
    writer.group(SEQUENCE, |writer| {
        writer.group(0xa1, |writer| {
            writer.group(SEQUENCE, |writer| {
                name.parts.iter().rev().for_each(|part| writer.value(STRING, part.as_bytes()));
            });
        });
        writer.group(0xa0, |writer| writer.number(INTEGER, name.kind));
    });
}

fn put_text(writer: &mut Writer, tag: u8, kind: u8, text: &str) {
    writer.group(tag, |writer| writer.value(kind, text.as_bytes()));
}

fn put_number(writer: &mut Writer, tag: u8, number: i64) {
    writer.group(tag, |writer| writer.number(INTEGER, number));
}

fn put_flags(writer: &mut Writer, tag: u8, flags: u32) {
    let [a, b, c, d] = flags.to_be_bytes();
    writer.group(tag, |writer| writer.value(BITS, &[0, a, b, c, d]));
}

fn put_key(writer: &mut Writer, tag: u8, key: &Key) {
    writer.group(tag, |writer| {
        writer.group(SEQUENCE, |writer| {
            writer.group(0xa1, |writer| writer.value(TEXT, &key.bytes));
            put_number(writer, 0xa0, key.kind.number());
        });
    });
}

fn put_sealed(writer: &mut Writer, tag: u8, sealed: &Sealed, version: bool) {
    writer.group(tag, |writer| {
        writer.group(SEQUENCE, |writer| {
            writer.group(0xa2, |writer| writer.value(TEXT, &sealed.cipher));
            if version {
                put_number(writer, 0xa1, VERSION);
            }
            put_number(writer, 0xa0, sealed.kind);
        });
    });
}

/// An error.
pub(super) struct Refusal<'a> {
    pub(super) code: i64,
    pub(super) time: &'a str,
    pub(super) micros: i64,
    pub(super) realm: &'a str,
    pub(super) service: &'a Name,
    /// What would be accepted; empty: nothing is told.
    pub(super) data: &'a [u8],
}

/// An error as a message (KRB-ERROR).
pub(super) fn refusal(refusal: &Refusal<'_>) -> Vec<u8> {
    let mut writer = Writer::new(Lengths::Short);
    writer.group(0x7e, |writer| {
        writer.group(SEQUENCE, |writer| {
            if !refusal.data.is_empty() {
                writer.group(0xac, |writer| writer.value(TEXT, refusal.data));
            }
            writer.group(0xaa, |writer| put_name(writer, refusal.service));
            put_text(writer, 0xa9, STRING, refusal.realm);
            put_number(writer, 0xa6, refusal.code);
            put_number(writer, 0xa5, refusal.micros);
            put_text(writer, 0xa4, TIME, refusal.time);
            put_number(writer, 0xa1, 30);
            put_number(writer, 0xa0, 5);
        });
    });
    writer.finish()
}

/// Kinds of encryption with their salts (ETYPE-INFO2).
pub(super) fn kinds(all: &[(i64, Option<&str>)]) -> Vec<u8> {
    let mut writer = Writer::new(Lengths::Short);
    writer.group(SEQUENCE, |writer| {
        for (kind, salt) in all.iter().rev() {
            writer.group(SEQUENCE, |writer| {
                if let Some(salt) = salt {
                    put_text(writer, 0xa1, STRING, salt);
                }
                put_number(writer, 0xa0, *kind);
            });
        }
    });
    writer.finish()
}

/// Hints in a row (METHOD-DATA).
pub(super) fn hints(all: &[(i64, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Lengths::Short);
    put_hints(&mut writer, all);
    writer.finish()
}

fn put_hints(writer: &mut Writer, all: &[(i64, &[u8])]) {
    writer.group(SEQUENCE, |writer| {
        for (kind, value) in all.iter().rev() {
            writer.group(SEQUENCE, |writer| {
                writer.group(0xa2, |writer| writer.value(TEXT, value));
                put_number(writer, 0xa1, *kind);
            });
        }
    });
}

/// The flag of a ticket that can be renewed (RFC 4120 §5.3).
pub(super) const RENEWABLE: u32 = 0x0080_0000;

/// What is in a ticket (EncTicketPart).
pub(super) fn within_ticket(grant: &Grant<'_>) -> Vec<u8> {
    let [proven, from, till, renew] = grant.times;
    let mut writer = Writer::new(Lengths::Short);
    writer.group(0x63, |writer| {
        writer.group(SEQUENCE, |writer| {
            if grant.flags & RENEWABLE != 0 {
                put_text(writer, 0xa8, TIME, renew);
            }
            put_text(writer, 0xa7, TIME, till);
            put_text(writer, 0xa6, TIME, from);
            put_text(writer, 0xa5, TIME, proven);
            writer.group(0xa4, |writer| {
                writer.group(SEQUENCE, |writer| {
                    writer.group(0xa1, |writer| writer.value(TEXT, &[]));
                    put_number(writer, 0xa0, 1);
                });
            });
            writer.group(0xa3, |writer| put_name(writer, grant.client));
            put_text(writer, 0xa2, STRING, grant.realm);
            put_key(writer, 0xa1, grant.session);
            put_flags(writer, 0xa0, grant.flags);
        });
    });
    writer.finish()
}

/// What is for the peer alone in a reply with the tag `tag` (EncKDCRepPart).
pub(super) fn within_reply(tag: u8, grant: &Grant<'_>) -> Vec<u8> {
    let [proven, from, till, renew] = grant.times;
    let mut writer = Writer::new(Lengths::Short);
    writer.group(tag, |writer| {
        writer.group(SEQUENCE, |writer| {
            writer.group(0xaa, |writer| put_name(writer, grant.service));
            put_text(writer, 0xa9, STRING, grant.realm);
            if grant.flags & RENEWABLE != 0 {
                put_text(writer, 0xa8, TIME, renew);
            }
            put_text(writer, 0xa7, TIME, till);
            put_text(writer, 0xa6, TIME, from);
            put_text(writer, 0xa5, TIME, proven);
            put_flags(writer, 0xa4, grant.flags);
            put_number(writer, 0xa2, grant.nonce);
            writer.group(0xa1, |writer| {
                writer.group(SEQUENCE, |writer| {
                    writer.group(SEQUENCE, |writer| {
                        put_text(writer, 0xa1, TIME, proven);
                        put_number(writer, 0xa0, 0);
                    });
                });
            });
            put_key(writer, 0xa0, grant.session);
        });
    });
    writer.finish()
}

/// A reply (KDC-REP): to a name (11) or to a ticket (13).
pub(super) fn reply(
    kind: i64,
    hint: Option<(i64, &[u8])>,
    grant: &Grant<'_>,
    ticket: &Sealed,
    sealed: &Sealed,
) -> Vec<u8> {
    let mut writer = Writer::new(Lengths::Short);
    writer.group(if kind == 11 { 0x6b } else { 0x6d }, |writer| {
        writer.group(SEQUENCE, |writer| {
            put_sealed(writer, 0xa6, sealed, kind == 11);
            writer.group(0xa5, |writer| {
                writer.group(0x61, |writer| {
                    writer.group(SEQUENCE, |writer| {
                        put_sealed(writer, 0xa3, ticket, true);
                        writer.group(0xa2, |writer| put_name(writer, grant.service));
                        put_text(writer, 0xa1, STRING, grant.realm);
                        put_number(writer, 0xa0, 5);
                    });
                });
            });
            writer.group(0xa4, |writer| put_name(writer, grant.client));
            put_text(writer, 0xa3, STRING, grant.realm);
            if let Some(hint) = hint {
                writer.group(0xa2, |writer| put_hints(writer, &[hint]));
            }
            put_number(writer, 0xa1, kind);
            put_number(writer, 0xa0, 5);
        });
    });
    writer.finish()
}
