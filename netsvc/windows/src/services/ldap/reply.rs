//! What a server answers, as bytes.

use super::{
    entry::{Attribute, Entry},
    message::{DONE, ENTRY, EXTENDED, REFERENCE},
};
use netsvc_daemon::ber::{ENUMERATED, INTEGER, Lengths, SEQUENCE, SET, TEXT, Writer};

/// Name of the notice that a server hangs up (RFC 4511 §4.4.1).
const NOTICE: &str = "1.3.6.1.4.1.1466.20036";
/// Control of results in pages (RFC 2696).
pub(super) const PAGES: &str = "1.2.840.113556.1.4.319";

/// How an operation ended (RFC 4511 §4.1.9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) code: u8,
    pub(super) matched: Vec<u8>,
    pub(super) text: String,
    /// Where else to ask.
    pub(super) referral: Option<String>,
}

impl Outcome {
    /// With a code and a text.
    pub(super) fn new(code: u8, text: impl Into<String>) -> Outcome {
        Outcome { code, text: text.into(), ..Outcome::default() }
    }

    /// It went well.
    pub(super) fn success() -> Outcome {
        Outcome::default()
    }

    /// Its name (RFC 4511, appendix A).
    pub(super) fn name(&self) -> &'static str {
        match self.code {
            0 => "success",
            1 => "operationsError",
            2 => "protocolError",
            3 => "timeLimitExceeded",
            4 => "sizeLimitExceeded",
            5 => "compareFalse",
            6 => "compareTrue",
            7 => "authMethodNotSupported",
            8 => "strongerAuthRequired",
            10 => "referral",
            11 => "adminLimitExceeded",
            12 => "unavailableCriticalExtension",
            13 => "confidentialityRequired",
            14 => "saslBindInProgress",
            16 => "noSuchAttribute",
            17 => "undefinedAttributeType",
            32 => "noSuchObject",
            34 => "invalidDNSyntax",
            48 => "inappropriateAuthentication",
            49 => "invalidCredentials",
            50 => "insufficientAccessRights",
            53 => "unwillingToPerform",
            65 => "objectClassViolation",
            66 => "notAllowedOnNonLeaf",
            68 => "entryAlreadyExists",
            _ => "other",
        }
    }
}

/// Writes answers as one server writes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scribe(pub(super) Lengths);

impl Scribe {
    /// A result with the tag `tag`, and what stands behind it there.
    pub(super) fn result(self, id: i64, tag: u8, outcome: &Outcome, more: &[(u8, &[u8])]) -> Vec<u8> {
        self.message(id, &[], |writer| {
            writer.group(tag, |writer| {
                for (tag, bytes) in more.iter().rev() {
                    writer.value(*tag, bytes);
                }
                outcome_in(writer, outcome);
            });
        })
    }

    /// The end of a search, with the cookie of the next page where pages were asked for.
    pub(super) fn done(self, id: i64, outcome: &Outcome, cookie: Option<&[u8]>) -> Vec<u8> {
        let mut value = Writer::new(self.0);
        value.group(SEQUENCE, |writer| {
            writer.text(cookie.unwrap_or_default());
            writer.number(INTEGER, 0);
        });
        let value = value.finish();
        let controls: &[(&str, &[u8])] = if cookie.is_some() { &[(PAGES, &value)] } else { &[] };
        self.message(id, controls, |writer| writer.group(DONE, |writer| outcome_in(writer, outcome)))
    }

    /// The notice that the server hangs up.
    pub(super) fn farewell(self, text: &str) -> Vec<u8> {
        self.result(0, EXTENDED, &Outcome::new(2, text), &[(0x8a, NOTICE.as_bytes())])
    }

    /// An entry with those of its attributes.
    pub(super) fn entry(self, id: i64, name: &str, attributes: &[Shown<'_>], names_only: bool) -> Vec<u8> {
        self.message(id, &[], |writer| {
            writer.group(ENTRY, |writer| {
                writer.group(SEQUENCE, |writer| {
                    for shown in attributes.iter().rev() {
                        writer.group(SEQUENCE, |writer| {
                            writer.group(SET, |writer| {
                                if !names_only {
                                    shown.attribute.values().rev().for_each(|value| writer.text(value));
                                }
                            });
                            writer.text(shown.name.unwrap_or(&shown.attribute.name));
                        });
                    }
                });
                writer.text(name);
            });
        })
    }

    /// Where more of what was searched for is.
    pub(super) fn reference(self, id: i64, place: &str) -> Vec<u8> {
        self.message(id, &[], |writer| writer.group(REFERENCE, |writer| writer.text(place)))
    }

    fn message(self, id: i64, controls: &[(&str, &[u8])], fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new(self.0);
        writer.group(SEQUENCE, |writer| {
            if !controls.is_empty() {
                writer.group(0xa0, |writer| {
                    for (name, value) in controls.iter().rev() {
                        writer.group(SEQUENCE, |writer| {
                            writer.text(value);
                            writer.text(name);
                        });
                    }
                });
            }
            fill(writer);
            writer.number(INTEGER, id);
        });
        writer.finish()
    }
}

/// An attribute of an entry that is shown, perhaps under another name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    pub(super) attribute: &'a Attribute,
    pub(super) name: Option<&'a str>,
}

/// Those attributes of `entry` that `asked` asks for (RFC 4511 §4.5.1.8).
pub(super) fn shown<'a>(entry: &'a Entry, asked: &'a [String]) -> Vec<Shown<'a>> {
    let (mut all, mut operational) = (asked.is_empty(), false);
    for name in asked {
        all |= name == "*";
        operational |= name == "+";
    }
    let whole = |attribute: &&Attribute| if attribute.operational { operational } else { all };
    let named = |attribute: &Attribute| {
        asked.iter().find(|asked| {
            let plain = asked.split(';').next().unwrap_or_default();
            plain.eq_ignore_ascii_case(&attribute.name)
        })
    };
    entry
        .attributes()
        .filter_map(|attribute| {
            let asked = named(attribute);
            let ranged = asked.filter(|asked| asked.contains(";range=0-")).map(String::as_str);
            (asked.is_some() || whole(&attribute)).then_some(Shown { attribute, name: ranged })
        })
        .collect()
}

fn outcome_in(writer: &mut Writer, outcome: &Outcome) {
    if let Some(referral) = &outcome.referral {
        writer.group(0xa3, |writer| writer.text(referral));
    }
    writer.value(TEXT, outcome.text.as_bytes());
    writer.text(&outcome.matched);
    writer.number(ENUMERATED, outcome.code.into());
}
