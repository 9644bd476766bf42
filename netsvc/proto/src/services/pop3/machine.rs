//! A connection until its login: bytes into lines, and what may be said before (pop3-login of Dovecot).

use super::{argument::split, capability::capabilities, session::Session};
use crate::dovecot::{Dovecot, Outcome, Progress, Step};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest line (`LOGIN_MAX_INBUF_SIZE`, `MAX_INBUF_SIZE`).
const LINE: usize = 4096;
/// Bad commands in a row that end a connection before its login.
const BAD: u32 = 3;
/// What is said to a password that must not come as it is.
const NO_PLAINTEXT: &str =
    "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n";

/// A connection.
pub(super) struct Pop3 {
    dovecot: Dovecot,
    buffer: Gathered,
    tls: bool,
    upgrading: bool,
    /// The challenge of the greeting, where APOP is offered.
    challenge: Option<String>,
    user: Option<Vec<u8>>,
    sasl: Option<Step>,
    conversations: u32,
    bad: u32,
    session: Option<Session>,
}

impl Machine for Pop3 {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => self.open(out),
            Input::Eof => {}
            Input::Bytes(bytes) => {
                // What waits is shorter than a line, and a piece shorter than the room that is left.
                for piece in bytes.chunks(LINE).chain(bytes.is_empty().then_some(bytes)) {
                    if self.upgrading || out.closing() {
                        return;
                    }
                    if self.buffer.push(piece).is_err() {
                        return out.close();
                    }
                    while !self.upgrading && !out.closing() && !out.full() && self.advance(out) {}
                }
            }
        }
    }
}

impl Pop3 {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let dovecot = Dovecot::new(host, link);
        Pop3 {
            challenge: dovecot.apop.then(|| dovecot.apop_challenge()),
            dovecot,
            buffer: Gathered::new(64 * 1024),
            tls: link.tls,
            upgrading: false,
            user: None,
            sasl: None,
            conversations: 0,
            bad: 0,
            session: None,
        }
    }

    fn open(&mut self, out: &mut Out) {
        if self.upgrading {
            self.upgrading = false;
            self.tls = true;
            self.user = None;
            return;
        }
        let challenge = self.challenge.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
        out.send(format!("+OK {}{challenge}\r\n", self.dovecot.greeting()));
    }

    /// Takes a line; false when there is none.
    fn advance(&mut self, out: &mut Out) -> bool {
        let end = self.buffer.find(b"\n");
        if LINE <= end.unwrap_or(self.buffer.len()) {
            let text = match self.session {
                Some(_) => "-ERR Input line too long.\r\n",
                None => "-ERR Input buffer full, aborting\r\n",
            };
            out.record(Kind::Malformed, vec![(field::REASON, b"line too long".to_vec())]);
            out.send(text);
            out.close();
            return false;
        }
        let Some(end) = end else { return false };
        let mut line = self.buffer.take(end + 1);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if let Some(session) = &mut self.session {
            session.command(&line, out);
        } else if let Some(step) = self.sasl.take() {
            let progress = self.dovecot.advance(step, &line);
            self.progress(progress, out);
        } else {
            self.command(&line, out);
        }
        true
    }

    fn command(&mut self, line: &[u8], out: &mut Out) {
        let (verb, argument) = split(line);
        let verb = verb.to_ascii_uppercase();
        let known =
            matches!(verb.as_slice(), b"CAPA" | b"USER" | b"PASS" | b"APOP" | b"AUTH" | b"STLS" | b"QUIT");
        if known {
            self.bad = 0;
            // A password and what proves it stand in events of their own.
            if !matches!(verb.as_slice(), b"PASS" | b"APOP" | b"AUTH") {
                out.record(Kind::Command, vec![(field::COMMAND, line.to_vec())]);
            }
        }
        match verb.as_slice() {
            b"CAPA" => out.send(capabilities(&self.dovecot, self.tls, true)),
            b"USER" if !self.dovecot.takes_passwords(self.tls) => out.send(NO_PLAINTEXT),
            b"USER" => {
                self.user = Some(argument.to_vec());
                out.send("+OK\r\n");
            }
            b"PASS" => self.password(argument, out),
            b"APOP" => self.apop(argument, out),
            b"AUTH" => self.auth(argument, out),
            b"STLS" if self.tls => out.send("-ERR TLS is already active.\r\n"),
            b"STLS" => {
                out.send("+OK Begin TLS negotiation now.\r\n");
                self.upgrading = true;
                // What came in the clear behind the command is not to be taken for the peer's inside of TLS.
                self.buffer.clear();
                out.start_tls(Vec::new());
            }
            b"QUIT" => {
                out.send("+OK Logging out\r\n");
                out.close();
            }
            _ => self.unknown(line, &verb, out),
        }
    }

    fn unknown(&mut self, line: &[u8], verb: &[u8], out: &mut Out) {
        out.record(Kind::UnknownCommand, vec![(field::COMMAND, line.to_vec()), (field::NAME, verb.to_vec())]);
        out.send("-ERR Unknown command.\r\n");
        self.bad += 1;
        if BAD <= self.bad {
            out.send("-ERR Too many invalid bad commands.\r\n");
            out.close();
        }
    }

    fn password(&mut self, password: &[u8], out: &mut Out) {
        let Some(user) = self.user.take() else { return out.send("-ERR No username given.\r\n") };
        let credential = self.dovecot.password(&user, password, "USER");
        let outcome = if credential.accepted { Outcome::Accepted(user) } else { Outcome::Failed };
        self.progress(Progress::Over(Some(Box::new(credential)), outcome), out);
    }

    fn apop(&mut self, argument: &[u8], out: &mut Out) {
        let Some(challenge) = self.challenge.clone() else {
            return out.send("-ERR APOP not enabled.\r\n");
        };
        let (name, digest) = split(argument);
        if digest.len() != 32 {
            return out.send("-ERR Invalid parameters.\r\n");
        }
        let mut answer = [0; 16];
        if hex::decode_to_slice(digest, &mut answer).is_err() {
            return out.send("-ERR Invalid characters in MD5 response.\r\n");
        }
        let credential = self.dovecot.apop(name, challenge.as_bytes(), answer);
        let outcome = if credential.accepted { Outcome::Accepted(name.to_vec()) } else { Outcome::Failed };
        self.progress(Progress::Over(Some(Box::new(credential)), outcome), out);
    }

    fn auth(&mut self, argument: &[u8], out: &mut Out) {
        if argument.is_empty() {
            out.record(Kind::Command, vec![(field::COMMAND, b"AUTH".to_vec())]);
            let names: String = self.dovecot.offered(self.tls).map(|name| format!("{name}\r\n")).collect();
            return out.send(format!("+OK\r\n{names}.\r\n"));
        }
        let (mechanism, initial) = split(argument);
        let mechanism = String::from_utf8_lossy(mechanism).to_ascii_uppercase();
        let initial = Some(initial).filter(|text| !text.is_empty());
        if matches!(mechanism.as_str(), "PLAIN" | "LOGIN") && !self.dovecot.takes_passwords(self.tls) {
            return out.send(NO_PLAINTEXT);
        }
        self.conversations += 1;
        match self.dovecot.begin(&mechanism, initial, self.conversations) {
            Some(progress) => self.progress(progress, out),
            None => {
                out.record(Kind::Command, vec![(field::COMMAND, format!("AUTH {mechanism}").into_bytes())]);
                out.send("-ERR [AUTH] Unsupported authentication mechanism.\r\n");
            }
        }
    }

    fn progress(&mut self, progress: Progress, out: &mut Out) {
        match progress {
            Progress::Challenge(challenge, step) => {
                out.send(format!("+ {}\r\n", STANDARD.encode(challenge)));
                self.sasl = Some(step);
            }
            Progress::Over(credential, outcome) => {
                self.dovecot.judged(credential, &outcome, out);
                match outcome {
                    Outcome::Accepted(user) => {
                        self.session = Some(Session::new(&self.dovecot, &user));
                        out.send("+OK Logged in.\r\n");
                    }
                    Outcome::Failed => out.send("-ERR [AUTH] Authentication failed.\r\n"),
                    Outcome::Aborted => out.send("-ERR Authentication aborted by client.\r\n"),
                    Outcome::NotBase64(true) => {
                        out.send("-ERR [AUTH] Invalid base64 data in initial response\r\n");
                    }
                    Outcome::NotBase64(false) => out.send("-ERR [AUTH] Invalid base64 in response\r\n"),
                }
            }
        }
    }
}
