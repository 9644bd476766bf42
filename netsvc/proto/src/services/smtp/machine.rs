//! The conversation: what a command does in which state. What is said about it is in [`Reply`].

use super::{
    address::Path,
    auth::{self, Progress, Step},
    lines::Lines,
    message::{Message, RECIPIENTS, queue_id},
    reply::{Family, Names, Reply},
};
use crate::date;
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{sync::Arc, time::Duration};

/// Users that a mail server has besides its accounts.
const ALIASES: &[&str] = &["postmaster", "abuse", "hostmaster", "webmaster", "root", "mailer-daemon", "admin", "info"];

/// What the next bytes are.
#[derive(Debug)]
enum Expect {
    Command,
    Auth(Step),
    /// Lines of DATA; the flag: at the begin of a line.
    Data(bool),
    /// This many bytes of BDAT; whether it is the last chunk, its size, and whether it is taken.
    Chunk { left: usize, last: bool, size: usize, taken: bool },
}

/// A connection.
pub struct Smtp {
    host: Arc<Host>,
    link: Link,
    names: Names,
    lines: Lines,
    expect: Expect,
    tls: bool,
    upgrading: bool,
    greeted: bool,
    extended: bool,
    authenticated: bool,
    message: Option<Message>,
    errors: u32,
}

impl Smtp {
    /// A fresh connection.
    pub fn new(host: &Arc<Host>, link: &Link) -> Self {
        let names = Names::of(host, link.peer.ip().to_string());
        let (limit, excess) = names.family.line_limit();
        Smtp {
            host: host.clone(),
            link: *link,
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
    fn reply(&mut self, reply: &Reply<'_>, out: &mut Out) {
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

    fn unknown(&mut self, line: &str, verb: &str, out: &mut Out) {
        let name = verb.as_bytes().to_vec();
        out.record(Kind::UnknownCommand, vec![(field::COMMAND, line.as_bytes().to_vec()), (field::NAME, name)]);
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
        out.start_tls();
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

    fn mail(&mut self, argument: &str, out: &mut Out) {
        let fields = |outcome: &str| {
            vec![(field::MAIL_FROM, argument.as_bytes().to_vec()), (field::OUTCOME, outcome.as_bytes().to_vec())]
        };
        if !self.greeted && self.names.family != Family::Postfix {
            out.record(Kind::MailFrom, fields("rejected"));
            return self.reply(&Reply::NeedHello, out);
        }
        if self.message.is_some() {
            return self.reply(&Reply::MailNested, out);
        }
        let Some(path) = Path::parse(argument, "FROM") else { return self.reply(&Reply::MailSyntax, out) };
        let shown = argument.split_once(':').map_or("", |(_, rest)| rest.trim()).to_owned();
        if let Some(refusal) = self.refusal(&path, &shown) {
            out.record(Kind::MailFrom, fields("rejected"));
            return self.reply(&refusal, out);
        }
        out.record(Kind::MailFrom, fields("accepted"));
        self.reply(&Reply::SenderOk(&path.address), out);
        self.message = Some(Message { sender: path.address, ..Message::default() });
    }

    /// Why a sender is not taken.
    fn refusal<'a>(&self, path: &Path, shown: &'a str) -> Option<Reply<'a>> {
        if !path.valid {
            return Some(Reply::SenderBad(shown));
        }
        for parameter in &path.parameters {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<u64>() {
                    Ok(size) if size > self.names.size_limit as u64 => return Some(Reply::SizeTooLarge),
                    Ok(_) => {}
                    Err(_) => return Some(Reply::SizeSyntax),
                },
                "BODY" if ["7BIT", "8BITMIME"].iter().any(|known| value.eq_ignore_ascii_case(known)) => {}
                "BODY" if self.names.family.is_microsoft() && value.eq_ignore_ascii_case("BINARYMIME") => {}
                "RET" | "ENVID" | "AUTH" | "SMTPUTF8" | "PRDR" => {}
                _ => return Some(Reply::Parameter(shown)),
            }
        }
        None
    }

    fn recipient(&mut self, argument: &str, out: &mut Out) {
        let note = |outcome: &str, out: &mut Out| {
            let fields = vec![
                (field::RCPT_TO, argument.as_bytes().to_vec()),
                (field::OUTCOME, outcome.as_bytes().to_vec()),
            ];
            out.record(Kind::RcptTo, fields);
        };
        let Some(message) = &self.message else {
            note("rejected", out);
            return self.reply(&Reply::RcptNeedsMail, out);
        };
        let Some(path) = Path::parse(argument, "TO") else { return self.reply(&Reply::RcptSyntax, out) };
        let shown = argument.split_once(':').map_or("", |(_, rest)| rest.trim()).to_owned();
        let bare = self.names.family == Family::Exim && !path.address.contains('@');
        if !path.valid || path.address.is_empty() || bare {
            note("rejected", out);
            return self.reply(&Reply::RecipientBad(&shown), out);
        }
        if message.recipients.len() >= RECIPIENTS {
            return self.reply(&Reply::RecipientsTooMany, out);
        }
        let reply = match self.delivery(&path) {
            Delivery::Taken => Reply::RecipientOk(&path.address),
            Delivery::NoUser => Reply::UserUnknown(&path.address),
            Delivery::Elsewhere => Reply::Relay(&path.address),
        };
        let taken = matches!(reply, Reply::RecipientOk(_));
        note(if taken { "accepted" } else { "rejected" }, out);
        self.reply(&reply, out);
        if let Some(message) = self.message.as_mut().filter(|_| taken) {
            message.recipients.push(path.address.clone());
        }
    }

    /// Whether mail for `path` is taken here.
    fn delivery(&self, path: &Path) -> Delivery {
        let persona = self.host.persona();
        let own = path.domain().is_none_or(|domain| {
            let further = self.host.setting("domains").unwrap_or_default();
            [persona.domain.as_str(), &persona.fqdn(), &persona.hostname, "localhost"]
                .into_iter()
                .chain(further.split_ascii_whitespace())
                .any(|known| !known.is_empty() && known.eq_ignore_ascii_case(domain))
                || domain == format!("[{}]", persona.ip)
        });
        let user = path.user().to_ascii_lowercase();
        let known = ALIASES.contains(&user.as_str()) || persona.users.iter().any(|known| known.name == user);
        if !own {
            return if self.authenticated { Delivery::Taken } else { Delivery::Elsewhere };
        }
        if known || self.host.flag("catch_all", false) { Delivery::Taken } else { Delivery::NoUser }
    }

    fn verify(&mut self, argument: &str, out: &mut Out) {
        let address = argument.trim_matches(['<', '>']);
        if address.is_empty() {
            return self.reply(&Reply::VrfySyntax, out);
        }
        let path =
            Path { address: address.to_owned(), parameters: Vec::new(), valid: true, bracketed: false };
        let reply = match self.delivery(&path) {
            Delivery::Taken => Reply::VrfyOk(address),
            Delivery::NoUser => Reply::VrfyUnknown(address),
            Delivery::Elsewhere => Reply::VrfyRelay(address),
        };
        self.reply(&reply, out);
    }

    fn data(&mut self, argument: &str, out: &mut Out) {
        let refusal = match &self.message {
            _ if !argument.is_empty() => Some(Reply::NoArgument("DATA")),
            Some(message) if message.chunked => Some(Reply::DataAfterBdat),
            Some(message) if message.recipients.is_empty() => Some(Reply::DataNeedsRcpt(true)),
            Some(_) => None,
            // Exim explains at length only before it has seen a RCPT fail.
            None => Some(Reply::DataNeedsRcpt(self.names.family == Family::Exim && self.greeted)),
        };
        match refusal {
            Some(refusal) => self.reply(&refusal, out),
            None => {
                self.reply(&Reply::DataGo, out);
                self.expect = Expect::Data(true);
            }
        }
    }

    fn chunk(&mut self, argument: &str, out: &mut Out) {
        let mut words = argument.split_ascii_whitespace();
        let size = words.next().and_then(|word| word.parse::<usize>().ok());
        let last = words.next().is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
        let Some(size) = size else {
            self.reply(&Reply::BdatSyntax, out);
            if self.names.family == Family::Postfix {
                out.close();
            }
            return;
        };
        let taken = self.message.as_ref().is_some_and(|message| !message.recipients.is_empty());
        self.expect = Expect::Chunk { left: size, last, size, taken };
        if size == 0 {
            self.chunk_end(last, size, taken, out);
        }
    }

    fn chunk_end(&mut self, last: bool, size: usize, taken: bool, out: &mut Out) {
        self.expect = Expect::Command;
        if !taken {
            return self.reply(&Reply::DataNeedsRcpt(self.message.is_some()), out);
        }
        if last { self.accept(out) } else { self.reply(&Reply::Chunk(size), out) }
    }

    /// The message is complete.
    fn accept(&mut self, out: &mut Out) {
        self.expect = Expect::Command;
        let Some(message) = self.message.take() else { return };
        if message.size > self.names.size_limit {
            return self.reply(&Reply::TooLarge, out);
        }
        let id = queue_id(&self.names, &self.host);
        let (size, chunked) = (message.size, message.chunked);
        message.store(&id, out);
        self.reply(&Reply::Queued(&id, size, chunked), out);
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

enum Delivery {
    Taken,
    NoUser,
    Elsewhere,
}

impl Machine for Smtp {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => self.open(out),
            Input::Bytes(bytes) => {
                self.lines.push(bytes);
                while !self.upgrading && !out.closing() && self.advance(out) {}
            }
            Input::Eof => {}
        }
    }
}
