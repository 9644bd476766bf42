//! Errors and notices as the server writes them.
//!
//! Source: "Error and Notice Message Fields"; the order of the fields is that of `send_message_to_frontend`.

use super::{flavour::Flavour, message::message, places};

/// An error, or a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub severity: Severity,
    /// SQLSTATE.
    pub code: &'static str,
    pub text: String,
    pub detail: Option<Box<str>>,
    pub hint: Option<&'static str>,
    /// Where in a COPY it happened.
    pub context: Option<Box<str>>,
    /// Place in the statement, in characters, from 1.
    pub position: Option<u32>,
    /// Name of the place in the server's source.
    pub place: &'static str,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Severity {
    #[default]
    Error,
    /// The session ends with it.
    Fatal,
    Warning,
    Notice,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Warning => "WARNING",
            Severity::Notice => "NOTICE",
        }
    }
}

impl Refusal {
    /// An error that ends a statement.
    pub(super) fn error(place: &'static str, code: &'static str, text: impl Into<String>) -> Self {
        Refusal { code, text: text.into(), place, ..Refusal::default() }
    }

    /// An error that ends the connection.
    pub(super) fn fatal(place: &'static str, code: &'static str, text: impl Into<String>) -> Self {
        Refusal { severity: Severity::Fatal, ..Refusal::error(place, code, text) }
    }

    /// All places are taken.
    pub(super) fn too_many() -> Self {
        Refusal::fatal("too_many", "53300", "sorry, too many clients already")
    }

    /// With a detail.
    pub(super) fn detail(self, detail: impl Into<String>) -> Self {
        Refusal { detail: Some(detail.into().into_boxed_str()), ..self }
    }

    /// The message, as the release of `flavour` sends it.
    pub(super) fn encoded(&self, flavour: &Flavour) -> Vec<u8> {
        let mut body = Vec::new();
        let mut field = |letter: u8, text: &str| {
            body.push(letter);
            body.extend(text.bytes().filter(|byte| *byte != 0));
            body.push(0);
        };
        field(b'S', self.severity.name());
        field(b'V', self.severity.name());
        field(b'C', self.code);
        field(b'M', &self.text);
        if let Some(detail) = &self.detail {
            field(b'D', detail);
        }
        if let Some(hint) = self.hint {
            field(b'H', hint);
        }
        if let Some(context) = &self.context {
            field(b'W', context);
        }
        if let Some(position) = self.position {
            field(b'P', &position.to_string());
        }
        if let Some((file, line, routine)) = places::place(self.place, flavour.release) {
            field(b'F', file);
            field(b'L', line);
            field(b'R', routine);
        }
        body.push(0);
        let notice = matches!(self.severity, Severity::Warning | Severity::Notice);
        message(if notice { b'N' } else { b'E' }, &body)
    }

    /// The message as clients of protocol 2 are told it.
    pub(super) fn old(&self) -> Vec<u8> {
        format!("E{}:  {}\n\0", self.severity.name(), self.text).into_bytes()
    }
}
