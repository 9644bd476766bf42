//! A connection until its login (imap-login of Dovecot), and the bytes of it after.

use super::{
    argument::{self, Argument, is_tag, split},
    reader::{Piece, Read, Reader},
    session::{CAPABILITIES, Session},
};
use crate::dovecot::{Dovecot, Outcome, Progress, Step};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Bytes that are taken at a time.
const PIECE: usize = 16 * 1024;
/// Bad commands that end a connection before its login.
const BAD: u32 = 3;
/// Longest tag.
const TAG: usize = 64;
/// What is said to a command that is none.
const ERROR: &str = "BAD Error in IMAP command received by server.";

/// A connection.
pub(super) struct Imap {
    dovecot: Dovecot,
    reader: Reader,
    tls: bool,
    upgrading: bool,
    /// A login that goes on: its tag and what is waited for.
    sasl: Option<(String, Step)>,
    conversations: u32,
    bad: u32,
    session: Option<Session>,
}

impl Machine for Imap {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => self.open(out),
            Input::Eof => {}
            Input::Bytes(bytes) => {
                for piece in bytes.chunks(PIECE).chain(bytes.is_empty().then_some(bytes)) {
                    if self.upgrading || out.closing() {
                        return;
                    }
                    if !self.reader.push(piece) {
                        return out.close();
                    }
                    while !self.upgrading && !out.closing() && !out.full() && self.advance(out) {}
                }
            }
        }
    }
}

impl Imap {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Imap {
            dovecot: Dovecot::new(host, link),
            reader: Reader::new(),
            tls: link.tls,
            upgrading: false,
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
            return;
        }
        out.send(format!("* OK [CAPABILITY {}] {}\r\n", self.capabilities(), self.dovecot.greeting()));
    }

    fn capabilities(&self) -> String {
        let mut all = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+".to_owned();
        if !self.tls {
            all.push_str(" STARTTLS");
        }
        if !self.dovecot.takes_passwords(self.tls) {
            all.push_str(" LOGINDISABLED");
        }
        self.dovecot.offered(self.tls).fold(all, |all, name| all + " AUTH=" + name)
    }

    /// Does one thing; false when there is nothing to do.
    fn advance(&mut self, out: &mut Out) -> bool {
        if let Some(session) = &mut self.session
            && session.is_answering()
        {
            session.go_on(out);
            return true;
        }
        let idling = self.session.as_ref().is_some_and(Session::is_idling);
        if idling || self.sasl.is_some() {
            let Ok(line) = self.reader.line() else {
                self.too_long(out);
                return false;
            };
            let Some(line) = line else { return false };
            if let Some(session) = self.session.as_mut().filter(|_| idling) {
                session.end_idle(&line, out);
            } else if let Some((tag, step)) = self.sasl.take() {
                let progress = self.dovecot.advance(step, &line);
                self.progress(tag, progress, out);
            }
            return true;
        }
        self.read(out)
    }

    fn read(&mut self, out: &mut Out) -> bool {
        match self.reader.next() {
            Read::Nothing => return false,
            Read::Command(pieces) => match &mut self.session {
                Some(session) => session.command(&pieces, out),
                None => self.command(&pieces, out),
            },
            Read::Asks(size) => {
                let refusal =
                    self.session.as_mut().and_then(|session| session.refusal(self.reader.so_far(), size));
                match refusal {
                    Some(text) => {
                        self.reader.forget();
                        out.send(text);
                    }
                    None => out.send("+ OK\r\n"),
                }
            }
            Read::BadLiteral(line) => {
                let (tag, rest) = split(&line);
                let tag = String::from_utf8_lossy(tag).into_owned();
                match &mut self.session {
                    Some(session) => session.bad_literal(&tag, rest, out),
                    None => out.send(format!("{tag} BAD Invalid literal size\r\n")),
                }
            }
            Read::LargeLiteral => {
                out.send("* BYE Literal size too large\r\n");
                out.close();
            }
            Read::LongLine => self.too_long(out),
        }
        true
    }

    fn too_long(&self, out: &mut Out) {
        let text = if self.session.is_some() { "Too long argument" } else { "Input buffer full, aborting" };
        out.record(Kind::Malformed, vec![(field::REASON, b"line too long".to_vec())]);
        out.send(format!("* BYE {text}\r\n"));
        out.close();
    }

    fn command(&mut self, pieces: &[Piece], out: &mut Out) {
        let Some(Piece::Text(line)) = pieces.first() else { return };
        let (tag, rest) = split(line);
        if !is_tag(tag) || TAG < tag.len() {
            out.record(Kind::UnknownCommand, vec![(field::COMMAND, line.clone())]);
            return self.error("*", out);
        }
        let tag = String::from_utf8_lossy(tag).into_owned();
        let (verb, words) = split(rest);
        let verb = String::from_utf8_lossy(verb).to_ascii_uppercase();
        // Passwords stand in events of their own.
        if !matches!(verb.as_str(), "LOGIN" | "AUTHENTICATE") {
            let known =
                matches!(verb.as_str(), "CAPABILITY" | "NOOP" | "LOGOUT" | "ID" | "ENABLE" | "STARTTLS");
            let kind = if known { Kind::Command } else { Kind::UnknownCommand };
            out.record(kind, vec![(field::COMMAND, rest.to_vec()), (field::NAME, verb.clone().into_bytes())]);
        }
        let start = line.len() - words.len();
        match verb.as_str() {
            "CAPABILITY" => out.send(format!(
                "* CAPABILITY {}\r\n{tag} OK Pre-login capabilities listed, post-login capabilities have more.\r\n",
                self.capabilities()
            )),
            "NOOP" => out.send(format!("{tag} OK NOOP completed.\r\n")),
            "ENABLE" => {
                out.send(format!("* ENABLED\r\n{tag} OK ENABLE ignored in non-authenticated state.\r\n"));
            }
            "LOGOUT" => {
                out.send(format!("* BYE Logging out\r\n{tag} OK Logout completed.\r\n"));
                out.close();
            }
            "STARTTLS" if self.tls => out.send(format!("{tag} BAD TLS is already active.\r\n")),
            "STARTTLS" => {
                out.send(format!("{tag} OK Begin TLS negotiation now.\r\n"));
                self.upgrading = true;
                // What came in the clear behind the command is not to be taken for the peer's inside of TLS.
                self.reader.clear();
                out.start_tls(Vec::new());
            }
            "AUTHENTICATE" => self.authenticate(tag, words, out),
            "LOGIN" | "ID" => match argument::read(pieces, start) {
                Err(error) => out.send(format!("{tag} BAD {error}\r\n")),
                Ok(arguments) if verb == "ID" => identify(&tag, &arguments, out),
                Ok(arguments) => self.login(tag, &arguments, out),
            },
            _ => self.error(&tag, out),
        }
    }

    fn error(&mut self, tag: &str, out: &mut Out) {
        self.bad += 1;
        if BAD <= self.bad {
            out.send("* BYE Too many invalid IMAP commands.\r\n");
            return out.close();
        }
        out.send(format!("{tag} {ERROR}\r\n"));
    }

    fn login(&mut self, tag: String, arguments: &[Argument], out: &mut Out) {
        let [name, password] = arguments else { return self.error(&tag, out) };
        let (Some(name), Some(password)) = (name.bytes(), password.bytes()) else {
            return self.error(&tag, out);
        };
        if !self.dovecot.takes_passwords(self.tls) {
            out.credential(netsvc_kit::Credential::plaintext(name, password, "LOGIN", false));
            out.send(
                "* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your client did it \
                 anyway. If anyone was listening, the password was exposed.\r\n",
            );
            return refuse_plaintext(&tag, out);
        }
        let credential = self.dovecot.password(name, password, "LOGIN");
        let outcome = if credential.accepted { Outcome::Accepted(name.to_vec()) } else { Outcome::Failed };
        self.progress(tag, Progress::Over(Some(Box::new(credential)), outcome), out);
    }

    fn authenticate(&mut self, tag: String, words: &[u8], out: &mut Out) {
        let (mechanism, initial) = split(words);
        if mechanism.is_empty() {
            return self.error(&tag, out);
        }
        let mechanism = String::from_utf8_lossy(mechanism).to_ascii_uppercase();
        if matches!(mechanism.as_str(), "PLAIN" | "LOGIN") && !self.dovecot.takes_passwords(self.tls) {
            return refuse_plaintext(&tag, out);
        }
        self.conversations += 1;
        let initial = Some(initial).filter(|text| !text.is_empty());
        match self.dovecot.begin(&mechanism, initial, self.conversations) {
            Some(progress) => self.progress(tag, progress, out),
            None => {
                let line = format!("AUTHENTICATE {mechanism}").into_bytes();
                out.record(Kind::Command, vec![(field::COMMAND, line)]);
                out.send(format!("{tag} NO [ALERT] Unsupported authentication mechanism.\r\n"));
            }
        }
    }

    fn progress(&mut self, tag: String, progress: Progress, out: &mut Out) {
        let (credential, outcome) = match progress {
            Progress::Challenge(challenge, step) => {
                out.send(format!("+ {}\r\n", STANDARD.encode(challenge)));
                self.sasl = Some((tag, step));
                return;
            }
            Progress::Over(credential, outcome) => (credential, outcome),
        };
        self.dovecot.judged(credential, &outcome, out);
        match outcome {
            Outcome::Accepted(user) => {
                self.session = Some(Session::new(&self.dovecot, &user));
                self.reader.inside = true;
                out.send(format!("{tag} OK [CAPABILITY {}] Logged in\r\n", CAPABILITIES));
            }
            Outcome::Failed => {
                out.send(format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"))
            }
            Outcome::Aborted => out.send(format!("{tag} BAD Authentication aborted by client.\r\n")),
            Outcome::NotBase64(true) => {
                out.send(format!("{tag} BAD Invalid base64 data in initial response\r\n"));
            }
            Outcome::NotBase64(false) => out.send(format!("{tag} NO [ALERT] Invalid base64 in response\r\n")),
        }
    }
}

fn refuse_plaintext(tag: &str, out: &mut Out) {
    out.send(format!(
        "{tag} NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n"
    ));
}

/// The answer to ID (RFC 2971), and who asks.
fn identify(tag: &str, arguments: &[Argument], out: &mut Out) {
    let list = match arguments {
        [Argument::List(list)] => list.as_slice(),
        [] => &[],
        [only] if only.keyword().as_deref() == Some("NIL") => &[],
        _ => return out.send(format!("{tag} BAD Invalid ID parameters\r\n")),
    };
    if !list.is_empty() {
        let words: Vec<String> = list.iter().take(60).filter_map(Argument::text).collect();
        out.record(Kind::ClientFingerprint, vec![(field::CLIENT_NAME, words.join(" ").into_bytes())]);
    }
    out.send(format!("* ID (\"name\" \"Dovecot\")\r\n{tag} OK ID completed.\r\n"));
}
