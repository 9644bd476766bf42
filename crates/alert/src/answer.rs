//! What comes of sending a message.

use crate::tls;
use decnet_model::alert::BadTarget;
use decnet_outward::ConnectError;
use netsvc_wire::escape::printable;
use std::{io, time::Duration};

/// Longest time that a target gets.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// Longest answer that is kept, in characters.
const ANSWER: usize = 300;

/// What a target said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of HTTP; `None` of syslog, which says nothing, and of mail, where only what was taken is an answer.
    pub status: Option<u16>,
    /// The status and the beginning of the answer, escaped.
    pub text: String,
}

impl Answer {
    pub(crate) fn of_http(status: u16, body: &[u8]) -> Self {
        let shown = printable(body).into_string();
        let shown: String = shown.trim().chars().take(ANSWER).collect();
        let text =
            if shown.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {shown}") };
        Answer { status: Some(status), text }
    }

    pub(crate) fn of_mail(code: impl std::fmt::Display, said: &str) -> Self {
        let said: String = printable(said.as_bytes()).into_string().chars().take(ANSWER).collect();
        Answer { status: None, text: format!("SMTP {code}: {said}") }
    }

    /// Whether the message was taken.
    pub fn is_good(&self) -> bool {
        self.status.is_none_or(|status| (200..300).contains(&status))
    }
}

/// Why a message could not be sent. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The rule's target is none.
    #[error("read the target")]
    Target(#[from] BadTarget),
    /// The server cannot be reached.
    #[error("connect to the target")]
    Connect(#[source] io::Error),
    /// The server's name is none.
    #[error("the target has no name that can be used")]
    Name,
    /// The certificates of the operator cannot be used.
    #[error("read {file} in the state folder", file = tls::FILE)]
    Trust(#[source] io::Error),
    /// The server is not whom we believe.
    #[error("greet the target over TLS")]
    Tls(#[source] io::Error),
    /// The connection broke.
    #[error("talk to the target")]
    Talk(#[source] io::Error),
    /// The mail server cannot be reached or does not take it; why.
    #[error("mail it: {0}")]
    Mail(String),
    /// The answer is no HTTP.
    #[error("the target does not answer in HTTP/1.1")]
    NoHttp,
    /// Too slow.
    #[error("the target took longer than {} s", PATIENCE.as_secs())]
    Slow,
}

impl From<ConnectError> for SendError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Connect(source) => SendError::Connect(source),
            ConnectError::Name => SendError::Name,
            ConnectError::Tls(source) => SendError::Tls(source),
        }
    }
}
