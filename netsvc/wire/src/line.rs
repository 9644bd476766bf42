//! The parts of an event line as types that cannot be wrong.

use crate::stamp::Micros;
use std::{fmt, str::FromStr};

/// A header field of RFC 5424: 1 to 48 printable ASCII bytes without a space. Validated, never cut.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeaderText(Box<str>);

/// Why a text cannot stand in a header field.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not 1 to 48 printable ASCII characters without a space")]
pub struct BadHeaderText(pub String);

impl HeaderText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderText {
    type Err = BadHeaderText;
    fn from_str(text: &str) -> Result<Self, BadHeaderText> {
        let fits = (1..=48).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(HeaderText(text.into())) } else { Err(BadHeaderText(text.to_owned())) }
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Who wrote a line: random for each process start, 16 hex digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriterId(pub u64);

impl fmt::Display for WriterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Debug for WriterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for WriterId {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        u64::from_str_radix(text, 16).map(WriterId).map_err(|_| ())
    }
}

/// Severity of a line (RFC 5424 §6.2.1); the facility is always local0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something was lost or broke on our side.
    Error,
    /// Somebody did something that matters: a credential, a payload, a command.
    Warning,
    /// Everything else.
    Info,
}

impl Severity {
    /// The PRI value with facility local0 (16).
    pub fn priority(self) -> u8 {
        match self {
            Severity::Error => 131,
            Severity::Warning => 132,
            Severity::Info => 134,
        }
    }
}

/// What happened, before it is numbered and written.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, by the host's clock.
    pub at: Micros,
    /// The node it happened to (HOSTNAME).
    pub node: HeaderText,
    /// The service it happened in (APP-NAME), or `gate` for packets.
    pub app: HeaderText,
    /// What happened (MSGID).
    pub kind: crate::Kind,
    /// Named values in the order of writing; names come from [`crate::field`].
    pub fields: Vec<(&'static str, Vec<u8>)>,
}

impl Event {
    /// An event without fields.
    pub fn new(at: Micros, node: HeaderText, app: HeaderText, kind: crate::Kind) -> Self {
        Event { at, node, app, kind, fields: Vec::new() }
    }

    /// Adds a field; builder form.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

/// A line as read back: an [`Event`] with its number, names unchecked against the vocabulary, so that
/// a reader outlives a writer of a newer version.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// When, by the writer's clock; 0 when a relay has taken the time away (NILVALUE).
    pub at: Micros,
    /// PRI value.
    pub priority: u8,
    /// HOSTNAME.
    pub node: String,
    /// APP-NAME.
    pub app: String,
    /// MSGID.
    pub kind: String,
    /// Writer of the line, from the parameter `w`.
    pub writer: WriterId,
    /// Number of the line with this writer, from 1, from the parameter `n`.
    pub number: u64,
    /// The other parameters in their order, decoded to bytes.
    pub fields: Vec<(String, Vec<u8>)>,
}

impl Record {
    /// The first field called `name`.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// The first field called `name`, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The first field called `name`, parsed.
    pub fn number_field<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).and_then(|text| text.parse().ok())
    }
}
