//! The conversation: what a command does in which state. What is said about it is in [`Reply`].

use super::{
    auth::{self, Progress, Step},
    lines::Lines,
    message::Message,
    reply::{Family, Names, Reply},
};
use crate::date;
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// What the next bytes are.
#[derive(Debug)]
pub(super) enum Expect {
    Command,
    Auth(Step),
    /// Lines of DATA; the flag: at the begin of a line.
    Data(bool),
    /// This many bytes of BDAT; whether it is the last chunk, its size, and whether it is taken.
    Chunk {
        left: usize,
        last: bool,
        size: usize,
        taken: bool,
    },
}

/// Whose mail a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// That of its own users, and of whoever has logged in.
    Own,
    /// Everybody's, to anywhere.
    Relay,
}

/// A connection.
pub struct Smtp {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) duty: Duty,
    pub(super) names: Names,
    lines: Lines,
    pub(super) expect: Expect,
    tls: bool,
    upgrading: bool,
    pub(super) greeted: bool,
    extended: bool,
    pub(super) authenticated: bool,
    pub(super) message: Option<Message>,
    errors: u32,
    /// What the last refused RCPT was told, where the product repeats it.
    pub(super) refused: String,
    /// Verbs seen, and how many commands were no part of a mail.
    verbs: BTreeSet<String>,
    idle_commands: u32,
}

impl Smtp {
    /// A fresh connection to a server with this duty.
    pub fn new(host: &Arc<Host>, link: &Link, duty: Duty) -> Self {
        let names = Names::of(host, link.peer.ip().to_string());
        let (limit, excess) = names.family.line_limit();
        Smtp {
            host: host.clone(),
            link: *link,
            duty,
            names,
            lines: Lines::new(limit, excess),
            expect: Expect::Command,
            tls: link.tls,
            upgrading: false,
            greeted: false,
            extended: false,
            authenticated: false,
            message: None,
            errors: 0,
            refused: String::new(),
            verbs: BTreeSet::new(),
            idle_commands: 0,
        }
    }

    fn open(&mut self, out: &mut Out) {
        if self.upgrading {
            // RFC 3207 §4.2: the server forgets what it learnt before.
            self.tls = true;
            self.upgrading = false;
            self.greeted = false;
            self.extended = false;
            self.authenticated = false;
            self.message = None;
            self.lines.clear();
        } else {
            self.names.date = date::mail(self.host.clock(), self.host.persona().zone.offset_minutes);
            out.send(self.names.say(&Reply::Greeting));
        }
    }

    /// Sends `reply`, counts errors, and closes when there are too many.
    pub(super) fn reply(&mut self, reply: &Reply<'_>, out: &mut Out) {
        let text = self.names.say(reply);
        if !self.names.family.counts(reply, &text) {
            out.send(text);
            return;
        }
        self.errors += 1;
        if self.names.family == Family::Postfix && self.errors > 10 && self.host.natural_delays() {
            out.wait(Duration::from_secs(1));
        }
        let limit = self.names.family.error_limit();
        if self.errors < limit {
            out.send(text);
            return;
        }
        match self.names.family {
            // Exim turns the reply into one of two lines with the same code.
            Family::Exim if matches!(reply, Reply::HelloSyntax(_)) => out.send(text),
            Family::Exim => {
                let (code, rest) = text.split_at_checked(3).unwrap_or(("501", ""));
                out.send(format!("{code}-{}{code} ", rest.trim_start_matches(' ')));
                out.send(self.names.say(&Reply::TooMany));
            }
            _ => {
                out.send(text);
                out.send(self.names.say(&Reply::TooMany));
            }
        }
        out.close();
    }

    fn command(&mut self, line: &[u8], out: &mut Out) {
        let text = String::from_utf8_lossy(line).into_owned();
        let trimmed = text.trim();
        let (verb, argument) = trimmed.split_once([' ', '\t']).unwrap_or((trimmed, ""));
        let (verb, argument) = (verb.to_ascii_uppercase(), argument.trim());
        if !matches!(verb.as_str(), "MAIL" | "RCPT" | "AUTH") {
            out.record(Kind::Command, vec![(field::COMMAND, line.to_vec())]);
        }
        if self.names.family == Family::Exim && self.is_idle(&verb) {
            out.send("554 Too many nonmail commands\r\n");
            out.close();
            return;
        }
        match verb.as_str() {
            "HELO" | "EHLO" => self.hello(&verb, argument, out),
            "STARTTLS" => self.start_tls(argument, out),
            "AUTH" => self.auth(argument, out),
            "MAIL" => self.mail(argument, out),
            "RCPT" => self.recipient(argument, out),
            "DATA" => self.data(argument, out),
            "BDAT" => self.chunk(argument, out),
            "RSET" if !argument.is_empty() => self.reply(&Reply::NoArgument("RSET"), out),
            "RSET" => {
                self.message = None;
                self.reply(&Reply::Reset, out);
            }
            "NOOP" => self.reply(&Reply::Noop, out),
            "VRFY" => self.verify(argument, out),
            "EXPN" => self.reply(&Reply::Expn, out),
            "ETRN" => self.reply(&Reply::Etrn(argument), out),
            "HELP" => self.reply(&Reply::Help, out),
            "QUIT" if !argument.is_empty() && self.names.family == Family::Exim => {
                self.reply(&Reply::NoArgument("QUIT"), out);
            }
            "QUIT" => {
                self.reply(&Reply::Quit, out);
                out.close();
            }
            _ => self.unknown(trimmed, &verb, out),
        }
    }

    /// Whether `verb` is one command too many without a mail: Exim's `smtp_accept_max_nonmail` is 10, and
    /// the first of some verbs is free.
    fn is_idle(&mut self, verb: &str) -> bool {
        let free = matches!(verb, "HELO" | "EHLO" | "RSET" | "AUTH" | "STARTTLS");
        let counted = match verb {
            _ if free => !self.verbs.insert(verb.to_owned()),
            "VRFY" | "EXPN" | "NOOP" | "ETRN" | "HELP" => true,
            _ => false,
        };
        self.idle_commands += u32::from(counted);
        self.idle_commands > 10
    }

    fn unknown(&mut self, line: &str, verb: &str, out: &mut Out) {
        let name = verb.as_bytes().to_vec();
        out.record(
            Kind::UnknownCommand,
            vec![(field::COMMAND, line.as_bytes().to_vec()), (field::NAME, name)],
        );
        // smtpd_forbidden_commands of Postfix: CONNECT, GET, POST, and anything like a header.
        let foreign = matches!(verb, "CONNECT" | "GET" | "POST") || verb.ends_with(':') && verb.len() > 1;
        if self.names.family == Family::Postfix && foreign {
            out.send(self.names.say(&Reply::Forbidden));
            out.close();
            return;
        }
        self.reply(&Reply::Unknown(line), out);
    }

    fn hello(&mut self, verb: &str, argument: &str, out: &mut Out) {
        let odd = |c: char| !c.is_ascii_alphanumeric() && !"-._[]:".contains(c);
        let syntax = argument.is_empty() || self.names.family == Family::Exim && argument.contains(odd);
        if syntax && !(argument.is_empty() && self.names.family.is_microsoft()) {
            return self.reply(&Reply::HelloSyntax(verb), out);
        }
        out.record(Kind::ClientFingerprint, vec![(field::CLIENT_NAME, argument.as_bytes().to_vec())]);
        self.names.client = argument.split(' ').next().unwrap_or_default().to_owned();
        self.greeted = true;
        self.extended = verb == "EHLO";
        self.message = None;
        let reply = if self.extended { Reply::Ehlo(self.tls) } else { Reply::Helo };
        self.reply(&reply, out);
    }

    fn start_tls(&mut self, argument: &str, out: &mut Out) {
        if !argument.is_empty() {
            return self.reply(&Reply::NoArgument("STARTTLS"), out);
        }
        if self.tls {
            return self.reply(&Reply::TlsActive, out);
        }
        self.reply(&Reply::TlsGo, out);
        self.upgrading = true;
        out.start_tls(Vec::new());
    }

    fn auth(&mut self, argument: &str, out: &mut Out) {
        let mut words = argument.split_ascii_whitespace();
        let Some(mechanism) = words.next() else { return self.reply(&Reply::AuthSyntax, out) };
        if !self.extended && self.names.family != Family::Postfix {
            return self.reply(&Reply::AuthNotOffered, out);
        }
        if self.authenticated {
            return self.reply(&Reply::AuthAlready, out);
        }
        if self.message.is_some() {
            return self.reply(&Reply::AuthInMail, out);
        }
        match auth::begin(&self.names, &self.host, &self.link, mechanism, words.next()) {
            Some(progress) => self.progress(progress, out),
            None => self.reply(&Reply::AuthUnknown(mechanism), out),
        }
    }

    fn progress(&mut self, progress: Progress, out: &mut Out) {
        match progress {
            Progress::Challenge(challenge, step) => {
                let text = match &step {
                    // The first answer of NTLM is words, not base64.
                    Step::NtlmNegotiate => String::from_utf8_lossy(&challenge).into_owned(),
                    _ => STANDARD.encode(&challenge),
                };
                out.send(format!("334 {text}\r\n"));
                self.expect = Expect::Auth(step);
            }
            Progress::Over(credential, reply) => {
                if let Some(credential) = credential {
                    self.authenticated = credential.accepted;
                    out.credential(*credential);
                }
                if reply == Reply::AuthFailed && self.host.natural_delays() {
                    let seconds = match self.names.family {
                        Family::Postfix => 2,
                        Family::Exim => 0,
                        Family::Exchange | Family::Iis => 5,
                    };
                    out.wait(Duration::from_secs(seconds));
                }
                self.reply(&reply, out);
            }
        }
    }

    /// Takes one unit of input; `false` when there is not enough.
    fn advance(&mut self, out: &mut Out) -> bool {
        match std::mem::replace(&mut self.expect, Expect::Command) {
            Expect::Command => {
                let Some(line) = self.lines.command() else { return false };
                self.command(&line, out);
            }
            Expect::Auth(step) => {
                let Some(line) = self.lines.command() else {
                    self.expect = Expect::Auth(step);
                    return false;
                };
                let progress = auth::advance(&self.host, &self.link, step, line.trim_ascii());
                self.progress(progress, out);
            }
            Expect::Data(fresh) => {
                self.expect = Expect::Data(fresh);
                let Some((piece, ends)) = self.lines.piece() else { return false };
                if fresh && matches!(piece.as_slice(), b".\r\n" | b".\n") {
                    self.accept(out);
                    return true;
                }
                let stuffed = if fresh { piece.strip_prefix(b".") } else { None };
                if let Some(message) = &mut self.message {
                    message.append(stuffed.unwrap_or(&piece));
                }
                self.expect = Expect::Data(ends);
            }
            Expect::Chunk { left, last, size, taken } => {
                self.expect = Expect::Chunk { left, last, size, taken };
                let Some(bytes) = self.lines.bytes(left) else { return false };
                if let Some(message) = self.message.as_mut().filter(|_| taken) {
                    message.chunked = true;
                    message.append(&bytes);
                }
                let left = left - bytes.len();
                self.expect = Expect::Chunk { left, last, size, taken };
                if left == 0 {
                    self.chunk_end(last, size, taken, out);
                }
            }
        }
        true
    }
}

impl Machine for Smtp {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => self.open(out),
            Input::Bytes(bytes) => {
                self.lines.push(bytes);
                while !self.upgrading && !out.closing() && !out.full() && self.advance(out) {}
            }
            Input::Eof => {}
        }
    }
}
