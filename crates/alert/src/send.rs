//! Sending one message to its target, whatever that is.

use crate::{format, syslog, tls, web};
use decnet_model::{
    alert::{BadTarget, Target},
    record::{AlertDelivery, AlertRule},
};
use netsvc_wire::{escape::printable, stamp};
use std::{io, path::Path, time::Duration};
use tokio::time::timeout;

/// Longest time that a target gets.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest answer that is kept, in characters.
const ANSWER: usize = 300;

/// What a target said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of HTTP; `None` of syslog, which says nothing.
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
    /// The answer is no HTTP.
    #[error("the target does not answer in HTTP/1.1")]
    NoHttp,
    /// Too slow.
    #[error("the target took longer than {} s", PATIENCE.as_secs())]
    Slow,
}

/// Sends a message to the target of its rule; `folder` is the state folder.
///
/// # Errors
/// [`SendError`]; the message may have arrived nevertheless.
pub async fn send(rule: &AlertRule, message: &AlertDelivery, folder: &Path) -> Result<Answer, SendError> {
    let target: Target = rule.target.parse()?;
    timeout(PATIENCE, deliver(rule, &target, message, folder)).await.map_err(|_| SendError::Slow)?
}

async fn deliver(
    rule: &AlertRule,
    target: &Target,
    message: &AlertDelivery,
    folder: &Path,
) -> Result<Answer, SendError> {
    match target {
        Target::Syslog { tcp, host, port } => {
            syslog::tell(*tcp, host, *port, message).await?;
            Ok(Answer { status: None, text: "handed over; syslog does not answer".to_owned() })
        }
        Target::Web { tls, host, port, path } => {
            let tls = if *tls { Some(tls::config(folder).map_err(SendError::Trust)?) } else { None };
            let body = format::body(rule.format, &message.body);
            let place = web::Place { tls, host, port: *port, path };
            web::post(place, &rule.secret, message, &body, stamp::now() / 1_000_000).await
        }
    }
}
