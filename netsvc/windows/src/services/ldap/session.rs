//! One connection: messages in, answers out.

mod bind;
mod change;
mod search;
mod secrets;

use super::{
    message::{ADDED, BIND, COMPARED, DELETED, DONE, EXTENDED, MODIFIED, Message, Operation, RENAMED},
    reply::Outcome,
    server::{Manner, Server},
};
use bind::Conversation;
use netsvc_daemon::ber;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use search::Running;
use std::sync::Arc;

/// Longest message. slapd's own limit for those who have not logged in (`sockbuf_max_incoming`).
const LONGEST: usize = 262_143;
/// Bytes of what is no message that its event has.
const KEPT: usize = 256;
/// Start of TLS (RFC 4511 §4.14), who one is (RFC 4532), a new password (RFC 3062).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const NEW_PASSWORD: &str = "1.3.6.1.4.1.4203.1.11.1";
/// Controls that are understood.
const CONTROLS: &[&str] = &[
    super::reply::PAGES,
    "1.2.840.113556.1.4.801",
    "1.2.840.113556.1.4.417",
    "1.2.840.113556.1.4.529",
    "1.2.840.113556.1.4.1339",
    "1.2.840.113556.1.4.1340",
    "1.2.840.113556.1.4.1413",
    "1.2.840.113556.1.4.805",
    "2.16.840.1.113730.3.4.2",
    "2.16.840.1.113730.3.4.18",
];

/// Who the peer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// As the server tells it; empty: nobody.
    pub(super) told: String,
    /// Whether he may change things.
    pub(super) governs: bool,
}

/// See the module.
pub(super) struct Session {
    host: Arc<Host>,
    link: Link,
    buffer: Gathered,
    server: Server,
    identity: Identity,
    conversation: Conversation,
    running: Option<Running>,
    secure: bool,
}

impl Session {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Session {
            host: host.clone(),
            link: *link,
            buffer: Gathered::new(LONGEST),
            server: Server::of(host),
            identity: Identity::default(),
            conversation: Conversation::default(),
            running: None,
            secure: link.tls,
        }
    }

    fn work(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() {
            if let Some(running) = self.running.take() {
                self.running = running.go_on(&self.server, &self.host, &self.link, out);
                continue;
            }
            let Ok(announced) = ber::announced(self.buffer.bytes()) else {
                return self.refuse("no length", out);
            };
            let Some(length) = announced else { return };
            if LONGEST < length {
                return self.refuse("a message longer than is read", out);
            }
            if self.buffer.len() < length {
                return;
            }
            let bytes = self.buffer.take(length);
            self.take(&bytes, out);
            if out.starting_tls() {
                return;
            }
        }
    }

    /// What is no message: the connection ends without a word.
    fn refuse(&mut self, reason: &str, out: &mut Out) {
        let bytes = self.buffer.take_all();
        malformed(reason, &bytes, out);
        out.close();
    }

    fn take(&mut self, bytes: &[u8], out: &mut Out) {
        let message = match Message::read(bytes) {
            Ok(message) => message,
            Err(error) => {
                malformed(&error.to_string(), bytes, out);
                if bytes.first() == Some(&ber::SEQUENCE) {
                    let text = match self.server.manner {
                        Manner::Active(release) => release.undecoded(),
                        Manner::Open => "decoding error".to_owned(),
                    };
                    out.send(self.server.scribe.farewell(&text));
                }
                return out.close();
            }
        };
        let unknown = |control: &&super::message::Control| {
            control.critical && !CONTROLS.contains(&control.name.as_str())
        };
        if let Some(control) = message.controls.iter().find(unknown)
            && let Some(tag) = answer_of(&message.operation)
        {
            let outcome = match self.server.manner {
                Manner::Active(release) => release.critical(),
                Manner::Open => Outcome::new(12, "critical extension is not recognized"),
            };
            let name = control.name.as_bytes().to_vec();
            out.record(Kind::Command, vec![(field::COMMAND, b"control".to_vec()), (field::NAME, name)]);
            return out.send(self.server.scribe.result(message.id, tag, &outcome, &[]));
        }
        self.perform(message, out);
    }

    fn perform(&mut self, message: Message, out: &mut Out) {
        let id = message.id;
        match message.operation {
            Operation::Bind { version, name, proof } => self.bind(id, version, &name, proof, out),
            Operation::Unbind => out.close(),
            Operation::Search(_) => {
                self.running = Running::begin(self, message, out);
            }
            Operation::Abandon => {}
            Operation::Extended { name, value } => self.extended(id, (&name, &value), out),
            Operation::Unknown => {
                malformed("an unknown operation", &[], out);
                let text = match self.server.manner {
                    Manner::Active(release) => release.undecoded(),
                    Manner::Open => "unknown LDAP request".to_owned(),
                };
                out.send(self.server.scribe.farewell(&text));
                out.close();
            }
            operation => {
                let Some(tag) = answer_of(&operation) else { return };
                let outcome = change::perform(self, operation, out);
                out.send(self.server.scribe.result(id, tag, &outcome, &[]));
            }
        }
    }

    fn extended(&mut self, id: i64, (name, value): (&str, &[u8]), out: &mut Out) {
        let scribe = self.server.scribe;
        let active = matches!(self.server.manner, Manner::Active(_));
        let own_name: &[(u8, &[u8])] = if active { &[(0x8a, START_TLS.as_bytes())] } else { &[] };
        let told = match name {
            START_TLS => "starttls",
            WHO_AM_I => "whoami",
            NEW_PASSWORD => "passwd",
            other => other,
        };
        out.record(Kind::Command, vec![(field::COMMAND, format!("extended {told}").into_bytes())]);
        if name == NEW_PASSWORD {
            secrets::tell(secrets::of_request(value, &self.identity.told), "passwd", false, out);
        }
        let outcome = match (name, self.server.manner) {
            (START_TLS, _) if !self.secure => {
                self.secure = true;
                out.send(scribe.result(id, EXTENDED, &Outcome::success(), own_name));
                return out.start_tls(self.buffer.take_all());
            }
            (START_TLS, Manner::Open) => Outcome::new(1, "TLS already started"),
            (START_TLS, Manner::Active(release)) => release.secure_already(),
            (WHO_AM_I, _) => {
                let told = self.identity.told.as_bytes();
                return out.send(scribe.result(id, EXTENDED, &Outcome::success(), &[(0x8b, told)]));
            }
            (NEW_PASSWORD, Manner::Open) if self.identity.told.is_empty() => {
                Outcome::new(8, "only authenticated users may change passwords")
            }
            (NEW_PASSWORD, Manner::Open) => Outcome::new(50, ""),
            (_, Manner::Open) => Outcome::new(2, "unsupported extended operation"),
            (_, Manner::Active(release)) => release.unknown_extension(),
        };
        out.send(scribe.result(id, EXTENDED, &outcome, &[]));
    }
}

/// The tag of what answers an operation.
fn answer_of(operation: &Operation) -> Option<u8> {
    Some(match operation {
        Operation::Bind { .. } => BIND,
        Operation::Search(_) => DONE,
        Operation::Modify { .. } => MODIFIED,
        Operation::Add { .. } => ADDED,
        Operation::Delete { .. } => DELETED,
        Operation::Rename { .. } => RENAMED,
        Operation::Compare { .. } => COMPARED,
        Operation::Extended { .. } => EXTENDED,
        Operation::Unbind | Operation::Abandon | Operation::Unknown => return None,
    })
}

/// Writes down bytes that are no message.
pub(super) fn malformed(reason: &str, bytes: &[u8], out: &mut Out) {
    let data = bytes.get(..KEPT).unwrap_or(bytes).to_vec();
    out.record(Kind::Malformed, vec![(field::REASON, reason.as_bytes().to_vec()), (field::DATA, data)]);
}

impl Machine for Session {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open | Input::Eof => {}
            Input::Bytes(bytes) => {
                let mut rest = bytes;
                // What does not fit is more than one message, or one that is refused by its length.
                loop {
                    let room = LONGEST.saturating_sub(self.buffer.len()).min(rest.len());
                    let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
                    // There is room for it.
                    let _ = self.buffer.push(now);
                    self.work(out);
                    if later.is_empty() || now.is_empty() || out.closing() {
                        return;
                    }
                    rest = later;
                }
            }
        }
    }
}
